"""Pulumi's values and the model's: unknowns in both of Pulumi's forms, numbers that crossed the wire as floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.output import Unknown as PulumiUnknown
from pulumi.runtime.rpc import UNKNOWN as WIRE_UNKNOWN

from foundry.model import UNKNOWN

_PROVIDER = "__provider"


def plain(props: Mapping[str, Any]) -> dict[str, Any]:
    """The properties as plain values; what isn't known yet becomes `UNKNOWN`, at any depth."""
    return {key: _plain(value) for key, value in props.items() if key != _PROVIDER}


def _plain(value: Any) -> Any:
    # In the order of how often they come: a thousand agents have a hundred thousand values.
    if isinstance(value, str):
        return UNKNOWN if value == WIRE_UNKNOWN else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, PulumiUnknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return value
