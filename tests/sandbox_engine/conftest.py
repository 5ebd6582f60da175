"""A project, a backend and a cloud in a temporary folder, in which either engine is run as a command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# importlib mode leaves the test folders off the path; these tests share modules with the recorder, which is a script.
sys.path.insert(0, str(Path(__file__).parent))

from engine_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[..., World]:
    def make(**options: str) -> World:
        return World(tmp_path, **options)  # type: ignore[arg-type]

    return make
