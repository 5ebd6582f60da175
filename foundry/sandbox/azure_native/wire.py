"""Property values as they cross Pulumi's protocol, turned into plain values and back.

The protocol encodes what JSON can't say (a value not known yet, a secret) as reserved strings and marked objects inside a
protobuf `Struct`. Everything behind this module sees `UNKNOWN` and `Secret` instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.struct_pb2 import ListValue, Struct, Value


@dataclass(frozen=True)
class Unknown:
    """A value that is decided only when something else has been created or updated."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine keeps encrypted in its state."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


# Reserved by Pulumi's protocol (sdk/go/common/resource/plugin/rpc.go). There is an unknown for each type of value; the first is
# the one for strings, which every language SDK sends, and the only one we write.
_UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_STRINGS = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's marker, not a secret
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def decode(struct: Struct) -> dict[str, Any]:
    """Plain values of a `Struct`; whole numbers, which the protocol sends as floats, come back as `int`."""
    return {name: _decode(value) for name, value in struct.fields.items()}


def _decode(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWN_STRINGS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            plain = decode(value.struct_value)
            signature = plain.get(_SIGNATURE)
            if signature == _SECRET:
                return Secret(plain.get("value"))
            if signature == _OUTPUT:
                inner = plain.get("value", UNKNOWN)
                return Secret(inner) if plain.get("secret") else inner
            return plain
        case _:
            return None


def encode(plain: Mapping[str, Any]) -> Struct:
    """The `Struct` of plain values; `None` inside a mapping is left out, as the protocol does."""
    struct = Struct()
    for name, value in plain.items():
        if value is not None:
            _encode(value, struct.fields[name])
    return struct


def _encode(plain: Any, into: Value) -> None:
    match plain:
        case None:
            into.null_value = 0  # type: ignore[assignment]  # the enum's only member
        case Unknown():
            into.string_value = _UNKNOWN_STRING
        case Secret(value=inner):
            into.struct_value.CopyFrom(encode({_SIGNATURE: _SECRET, "value": inner}))
        case bool():
            into.bool_value = plain
        case int() | float():
            into.number_value = plain
        case str():
            into.string_value = plain
        case Mapping():
            into.struct_value.CopyFrom(encode(plain))
        case list() | tuple():
            into.list_value.CopyFrom(ListValue())
            for item in plain:
                _encode(item, into.list_value.values.add())
        case _:
            raise TypeError(f"{type(plain).__name__} has no form in Pulumi's protocol")


def reveal(value: Any) -> Any:
    """The value without secret markers at any depth: what may be sent to ARM or compared."""
    return _rebuild(value.value if isinstance(value, Secret) else value, reveal)


def has_unknown(value: Any) -> bool:
    """Whether anything at any depth isn't known yet."""
    match value:
        case Unknown():
            return True
        case Secret(value=inner):
            return has_unknown(inner)
        case Mapping():
            return any(has_unknown(item) for item in value.values())
        case list():
            return any(has_unknown(item) for item in value)
        case _:
            return False


def mark_secrets(value: Any, like: Any) -> Any:
    """The value, with everything marked secret that is secret at the same place in `like`.

    The provider tells the engine that it keeps secrets itself, so an output that echoes a secret input has to be marked here.
    """
    match value, like:
        case Secret(), _:
            return value
        case _, Secret():
            return Secret(reveal(value))
        case Mapping(), Mapping():
            return {name: mark_secrets(item, like.get(name)) for name, item in value.items()}
        case list(), list() if len(value) == len(like):
            return [mark_secrets(item, twin) for item, twin in zip(value, like, strict=True)]
        case _:
            return value


def _rebuild(value: Any, each: Callable[[Any], Any]) -> Any:
    match value:
        case Mapping():
            return {name: each(item) for name, item in value.items()}
        case list():
            return [each(item) for item in value]
        case _:
            return value
