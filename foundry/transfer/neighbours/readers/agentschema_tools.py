"""AgentSchema's tools, which azd and Prompty have too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from foundry.manifest.marked import plain
from foundry.transfer.neighbours.fields import Beside, Fields, put
from foundry.transfer.neighbours.parsing import parsed
from foundry.transfer.neighbours.property_schema import to_json_schema
from foundry.transfer.neighbours.readers.variables import setting_of_stack

_AZURE_TOOLS: Final = {
    "codeInterpreter": "code_interpreter",
    "fileSearch": "file_search",
    "webSearch": "web_search",
    "bingGrounding": "bing_grounding",
    "azureAiSearch": "azure_ai_search",
}


def read_tools(fields: Fields, beside: Beside) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tools by the names that a declaration gives them; one that isn't read is told as lost."""
    for number, (key, tool) in enumerate(fields.named("tools"), start=1):
        kind = str(tool.take("kind", "type", "id") or "")
        named = str(tool.take("name") or key or kind)
        tool.lose(("bindings",), "nothing binds a tool to an input here")
        read_tool = _SCHEMA_TOOLS.get(_AZURE_TOOLS.get(kind, kind))
        if read_tool is None:
            tool.lost("", f"a tool of kind {kind or number}: declare it by hand")
            continue
        made = read_tool(tool, beside)
        tool.done()
        label = made.pop("label", None)
        pattern = r"[^A-Za-z0-9_]+" if kind == "mcp" else r"[^A-Za-z0-9_-]+"
        yield re.sub(pattern, "_", str(label or named)).strip("_") or f"tool_{number}", made


def _function(tool: Fields, _beside: Beside) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "function"}
    put(made, "description", tool.take("description"))
    parameters = tool.take("parameters")
    if parameters is not None:
        made["parameters"] = to_json_schema(parameters)
    tool.lose(("strict",), "only the dialect versioned has strict functions")
    return made


def _file_search(tool: Fields, _beside: Beside) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "file_search"}
    _foundry_connection(tool)
    put(made, "vector_store_ids", tool.take("vectorStoreIds", "vector_store_ids"))
    put(made, "max_num_results", tool.take("maximumResultCount", "max_num_results"))
    ranker, threshold = tool.take("ranker"), tool.take("scoreThreshold")
    if ranker is not None and threshold is not None:
        made["ranking_options"] = {"ranker": ranker, "score_threshold": threshold}
    elif ranker is not None or threshold is not None:
        tool.lost("ranker", "a ranker and a threshold go together")
    tool.lose(("filters",), "only the dialect versioned has filters")
    tool.lose(("description",), "the service keeps none for this tool")
    return made


def _code_interpreter(tool: Fields, _beside: Beside) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "code_interpreter"}
    put(made, "file_ids", tool.take("fileIds", "file_ids"))
    tool.lose(("description",), "the service keeps none for this tool")
    return made


def _mcp(tool: Fields, _beside: Beside) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "mcp"}
    put(made, "label", tool.take("serverName"))
    url = tool.take("url", "server_url")
    connection = tool.take("connection")
    if isinstance(connection, Mapping):
        url = url or connection.get("endpoint") or connection.get("target")
        if connection.get("name"):
            tool.lost(
                "connection", f"the connection {connection['name']}: a classic agent's MCP server has none"
            )
        elif str(connection.get("kind", "anonymous")).lower() not in ("anonymous", "remote", "reference"):
            tool.lost("connection", "credentials: declare a connection by hand")
    made["server_url"] = setting_of_stack("server_url", url, tool) or ""
    if not url:
        tool.fault(
            "serverName",
            "the MCP server has no address",
            "write `connection: {kind: anonymous, endpoint: …}`",
        )
    put(made, "allowed_tools", tool.take("allowedTools", "allowed_tools"))
    approval = tool.inside("approvalMode", "approval_mode")
    mode = str(approval.take("kind") or "")
    always = approval.take("alwaysRequireApprovalTools")
    never = approval.take("neverRequireApprovalTools")
    if mode in ("always", "never"):
        made["require_approval"] = mode
    elif mode == "specify":
        made["require_approval"] = {
            key: value for key, value in (("always", always), ("never", never)) if value
        }
    tool.lose(("serverDescription", "description"), "the service keeps none for this tool")
    return made


def _openapi(tool: Fields, beside: Beside) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "openapi"}
    put(made, "description", tool.take("description"))
    told = tool.take("specification")
    if isinstance(told, str):
        text = beside(told)
        if text is None:
            tool.fault("specification", f"there is no file {told} beside this one", "put it there")
        else:
            made["spec"] = plain(parsed(text, told))
    else:
        made["spec"] = told or {}
    connection = tool.take("connection")
    if isinstance(connection, Mapping) and connection.get("name"):
        made["auth"] = {"type": "connection", "connection": str(connection["name"])}
    elif isinstance(connection, Mapping) and str(connection.get("kind")) not in ("anonymous", "None"):
        tool.lost("connection", "declare the connection in the Environment and name it in `auth`")
    else:
        made["auth"] = {"type": "anonymous"}
    return made


def _bing(tool: Fields, _beside: Beside) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "bing_grounding"}
    connection = tool.take("connection", "connections")
    name = connection.get("name") if isinstance(connection, Mapping) else connection
    if not name:
        tool.fault(
            "connection", "Bing needs a connection by name", "write `connection: {kind: reference, name: …}`"
        )
    made["connection"] = str(name or "")
    options = tool.inside("options")
    for key in ("market", "set_lang", "count", "freshness"):
        put(made, key, options.take(key))
    options.done()
    tool.lose(("description",), "the service keeps none for this tool")
    return made


def _ai_search(tool: Fields, _beside: Beside) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "azure_ai_search"}
    connection = tool.take("connection")
    made["connection"] = str(connection.get("name") if isinstance(connection, Mapping) else connection or "")
    index = tool.take("index", "index_name")
    if index:
        made["index_name"] = str(index)
    else:
        tool.fault("connection", "the search tool names no index", "write `index: …`")
    return made


_SCHEMA_TOOLS: Final[Mapping[str, Callable[[Fields, Beside], dict[str, Any]]]] = {
    "function": _function,
    "file_search": _file_search,
    "code_interpreter": _code_interpreter,
    "mcp": _mcp,
    "openapi": _openapi,
    "bing_search": _bing,
    "bing_grounding": _bing,
    "azure_ai_search": _ai_search,
}


def _foundry_connection(tool: Fields) -> None:
    connection = tool.take("connection")
    if isinstance(connection, Mapping) and connection.get("kind") not in (None, "foundry"):
        tool.lost("connection", "the store is in the agent's own project")
