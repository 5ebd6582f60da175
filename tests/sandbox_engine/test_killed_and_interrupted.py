"""Whatever ends a run, nothing is doubled and nothing forgotten, and no process of it lives on."""

from __future__ import annotations

import json
import signal
import time

import psutil
import pytest
from attached import Boxes, serve
from engine_world import WITHIN_SECONDS, World, end, gone_within, kill_with_family

HELD = """
a = Thing("a", {"size": 1})
h = Thing("h", {"hold": True, "after": a.made})
z = Thing("z", {"of": h.made})
"""


@pytest.fixture
def world(real_world: World) -> World:
    return real_world


def _killed_while_creating(world: World) -> None:
    world.body(HELD)
    run = world.start("up", "--yes", "--skip-preview")
    world.wait_until_held("h")
    family = kill_with_family(run)
    assert len(family) >= 2, "the program and the provider run beside the engine"
    try:
        assert gone_within(family, WITHIN_SECONDS), "the program and the provider end with the engine"
    finally:
        end(family)


def test_a_killed_run_leaves_its_create_pending_and_no_process_behind(world: World) -> None:
    _killed_while_creating(world)

    latest = json.loads(world.checkpoint.read_text())["checkpoint"]["latest"]
    assert [p["type"] for p in latest["pending_operations"]] == ["creating"]
    assert world.pending() == ["h"]
    assert world.ids()["a"] == "a-1", "what was made before is recorded"
    assert len(world.locks()) == 1


def test_the_next_run_removes_the_dead_lock_makes_the_pending_resource_and_repeats_nothing(
    world: World,
) -> None:
    _killed_while_creating(world)
    world.release()

    said = world.up()

    assert "removed a lock left behind" in said
    assert "interrupted while creating it" in said
    assert world.pending() == []
    assert sorted(world.objects()) == ["a-1", "h-1", "z-1"]
    assert world.locks() == []
    world.ok("up", "--yes", "--skip-preview", "--expect-no-changes")


def test_a_pending_create_that_the_program_no_longer_wants_stays_recorded_until_it_is_cleared(
    world: World,
) -> None:
    _killed_while_creating(world)
    world.body('a = Thing("a", {"size": 1})')

    assert "interrupted while creating it" in world.up()
    assert world.pending() == ["h"]
    assert "forgotten, as asked" in world.ok("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    assert world.pending() == []


def test_the_first_interrupt_lets_what_runs_finish_and_begins_nothing_new(world: World) -> None:
    world.body(HELD)
    run = world.start("up", "--yes", "--skip-preview")
    world.wait_until_held("h")
    run.send_signal(signal.SIGINT)
    assert run.stdout is not None
    line = ""
    while "stopping" not in line:
        line = run.stdout.readline()
        assert line, "the engine says that it is stopping"
    world.release()
    said, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert "Traceback" not in said
    assert sorted(world.objects()) == ["a-1", "h-1"]
    assert "up stopped" in said
    assert world.ids()["h"] == "h-1"
    assert world.pending() == []
    assert world.locks() == []


def test_an_interrupt_before_anything_is_under_way_ends_the_run_without_a_trace(world: World) -> None:
    world.body('import threading\nthreading.Event().wait()\nThing("h")')
    run = world.start("up", "--yes", "--skip-preview")
    assert run.stdout is not None
    assert "Updating" in run.stdout.readline()
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert "Traceback" not in said
    assert "up stopped" in said
    assert (world.ids(), world.pending(), world.locks()) == ({}, [], [])


def test_a_run_whose_reader_has_gone_goes_on_to_its_end(world: World) -> None:
    world.body(HELD)
    run = world.start("up", "--yes", "--skip-preview")
    assert run.stdout is not None
    run.stdout.readline()
    world.wait_until_held("h")
    run.stdout.close()
    world.release()

    assert run.wait(60) == 0
    assert sorted(world.objects()) == ["a-1", "h-1", "z-1"]
    assert {"a", "h", "z"} <= set(world.ids())
    assert world.locks() == []


def test_the_second_interrupt_ends_the_run_at_once_with_the_create_recorded_as_pending(world: World) -> None:
    world.body(HELD)
    run = world.start("up", "--yes", "--skip-preview")
    world.wait_until_held("h")
    run.send_signal(signal.SIGTERM)
    assert run.stdout is not None
    line = ""
    while "stopping" not in line:
        line = run.stdout.readline()
        assert line, "the engine says that it is stopping"
    run.send_signal(signal.SIGTERM)
    said, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert "Traceback" not in said
    assert world.pending() == ["h"]
    assert world.locks() == []


def test_the_second_interrupt_leaves_an_attached_provider_to_itself(real_world: World) -> None:
    boxes = Boxes()
    server, port = serve(boxes)
    real_world.env["PULUMI_DEBUG_PROVIDERS"] = f"attached:{port}"
    real_world.body('a = Box("a", {"hold": True})')
    run = real_world.start("up", "--yes", "--skip-preview")
    until = time.monotonic() + WITHIN_SECONDS
    while "create a" not in boxes.calls:
        assert time.monotonic() < until
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    assert run.stdout is not None
    while "stopping" not in run.stdout.readline():
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    try:
        said, _ = run.communicate(timeout=WITHIN_SECONDS)
    finally:
        boxes.released.set()
        server.stop(None)

    assert run.returncode == 1
    assert boxes.calls == ["create a", "cancel"]
    assert "stopped at once" in said
    assert "Traceback" not in said
    assert real_world.pending() == ["a"]


def test_a_provider_that_dies_fails_its_resource_and_the_run_ends(world: World) -> None:
    world.body('a = Thing("a", {"size": 1})\nh = Thing("h", {"hold": True, "after": a.made})')
    run = world.start("up", "--yes", "--skip-preview")
    world.wait_until_held("h")
    for child in psutil.Process(run.pid).children():
        if "pulumi.dynamic" in " ".join(child.cmdline()):
            child.kill()
    said, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert "the provider pulumi-python is gone" in said
    assert "Traceback" not in said
    assert world.ids()["a"] == "a-1"
    assert world.pending() == ["h"], "whether it was made isn't known"
    assert world.locks() == []


def test_a_program_that_dies_does_not_cut_a_create_short(world: World) -> None:
    world.body(
        """
import os, threading, time

def die_when_told():
    while not os.path.exists("cloud/die"):
        time.sleep(0.01)
    os._exit(3)

h = Thing("h", {"hold": True})
threading.Thread(target=die_when_told).start()
"""
    )
    run = world.start("up", "--yes", "--skip-preview")
    world.wait_until_held("h")
    (program,) = [c for c in psutil.Process(run.pid).children() if "language_host" in " ".join(c.cmdline())]
    (world.project / "cloud" / "die").touch()
    assert gone_within([program], WITHIN_SECONDS)
    world.release()
    said, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert "the program ended with exit status 3" in said
    assert world.ids()["h"] == "h-1"
    assert world.pending() == []
