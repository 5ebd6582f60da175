"""Agents and their tools, as declared: references are still names, files are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from foundry.model.check import Check
from foundry.model.environment import Dialect
from foundry.model.evaluation import Evaluation
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
    `files` are the local files that a code interpreter brings. `only` is the one dialect that has such a tool, and
    `settings_of` the one dialect that has a setting, where there is but one.
    """

    name: str
    type: str
    settings: Mapping[str, Any]
    files: tuple[KnowledgeFile, ...] = ()
    position: Position | None = None
    only: Dialect | None = None
    settings_of: Mapping[str, Dialect] = field(default_factory=dict)

    def said_in(self, dialect: Dialect) -> Tool | None:
        """The tool as one dialect has it; None when it doesn't."""
        if self.only not in (None, dialect):
            return None
        kept = {
            key: value
            for key, value in self.settings.items()
            if self.settings_of.get(key, dialect) is dialect
        }
        return replace(self, settings=kept)


@dataclass(frozen=True)
class SkillReference:
    """A skill as agents and toolboxes refer to it: declared here as `skill`, or `name` at the service, perhaps with a `version`."""

    skill: str | None = None
    name: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Agent:
    """An agent. A field that is None or empty was not declared.

    It has a `model`, or is a `workflow` (its YAML), `hosted` (a container), `external` (it runs elsewhere) or `voice` (it is spoken
    with: the fields of the service's definition, where deployments, agents and tools are still names). What begins with `skills`
    below is of the versioned dialect alone; `enabled` and `endpoint` (protocols, authorization, traffic, card) belong to the agent
    and not to a version of it.
    """

    name: str
    service_name: str
    project: str
    dialect: Dialect
    model: str | ModelElsewhere | None
    description: Text | None = None
    instructions: Text | None = None
    temperature: float | None = None
    top_p: float | None = None
    response_format: Json = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    skills: tuple[SkillReference, ...] = ()
    reasoning: Mapping[str, str] | None = None
    tool_choice: str | None = None
    structured_inputs: Mapping[str, Json] = field(default_factory=dict)
    content_filter: str | None = None
    invocations_moderation: Mapping[str, Any] | None = None
    harness: str | None = None
    blueprint_id: str | None = None
    workflow: Text | None = None
    hosted: Mapping[str, Any] | None = None
    external: Mapping[str, Any] | None = None
    voice: Mapping[str, Any] | None = None
    enabled: bool | None = None
    endpoint: Mapping[str, Any] | None = None
    keep_versions: int | None = None
    evaluation: Evaluation | None = None
    checks: tuple[Check, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None
