"""The Agent Framework's declarative agents: AgentSchema's fields, some under other names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from foundry.model import Tool
from foundry.transfer.neighbours.fields import put
from foundry.transfer.neighbours.writers.agentschema import output_schema, parameters, write_mcp
from foundry.transfer.neighbours.writers.writing import Writing
from foundry.transfer.yaml_text import yaml_text


def write(writing: Writing) -> str:
    """An agent's YAML."""
    agent = writing.agent
    told: dict[str, Any] = {
        "kind": "Prompt",
        "name": re.sub(r"[^A-Za-z0-9]+", "", agent.service_name.title()),
    }
    if told["name"] != agent.service_name:
        writing.lose("service_name", f"written as {told['name']}: letters and digits")
    writing.describe(told)
    options: dict[str, Any] = {}
    put(options, "temperature", agent.temperature)
    put(options, "topP", agent.top_p)
    told["model"] = {"id": writing.model(), **({"options": options} if options else {})}
    writing.instruct(told)
    put(told, "tools", writing.tools(_tool))
    put(told, "outputSchema", _retyped(output_schema(writing)))
    return yaml_text(told)


def _tool(writing: Writing, where: str, tool: Tool) -> dict[str, Any] | None:
    settings = tool.settings
    match tool.type:
        case "function":
            made: dict[str, Any] = {"kind": "function", "name": tool.name}
            put(made, "description", settings.get("description") and writing.text(settings["description"]))
            made["parameters"] = _retyped(parameters(writing, where, settings))
            writing.rest(where, settings, "description", "parameters")
            return made
        case "file_search":
            made = {"kind": "file_search", "name": tool.name, "vectorStoreIds": writing.stores(settings)}
            put(made, "maximumResultCount", settings.get("max_num_results"))
            writing.rest(where, settings, "vector_stores", "vector_store_ids", "max_num_results")
            return made
        case "code_interpreter":
            made = {"kind": "code_interpreter", "name": tool.name}
            put(made, "fileIds", writing.files(tool))
            writing.rest(where, settings, "file_ids")
            return made
        case "mcp":
            return write_mcp(writing, where, tool, {"url": str(settings["server_url"])})
        case _:
            writing.no_place(where, tool)
            return None


def _retyped(told: Any) -> Any:
    """The Agent Framework writes `type` and `enum` where AgentSchema has `kind` and `enumValues`."""
    if isinstance(told, Mapping):
        words = {"kind": "type", "enumValues": "enum"}
        return {words.get(key, key): _retyped(item) for key, item in told.items()}
    return [_retyped(item) for item in told] if isinstance(told, list) else told
