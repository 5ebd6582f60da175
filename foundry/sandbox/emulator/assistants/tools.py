"""The shapes of tools and tool resources, from the models of azure-ai-agents 1.1 and, for preview tools, 1.2 beta."""

from collections.abc import Mapping
from typing import Any, Final

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

_type: Final = text()
_data_source = record({"uri": text(), "type": one_of("uri_asset", "id_asset")})
_configuration = record({"data_sources": array(_data_source)})

_function = record(
    {"name": text(least=1, most=64, pattern=r"[a-zA-Z0-9_-]*"), "parameters": mapping(anything)},
    {"description": nullable(text(most=1024))},
)
_binding = record(
    {
        "type": one_of("storage_queue"),
        "storage_queue": record({"queue_service_endpoint": text(least=1), "queue_name": text(least=1)}),
    }
)
_bing = {
    "market": nullable(text()),
    "set_lang": nullable(text()),
    "count": nullable(integer(1, 50)),
    "freshness": nullable(text()),
}
_connections = record({"connections": array(record({"connection_id": text(least=1)}), most=1)})

_ranking = record({"ranker": text(), "score_threshold": number(0, 1)})

_openapi_auth = tagged(
    {
        "anonymous": record({"type": _type}),
        "connection": record({"type": _type, "security_scheme": record({"connection_id": text(least=1)})}),
        "managed_identity": record({"type": _type, "security_scheme": record({"audience": text(least=1)})}),
    }
)

STABLE: Final[Mapping[str, Shape]] = {
    "code_interpreter": record({"type": _type}),
    "file_search": record(
        {"type": _type},
        {
            "file_search": nullable(
                record(
                    {}, {"max_num_results": nullable(integer(1, 50)), "ranking_options": nullable(_ranking)}
                )
            )
        },
    ),
    "function": record({"type": _type, "function": _function}),
    "bing_grounding": record(
        {
            "type": _type,
            "bing_grounding": record(
                {
                    "search_configurations": array(
                        record({"connection_id": text(least=1)}, _bing), least=1, most=1
                    )
                }
            ),
        }
    ),
    "azure_ai_search": record({"type": _type}),
    "openapi": record(
        {
            "type": _type,
            "openapi": record(
                {"name": text(least=1), "spec": mapping(anything), "auth": _openapi_auth},
                {
                    "description": nullable(text()),
                    "default_params": nullable(array(text())),
                    "functions": nullable(array(anything)),
                },
            ),
        }
    ),
    "azure_function": record(
        {
            "type": _type,
            "azure_function": record(
                {"function": _function, "input_binding": _binding, "output_binding": _binding}
            ),
        }
    ),
    "connected_agent": record(
        {
            "type": _type,
            "connected_agent": record(
                {"id": text(least=1), "name": text(least=1, pattern=r"[a-zA-Z_]*"), "description": text()}
            ),
        }
    ),
}

_PREVIEW: Final[Mapping[str, Shape]] = {
    "mcp": record(
        {"type": _type, "server_label": text(least=1), "server_url": text(least=1)},
        {"allowed_tools": nullable(array(text()))},
    ),
    "deep_research": record(
        {
            "type": _type,
            "deep_research": record(
                {
                    "deep_research_model": text(),
                    "bing_grounding_connections": array(record({"connection_id": text(least=1)})),
                }
            ),
        }
    ),
    "sharepoint_grounding": record({"type": _type, "sharepoint_grounding": _connections}),
    "fabric_dataagent": record({"type": _type, "fabric_dataagent": _connections}),
    "bing_custom_search": record(
        {
            "type": _type,
            "bing_custom_search": record(
                {
                    "search_configurations": array(
                        record({"connection_id": text(least=1), "instance_name": text()}, _bing),
                        least=1,
                        most=1,
                    )
                }
            ),
        }
    ),
    "browser_automation": record(
        {"type": _type, "browser_automation": record({"connection": record({"id": text(least=1)})})}
    ),
    "computer_use_preview": record(
        {
            "type": _type,
            "computer_use_preview": record(
                {
                    "display_width": integer(1),
                    "display_height": integer(1),
                    "environment": one_of("windows", "mac", "linux", "browser"),
                }
            ),
        }
    ),
}

ALL: Final[Mapping[str, Shape]] = {**STABLE, **_PREVIEW}

STANDARD_SETUP: Final = ("azure_ai_search", "azure_function")

_QUERY_TYPES: Final = ("simple", "semantic", "vector", "vector_simple_hybrid", "vector_semantic_hybrid")

_index = record(
    {},
    {
        "index_connection_id": nullable(text()),
        "index_name": nullable(text()),
        "query_type": nullable(one_of(*_QUERY_TYPES)),
        "top_k": nullable(integer(1, 50)),
        "filter": nullable(text()),
        "index_asset_id": nullable(text()),
    },
)

_STABLE_RESOURCES: Final[Mapping[str, Shape]] = {
    "code_interpreter": nullable(
        record(
            {},
            {
                "file_ids": nullable(array(text(), most=20)),
                "data_sources": nullable(array(_data_source, most=20)),
            },
        )
    ),
    "file_search": nullable(
        record(
            {},
            {
                "vector_store_ids": nullable(array(text(), most=1)),
                "vector_stores": nullable(
                    array(record({"configuration": _configuration}, {"name": nullable(text())}), most=1)
                ),
            },
        )
    ),
    "azure_ai_search": nullable(record({}, {"indexes": nullable(array(_index, most=1))})),
}

_approval = by_sort(
    string=one_of("never", "always"),
    other=record(
        {},
        {
            "never": nullable(record({"tool_names": array(text())})),
            "always": nullable(record({"tool_names": array(text())})),
        },
    ),
)

_PREVIEW_RESOURCES: Final[Mapping[str, Shape]] = {
    "mcp": nullable(
        array(
            record(
                {"server_label": text(), "headers": mapping(text())},
                {"require_approval": nullable(_approval)},
            )
        )
    )
}


def tools_shape(*, preview: bool) -> Shape:
    """A list of up to 128 tools."""
    return array(tagged(ALL if preview else STABLE), most=128)


def resources_shape(*, preview: bool) -> Shape:
    """The object beside the tools that says what they work on."""
    return record({}, {**_STABLE_RESOURCES, **(_PREVIEW_RESOURCES if preview else {})})


_schema = record(
    {"name": text(pattern=r"[a-zA-Z0-9_-]{1,64}"), "schema": mapping(anything)},
    {"description": nullable(text()), "strict": nullable(flag)},
)

RESPONSE_FORMAT: Final = by_sort(
    string=one_of("auto"),
    other=tagged(
        {
            "text": record({"type": _type}),
            "json_object": record({"type": _type}),
            "json_schema": record({"type": _type, "json_schema": _schema}),
        }
    ),
)


def stored_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool as the service returns it: options filled in, what it derives added."""
    if tool["type"] == "file_search":
        given = {key: value for key, value in (tool.get("file_search") or {}).items() if value is not None}
        options = {"ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0}}
        return {**tool, "file_search": {**options, **given}}
    if tool["type"] == "openapi":
        given = tool["openapi"]
        return {
            **tool,
            "openapi": {
                **given,
                "default_params": given.get("default_params") or [],
                "functions": _operations(given["spec"]),
            },
        }
    return tool


_METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")


def _operations(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The functions the service derives from an OpenAPI document; parts that are no OpenAPI are passed over."""
    paths = spec.get("paths")
    items = [item for item in paths.values() if isinstance(item, dict)] if isinstance(paths, dict) else []
    return [
        {
            "name": operation.get("operationId"),
            "description": operation.get("summary") or operation.get("description"),
            "parameters": {
                "type": "object",
                "properties": {
                    part["name"]: part.get("schema") or {}
                    for part in operation.get("parameters") or []
                    if isinstance(part, dict) and isinstance(part.get("name"), str)
                },
            },
        }
        for item in items
        for method, operation in item.items()
        if method in _METHODS and isinstance(operation, dict)
    ]


def stored_resources(tools: list[dict[str, Any]], resources: dict[str, Any]) -> dict[str, Any]:
    """Tool resources as the service returns them: code interpreter always lists its files, secrets are dropped."""
    kept = {key: value for key, value in resources.items() if value is not None}
    if any(tool["type"] == "code_interpreter" for tool in tools):
        held = kept.get("code_interpreter") or {}
        if not held.get("data_sources"):
            kept["code_interpreter"] = {"file_ids": held.get("file_ids") or []}
    if "mcp" in kept:
        kept["mcp"] = [
            {key: value for key, value in item.items() if key != "headers"} for item in kept["mcp"]
        ]
    return kept
