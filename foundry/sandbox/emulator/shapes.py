"""Small building blocks that say what a request may hold; each refuses with the path of the field that is wrong.

A shape is a function of a value and its path. Unknown fields are refused, because a field that is read and dropped
hides a client's mistake until it meets the real service.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from foundry.sandbox.emulator.http import Malformed

Shape = Callable[[Any, str], None]


def _sort(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def _wrong(path: str, expected: str, value: Any) -> Malformed:
    return Malformed(
        path, "type", f"Invalid type for '{path}': expected {expected}, but got {_sort(value)} instead."
    )


def nullable(shape: Shape) -> Shape:
    """The shape, or null."""

    def check(value: Any, path: str) -> None:
        if value is not None:
            shape(value, path)

    return check


def anything(_value: Any, _path: str) -> None:
    """Any JSON value."""


def text(*, most: int | None = None, least: int = 0, pattern: str | None = None) -> Shape:
    """A string of at most `most` characters that fully matches `pattern`."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise _wrong(path, "a string", value)
        if most is not None and len(value) > most:
            message = f"Invalid '{path}': string too long. Expected a string with maximum length {most}, but got a string with length {len(value)} instead."
            raise Malformed(path, "limit", message)
        if len(value) < least:
            raise Malformed(
                path, "limit", f"Invalid '{path}': string too short. Expected at least {least} characters."
            )
        if pattern is not None and not re.fullmatch(pattern, value):
            raise Malformed(
                path, "value", f"Invalid '{path}': string does not match pattern. Expected '^{pattern}$'."
            )

    return check


def one_of(*values: str) -> Shape:
    """One of the given strings."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise _wrong(path, "a string", value)
        if value not in values:
            known = ", ".join(f"'{item}'" for item in values)
            raise Malformed(path, "value", f"Invalid value: '{value}'. Supported values are: {known}.")

    return check


def flag(value: Any, path: str) -> None:
    """A boolean."""
    if not isinstance(value, bool):
        raise _wrong(path, "a boolean", value)


def number(least: float, most: float) -> Shape:
    """A number within bounds."""

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong(path, "a decimal number", value)
        if not least <= value <= most:
            raise Malformed(
                path,
                "limit",
                f"Invalid '{path}': expected a value between {least} and {most}, but got {value}.",
            )

    return check


def integer(least: int, most: int | None = None) -> Shape:
    """A whole number within bounds."""

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong(path, "an integer", value)
        if value < least or (most is not None and value > most):
            bounds = f"at least {least}" if most is None else f"between {least} and {most}"
            raise Malformed(
                path, "limit", f"Invalid '{path}': expected an integer {bounds}, but got {value}."
            )

    return check


def array(shape: Shape, *, most: int | None = None, least: int = 0) -> Shape:
    """A list of at most `most` items of one shape."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise _wrong(path, "an array", value)
        if most is not None and len(value) > most:
            message = f"Invalid '{path}': array too long. Expected an array with maximum length {most}, but got an array with length {len(value)} instead."
            raise Malformed(path, "limit", message)
        if len(value) < least:
            raise Malformed(path, "limit", f"Invalid '{path}': expected at least {least} item(s).")
        for index, item in enumerate(value):
            shape(item, f"{path}[{index}]")

    return check


def mapping(shape: Shape) -> Shape:
    """An object with free keys and values of one shape."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(path, "an object", value)
        for key, item in value.items():
            shape(item, f"{path}.{key}" if path else key)

    return check


def record(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """An object with these fields and no others."""
    optional = optional or {}
    known = {**required, **optional}

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(path, "an object", value)
        prefix = f"{path}." if path else ""
        for key in value:
            if key not in known:
                raise Malformed(prefix + key, "unknown", f"Unknown parameter: '{prefix}{key}'.")
        for key in required:
            if key not in value:
                raise Malformed(prefix + key, "missing", f"Missing required parameter: '{prefix}{key}'.")
        for key, item in value.items():
            known[key](item, prefix + key)

    return check


def tagged(shapes: Mapping[str, Shape], tag: str = "type") -> Shape:
    """An object whose shape depends on the value of its `type`."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(path, "an object", value)
        where = f"{path}.{tag}" if path else tag
        if tag not in value:
            raise Malformed(where, "missing", f"Missing required parameter: '{where}'.")
        shape = shapes.get(value[tag]) if isinstance(value[tag], str) else None
        if shape is None:
            known = ", ".join(f"'{item}'" for item in shapes)
            raise Malformed(where, "value", f"Invalid value: '{value[tag]}'. Supported values are: {known}.")
        shape(value, path)

    return check


def by_sort(*, string: Shape, other: Shape) -> Shape:
    """One shape for strings, another for everything else."""

    def check(value: Any, path: str) -> None:
        (string if isinstance(value, str) else other)(value, path)

    return check


def metadata(value: Any, path: str) -> None:
    """Up to 16 pairs of strings, keys up to 64 and values up to 512 characters (azure-ai-agents 1.1 model)."""
    if not isinstance(value, dict):
        raise _wrong(path, "an object", value)
    if len(value) > 16:
        raise Malformed(
            path,
            "limit",
            f"Invalid '{path}': too many properties. Expected at most 16, but got {len(value)}.",
        )
    for key, item in value.items():
        if len(key) > 64:
            raise Malformed(
                path, "limit", f"Invalid '{path}': key '{key[:70]}' is longer than 64 characters."
            )
        text(most=512)(item, f"{path}.{key}")
