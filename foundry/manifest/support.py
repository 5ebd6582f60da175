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


_CLASSIC: Final = "write `dialect: classic`"
_LEAVE: Final = "leave it out for now"
_OWN: Final = "leave it out, and the stack makes one"
_OTHER_TOOL: Final = "use another tool for now"

TABLE: Final = (
    Unsupported("Environment", ("dialect",), _CLASSIC, ("versioned", "both")),
    Unsupported("Agent", ("dialect",), _CLASSIC, ("versioned", "both")),
    Unsupported("VectorStore", ("dialect",), _CLASSIC, ("versioned", "both")),
    Unsupported("Environment", ("existing",), "declare the platform in this stack for now"),
    Unsupported("Environment", ("connections", "*", "key", "key_vault"), "use `{secret: KEY}` for now"),
    Unsupported("Environment", ("connections", "*", "keys", "*", "key_vault"), "use `{secret: KEY}` for now"),
    Unsupported("Agent", ("workflow",), "declare an agent with a `model` for now"),
    Unsupported("Agent", ("hosted",), "declare an agent with a `model` for now"),
    Unsupported("Agent", ("endpoint",), _LEAVE),
    Unsupported("Agent", ("enabled",), _LEAVE),
    Unsupported("Agent", ("structured_inputs",), _LEAVE),
    Unsupported("Agent", ("content_filter",), "set the content filter on the deployment for now"),
    Unsupported("Agent", ("reasoning",), _LEAVE),
    Unsupported("Agent", ("tool_choice",), _LEAVE),
    Unsupported(
        "Agent",
        ("tools", "*", "type"),
        _OTHER_TOOL,
        (
            "memory_search",
            "web_search",
            "image_generation",
            "capture_structured_outputs",
            "a2a",
            "raw",
        ),
    ),
    Unsupported("Agent", ("tools", "*", "filters"), _LEAVE),
    Unsupported("Agent", ("tools", "*", "memory_limit"), _LEAVE),
    Unsupported("Agent", ("tools", "*", "strict"), _LEAVE),
    Unsupported("SearchIndex", ("rebuild",), "leave it out: such a change is refused", ("behind_alias",)),
)


def check(kind: str, tree: Mapping, report: Report, broken: frozenset[Path_]) -> None:
    """Refuse what this release can't do. A refused dialect stands for all that only that dialect has."""
    for entry in TABLE:
        if entry.kind != kind:
            continue
        refused = False
        for path in _paths(tree, entry.path):
            value = _value(tree, path)
            if path in broken or (entry.values and value not in entry.values):
                continue
            said = f"{dotted(path)}: {value}" if entry.values else dotted(path)
            at = place(tree, path) if entry.values else key_place(tree, path)
            report.error(at, f"`{said}` is not supported yet by this release", entry.fix)
            refused = True
        if refused and entry.path == ("dialect",):
            return


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
