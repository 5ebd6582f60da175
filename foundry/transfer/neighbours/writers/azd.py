"""azd's `azure.yaml`, with the instructions in a file beside it."""

from __future__ import annotations

import re
from typing import Any

from foundry.model import FoundryError, Tool
from foundry.transfer.neighbours.fields import put
from foundry.transfer.neighbours.writers.writing import Writing
from foundry.transfer.yaml_text import yaml_text


def write(writing: Writing) -> str:
    """An agent as a service. Raises FoundryError for a name that azd refuses."""
    agent = writing.agent
    filename = f"{agent.name}.md"
    service: dict[str, Any] = {"host": "azure.ai.agent", "kind": "prompt", "name": agent.service_name}
    if not re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?", agent.service_name):
        raise FoundryError(
            f"azd takes letters, digits and dashes in a name, and the agent is called {agent.service_name!r}",
            fix="give it another service_name",
        )
    writing.describe(service)
    service["model"] = writing.model()
    if agent.instructions is not None:
        writing.beside[filename] = writing.text(agent.instructions)
        service["instructions"] = f"./{filename}"
    for key in ("temperature", "top_p"):
        if getattr(agent, key) is not None:
            writing.lose(key, "azd has no sampling")
    if agent.response_format is not None:
        writing.lose("response_format", "azd has none")
    put(service, "tools", writing.tools(_tool))
    return yaml_text({"services": {agent.name: service}})


def _tool(writing: Writing, where: str, tool: Tool) -> dict[str, Any] | None:
    settings = tool.settings
    match tool.type:
        case "azure_ai_search" | "bing_grounding" if "connection" in settings:
            writing.rest(where, settings, "connection")
            return {"type": tool.type, "connection": settings["connection"]}
        case "file_search" | "code_interpreter":
            writing.rest(where, {**settings, **({"files": 1} if tool.files else {})})
            return {"type": tool.type}
        case "function":
            made = {"type": "function", "name": tool.name}
            put(made, "description", settings.get("description") and writing.text(settings["description"]))
            put(made, "parameters", settings.get("parameters"))
            writing.rest(where, settings, "description", "parameters")
            return made
        case _:
            writing.no_place(where, tool)
            return None
