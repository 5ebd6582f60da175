"""A foreign document while it is read: every field is taken, told as lost, or told as unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from foundry.manifest.marked import Mapping as Marked
from foundry.manifest.marked import plain
from foundry.manifest.near import meant
from foundry.model import Finding, Position

Beside = Callable[[str], str | None]
"""Gives the text of a file that is named relative to the one being read; None where there is none."""


@dataclass
class Notes:
    """What a reading has to tell: losses, deviations from the format that were understood all the same, and faults."""

    path: str
    losses: list[str] = field(default_factory=list)
    deviations: list[str] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)


class Fields:
    """One mapping of a foreign document."""

    def __init__(self, tree: Any, notes: Notes, where: str = "") -> None:
        self._tree: Mapping[str, Any] = tree if isinstance(tree, Mapping) else {}
        self.notes = notes
        self._where = where
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._tree

    def take(self, *names: str) -> Any:
        """The value of a field by any of its spellings, the format's own first; None when it isn't there."""
        self._known += names
        for number, name in enumerate(names):
            if name in self._tree:
                if number:
                    self.notes.deviations.append(f"{self._path(name)}: read as `{names[0]}`")
                return plain(self._tree[name])
        return None

    def inside(self, *names: str) -> Fields:
        """A mapping below a field."""
        self._known += names
        name = next((name for name in names if name in self._tree), names[0])
        return Fields(self._tree.get(name), self.notes, self._path(name))

    def named(self, *names: str) -> Iterator[tuple[str, Fields]]:
        """The entries of a map by name, or of a list whose items have a `name`."""
        self._known += names
        name = next((name for name in names if name in self._tree), names[0])
        value = self._tree.get(name)
        if isinstance(value, Mapping):
            for key, item in value.items():
                yield key, Fields(item, self.notes, f"{self._path(name)}.{key}")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                told = item.get("name") if isinstance(item, Mapping) else None
                yield str(told or ""), Fields(item, self.notes, f"{self._path(name)}[{number}]")

    def lose(self, names: Iterable[str], why: str) -> None:
        """Tell fields, where they are there, as having no place in a declaration."""
        for name in names:
            self._known.append(name)
            if self._tree.get(name) not in (None, [], {}, ""):
                self.notes.losses.append(f"{self._path(name)}: {why}")

    def lost(self, name: str, why: str) -> None:
        """Tell one field, or the mapping itself (an empty name), as lost."""
        self.notes.losses.append(f"{self._path(name) if name else self._where}: {why}")

    def fault(self, name: str, what: str, fix: str) -> None:
        """Tell a field as wrong."""
        self.notes.faults.append(Finding(self._position(name), what, fix))

    def done(self) -> None:
        """Tell every field that wasn't asked for as unknown."""
        for key in self._tree:
            if key not in self._known:
                fix = meant(key, list(dict.fromkeys(self._known)), none="leave it out", have="there are")
                self.fault(key, f"unknown field `{self._path(key)}`", fix)

    def everything(self) -> dict[str, Any]:
        """The whole mapping, for what is taken as it is."""
        self._known += list(self._tree)
        return {key: plain(value) for key, value in self._tree.items()}

    def _path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def _position(self, name: str) -> Position:
        if isinstance(self._tree, Marked):
            at = self._tree.keys_at.get(name, self._tree.mark)
            return Position(self.notes.path, at.line, at.column)
        return Position(self.notes.path)


def put(tree: dict[str, Any], key: str, value: Any) -> None:
    """Sets a field, unless there is nothing to say."""
    if value not in (None, "", [], {}):
        tree[key] = value
