"""What lives in a project and its search services and isn't declared yet, gathered as declarations. Nothing is changed or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from foundry.cli.gathering.agents import choose_agents, declare_agents, find_agents
from foundry.cli.gathering.indexes import declare_indexes
from foundry.cli.gathering.ledger import MOST_DOCUMENTS, Gathering, Owned, Place
from foundry.cli.gathering.numbered import declare_memories, declare_skills_and_toolboxes
from foundry.cli.gathering.stores import declare_stores, find_stores

__all__ = ["MOST_DOCUMENTS", "Gathering", "Owned", "Place", "gather"]


def gather(gathering: Gathering, endpoint: str, wanted: Sequence[str] = ()) -> None:
    """Make declarations of what is live at a project's endpoint, in either dialect.

    With `wanted` (ids or names) only of these agents and of what they search.

    Raises:
        FoundryError: the project has no such agent.
        ServiceError: a service can't be asked.
    """
    agents = find_agents(gathering, endpoint)
    if wanted:
        agents = choose_agents(agents, wanted)
        gathering.left.clear()
    gathering.dialects = {one.id: one.dialect for one in gathering.place.owned} | {
        identifier: gathering.dialects[identifier] for identifier in agents
    }
    tools = [(live.id, tool) for live in agents.values() for tool in live.definition.get("tools") or ()]
    stores = declare_stores(
        gathering, endpoint, find_stores(gathering, endpoint, tools, only_used=bool(wanted))
    )
    remembered = {str(tool.get("memory_store_name")) for _, tool in tools}
    memories = declare_memories(gathering, endpoint, remembered if wanted else None)
    indexes = {} if wanted else declare_indexes(gathering, endpoint)
    names = replace(
        gathering.place.names,
        indexes={**gathering.place.names.indexes, **indexes},
        memories={**gathering.place.names.memories, **memories},
    )
    if not wanted:
        names = declare_skills_and_toolboxes(gathering, endpoint, stores, names)
    declare_agents(gathering, endpoint, agents, stores, names)
