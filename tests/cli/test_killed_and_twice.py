"""Runs that are killed, interrupted or meet another one: nothing doubled, nothing lost."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

ENGINES = ["embedded", pytest.param("pulumi", marks=pytest.mark.pulumi_cli)]


def run_until(clone: Any, word: str, action: signal.Signals) -> int:
    """Start an up, send the engine alone a signal once it has printed `word`, and wait for the end of both."""
    process = clone.start("up", "--yes")
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            for child in psutil.Process(process.pid).children():
                child.send_signal(action)
            break
    process.stdout.read()
    return int(process.wait(60))


@pytest.mark.parametrize("word", ["StorageAccount", "foundry:File", "foundry:Agent"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_up_is_finished_by_the_next(clone: Any, word: str) -> None:
    clone.fac("sandbox", "start")
    clone.plan({"match": {"method": "POST", "path": "/assistants$"}, "action": {"delay": 3}})
    assert run_until(clone, word, signal.SIGKILL) != 0
    clone.plan()
    clone.fac("up", "--yes")
    clone.assert_whole()
    clone.fac("preview", "--expect-no-changes")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupted_up_saves_what_it_did(clone: Any) -> None:
    clone.fac("sandbox", "start")
    assert run_until(clone, "StorageAccount", signal.SIGINT) != 0
    clone.fac("up", "--yes")
    clone.assert_whole()


def test_a_second_up_at_the_same_time_is_refused(clone: Any) -> None:
    clone.fac("sandbox", "start")
    first = clone.start("up", "--yes")
    locks = clone.root / ".sandbox/state/.pulumi/locks"
    deadline = time.monotonic() + 60
    while not list(locks.rglob("*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (engine,) = psutil.Process(first.pid).children()
    engine.suspend()
    code, printed = clone.run("up", "--yes")
    engine.resume()
    assert code != 0
    assert "lock" in printed
    assert "Traceback" not in printed
    told, _ = first.communicate(timeout=200)
    assert first.returncode == 0, told
    clone.assert_whole()


def test_the_lock_of_a_process_that_is_gone_is_removed_with_a_line(up: Any, tmp_path: Path) -> None:
    import json
    import socket

    folder = up.root / ".sandbox/state/.pulumi/locks/organization/foundry-as-code/sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    gone = max(psutil.pids()) + 100_000
    (folder / "11111111-2222-4333-8444-555555555555.json").write_text(
        json.dumps(
            {
                "pid": gone,
                "username": "somebody",
                "hostname": socket.gethostname(),
                "timestamp": "2026-01-01T00:00:00Z",
            }
        )
    )
    (folder / "11111111-2222-4333-8444-555555555555.json.attrs").write_text("{}")
    printed = up.fac("preview")
    assert f"Removed the lock of process {gone}" in printed
    assert not list(folder.iterdir())


def test_a_lock_of_another_host_is_respected(up: Any) -> None:
    import json

    folder = up.root / ".sandbox/state/.pulumi/locks/organization/foundry-as-code/sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "11111111-2222-4333-8444-666666666666.json"
    path.write_text(
        json.dumps(
            {
                "pid": 1,
                "username": "somebody",
                "hostname": "another-host",
                "timestamp": "2026-01-01T00:00:00Z",
            }
        )
    )
    try:
        code, printed = up.run("up", "--yes")
    finally:
        path.unlink()
    assert code != 0
    assert "another-host" in printed
