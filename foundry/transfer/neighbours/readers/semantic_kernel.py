"""Semantic Kernel's agents, as its YAML has them."""

from __future__ import annotations

import re
from typing import Any, Final

from foundry.manifest.marked import Mapping as Marked
from foundry.transfer.foreign import Document, Foreign, Place
from foundry.transfer.neighbours.fields import Beside, Fields, Notes, put
from foundry.transfer.neighbours.readers.option_tools import read_tool, tool_key

# Agent types of Semantic Kernel (python/semantic_kernel/agents, `register_agent_type`) and their older names.
AGENT_TYPES: Final = frozenset(
    ("foundry_agent", "azureai_agent", "chat_completion_agent", "openai_assistant", "azure_assistant", "openai_responses",
     "azure_openai_responses")
)  # fmt: skip
_SETTING: Final = re.compile(r"\$\{(?:AzureAI|AzureOpenAI|OpenAI):(\w+)\}")


def read(tree: Marked, notes: Notes, _beside: Beside) -> Document:
    """One agent."""
    fields = Fields(tree, notes)
    kind = str(fields.take("type"))
    if kind not in ("foundry_agent", "azureai_agent"):
        notes.deviations.append(f"type: {kind} lives in a program; here it becomes an agent of the service")
    told: dict[str, Any] = {}
    name = str(fields.take("name") or "")
    identifier = fields.take("id")
    put(told, "description", fields.take("description"))
    model = fields.inside("model")
    told["model"] = model.take("id")
    model.lose(("api", "connection"), "the deployment is one of the Environment")
    options = model.inside("options")
    put(told, "temperature", options.take("temperature"))
    put(told, "top_p", options.take("top_p"))
    for key in options.everything():
        if key not in ("temperature", "top_p"):
            options.lost(key, "an agent of the service has no such option")
    model.done()
    put(told, "instructions", fields.take("instructions"))
    fields.lose(("template", "prompt_template", "inputs", "outputs"), "the service fills no templates")
    fields.lose(("extras",), "whatever it is for, the service doesn't know it")
    tools: dict[str, Any] = {}
    for number, (_, tool) in enumerate(fields.named("tools"), start=1):
        kind, key = str(tool.take("type") or ""), str(tool.take("id") or "")
        made = read_tool(kind, tool)
        if kind != "openapi":
            tool.lose(("description",), "the service keeps none for this tool")
        tool.lose(("extras",), "whatever it is for, the service doesn't know it")
        put(tools, tool_key(key or kind, number), made)
        tool.done()
    put(told, "tools", tools)
    fields.done()
    is_id = str(identifier).startswith("asst_")
    return Document((Foreign(name, _settings_of_stack(told, "", notes), str(identifier) if is_id else None),))


def _settings_of_stack(value: Any, where: str, notes: Notes) -> Any:
    """`${AzureAI:NAME}` as a setting of the stack, wherever it stands."""
    if isinstance(value, dict):
        below = f"{where}." if where else ""
        return {key: _settings_of_stack(item, f"{below}{key}", notes) for key, item in value.items()}
    if isinstance(value, list):
        return [_settings_of_stack(item, where, notes) for item in value]
    if not isinstance(value, str) or not _SETTING.search(value):
        return value
    for name in _SETTING.findall(value):
        notes.deviations.append(
            f"{where}: the setting {name} is foundry:{name} here (`pulumi config set foundry:{name} …`)"
        )
    return Place(_SETTING.sub(r"${config.\1}", value))
