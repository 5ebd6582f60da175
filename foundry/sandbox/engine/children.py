"""Processes that must not outlive the engine: the program and the providers.

Each is started through `guard.py`, which ends it when the engine is gone: by Linux's parent-death signal, and everywhere by a pipe of
which the engine holds the only other end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.project import Project

_HERE = Path(__file__).parent
_ENDS_WITHIN_SECONDS = 5.0
_LONGEST_LINE = 16 * 1024 * 1024


def interpreter(project: Project) -> str:
    """The Python that runs the project: its virtualenv's if that exists, else ours."""
    if project.virtualenv is not None:
        for candidate in (
            project.virtualenv / "bin" / "python",
            project.virtualenv / "Scripts" / "python.exe",
        ):
            if candidate.exists():
                return str(candidate)
    return sys.executable


@dataclass(kw_only=True)
class Child:
    """A guarded process. Closing it ends it."""

    process: asyncio.subprocess.Process
    lifeline: int

    async def close(self, *, within_seconds: float = _ENDS_WITHIN_SECONDS) -> int:
        """End the process → its exit code. It gets the given time to end by itself after a polite signal."""
        if self.lifeline >= 0:
            with contextlib.suppress(OSError):
                os.close(self.lifeline)
            self.lifeline = -1
        if self.process.returncode is None:
            self._signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), within_seconds)
            except TimeoutError:
                self._signal(signal.SIGKILL)
                await self.process.wait()
        return self.process.returncode or 0

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        # Not through the process object: its methods reap a child that just ended, and asyncio then misses its exit status.
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


async def start(
    python: str, arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], is_told: bool = False
) -> Child:
    """Start `python -u guard.py ...` in `folder`, stdout and stderr piped. Raises EngineError if it can't be started.

    With `is_told` stdin is piped too: the process waits for what it is told there.

    The child has a process group of its own, so that Ctrl-C at a terminal reaches the engine alone, which decides what ends when.
    """
    theirs, ours = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            python,
            "-u",
            str(_HERE / "guard.py"),
            str(os.getpid()),
            str(theirs),
            *arguments,
            cwd=folder,
            env=dict(env),
            stdin=asyncio.subprocess.PIPE if is_told else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(theirs,),
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
    except OSError as error:
        os.close(ours)
        raise EngineError(f"{python} can't be started in {folder}: {error.strerror}") from error
    finally:
        os.close(theirs)
    return Child(process=process, lifeline=ours)
