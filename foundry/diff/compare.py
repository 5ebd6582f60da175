"""Normal forms, and the list of changes between two definitions.

Every function is total: any JSON value, at any place, gives an answer. None of them changes its arguments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from foundry.diff.kinds import TABLES
from foundry.diff.tables import Items, Leaf, Record, Sort, Table
from foundry.model import UNKNOWN


class Op(StrEnum):
    """What happens to a field."""

    ADD = "add"
    REMOVE = "remove"
    CHANGE = "change"


@dataclass(frozen=True)
class Change:
    """One field that differs. `path` is written `tools[file_search].max_num_results`; values are in normal form."""

    path: str
    old: Any
    new: Any
    op: Op

    @property
    def field(self) -> str:
        """The field of the definition that it is in: `tools` for `tools[file_search].max_num_results`."""
        return self.path.split(".", 1)[0].split("[", 1)[0]


class _Absent:
    """No value: what null, "", [] and {} come to."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


def changes(kind: str, old: Any, new: Any, applied: Any = None) -> tuple[Change, ...]:
    """Says what it takes to make `old`, the live or last known definition, into `new`.

    `applied` is the declaration that was applied last: a defaulted field that it has and `new` lacks is a change.
    `UNKNOWN` in `new` differs from everything. The result is ordered by path.
    """
    if same(old, new) and same(applied, new):
        return ()  # the most frequent answer, without a normal form
    table = TABLES[kind]
    found = _compare(table, "", normal_form(table, old), normal_form(table, new), normal_form(table, applied))
    return tuple(sorted(found, key=lambda change: change.path))


def normal(kind: str, definition: Any) -> Any:
    """The definition in normal form: no empty values, no order where order means nothing, {} when nothing is left."""
    form = normal_form(TABLES[kind], definition)
    return {} if form is ABSENT else form


def digest(value: Any) -> str:
    """Sixteen hex digits that are equal for equal JSON, whatever the order of its keys. Raises TypeError on unknowns."""
    text = json.dumps(canonical(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def settled(kind: str, live: Any, applied: Any) -> Any:
    """The live definition in the words of the applied one.

    A field that means the same as in `applied` is given as `applied` has it; a field that nobody declared and that is
    the service's or somebody else's is left out. So nothing but drift differs from the declaration.
    """
    told = _settle(TABLES[kind], live, applied)
    return {} if told is ABSENT else told


def canonical(value: Any) -> Any:
    """JSON with nulls left out of mappings (Pulumi drops them) and integral floats as integers (Pulumi sends floats)."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(key): canonical(item) for key, item in value.items() if item is not None}
    if isinstance(value, Sequence):
        return [canonical(item) for item in value]
    return value


def normal_form(table: Table, value: Any) -> Any:
    """One value in the normal form that its table gives it; `ABSENT` when it says nothing."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(table, Record) and isinstance(value, Mapping):
        parts = {
            str(key): normal_form(part, item)
            for key, item in value.items()
            if not _is_server(part := table.fields.get(str(key), table.rest))
        }
        return _unless_empty({key: item for key, item in parts.items() if item is not ABSENT})
    if isinstance(table, Items) and _is_list(value) and all(isinstance(item, Mapping) for item in value):
        return _unless_empty(dict(_keyed(table, value)))
    leaf = table if isinstance(table, Leaf) else Leaf()
    plain = canonical(value)
    if plain is None or plain in ("", [], {}) or any(same(plain, none) for none in leaf.absent):
        return ABSENT
    if leaf.caseless and isinstance(plain, str):
        return plain.rstrip("/").casefold()
    if leaf.unordered and isinstance(plain, list):
        return sorted({_text(item): item for item in plain}.values(), key=_text)
    return plain


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: 1 equals 1.0, true doesn't equal 1, and an unknown equals nothing."""
    if isinstance(left, str):
        return isinstance(right, str) and left == right
    if left is UNKNOWN or right is UNKNOWN:
        return False
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    if _is_list(left) and _is_list(right):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return bool(left == right)


def _compare(table: Table, path: str, old: Any, new: Any, applied: Any) -> Iterator[Change]:
    if new is ABSENT and applied is ABSENT and table.sort in (Sort.DEFAULTED, Sort.FOREIGN):
        return
    if isinstance(table, Leaf) and table.sort is Sort.WRITE_ONLY:
        old = applied
    if isinstance(table, Record) and _all_records(old, new):
        for key in sorted({*_keys(old), *_keys(new)}):
            part = table.fields.get(key, table.rest)
            yield from _compare(part, _join(path, key), _item(old, key), _item(new, key), _item(applied, key))
    elif isinstance(table, Items) and _all_records(old, new):
        for key in sorted({*_keys(old), *_keys(new)}):
            ours, theirs = _item(new, key), _item(old, key)
            part = table.of(ours if isinstance(ours, Mapping) else theirs)
            if ours is ABSENT or theirs is ABSENT:
                yield from _whole(f"{path}[{key}]", theirs, ours)
            else:
                before = _item(applied, key)
                ours = {**_going_away(table, ours, before), **ours} if isinstance(ours, Mapping) else ours
                yield from _compare(part, f"{path}[{key}]", theirs, ours, before)
    elif not same(old, new):
        yield from _whole(path, old, new)


def _going_away(table: Items, ours: Mapping[str, Any], before: Any) -> dict[str, Any]:
    """The service's defaults for what the last declaration said of this item and this one doesn't."""
    defaults = table.default(ours)
    return {field: defaults[field] for field in _keys(before) if field not in ours and field in defaults}


def _whole(path: str, old: Any, new: Any) -> Iterator[Change]:
    op = Op.ADD if old is ABSENT else Op.REMOVE if new is ABSENT else Op.CHANGE
    yield Change(path, None if old is ABSENT else old, None if new is ABSENT else new, op)


def _settle(table: Table, live: Any, applied: Any) -> Any:
    if same(live, applied):
        return _raw(applied)
    now, then = normal_form(table, live), normal_form(table, applied)
    sort = table.sort
    if (
        sort is Sort.SERVER
        or sort is Sort.WRITE_ONLY
        or (now is ABSENT and then is ABSENT)
        or same(now, then)
    ):
        return _raw(applied)
    if sort in (Sort.DEFAULTED, Sort.FOREIGN) and then is ABSENT:
        return ABSENT
    if isinstance(table, Record) and isinstance(live, Mapping):
        base = applied if isinstance(applied, Mapping) else {}
        parts = {
            key: _settle(table.fields.get(key, table.rest), live.get(key), base.get(key))
            for key in [*base, *(key for key in live if key not in base)]
        }
        return {key: part for key, part in parts.items() if part is not ABSENT}
    if isinstance(table, Items) and _is_list(live):
        return _settle_items(table, live, applied)
    return ABSENT if now is ABSENT else canonical(live)


def _settle_items(table: Items, live: Sequence[Any], applied: Any) -> list[Any]:
    before = dict(_raw_keyed(table, applied)) if _is_list(applied) else {}
    after = dict(_raw_keyed(table, live))
    order = [*(key for key in before if key in after), *(key for key in after if key not in before)]
    settled_items = []
    for key in order:
        declared = before.get(key)
        if declared is None:
            settled_items.append(canonical(after[key]))
            continue
        # Where absence has a meaning of its own, a live value that says just that isn't drift.
        filled, live_item = table.complete(declared), table.complete(after[key])
        told = {
            field: value
            for field, value in live_item.items()
            if field in declared or field not in filled or not same(value, filled[field])
        }
        settled_items.append(_settle(table.of(after[key]), told, declared))
    return [item for item in settled_items if item is not ABSENT]


def _is_server(table: Table) -> bool:
    return table.sort is Sort.SERVER


def _keyed(table: Items, items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for key, item in _raw_keyed(table, items):
        yield key, _or_empty(normal_form(table.of(item), table.complete(item)))


def _raw_keyed(table: Items, items: Sequence[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # Two equal keys can't be declared; they can be found live, where somebody made them by hand.
    counts: dict[str, int] = {}
    for item in items:
        if not isinstance(item, Mapping):
            continue
        key = table.key(item)
        counts[key] = counts.get(key, 0) + 1
        yield (key if counts[key] == 1 else f"{key}#{counts[key]}"), item


def _all_records(old: Any, new: Any) -> bool:
    return all(side is ABSENT or isinstance(side, Mapping) for side in (old, new))


def _keys(side: Any) -> list[str]:
    return list(side) if isinstance(side, Mapping) else []


def _item(side: Any, key: str) -> Any:
    return side.get(key, ABSENT) if isinstance(side, Mapping) else ABSENT


def _raw(value: Any) -> Any:
    return ABSENT if value is None else value


def _or_empty(value: Any) -> Any:
    return {} if value is ABSENT else value


def _unless_empty(value: dict[str, Any]) -> Any:
    return value or ABSENT


def _is_list(value: Any) -> bool:
    return not isinstance(value, str) and isinstance(value, Sequence)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
