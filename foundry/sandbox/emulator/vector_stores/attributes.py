"""Attributes of files in a vector store, and filters over them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda held, asked: held == asked,
    "ne": lambda held, asked: held != asked,
    "gt": lambda held, asked: held > asked,
    "gte": lambda held, asked: held >= asked,
    "lt": lambda held, asked: held < asked,
    "lte": lambda held, asked: held <= asked,
    "in": lambda held, asked: held in asked,
    "nin": lambda held, asked: held not in asked,
}


def attributes_of(file: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a stored file of a vector store; files from before there were any have none."""
    return file.get("_attributes") or {}


def fits(condition: dict[str, Any] | None, attributes: dict[str, Any]) -> bool:
    """Whether a file's attributes meet a comparison, or a compound of them; no condition fits every file.

    An attribute that a file doesn't have meets only `ne` and `nin`; values of different types aren't comparable.
    """
    if condition is None:
        return True
    sort = condition["type"]
    if sort in ("and", "or"):
        results = [fits(part, attributes) for part in condition["filters"]]
        return all(results) if sort == "and" else any(results)
    if condition["key"] not in attributes:
        return sort in ("ne", "nin")
    try:
        return _COMPARE[sort](attributes[condition["key"]], condition["value"])
    except TypeError:
        return False
