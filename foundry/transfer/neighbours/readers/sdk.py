"""What the official clients print: assistants, and versions of agents."""

from __future__ import annotations

import re
from typing import Any

from foundry.manifest.marked import Mapping as Marked
from foundry.manifest.marked import plain
from foundry.service.classic_bodies import definition_of
from foundry.service.live import LiveAgent
from foundry.transfer.declared import declared_fields
from foundry.transfer.foreign import Document, Foreign
from foundry.transfer.names import Names
from foundry.transfer.neighbours.fields import Beside, Fields, Notes, put
from foundry.transfer.neighbours.readers.agentschema import take_metadata


def read_assistant(tree: Marked, notes: Notes, _beside: Beside) -> Document:
    """An agent of the classic service."""
    body = plain(tree)
    definition = definition_of(body)
    live = LiveAgent(str(body.get("id") or ""), 0, definition, definition["metadata"], body)
    told, lost = declared_fields(live, Names())
    notes.losses += lost
    name = str(told.pop("service_name") or "")
    identifier = str(body["id"]) if str(body.get("id", "")).startswith("asst_") else None
    return Document((Foreign(name, told, identifier),))


def read_version(tree: Marked, notes: Notes, _beside: Beside) -> Document:
    """A version of an agent of the newer service, as its clients and the portal's export have it."""
    fields = Fields(tree, notes)
    for key in ("object", "id", "version", "created_at", "status", "draft", "kind"):
        fields.take(key)
    name = str(fields.take("name") or "")
    told: dict[str, Any] = {}
    put(told, "description", fields.take("description"))
    take_metadata(fields, told)
    inside = fields.inside("definition") if "definition" in fields else fields
    inside.take("kind")
    told["model"] = inside.take("model")
    for key in ("instructions", "temperature", "top_p"):
        put(told, key, inside.take(key))
    form = (inside.take("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        told["response_format"] = {
            key: form[key] for key in ("type", "name", "description", "schema") if form.get(key)
        }
    elif form.get("type") == "json_object":
        told["response_format"] = {"type": "json_object"}
    inside.lose(
        ("reasoning", "tool_choice", "structured_inputs", "rai_config"), "only the dialect versioned has it"
    )
    tools: dict[str, Any] = {}
    for number, (_, tool) in enumerate(inside.named("tools"), start=1):
        key, made = _version_tool(tool)
        if made is not None:
            tools[re.sub(r"[^A-Za-z0-9_-]+", "_", key) or f"tool_{number}"] = made
        tool.done()
    put(told, "tools", tools)
    fields.done()
    if inside is not fields:
        inside.done()
    return Document((Foreign(name, told),))


def _version_tool(tool: Fields) -> tuple[str, dict[str, Any] | None]:
    kind = str(tool.take("type") or "").removesuffix("_preview")
    made: dict[str, Any] = {"type": kind}
    match kind:
        case "file_search":
            for key in ("vector_store_ids", "max_num_results", "ranking_options"):
                put(made, key, tool.take(key))
            return kind, made
        case "function":
            name = str(tool.take("name"))
            put(made, "description", tool.take("description"))
            put(made, "parameters", tool.take("parameters"))
            tool.lose(("strict",), "only the dialect versioned has strict functions")
            return name, made
        case "mcp":
            made["server_url"] = tool.take("server_url")
            put(made, "allowed_tools", tool.take("allowed_tools"))
            put(made, "require_approval", tool.take("require_approval"))
            tool.lose(("project_connection_id",), "a classic agent's MCP server has no connection")
            return str(tool.take("server_label") or kind), made
        case "code_interpreter":
            tool.lose(("container",), "the files of a container: list them by hand")
            return kind, made
        case "openapi":
            inner = tool.inside("openapi")
            auth = inner.take("auth") or {}
            scheme = auth.get("security_scheme") or {}
            made["spec"] = inner.take("spec") or {}
            made["auth"] = {"type": auth.get("type", "anonymous")}
            connection = scheme.get("project_connection_id") or scheme.get("connection_id")
            if connection:
                made["auth"] = {"type": "connection", "connection": str(connection).rsplit("/", 1)[-1]}
            if scheme.get("audience"):
                made["auth"]["audience"] = scheme["audience"]
            put(made, "description", inner.take("description"))
            put(made, "default_params", inner.take("default_params"))
            inner.take("functions")
            name = str(inner.take("name"))
            inner.done()
            return name, made
        case "azure_ai_search":
            indexes = (tool.take("azure_ai_search") or {}).get("indexes") or [{}]
            index = indexes[0]
            made["connection"] = str(index.get("project_connection_id") or "").rsplit("/", 1)[-1]
            for key in ("index_name", "query_type", "top_k", "filter"):
                put(made, key, index.get(key))
            return kind, made
        case _:
            tool.lost("", f"a tool of type {kind}: declare it by hand")
            tool.everything()
            return kind, None
