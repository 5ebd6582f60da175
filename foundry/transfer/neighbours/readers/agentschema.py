"""AgentSchema's agents and manifests, and the Agent Framework's, which have the same fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from foundry.manifest.marked import Mapping as Marked
from foundry.manifest.marked import plain
from foundry.transfer.foreign import Document, Foreign
from foundry.transfer.neighbours.fields import Beside, Fields, Notes, put
from foundry.transfer.neighbours.property_schema import to_json_schema
from foundry.transfer.neighbours.readers.agentschema_tools import read_tools
from foundry.transfer.neighbours.readers.variables import setting_of_stack


def read(tree: Marked, notes: Notes, beside: Beside) -> Document:
    """An agent."""
    return Document((_agent(Fields(tree, notes), beside),))


def read_manifest(tree: Marked, notes: Notes, beside: Beside) -> Document:
    """A manifest: an agent as `template`, with places that parameters fill."""
    fields = Fields(tree, notes)
    fields.take("name")
    fields.lose(
        ("displayName", "description", "metadata"), "a manifest's own; the agent in `template` has its own"
    )
    parameters = plain(tree.get("parameters")) or {}
    fields.take("parameters")
    fields.lose(("resources",), "declare deployments and connections in the Environment")
    defaults = {
        name: item.get("default")
        for name, item in (to_json_schema(parameters).get("properties") or {}).items()
    }
    _fill_places(tree["template"], defaults, notes)
    agent = _agent(fields.inside("template"), beside, name=str(tree.get("name") or ""))
    fields.done()
    return Document((agent,))


def _fill_places(tree: Any, values: Mapping[str, Any], notes: Notes) -> None:
    items = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(items):
        if isinstance(value, str) and key != "instructions":
            tree[key] = _filled_places(str(key), value, values, notes)
        else:
            _fill_places(value, values, notes)


def _filled_places(key: str, text: str, values: Mapping[str, Any], notes: Notes) -> str:
    def place(found: re.Match[str]) -> str:
        if values.get(found[1]) is not None:
            return str(values[found[1]])
        notes.losses.append(f"{key}: the parameter `{found[1]}` has no default; its place stays as text")
        return found[0]

    return re.sub(r"\{\{\s*(\w+)\s*\}\}", place, text)


def _agent(fields: Fields, beside: Beside, *, name: str = "") -> Foreign:
    fields.take("kind")
    told: dict[str, Any] = {}
    name = str(fields.take("name") or name)
    fields.lose(("displayName",), "a declaration has `name` and `service_name` alone")
    put(told, "description", fields.take("description"))
    told["model"] = model_name(fields, told)
    more = [fields.take("instructions"), fields.take("additionalInstructions")]
    put(told, "instructions", "\n\n".join(str(text) for text in more if text))
    take_metadata(fields, told)
    fields.lose(
        ("inputSchema", "inputs"), "inputs are `structured_inputs`, which only the dialect versioned has"
    )
    output = fields.take("outputSchema", "outputs")
    if output:
        told["response_format"] = answer_format(name, output)
    fields.lose(("template", "configurations"), "the service fills no templates")
    tools = dict(read_tools(fields, beside))
    put(told, "tools", tools)
    fields.done()
    return Foreign(name, told)


def model_name(fields: Fields, told: dict[str, Any]) -> Any:
    """The deployment that an agent names; what stands beside it goes to `told`, or is told as lost."""
    model = fields.take("model")
    if not isinstance(model, Mapping):
        return setting_of_stack("model", model, fields)
    inside = fields.inside("model")
    name = setting_of_stack("model.id", inside.take("id"), fields)
    inside.lose(("provider", "apiType", "publisher"), "the deployment says which model it is")
    connection = inside.take("connection")
    if isinstance(connection, Mapping) and str(connection.get("kind", "")).lower() not in (
        "foundry",
        "remote",
    ):
        inside.lost("connection", "a deployment of the Environment, or `model: {connection, deployment}`")
    options = inside.inside("options")
    options.take("kind")
    put(told, "temperature", options.take("temperature"))
    put(told, "top_p", options.take("topP", "top_p"))
    options.lose(
        ("frequencyPenalty", "maxOutputTokens", "presencePenalty", "seed", "topK", "stopSequences",
         "allowMultipleToolCalls", "additionalProperties"),
        "an agent of the service has no such option",
    )  # fmt: skip
    options.done()
    inside.done()
    return name


def take_metadata(fields: Fields, told: dict[str, Any]) -> None:
    """Puts an agent's metadata in `told`, every value as a text."""
    metadata = fields.take("metadata")
    if isinstance(metadata, Mapping):
        texts = {}
        for key, value in metadata.items():
            if isinstance(value, list):
                texts[key] = ", ".join(str(item) for item in value)
                fields.notes.deviations.append(f"metadata.{key}: a list, read as one text")
            elif value is not None:
                texts[key] = (
                    value
                    if isinstance(value, str)
                    else str(value).lower()
                    if isinstance(value, bool)
                    else str(value)
                )
        put(told, "metadata", texts)


def answer_format(name: str, schema: Any) -> dict[str, Any]:
    """The `response_format` that an agent's output schema stands for."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:57] or "agent"
    return {"type": "json_schema", "name": f"{stem}_answer", "schema": to_json_schema(schema)}
