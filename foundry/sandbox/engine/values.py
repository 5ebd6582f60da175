"""Property values, kept in the form they have on Pulumi's wire, as plain JSON.

A secret is `{SIGNATURE: SECRET, "value": ...}`, a resource reference `{SIGNATURE: RESOURCE, "urn": ..., "id": ...}`, a value that isn't
known yet the string `UNKNOWN`. Everything else stands for itself. Numbers cross the wire as floats; whole ones are ints here, as the
CLI writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf import struct_pb2

from foundry.sandbox.engine.errors import NotSupportedError

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's public signature
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_REFUSED = {
    "c44067f5952c0a294b673a41bacd8c17": "an asset as a property",
    "0def7320c3a5731c473e5ecbe6d01bc7": "an archive as a property",
}

Properties = dict[str, Any]


def secret(value: Any) -> Properties:
    """The value as a secret; a secret stays one secret."""
    return value if is_secret(value) else {SIGNATURE: SECRET, "value": value}


def is_secret(value: Any) -> bool:
    """Whether the value itself, not a part of it, is a secret."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def is_reference(value: Any) -> bool:
    """Whether the value stands for another resource."""
    return isinstance(value, dict) and value.get(SIGNATURE) == RESOURCE


def has_unknown(value: Any) -> bool:
    """Whether any part of the value isn't known yet."""
    if isinstance(value, str):
        return value == UNKNOWN
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    return isinstance(value, list) and any(map(has_unknown, value))


def has_secret(value: Any) -> bool:
    """Whether any part of the value is a secret."""
    if isinstance(value, dict):
        return value.get(SIGNATURE) == SECRET or any(map(has_secret, value.values()))
    return isinstance(value, list) and any(map(has_secret, value))


_AS_IT_IS = object()


def _is_ordinary(value: Any) -> bool:
    """Whether no part of the value is a special object."""
    if isinstance(value, dict):
        return SIGNATURE not in value and all(map(_is_ordinary, value.values()))
    return all(map(_is_ordinary, value)) if isinstance(value, list) else True


def _map(value: Any, change: Callable[[Properties], Any]) -> Any:
    """Rebuild a value; `change` may replace a special object by something else, or answer _AS_IT_IS to go on into it."""
    if isinstance(value, dict):
        changed = change(value) if SIGNATURE in value else _AS_IT_IS
        return {k: _map(v, change) for k, v in value.items()} if changed is _AS_IT_IS else changed
    if isinstance(value, list):
        return [_map(v, change) for v in value]
    return value


def plain(value: Any) -> Any:
    """The value without secret wrappers, at any depth."""
    return _map(value, lambda v: plain(v["value"]) if is_secret(v) else _AS_IT_IS)


def masked(value: Any) -> Any:
    """The value with each secret as the word `[secret]`, for people to read."""
    return _map(value, lambda v: "[secret]" if is_secret(v) else _AS_IT_IS)


def map_secrets(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with each secret replaced by what `change` makes of its content."""
    return _map(value, lambda v: change(v["value"]) if is_secret(v) else _AS_IT_IS)


def _as_plain_reference(value: Properties) -> Any:
    """What a provider that knows no resource references is given instead: the id, or the URN of a component."""
    if not is_reference(value):
        return _AS_IT_IS
    return value["id"] if "id" in value else value["urn"]


def for_provider(properties: Properties, *, secrets: bool, resources: bool) -> Properties:
    """Inputs or state as a provider accepts them, which tells with Configure what it understands."""
    if (secrets and resources) or _is_ordinary(properties):
        return properties
    result: Any = properties if secrets else plain(properties)
    if not resources:
        result = _map(result, _as_plain_reference)
    return dict(result)


def copy_secretness(outputs: Properties, inputs: Properties) -> Properties:
    """Outputs of a provider that knows no secrets: what went in as a secret comes out as one."""
    if _is_ordinary(inputs):
        return outputs
    result = dict(outputs)
    for key, given in inputs.items():
        if key not in result:
            continue
        out = result[key]
        plain_objects = isinstance(out, dict) and isinstance(given, dict) and SIGNATURE not in out
        if plain_objects and SIGNATURE not in given:
            result[key] = copy_secretness(out, given)
        elif not is_secret(out) and has_secret(given):
            result[key] = secret(out)
    return result


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """A protobuf Struct → properties. Raises NotSupportedError for assets and archives."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        converted = from_struct(value.struct_value)
        if SIGNATURE in converted:
            return _from_special(converted)
        return converted
    if kind == "list_value":
        return [_from_value(v) for v in value.list_value.values]
    return None


def _from_special(value: Properties) -> Any:
    signature = value[SIGNATURE]
    if signature in _REFUSED:
        raise NotSupportedError(_REFUSED[signature])
    if signature == OUTPUT:
        inner = value.get("value", UNKNOWN)
        return secret(inner) if value.get("secret") else inner
    return value


def to_struct(properties: Properties) -> struct_pb2.Struct:
    """Properties → a protobuf Struct."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _set(struct.fields[key], value)
    return struct


def _set(target: struct_pb2.Value, value: Any) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        for key, part in value.items():
            _set(target.struct_value.fields[key], part)
    else:
        target.list_value.SetInParent()
        for part in value:
            _set(target.list_value.values.add(), part)
