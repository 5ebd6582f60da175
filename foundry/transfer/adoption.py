"""What taking over live objects would change, told before anything is touched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from foundry.diff import Change, changes
from foundry.diff.tables import tool_key
from foundry.model import UNKNOWN, toolbox_address, unpacked

# How Pulumi writes a value that isn't known yet in the JSON of a preview (Pulumi: resource property signatures).
_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_DYNAMIC: Final = "pulumi-python:dynamic/foundry:"


@dataclass(frozen=True)
class Adoption:
    """An object that the next `up` takes over.

    `adopt` is what the declaration says: {id} or {name}, and {from}. `definition` is what is declared, with `UNKNOWN` for what
    only the `up` makes; `needs` are the Pulumi URNs that it takes values from; `family` is that of what stands beside an index,
    `serving` what is declared of a versioned agent and of none of its versions; `documents` counts the files with documents of an index.
    """

    urn: str
    kind: str
    name: str
    endpoint: str
    adopt: Mapping[str, str]
    definition: Mapping[str, Any]
    needs: frozenset[str]
    family: str = ""
    serving: Mapping[str, Any] = field(default_factory=dict)
    documents: int = 0


def adoptions(preview: Mapping[str, Any]) -> tuple[Adoption, ...]:
    """The objects that a preview (`--json`) would take over, by kind and name."""
    found = (_adoption(step) for step in preview.get("steps") or () if step.get("op") == "create")
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.kind, one.name)))


def would_change(one: Adoption, live: Mapping[str, Any], taken: Mapping[str, str]) -> tuple[Change, ...]:
    """The fields that taking it over would change.

    Args:
        one: the adoption.
        live: the live definition, without a mark.
        taken: URN → service id of everything that the same `up` takes over. A value that isn't known yet counts as unchanged
            where the live one is such an id and the declaration takes values from that object.
    """
    ids = {identifier for urn, identifier in taken.items() if urn in one.needs}
    # An agent knows a toolbox by its address.
    ids |= {
        toolbox_address(one.endpoint, identifier)
        for urn, identifier in taken.items()
        if urn in one.needs and f"{_DYNAMIC}Toolbox::" in urn
    }
    table = "VectorStore" if one.kind == "VersionedVectorStore" else one.kind
    return changes(table, live, _assumed(one.definition, live, ids), {})


def would_change_in_place(one: Adoption, serving: Mapping[str, Any]) -> tuple[Change, ...]:
    """The fields of a versioned agent, but of none of its versions, that taking it over would change; `serving` are the live ones."""
    return changes("Serving", serving, one.serving)


def _adoption(step: Mapping[str, Any]) -> Adoption | None:
    state = step.get("newState") or {}
    kind = str(state.get("type", "")).removeprefix(_DYNAMIC)
    inputs = unpacked(_known(state.get("inputs") or {}), kind)
    adopt = (inputs.get("lifecycle") or {}).get("adopt")
    if not adopt or kind == state.get("type"):
        return None
    needs = {urn for urns in (state.get("propertyDependencies") or {}).values() for urn in urns or ()}
    return Adoption(
        str(step["urn"]),
        kind,
        str(inputs.get("name")),
        str(inputs.get("endpoint")),
        adopt,
        inputs.get("definition") or {},
        frozenset(needs),
        str(inputs.get("family") or ""),
        inputs.get("serving") or {},
        len(inputs.get("documents") or ()),
    )


def _known(value: Any) -> Any:
    if value == _UNKNOWN_TEXT:
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return value


def _assumed(value: Any, live: Any, ids: Collection[str]) -> Any:
    """`value` with what isn't known yet taken from the live side, where that is an id of `ids`."""
    if value is UNKNOWN:
        return live if _is_one_of(live, ids) else UNKNOWN
    if isinstance(value, Mapping):
        there = live if isinstance(live, Mapping) else {}
        return {key: _assumed(item, there.get(key), ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_assumed(item, other, ids) for item, other in _paired(value, live)]
    return value


def _is_one_of(live: Any, ids: Collection[str]) -> bool:
    if isinstance(live, list):
        return bool(live) and all(_is_one_of(item, ids) for item in live)
    return isinstance(live, str) and live in ids


def _paired(items: list[Any], live: Any) -> Iterator[tuple[Any, Any]]:
    """Each item with its live counterpart: tools by their key, everything else by place."""
    there = live if isinstance(live, list) else []
    if any(isinstance(item, Mapping) for item in items):
        keyed = {tool_key(item): item for item in there if isinstance(item, Mapping)}
        for item in items:
            yield item, keyed.get(tool_key(item)) if isinstance(item, Mapping) else None
        return
    for number, item in enumerate(items):
        yield item, there[number] if number < len(there) else None
