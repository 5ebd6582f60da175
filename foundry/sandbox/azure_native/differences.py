"""What changed between two sets of inputs, or between two readings of a live resource. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from foundry.sandbox.azure_native.kinds import Kind
from foundry.sandbox.azure_native.mapping import as_input, choose
from foundry.sandbox.azure_native.paths import child, element
from foundry.sandbox.azure_native.shapes import Anything, ListOf, MapOf, OneOf, Record, Shape
from foundry.sandbox.azure_native.wire import Secret, reveal


class Change(Enum):
    """What happened to a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Difference:
    """One changed property.

    Attributes:
        path: Where, in Pulumi's notation.
        change: What happened.
        replaces: Whether the resource has to be deleted and created again.
    """

    path: str
    change: Change
    replaces: bool

    @property
    def top(self) -> str:
        """The resource's own property that the path starts with."""
        return self.path.split(".")[0].split("[")[0]


def differences(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every changed property of a resource's inputs, sorted by path; secrets are compared by value."""
    forcing = {*kind.parameters, *kind.replaced_by, "location"}
    found = _changes(_normal(old), _normal(new), "")
    return tuple(
        sorted(
            (
                Difference(path, change, replaces=path.split(".")[0].split("[")[0] in forcing)
                for path, change in found
            ),
            key=lambda difference: difference.path,
        )
    )


def _normal(inputs: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = reveal(inputs)
    location = plain.get("location")
    if isinstance(location, str):
        # "East US" and "eastus" are the same place, and ARM answers with the second.
        plain["location"] = location.lower().replace(" ", "")
    return plain


def _changes(old: Any, new: Any, path: str) -> Iterator[tuple[str, Change]]:
    match old, new:
        case Mapping(), Mapping():
            for name in {**old, **new}:
                before, after = old.get(name), new.get(name)
                where = child(path, name)
                if before is None and after is None:
                    continue
                if before is None:
                    yield where, Change.ADD
                elif after is None:
                    yield where, Change.DELETE
                else:
                    yield from _changes(before, after, where)
        case list(), list():
            for index in range(max(len(old), len(new))):
                where = element(path, index)
                if index >= len(old):
                    yield where, Change.ADD
                elif index >= len(new):
                    yield where, Change.DELETE
                else:
                    yield from _changes(old[index], new[index], where)
        case _:
            if old != new:
                yield path, Change.UPDATE


def follow(
    inputs: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any], record: Record
) -> dict[str, Any]:
    """The inputs after what changed in the live resource, and only that, has been carried over into them.

    A property that the service shows in another form than it was given, or fills in by itself, so stays as declared until
    somebody changes it.

    Args:
        inputs: The inputs on record.
        before: The outputs on record.
        now: The outputs that the resource has at present.
        record: The shape of the inputs.
    """
    return _follow_record(inputs, reveal(before), now, record)


def _follow_record(
    inputs: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any], record: Record
) -> dict[str, Any]:
    followed = dict(inputs)
    for name, known in record.fields.items():
        _follow_member(followed, name, before.get(name), now.get(name), known.shape)
    return followed


def _follow_member(followed: dict[str, Any], name: str, before: Any, now: Any, shape: Shape) -> None:
    if before == now:
        return
    if now is None:
        followed.pop(name, None)
    elif name in followed:
        followed[name] = _follow(followed[name], before, now, shape, name)
    else:
        followed[name] = as_input(now, shape, name)


def _follow(value: Any, before: Any, now: Any, shape: Shape, name: str) -> Any:
    if isinstance(value, Secret):
        return Secret(_follow(value.value, before, now, shape, name))
    if isinstance(shape, OneOf):
        shape = choose(reveal(value), shape.members)
    match shape, value, before, now:
        case Record(), Mapping(), Mapping(), Mapping():
            return _follow_record(value, before, now, shape)
        case (MapOf() | Anything(), Mapping(), Mapping(), Mapping()):
            item = shape.item if isinstance(shape, MapOf) else Anything()
            followed = dict(value)
            for key in {**before, **now}:
                _follow_member(followed, key, before.get(key), now.get(key), item)
            return followed
        case ListOf(item=item), list(), list(), list() if len(value) == len(before) == len(now):
            return [
                given if old == new else _follow(given, old, new, item, "")
                for given, old, new in zip(value, before, now, strict=True)
            ]
        case _:
            return as_input(now, shape, name)
