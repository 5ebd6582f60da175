"""How far an engine is with a preview that prints nothing before its end: read from its event log, told on standard error."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from foundry.model import FoundryError

_REMINDER_SECONDS: Final = 10.0  # a CI log that stands still longer looks dead
# What a look waits for is bounded below this by the providers themselves, which say what they wait for.
_SILENCE_LIMIT_SECONDS: Final = 900.0
_NOTEWORTHY_SECONDS: Final = 2.0


@dataclass
class Progress:
    """What the events say so far: resources read, resources compared, and what is under way.

    An event is a line of the CLI's event log: `resourcePreEvent` as work on a resource begins, `resOutputsEvent` as it ends, and
    `diagnosticEvent`, which is a provider's word on what it waits for where it is ephemeral
    (source: pulumi/pulumi, sdk/go/common/apitype/events.go).
    """

    clock: Callable[[], float] = time.monotonic
    read: int = 0
    compared: int = 0
    last: str = ""
    _under_way: dict[str, float] = field(default_factory=dict)
    _why: dict[str, str] = field(default_factory=dict)

    def take(self, line: bytes) -> None:
        """One line of the event log; what can't be read is passed over."""
        try:
            event = json.loads(line)
        except ValueError:
            return
        for kind, content in event.items() if isinstance(event, Mapping) else ():
            if kind == "resourcePreEvent":
                self._under_way[_urn(content)] = self.clock()
            elif kind in ("resOutputsEvent", "resOpFailedEvent"):
                self._ended(content)
            elif kind == "diagnosticEvent" and content.get("ephemeral") and content.get("urn"):
                self._why[content["urn"]] = " ".join(str(content.get("message", "")).split())

    def _ended(self, content: Mapping[str, Any]) -> None:
        urn = _urn(content)
        self._under_way.pop(urn, None)
        self._why.pop(urn, None)
        if "::pulumi:providers:" in urn:
            return
        if content.get("metadata", {}).get("op") == "refresh":
            self.read += 1
        else:
            self.compared += 1
        self.last = _called(urn)

    def __str__(self) -> str:
        parts = [
            f"{count} {done}"
            for count, done in ((self.read, "read"), (self.compared, "compared with the declarations"))
            if count
        ]
        told = f"{', '.join(parts)}, last {self.last}" if parts else "the engine and the program are starting"
        if waiting := next(self._waiting(), ""):
            told += f"; waiting for {waiting}"
        return told

    def _waiting(self) -> Iterator[str]:
        """What is under way for long, longest first."""
        now = self.clock()
        for urn, since in self._under_way.items():
            if now - since >= _NOTEWORTHY_SECONDS:
                why = f" ({self._why[urn]})" if urn in self._why else ""
                yield f"{_called(urn)} {now - since:.0f}s{why}"


def _urn(content: Mapping[str, Any]) -> str:
    return str(content.get("metadata", {}).get("urn", ""))


def _called(urn: str) -> str:
    """A resource by the last word of its type and its name."""
    _, _, kind, name = (*urn.split("::", 3), "", "", "", "")[:4]
    return f"{kind.rpartition('$')[2].rpartition(':')[2]} {name}"


class Watch:
    """Follows an event log as it grows: one line at the bottom of a terminal, elsewhere a line every ten seconds."""

    def __init__(self, log: Path) -> None:
        from rich.console import Console

        self._log = log
        self._at = 0
        self._rest = b""
        self._progress = Progress()
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._began = self._heard = self._told = time.monotonic()

    @contextlib.contextmanager
    def showing(self) -> Iterator[Callable[[], None]]:
        """What is to be called every now and then while the engine runs; the terminal is as before afterwards."""
        status = self._console.status("previewing", refresh_per_second=4.0)
        if self._console.is_terminal:
            status.start()

        def look() -> None:
            self._read()
            now = time.monotonic()
            told = f"previewing: {self._progress}"
            if self._console.is_terminal:
                status.update(_one_line(told, self._console.width - 4))
            elif now - self._told >= _REMINDER_SECONDS:
                self._told = now
                self._console.print(f"    {now - self._began:.0f}s: {told}", soft_wrap=True)
            if now - self._heard > _SILENCE_LIMIT_SECONDS:
                raise FoundryError(
                    f"the engine has said nothing for {_SILENCE_LIMIT_SECONDS / 60:.0f} minutes and was ended ({self._progress})",
                    fix="run the preview with --diff to see what it waits for; nothing was changed",
                )

        try:
            yield look
        finally:
            status.stop()

    def _read(self) -> None:
        try:
            with self._log.open("rb") as file:
                file.seek(self._at)
                told = file.read()
        except FileNotFoundError:
            return
        if told:
            self._heard = time.monotonic()
        self._at += len(told)
        *lines, self._rest = (self._rest + told).split(b"\n")
        for line in lines:
            self._progress.take(line)


def _one_line(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 1, 1)]}…"
