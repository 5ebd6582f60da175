"""The VS Code extension's `agent/1.0.0`."""

from __future__ import annotations

from typing import Any

from foundry.manifest.marked import Mapping as Marked
from foundry.transfer.foreign import Document, Foreign
from foundry.transfer.neighbours.fields import Beside, Fields, Notes, put
from foundry.transfer.neighbours.readers.agentschema import take_metadata
from foundry.transfer.neighbours.readers.option_tools import read_tool, tool_key


def read(tree: Marked, notes: Notes, _beside: Beside) -> Document:
    """One agent."""
    fields = Fields(tree, notes)
    fields.take("version")
    told: dict[str, Any] = {}
    name = str(fields.take("name") or "")
    identifier = fields.take("id")
    put(told, "description", fields.take("description"))
    model = fields.inside("model")
    told["model"] = model.take("id")
    options = model.inside("options")
    put(told, "temperature", options.take("temperature"))
    put(told, "top_p", options.take("top_p"))
    options.done()
    model.done()
    put(told, "instructions", fields.take("instructions"))
    take_metadata(fields, told)
    tools: dict[str, Any] = {}
    for number, (_, tool) in enumerate(fields.named("tools"), start=1):
        kind, key = str(tool.take("type") or ""), str(tool.take("id") or "")
        put(tools, tool_key(key or kind, number), read_tool(kind, tool))
        tool.done()
    put(told, "tools", tools)
    fields.done()
    return Document((Foreign(name, told, str(identifier) if identifier else None),))
