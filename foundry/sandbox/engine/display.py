"""A run for people: what changes in a preview as a tree, each operation of a run as it happens, a summary at the end.

Colours only where the console has them; everything the CLI shows as secret is `[secret]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status
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
    StillUnderWay,
)
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.steps import Op
from foundry.sandbox.engine.under_way import UnderWay
from foundry.sandbox.engine.values import Properties, has_unknown, is_secret, plain

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
_STYLES = {"+": "green", "-": "red", "~": "yellow", "+-": "magenta", "++": "green", "--": "red", "!": "red"}
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
_DOING = {
    Op.SAME: "checking",
    Op.CREATE: "creating",
    Op.UPDATE: "updating",
    Op.DELETE: "deleting",
    Op.REPLACE: "replacing",
    Op.CREATE_REPLACEMENT: "creating",
    Op.DELETE_REPLACED: "deleting",
    Op.READ: "reading",
    Op.READ_REPLACEMENT: "reading",
    Op.REFRESH: "reading",
}
_ORDER = (Op.CREATE, Op.UPDATE, Op.REPLACE, Op.DELETE, Op.READ)
_HALVES = (Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED, Op.READ_REPLACEMENT, Op.DISCARD_REPLACED)
_NOTEWORTHY_SECONDS = 0.05
_FRAMES_PER_SECOND = 4.0  # more would take the engine's own time
_TITLES = {"up": "Updating", "destroy": "Destroying", "refresh": "Refreshing"}


@dataclass
class _Node:
    """A resource in a preview's tree; `what` is empty for one that is only there because something below it changes."""

    urn: str
    parent: str
    sign: str = ""
    what: str = ""
    lines: list[Line] = field(default_factory=list)


@dataclass
class Display:
    """Prints a run's events: a preview as a tree when it is complete, everything else line by line as it happens.

    `shows_details` adds changed properties where only their resource would be named, `shows_sames` resources that don't change, and
    `shows_secrets` what is secret in plain text; without `shows_changes` a change or a failure is named and not explained. On a
    terminal the last line tells what is under way, since when and why; elsewhere a line does, when nothing else was printed for a while.
    """

    console: Console
    shows_details: bool = False
    shows_changes: bool = True
    shows_outputs: bool = True
    shows_sames: bool = False
    shows_secrets: bool = False
    _is_preview: bool = False
    _nodes: dict[str, _Node] = field(default_factory=dict)
    _running: UnderWay = field(default_factory=UnderWay)
    _failed: str = ""
    _errors: dict[str, str] = field(default_factory=dict)
    _status: Status | None = None

    def take(self, event: Event) -> None:
        """One more event."""
        match event:
            case RunStarted():
                self._begin(event)
            case StepStarted():
                self._started(event)
            case StepFinished():
                self._running.end(event.urn)
                self._finished(event)
            case StepFailed():
                self._running.end(event.urn)
                self._line("!", event.urn, f"{event.op} failed", seconds=event.seconds)
                self._failed = event.urn
            case Diagnostic(is_status=True, urn=urn) if urn:
                self._running.explain(urn, event.text)
            case Diagnostic():
                self._diagnostic(event)
            case StillUnderWay():
                if self._status is None:
                    self.console.print(
                        Text(f"    {event.seconds:.0f}s: {self._running}", style="dim"), soft_wrap=True
                    )
            case RunFinished():
                self._end(event)

    def _begin(self, event: RunStarted) -> None:
        self._is_preview = event.is_preview
        self._running.idle = "waiting for the program" if event.kind == "up" else "waiting"
        title = f"Previewing {event.kind}" if event.is_preview else _TITLES.get(event.kind, event.kind)
        self.console.print(Text(f"{title} ({event.project}/{event.stack})", style="bold"))
        if self.console.is_terminal:
            self._status = self.console.status(self._running, refresh_per_second=_FRAMES_PER_SECOND)
            self._status.start()

    def _started(self, event: StepStarted) -> None:
        resource = event.new or event.old
        if resource is not None and resource.custom:
            self._running.begin(event.urn, _DOING.get(event.op, event.op))
        if not self._is_preview or event.op is Op.REFRESH or event.op in _HALVES:
            return
        node = self._nodes.setdefault(event.urn, _Node(event.urn, resource.parent if resource else ""))
        if event.op is Op.SAME:
            node.what = "unchanged" if self.shows_sames else ""
            return
        node.sign = _SIGNS[event.op]
        node.what = f"{_TO_DO.get(event.op, event.op)}" + (
            f" ({', '.join(event.step.keys)})" if event.step.keys else ""
        )
        node.lines = self._details(event.op, event.old, event.new)

    def _finished(self, event: StepFinished) -> None:
        if event.step.op is Op.REFRESH:
            self._refreshed(event)
            return
        if self._is_preview or event.op is Op.REPLACE or (event.op is Op.SAME and not self.shows_sames):
            return
        self._line(_SIGNS[event.op], event.urn, _DONE[event.op], seconds=event.seconds)
        if self.shows_details:
            self._print(self._details(event.op, event.old, event.new))

    def _refreshed(self, event: StepFinished) -> None:
        diff = event.step.diff
        if event.old is not None and event.old.delete:
            # What is left to be deleted of a replacement is nobody's drift.
            if event.new is None:
                self._line("-", event.urn, "gone already: it was replaced, and left to be deleted")
        elif event.new is None:
            self._line("-", event.urn, "gone: deleted outside")
        elif diff is not None and diff.changes:
            self._line("~", event.urn, "changed outside")
            if not self.shows_changes:
                return
            old = event.old.outputs if event.old else {}
            self._print(changes.between(old, event.new.outputs, skip=NOT_FOR_PEOPLE))

    def _details(self, op: Op, old: Resource | None, new: Resource | None) -> list[Line]:
        if op is Op.DELETE or is_root(new) or is_root(old) or not (self.shows_changes or self.shows_details):
            return []
        if op in (Op.CREATE, Op.CREATE_REPLACEMENT, Op.READ) and not self.shows_details:
            return []
        before = None if op is Op.CREATE else old.inputs if old else None
        hidden = NOT_FOR_PEOPLE | {path for r in (old, new) if r is not None for path in r.hide_diff}
        after = new.inputs if new else None
        return changes.between(self._open(before), self._open(after), skip=hidden)

    def _open(self, properties: Mapping[str, object] | None) -> Properties | None:
        if properties is None:
            return None
        return dict(plain(properties)) if self.shows_secrets else dict(properties)

    def _print(self, lines: list[Line], depth: int = 0) -> None:
        for line in lines:
            self.console.print(_rendered(line, base=3 + depth), soft_wrap=True)

    def _line(self, sign: str, urn: str, what: str, *, seconds: float = 0.0, depth: int = 0) -> None:
        style = _STYLES.get(sign, "")
        text = Text(f" {changes.INDENT * depth}{sign:<2} ", style=style)
        text.append(urns.type_of(urn), style="dim")
        text.append(f"  {urns.name_of(urn)}", style="bold")
        if what:
            text.append(f"  {what}", style=style)
        if seconds >= _NOTEWORTHY_SECONDS:
            text.append(f" ({seconds:.1f}s)", style="dim")
        self.console.print(text, soft_wrap=True)

    def _tree(self) -> None:
        """What changes, below the parents it belongs to."""
        children: dict[str, list[_Node]] = {}
        for node in self._nodes.values():
            children.setdefault(node.parent if node.parent in self._nodes else "", []).append(node)

        def changes_below(node: _Node) -> bool:
            return bool(node.what) or any(changes_below(c) for c in children.get(node.urn, ()))

        def show(node: _Node, depth: int) -> None:
            if not changes_below(node):
                return
            self._line(node.sign, node.urn, node.what, depth=depth)
            self._print(node.lines, depth)
            for child in children.get(node.urn, ()):
                show(child, depth + 1)

        for root in children.get("", ()):
            show(root, 0)

    def _diagnostic(self, event: Diagnostic) -> None:
        styles = {"error": "red", "warning": "yellow", "debug": "dim"}
        follows, self._failed = event.urn == self._failed and bool(event.urn), ""
        place = f"{urns.type_of(event.urn)} {urns.name_of(event.urn)}: " if urns.is_valid(event.urn) else ""
        text = event.text
        if follows and not self.shows_changes:
            return
        if follows:
            # The line above has its place; and where one refused listing fails many, its text is read once.
            place, first_of_all = "", self._errors.setdefault(text, event.urn)
            if first_of_all != event.urn:
                text = f"the same as for {urns.name_of(first_of_all)}"
        prefix = f"{event.severity}: " if event.severity in ("error", "warning") else ""
        first, *rest = text.rstrip("\n").splitlines() or [""]
        style = styles.get(event.severity, "")
        self.console.print(Text("    ").append(f"{prefix}{place}", style=style).append(first), soft_wrap=True)
        for line in rest:
            self.console.print(Text("    " + line), soft_wrap=True)

    def _end(self, event: RunFinished) -> None:
        self.close()
        self._tree()
        if self.shows_outputs:
            self._outputs(event)
        self.console.print()
        self.console.print(summary(event), soft_wrap=True)

    def close(self) -> None:
        """Leave the terminal as it was, also when the run ended with an exception."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _outputs(self, event: RunFinished) -> None:
        if event.is_preview:
            old, new = self._open(event.old_outputs), self._open(event.outputs)
            if not self.shows_changes:
                old, new = _known(old, new), _known(new, new)
            # A program that failed may have exported nothing yet.
            lines = changes.between(old, new) if event.kind == "up" and event.succeeded else []
        else:
            found = changes.between(None, self._open(event.outputs))
            lines = [Line("", line.text, line.depth) for line in found]
        if not lines:
            return
        self.console.print(Text("Outputs:", style="bold"))
        for line in lines:
            self.console.print(_rendered(line, base=1), soft_wrap=True)


def _known(values: Properties | None, new: Properties | None) -> Properties:
    """The values whose new side is known, however deep."""
    found: Properties = {}
    for key, value in (values or {}).items():
        beside = (new or {}).get(key)
        both = (value, beside)
        if all(isinstance(side, Mapping) and not is_secret(side) for side in both):
            if below := _known(value, beside):
                found[key] = below
        elif not has_unknown(beside):
            found[key] = value
    return found


def _rendered(line: Line, base: int) -> Text:
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
        how = "stopped" if event.was_cancelled else "failed"
        text.append(f"  {'preview' if event.is_preview else event.kind} {how}", style="red bold")
    return text


def outputs_text(outputs: Mapping[str, object]) -> list[str]:
    """Stack outputs as `stack output` lists them."""
    return [f"{name}  {changes.scalar(value)}" for name, value in sorted(outputs.items())]
