"""Tools of versioned agents and of toolboxes, to the wire and back: one function a type.

Shapes: models of azure-ai-projects 2.10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Body = dict[str, Any]
Tool = Mapping[str, Any]

_BING: Final = ("market", "set_lang", "count", "freshness")
_CUSTOM_BING: Final = ("instance_name", *_BING)
_IMAGE: Final = (
    "model",
    "quality",
    "size",
    "output_format",
    "output_compression",
    "moderation",
    "background",
    "input_fidelity",
    "partial_images",
    "action",
    "input_image_mask",
)
_CALLED: Final = ("output_schema", "async", "defer_loading", "allowed_callers")
_SERVER: Final = ("server_description", "defer_loading", "allowed_callers")
_A2A: Final = ("base_url", "agent_card_path", "send_credentials_for_agent_card")
_A2A_VERSION: Final = "1.0"
_WEB: Final = ("search_context_size", "external_web_access")
_SERVERS: Final = ("server_url", "connector_id", "tunnel_id")
"""The three ways to name an MCP server."""
_CUSTOM: Final = ("description", "format", "async", "defer_loading", "allowed_callers")
_SEARCH: Final = ("execution", "description", "parameters")
_SHELL: Final = ("environment", "allowed_callers")
_AUTO: Final = "container_auto"
_NO_PARAMETERS: Final[Mapping[str, Any]] = {"type": "object", "properties": {}}


def _connection(tool: Tool) -> Body:
    return {"project_connection_id": tool["connection_id"]} if tool.get("connection_id") else {}


def _file_search(tool: Tool) -> Body:
    more = some(tool, ("max_num_results", "ranking_options", "filters"))
    return {"type": "file_search", "vector_store_ids": list(tool.get("vector_store_ids") or ()), **more}


def _code_interpreter(tool: Tool) -> Body:
    container = {"type": "auto", **some(tool, ("memory_limit", "network_policy"))}
    if tool.get("file_ids"):
        container["file_ids"] = list(tool["file_ids"])
    return {"type": "code_interpreter", "container": container, **some(tool, ("allowed_callers",))}


def _function(tool: Tool) -> Body:
    return {
        "type": "function",
        "name": tool["name"],
        **some(tool, ("description",)),
        "parameters": tool.get("parameters") or dict(_NO_PARAMETERS),
        "strict": bool(tool.get("strict")),
        **some(tool, _CALLED),
    }


def _azure_ai_search(tool: Tool) -> Body:
    index = some(tool, ("index_name", "index_asset_id", "query_type", "top_k", "filter"))
    if tool.get("index_connection_id"):
        index = {"project_connection_id": tool["index_connection_id"], **index}
    return {"type": "azure_ai_search", "azure_ai_search": {"indexes": [index]}}


def _openapi(tool: Tool) -> Body:
    auth = tool.get("auth") or {"type": "anonymous"}
    match auth.get("type"):
        case "connection":
            scheme: Body = {"project_connection_id": auth["connection_id"]}
            wire: Body = {"type": "project_connection", "security_scheme": scheme}
        case "managed_identity":
            wire = {"type": "managed_identity", "security_scheme": {"audience": auth.get("audience")}}
        case _:
            wire = {"type": "anonymous"}
    inner: Body = {
        "name": tool["name"],
        **some(tool, ("description", "spec")),
        "auth": wire,
        **some(tool, ("default_params",)),
    }
    return {"type": "openapi", "openapi": inner}


def _azure_function(tool: Tool) -> Body:
    inner = {
        "function": {
            "name": tool["name"],
            **some(tool, ("description",)),
            "parameters": tool.get("parameters") or dict(_NO_PARAMETERS),
        },
        "input_binding": _binding(tool["input_queue"]),
        "output_binding": _binding(tool["output_queue"]),
    }
    return {"type": "azure_function", "azure_function": inner}


def _binding(queue: Mapping[str, Any]) -> Body:
    inner = {"queue_service_endpoint": queue["endpoint"], "queue_name": queue["queue_name"]}
    return {"type": "storage_queue", "storage_queue": inner}


def _bing_grounding(tool: Tool) -> Body:
    configuration = {**_connection(tool), **some(tool, _BING)}
    return {"type": "bing_grounding", "bing_grounding": {"search_configurations": [configuration]}}


def _bing_custom_search(tool: Tool) -> Body:
    kind, configuration = "bing_custom_search_preview", {**_connection(tool), **some(tool, _CUSTOM_BING)}
    return {"type": kind, kind: {"search_configurations": [configuration]}}


def _connections(tool: Tool) -> Body:
    kind = f"{tool['type']}_preview"
    return {"type": kind, kind: {"project_connections": [_connection(tool)]}}


def _browser_automation(tool: Tool) -> Body:
    return {"type": "browser_automation", "browser_automation": {"connection": _connection(tool)}}


def _computer_use(tool: Tool) -> Body:
    return {
        "type": "computer_use_preview",
        **some(tool, ("environment", "display_width", "display_height")),
    }


def _mcp(tool: Tool) -> Body:
    return {
        "type": "mcp",
        "server_label": tool["name"],
        **some(tool, (*_SERVERS, "allowed_tools", *_SERVER)),
        **_approval(tool),
        **_connection(tool),
    }


def _approval(tool: Tool) -> Body:
    approval = tool.get("require_approval")
    if isinstance(approval, Mapping):
        approval = {when: _tool_filter(which) for when, which in approval.items()}
    return {"require_approval": approval} if approval else {}


def _tool_filter(which: Any) -> Body:
    return dict(which) if isinstance(which, Mapping) else {"tool_names": list(which)}


def _web_search(tool: Tool) -> Body:
    body: Body = {"type": "web_search", **some(tool, _WEB)}
    custom = tool.get("custom_search_configuration")
    if custom:
        body["custom_search_configuration"] = {**_connection(custom), **some(custom, ("instance_name",))}
    if tool.get("allowed_domains"):
        body["filters"] = {"allowed_domains": list(tool["allowed_domains"])}
    if tool.get("user_location"):
        body["user_location"] = {"type": "approximate", **tool["user_location"]}
    return body


def _image_generation(tool: Tool) -> Body:
    return {"type": "image_generation", **some(tool, _IMAGE)}


def _memory_search(tool: Tool) -> Body:
    body: Body = {
        "type": "memory_search_preview",
        **some(tool, ("memory_store_name", "scope", "update_delay")),
    }
    if tool.get("max_memories") is not None:
        body["search_options"] = {"max_memories": tool["max_memories"]}
    return body


def _a2a(tool: Tool) -> Body:
    return {"type": "a2a", "a2a_version": _A2A_VERSION, **some(tool, _A2A), **_connection(tool)}


def _capture(tool: Tool) -> Body:
    outputs = {
        "name": tool["name"],
        **some(tool, ("description", "schema")),
        "strict": bool(tool.get("strict")),
    }
    return {"type": "capture_structured_outputs", "outputs": outputs}


def _shell(tool: Tool) -> Body:
    body: Body = {"type": "shell", **some(tool, _SHELL)}
    environment = dict(tool.get("environment") or {})
    if tool.get("file_ids"):
        environment = {"type": _AUTO, **environment, "file_ids": list(tool["file_ids"])}
    if environment.get("type") == _AUTO and environment.get("skills"):
        skills = environment["skills"]
        environment["skills"] = [{"type": "skill_reference", **skill} for skill in skills]
    return {**body, **({"environment": environment} if environment else {})}


def _custom(tool: Tool) -> Body:
    return {"type": "custom", "name": tool["name"], **some(tool, _CUSTOM)}


def _namespace(tool: Tool) -> Body:
    inside = [_TO_WIRE[str(one["type"])](one) for one in tool.get("tools") or ()]
    return {"type": "namespace", **some(tool, ("name", "description")), "tools": inside}


def _tool_search(tool: Tool) -> Body:
    return {"type": "tool_search", **some(tool, _SEARCH)}


def _calling(tool: Tool) -> Body:
    return {"type": tool["type"], **some(tool, ("allowed_callers",))}


def _iq(tool: Tool) -> Body:
    more = some(tool, ("server_label", "server_url"))
    return {"type": f"{tool['type']}_preview", **_connection(tool), **more, **_approval(tool)}


def _toolset(tool: Tool) -> Body:
    return {"type": f"{tool['type']}_preview", **some(tool, ("default_config", "configs"))}


def _as_it_is(tool: Tool) -> Body:
    return dict(tool.get("body") or {"type": tool["type"]})


_TO_WIRE: Final[Mapping[str, Callable[[Tool], Body]]] = {
    "file_search": _file_search,
    "code_interpreter": _code_interpreter,
    "function": _function,
    "azure_ai_search": _azure_ai_search,
    "openapi": _openapi,
    "azure_function": _azure_function,
    "bing_grounding": _bing_grounding,
    "bing_custom_search": _bing_custom_search,
    "sharepoint_grounding": _connections,
    "fabric_dataagent": _connections,
    "browser_automation": _browser_automation,
    "computer_use": _computer_use,
    "mcp": _mcp,
    "web_search": _web_search,
    "image_generation": _image_generation,
    "memory_search": _memory_search,
    "a2a": _a2a,
    "capture_structured_outputs": _capture,
    "shell": _shell,
    "local_shell": _calling,
    "apply_patch": _calling,
    "computer": _calling,
    "custom": _custom,
    "namespace": _namespace,
    "tool_search": _tool_search,
    "programmatic_tool_calling": _calling,
    "work_iq": _iq,
    "fabric_iq": _iq,
    "web_iq": _iq,
    "microsoft_copilot_toolset": _toolset,
    "github_copilot_toolset": _toolset,
}
TOOL_TYPES: Final = frozenset({*_TO_WIRE, "raw", "system", "toolbox"})
"""What a tool of an agent can be; the last two are of voice agents alone, and written by what writes those."""


def tool_body(tool: Tool) -> Body:
    """A tool as the service wants it."""
    return _TO_WIRE.get(str(tool["type"]), _as_it_is)(tool)


def tool_of(tool: Tool) -> Body:
    """A tool as the service has it, in the words of a definition; one that is newer than these is `raw`."""
    kind = str(tool.get("type"))
    inner = _inner(tool, kind)
    match kind:
        case "file_search":
            keys = ("max_num_results", "ranking_options", "filters")
            return {**_called(kind), "vector_store_ids": list(tool.get("vector_store_ids") or ())} | some(
                tool, keys
            )
        case "code_interpreter":
            return _code_from_wire(tool)
        case "function":
            return {"type": kind, **some(tool, ("name", "description", "parameters", "strict", *_CALLED))}
        case "azure_ai_search":
            index = dict(_first(inner.get("indexes")))
            connection = index.pop("project_connection_id", None)
            return {**_called(kind), **filled({"index_connection_id": connection, **index})}
        case "openapi":
            told = some(inner, ("name", "description", "spec", "default_params"))
            return {"type": kind, **told, "auth": _auth_from_wire(inner.get("auth") or {})}
        case "azure_function":
            function = inner.get("function") or {}
            return {
                "type": kind,
                **some(function, ("name", "description", "parameters")),
                "input_queue": _queue(inner.get("input_binding")),
                "output_queue": _queue(inner.get("output_binding")),
            }
        case "bing_grounding" | "bing_custom_search_preview":
            return {**_called(kind), **_connected(_first(inner.get("search_configurations")))}
        case "sharepoint_grounding_preview" | "fabric_dataagent_preview":
            return {**_called(kind), **_connected(_first(inner.get("project_connections")))}
        case "browser_automation":
            return {**_called(kind), **_connected(inner.get("connection") or {})}
        case "computer_use_preview":
            return {**_called(kind), **some(tool, ("environment", "display_width", "display_height"))}
        case "mcp" if any(tool.get(way) for way in _SERVERS):
            return _mcp_from_wire(tool)
        case "shell":
            return _shell_from_wire(tool)
        case "custom":
            return {"type": kind, **some(tool, ("name", *_CUSTOM))}
        case "namespace":
            inside = [tool_of(one) for one in tool.get("tools") or ()]
            return {"type": kind, **some(tool, ("name", "description")), "tools": inside}
        case "tool_search":
            return {**_called(kind), **some(tool, _SEARCH)}
        case "local_shell" | "apply_patch" | "computer" | "programmatic_tool_calling":
            return {**_called(kind), **some(tool, ("allowed_callers",))}
        case "work_iq_preview" | "fabric_iq_preview" | "web_iq_preview":
            more = some(tool, ("server_label", "server_url"))
            return {**_called(kind), **more, **_approval_from_wire(tool), **_connected(tool, only=True)}
        case "microsoft_copilot_toolset_preview" | "github_copilot_toolset_preview":
            told = some(tool, ("default_config",))
            return {**_called(kind), **told, "configs": [told_of(one) for one in tool.get("configs") or ()]}
        case "web_search":
            return _web_from_wire(tool)
        case "image_generation":
            return {**_called(kind), **some(tool, _IMAGE)}
        case "memory_search_preview":
            options = tool.get("search_options") or {}
            told = some(tool, ("memory_store_name", "scope", "update_delay"))
            return {**_called(kind), **told, **some(options, ("max_memories",))}
        case "a2a":
            return {**_called(kind), **some(tool, _A2A), **_connected(tool, only=True)}
        case "capture_structured_outputs":
            outputs = tool.get("outputs") or {}
            return {"type": kind, **some(outputs, ("name", "description", "schema", "strict"))}
        case _:
            return {"name": kind, "type": "raw", "body": told_of(tool)}


def _called(kind: str) -> Body:
    word = kind.removesuffix("_preview")
    return {"name": word, "type": word}


def _code_from_wire(tool: Tool) -> Body:
    container = tool.get("container")
    told: Body = {**_called("code_interpreter"), "file_ids": [], **some(tool, ("allowed_callers",))}
    if isinstance(container, str):
        return {**told, "container": container}
    if container:
        settings = some(container, ("memory_limit", "network_policy"))
        told |= {"file_ids": list(container.get("file_ids") or ()), **settings}
    return told


def _auth_from_wire(auth: Mapping[str, Any]) -> Body:
    scheme = auth.get("security_scheme") or {}
    match auth.get("type"):
        case "project_connection":
            return {"type": "connection", "connection_id": scheme.get("project_connection_id")}
        case "managed_identity":
            return {"type": "managed_identity", **some(scheme, ("audience",))}
        case kind:
            return {"type": kind}


def _shell_from_wire(tool: Tool) -> Body:
    told: Body = {**_called("shell"), "file_ids": [], **some(tool, _SHELL)}
    environment = told_of(tool.get("environment") or {})
    told["file_ids"] = list(environment.pop("file_ids", None) or ())
    skills = environment.get("skills")
    if environment.get("type") == _AUTO and skills:
        environment["skills"] = [
            {key: part for key, part in told_of(skill).items() if (key, part) != ("type", "skill_reference")}
            for skill in skills
        ]
    return {**told, "environment": environment} if environment else told


def _approval_from_wire(tool: Tool) -> Body:
    approval = tool.get("require_approval")
    if isinstance(approval, Mapping):
        approval = {when: _filter_from_wire(rule) for when, rule in approval.items() if rule}
    return filled({"require_approval": approval})


def _mcp_from_wire(tool: Tool) -> Body:
    allowed = tool.get("allowed_tools")
    if isinstance(allowed, Mapping):
        allowed = _filter_from_wire(allowed)
    return {
        "name": tool.get("server_label"),
        "type": "mcp",
        **some(tool, (*_SERVERS, *_SERVER)),
        **filled({"allowed_tools": allowed}),
        **_approval_from_wire(tool),
        # A credential is no part of a definition; that there is one is told.
        **{key: True for key in ("headers", "authorization") if tool.get(key)},
        **_connected(tool, only=True),
    }


def _filter_from_wire(rule: Mapping[str, Any]) -> Any:
    told = filled(rule)
    return told if "read_only" in told else list(told.get("tool_names") or ())


def _web_from_wire(tool: Tool) -> Body:
    told: Body = {**_called("web_search"), **some(tool, _WEB)}
    custom = tool.get("custom_search_configuration")
    if custom:
        told["custom_search_configuration"] = _connected(custom)
    domains = (tool.get("filters") or {}).get("allowed_domains")
    if domains:
        told["allowed_domains"] = list(domains)
    location = filled(
        {key: value for key, value in (tool.get("user_location") or {}).items() if key != "type"}
    )
    if location:
        told["user_location"] = location
    return told


def _connected(source: Mapping[str, Any], *, only: bool = False) -> Body:
    """The fields with the service's `project_connection_id` as our `connection_id`; `only` that one."""
    rest = {} if only else {key: value for key, value in source.items() if key != "project_connection_id"}
    return filled({"connection_id": source.get("project_connection_id"), **rest})


def _queue(binding: Any) -> Body:
    queue = (binding or {}).get("storage_queue") or {}
    return filled({"endpoint": queue.get("queue_service_endpoint"), "queue_name": queue.get("queue_name")})


def _inner(tool: Tool, kind: str) -> Mapping[str, Any]:
    inner = tool.get(kind)
    return inner if isinstance(inner, Mapping) else {}


def _first(items: Any) -> Mapping[str, Any]:
    return items[0] if isinstance(items, Sequence) and items and isinstance(items[0], Mapping) else {}


def some(source: Mapping[str, Any], keys: Sequence[str]) -> Body:
    """The fields that are there and not null."""
    return {key: source[key] for key in keys if source.get(key) is not None}


def told_of(source: Mapping[str, Any]) -> Body:
    """All fields that aren't null."""
    return {key: value for key, value in source.items() if value is not None}


def filled(source: Mapping[str, Any]) -> Body:
    """All fields that are neither null nor empty texts."""
    return {key: value for key, value in source.items() if value is not None and value != ""}
