"""The body with which azure-ai-agents makes an agent."""

from __future__ import annotations

import json

from foundry.model import Dialect, FoundryError
from foundry.service.classic_bodies import create_body
from foundry.transfer.neighbours.writers.writing import UnknownYetError, Writing


def write(writing: Writing) -> str:
    """What was applied last, with every id in it, as JSON. Raises FoundryError before the first `up`."""
    if Dialect.CLASSIC not in writing.agent.dialect.parts:
        raise FoundryError(
            f"agent {writing.agent.name} is a versioned one, and this is the body of the classic client",
            fix="choose another format",
        )
    definition = writing.context.definition
    if definition is None:
        raise UnknownYetError("the agent's ids aren't known yet")
    body = create_body(definition, definition.get("metadata") or {})
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
