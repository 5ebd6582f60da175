"""Agents that are spoken with: their definition and the service's body of it, in both directions.

Shapes: `VoiceAgentDefinition` of azure-ai-projects 2.10. A definition says under `voice` what that model says, in its words; but
what the service turns off with null has the type (or model) `none`, and tools are in the words of other agents' tools.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from foundry.service.versioned_tools import Body, Tool, filled, some, tool_body, tool_of

VOICE_GATE: Final = "VoiceAgents=V1Preview"
"""The preview that a voice agent must be opted into (header `Foundry-Features`)."""

_OFF: Final[Mapping[str, str]] = {
    "noise_reduction": "type",
    "turn_detection": "type",
    "transcription": "model",
    "end_of_utterance_detection": "model",
}
"""What null turns off at the service, and the field that says `none` for it here."""

_NONE: Final = "none"
_TOOLBOX: Final = ("toolbox_name", "toolbox_version", "response_scheduling")


def body_of(definition: Mapping[str, Any]) -> Body:
    """The service's body of a voice agent."""
    body: Body = {
        "kind": "voice",
        **_to_wire(definition["voice"]),
        **some(definition, ("instructions", "structured_inputs")),
    }
    if body.get("greeting", {}).get("tool_choice") is not None:
        body["greeting"] = {**body["greeting"], "tool_choice": choice_body(body["greeting"]["tool_choice"])}
    tools = [_tool(tool) for tool in definition.get("tools") or ()]
    if tools:
        body["tools"] = tools
    if definition.get("tool_choice") is not None:
        body["tool_choice"] = choice_body(definition["tool_choice"])
    return body


def definition_of(body: Mapping[str, Any]) -> Body:
    """What a live voice agent's body says, in the fields of a definition."""
    apart = ("kind", "rai_config", "instructions", "structured_inputs", "tools", "tool_choice")
    voice = _from_wire({key: value for key, value in body.items() if key not in apart})
    greeting = voice.get("greeting") or {}
    if greeting.get("tool_choice") is not None:
        voice["greeting"] = {**greeting, "tool_choice": choice_of(greeting["tool_choice"])}
    told: Body = {"voice": voice, **some(body, ("instructions",))}
    if body.get("tool_choice") is not None:
        told["tool_choice"] = choice_of(body["tool_choice"])
    return {**told, "tools": [_tool_of(tool) for tool in body.get("tools") or ()]}


def choice_body(choice: Any) -> Any:
    """Which tool is chosen, as the service wants it."""
    if isinstance(choice, Mapping) and choice.get("type") == "mcp":
        return {"type": "mcp", "server_label": choice["name"]}
    return choice if isinstance(choice, str) else dict(choice)


def choice_of(choice: Any) -> Any:
    """Which tool is chosen at the service, in the words of a definition."""
    if not isinstance(choice, Mapping):
        return choice
    if choice.get("type") == "mcp":
        return {"type": "mcp", **filled({"name": choice.get("server_label")})}
    return filled(choice)


def _to_wire(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: None if isinstance(part, Mapping) and part.get(_OFF.get(key)) == _NONE else _to_wire(part)
            for key, part in value.items()
        }
    return [_to_wire(part) for part in value] if isinstance(value, list) else value


def _from_wire(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: {_OFF[key]: _NONE} if part is None else _from_wire(part)
            for key, part in value.items()
            if part is not None or key in _OFF
        }
    return [_from_wire(part) for part in value] if isinstance(value, list) else value


def _tool(tool: Tool) -> Body:
    match tool["type"]:
        case "toolbox":
            return {"type": "toolbox", **some(tool, _TOOLBOX)}
        case "system":
            return {"type": "system", **some(tool, ("name", "description"))}
        case "function":
            body = tool_body(tool)
            # A voice agent's function has no such field.
            del body["strict"]
            return body
        case _:
            return {**tool_body(tool), **some(tool, ("response_scheduling",))}


def _tool_of(tool: Tool) -> Body:
    match tool.get("type"):
        case "toolbox":
            return {"name": tool.get("toolbox_name"), "type": "toolbox", **some(tool, _TOOLBOX)}
        case "system":
            return {"type": "system", **some(tool, ("name", "description"))}
        case _:
            return {**tool_of(tool), **some(tool, ("response_scheduling",))}
