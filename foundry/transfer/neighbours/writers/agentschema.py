"""AgentSchema's prompt agents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from foundry.model import Tool
from foundry.transfer.neighbours.fields import put
from foundry.transfer.neighbours.property_schema import from_json_schema
from foundry.transfer.neighbours.writers.writing import Writing
from foundry.transfer.yaml_text import yaml_text


def write(writing: Writing) -> str:
    """An agent's YAML."""
    agent = writing.agent
    told: dict[str, Any] = {"kind": "prompt", "name": agent.service_name}
    writing.describe(told)
    options: dict[str, Any] = {"kind": "chat"}
    put(options, "temperature", agent.temperature)
    put(options, "topP", agent.top_p)
    told["model"] = {
        "id": writing.model(),
        "provider": "azure",
        **({"options": options} if len(options) > 1 else {}),
    }
    writing.instruct(told)
    put(told, "tools", writing.tools(write_tool))
    put(told, "outputSchema", output_schema(writing))
    return yaml_text(told)


def write_tool(writing: Writing, where: str, tool: Tool) -> dict[str, Any] | None:
    """A tool; None, told as lost, for one that the format doesn't have."""
    settings = tool.settings
    match tool.type:
        case "function":
            made: dict[str, Any] = {"name": tool.name, "kind": "function"}
            put(made, "description", settings.get("description") and writing.text(settings["description"]))
            made["parameters"] = parameters(writing, where, settings)
            writing.rest(where, settings, "description", "parameters")
            return made
        case "file_search":
            made = {
                "name": tool.name,
                "kind": "file_search",
                "connection": {
                    "kind": "foundry",
                    "endpoint": writing.endpoint(),
                    "authenticationMode": "system",
                },
                "vectorStoreIds": writing.stores(settings),
            }
            put(made, "maximumResultCount", settings.get("max_num_results"))
            ranking = settings.get("ranking_options") or {}
            put(made, "ranker", ranking.get("ranker"))
            put(made, "scoreThreshold", ranking.get("score_threshold"))
            writing.rest(
                where, settings, "vector_stores", "vector_store_ids", "max_num_results", "ranking_options"
            )
            return made
        case "code_interpreter":
            made = {"name": tool.name, "kind": "code_interpreter"}
            put(made, "fileIds", writing.files(tool))
            writing.rest(where, settings, "file_ids")
            return made
        case "mcp":
            return write_mcp(writing, where, tool, {"connection": {
                "kind": "anonymous", "endpoint": str(settings["server_url"]), "authenticationMode": "system"},
                "serverName": tool.name})  # fmt: skip
        case "openapi":
            return _openapi(writing, where, tool)
        case "bing_grounding":
            made = {
                "name": tool.name,
                "kind": "bing_search",
                "connection": {
                    "kind": "reference",
                    "name": settings["connection"],
                    "authenticationMode": "system",
                },
            }
            options = {
                key: settings[key] for key in ("market", "set_lang", "count", "freshness") if key in settings
            }
            put(made, "options", options)
            return made
        case _:
            writing.no_place(where, tool)
            return None


def write_mcp(writing: Writing, where: str, tool: Tool, address: dict[str, Any]) -> dict[str, Any]:
    """An MCP server; `address` is where the format says how it is reached."""
    settings = tool.settings
    made: dict[str, Any] = {"name": tool.name, "kind": "mcp", **address}
    approval = settings.get("require_approval", "always")
    if isinstance(approval, Mapping):
        lists = {
            f"{when}RequireApprovalTools": tool_names(
                writing, f"{where}.require_approval.{when}", approval.get(when)
            )
            for when in ("always", "never")
        }
        made["approvalMode"] = {"kind": "specify", **lists}
    else:
        made["approvalMode"] = {"kind": approval}
    put(made, "allowedTools", tool_names(writing, f"{where}.allowed_tools", settings.get("allowed_tools")))
    writing.rest(where, settings, "server_url", "allowed_tools", "require_approval")
    return made


def tool_names(writing: Writing, where: str, tools: Any) -> list[str]:
    """The names of a server's tools; what is said of them otherwise is lost."""
    if not isinstance(tools, Mapping):
        return list(tools or ())
    if "read_only" in tools:
        writing.lose(f"{where}.read_only", "the format knows tools by name alone")
    return list(tools.get("tool_names") or ())


def _openapi(writing: Writing, where: str, tool: Tool) -> dict[str, Any]:
    settings = tool.settings
    spec = dict(settings["spec"])
    if settings.get("server_url"):
        spec["servers"] = [{"url": writing.text(settings["server_url"])}]
    filename = f"{writing.agent.name}-{tool.name}.openapi.json"
    writing.beside[filename] = json.dumps(spec, indent=2, ensure_ascii=False) + "\n"
    auth = settings.get("auth") or {"type": "anonymous"}
    servers = spec.get("servers") or [{}]
    if auth.get("type") == "connection":
        connection = {"kind": "reference", "name": auth["connection"], "authenticationMode": "system"}
    else:
        if auth.get("type") != "anonymous":
            writing.lose(f"{where}.auth", "the format has no such log-in for OpenAPI")
        connection = {
            "kind": "anonymous",
            "endpoint": str(servers[0].get("url", "")),
            "authenticationMode": "system",
        }
    made = {"name": tool.name, "kind": "openapi", "connection": connection, "specification": f"./{filename}"}
    put(made, "description", settings.get("description") and writing.text(settings["description"]))
    writing.rest(where, settings, "spec", "server_url", "auth", "description")
    return made


def parameters(writing: Writing, where: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a function, in AgentSchema's form."""
    schema = settings.get("parameters") or {"type": "object", "properties": {}}
    return from_json_schema(schema, writing.lose, f"{where}.parameters")


def output_schema(writing: Writing) -> dict[str, Any] | None:
    """The form of answers; None, told as lost, where it has no place."""
    form = writing.agent.response_format
    if not isinstance(form, Mapping):
        return None
    if form.get("type") != "json_schema":
        writing.lose("response_format", f"{form.get('type')}: only a schema has a place")
        return None
    schema = form.get("schema")
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        writing.lose("response_format.schema", "only objects have a place")
        return None
    return from_json_schema(schema, writing.lose, "response_format.schema")
