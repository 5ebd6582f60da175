"""Live tools of agents and toolboxes as declarations have them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from foundry.manifest.schema import schema_of
from foundry.transfer.document import Writing
from foundry.transfer.names import Names

_TOOL_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Tools whose key in a declaration is their name at the service; a key of any other is a word of the declaration's own.
_NAMED_ON_THE_WIRE: Final = frozenset(
    (
        "function",
        "openapi",
        "azure_function",
        "connected_agent",
        "mcp",
        "capture_structured_outputs",
        "custom",
        "namespace",
        "system",
    )
)
_TOOL_DEFINITIONS: Final = {"Agent": "tool_", "Toolbox": "toolbox_"}
"""What the names of tools' schemas begin with, by kind."""
_OF_PROJECT: Final = re.compile(r"/projects/[^/]+/connections/[^/]+$", re.IGNORECASE)


def skills_tree(skills: Collection[Mapping[str, Any]], to: Names) -> list[Any]:
    """References to skills, as an agent or a toolbox declares them."""
    return [
        to.skills.get((str(skill.get("name")), skill.get("version")))
        or {key: skill[key] for key in ("name", "version") if skill.get(key)}
        for skill in skills
    ]


def tools_tree(
    tools: Collection[Mapping[str, Any]], to: Names, writing: Writing, *, kind: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tools of an Agent or a Toolbox (`kind`) by their keys; `writing` is told of what can't be said."""
    seen: set[str] = set()
    known = schema_of(kind)["$defs"]
    prefix = _TOOL_DEFINITIONS[kind]
    for tool in tools:
        word = str(tool.get("type"))
        name = str(tool.get("name") or word)
        path = f"tools.{name}"
        if f"{prefix}{word}" not in known or ("body" in tool and word != "raw"):
            writing.lose(path, f"the format has no tool of type {word}")
            continue
        if not _TOOL_KEY.fullmatch(name):
            writing.lose(path, "this name can't be the key of a tool: letters, digits, `_` and `-`, up to 64")
            continue
        if name in seen and (kind == "Toolbox" or word in _NAMED_ON_THE_WIRE):
            writing.lose(path, "a second tool of this name; keys are unique")
            continue
        if name in seen:
            name = next(f"{name}_{number}" for number in range(2, 200) if f"{name}_{number}" not in seen)
        seen.add(name)
        if kind == "Agent" and word == "mcp" and tool.get("server_url") in to.toolboxes:
            yield name, _toolbox(tool, to, writing)
            continue
        yield name, _tool(name, tool, known[f"{prefix}{word}"]["properties"], to, writing)


def _toolbox(tool: Mapping[str, Any], to: Names, writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {"type": "toolbox", "toolbox": to.toolboxes[str(tool["server_url"])]}
    connection = str(tool.get("connection_id") or "")
    if not connection:
        writing.lose(
            f"tools.{tool.get('name')}", "it calls a toolbox without a connection that authorises it"
        )
    elif _OF_PROJECT.search(connection):
        tree["connection"] = writing.connection(connection)
    else:
        tree["connection_id"] = writing.inline(connection)
    more = ("allowed_tools", "require_approval")
    return tree | {key: writing.inside(tool[key]) for key in more if tool.get(key)}


def _tool(
    name: str, tool: Mapping[str, Any], fields: Collection[str], to: Names, writing: Writing
) -> dict[str, Any]:
    kind = str(tool.get("type"))
    told = {key: value for key, value in tool.items() if key not in {"name", "type"} and value is not None}
    tree: dict[str, Any] = {"type": kind}
    if told.get("description"):
        tree["description"] = writing.inline(str(told.pop("description")))
    told.pop("description", None)
    match kind:
        case "file_search":
            tree |= _searched_stores(told.pop("vector_store_ids", None) or [], to)
        case "code_interpreter" | "shell":
            tree |= writing.inside(_code_files(told, to))
        case "azure_ai_search":
            tree |= _index(told, to, writing)
        case "openapi":
            tree |= _openapi(name, told, writing)
        case "azure_function":
            tree |= _azure_function(name, told, to, writing)
        case "connected_agent":
            agent = str(told.pop("agent_id", ""))
            tree |= {"agent": to.agents[agent]} if agent in to.agents else {"agent_id": agent}
            tree.setdefault("description", "")
        case "function" | "tool_search":
            tree |= _schemas(name, told, writing)
        case "namespace":
            inside = told.pop("tools", None) or []
            tree["tools"] = {str(one.get("name")): _one_of_namespace(one, writing) for one in inside}
        case "microsoft_copilot_toolset" | "github_copilot_toolset":
            configs = {one["name"]: {**one} for one in told.pop("configs", None) or []}
            for one in configs.values():
                del one["name"]
            tree |= {"configs": configs} if configs else {}
        case "capture_structured_outputs":
            tree["schema"] = writing.schema("formats", name, told.pop("schema", {}))
        case "toolbox":
            tree |= writing.inside({"toolbox_name": told.pop("toolbox_name", "")})
            tree |= {"version": told.pop("toolbox_version")} if "toolbox_version" in told else {}
        case "memory_search" if told.get("memory_store_name") in to.memories:
            tree["memory_store"] = to.memories[told.pop("memory_store_name")]
    if told.get("connection_id"):
        tree["connection"] = writing.connection(str(told.pop("connection_id")))
    custom = dict(told.pop("custom_search_configuration", None) or {})
    if custom:
        connection = writing.connection(str(custom.pop("connection_id", "")))
        tree["custom_search_configuration"] = {"connection": connection, **writing.inside(custom)}
    for key, value in told.items():
        if value in (None, [], {}):
            continue
        if key in fields:
            tree[key] = writing.inside(value)
        else:
            writing.lose(f"tools.{name}.{key}", f"a tool of type {kind} has no such field in the format")
    return tree


def _schemas(name: str, told: dict[str, Any], writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    if told.get("strict") is False:
        del told["strict"]
    if told.get("parameters") is not None:
        tree["parameters"] = writing.schema("formats", name, told.pop("parameters"))
    if told.get("output_schema") is not None:
        tree["output_schema"] = writing.schema("formats", f"{name}-answer", told.pop("output_schema"))
    return tree


def _one_of_namespace(tool: Mapping[str, Any], writing: Writing) -> dict[str, Any]:
    told = {key: value for key, value in tool.items() if key != "name" and value not in (None, [], {})}
    schemas = _schemas(str(tool.get("name")), told, writing)
    return {**{key: writing.inside(value) for key, value in told.items()}, **schemas}


def _searched_stores(ids: Collection[str], to: Names) -> dict[str, Any]:
    if ids and all(store in to.stores for store in ids):
        return {"vector_stores": [to.stores[store] for store in ids]}
    return {"vector_store_ids": list(ids)} if ids else {}


def _code_files(told: dict[str, Any], to: Names) -> dict[str, Any]:
    ids, sources = told.pop("file_ids", None) or [], told.pop("data_sources", None) or []
    if sources:
        return {
            "data_sources": [
                {"type": source.get("type"), "uri": source.get("uri") or source.get("id")}
                for source in sources
            ]
        }
    if ids and all(file in to.files for file in ids):
        return {"files": [to.files[file] for file in ids]}
    return {"file_ids": list(ids)} if ids else {}


def _index(told: dict[str, Any], to: Names, writing: Writing) -> dict[str, Any]:
    connection, index = str(told.pop("index_connection_id", "")), str(told.pop("index_name", ""))
    if not connection and told.get("index_asset_id") in to.assets:
        return {"index_asset": to.assets[told.pop("index_asset_id")]}
    if not connection:
        return {}
    if index in to.indexes and connection.lower() in to.search_connections:
        return {"index": to.indexes[index]}
    return {"connection": writing.connection(connection), "index_name": index}


def _openapi(name: str, told: dict[str, Any], writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {"spec": writing.schema("openapi", name, told.pop("spec", {}))}
    auth = dict(told.pop("auth", None) or {"type": "anonymous"})
    if auth.get("connection_id"):
        auth["connection"] = writing.connection(str(auth.pop("connection_id")))
    tree["auth"] = writing.inside(auth)
    return tree


def _azure_function(name: str, told: dict[str, Any], to: Names, writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    if told.get("parameters") is not None:
        tree["parameters"] = writing.schema("formats", name, told.pop("parameters"))
    for end in ("input_queue", "output_queue"):
        queue = told.pop(end, None) or {}
        known = (str(queue.get("endpoint", "")).rstrip("/"), str(queue.get("queue_name", "")))
        tree[end] = to.queues.get(known) or writing.inside(queue)
    return tree
