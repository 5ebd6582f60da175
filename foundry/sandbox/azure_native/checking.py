"""Inputs held against the SDK's types: every fault at once, each with the path it stands at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from foundry.sandbox.azure_native.paths import child, element
from foundry.sandbox.azure_native.shapes import Anything, Closed, ListOf, MapOf, OneOf, Record, Scalar, Shape
from foundry.sandbox.azure_native.wire import UNKNOWN, Secret, reveal


@dataclass(frozen=True)
class Fault:
    """Something an input can't be: the property's path, and what is wrong with it and could be done."""

    path: str
    reason: str


def faults(inputs: Mapping[str, Any], record: Record) -> tuple[Fault, ...]:
    """Every fault of a resource's inputs; values not known yet are taken to be right."""
    return tuple(_record(inputs, record, ""))


def _faults(value: Any, shape: Shape, path: str) -> Iterator[Fault]:
    if isinstance(value, Secret):
        value = value.value
    if value is UNKNOWN or value is None:
        return
    match shape:
        case Anything():
            return
        case Scalar(name=name):
            if not _is_basic(value, name):
                yield Fault(path, f"must be {_ARTICLES[name]}, got {_describe(value)}")
        case Closed(values=values):
            if value not in values:
                yield Fault(path, _not_one_of(_describe(value), values, value))
        case ListOf(item=item):
            if isinstance(value, list):
                for index, entry in enumerate(value):
                    yield from _faults(entry, item, element(path, index))
            else:
                yield Fault(path, f"must be a list, got {_describe(value)}")
        case MapOf(item=item):
            if isinstance(value, Mapping):
                for name, entry in value.items():
                    yield from _faults(entry, item, child(path, name))
            else:
                yield Fault(path, f"must be a mapping, got {_describe(value)}")
        case Record():
            if isinstance(value, Mapping):
                yield from _record(value, shape, path)
            else:
                yield Fault(path, f"must be an object, got {_describe(value)}")
        case OneOf(members=members):
            yield from _one_of(value, members, path)


def _record(value: Mapping[str, Any], record: Record, path: str) -> Iterator[Fault]:
    for name, entry in value.items():
        known = record.fields.get(name)
        if known is None:
            yield Fault(child(path, name), _unknown_property(name, record))
        else:
            yield from _faults(entry, known.shape, child(path, name))
    for name, known in record.fields.items():
        if known.required and value.get(name) is None:
            yield Fault(child(path, name), f"is required by {record.name} and missing")


def _one_of(value: Any, members: tuple[Shape, ...], path: str) -> Iterator[Fault]:
    records = [member for member in members if isinstance(member, Record)]
    if isinstance(value, Mapping) and records:
        told_apart_by = next(iter(records[0].constants), None)
        if told_apart_by is None:
            yield from min((tuple(_record(value, record, path)) for record in records), key=len)
            return
        given = reveal(value.get(told_apart_by))
        if given is UNKNOWN:
            return
        for record in records:
            if record.constants.get(told_apart_by) == given:
                yield from _record(value, record, path)
                return
        choices = ", ".join(record.constants.get(told_apart_by, "") for record in records)
        twin = next((name for name in value if _plain(name) == _plain(told_apart_by)), None)
        if given is None and twin is not None:
            # The SDK doesn't translate the keys of a dictionary given for a union.
            yield Fault(child(path, twin), f"isn't a property here; did you mean '{told_apart_by}'?")
            return
        reason = "is missing; it" if given is None else f"is {_describe(given)}, which"
        yield Fault(child(path, told_apart_by), f"{reason} must be one of {choices}")
        return
    attempts = [tuple(_faults(value, member, path)) for member in members]
    if all(attempts):
        yield min(attempts, key=len)[0]


_ARTICLES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def _is_basic(value: Any, name: str) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)


def _describe(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}'"
        case int() | float():
            return str(value)
        case list():
            return "a list"
        case _:
            return "an object"


def _not_one_of(what: str, values: tuple[str, ...], value: Any) -> str:
    near = get_close_matches(value, values, n=1) if isinstance(value, str) else []
    hint = f"; did you mean '{near[0]}'?" if near else ""
    choices = ", ".join(f"'{choice}'" for choice in values)
    return f"{what} isn't one of {choices}{hint}"


def _unknown_property(name: str, record: Record) -> str:
    by_plain_name = {_plain(known): known for known in record.fields}
    near = get_close_matches(_plain(name), by_plain_name, n=1, cutoff=0.7)
    hint = f"; did you mean '{by_plain_name[near[0]]}'?" if near else ""
    return f"isn't a property of {record.name}{hint}"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
