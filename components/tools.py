"""Declared tools as an agent's definition has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foundry import model

from .references import References, called, deployment, filled, one_of, told_of

_CONNECTED = frozenset(
    {
        "bing_grounding",
        "bing_custom_search",
        "sharepoint_grounding",
        "fabric_dataagent",
        "browser_automation",
        "mcp",
        "deep_research",
        "a2a",
        "work_iq",
        "fabric_iq",
        "web_iq",
        "toolbox",
    }
)


def tool_definition(tool: model.Tool, to: References) -> dict[str, Any]:
    """A tool with every name in it replaced by what it stands for."""
    settings = {key: filled(value, to) for key, value in tool.settings.items()}
    resolved: dict[str, Any] = {"name": tool.name, "type": tool.type}
    match tool.type:
        case "file_search" if "vector_stores" in settings:
            stores = settings.pop("vector_stores")
            resolved["vector_store_ids"] = [told_of(to.stores, "vector store", store) for store in stores]
        case "code_interpreter" | "shell" if tool.files:
            settings.pop("files", None)
            resolved["file_ids"] = [
                called(to.files[file.path], f"id of file {file.path}") for file in tool.files
            ]
        case "azure_ai_search":
            resolved |= _searched(settings, to)
        case "openapi":
            resolved |= _openapi(settings, to)
        case "azure_function":
            for end in ("input_queue", "output_queue"):
                resolved[end] = _queue(settings.pop(end), to)
        case "connected_agent" if "agent" in settings:
            resolved["agent_id"] = told_of(to.agents, "agent", settings.pop("agent"))
        case "memory_search" if "memory_store" in settings:
            resolved["memory_store_name"] = told_of(
                to.memories, "memory store", settings.pop("memory_store"), what="name"
            )
        case "toolbox":
            # Agents know toolboxes as MCP servers only.
            resolved["type"] = "mcp"
            resolved["server_url"] = told_of(to.toolboxes, "toolbox", settings.pop("toolbox"), what="address")
        case "logic_app":
            # The service knows no such tool: the calling program runs the workflow as it runs any function.
            resolved["type"] = "function"
            settings = {key: settings[key] for key in ("description", "parameters") if key in settings}
    if "custom_search_configuration" in settings:
        custom = dict(settings.pop("custom_search_configuration"))
        connection = told_of(to.connections, "connection", custom.pop("connection"))
        resolved["custom_search_configuration"] = {"connection_id": connection, **custom}
    if tool.type in _CONNECTED and "connection" in settings:
        resolved["connection_id"] = told_of(to.connections, "connection", settings.pop("connection"))
    if tool.type in ("deep_research", "image_generation") and "model" in settings:
        resolved["model"] = deployment(settings.pop("model"), to)
    return {**resolved, **settings}


def _searched(settings: dict[str, Any], to: References) -> dict[str, Any]:
    if "index" in settings:
        return {
            "index_connection_id": called(to.search_connection, "id of the search connection"),
            "index_name": told_of(to.indexes, "search index", settings.pop("index"), what="name"),
        }
    if "index_asset" in settings:
        return {"index_asset_id": told_of(to.index_assets, "index asset", settings.pop("index_asset"))}
    if "connection" in settings:
        return {"index_connection_id": told_of(to.connections, "connection", settings.pop("connection"))}
    return {}


def _openapi(settings: dict[str, Any], to: References) -> dict[str, Any]:
    spec = settings.pop("spec")
    server = settings.pop("server_url", None)
    auth = dict(settings.pop("auth", None) or {"type": "anonymous"})
    if "connection" in auth:
        auth["connection_id"] = told_of(to.connections, "connection", auth.pop("connection"))
    return {"spec": {**spec, "servers": [{"url": server}]} if server else spec, "auth": auth}


def _queue(declared: str | Mapping[str, Any], to: References) -> dict[str, Any]:
    if isinstance(declared, str):
        queue = one_of(to.queues, "queue", declared)
        return {
            "endpoint": called(queue.endpoint, f"endpoint of queue {declared}"),
            "queue_name": called(queue.name, f"name of queue {declared}"),
        }
    return dict(declared)
