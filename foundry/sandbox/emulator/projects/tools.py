"""The shapes of the tools of a versioned agent, from the models of azure-ai-projects 2.10."""

from collections.abc import Mapping
from typing import Any, Final

from foundry.sandbox.emulator.http import Malformed
from foundry.sandbox.emulator.shapes import (
    Shape,
    anything,
    array,
    by_sort,
    flag,
    integer,
    mapping,
    nullable,
    number,
    one_of,
    record,
    tagged,
    text,
)

_name = text(least=1)
_type: Final = text()


def _optional(fields: Mapping[str, Shape]) -> dict[str, Shape]:
    return {name: nullable(shape) for name, shape in fields.items()}


def _tool(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    return record({"type": _type, **required}, _optional(optional or {}))


_connection: Final = record({"project_connection_id": _name})
_connections: Final = record({}, _optional({"project_connections": array(_connection, most=1)}))
_callers: Final = array(one_of("direct", "programmatic"))
_free: Final = mapping(anything)
_function_name: Final = text(least=1, most=64, pattern=r"[a-zA-Z0-9_-]*")

#: Fields that the models mark deprecated on most tools, and that are still taken.
_CONFIGS: Final[Mapping[str, Shape]] = {
    "tool_configs": mapping(record({}, _optional({"pin": flag, "additional_search_text": text()})))
}
_LABELS: Final[Mapping[str, Shape]] = {"name": text(), "description": text(), **_CONFIGS}

_tool_filter: Final = record({}, _optional({"tool_names": array(text()), "read_only": flag}))
_approval: Final = by_sort(
    string=one_of("always", "never"),
    other=record({}, _optional({"always": _tool_filter, "never": _tool_filter})),
)

_bing: Final = _optional({"market": text(), "set_lang": text(), "count": integer(1, 50), "freshness": text()})
_place: Final = record(
    {"type": one_of("approximate")},
    _optional({"country": text(), "region": text(), "city": text(), "timezone": text()}),
)

_COMPARISONS: Final = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin")
_comparison: Final = record({"type": one_of(*_COMPARISONS), "key": _name, "value": anything})


def filters(value: Any, path: str) -> None:
    """A comparison of a file's attributes, or several joined by `and` or `or`, nested freely."""
    if isinstance(value, dict) and value.get("type") in ("and", "or"):
        record({"type": _type, "filters": array(filters)})(value, path)
    else:
        _comparison(value, path)


RANKING: Final = record(
    {},
    _optional(
        {
            "ranker": one_of("auto", "default-2024-11-15"),
            "score_threshold": number(0, 1),
            "hybrid_search": record({"embedding_weight": number(0, 1), "text_weight": number(0, 1)}),
        }
    ),
)

_network: Final = tagged(
    {
        "disabled": record({"type": _type}),
        "allowlist": record(
            {"type": _type, "allowed_domains": array(text(), least=1)},
            _optional({"domain_secrets": array(_free)}),
        ),
    }
)
_memory_limit: Final = one_of("1g", "4g", "16g", "64g")
_container: Final = by_sort(
    string=_name,
    other=record(
        {"type": one_of("auto")},
        _optional(
            {"file_ids": array(text(), most=50), "memory_limit": _memory_limit, "network_policy": _network}
        ),
    ),
)
_shell: Final = tagged(
    {
        "container_auto": record(
            {"type": _type},
            _optional(
                {
                    "file_ids": array(text(), most=50),
                    "memory_limit": _memory_limit,
                    "skills": array(_free),
                    "network_policy": _network,
                }
            ),
        ),
        "container_reference": record({"type": _type, "container_id": _name}),
        "local": record({"type": _type}, _optional({"skills": array(_free)})),
    }
)

_index: Final = record(
    {},
    _optional(
        {
            "project_connection_id": text(),
            "index_name": text(),
            "query_type": one_of(
                "simple", "semantic", "vector", "vector_simple_hybrid", "vector_semantic_hybrid"
            ),
            "top_k": integer(1, 50),
            "filter": text(),
            "index_asset_id": text(),
        }
    ),
)

_openapi_auth: Final = tagged(
    {
        "anonymous": record({"type": _type}),
        "project_connection": record({"type": _type, "security_scheme": _connection}),
        "managed_identity": record({"type": _type, "security_scheme": record({"audience": _name})}),
    }
)
_binding: Final = record(
    {
        "type": one_of("storage_queue"),
        "storage_queue": record({"queue_service_endpoint": _name, "queue_name": _name}),
    }
)
_azure_function: Final = record(
    {
        "function": record(
            {"name": _function_name, "parameters": _free}, _optional({"description": text(most=1024)})
        ),
        "input_binding": _binding,
        "output_binding": _binding,
    }
)

_function_options: Final[Mapping[str, Shape]] = {
    "description": text(most=1024),
    "output_schema": _free,
    "async": flag,
    "defer_loading": flag,
    "allowed_callers": _callers,
}
_format: Final = tagged(
    {
        "text": record({"type": _type}),
        "grammar": record({"type": _type, "syntax": one_of("lark", "regex"), "definition": _name}),
    }
)
_custom: Final = _tool(
    {"name": _function_name},
    {
        "description": text(),
        "format": _format,
        "async": flag,
        "defer_loading": flag,
        "allowed_callers": _callers,
    },
)
INNER_FUNCTION: Final = _tool(
    {"name": _function_name}, {**_function_options, "parameters": _free, "strict": flag}
)

_a2a: Final[Mapping[str, Shape]] = {
    "base_url": text(),
    "agent_card_path": text(),
    "project_connection_id": text(),
    "send_credentials_for_agent_card": flag,
}
_toolset: Final = _tool(
    {},
    {
        "default_config": record({}, _optional({"enabled": flag})),
        "configs": array(record({"name": _name}, _optional({"enabled": flag}))),
    },
)
_CONNECTORS: Final = [
    "connector_dropbox",
    "connector_gmail",
    "connector_googlecalendar",
    "connector_googledrive",
    "connector_microsoftteams",
    "connector_outlookcalendar",
    "connector_outlookemail",
    "connector_sharepoint",
]

_mcp_record: Final = _tool(
    {"server_label": _name},
    {
        "server_url": _name,
        "connector_id": one_of(*_CONNECTORS),
        "tunnel_id": _name,
        "authorization": text(),
        "headers": mapping(text()),
        "server_description": text(),
        "allowed_tools": lambda value, path: (array(text()) if isinstance(value, list) else _tool_filter)(
            value, path
        ),
        "allowed_callers": _callers,
        "require_approval": _approval,
        "defer_loading": flag,
        "project_connection_id": text(),
        **_CONFIGS,
    },
)


def _mcp(value: Any, path: str) -> None:
    _mcp_record(value, path)
    if not any(value.get(name) for name in ("server_url", "connector_id", "tunnel_id")):
        where = f"{path}.server_url"
        message = f"Missing required parameter: '{where}'. One of 'server_url', 'connector_id' or 'tunnel_id' must be given."
        raise Malformed(where, "missing", message)


_FILE_SEARCH: Final[Mapping[str, Shape]] = {
    "max_num_results": integer(1, 50),
    "ranking_options": RANKING,
    "filters": filters,
}

TOOLS: Final[Mapping[str, Shape]] = {
    "function": _tool({"name": _function_name, "parameters": _free, "strict": flag}, _function_options),
    "file_search": _tool({"vector_store_ids": array(_name)}, {**_FILE_SEARCH, **_LABELS}),
    "code_interpreter": _tool({}, {"container": _container, "allowed_callers": _callers, **_LABELS}),
    "mcp": _mcp,
    "azure_ai_search": _tool(
        {"azure_ai_search": record({"indexes": array(_index, least=1, most=1)})}, _LABELS
    ),
    "bing_grounding": _tool(
        {
            "bing_grounding": record(
                {
                    "search_configurations": array(
                        record({"project_connection_id": _name}, _bing), least=1, most=1
                    )
                }
            )
        },
        _LABELS,
    ),
    "bing_custom_search_preview": _tool(
        {
            "bing_custom_search_preview": record(
                {
                    "search_configurations": array(
                        record({"project_connection_id": _name, "instance_name": _name}, _bing),
                        least=1,
                        most=1,
                    )
                }
            )
        },
    ),
    "web_search": _tool(
        {},
        {
            "external_web_access": flag,
            "filters": record({}, _optional({"allowed_domains": array(text())})),
            "user_location": _place,
            "search_context_size": one_of("low", "medium", "high"),
            "custom_search_configuration": record({"project_connection_id": _name, "instance_name": _name}),
            **_LABELS,
        },
    ),
    "web_search_preview": _tool(
        {},
        {
            "user_location": _place,
            "search_context_size": one_of("low", "medium", "high"),
            "search_content_types": array(one_of("text", "image")),
        },
    ),
    "openapi": _tool(
        {
            "openapi": record(
                {"name": _name, "spec": _free, "auth": _openapi_auth},
                _optional(
                    {"description": text(), "default_params": array(text()), "functions": array(anything)}
                ),
            )
        },
        _CONFIGS,
    ),
    "azure_function": _tool({"azure_function": _azure_function}, _CONFIGS),
    "sharepoint_grounding_preview": _tool({"sharepoint_grounding_preview": _connections}),
    "fabric_dataagent_preview": _tool({"fabric_dataagent_preview": _connections}),
    "browser_automation": _tool({"browser_automation": record({"connection": _connection})}),
    "browser_automation_preview": _tool({"browser_automation_preview": record({"connection": _connection})}),
    "computer_use_preview": _tool(
        {
            "environment": one_of("windows", "mac", "linux", "ubuntu", "browser"),
            "display_width": integer(1),
            "display_height": integer(1),
        }
    ),
    "computer": _tool({}),
    "image_generation": _tool(
        {},
        {
            "model": text(),
            "quality": one_of("low", "medium", "high", "auto"),
            "size": text(),
            "output_format": one_of("png", "webp", "jpeg"),
            "output_compression": integer(0, 100),
            "moderation": one_of("auto", "low"),
            "background": one_of("transparent", "opaque", "auto"),
            "input_fidelity": one_of("high", "low"),
            "input_image_mask": record({}, _optional({"image_url": text(), "file_id": text()})),
            "partial_images": integer(0, 3),
            "action": one_of("generate", "edit", "auto"),
            **_LABELS,
        },
    ),
    "memory_search_preview": _tool(
        {"memory_store_name": _name, "scope": _name},
        {
            "search_options": record({}, _optional({"max_memories": integer(1)})),
            "update_delay": integer(0),
        },
    ),
    "a2a": _tool({"a2a_version": one_of("1.0")}, _a2a),
    "a2a_preview": _tool({}, _a2a),
    "work_iq_preview": _tool({"project_connection_id": _name}),
    "fabric_iq_preview": _tool(
        {"project_connection_id": _name},
        {"server_label": text(), "server_url": text(), "require_approval": _approval},
    ),
    "web_iq_preview": _tool(
        {"project_connection_id": _name},
        {"server_label": text(), "require_approval": _approval},
    ),
    "capture_structured_outputs": _tool(
        {"outputs": record({"name": _name, "description": text(), "schema": _free, "strict": flag})}, _LABELS
    ),
    "custom": _custom,
    "namespace": _tool(
        {
            "name": _function_name,
            "description": text(),
            "tools": array(tagged({"function": INNER_FUNCTION, "custom": _custom})),
        }
    ),
    "tool_search": _tool(
        {}, {"execution": one_of("server", "client"), "description": text(), "parameters": _free}
    ),
    "shell": _tool({}, {"environment": _shell, "allowed_callers": _callers, **_LABELS}),
    "local_shell": _tool({}, _LABELS),
    "apply_patch": _tool({}, {"allowed_callers": _callers}),
    "programmatic_tool_calling": _tool({}),
    "toolbox_search_preview": _tool({}),
    "github_copilot_toolset_preview": _toolset,
    "microsoft_copilot_toolset_preview": _toolset,
}


def _labelled(shape: Shape) -> Shape:
    """A tool that may have a name, a description and options of its own, whatever its sort."""
    labels = record({}, _optional(_LABELS))

    def check(value: Any, path: str) -> None:
        labels({name: item for name, item in value.items() if name in _LABELS}, path)
        shape({name: item for name, item in value.items() if name not in _LABELS}, path)

    return check


_IN_TOOLBOXES: Final = (
    "a2a",
    "a2a_preview",
    "azure_ai_search",
    "browser_automation",
    "browser_automation_preview",
    "code_interpreter",
    "fabric_iq_preview",
    "mcp",
    "openapi",
    "shell",
    "toolbox_search_preview",
    "web_iq_preview",
    "web_search",
    "work_iq_preview",
)

TOOLBOX_TOOLS: Final[Mapping[str, Shape]] = {
    **{name: _labelled(TOOLS[name]) for name in _IN_TOOLBOXES},
    "file_search": _tool({}, {"vector_store_ids": array(_name), **_FILE_SEARCH, **_LABELS}),
    "reminder_preview": _tool({}, _LABELS),
    "toolbox_search": _tool({}, _LABELS),
}
