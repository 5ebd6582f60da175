"""Tools whose settings stand under `options`: those of VS Code and of Semantic Kernel."""

from __future__ import annotations

import re
from typing import Any

from foundry.transfer.neighbours.fields import Fields, put


def tool_key(name: str, number: int) -> str:
    """The name that a declaration gives a tool."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name) or f"tool_{number}"


def read_tool(kind: str, tool: Fields) -> dict[str, Any] | None:
    """A tool whose settings stand under `options`; None, with a loss, for one that isn't read."""
    options = tool.inside("options")
    made: dict[str, Any] = {"type": kind}
    match kind:
        case "bing_grounding":
            connections = options.take("tool_connections") or [""]
            made["connection"] = str(connections[0]).rsplit("/", 1)[-1]
            for key in ("market", "set_lang", "freshness", "count"):
                put(made, key, options.take(key))
        case "azure_ai_search":
            connections = options.take("tool_connections") or [""]
            made["connection"] = str(connections[0]).rsplit("/", 1)[-1]
            made["index_name"] = str(options.take("index_name") or "")
            for key in ("query_type", "top_k", "filter"):
                put(made, key, options.take(key))
        case "code_interpreter":
            put(made, "file_ids", options.take("file_ids"))
        case "file_search":
            put(made, "vector_store_ids", options.take("vector_store_ids"))
        case "openapi":
            put(made, "description", tool.take("description"))
            made["spec"] = options.take("specification") or {}
            auth = options.take("auth") or {"type": "anonymous"}
            scheme = auth.get("security_scheme") or {}
            made["auth"] = {"type": auth.get("type", "anonymous")}
            if scheme.get("connection_id"):
                made["auth"]["connection"] = str(scheme["connection_id"]).rsplit("/", 1)[-1]
            if scheme.get("audience"):
                made["auth"]["audience"] = scheme["audience"]
        case "mcp":
            made["server_url"] = options.take("server_url", "url")
            put(made, "allowed_tools", options.take("allowed_tools"))
        case _:
            tool.lost("", f"a tool of type {kind}: declare it by hand")
            tool.everything()
            return None
    options.done()
    return made
