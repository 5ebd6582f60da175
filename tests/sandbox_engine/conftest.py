"""A project, a backend and a cloud in a temporary folder, in which either engine is run as a command."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# importlib mode leaves the test folders off the path; these tests share modules with the recorder, which is a script.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "synthetic"))

from attached import Boxes, serve
from engine_world import World

READY_WITHIN_SECONDS = 30.0


@pytest.fixture(scope="session")
def warm_python() -> Iterator[Path]:
    """What a project may name as its virtualenv to start its processes in a hundredth of the time (see warm_python.py)."""
    server = Path(__file__).parent / "warm_python.py"
    with tempfile.TemporaryDirectory() as name:  # a socket's path must be short
        folder = Path(name)
        (folder / "bin").mkdir()
        python = folder / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{server}" ask "{folder}" "$@"\n')
        python.chmod(0o755)
        serving = subprocess.Popen([sys.executable, "-u", str(server), "serve", name])
        try:
            until = time.monotonic() + READY_WITHIN_SECONDS
            while not (folder / "socket").exists():
                assert serving.poll() is None
                assert time.monotonic() < until
                time.sleep(0.02)
            yield folder
        finally:
            serving.kill()
            serving.wait()


@pytest.fixture
def world(tmp_path: Path, warm_python: Path) -> World:
    return World(tmp_path, python=warm_python)


@pytest.fixture
def real_world(tmp_path: Path) -> World:
    """One whose processes are as on a user's machine: for the CLI, and for tests of processes."""
    return World(tmp_path)


@pytest.fixture
def boxes(world: World) -> Iterator[Boxes]:
    """The attached provider, which `world` knows of."""
    boxes = Boxes()
    server, port = serve(boxes)
    world.env["PULUMI_DEBUG_PROVIDERS"] = f"attached:{port}"
    yield boxes
    server.stop(None)
