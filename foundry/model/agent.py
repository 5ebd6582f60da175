"""Agents and their tools, as declared: references are still names, files are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from foundry.model.check import Check
from foundry.model.environment import Dialect
from foundry.model.findings import Position
from foundry.model.knowledge import KnowledgeFile
from foundry.model.lifecycle import Lifecycle
from foundry.model.values import Json, Text


@dataclass(frozen=True)
class ModelElsewhere:
    """A deployment of another account, reached through a connection."""

    connection: str
    deployment: str


@dataclass(frozen=True)
class Tool:
    """A tool of an agent, in the order written.

    `name` is the key it was declared under: its name on the wire where the service gives tools names.
    `settings` holds every other declared field in the format's own spelling; `{file: …}` is already the text or the
    document, references (`vector_stores`, `index`, `connection`, `agent`, `input_queue`, …) are still names.
    A text in them may be a `Template`.
    `files` are the local files that a code interpreter brings.
    """

    name: str
    type: str
    settings: Mapping[str, Any]
    files: tuple[KnowledgeFile, ...] = ()
    position: Position | None = None


@dataclass(frozen=True)
class Agent:
    """An agent. A field that is None or empty was not declared."""

    name: str
    service_name: str
    project: str
    dialect: Dialect
    model: str | ModelElsewhere
    description: Text | None = None
    instructions: Text | None = None
    temperature: float | None = None
    top_p: float | None = None
    response_format: Json = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    checks: tuple[Check, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None
