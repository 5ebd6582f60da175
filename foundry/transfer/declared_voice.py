"""Live agents that are spoken with, as declarations say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foundry.transfer.document import Writing


def voice_tree(
    voice: Mapping[str, Any], tools: Mapping[str, Any], agents: Mapping[str, str], writing: Writing
) -> dict[str, Any]:
    """What a declaration has under `voice`.

    Args:
        voice: the definition's own `voice`.
        tools: the agent's tools as declared, by their keys.
        agents: declared names of agents by their names at the service.
        writing: takes what can't be said.
    """
    tree: dict[str, Any] = writing.inside(dict(voice))
    greeting = tree.get("greeting") or {}
    if isinstance(greeting.get("tool_choice"), Mapping):
        key = chosen(greeting["tool_choice"], tools)
        if key is None:
            writing.lose("voice.greeting.tool_choice", "it names no tool that the agent has")
        else:
            tree["greeting"] = {**greeting, "tool_choice": key}
    if "conversation_engine" in tree:
        tree["conversation_engine"] = _named(tree["conversation_engine"], "name", agents)
    if "subagent_config" in tree:
        asked = tree["subagent_config"]["subagents"]
        tree["subagent_config"] = {"subagents": [_named(one, "agent_name", agents) for one in asked]}
    return tree


def chosen(choice: Mapping[str, Any], tools: Mapping[str, Any]) -> str | None:
    """The key of the tool that a choice means; None when there is none."""
    wanted, kind = choice.get("name"), str(choice.get("type")).removesuffix("_preview")
    fitting = (key for key, tool in tools.items() if tool["type"] == kind and wanted in (None, key))
    return next(fitting, None)


def _named(told: Mapping[str, Any], key: str, agents: Mapping[str, str]) -> dict[str, Any]:
    if told.get(key) not in agents:
        return dict(told)
    return {"agent": agents[told[key]], **{field: value for field, value in told.items() if field != key}}
