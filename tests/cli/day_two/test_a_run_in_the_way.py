"""Locks, damaged states, readers that go and answers that are no: what a person on call meets beside the happy path."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.cli.day_two.conftest import on_a_terminal

STATE = ".sandbox/state/.pulumi/stacks/foundry-as-code/sandbox.json"
LOCKS = ".sandbox/state/.pulumi/locks/organization/foundry-as-code/sandbox"


@contextmanager
def lock(up: Any, *, host: str, pid: int, since: str = "2026-01-01T00:00:00Z") -> Iterator[Path]:
    file = Path(up.root, LOCKS, "11111111-1111-4111-8111-111111111111.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"pid": pid, "username": "ci", "hostname": host, "timestamp": since}
    file.write_text(json.dumps(told))
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def test_the_lock_of_another_host_is_told_and_taken_off_by_cancel(up: Any) -> None:
    with lock(up, host="runner-7", pid=4711) as file:
        code, printed = up.run("up", "--yes")
        assert code != 0
        assert "locked by process 4711 on runner-7 (ci, since 2026-01-01T00:00:00Z)" in printed
        assert "`fac cancel -s sandbox`" in printed
        assert up.fac("cancel").startswith("The lock of process 4711 on runner-7 (ci, since")
        assert not file.exists()


def test_cancel_leaves_a_run_alone_that_is_under_way_here(up: Any) -> None:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    with lock(up, host=socket.gethostname(), pid=os.getpid(), since=now) as file:
        code, printed = up.run("cancel")
        assert code == 1
        assert f"under way here (process {os.getpid()})" in printed
        assert file.exists()


def test_what_another_run_is_just_making_is_not_taken_for_what_a_killed_one_left(up: Any) -> None:
    state = Path(up.root, STATE)
    before = state.read_bytes()
    document = json.loads(before)
    latest = document["checkpoint"]["latest"]
    making = next(one for one in latest["resources"] if one["type"].endswith("foundry:File"))
    latest["pending_operations"] = [{"resource": making, "type": "creating"}]
    state.write_text(json.dumps(document))
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    try:
        with lock(up, host=socket.gethostname(), pid=os.getpid(), since=now):
            for command in ("up", "destroy"):
                code, printed = up.run(command, "--yes")
                assert code == 1
                assert (
                    f"locked by process {os.getpid()} on {socket.gethostname()} (ci, since {now})" in printed
                )
                assert "killed" not in printed
    finally:
        state.write_bytes(before)


def test_a_lock_whose_number_a_younger_process_has_is_removed(up: Any) -> None:
    with lock(up, host=socket.gethostname(), pid=os.getpid()) as file:
        assert f"Removed the lock of process {os.getpid()}" in up.fac("preview")
        assert not file.exists()


def test_a_damaged_state_is_told_and_nothing_is_taken_for_new(up: Any) -> None:
    file = Path(up.root, STATE)
    whole = file.read_bytes()
    file.write_bytes(whole[:3000])
    try:
        for command in (["up", "--yes"], ["destroy", "--yes"], ["show"], ["orphans"], ["output"]):
            code, printed = up.run(*command)
            assert code == 1
            assert "is damaged; sandbox.json.bak beside it is the one before; copy that over it" in printed
            assert "never brought up" not in printed
            assert "carry its mark" not in printed
            assert "not up yet" not in printed
    finally:
        file.write_bytes(whole)


def test_a_stack_that_there_is_not_is_told_by_every_command(up: Any) -> None:
    for command in (
        ["show"],
        ["history", "x"],
        ["pull", "x"],
        ["cancel"],
        ["try", "x", "y"],
        ["orphans"],
        ["output"],
    ):
        code, printed = up.run(*command, "-s", "nowhere")
        assert code == 1
        assert "there is no stack 'nowhere'; there are: dev, sandbox, team" in printed


def test_a_destroy_that_is_refused_or_interrupted_at_its_question_is_not_begun_again(up: Any) -> None:
    before = Path(up.root, STATE).read_bytes()
    code, printed = on_a_terminal(up, [lambda: "no\n"], "destroy")
    assert code == 1
    assert printed.count("yes/no:") == 1
    code, printed = on_a_terminal(up, [lambda: ""], "destroy")
    assert code == 130
    assert printed.count("yes/no:") == 1
    assert "Traceback" not in printed
    assert Path(up.root, STATE).read_bytes() == before


def test_a_reader_that_goes_ends_no_command_with_an_error(up: Any) -> None:
    for command in (["show"], ["validate", "--show"]):
        process = up.start(*command, stderr=subprocess.PIPE)
        process.stdout.close()
        told = process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 0, told
        assert "Broken pipe" not in told
