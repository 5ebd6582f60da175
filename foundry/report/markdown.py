"""Markdown that GitHub shows as meant, whatever the content: backticks, fences, HTML and mentions in it stay text."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Sequence
from typing import Any

from foundry.model import UNKNOWN
from foundry.report.changes import Absent, Change, Files, Reference, Text, Tool, Value

_RUN_OF_BACKTICKS = re.compile(r"`+")
# The type and name at the end of an Azure id tell it apart; what stands before is the same for all of a stack.
_ARM_ID = re.compile(r"^/subscriptions/.+/(?=[^/]+/[^/]+$)")
_UNKNOWN_WORDS = "*known after the update*"
_LONG = 200
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text with a sign in the place of each character that a reader wouldn't see, or that moves others about.

    These are control characters but line feeds and tabs, line separators, and those that turn the direction of writing: a
    terminal would obey them, and a reviewer would read something else than what is sent.
    """
    return _UNSEEN.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    point = ord(found[0])
    return chr(0x2400 + point) if point < 0x20 else f"⟨U+{point:04X}⟩"


def code(text: str) -> str:
    """A code span. A line break becomes a space, since a span has one line."""
    flat = " ".join(text.split("\n"))
    longest = max((len(run) for run in _RUN_OF_BACKTICKS.findall(flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or not flat.strip() else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in _RUN_OF_BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def line_diff(old: str, new: str) -> tuple[str, int, int]:
    """A unified diff without file names, and how many lines it adds and removes."""
    before, after = (side.removesuffix("\n").split("\n") if side else [] for side in (old, new))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    return "\n".join(lines), added, removed


def value(item: Any) -> str:
    """One value as it stands in a sentence."""
    if isinstance(item, Absent) or item is None:
        return "*not set*"
    if item is UNKNOWN:
        return _UNKNOWN_WORDS
    if isinstance(item, Reference):
        return code(item.name) + (" (new id)" if item.fresh else "")
    if isinstance(item, bool):
        return code("true" if item else "false")
    if isinstance(item, list | tuple):
        return ", ".join(value(one) for one in item) or "*none*"
    text = _ARM_ID.sub("…/", str(item))
    if "\n" in text or len(text) > _LONG:
        return f"*a text of {_lines(len(text.splitlines()))}*"
    return code(text)


def listed(changes: Sequence[Change]) -> str:
    """Changes as a list, texts as diffs below it."""
    lines, blocks = [], []
    for change in changes:
        if isinstance(change, Text):
            blocks.append(_text(change))
        else:
            lines.append(_line(change))
        if isinstance(change, Tool):
            blocks += [_text(part, within=change.name) for part in change.changes if isinstance(part, Text)]
    return "\n\n".join([*(["\n".join(lines)] if lines else []), *blocks])


def _text(change: Text, within: str = "") -> str:
    title = f"**{_title(change.path)}**" + (f" of {code(within)}" if within else "")
    diff, added, removed = line_diff(change.old, change.new)
    if not diff:
        return f"{title}: only the line break at the end differs"
    if not change.old:
        return _folded(f"{change.path}: {_lines(added)}", fenced(change.new.rstrip("\n")))
    return f"{title}: {_lines(added, '+')}, {_lines(removed, '−')}\n\n{fenced(diff, 'diff')}"  # noqa: RUF001


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{html.escape(title)}</summary>\n\n{body}\n\n</details>"


def _lines(count: int, sign: str = "") -> str:
    return f"{sign}{count} line{'' if count == 1 else 's'}"


def _line(change: Value | Files | Tool) -> str:
    if isinstance(change, Value):
        return f"- {_title(change.path)}: {_from_to(change)}"
    if isinstance(change, Files):
        return _file_lines(change)
    head = f"- tool {code(change.name)} ({change.type}) {change.what}"
    uses = ": " + ", ".join(f"{label} {code(name)}" for label, name in change.uses) if change.uses else ""
    parts = [
        f"  - {_title(part.path)}: {_from_to(part)}" for part in change.changes if isinstance(part, Value)
    ]
    return "\n".join([head + uses, *parts])


def _from_to(change: Value) -> str:
    if isinstance(change.old, list) and isinstance(change.new, list):
        added = [one for one in change.new if one not in change.old]
        removed = [one for one in change.old if one not in change.new]
        renewed = [one for one in added if isinstance(one, Reference) and Reference(one.name) in removed]
        told = [
            *(f"added {value(one)}" for one in added if one not in renewed),
            *(f"removed {value(one)}" for one in removed if Reference(_name(one), fresh=True) not in renewed),
            *(f"{code(one.name)} gets a new id" for one in renewed),
        ]
        return ", ".join(told) if told else f"order changed to {value(change.new)}"
    if isinstance(change.old, Absent):
        return value(change.new)
    if change.old == change.new:
        return f"{value(change.old)}, a new value"
    old, new = value(change.old), value(change.new)
    return f"{old} → {new}" if old != new else f"{code(str(change.old))} → {code(str(change.new))}"


def _name(item: Any) -> str:
    return item.name if isinstance(item, Reference) else str(item)


def _file_lines(change: Files) -> str:
    counts = [
        f"{len(names)} {word}"
        for word, names in (("added", change.added), ("changed", change.changed), ("removed", change.removed))
        if names
    ]
    rest = [f"{change.unchanged} unchanged"] if change.unchanged else []
    return "\n".join(
        [
            f"- {change.path}: {', '.join([*counts, *rest])}",
            *(f"  - added {code(name)}" for name in change.added),
            *(f"  - changed {code(name)}" for name in change.changed),
            *(f"  - removed {code(name)}" for name in change.removed),
        ]
    )


def _title(path: str) -> str:
    """A field's name in running text; a longer path as code."""
    return path if path.isalpha() else code(path)
