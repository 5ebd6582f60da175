"""A manifest: everything one stack declares."""

from __future__ import annotations

from dataclasses import dataclass

from foundry.model.agent import Agent
from foundry.model.environment import Environment, Owner
from foundry.model.knowledge import MemoryStore, VectorStore
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
