"""One resource in its two forms: inputs and outputs as programs see them, bodies and ids as ARM sees them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from foundry.sandbox.azure_native.kinds import ENVELOPE, FLATTENED, MEMBER_NAMES, Kind
from foundry.sandbox.azure_native.shapes import (
    Anything,
    ListOf,
    MapOf,
    OneOf,
    Record,
    ResourceShape,
    Scalar,
    Shape,
)
from foundry.sandbox.azure_native.wire import UNKNOWN

# Parameters that hold a path of their own, whose slashes stay.
_PATHS = frozenset({"scope", "resourceUri", "parentResourcePath", "resourceType"})
_PARAMETER = re.compile(r"\{(\w+)\}")
# ARM wants a map whose keys are the identities' ids; the SDK takes a list of ids.
_IDENTITIES = "userAssignedIdentities"
# Inputs of `resources.Resource` that choose the operation instead of describing the resource.
_OPERATION = frozenset({"apiVersion"})


def resource_id(kind: Kind, inputs: Mapping[str, Any], subscription: str) -> str:
    """The ARM id that inputs stand for. All parameters must be known."""
    values = {"subscriptionId": subscription, **inputs}
    # A generic resource without a parent has an empty segment.
    filled = _PARAMETER.sub(lambda found: str(values.get(found[1], "")).strip("/"), kind.path)
    return re.sub("/{2,}", "/", filled)


def request_path(identifier: str) -> str:
    """The id as the path of a request."""
    return quote(identifier, safe="/()'*!,;=@:+$&~")


def parameters_of(kind: Kind, identifier: str) -> dict[str, str] | None:
    """The path parameters in an ARM id, or None when the id isn't one of this kind. ARM ids are case-insensitive."""
    pattern, end = "", 0
    for found in _PARAMETER.finditer(kind.path):
        pattern += re.escape(kind.path[end : found.start()])
        pattern += f"(?P<{found[1]}>{'.*?' if found[1] in _PATHS else '[^/]+'})"
        end = found.end()
    pattern += re.escape(kind.path[end:])
    if "{parentResourcePath}/" in kind.path:
        pattern = pattern.replace("(?P<parentResourcePath>.*?)/", "(?:(?P<parentResourcePath>.*)/)?")
        pattern = pattern.replace("(?P<resourceType>.*?)", "(?P<resourceType>[^/]+)")
    matched = re.fullmatch(pattern, identifier, re.IGNORECASE)
    return {name: value or "" for name, value in matched.groupdict().items()} if matched else None


def body(kind: Kind, shape: ResourceShape, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What ARM is sent for inputs, which must be known and without secret markers."""
    outside: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    bag = has_bag(kind, shape)
    for name, value in inputs.items():
        if name in kind.parameters or name in _OPERATION or value is None:
            continue
        known = shape.inputs.fields.get(name)
        wired = _to_wire(value, known.shape if known else Anything(), name)
        wire_name = kind.wire_names.get(name, name)
        if bag or (wire_name in ENVELOPE and wire_name not in kind.inside):
            outside[wire_name] = wired
        else:
            inside[wire_name] = wired
    return outside if bag or not inside else {**outside, "properties": inside}


def has_bag(kind: Kind, shape: ResourceShape) -> bool:
    """Whether the SDK shows ARM's `properties` as one object instead of flattening it into the resource."""
    names = {kind.wire_names.get(name, name) for name in (*shape.inputs.fields, *shape.outputs)}
    return "properties" in names


def outputs(kind: Kind, shape: ResourceShape, reply: Mapping[str, Any], api_version: str) -> dict[str, Any]:
    """The typed outputs in ARM's reply; what the SDK has no property for is dropped, as the real provider does."""
    members = dict(reply)
    if not has_bag(kind, shape) and isinstance(reply.get("properties"), Mapping):
        members = {**reply["properties"], **{name: v for name, v in reply.items() if name != "properties"}}
        members.update(
            {name: reply["properties"][name] for name in kind.inside if name in reply["properties"]}
        )
    found = _read(members, shape.outputs.items(), kind.wire_names)
    found["azureApiVersion"] = api_version
    return found


def expected_outputs(shape: ResourceShape, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs as far as a preview knows them: what the inputs say, and unknown everything else."""
    return _expected(shape.outputs.items(), inputs)


def inputs_from(kind: Kind, shape: ResourceShape, live: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    """Inputs that would describe a live resource: what an import writes into the state.

    Args:
        kind: The resource's kind.
        shape: Its shape.
        live: Its outputs.
        identifier: Its ARM id, which the path parameters are read from.

    Raises:
        ValueError: The id isn't one of this kind.
    """
    parameters = parameters_of(kind, identifier)
    if parameters is None:
        raise ValueError(f"'{identifier}' isn't the id of a {kind.name}: expected {kind.path}")
    described = {name: value for name, value in parameters.items() if name in shape.inputs.fields}
    for name, known in shape.inputs.fields.items():
        if name in live and name not in described and name not in {"id", "etag", "type", "name"}:
            described[name] = as_input(live[name], known.shape, name)
    return described


def as_input(value: Any, shape: Shape, name: str) -> Any:
    """The part of an output that can be given as the input of the same name."""
    match shape, value:
        case (ListOf(item=item), Mapping()) if name == _IDENTITIES:
            return sorted(value)
        case ListOf(item=item), list():
            return [as_input(entry, item, "") for entry in value]
        case MapOf(item=item), Mapping():
            return {key: as_input(entry, item, "") for key, entry in value.items()}
        case Record(), Mapping():
            return {
                key: as_input(entry, shape.fields[key].shape, key)
                for key, entry in value.items()
                if key in shape.fields
            }
        case OneOf(members=members), _:
            return as_input(value, choose(value, members), name)
        case _:
            return value


def choose(value: Any, members: Iterable[Shape]) -> Shape:
    """The member of a union that a value belongs to."""
    if isinstance(value, Mapping):
        for member in members:
            if isinstance(member, Record) and all(value.get(k) == v for k, v in member.constants.items()):
                return member
    return Anything()


def _to_wire(value: Any, shape: Shape, name: str) -> Any:
    match shape, value:
        case ListOf(item=Scalar()), list() if name == _IDENTITIES:
            return {identity: {} for identity in value}
        case ListOf(item=item), list():
            return [_to_wire(entry, item, "") for entry in value]
        case MapOf(item=item), Mapping():
            return {key: _to_wire(entry, item, "") for key, entry in value.items()}
        case OneOf(members=members), _:
            return _to_wire(value, choose(value, members), name)
        case Record(), Mapping():
            return _record_to_wire(value, shape)
        case _:
            return value


def _record_to_wire(value: Mapping[str, Any], record: Record) -> dict[str, Any]:
    renamed = MEMBER_NAMES.get((record.module, record.name), {})
    outside_names = FLATTENED.get((record.module, record.name))
    outside: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for key, entry in value.items():
        known = record.fields.get(key)
        wired = _to_wire(entry, known.shape if known else Anything(), key)
        target = outside if outside_names is None or key in outside_names else inside
        target[renamed.get(key, key)] = wired
    return {**outside, "properties": inside} if inside else outside


def _read(
    members: Mapping[str, Any], shapes: Iterable[tuple[str, Shape]], renamed: Mapping[str, str]
) -> dict[str, Any]:
    by_plain_name = {_plain(name): value for name, value in members.items() if value is not None}
    found: dict[str, Any] = {}
    for name, shape in shapes:
        plain = _plain(renamed.get(name, name))
        if plain in by_plain_name:
            found[name] = _from_wire(by_plain_name[plain], shape)
    return found


def _from_wire(value: Any, shape: Shape) -> Any:
    match shape, value:
        case ListOf(item=item), list():
            return [_from_wire(entry, item) for entry in value]
        case MapOf(item=item), Mapping():
            return {key: _from_wire(entry, item) for key, entry in value.items()}
        case OneOf(members=members), _:
            return _from_wire(value, choose(value, members))
        case Record(), Mapping():
            flat = value
            if "properties" not in shape.fields and isinstance(value.get("properties"), Mapping):
                flat = {**value["properties"], **value}
            renamed = MEMBER_NAMES.get((shape.module, shape.name), {})
            return _read(flat, ((name, field.shape) for name, field in shape.fields.items()), renamed)
        case _:
            return value


def _expected(shapes: Iterable[tuple[str, Shape]], inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _expect(inputs[name], shape) if name in inputs else UNKNOWN for name, shape in shapes}


def _expect(value: Any, shape: Shape) -> Any:
    match shape, value:
        case MapOf(), list():
            return UNKNOWN
        case ListOf(item=item), list():
            return [_expect(entry, item) for entry in value]
        case Record(), Mapping():
            return _expected(((name, field.shape) for name, field in shape.fields.items()), value)
        case _:
            return value


def _plain(name: str) -> str:
    # Specifications and services disagree about case (`vaultUri`, `Application_Type`); ARM treats names as case-insensitive.
    return name.replace("_", "").lower()
