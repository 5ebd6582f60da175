"""The stack's lock: respected while its process lives or can't be judged, removed when it is gone on this host."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from foundry.sandbox.engine import lock
from foundry.sandbox.engine.errors import EngineError, StackLockedError


def _leave(folder: Path, **content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{len(list(folder.iterdir()))}.json"
    given = {
        "pid": os.getpid(),
        "username": "somebody",
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    file.write_text(json.dumps({**given, **content}))
    return file


def _dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_lock_is_a_file_with_pid_user_host_and_time_and_goes_with_its_holder(tmp_path: Path) -> None:
    with lock.held(tmp_path / "locks", pytest.fail):
        (holder,) = lock.holders(tmp_path / "locks")
        assert holder.pid == os.getpid()
        assert holder.hostname == socket.gethostname()
        assert set(json.loads(holder.file.read_text())) == {"pid", "username", "hostname", "timestamp"}
    assert lock.holders(tmp_path / "locks") == []


def test_a_live_holder_is_named_and_respected(tmp_path: Path) -> None:
    file = _leave(tmp_path)
    with pytest.raises(StackLockedError) as refused, lock.held(tmp_path, pytest.fail):
        pass
    assert f"created by somebody@{socket.gethostname()} (pid {os.getpid()}) at " in str(refused.value)
    assert "cancel" in str(refused.value)
    assert file.exists()


def test_a_lock_of_another_host_is_respected_whatever_its_pid(tmp_path: Path) -> None:
    _leave(tmp_path, hostname="elsewhere", pid=_dead_pid())
    with pytest.raises(StackLockedError, match="somebody@elsewhere"), lock.held(tmp_path, pytest.fail):
        pass


def test_a_lock_whose_process_is_gone_is_removed_and_said_so(tmp_path: Path) -> None:
    pid = _dead_pid()
    file = _leave(tmp_path, pid=pid)
    said: list[str] = []
    with lock.held(tmp_path, said.append):
        assert not file.exists()
    assert len(said) == 1
    assert f"process {pid}, which no longer runs on this host" in said[0]


@pytest.mark.skipif(sys.platform != "linux", reason="start times are told from /proc")
def test_a_younger_process_with_the_same_number_does_not_keep_a_lock(tmp_path: Path) -> None:
    _leave(tmp_path, timestamp="2020-01-01T00:00:00Z")
    with lock.held(tmp_path, lambda _: None):
        assert len(lock.holders(tmp_path)) == 1


def test_of_two_that_lock_at_once_neither_overtakes_the_other(tmp_path: Path) -> None:
    with lock.held(tmp_path, pytest.fail), pytest.raises(StackLockedError), lock.held(tmp_path, pytest.fail):
        pass
    assert lock.holders(tmp_path) == []


def test_an_unreadable_lock_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text("{")
    with (
        pytest.raises(EngineError, match=r"odd\.json is not a readable lock"),
        lock.held(tmp_path, pytest.fail),
    ):
        pass


def test_cancel_removes_every_lock(tmp_path: Path) -> None:
    _leave(tmp_path)
    _leave(tmp_path, hostname="elsewhere")
    assert lock.cancel(tmp_path) == 2
    assert lock.holders(tmp_path) == []
