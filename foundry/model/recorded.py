"""How the definition that was applied last lies in a resource's outputs: as one JSON text.

Pulumi packs, unpacks and logs every property of every resource in every call by itself; nobody refers to a part of this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

APPLIED: Final = "applied"
"""The output's name."""


def packed(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs as they lie in the state; without an applied definition, the same."""
    applied = outputs.get(APPLIED)
    if not isinstance(applied, Mapping):
        return dict(outputs)
    text = json.dumps(applied, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {**outputs, APPLIED: text}


def unpacked(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs from a state, with the applied definition as a mapping. What isn't such a text is left as it is."""
    applied = outputs.get(APPLIED)
    if not isinstance(applied, str):
        return dict(outputs)
    try:
        return {**outputs, APPLIED: json.loads(applied)}
    except ValueError:
        return dict(outputs)
