"""The VS Code extension's `agent/1.0.0`."""

from __future__ import annotations

from typing import Any

from foundry.model import FoundryError, Tool
from foundry.transfer.neighbours.fields import put
from foundry.transfer.neighbours.writers.agentschema import tool_names
from foundry.transfer.neighbours.writers.writing import Writing
from foundry.transfer.yaml_text import yaml_text


def write(writing: Writing) -> str:
    """An agent's YAML. Raises FoundryError for a temperature that the extension refuses."""
    agent = writing.agent
    if agent.temperature is not None and agent.temperature > 1:
        raise FoundryError(
            f"the VS Code extension takes temperatures up to 1, and the agent has {agent.temperature}",
            fix="lower it, or leave it out",
        )
    told: dict[str, Any] = {"version": "1.0.0", "name": agent.service_name}
    if agent.description is not None:
        told["description"] = writing.text(agent.description)
    for key in agent.metadata:
        writing.lose(f"metadata.{key}", "the format has author and tag alone")
    options: dict[str, Any] = {}
    put(options, "temperature", agent.temperature)
    put(options, "top_p", agent.top_p)
    told["model"] = {"id": writing.model(), **({"options": options} if options else {})}
    told["instructions"] = writing.text(agent.instructions) if agent.instructions is not None else ""
    if agent.response_format is not None:
        writing.lose("response_format", "the format has none")
    put(told, "tools", writing.tools(_tool))
    return yaml_text(told)


def _tool(writing: Writing, where: str, tool: Tool) -> dict[str, Any] | None:
    settings = tool.settings
    match tool.type:
        case "file_search":
            writing.rest(where, settings, "vector_stores", "vector_store_ids")
            return {"type": "file_search", "options": {"vector_store_ids": writing.stores(settings)}}
        case "code_interpreter":
            files = writing.files(tool)
            writing.rest(where, settings, "file_ids")
            return {"type": "code_interpreter", **({"options": {"file_ids": files}} if files else {})}
        case "bing_grounding":
            told = {
                key: settings[key] for key in ("market", "set_lang", "freshness", "count") if key in settings
            }
            connection = writing.connection(settings["connection"])
            return {"type": "bing_grounding", "options": {"tool_connections": [connection], **told}}
        case "openapi":
            spec = dict(settings["spec"])
            if settings.get("server_url"):
                spec["servers"] = [{"url": writing.text(settings["server_url"])}]
            auth = dict(settings.get("auth") or {"type": "anonymous"})
            scheme = {key: value for key, value in auth.items() if key == "audience"}
            if "connection" in auth:
                scheme["connection_id"] = writing.connection(str(auth["connection"]))
            made: dict[str, Any] = {"type": "openapi", "id": tool.name}
            put(made, "description", settings.get("description") and writing.text(settings["description"]))
            made["options"] = {
                "specification": spec,
                "auth": {"type": auth["type"], **({"security_scheme": scheme} if scheme else {})},
            }
            writing.rest(where, settings, "spec", "server_url", "auth", "description")
            return made
        case "mcp":
            options = {"server_url": settings["server_url"]}
            allowed = tool_names(writing, f"{where}.allowed_tools", settings.get("allowed_tools"))
            put(options, "allowed_tools", allowed)
            writing.rest(where, settings, "server_url", "allowed_tools")
            return {"type": "mcp", "id": tool.name, "options": options}
        case _:
            writing.no_place(where, tool)
            return None
