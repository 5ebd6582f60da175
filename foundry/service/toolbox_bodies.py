"""Toolboxes: the body that makes a version, and what a version's body says, in the fields of a declaration.

Shapes: azure-ai-projects 2.10 (`ToolboxVersionObject`, `ToolboxTool` and what is derived from it). A tool has the same words as an
agent's, and beside them a name that is unique in its toolbox, a description, and `tool_configs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from foundry.service import versioned_tools as agents

Body = dict[str, Any]

TOOL_TYPES: Final = frozenset(
    {
        "a2a",
        "azure_ai_search",
        "browser_automation",
        "code_interpreter",
        "fabric_iq",
        "file_search",
        "mcp",
        "openapi",
        "raw",
        "reminder",
        "shell",
        "toolbox_search",
        "web_iq",
        "web_search",
        "work_iq",
    }
)
"""What a tool of a toolbox can be; everything newer is `raw`."""

_OWN_DESCRIPTION: Final = "openapi"
_BARE: Final[Mapping[str, str]] = {"toolbox_search": "toolbox_search", "reminder": "reminder_preview"}
"""Tools that say nothing but what each tool here can say, and that agents don't have: our word and the service's."""
_REFERENCE: Final = "skill_reference"


def version_body(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> Body:
    """The body that makes a version: what is declared, and nothing else."""
    body: Body = {"tools": [_tool(tool) for tool in definition.get("tools") or ()]}
    if definition.get("description"):
        body["description"] = definition["description"]
    if definition.get("skills"):
        body["skills"] = [{"type": _REFERENCE, **skill} for skill in definition["skills"]]
    if definition.get("content_filter"):
        body["policies"] = {"rai_config": {"rai_policy_name": definition["content_filter"]}}
    return {**body, "metadata": dict(metadata)}


def definition_of(version: Mapping[str, Any]) -> Body:
    """What a live version says."""
    told: Body = {"name": str(version["name"])}
    if version.get("description"):
        told["description"] = version["description"]
    told["tools"] = [_tool_from_wire(tool) for tool in version.get("tools") or ()]
    skills = [
        {key: skill[key] for key in ("name", "version") if skill.get(key)}
        for skill in version.get("skills") or ()
    ]
    if skills:
        told["skills"] = skills
    policy = ((version.get("policies") or {}).get("rai_config") or {}).get("rai_policy_name")
    if policy:
        told["content_filter"] = policy
    told["metadata"] = {str(key): str(value) for key, value in (version.get("metadata") or {}).items()}
    return told


def _tool(tool: Mapping[str, Any]) -> Body:
    kind = str(tool["type"])
    body: Body = {"type": _BARE[kind]} if kind in _BARE else agents.tool_body(tool)
    if kind == "shell":
        # A toolbox has no machine of a caller to fall back on.
        body.setdefault("environment", {"type": "container_auto"})
    # The files are the caller's where a toolbox names no store.
    if kind == "file_search" and not body["vector_store_ids"]:
        del body["vector_store_ids"]
    body["name"] = tool["name"]
    if tool.get("description") and kind != _OWN_DESCRIPTION:
        body["description"] = tool["description"]
    if tool.get("tool_configs"):
        body["tool_configs"] = {name: dict(config) for name, config in tool["tool_configs"].items()}
    return body


def _tool_from_wire(tool: Mapping[str, Any]) -> Body:
    labels = {key: tool[key] for key in ("name", "description", "tool_configs") if tool.get(key)}
    rest = {key: value for key, value in tool.items() if key not in ("name", "description", "tool_configs")}
    bare = next((ours for ours, theirs in _BARE.items() if rest.get("type") == theirs), None)
    if bare is not None:
        return {"name": bare, "type": bare, **labels}
    told = agents.tool_of(rest)
    if told.get("type") not in TOOL_TYPES:
        told = {"name": str(rest.get("type")), "type": "raw", "body": rest}
    if told["type"] == _OWN_DESCRIPTION:
        labels.pop("description", None)
    return {**told, **labels}
