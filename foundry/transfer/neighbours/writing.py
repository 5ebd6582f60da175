"""An agent in a neighbouring format, written as that format's own schema wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from foundry.model import Agent, FoundryError, Lifecycle
from foundry.transfer.neighbours.writers import agent_framework, agentschema, azd, prompty, sdk, vscode
from foundry.transfer.neighbours.writers.writing import Context, Writing

_WRITERS: Final[Mapping[str, Callable[[Writing], str]]] = {
    "agentschema": agentschema.write,
    "azd": azd.write,
    "framework": agent_framework.write,
    "prompty": prompty.write,
    "vscode": vscode.write,
    "sdk": sdk.write,
}
FORMATS: Final = tuple(_WRITERS)
_VERSIONED_ONLY: Final = (
    "skills",
    "reasoning",
    "tool_choice",
    "structured_inputs",
    "content_filter",
    "invocations_moderation",
    "harness",
    "blueprint_id",
    "endpoint",
    "enabled",
    "keep_versions",
    "evaluation",
)
"""Fields of versioned agents that none of the formats has."""


@dataclass(frozen=True)
class Written:
    """A file's text, texts of files that stand beside it, and what it couldn't say, by field."""

    text: str
    beside: Mapping[str, str]
    losses: tuple[str, ...]


def write(target: str, agent: Agent, context: Context) -> Written:
    """An agent in a format.

    Args:
        target: one of FORMATS.
        agent: the agent as declared.
        context: what its names stand for.

    Raises:
        UnknownYetError: the format wants something that isn't known.
        FoundryError: the format refuses a value, or the agent is no prompt agent.
    """
    if agent.model is None:
        kinds = {
            "a hosted agent": agent.hosted,
            "an external agent": agent.external,
            "a voice agent": agent.voice,
        }
        what = next((word for word, told in kinds.items() if told is not None), "a workflow")
        raise FoundryError(
            f"agent {agent.name} is {what}, and these formats are written for prompt agents alone",
            fix="export an agent that has a `model`",
        )
    writing = Writing(agent, context)
    text = _WRITERS[target](writing)
    losses = list(writing.losses)
    if agent.checks:
        losses.append("checks: what an agent is held against is no part of it")
    if agent.lifecycle != Lifecycle():
        losses.append("lifecycle: how it is looked after is no part of it")
    losses += [
        f"{key}: the format has no such field"
        for key in _VERSIONED_ONLY
        if getattr(agent, key) not in (None, (), {})
    ]
    return Written(text, writing.beside, tuple(losses))
