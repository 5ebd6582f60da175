"""A disk without room: one clear message, and the state written before stays whole."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from engine_world import World

pytestmark = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full"
)


def _fill_the_disk(world: World) -> None:
    """The file beside the checkpoint, which each write begins with, leads to a full device."""
    assert sys.platform == "linux"
    (world.checkpoint.parent / f".{world.checkpoint.name}.{os.getpid()}.new").symlink_to("/dev/full")


def test_nothing_is_created_that_cannot_be_recorded(world: World) -> None:
    world.body('a = Thing("a", {"size": 1})')
    world.up()
    before = world.checkpoint.read_bytes()
    world.body('a = Thing("a", {"size": 1})\nb = Thing("b", {"size": 1})')
    _fill_the_disk(world)

    done = world.run("up", "--yes", "--skip-preview")

    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert said.count("the disk is full") == 1
    assert "Traceback" not in said
    assert world.checkpoint.read_bytes() == before
    assert sorted(world.objects()) == ["a-1"]
    assert world.locks() == []


def test_the_next_run_with_room_goes_on(world: World) -> None:
    world.body('a = Thing("a", {"size": 1})')
    world.up()
    world.body('a = Thing("a", {"size": 2})\nb = Thing("b", {"size": 1})')
    _fill_the_disk(world)
    world.run("up", "--yes", "--skip-preview")

    world.up()

    assert sorted(world.objects()) == ["a-1", "b-1"]
    world.up("--expect-no-changes")


def test_a_state_that_cannot_be_backed_up_is_told_and_the_backup_before_stays_whole(world: World) -> None:
    world.body('a = Thing("a", {"size": 1})')
    world.up()
    world.up()
    backup = world.checkpoint.with_name(world.checkpoint.name + ".bak")
    before = backup.read_bytes()
    backup.with_name(f".{backup.name}.{os.getpid()}.new").symlink_to("/dev/full")

    done = world.run("up", "--yes", "--skip-preview")

    assert done.returncode == 1
    assert "can't be backed up" in done.stderr
    assert "Nothing was changed; free some space" in done.stderr
    assert backup.read_bytes() == before
    world.up()
