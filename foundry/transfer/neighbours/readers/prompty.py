"""Prompty: fields in the front matter, the prompt after it."""

from __future__ import annotations

import re
from typing import Any

from foundry.manifest.marked import Mapping as Marked
from foundry.transfer.foreign import Document, Foreign
from foundry.transfer.neighbours.fields import Beside, Fields, Notes, put
from foundry.transfer.neighbours.readers.agentschema import answer_format, model_name, take_metadata
from foundry.transfer.neighbours.readers.agentschema_tools import read_tools


def read(tree: Marked, body: str, notes: Notes, beside: Beside) -> Document:
    """One agent: `tree` is the front matter, `body` the text after it."""
    fields = Fields(tree, notes)
    told: dict[str, Any] = {}
    name = str(fields.take("name") or "")
    fields.lose(("displayName", "authors", "tags", "version", "sample"), "a declaration has no such field")
    put(told, "description", fields.take("description"))
    told["model"] = model_name(fields, told)
    take_metadata(fields, told)
    fields.lose(
        ("inputs", "inputSchema"), "inputs are `structured_inputs`, which only the dialect versioned has"
    )
    outputs = fields.take("outputs", "outputSchema")
    if outputs:
        told["response_format"] = answer_format(name, outputs)
    fields.lose(("template",), "the service fills no templates")
    put(told, "tools", dict(read_tools(fields, beside)))
    fields.done()
    parts = re.split(r"(?m)^(system|user|assistant|developer):[ \t]*\n", body)
    system = parts[0].strip("\n")
    for role, text in zip(parts[1::2], parts[2::2], strict=True):
        if role in ("system", "developer"):
            system = f"{system}\n\n{text.strip(chr(10))}".strip("\n")
        else:
            notes.losses.append(f"the turn `{role}:` after the front matter: an agent has instructions alone")
    if system:
        told["instructions"] = system + "\n"
    return Document((Foreign(name, told),))
