"""Prompty: fields in the front matter, the instructions after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foundry.model import Tool
from foundry.transfer.neighbours.fields import put
from foundry.transfer.neighbours.property_schema import from_json_schema
from foundry.transfer.neighbours.writers.agentschema import write_tool
from foundry.transfer.neighbours.writers.writing import Writing
from foundry.transfer.yaml_text import yaml_text


def write(writing: Writing) -> str:
    """An agent's prompt file."""
    agent = writing.agent
    told: dict[str, Any] = {"name": agent.service_name}
    writing.describe(told)
    options: dict[str, Any] = {}
    put(options, "temperature", agent.temperature)
    put(options, "topP", agent.top_p)
    told["model"] = {
        "id": writing.model(),
        "provider": "azure",
        "apiType": "chat",
        **({"options": options} if options else {}),
    }
    form = writing.agent.response_format
    schema = form.get("schema") if isinstance(form, Mapping) else None
    if isinstance(schema, Mapping):
        made = from_json_schema(schema, writing.lose, "response_format.schema")
        told["outputs"] = made["properties"]
    elif isinstance(form, Mapping):
        writing.lose("response_format", "only a schema has a place")
    put(told, "tools", writing.tools(_tool))
    body = writing.text(agent.instructions) if agent.instructions is not None else ""
    return f"---\n{yaml_text(told)}---\nsystem:\n{body}" + ("" if body.endswith("\n") else "\n")


def _tool(writing: Writing, where: str, tool: Tool) -> dict[str, Any] | None:
    if tool.type in ("function", "mcp", "openapi"):
        return write_tool(writing, where, tool)
    writing.no_place(where, tool)
    return None
