"""Start, stop and start again: the same ports, the same authority, the same data, and nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest

from foundry.sandbox.host import Health, Programs, SandboxError, ephemeral, erase, load, start, status, stop
from foundry.sandbox.host.processes import alive, launch
from foundry.sandbox.host.record import Worker, save

DIES = "tests.sandbox_host.programs.dies"
IDLES = "tests.sandbox_host.programs.idles"


def processes_of(folder):
    found = []
    for process in psutil.process_iter():
        try:
            if (
                any(str(folder) in part for part in process.cmdline())
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process.pid)
        except psutil.Error:
            continue
    return sorted(found)


def kill(*workers):
    for worker in workers:
        process = psutil.Process(worker.pid)
        process.send_signal(signal.SIGKILL)
        process.wait(10)


def test_both_processes_run_and_answer(running):
    found = status(running.home)
    assert found.sandbox == running
    assert found.healthy
    assert processes_of(running.home) == sorted([running.emulator.pid, running.provider.pid])


def test_nobody_else_may_look_into_the_folder(running):
    assert running.home.stat().st_mode & 0o777 == 0o700
    for name in (
        "sandbox.json",
        "ca.key",
        "server.pem",
        "identity-header",
        "emulator.sqlite",
        "logs/emulator.log",
    ):
        assert (running.home / name).stat().st_mode & 0o077 == 0, name


def test_the_processes_have_no_terminal_and_a_session_of_their_own(running):
    for worker in (running.emulator, running.provider):
        assert os.getsid(worker.pid) == worker.pid
        assert psutil.Process(worker.pid).cwd() == str(running.home)
        assert os.path.realpath(f"/proc/{worker.pid}/fd/0") == "/dev/null"


def test_starting_what_runs_changes_nothing_and_says_nothing(running):
    events = []
    assert start(running.home, on_event=events.append) == running
    assert start(running.home, port=running.emulator_port, on_event=events.append) == running
    assert events == []


def test_a_running_sandbox_is_not_moved(running):
    with pytest.raises(SandboxError, match=f"runs on port {running.emulator_port}: stop it first"):
        start(running.home, port=running.emulator_port + 7)


def test_two_starts_at_once_start_one_sandbox(home, free_port):
    begin = threading.Barrier(3, timeout=30)

    def begin_and_start(_):
        begin.wait()
        return start(home, port=free_port)

    with ThreadPoolExecutor(3) as pool:
        sandboxes = set(pool.map(begin_and_start, range(3)))
    assert len(sandboxes) == 1
    assert len(processes_of(home)) == 2


def test_a_stopped_sandbox_comes_back_as_it_was(home, free_port):
    first = start(home, port=free_port)
    authority = first.authority.read_bytes()
    assert stop(home) is True
    assert processes_of(home) == []
    assert stop(home) is False
    assert status(home).emulator is status(home).provider is Health.STOPPED
    again = start(home)
    assert (again.emulator_port, again.provider_port) == (free_port, free_port + 1)
    assert again.identity_header == first.identity_header
    assert again.authority.read_bytes() == authority
    assert again.emulator != first.emulator


def test_what_was_killed_is_started_again_and_what_lives_is_left_alone(home, free_port):
    first = start(home, port=free_port)
    kill(first.provider)
    assert status(home).provider is Health.STOPPED
    second = start(home)
    assert second.emulator == first.emulator
    assert second.provider != first.provider
    kill(second.emulator, second.provider)
    third = start(home)
    assert status(home).healthy
    assert (third.emulator_port, third.identity_header) == (first.emulator_port, first.identity_header)


def test_a_process_that_a_killed_run_did_not_note_down_is_found(home, free_port):
    first = start(home, port=free_port)
    save(replace(first, emulator=None, provider=None))
    second = start(home)
    assert status(home).healthy
    assert processes_of(home) == sorted([second.emulator.pid, second.provider.pid])
    save(replace(second, emulator=None, provider=None))
    assert stop(home) is True
    assert processes_of(home) == []


def test_a_process_is_known_from_its_first_moment(tmp_path):
    """Also while the kernel hasn't set its command line, which takes it some microseconds now and then."""
    unknown = 0
    for _ in range(300):
        worker = launch(
            ("60",), home=tmp_path, log=tmp_path / "logs" / "log", variables={}, interpreter="/bin/sleep"
        )
        unknown += alive(worker) is None
        kill(worker)
        assert alive(worker) is None
    assert unknown == 0


def test_another_process_with_a_recorded_pid_is_not_touched(home, free_port):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        sandbox = start(home, port=free_port)
        kill(sandbox.emulator)
        save(replace(sandbox, emulator=Worker(other.pid, sandbox.emulator.command)))
        assert status(home).emulator is Health.STOPPED
        stop(home)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_program_that_ends_at_once_is_quoted_and_the_other_one_ended(home, free_port):
    with pytest.raises(SandboxError) as error:
        start(home, port=free_port, programs=Programs(emulator=DIES))
    assert "the emulator ended right after its start (exit code 3)" in str(error.value)
    assert str(home / "logs" / "emulator.log") in str(error.value)
    assert "  the database is of a later version" in str(error.value)
    assert processes_of(home) == []
    assert load(home).emulator_port == free_port
    start(home)
    assert status(home).healthy


def test_a_process_that_does_not_answer_is_told_apart_and_ended_by_force(home, free_port):
    idle = Programs(provider=IDLES, ready_seconds=5, stop_seconds=1)
    with pytest.raises(SandboxError, match="the provider didn't answer within 5 s"):
        start(home, port=free_port, programs=idle)
    assert processes_of(home) == []


def test_a_throw_away_sandbox_is_gone_afterwards_whatever_happened():
    homes = []

    def use():
        with ephemeral() as sandbox:
            homes.append(sandbox.home)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use()
    assert not homes[0].exists()
    assert processes_of(homes[0]) == []


def test_a_throw_away_sandbox_of_a_killed_run_is_cleared_away_by_the_next(tmp_path, free_port, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / f"fac-sandbox-{2**22 + 1}-left"
    start(left, port=free_port)
    with ephemeral():
        assert not left.exists()
        assert processes_of(left) == []


def test_erasing_takes_everything_and_only_a_sandbox(home, free_port, tmp_path):
    start(home, port=free_port)
    erase(home)
    assert not home.exists()
    assert processes_of(home) == []
    erase(home)
    precious = tmp_path / "documents"
    precious.mkdir()
    (precious / "thesis.txt").write_text("all of it")
    with pytest.raises(SandboxError, match="nothing was deleted"):
        erase(precious)
    assert (precious / "thesis.txt").exists()


def test_a_folder_with_other_things_in_it_becomes_no_sandbox_so_that_none_goes_with_one(home, free_port):
    home.mkdir(mode=0o755)
    (home / "thesis.txt").write_text("all of it")
    with pytest.raises(SandboxError, match=r"files that are no sandbox's \(thesis.txt\).*FAC_SANDBOX_HOME"):
        start(home, port=free_port)
    assert [entry.name for entry in home.iterdir()] == ["thesis.txt"]
    assert home.stat().st_mode & 0o777 == 0o755
    (home / "thesis.txt").unlink()


def test_what_a_start_that_was_killed_left_is_gone_on_with(home, free_port):
    (home / "state").mkdir(parents=True)
    (home / "lock").touch()
    (home / ".sandbox.json.a1b2").touch()
    assert start(home, port=free_port).emulator is not None
