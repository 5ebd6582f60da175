"""What a run is waiting for at the moment, since when and why, as one line."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from foundry.sandbox.engine import urn as urns

_SHOWN_AT_ONCE = 3
_NOTEWORTHY_SECONDS = 1.0


@dataclass
class _Work:
    doing: str
    since: float
    why: str = ""


@dataclass
class UnderWay:
    """Resources under way, oldest first; `idle` is said when there are none. Rich draws it on one line, however narrow the terminal."""

    idle: str = "starting"
    _work: dict[str, _Work] = field(default_factory=dict)

    def begin(self, urn: str, doing: str) -> None:
        """An operation begins."""
        self._work[urn] = _Work(doing, time.monotonic())

    def explain(self, urn: str, why: str) -> None:
        """Its provider says what it waits for."""
        if urn in self._work:
            self._work[urn].why = " ".join(why.split())

    def end(self, urn: str) -> None:
        """It is over."""
        self._work.pop(urn, None)

    def __str__(self) -> str:
        shown = [_text(urn, work) for urn, work in list(self._work.items())[:_SHOWN_AT_ONCE]]
        more = len(self._work) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "") if shown else self.idle

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Drawn anew a few times a second, so that the seconds run."""
        yield Text(str(self), no_wrap=True, overflow="ellipsis")


def _text(urn: str, work: _Work) -> str:
    seconds = time.monotonic() - work.since
    text = f"{work.doing} {urns.name_of(urn)}"
    if seconds >= _NOTEWORTHY_SECONDS:
        text += f" {seconds:.0f}s"
    return text + (f" ({work.why})" if work.why else "")
