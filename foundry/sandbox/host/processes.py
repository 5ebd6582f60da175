"""Starting, recognising and ending background processes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from foundry.sandbox.host.record import SandboxError, Worker

_LOG_BYTES = 2_000_000
_RECOGNISABLE_SECONDS = 10.0
_ENDING_SECONDS = 2.0
_PAUSE_SECONDS = 0.001


def launch(
    command: Sequence[str],
    *,
    home: Path,
    log: Path,
    variables: Mapping[str, str],
    interpreter: str = sys.executable,
) -> Worker:
    """Starts a process that outlives this one: own session, no terminal, its output in a log.

    Args:
        command: Arguments of the interpreter.
        home: Folder it runs in.
        log: File its output is added to; one that has grown large is set aside first.
        variables: Environment on top of this process's own.
        interpreter: What runs it; this Python unless told otherwise.

    Raises:
        SandboxError: It couldn't be started.
    """
    try:
        log.parent.mkdir(mode=0o700, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as stream:
            process = subprocess.Popen(
                [interpreter, *command],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                cwd=home,
                env={**os.environ, **variables},
                start_new_session=True,
                umask=0o077,
            )
    except OSError as error:
        raise SandboxError(f"{' '.join(command)} couldn't be started: {error.strerror}") from None
    # The process lives on without us: nobody is going to wait for it, and that is no leak.
    process.returncode = 0
    _await_command_line(process.pid)
    return Worker(process.pid, tuple(command))


def _await_command_line(pid: int) -> None:
    """Waits until a process that was just started tells its command line, by which it is known from now on.

    The kernel lets the parent go on as soon as it begins with the new program, and sets the command line a moment later.
    """
    until = time.monotonic() + _RECOGNISABLE_SECONDS
    with contextlib.suppress(psutil.Error):
        while not psutil.Process(pid).cmdline() and time.monotonic() < until:
            time.sleep(_PAUSE_SECONDS)


def alive(worker: Worker | None) -> psutil.Process | None:
    """The running process of a worker, or None when it has ended, even if another one has its pid by now."""
    if worker is None:
        return None
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(worker.pid)
        same = tuple(process.cmdline()[1:]) == worker.command
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def ending(worker: Worker | None) -> str:
    """How a process that this one started has ended, for a message; empty when the system doesn't tell."""
    if worker is None:
        return ""
    until = time.monotonic() + _ENDING_SECONDS
    try:
        # A process that is ending has no command line any more a moment before its parent can ask how it ended.
        while (told := os.waitpid(worker.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > until:
                return ""
            time.sleep(_PAUSE_SECONDS)
    except ChildProcessError:
        return ""
    status = told[1]
    code = os.waitstatus_to_exitcode(status)
    return f" (killed by signal {-code})" if code < 0 else f" (exit code {code})"


def strays(module: str, home: Path) -> Iterator[psutil.Process]:
    """Processes of a program that belong to a folder, whatever the record says.

    A run killed between starting a process and noting it down leaves such a one.
    """
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            of_folder = any(part == str(home) or part.startswith(f"{home}{os.sep}") for part in command)
            if module in command and of_folder and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def end(process: psutil.Process, *, patience: float) -> None:
    """Asks a process to end, and makes it end when it hasn't after `patience` seconds.

    Raises:
        SandboxError: It still runs.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        try:
            process.terminate()
            try:
                process.wait(patience)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(patience)
        except psutil.AccessDenied:
            raise SandboxError(
                f"process {process.pid} belongs to another user and can't be stopped"
            ) from None
        except psutil.TimeoutExpired:
            raise SandboxError(f"process {process.pid} doesn't end, not even when killed") from None


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, indented for a message; empty when there is nothing in it."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 8192))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in lines[-count:])
