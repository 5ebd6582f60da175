"""Toolboxes and skills: names with versions that the service numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foundry.model.agent import SkillReference, Tool
from foundry.model.findings import Position
from foundry.model.knowledge import KnowledgeFile
from foundry.model.lifecycle import Lifecycle


@dataclass(frozen=True)
class Toolbox:
    """Tools that versioned agents and others reach through one MCP endpoint.

    `default_version` is the number of the version that the name stands for; None stands for the newest. `keep_versions` is how
    many versions stay; None stands for all.
    """

    name: str
    service_name: str
    project: str
    tools: tuple[Tool, ...]
    description: str | None = None
    skills: tuple[SkillReference, ...] = ()
    content_filter: str | None = None
    default_version: str | None = None
    keep_versions: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None


def toolbox_address(endpoint: str, name: str) -> str:
    """Where a toolbox answers MCP clients, by the version that its name stands for.

    Source: Azure docs, "Microsoft Foundry Toolbox" of the Agent Framework.

    Args:
        endpoint: the project's endpoint.
        name: the toolbox's name at the service.
    """
    return f"{endpoint.rstrip('/')}/toolboxes/{name}/mcp?api-version=v1"


@dataclass(frozen=True)
class Skill:
    """Instructions that versioned agents and toolboxes take in. `default_version` and `keep_versions` as of a toolbox.

    `files` are those beside the instructions, by their path in the skill.
    """

    name: str
    service_name: str
    project: str
    description: str
    instructions: str
    license: str | None = None
    compatibility: str | None = None
    allowed_tools: tuple[str, ...] = ()
    files: Mapping[str, KnowledgeFile] = field(default_factory=dict)
    default_version: str | None = None
    keep_versions: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None
