"""A manifest: everything one stack declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from foundry.model.agent import Agent
from foundry.model.environment import Dialect, Environment, Owner
from foundry.model.knowledge import KnowledgeFile, MemoryStore, VectorStore
from foundry.model.numbered import Skill, Toolbox
from foundry.model.search import SearchIndex


@dataclass(frozen=True)
class Manifest:
    """What a stack declares, read, merged, checked and with nothing unresolved except Pulumi outputs.

    `agents` stand in an order in which every connected agent comes before the agent that refers to it.
    """

    owner: Owner
    environment: Environment
    agents: tuple[Agent, ...]
    vector_stores: tuple[VectorStore, ...]
    search_indexes: tuple[SearchIndex, ...]
    memory_stores: tuple[MemoryStore, ...] = ()
    toolboxes: tuple[Toolbox, ...] = ()
    skills: tuple[Skill, ...] = ()

    def files(self, dialect: Dialect) -> Mapping[str, Mapping[str, KnowledgeFile]]:
        """Every file of a store or of a tool in a dialect, once for each project: the project's name → path → file."""
        found: dict[str, dict[str, KnowledgeFile]] = {}
        for store in self.vector_stores:
            if dialect in store.dialect.parts:
                found.setdefault(store.project, {}).update({file.path: file for file in store.files})
        of_tools = [(one.project, one.tools) for one in self.agents if dialect in one.dialect.parts]
        if dialect is Dialect.VERSIONED:
            of_tools += [(one.project, one.tools) for one in self.toolboxes]
        for project, tools in of_tools:
            found.setdefault(project, {}).update({file.path: file for tool in tools for file in tool.files})
        return found
