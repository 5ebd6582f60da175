"""What the format can say and this release can't do yet: the one table of it.

Such a field is refused by name, because dropping it in silence would deploy something else than was declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from foundry.manifest.marked import Mapping, dotted, key_place, place
from foundry.manifest.report import Report

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Unsupported:
    """A field (or, with `values`, some values of it) of a kind. `*` in the path stands for any name."""

    kind: str
    path: tuple[str, ...]
    fix: str
    values: tuple[str, ...] = ()


TABLE: Final = (
    Unsupported("Environment", ("connections", "*", "key", "key_vault"), "use `{secret: KEY}` for now"),
    Unsupported("Environment", ("connections", "*", "keys", "*", "key_vault"), "use `{secret: KEY}` for now"),
)


def is_unsupported(path: Path_, field: str) -> bool:
    """Whether this release refuses a field of what stands at a path."""
    told = (*path, field)
    return any(
        len(entry.path) == len(told)
        and not entry.values
        and all(step in ("*", at) for step, at in zip(entry.path, told, strict=True))
        for entry in TABLE
    )


def check(kind: str, tree: Mapping, report: Report, broken: frozenset[Path_]) -> None:
    """Refuse what this release can't do."""
    for entry in TABLE:
        if entry.kind != kind:
            continue
        for path in _paths(tree, entry.path):
            value = _value(tree, path)
            if path in broken or (entry.values and value not in entry.values):
                continue
            said = f"{dotted(path)}: {value}" if entry.values else dotted(path)
            at = place(tree, path) if entry.values else key_place(tree, path)
            report.error(at, f"`{said}` is not supported yet by this release", entry.fix)


def _paths(tree: Any, pattern: tuple[str, ...], above: Path_ = ()) -> Iterator[Path_]:
    if not pattern:
        yield above
    elif isinstance(tree, Mapping):
        head, *rest = pattern
        for key in tree if head == "*" else [head] if head in tree else []:
            yield from _paths(tree[key], tuple(rest), (*above, key))


def _value(tree: Any, path: Path_) -> Any:
    for step in path:
        tree = tree[step]
    return tree
