"""Which engine runs a stack: the Pulumi CLI where it is installed, the embedded one otherwise."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from foundry.model import FoundryError

_LOOK_SECONDS: Final = 0.2
_ENDING_SECONDS: Final = 15.0
INSTALL = (
    "install the Pulumi CLI (https://www.pulumi.com/docs/iac/download-install/) and run the command again"
)


@dataclass(frozen=True)
class Engine:
    """A program that takes the Pulumi CLI's own arguments. `name` is what people are told."""

    name: str
    command: tuple[str, ...]
    is_cli: bool


def choose(wanted: str | None, *, sandbox: bool) -> Engine:
    """The engine for a stack.

    Args:
        wanted: `pulumi`, `embedded`, or None for the environment's FAC_ENGINE and then whichever there is.
        sandbox: whether the stack lives in the sandbox; the embedded engine serves no other.

    Raises:
        FoundryError: the engine asked for isn't there, or doesn't serve this stack.
    """
    wanted = wanted or os.environ.get("FAC_ENGINE") or None
    found = shutil.which("pulumi")
    if wanted not in {None, "pulumi", "embedded"}:
        raise FoundryError(f"there is no engine called {wanted!r}", fix="say pulumi or embedded")
    if wanted == "pulumi" and found is None:
        raise FoundryError("the Pulumi CLI is not on PATH", fix=INSTALL)
    if found is not None and wanted != "embedded":
        return Engine(f"the Pulumi CLI ({found})", (found,), is_cli=True)
    if not sandbox:
        raise FoundryError("the embedded engine serves sandbox stacks only", fix=INSTALL)
    return Engine("the embedded engine", (sys.executable, "-m", "foundry.sandbox.engine"), is_cli=False)


@dataclass(frozen=True)
class Run:
    """An engine set to work on one stack: where, and with which environment variables."""

    engine: Engine
    root: Path
    stack: str
    environment: Mapping[str, str]

    def interactive(self, arguments: Sequence[str]) -> int:
        """Run the engine on this terminal and return its exit code.

        Ctrl-C reaches the engine itself (it is in our process group), which finishes what runs; we wait for it.

        Raises:
            KeyboardInterrupt: Ctrl-C ended it; nothing more is to be begun.
            FoundryError: a signal ended it.
        """
        interrupts: list[int] = []
        with subprocess.Popen(self._command(arguments), cwd=self.root, env=self._variables()) as process:
            before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
            forward = signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
            try:
                code = process.wait()
            finally:
                signal.signal(signal.SIGINT, before)
                signal.signal(signal.SIGTERM, forward)
        if code and interrupts:
            raise KeyboardInterrupt
        if code < 0:
            raise FoundryError(
                f"{self.engine.name} was ended from outside ({signal.Signals(-code).name}), and what it had begun may be half done",
                fix="run the command again: `fac up` and `fac destroy` find what is there and put it right",
            )
        return code

    def captured(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run the engine and return what it printed."""
        return subprocess.run(
            self._command(arguments),
            cwd=self.root,
            env=self._variables(),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def captured_while(
        self,
        arguments: Sequence[str],
        meanwhile: Callable[[], None],
        *,
        more: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the engine and return what it printed; `meanwhile` is called a few times a second, `more` are further variables.

        Whatever is raised meanwhile, Ctrl-C too, ends the engine before it is passed on.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command = self._command(arguments)
            with subprocess.Popen(
                command,
                cwd=self.root,
                env={**self._variables(), **(more or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            ) as process:
                try:
                    while process.poll() is None:
                        meanwhile()
                        with contextlib.suppress(subprocess.TimeoutExpired):
                            process.wait(_LOOK_SECONDS)
                except BaseException:
                    _end(process)
                    raise
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode(errors="replace"))
            return subprocess.CompletedProcess(command, process.returncode, *texts)

    def told(self, arguments: Sequence[str], text: str) -> None:
        """Run the engine with a text on its standard input.

        Raises:
            subprocess.CalledProcessError: it failed; `stderr` says why.
        """
        subprocess.run(
            self._command(arguments),
            cwd=self.root,
            env=self._variables(),
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs.

        Raises:
            FoundryError: the stack isn't there, or has never been brought up.
        """
        done = self.captured(["stack", "output", "--json", "--stack", self.stack])
        if done.returncode != 0:
            raise FoundryError(
                f"the outputs of stack {self.stack} can't be read: {last_line(done.stderr)}",
                fix=f"if it was never brought up: fac up -s {self.stack}",
            )
        outputs = json.loads(done.stdout)
        return outputs if isinstance(outputs, dict) else {}

    def _variables(self) -> dict[str, str]:
        """Our own Python runs the program, where the project names no virtual environment."""
        return {"PULUMI_PYTHON_CMD": sys.executable, **self.environment}

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [*self.engine.command, *arguments]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End an engine that only looks: it gets a moment to end the processes that it started."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_ENDING_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()


def last_line(text: str) -> str:
    """The last line of what a program printed, which is where it says why it failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ") if lines else "no reason given"
