"""A project, a backend and a cloud in a temporary folder, in which either engine is run as a command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# importlib mode leaves the test folders off the path; these tests share modules with the recorder, which is a script.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "synthetic"))

from attached import Boxes, serve
from engine_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[..., World]:
    def make(**options: str) -> World:
        return World(tmp_path, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def boxes(world: World) -> Iterator[Boxes]:
    """The attached provider, which `world` knows of."""
    boxes = Boxes()
    server, port = serve(boxes)
    world.env["PULUMI_DEBUG_PROVIDERS"] = f"attached:{port}"
    yield boxes
    server.stop(None)
