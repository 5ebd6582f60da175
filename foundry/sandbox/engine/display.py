"""A run for people: a line for each resource that is more than the same, the changed properties below it, a summary at the end.

Colours only where the console has them; everything the CLI shows as secret is `[secret]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from foundry.sandbox.engine import changes
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.changes import Line
from foundry.sandbox.engine.digest import is_root
from foundry.sandbox.engine.events import (
    Diagnostic,
    Event,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.steps import Op
from foundry.sandbox.engine.values import Properties

# What the SDK's dynamic providers keep among the properties for themselves.
NOT_FOR_PEOPLE = frozenset({"__provider", "__internal"})

_SIGNS = {
    Op.SAME: " ",
    Op.CREATE: "+",
    Op.UPDATE: "~",
    Op.DELETE: "-",
    Op.REPLACE: "+-",
    Op.CREATE_REPLACEMENT: "++",
    Op.DELETE_REPLACED: "--",
    Op.READ: ">",
    Op.READ_REPLACEMENT: ">+",
    Op.REFRESH: "~",
    Op.READ_DISCARD: "<",
    Op.DISCARD_REPLACED: "<<",
    Op.REMOVE_PENDING_REPLACE: "~",
}
_STYLES = {"+": "green", "-": "red", "~": "yellow", "+-": "magenta", "++": "green", "--": "red"}
_DONE = {
    Op.CREATE: "created",
    Op.UPDATE: "updated",
    Op.DELETE: "deleted",
    Op.REPLACE: "replaced",
    Op.CREATE_REPLACEMENT: "created replacement",
    Op.DELETE_REPLACED: "deleted original",
    Op.READ: "read",
    Op.READ_REPLACEMENT: "read replacement",
    Op.REFRESH: "refreshed",
    Op.READ_DISCARD: "discarded",
    Op.DISCARD_REPLACED: "discarded original",
    Op.SAME: "unchanged",
    Op.REMOVE_PENDING_REPLACE: "completed pending delete",
}
_TO_DO = {
    Op.CREATE: "create",
    Op.UPDATE: "update",
    Op.DELETE: "delete",
    Op.REPLACE: "replace",
    Op.READ: "read",
}
_ORDER = (Op.CREATE, Op.UPDATE, Op.REPLACE, Op.DELETE, Op.READ)
_HALVES = (Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED, Op.READ_REPLACEMENT, Op.DISCARD_REPLACED)
_NOTEWORTHY_SECONDS = 0.05
_TITLES = {"up": "Updating", "destroy": "Destroying", "refresh": "Refreshing"}


@dataclass
class Display:
    """Prints a run's events. `shows_details` adds the changed properties; previews always have them."""

    console: Console
    shows_details: bool = False
    shows_outputs: bool = True
    _is_preview: bool = False
    _drift: dict[str, Resource] = field(default_factory=dict)
    _refreshed: int = 0

    def take(self, event: Event) -> None:
        """One more event."""
        match event:
            case RunStarted():
                self._begin(event)
            case StepStarted():
                self._started(event)
            case StepFinished():
                self._finished(event)
            case StepFailed():
                self._line("!", event.urn, f"{event.op} failed", "red", seconds=event.seconds)
            case Diagnostic():
                self._diagnostic(event)
            case RunFinished():
                self._end(event)

    def _begin(self, event: RunStarted) -> None:
        self._is_preview = event.is_preview
        title = f"Previewing {event.kind}" if event.is_preview else _TITLES.get(event.kind, event.kind)
        self.console.print(Text(f"{title} ({event.project}/{event.stack})", style="bold"))

    def _started(self, event: StepStarted) -> None:
        if not self._is_preview or event.op in (Op.SAME, Op.REFRESH) or event.op in _HALVES:
            return
        sign = _SIGNS[event.op]
        why = f"{_TO_DO.get(event.op, event.op)}" + (
            f" ({', '.join(event.step.keys)})" if event.step.keys else ""
        )
        self._line(sign, event.urn, why, _STYLES.get(sign, ""))
        self._details(event.op, event.old, event.new)

    def _finished(self, event: StepFinished) -> None:
        if event.step.op is Op.REFRESH:
            self._refresh_result(event)
            return
        if self._is_preview or event.op is Op.SAME or event.op is Op.REPLACE:
            return
        sign = _SIGNS[event.op]
        self._line(sign, event.urn, _DONE[event.op], _STYLES.get(sign, ""), seconds=event.seconds)
        if self.shows_details:
            self._details(event.op, event.old, event.new)

    def _refresh_result(self, event: StepFinished) -> None:
        self._refreshed += 1
        diff = event.step.diff
        if event.new is None:
            self._line("-", event.urn, "gone: deleted outside", "red")
        elif diff is not None and diff.changes:
            self._line("~", event.urn, "changed outside", "yellow")
            self._changes(event.old.outputs if event.old else {}, event.new.outputs)

    def _details(self, op: Op, old: Resource | None, new: Resource | None) -> None:
        if op is Op.DELETE or is_root(new) or is_root(old):
            return
        if op in (Op.CREATE, Op.CREATE_REPLACEMENT, Op.READ) and not self.shows_details:
            return
        before = None if op is Op.CREATE else old.inputs if old else None
        self._changes(before, new.inputs if new else None)

    def _changes(self, old: Properties | None, new: Properties | None) -> None:
        for line in changes.between(old, new, skip=NOT_FOR_PEOPLE):
            self.console.print(_rendered(line), soft_wrap=True)

    def _line(self, sign: str, urn: str, what: str, style: str, *, seconds: float = 0.0) -> None:
        text = Text(f" {sign:<2} ", style=style)
        text.append(urns.type_of(urn), style="dim")
        text.append(f"  {urns.name_of(urn)}  ", style="bold")
        text.append(what, style=style)
        if seconds >= _NOTEWORTHY_SECONDS:
            text.append(f" ({seconds:.1f}s)", style="dim")
        self.console.print(text, soft_wrap=True)

    def _diagnostic(self, event: Diagnostic) -> None:
        styles = {"error": "red", "warning": "yellow", "info#err": "", "info": "", "debug": "dim"}
        place = f"{urns.type_of(event.urn)} {urns.name_of(event.urn)}: " if urns.is_valid(event.urn) else ""
        prefix = f"{event.severity}: " if event.severity in ("error", "warning") else ""
        first, *rest = event.text.rstrip("\n").splitlines() or [""]
        style = styles.get(event.severity, "")
        self.console.print(Text("    ").append(f"{prefix}{place}", style=style).append(first), soft_wrap=True)
        for line in rest:
            self.console.print(Text("    " + line), soft_wrap=True)

    def _end(self, event: RunFinished) -> None:
        if self.shows_outputs:
            self._outputs(event)
        self.console.print()
        self.console.print(summary(event), soft_wrap=True)

    def _outputs(self, event: RunFinished) -> None:
        if event.is_preview:
            lines = (
                changes.between(dict(event.old_outputs), dict(event.outputs)) if event.kind == "up" else []
            )
        else:
            lines = [Line("", line.text, line.depth) for line in changes.between(None, dict(event.outputs))]
        if not lines:
            return
        self.console.print(Text("Outputs:", style="bold"))
        for line in lines:
            self.console.print(_rendered(line, base=1), soft_wrap=True)


def _rendered(line: Line, base: int = 3) -> Text:
    indent = changes.INDENT * (base + line.depth)
    return Text(f"{indent}{line.sign or ' '} {line.text}", style=_STYLES.get(line.sign, ""))


def summary(event: RunFinished) -> Text:
    """The last line: what was or would be done, and how long it took."""
    parts = []
    for op in _ORDER:
        count = event.counts.get(op, 0)
        if count:
            parts.append(f"{count} to {_TO_DO[op]}" if event.is_preview else f"{count} {_DONE[op]}")
    unchanged = event.counts.get(Op.SAME, 0)
    if unchanged:
        parts.append(f"{unchanged} unchanged")
    what = ", ".join(parts) or "nothing to do"
    text = Text("Resources: ", style="bold").append(what)
    text.append(f"  ({event.seconds:.1f}s)", style="dim")
    if not event.succeeded:
        text.append("  " + ("preview" if event.is_preview else event.kind) + " failed", style="red bold")
    return text


def outputs_text(outputs: Mapping[str, object]) -> list[str]:
    """Stack outputs as `stack output` lists them."""
    return [f"{name}  {changes.scalar(value)}" for name, value in sorted(outputs.items())]
