"""A definition of the versioned dialect, put as the responder reads agents: tools beside the resources they work on."""

import re
from collections.abc import Iterator
from typing import Any, Final

from foundry.sandbox.emulator.openai.errors import missing_input
from foundry.sandbox.emulator.projects.errors import invalid

Body = dict[str, Any]

_TEXT: Final[Body] = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}


def _auth(auth: Body) -> Body:
    if auth["type"] != "project_connection":
        return auth
    return {
        "type": "connection",
        "security_scheme": {"connection_id": auth["security_scheme"]["project_connection_id"]},
    }


def _allowed(tool: Body) -> list[str]:
    allowed = tool.get("allowed_tools")
    if isinstance(allowed, dict):
        allowed = allowed.get("tool_names")
    return allowed or []


def _tool(tool: Body, resources: Body) -> Body:
    """The tool; what it works on is added to the resources."""
    sort = tool["type"]
    match sort:
        case "function":
            function = {name: tool.get(name) for name in ("name", "description", "parameters")}
            return {"type": sort, "function": function | {"parameters": function["parameters"] or {}}}
        case "custom":
            # It is called with a text, which the responder knows as an argument.
            custom = {name: tool.get(name) for name in ("name", "description")}
            return {"type": sort, "function": custom | {"parameters": dict(_TEXT)}}
        case "file_search":
            stores = resources.setdefault(sort, {}).setdefault("vector_store_ids", [])
            stores += [identity for identity in tool["vector_store_ids"] if identity not in stores]
            options = ("max_num_results", "ranking_options", "filters")
            return {"type": sort, sort: {name: tool[name] for name in options if name in tool}}
        case "code_interpreter":
            container = tool.get("container")
            files = container.get("file_ids") if isinstance(container, dict) else None
            resources.setdefault(sort, {})["file_ids"] = files or []
            return {"type": sort}
        case "azure_ai_search":
            resources[sort] = {
                "indexes": [
                    {**index, "index_connection_id": index.get("project_connection_id")}
                    for index in tool[sort]["indexes"]
                ]
            }
            return {"type": sort}
        case "openapi":
            return {"type": sort, sort: {**tool[sort], "auth": _auth(tool[sort]["auth"])}}
        case "mcp":
            label = tool["server_label"]
            approval = tool.get("require_approval")
            headers = dict(tool.get("headers") or {})
            if tool.get("authorization"):
                headers["Authorization"] = f"Bearer {tool['authorization']}"
            resources.setdefault(sort, []).append(
                {"server_label": label, "headers": headers, "require_approval": approval or "always"}
            )
            told = {
                "server_label": label,
                "server_url": tool.get("server_url"),
                "allowed_tools": _allowed(tool),
                "project_connection_id": tool.get("project_connection_id"),
            }
            return {"type": sort} | told
    return tool


def _filled(instructions: str, given: Body) -> str:
    """Instructions with `{{name}}` replaced by the structured inputs."""

    def value(found: re.Match[str]) -> str:
        return str(given[found.group(1)]) if found.group(1) in given else found.group()

    return re.sub(r"\{\{\s*(\w+)\s*\}\}", value, instructions)


def inputs_of(definition: Body, given: Body | None) -> Body:
    """Structured inputs with their defaults; raises 400 for one that is missing or isn't declared."""
    declared = definition.get("structured_inputs") or {}
    given = given or {}
    for name in given:
        if name not in declared:
            raise invalid(f"The agent declares no structured input '{name}'.", f"structured_inputs.{name}")
    found = {}
    for name, about in declared.items():
        if name in given:
            found[name] = given[name]
        elif about.get("default_value") is not None:
            found[name] = about["default_value"]
        elif about.get("required"):
            raise missing_input(name)
    return found


def agent_of(identity: str, name: str, definition: Body, inputs: Body) -> Body:
    """The agent that the responder asks.

    Args:
        identity: Tells it apart.
        name: What rules for it are filed under.
        definition: A definition of kind `prompt`, or the fields of a response that names a model.
        inputs: Structured inputs by name.
    """
    resources: Body = {}
    tools = list(_tools(definition, resources))
    return {
        "id": identity,
        "name": name,
        "description": definition.get("description"),
        "instructions": _filled(definition.get("instructions") or "", inputs) or None,
        "model": definition["model"],
        "temperature": definition.get("temperature"),
        "top_p": definition.get("top_p"),
        "tools": _chosen(tools, definition.get("tool_choice")),
        "tool_resources": resources,
    }


def _tools(definition: Body, resources: Body) -> Iterator[Body]:
    """The tools; those of a namespace stand beside the others and say which it is."""
    for tool in definition.get("tools") or []:
        if tool["type"] != "namespace":
            yield _tool(tool, resources)
            continue
        for inner in tool["tools"]:
            yield _tool(inner, resources) | {"namespace": tool["name"]}


def _chosen(tools: list[Body], choice: Any) -> list[Body]:
    """The tools a tool choice leaves."""
    if choice == "none":
        return []
    if not isinstance(choice, dict) or choice["type"] == "allowed_tools":
        return tools
    kept = [tool for tool in tools if tool["type"] == choice["type"]]
    if choice["type"] in ("function", "custom"):
        return [tool for tool in kept if tool["function"]["name"] == choice["name"]]
    if choice["type"] == "mcp":
        return [tool for tool in kept if tool["server_label"] == choice["server_label"]]
    return kept
