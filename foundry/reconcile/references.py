"""What live agents and toolboxes refer to, so that nothing in use is deleted from under them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from foundry.model import FoundryError
from foundry.reconcile.session import KnowledgeView
from foundry.service.errors import NotFound
from foundry.service.live import LiveAgent, LiveNumbered
from foundry.service.protocols import KnowledgeService

Uses = Callable[[Mapping[str, Any]], bool]
Parts = Callable[[LiveAgent], Iterable[Mapping[str, Any]]]
User = LiveAgent | LiveNumbered
"""An agent, or a toolbox."""


def uses_store(store_id: str) -> Uses:
    """Whether a tool searches this vector store."""
    return lambda tool: store_id in (tool.get("vector_store_ids") or ())


def uses_file(file_id: str) -> Uses:
    """Whether a tool is given this file."""
    return lambda tool: file_id in (tool.get("file_ids") or ())


def uses_agent(agent_id: str) -> Uses:
    """Whether a tool hands over to this agent."""
    return lambda tool: bool(tool.get("agent_id") == agent_id)


def uses_memory(name: str) -> Uses:
    """Whether a tool remembers in this memory store."""
    return lambda tool: bool(tool.get("memory_store_name") == name)


def uses_toolbox(endpoint: str, name: str, version: str | None = None) -> Uses:
    """Whether a tool calls the MCP server of this toolbox, of one version of it where that is given."""
    where = f"{endpoint.rstrip('/')}/toolboxes/{name}/".casefold()
    if version is not None:
        where += f"versions/{version}/"
    return lambda tool: str(tool.get("server_url")).casefold().startswith(where)


def uses_skill(name: str, version: str | None = None) -> Uses:
    """Whether a reference to a skill means this one, and a version where that is given."""
    return lambda skill: skill.get("name") == name and version in (None, skill.get("version"))


def uses_index(name: str) -> Uses:
    """Whether a tool searches an index of this name."""
    return lambda tool: bool(tool.get("index_name") == name)


def uses_asset(identifier: str) -> Uses:
    """Whether a tool searches by this index asset, called `<name>/versions/<version>` or by its whole id."""
    return lambda tool: f"/{tool.get('index_asset_id') or ''}".endswith(f"/{identifier}")


def users(
    view: KnowledgeView, service: KnowledgeService, uses: Uses, parts: Parts | None = None
) -> Iterator[User]:
    """The live agents, and the toolboxes of the versioned dialect, with a tool that `uses` it.

    Each agent is read anew: a listing may be older than its last change. `parts` gives what is looked at in the place of tools,
    of agents alone.
    """
    yield from _agents(view, service, uses, parts or service.tools_in_use)
    for toolbox in view.toolboxes.all(service.list_toolboxes) if parts is None else ():
        if any(map(uses, service.tools_of_toolbox(toolbox))):
            yield toolbox


def _agents(view: KnowledgeView, service: KnowledgeService, uses: Uses, parts: Parts) -> Iterator[LiveAgent]:
    for listed in view.agents.all(service.list_agents):
        if not any(map(uses, parts(listed))):
            continue
        try:
            agent = service.get_agent(listed.id)
        except NotFound:
            view.agents.drop(listed.id)
            continue
        view.agents.put(agent)
        if any(map(uses, parts(agent))):
            yield agent


def told(user: User) -> str:
    """A user in words for people."""
    if isinstance(user, LiveNumbered):
        return f"toolbox {user.id}"
    return f"agent {user.definition.get('name')} ({user.id})"


def refuse_if_used(what: str, using: Iterable[User]) -> None:
    """Raises FoundryError naming everything that still uses it."""
    names = [told(user) for user in using]
    if names:
        raise FoundryError(
            f"{what} isn't deleted: it is used by {', '.join(names)}",
            fix="take it out of their tools or delete them first, then run the command again",
        )
