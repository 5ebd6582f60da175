"""Definitions and the bodies of the classic Agent Service, in both directions.

Shapes: models of azure-ai-agents 1.1 and, for preview tools, of azure-ai-agents 1.2.0b6.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

Body = dict[str, Any]

STABLE: Final = "v1"
PREVIEW: Final = "2025-05-15-preview"
# As they are called on the wire.
PREVIEW_TOOLS: Final = frozenset(
    {
        "mcp",
        "deep_research",
        "sharepoint_grounding",
        "fabric_dataagent",
        "bing_custom_search",
        "browser_automation",
        "computer_use_preview",
    }
)

# What an empty value of each tool resource looks like: the only way to take one away from an agent that has it.
_CLEARED: Final[Mapping[str, Any]] = {
    "file_search": {"vector_store_ids": []},
    "code_interpreter": {"file_ids": []},
    "azure_ai_search": {"indexes": []},
    "mcp": [],
}
_SCALARS: Final = ("name", "description", "model", "instructions", "temperature", "top_p")
_DEFAULTED: Final = frozenset({"temperature", "top_p"})
_BING: Final = ("connection_id", "instance_name", "market", "set_lang", "count", "freshness")


def api_version(body: Mapping[str, Any]) -> str:
    """The version that knows all that a body says of tools: the stable one wherever that is enough."""
    kinds = {tool.get("type") for tool in body.get("tools") or ()}
    said = kinds | set(body.get("tool_resources") or ())
    return PREVIEW if said & PREVIEW_TOOLS else STABLE


def create_body(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> Body:
    """The body that makes an agent: what is declared, and nothing else."""
    body: Body = {key: definition[key] for key in _SCALARS if definition.get(key) is not None}
    if definition.get("response_format") is not None:
        body["response_format"] = _format_to_wire(definition["response_format"])
    tools, resources = _tools_to_wire(definition.get("tools") or ())
    if tools:
        body["tools"] = tools
    if resources:
        body["tool_resources"] = resources
    body["metadata"] = dict(metadata)
    return body


def update_body(
    live: Mapping[str, Any],
    definition: Mapping[str, Any],
    metadata: Mapping[str, str],
    *,
    reset: Collection[str] = (),
    only: Collection[str] | None = None,
) -> Body:
    """The body that makes a live agent what the definition says.

    A field left out of an update stays as it is, so what isn't declared is sent as null, and what only a former tool
    needed as an empty resource. Fields with a default of the service's are sent as null only where `reset` names them.
    """
    body: Body = {}
    for key in _SCALARS:
        value = definition.get(key)
        if value is not None or key in reset or key not in _DEFAULTED:
            body[key] = value
    declared = definition.get("response_format")
    body["response_format"] = "auto" if declared is None else _format_to_wire(declared)
    tools, resources = _tools_to_wire(definition.get("tools") or ())
    body["tools"] = tools
    left_over = {
        key: _CLEARED[key]
        for key, value in (live.get("tool_resources") or {}).items()
        if value and key in _CLEARED
    }
    if left_over or resources:
        body["tool_resources"] = {**left_over, **resources}
    if only is not None:
        wanted = {*only, *(["tool_resources"] if "tools" in only else [])}
        body = {key: value for key, value in body.items() if key in wanted}
    body["metadata"] = dict(metadata)
    return body


def definition_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a live agent's body says, in the fields of a definition."""
    told: dict[str, Any] = {key: body[key] for key in _SCALARS if body.get(key) is not None}
    if body.get("response_format") is not None:
        told["response_format"] = _format_from_wire(body["response_format"])
    told["metadata"] = {str(key): str(value) for key, value in (body.get("metadata") or {}).items()}
    resources = body.get("tool_resources") or {}
    told["tools"] = [_tool_from_wire(tool, resources) for tool in body.get("tools") or ()]
    return told


def store_body(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> Body:
    """The body that makes a vector store; files are attached afterwards."""
    body: Body = {"name": definition.get("name"), "metadata": dict(metadata)}
    if definition.get("expires_after_days") is not None:
        body["expires_after"] = _expiry(definition["expires_after_days"])
    if definition.get("data_sources"):
        body["configuration"] = {"data_sources": _sources_to_wire(definition["data_sources"])}
    return body


def store_update_body(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> Body:
    """The body that changes what a live vector store lets change."""
    days = definition.get("expires_after_days")
    return {
        "name": definition.get("name"),
        "expires_after": None if days is None else _expiry(days),
        "metadata": dict(metadata),
    }


def chunking_body(strategy: Mapping[str, Any]) -> Body:
    """The service's form of a chunking strategy."""
    if strategy.get("type") == "static":
        return {
            "type": "static",
            "static": _some(strategy, ("max_chunk_size_tokens", "chunk_overlap_tokens")),
        }
    return {"type": strategy.get("type", "auto")}


def batch_body(
    file_ids: Sequence[str],
    chunking_strategy: Mapping[str, Any] | None,
    attributes: Mapping[str, Mapping[str, Any]],
) -> Body:
    """The body that attaches files to a vector store as one batch; `attributes` by the id of the file."""
    chunking: Body = {"chunking_strategy": chunking_body(chunking_strategy)} if chunking_strategy else {}
    if not any(attributes.get(file_id) for file_id in file_ids):
        return {"file_ids": list(file_ids), **chunking}
    # Beside `files` what is said of the whole batch is ignored (model of openai 3.54).
    return {
        "files": [
            {
                "file_id": file_id,
                **({"attributes": attributes_body(told)} if (told := attributes.get(file_id)) else {}),
                **chunking,
            }
            for file_id in file_ids
        ]
    }


def attributes_body(attributes: Mapping[str, Any]) -> Body:
    """The service's form of a file's attributes: whole numbers, which Pulumi sends as floats, as whole numbers."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in attributes.items()
    }


def chunking_of(body: Any) -> Mapping[str, Any] | None:
    """How a file of a store was cut, in the declaration's form; None where the service doesn't tell (`other`)."""
    static = body.get("static") if isinstance(body, Mapping) else None
    return {"type": "static", **static} if isinstance(static, Mapping) else None


def _expiry(days: Any) -> Body:
    return {"anchor": "last_active_at", "days": days}


def _some(source: Mapping[str, Any], keys: Sequence[str]) -> Body:
    return {key: source[key] for key in keys if source.get(key) is not None}


def _format_to_wire(value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("type") == "json_schema" and "json_schema" not in value:
        return {
            "type": "json_schema",
            "json_schema": {key: item for key, item in value.items() if key != "type"},
        }
    return value


def _format_from_wire(value: Any) -> Any:
    if (
        isinstance(value, Mapping)
        and value.get("type") == "json_schema"
        and isinstance(value.get("json_schema"), Mapping)
    ):
        inner = {key: item for key, item in value["json_schema"].items() if item is not None}
        return {"type": "json_schema", **inner}
    return value


def _sources_to_wire(sources: Sequence[Mapping[str, Any]]) -> list[Body]:
    return [{"uri": source["uri"], "type": source["type"]} for source in sources]


def _sources_from_wire(sources: Sequence[Mapping[str, Any]]) -> list[Body]:
    return [{"type": source.get("type"), "uri": source.get("uri")} for source in sources]


def _tools_to_wire(tools: Sequence[Mapping[str, Any]]) -> tuple[list[Body], Body]:
    definitions: list[Body] = []
    resources: Body = {}
    for tool in tools:
        definition, resource = _TO_WIRE.get(str(tool["type"]), _as_it_is)(tool)
        definitions.append(definition)
        for key, value in resource.items():
            resources[key] = [*resources.get(key, []), *value] if isinstance(value, list) else value
    return definitions, resources


def _file_search(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    settings = _some(tool, ("max_num_results", "ranking_options"))
    definition: Body = {"type": "file_search", **({"file_search": settings} if settings else {})}
    return definition, {"file_search": {"vector_store_ids": list(tool.get("vector_store_ids") or ())}}


def _code_interpreter(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    if tool.get("data_sources"):
        resource: Body = {"data_sources": _sources_to_wire(tool["data_sources"])}
    else:
        resource = {"file_ids": list(tool.get("file_ids") or ())}
    return {"type": "code_interpreter"}, {"code_interpreter": resource}


def _azure_ai_search(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    index = _some(
        tool, ("index_connection_id", "index_name", "index_asset_id", "query_type", "top_k", "filter")
    )
    return {"type": "azure_ai_search"}, {"azure_ai_search": {"indexes": [index]}}


def _openapi(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    auth = tool.get("auth") or {"type": "anonymous"}
    scheme = {key: value for key, value in auth.items() if key != "type"}
    inner: Body = {
        "name": tool["name"],
        **_some(tool, ("description", "spec")),
        "auth": {"type": auth.get("type"), **({"security_scheme": scheme} if scheme else {})},
        **_some(tool, ("default_params",)),
    }
    return {"type": "openapi", "openapi": inner}, {}


def _azure_function(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    inner = {
        "function": {"name": tool["name"], **_some(tool, ("description", "parameters"))},
        "input_binding": _binding(tool["input_queue"]),
        "output_binding": _binding(tool["output_queue"]),
    }
    return {"type": "azure_function", "azure_function": inner}, {}


def _binding(queue: Mapping[str, Any]) -> Body:
    return {
        "type": "storage_queue",
        "storage_queue": {"queue_service_endpoint": queue["endpoint"], "queue_name": queue["queue_name"]},
    }


def _connected_agent(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    inner = {"id": tool["agent_id"], "name": tool["name"], "description": tool.get("description", "")}
    return {"type": "connected_agent", "connected_agent": inner}, {}


def _function(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    parameters = tool.get("parameters") or {"type": "object", "properties": {}}
    inner = {"name": tool["name"], **_some(tool, ("description",)), "parameters": parameters}
    return {"type": "function", "function": inner}, {}


def _bing(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    kind = tool["type"]
    return {"type": kind, kind: {"search_configurations": [_some(tool, _BING)]}}, {}


def _connections(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    kind = tool["type"]
    return {"type": kind, kind: {"connections": [{"connection_id": tool["connection_id"]}]}}, {}


def _browser(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    return {
        "type": "browser_automation",
        "browser_automation": {"connection": {"id": tool["connection_id"]}},
    }, {}


def _mcp(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    definition = {"type": "mcp", "server_label": tool["name"], **_some(tool, ("server_url", "allowed_tools"))}
    approval = tool.get("require_approval")
    if isinstance(approval, Mapping):
        approval = {when: {"tool_names": list(names)} for when, names in approval.items()}
    # The resource wants headers even when there are none; ours never has any, because they would be kept in clear.
    resource = {
        "server_label": tool["name"],
        "headers": {},
        **({"require_approval": approval} if approval else {}),
    }
    return definition, {"mcp": [resource]}


def _computer_use(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    inner = _some(tool, ("display_width", "display_height", "environment"))
    return {"type": "computer_use_preview", "computer_use_preview": inner}, {}


def _deep_research(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    inner = {
        "deep_research_model": tool["model"],
        "bing_grounding_connections": [{"connection_id": tool["connection_id"]}],
    }
    return {"type": "deep_research", "deep_research": inner}, {}


def _as_it_is(tool: Mapping[str, Any]) -> tuple[Body, Body]:
    return dict(tool.get("body") or {"type": tool["type"]}), {}


_TO_WIRE: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[Body, Body]]]] = {
    "file_search": _file_search,
    "code_interpreter": _code_interpreter,
    "azure_ai_search": _azure_ai_search,
    "openapi": _openapi,
    "azure_function": _azure_function,
    "connected_agent": _connected_agent,
    "function": _function,
    "bing_grounding": _bing,
    "bing_custom_search": _bing,
    "sharepoint_grounding": _connections,
    "fabric_dataagent": _connections,
    "browser_automation": _browser,
    "mcp": _mcp,
    "computer_use": _computer_use,
    "deep_research": _deep_research,
}


def _tool_from_wire(tool: Mapping[str, Any], resources: Mapping[str, Any]) -> Body:
    kind = str(tool.get("type"))
    inner = tool.get(kind) if isinstance(tool.get(kind), Mapping) else {}
    assert isinstance(inner, Mapping)
    resource = resources.get(kind) or {}
    match kind:
        case "file_search":
            ids = resource.get("vector_store_ids") or []
            return {"name": kind, "type": kind, "vector_store_ids": list(ids), **_filled(inner)}
        case "code_interpreter":
            told: Body = {"name": kind, "type": kind, "file_ids": list(resource.get("file_ids") or ())}
            if resource.get("data_sources"):
                told["data_sources"] = _sources_from_wire(resource["data_sources"])
            return told
        case "azure_ai_search":
            indexes = resource.get("indexes") or [{}]
            return {"name": kind, "type": kind, **_filled(indexes[0])}
        case "openapi":
            auth = inner.get("auth") or {}
            flat = {"type": auth.get("type"), **_filled(auth.get("security_scheme") or {})}
            rest = {key: inner.get(key) for key in ("description", "spec", "default_params")}
            return {"name": inner.get("name"), "type": kind, **_filled(rest), "auth": flat}
        case "azure_function":
            function = inner.get("function") or {}
            return {
                "name": function.get("name"),
                "type": kind,
                **_filled({key: function.get(key) for key in ("description", "parameters")}),
                "input_queue": _queue(inner.get("input_binding")),
                "output_queue": _queue(inner.get("output_binding")),
            }
        case "connected_agent":
            rest = {"agent_id": inner.get("id"), "description": inner.get("description")}
            return {"name": inner.get("name"), "type": kind, **_filled(rest)}
        case "function":
            return {"type": kind, **_filled(inner)}
        case "bing_grounding" | "bing_custom_search":
            configurations = inner.get("search_configurations") or [{}]
            return {"name": kind, "type": kind, **_filled(configurations[0])}
        case "sharepoint_grounding" | "fabric_dataagent":
            connections = inner.get("connections") or [{}]
            return {"name": kind, "type": kind, **_filled(connections[0])}
        case "browser_automation":
            return {"name": kind, "type": kind, "connection_id": (inner.get("connection") or {}).get("id")}
        case "mcp":
            return _mcp_from_wire(tool, resource if isinstance(resource, list) else [])
        case "computer_use_preview":
            return {"name": "computer_use", "type": "computer_use", **_filled(inner)}
        case "deep_research":
            connections = inner.get("bing_grounding_connections") or [{}]
            rest = {
                "model": inner.get("deep_research_model"),
                "connection_id": connections[0].get("connection_id"),
            }
            return {"name": kind, "type": kind, **_filled(rest)}
        case _:
            return {"name": kind, "type": kind, "body": dict(tool)}


def _mcp_from_wire(tool: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> Body:
    label = tool.get("server_label")
    resource = next((one for one in resources if one.get("server_label") == label), {})
    approval = resource.get("require_approval")
    if isinstance(approval, Mapping):
        approval = {
            when: list((rule or {}).get("tool_names") or ()) for when, rule in approval.items() if rule
        }
    rest = {
        "server_url": tool.get("server_url"),
        "allowed_tools": tool.get("allowed_tools"),
        "require_approval": approval,
    }
    return {"name": label, "type": "mcp", **_filled(rest)}


def _queue(binding: Any) -> Body:
    queue = (binding or {}).get("storage_queue") or {}
    return _filled({"endpoint": queue.get("queue_service_endpoint"), "queue_name": queue.get("queue_name")})


def _filled(source: Mapping[str, Any]) -> Body:
    return {key: value for key, value in source.items() if value is not None and value != ""}
