"""What is different between two sets of properties, as lines for people. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from foundry.sandbox.engine.values import RESOURCE, SIGNATURE, UNKNOWN, Properties, is_secret

_ABSENT = object()
_CONTEXT_LINES = 2
_LONGEST_VALUE = 400
_JSON = ": (json)"
INDENT = "  "
# What people call an item of a list by.
_NAMES = ("name", "path")


@dataclass(frozen=True)
class Line:
    """One line of a change: `sign` is "+", "-", "~" or "" for what only surrounds it; `depth` counts indentations."""

    sign: str
    text: str
    depth: int = 0


def between(
    old: Properties | None, new: Properties | None, *, skip: frozenset[str] = frozenset()
) -> list[Line]:
    """The lines that lead from `old` to `new`; None is a side without a resource. Keys that `skip` names are left out."""
    before = {k: v for k, v in (old or {}).items() if k not in skip}
    after = {k: v for k, v in (new or {}).items() if k not in skip}
    return list(_objects(before, after, 0))


def _objects(old: Properties, new: Properties, depth: int) -> Iterator[Line]:
    for key in sorted({*old, *new}):
        yield from _entry(_name(key), old.get(key, _ABSENT), new.get(key, _ABSENT), depth)


def _name(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)


def _entry(name: str, old: Any, new: Any, depth: int) -> Iterator[Line]:
    before, after = _opened(old), _opened(new)
    if before is not None and type(before) is type(after) and before != after:
        name, old, new = f"{name}{_JSON}", before, after
    if old is _ABSENT:
        yield from _whole("+", name, new, depth)
    elif new is _ABSENT:
        yield from _whole("-", name, old, depth)
    elif _same(old, new):
        return
    elif isinstance(old, dict) and isinstance(new, dict) and SIGNATURE not in old and SIGNATURE not in new:
        yield Line("~", _heading(name), depth)
        yield from _objects(old, new, depth + 1)
    elif isinstance(old, list) and isinstance(new, list):
        yield Line("~", _heading(name), depth)
        yield from _lists(old, new, depth + 1)
    elif _is_text(old) and _is_text(new) and ("\n" in old or "\n" in new):
        yield Line("~", _heading(name), depth)
        yield from _texts(old, new, depth + 1)
    else:
        yield Line("~", f"{name}: {scalar(old)} => {scalar(new)}", depth)


def _same(old: Any, new: Any) -> bool:
    return bool(old == new) and (isinstance(old, bool) == isinstance(new, bool))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != UNKNOWN


def _opened(value: Any) -> Any:
    """The object or list that a text is the JSON of, as the CLI shows it; None for anything else."""
    if not _is_text(value) or value[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def _heading(name: str) -> str:
    return name if name.endswith(_JSON) else f"{name}:"


def _whole(sign: str, name: str, value: Any, depth: int) -> Iterator[Line]:
    if opened := _opened(value):
        name, value = f"{name}{_JSON}", opened
    if isinstance(value, dict) and value and SIGNATURE not in value:
        yield Line(sign, _heading(name), depth)
        for key in sorted(value):
            yield from _whole(sign, _name(key), value[key], depth + 1)
    elif isinstance(value, list) and value:
        yield Line(sign, _heading(name), depth)
        for index, item in enumerate(value):
            yield from _whole(sign, f"[{index}]", item, depth + 1)
    elif _is_text(value) and "\n" in value:
        yield Line(sign, f"{name}:", depth)
        for line in value.splitlines():
            yield Line(sign, line, depth + 1)
    else:
        yield Line(sign, f"{name}: {scalar(value)}", depth)


def _lists(old: list[Any], new: list[Any], depth: int) -> Iterator[Line]:
    """Items that only moved along aren't changes: items with names go by them, else runs of equal items are matched first."""
    names = next((key for key in _NAMES if _names(old, key) and _names(new, key)), None)
    if names is not None:
        yield from _named(old, new, names, depth)
        return
    matcher = difflib.SequenceMatcher(a=[_key(v) for v in old], b=[_key(v) for v in new], autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        paired = min(a2 - a1, b2 - b1)
        for offset in range(paired):
            yield from _entry(f"[{b1 + offset}]", old[a1 + offset], new[b1 + offset], depth)
        for index in range(a1 + paired, a2):
            yield from _whole("-", f"[{index}]", old[index], depth)
        for index in range(b1 + paired, b2):
            yield from _whole("+", f"[{index}]", new[index], depth)


def _names(items: list[Any], key: str) -> bool:
    """Whether every item is an object with a text of its own under a key."""
    found = [item.get(key) if isinstance(item, dict) else None for item in items]
    return all(isinstance(name, str) and name != UNKNOWN for name in found) and len(set(found)) == len(found)


def _named(old: list[Any], new: list[Any], key: str, depth: int) -> Iterator[Line]:
    before, after = ({item[key]: item for item in items} for items in (old, new))
    if list(before) != list(after) and before == after:
        yield Line("~", "(only the order differs)", depth)
    for name in [*after, *(name for name in before if name not in after)]:
        yield from _entry(f"[{name}]", before.get(name, _ABSENT), after.get(name, _ABSENT), depth)


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _texts(old: str, new: str, depth: int) -> Iterator[Line]:
    a, b = old.splitlines(), new.splitlines()
    if a == b:
        yield Line("~", "(only the line ending at the end differs)", depth)
        return
    for group in difflib.SequenceMatcher(a=a, b=b, autojunk=False).get_grouped_opcodes(_CONTEXT_LINES):
        if group[0][3] > 0:
            yield Line("", "...", depth)
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                for line in a[a1:a2]:
                    yield Line("", line, depth)
                continue
            for line in a[a1:a2]:
                yield Line("-", line, depth)
            for line in b[b1:b2]:
                yield Line("+", line, depth)


def scalar(value: Any) -> str:
    """A value on one line; secrets as `[secret]`, what isn't known yet as the CLI writes it."""
    if value == UNKNOWN:
        return "output<string>"
    if is_secret(value):
        return "[secret]"
    if isinstance(value, dict) and value.get(SIGNATURE) == RESOURCE:
        return str(value.get("urn"))
    text = json.dumps(_readable(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "..."


def _readable(value: Any) -> Any:
    if value == UNKNOWN:
        return "output<string>"
    if is_secret(value):
        return "[secret]"
    if isinstance(value, dict):
        return {k: _readable(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_readable(v) for v in value]
    return value
