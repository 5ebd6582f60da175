"""What a program declares, as the inputs that Pulumi is given; `foundry.model.recorded` says why they look as they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import pulumi

from foundry.model import line_of, placeholder, text_of
from foundry.model.recorded import DEFINITION, REFERENCES, like_placeholders


@dataclass(frozen=True)
class Reference:
    """A value of another resource. `called` is what people read in a preview until it is known: `id of vector store handbook`."""

    value: pulumi.Input[Any]
    called: str


def inputs(given: Mapping[str, Any], *outputs: str) -> dict[str, Any]:
    """Properties of a resource, and a place for each output.

    What is given and isn't None is one, but a lifecycle without a word isn't; `definition` may have outputs of other resources
    and `Reference`s at any depth.
    """
    said = {
        key: value for key, value in given.items() if value is not None and (key, value) != ("lifecycle", {})
    }
    if isinstance(said.get(DEFINITION), Mapping):
        said |= _in_text(said[DEFINITION])
    line = line_of(said.get("owner"), said.get("name"))
    if line is not None:
        said["owner"] = line
        said.pop("name", None)
    if said.get("project") is said.get("endpoint"):
        said.pop("project", None)
    return {**said, **dict.fromkeys(outputs)}


def _in_text(definition: Mapping[str, Any]) -> dict[str, Any]:
    names = _Names(frozenset(like_placeholders(definition)))
    text = text_of(_told(definition, (), names))
    return {DEFINITION: text, **({REFERENCES: names.values} if names.values else {})}


class _Names:
    """What the references of one definition are called; no two are called the same, nor like a text that somebody wrote."""

    def __init__(self, taken: frozenset[str]) -> None:
        self.values: dict[str, pulumi.Output[Any]] = {}
        self._taken = taken

    def of(self, value: pulumi.Output[Any], wanted: str) -> str:
        for called in chain([wanted], (f"{wanted} ({number})" for number in count(2))):
            if placeholder(called) not in self._taken and self.values.get(called, value) is value:
                break
        self.values[called] = value
        return placeholder(called)


def _told(value: Any, path: tuple[str, ...], names: _Names) -> Any:
    """A value with placeholders for the references in it."""
    match value:
        case Reference(inner, called) if isinstance(inner, pulumi.Output):
            return names.of(inner, called)
        case Reference(inner):
            return _told(inner, path, names)
        case pulumi.Output():
            return names.of(value, ".".join(path))
        case Mapping():
            return {str(key): _told(item, (*path, str(key)), names) for key, item in value.items()}
        case list() | tuple():
            return [_told(item, (*path, str(place)), names) for place, item in enumerate(value)]
        case _:
            return value
