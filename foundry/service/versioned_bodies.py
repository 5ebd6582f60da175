"""Definitions and the bodies of the versioned Agent Service, in both directions.

Shapes: models of azure-ai-projects 2.10. A definition has the same words in both dialects; what only this one knows is
`reasoning`, `tool_choice`, `structured_inputs`, `skills`, `content_filter`, and `workflow` or `hosted` in the place of a model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Body = dict[str, Any]
Tool = Mapping[str, Any]

WORKFLOW_GATE: Final = "WorkflowAgents=V1Preview"
"""The preview that a workflow must be opted into (header `Foundry-Features`)."""

SKILLS_GATE: Final = "Skills=V1Preview"
"""The preview that an agent with skills must be opted into."""

_SCALARS: Final = ("model", "instructions", "temperature", "top_p", "reasoning", "structured_inputs")
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
)
_A2A: Final = ("base_url", "agent_card_path", "send_credentials_for_agent_card")
_A2A_VERSION: Final = "1.0"
_WEB: Final = ("search_context_size", "external_web_access")
_CODE: Final = ("runtime", "entry_point", "dependency_resolution")
_AT_RUN_TIME: Final = ("telemetry_config", "session_configuration", "enable_memory_snapshot")
LATEST: Final = "latest"
"""The newest version, whichever it is, in a declaration's traffic."""

_LATEST_ON_THE_WIRE: Final = "@latest"
"""The client's models don't tell of it; public programs patch agents with it, and read it as an endpoint's first rule."""

_NO_PARAMETERS: Final[Mapping[str, Any]] = {"type": "object", "properties": {}}


def version_body(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> Body:
    """The body that makes a version: what is declared, and nothing else."""
    body: Body = {"definition": _definition(definition), "metadata": dict(metadata)}
    if definition.get("description"):
        body["description"] = definition["description"]
    return body


def features(definition: Mapping[str, Any]) -> str | None:
    """The previews that a definition must be opted into; None when it needs none."""
    gates = [WORKFLOW_GATE] if definition.get("workflow") is not None else []
    gates += [SKILLS_GATE] if definition.get("skills") else []
    return ",".join(gates) or None


def definition_of(version: Mapping[str, Any], name: str) -> Body:
    """What a live version says, in the fields of a definition. `name` is the agent's."""
    body = version.get("definition") or {}
    told: Body = {"name": name, **_some(version, ("description",))}
    match body.get("kind"):
        case "workflow":
            told["workflow"] = body.get("workflow")
        case "hosted":
            told["hosted"] = _hosted_from_wire(body)
        case "prompt":
            told |= _prompt_from_wire(body)
        case kind:
            told["kind"] = kind
    policy = (body.get("rai_config") or {}).get("rai_policy_name")
    if policy:
        told["content_filter"] = policy
    told["metadata"] = {str(key): str(value) for key, value in (version.get("metadata") or {}).items()}
    told.setdefault("tools", [])
    return told


def _definition(definition: Mapping[str, Any]) -> Body:
    if definition.get("workflow") is not None:
        body: Body = {"kind": "workflow", "workflow": definition["workflow"]}
    elif definition.get("hosted") is not None:
        body = _hosted(definition["hosted"])
    else:
        body = _prompt(definition)
    if definition.get("content_filter"):
        body["rai_config"] = {"rai_policy_name": definition["content_filter"]}
    return body


def _prompt(definition: Mapping[str, Any]) -> Body:
    body: Body = {"kind": "prompt", **_some(definition, _SCALARS)}
    form = definition.get("response_format")
    if form is not None and form != "auto":
        body["text"] = {"format": _form(form)}
    if definition.get("skills"):
        body["skills"] = [dict(skill) for skill in definition["skills"]]
    tools = [tool_body(tool) for tool in definition.get("tools") or ()]
    if tools:
        body["tools"] = tools
    if definition.get("tool_choice") is not None:
        body["tool_choice"] = _choice(definition["tool_choice"])
    return body


def _form(form: Any) -> Any:
    # A schema needs no `strict` of its own: without it the service's default holds, as in the classic dialect.
    return {"type": form} if isinstance(form, str) else dict(form)


def _choice(choice: Any) -> Any:
    if isinstance(choice, Mapping) and choice.get("type") == "mcp":
        return {"type": "mcp", "server_label": choice["name"]}
    return choice if isinstance(choice, str) else dict(choice)


def _prompt_from_wire(body: Mapping[str, Any]) -> Body:
    told = _some(body, ("model", "instructions", "temperature", "top_p"))
    if body.get("reasoning"):
        told["reasoning"] = _filled(body["reasoning"])
    if body.get("structured_inputs"):
        told["structured_inputs"] = {
            name: _input_from_wire(value) for name, value in body["structured_inputs"].items()
        }
    form = _filled((body.get("text") or {}).get("format") or {})
    if form:
        told["response_format"] = form
    choice = body.get("tool_choice")
    if choice is not None:
        told["tool_choice"] = _choice_from_wire(choice)
    if body.get("skills"):
        told["skills"] = [_filled(skill) for skill in body["skills"]]
    told["tools"] = [tool_of(tool) for tool in body.get("tools") or ()]
    return told


def _input_from_wire(value: Mapping[str, Any]) -> Body:
    # The service's own default is filled in by some of its clients.
    return {key: part for key, part in _told(value).items() if (key, part) != ("required", False)}


def _choice_from_wire(choice: Any) -> Any:
    if not isinstance(choice, Mapping):
        return choice
    if choice.get("type") == "mcp":
        return {"type": "mcp", **_filled({"name": choice.get("server_label")})}
    return _filled(choice)


def _hosted(hosted: Mapping[str, Any]) -> Body:
    body: Body = {
        "kind": "hosted",
        **_some(hosted, ("cpu", "memory", "environment_variables", *_AT_RUN_TIME)),
    }
    if hosted.get("code_configuration"):
        body["code_configuration"] = _some(hosted["code_configuration"], _CODE)
    else:
        container = _some(hosted, ("image", "registry_connection_id"))
        body["container_configuration"] = container
    if hosted.get("protocols"):
        body["protocol_versions"] = [
            {"protocol": protocol, "version": version}
            for protocol, version in sorted(hosted["protocols"].items())
        ]
    return body


def _hosted_from_wire(body: Mapping[str, Any]) -> Body:
    container = body.get("container_configuration") or {}
    told = _some(body, ("cpu", "memory", *_AT_RUN_TIME))
    if body.get("environment_variables"):
        told["environment_variables"] = dict(body["environment_variables"])
    told |= _some(container, ("image", "registry_connection_id"))
    if body.get("protocol_versions"):
        told["protocols"] = {one.get("protocol"): one.get("version") for one in body["protocol_versions"]}
    if body.get("code_configuration"):
        told["code_configuration"] = _some(body["code_configuration"], (*_CODE, "content_hash"))
    return told


# ---- tools, one function a type


def _connection(tool: Tool) -> Body:
    return {"project_connection_id": tool["connection_id"]} if tool.get("connection_id") else {}


def _file_search(tool: Tool) -> Body:
    more = _some(tool, ("max_num_results", "ranking_options", "filters"))
    return {"type": "file_search", "vector_store_ids": list(tool.get("vector_store_ids") or ()), **more}


def _code_interpreter(tool: Tool) -> Body:
    container = {"type": "auto", **_some(tool, ("memory_limit",))}
    if tool.get("file_ids"):
        container["file_ids"] = list(tool["file_ids"])
    return {"type": "code_interpreter", "container": container}


def _function(tool: Tool) -> Body:
    return {
        "type": "function",
        "name": tool["name"],
        **_some(tool, ("description",)),
        "parameters": tool.get("parameters") or dict(_NO_PARAMETERS),
        "strict": bool(tool.get("strict")),
    }


def _azure_ai_search(tool: Tool) -> Body:
    index = _some(tool, ("index_name", "index_asset_id", "query_type", "top_k", "filter"))
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
        **_some(tool, ("description", "spec")),
        "auth": wire,
        **_some(tool, ("default_params",)),
    }
    return {"type": "openapi", "openapi": inner}


def _azure_function(tool: Tool) -> Body:
    inner = {
        "function": {
            "name": tool["name"],
            **_some(tool, ("description",)),
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
    configuration = {**_connection(tool), **_some(tool, _BING)}
    return {"type": "bing_grounding", "bing_grounding": {"search_configurations": [configuration]}}


def _bing_custom_search(tool: Tool) -> Body:
    kind, configuration = "bing_custom_search_preview", {**_connection(tool), **_some(tool, _CUSTOM_BING)}
    return {"type": kind, kind: {"search_configurations": [configuration]}}


def _connections(tool: Tool) -> Body:
    kind = f"{tool['type']}_preview"
    return {"type": kind, kind: {"project_connections": [_connection(tool)]}}


def _browser_automation(tool: Tool) -> Body:
    return {"type": "browser_automation", "browser_automation": {"connection": _connection(tool)}}


def _computer_use(tool: Tool) -> Body:
    return {
        "type": "computer_use_preview",
        **_some(tool, ("environment", "display_width", "display_height")),
    }


def _mcp(tool: Tool) -> Body:
    approval = tool.get("require_approval")
    if isinstance(approval, Mapping):
        approval = {when: {"tool_names": list(names)} for when, names in approval.items()}
    return {
        "type": "mcp",
        "server_label": tool["name"],
        **_some(tool, ("server_url", "allowed_tools")),
        **({"require_approval": approval} if approval else {}),
        **_connection(tool),
    }


def _web_search(tool: Tool) -> Body:
    body: Body = {"type": "web_search", **_some(tool, _WEB)}
    if tool.get("allowed_domains"):
        body["filters"] = {"allowed_domains": list(tool["allowed_domains"])}
    if tool.get("user_location"):
        body["user_location"] = {"type": "approximate", **tool["user_location"]}
    return body


def _image_generation(tool: Tool) -> Body:
    return {"type": "image_generation", **_some(tool, _IMAGE)}


def _memory_search(tool: Tool) -> Body:
    body: Body = {
        "type": "memory_search_preview",
        **_some(tool, ("memory_store_name", "scope", "update_delay")),
    }
    if tool.get("max_memories") is not None:
        body["search_options"] = {"max_memories": tool["max_memories"]}
    return body


def _a2a(tool: Tool) -> Body:
    return {"type": "a2a", "a2a_version": _A2A_VERSION, **_some(tool, _A2A), **_connection(tool)}


def _capture(tool: Tool) -> Body:
    outputs = {
        "name": tool["name"],
        **_some(tool, ("description", "schema")),
        "strict": bool(tool.get("strict")),
    }
    return {"type": "capture_structured_outputs", "outputs": outputs}


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
}
TOOL_TYPES: Final = frozenset({*_TO_WIRE, "raw"})


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
            return {**_called(kind), "vector_store_ids": list(tool.get("vector_store_ids") or ())} | _some(
                tool, keys
            )
        case "code_interpreter":
            return _code_from_wire(tool)
        case "function":
            return {"type": kind, **_some(tool, ("name", "description", "parameters", "strict"))}
        case "azure_ai_search":
            index = dict(_first(inner.get("indexes")))
            connection = index.pop("project_connection_id", None)
            return {**_called(kind), **_filled({"index_connection_id": connection, **index})}
        case "openapi":
            told = _some(inner, ("name", "description", "spec", "default_params"))
            return {"type": kind, **told, "auth": _auth_from_wire(inner.get("auth") or {})}
        case "azure_function":
            function = inner.get("function") or {}
            return {
                "type": kind,
                **_some(function, ("name", "description", "parameters")),
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
            return {**_called(kind), **_some(tool, ("environment", "display_width", "display_height"))}
        case "mcp" if tool.get("server_url"):
            return _mcp_from_wire(tool)
        case "web_search" if not tool.get("custom_search_configuration"):
            return _web_from_wire(tool)
        case "image_generation":
            return {**_called(kind), **_some(tool, _IMAGE)}
        case "memory_search_preview":
            options = tool.get("search_options") or {}
            told = _some(tool, ("memory_store_name", "scope", "update_delay"))
            return {**_called(kind), **told, **_some(options, ("max_memories",))}
        case "a2a":
            return {**_called(kind), **_some(tool, _A2A), **_connected(tool, only=True)}
        case "capture_structured_outputs":
            outputs = tool.get("outputs") or {}
            return {"type": kind, **_some(outputs, ("name", "description", "schema", "strict"))}
        case _:
            return {"name": kind, "type": "raw", "body": _told(tool)}


def _called(kind: str) -> Body:
    word = kind.removesuffix("_preview")
    return {"name": word, "type": word}


def _code_from_wire(tool: Tool) -> Body:
    container = tool.get("container")
    told: Body = {**_called("code_interpreter"), "file_ids": []}
    if isinstance(container, str):
        return {**told, "container": container}
    if container:
        told |= {"file_ids": list(container.get("file_ids") or ()), **_some(container, ("memory_limit",))}
    return told


def _auth_from_wire(auth: Mapping[str, Any]) -> Body:
    scheme = auth.get("security_scheme") or {}
    match auth.get("type"):
        case "project_connection":
            return {"type": "connection", "connection_id": scheme.get("project_connection_id")}
        case "managed_identity":
            return {"type": "managed_identity", **_some(scheme, ("audience",))}
        case kind:
            return {"type": kind}


def _mcp_from_wire(tool: Tool) -> Body:
    approval, allowed = tool.get("require_approval"), tool.get("allowed_tools")
    if isinstance(approval, Mapping):
        approval = {
            when: list((rule or {}).get("tool_names") or ()) for when, rule in approval.items() if rule
        }
    if isinstance(allowed, Mapping):
        allowed = allowed.get("tool_names")
    rest = {"allowed_tools": allowed, "require_approval": approval}
    return {
        "name": tool.get("server_label"),
        "type": "mcp",
        **_some(tool, ("server_url",)),
        **_filled(rest),
        **_connected(tool, only=True),
    }


def _web_from_wire(tool: Tool) -> Body:
    told: Body = {**_called("web_search"), **_some(tool, _WEB)}
    domains = (tool.get("filters") or {}).get("allowed_domains")
    if domains:
        told["allowed_domains"] = list(domains)
    location = _filled(
        {key: value for key, value in (tool.get("user_location") or {}).items() if key != "type"}
    )
    if location:
        told["user_location"] = location
    return told


def _connected(source: Mapping[str, Any], *, only: bool = False) -> Body:
    """The fields with the service's `project_connection_id` as our `connection_id`; `only` that one."""
    rest = {} if only else {key: value for key, value in source.items() if key != "project_connection_id"}
    return _filled({"connection_id": source.get("project_connection_id"), **rest})


def _queue(binding: Any) -> Body:
    queue = (binding or {}).get("storage_queue") or {}
    return _filled({"endpoint": queue.get("queue_service_endpoint"), "queue_name": queue.get("queue_name")})


def _inner(tool: Tool, kind: str) -> Mapping[str, Any]:
    inner = tool.get(kind)
    return inner if isinstance(inner, Mapping) else {}


def _first(items: Any) -> Mapping[str, Any]:
    return items[0] if isinstance(items, Sequence) and items and isinstance(items[0], Mapping) else {}


def _some(source: Mapping[str, Any], keys: Sequence[str]) -> Body:
    return {key: source[key] for key in keys if source.get(key) is not None}


def _told(source: Mapping[str, Any]) -> Body:
    return {key: value for key, value in source.items() if value is not None}


def _filled(source: Mapping[str, Any]) -> Body:
    return {key: value for key, value in source.items() if value is not None and value != ""}


# ---- memory stores


def memory_body(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> Body:
    """The body that makes a memory store. The service wants two of the options said, whose default is true."""
    inner: Body = {"kind": "default", **_some(definition, ("chat_model", "embedding_model"))}
    if definition.get("options"):
        inner["options"] = {
            "user_profile_enabled": True,
            "chat_summary_enabled": True,
            **definition["options"],
        }
    return {**_some(definition, ("name", "description")), "definition": inner, "metadata": dict(metadata)}


def memory_of(body: Mapping[str, Any]) -> Body:
    """What a live memory store's body says, in the fields of a declaration."""
    inner = body.get("definition") or {}
    told: Body = {
        **_filled({key: body.get(key) for key in ("name", "description")}),
        **_some(inner, ("chat_model", "embedding_model")),
        "metadata": {str(key): str(value) for key, value in (body.get("metadata") or {}).items()},
    }
    options = _told(inner.get("options") or {})
    return {**told, **({"options": options} if options else {})}


# ---- what belongs to the agent and not to a version


def serving_body(live: Mapping[str, Any], serving: Mapping[str, Any]) -> Body:
    """The merge patch that makes an agent's endpoint and card what is declared; what isn't declared stays.

    `live` is the agent's own body. A merge patch replaces lists whole, and keeps what it doesn't name in mappings.
    """
    body: Body = {}
    endpoint: Body = {}
    if serving.get("traffic"):
        rules = [
            {"type": "FixedRatio", "agent_version": _routed(version), "traffic_percentage": share}
            for version, share in sorted(serving["traffic"].items(), key=lambda rule: _number(rule[0]))
        ]
        endpoint["version_selector"] = {"version_selection_rules": rules}
    if serving.get("protocols"):
        before = (live.get("agent_endpoint") or {}).get("protocol_configuration") or {}
        gone = {name: None for name, value in before.items() if value is not None}
        kept = {name: before.get(name) or {} for name in serving["protocols"]}
        endpoint["protocol_configuration"] = {**gone, **kept}
    if serving.get("authorization"):
        endpoint["authorization_schemes"] = [{"type": name} for name in serving["authorization"]]
    if endpoint:
        body["agent_endpoint"] = endpoint
    if serving.get("card"):
        body["agent_card"] = _card(serving["card"])
    return body


def serving_of(body: Mapping[str, Any]) -> Body:
    """What a live agent's body says of how callers reach it, in the words of a declaration."""
    told: Body = {}
    endpoint = body.get("agent_endpoint") or {}
    rules = (endpoint.get("version_selector") or {}).get("version_selection_rules") or ()
    traffic = {_version_of(rule): rule.get("traffic_percentage") for rule in rules}
    if traffic:
        told["traffic"] = traffic
    protocols = endpoint.get("protocol_configuration") or {}
    named = sorted(name for name, value in protocols.items() if value is not None)
    if named:
        told["protocols"] = named
    schemes = [str(scheme.get("type")) for scheme in endpoint.get("authorization_schemes") or ()]
    if schemes:
        told["authorization"] = schemes
    card = body.get("agent_card")
    if card:
        skills = {
            str(skill.get("id")): {key: value for key, value in skill.items() if key != "id" and value}
            for skill in card.get("skills") or ()
        }
        told["card"] = {
            **_filled({key: card.get(key) for key in ("version", "description")}),
            "skills": skills,
        }
    if body.get("state"):
        told["enabled"] = body["state"] == "enabled"
    return told


def _routed(version: str) -> str:
    return _LATEST_ON_THE_WIRE if version == LATEST else version


def _number(version: str) -> float:
    return math.inf if version == LATEST else int(version)


def _version_of(rule: Mapping[str, Any]) -> str:
    version = str(rule.get("agent_version"))
    return LATEST if version == _LATEST_ON_THE_WIRE else version


def _card(card: Mapping[str, Any]) -> Body:
    skills = [{"id": key, **dict(skill)} for key, skill in (card.get("skills") or {}).items()]
    return {**_some(card, ("version", "description")), "skills": skills}
