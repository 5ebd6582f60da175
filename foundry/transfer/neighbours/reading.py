"""A file of a neighbouring tool as declarations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from foundry.manifest.marked import Mapping as Marked
from foundry.model import FoundryError
from foundry.transfer.foreign import Document, Foreign
from foundry.transfer.neighbours.fields import Beside, Notes
from foundry.transfer.neighbours.parsing import UnreadableError, parsed
from foundry.transfer.neighbours.readers import agentschema, azd, prompty, sdk, semantic_kernel, vscode

_Reader = Callable[[Marked, Notes, Beside], Document]


@dataclass(frozen=True)
class Reading:
    """What a file holds.

    `environment` has deployments and connections in the fields of an Environment; `losses` and `deviations` are told by field.
    """

    format: str
    agents: tuple[Foreign, ...]
    environment: Mapping[str, Any] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


def read(text: str, path: str, *, beside: Beside) -> Reading:
    """Read a file in whichever format it is.

    Args:
        text: its content.
        path: what findings call it.
        beside: gives the text of a file that is named relative to this one; None where there is none.

    Raises:
        FoundryError: it is in none of the formats, or has faults.
    """
    notes = Notes(path)
    front = re.match(r"---\r?\n(.*?)\r?\n---\r?\n?(.*)", text, re.DOTALL)
    if front and (path.endswith((".prompty", ".md")) or "\n---" in text):
        tree, body = parsed(front[1], path), front[2].replace("\r\n", "\n")
        name, document = "Prompty", prompty.read(tree, body, notes, beside)
    else:
        tree = parsed(_quoted_places(text, notes), path)
        name, reader = _format_of(tree, path)
        document = reader(tree, notes, beside)
    if notes.faults:
        raise UnreadableError(
            f"{path} (read as {name}) has {len(notes.faults)} {'fault' if len(notes.faults) == 1 else 'faults'}",
            tuple(notes.faults),
        )
    return Reading(name, document.agents, document.environment, tuple(notes.losses), tuple(notes.deviations))


def _format_of(tree: Marked, path: str) -> tuple[str, _Reader]:
    """What people call the format, and what reads it. Raises FoundryError for one that nothing reads."""
    kind = tree.get("kind")
    if "services" in tree:
        return "azd", azd.read
    if str(tree.get("object", "")).startswith("agent.version"):
        return "agent version", sdk.read_version
    if str(tree.get("type")) in semantic_kernel.AGENT_TYPES and kind is None:
        return "Semantic Kernel", semantic_kernel.read
    if tree.get("object") == "assistant" or (
        str(tree.get("id", "")).startswith("asst_") and "version" not in tree
    ):
        return "SDK dump", sdk.read_assistant
    if _is_body(tree):
        return "SDK body", sdk.read_assistant
    if str(tree.get("version")) == "1.0.0" and "kind" not in tree:
        return "VS Code agent/1.0.0", vscode.read
    if "template" in tree and kind is None and isinstance(tree["template"], Mapping):
        return "AgentSchema manifest", agentschema.read_manifest
    if kind == "Prompt":
        return "Agent Framework", agentschema.read
    if kind == "prompt" or (kind is None and "model" in tree and "instructions" in tree):
        return "AgentSchema", agentschema.read
    if kind in ("hosted", "workflow", "Workflow", "external", "voice"):
        raise FoundryError(
            f"{path} is of kind {str(kind).lower()}, and only prompt agents are read",
            fix="declare it by hand, in the dialect versioned: `hosted: {image: …}` (or `code`), `workflow: {file: …}`, `external: {}` or "
            "`voice: {…}`",
        )
    raise FoundryError(
        f"{path} is in none of the formats that are read",
        fix="these are: AgentSchema, azd (azure.yaml), Agent Framework, Prompty, VS Code agent/1.0.0, Semantic Kernel, an SDK dump",
    )


def _is_body(tree: Marked) -> bool:
    """Whether it is what `create_agent(body=…)` takes: a model by name, sampling beside it, tools by their `type`."""
    if not isinstance(tree.get("model"), str) or {"kind", "type", "version"} & set(tree):
        return False
    tools = tree.get("tools")
    has_types = isinstance(tools, list) and any(
        isinstance(tool, Mapping) and "type" in tool and "kind" not in tool for tool in tools
    )
    return has_types or bool({"temperature", "top_p", "response_format", "tool_resources"} & set(tree))


def _quoted_places(text: str, notes: Notes) -> str:
    """AgentSchema's manifests hold `{{parameter}}` without quotes, which is no YAML."""
    made = re.sub(r"(?m)(:[ \t]+|-[ \t]+)(\{\{\s*\w+\s*\}\})[ \t]*$", r'\1"\2"', text)
    if made != text:
        notes.deviations.append("`{{…}}` without quotes: read as text")
    return made
