"""ARM ids of resources whose names are explicit, so that what a killed run created can be found again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from foundry.sandbox.azure_native.kinds import KINDS, Token


def arm_id(resource_type: str, inputs: Mapping[str, Any], subscription: str) -> str | None:
    """The id that a resource's inputs give it.

    Args:
        resource_type: Pulumi's type token.
        inputs: the inputs recorded in the state.
        subscription: the subscription's id.

    Returns:
        None where a name isn't recorded in clear, or the type isn't one that this product makes.
    """
    token = Token.parse(resource_type)
    kind = KINDS.get((token.module, token.name)) if token else None
    if kind is None:
        return None
    values = {"subscriptionId": subscription, **inputs}
    if not all(isinstance(values.get(name), str) for name in kind.parameters):
        return None
    path = re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]).strip("/"), kind.path)
    return "/" + path.strip("/")
