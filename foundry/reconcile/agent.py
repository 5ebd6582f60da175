"""Agents of the classic dialect. See `foundry.reconcile` for the six functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from foundry.diff import changes, digest, normal, settled
from foundry.diff.tables import NAMED_TOOLS
from foundry.model import UNKNOWN
from foundry.reconcile.claims import (
    existing,
    find_claimed,
    is_taken_over,
    refuse_another_id,
    renewed,
    with_incarnation,
)
from foundry.reconcile.differences import content, handling, moved
from foundry.reconcile.inputs import HANDLING, INPUTS, is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import Mark, mark_of, marked, without_mark
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, seen
from foundry.reconcile.problems import metadata_problems, needs
from foundry.reconcile.references import refuse_if_used, users, uses_agent
from foundry.reconcile.session import ClassicView, Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.live import LiveAgent
from foundry.service.log import PROGRESS

KIND: Final = "Agent"
_RESETTABLE: Final = ("temperature", "top_p")
_TOOL_TYPES: Final = frozenset(
    {
        "azure_ai_search",
        "azure_function",
        "bing_custom_search",
        "bing_grounding",
        "browser_automation",
        "code_interpreter",
        "computer_use",
        "connected_agent",
        "deep_research",
        "fabric_dataagent",
        "file_search",
        "function",
        "mcp",
        "openapi",
        "sharepoint_grounding",
    }
)
_LIMITS: Final = {"name": 256, "description": 512, "instructions": 256_000}


def check(_olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs: the limits and rules that the service would answer with 400."""
    definition = news.get("definition")
    problems = [*needs(news, "name", "project", "endpoint")]
    if definition is UNKNOWN:
        return problems
    if not isinstance(definition, Mapping):
        return [*problems, Problem("definition", "is missing; give name, model and what else the agent has")]
    problems += [
        Problem(f"definition.{key}", "is missing; give it a text")
        for key in ("name", "model")
        if not definition.get(key)
    ]
    for key, longest in _LIMITS.items():
        value = definition.get(key)
        if isinstance(value, str) and len(value) > longest:
            problems.append(
                Problem(f"definition.{key}", f"has {len(value)} characters; {longest} is the most")
            )
    problems += metadata_problems(definition.get("metadata"))
    problems += _tool_problems(definition.get("tools") or ())
    return problems


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. Where drift is only reported, the declaration is compared with the last one applied."""
    found = (*handling(olds, news, HANDLING), *content(KIND, olds, news))
    return Difference(found, moved(olds, news, "project"))


def create(session: Session, news: Props) -> Made:
    """Makes the agent, or takes over the one with our mark, or the one to adopt."""
    view, owner, name = session.project(news["endpoint"]), owner_of(news), str(news["name"])
    service = view.service.waiting_for_roles()
    definition, adopt = news["definition"], lifecycle_of(news).get("adopt")
    mark = Mark(
        owner, name, digest(normal(KIND, definition)), session.incarnation(), adopted=adopt is not None
    )

    def claimed() -> LiveAgent | None:
        listed = view.agents.all(service.list_agents)
        return find_claimed("agent", owner, name, adopt=adopt, listed=listed, get=service.get_agent)

    def just_made() -> LiveAgent | None:
        view.agents.forget()
        return with_incarnation(view.agents.all(service.list_agents), mark.incarnation)

    live = session.first_look_up(view.agents, claimed)
    if live is None:
        metadata = marked(mark, {}, definition.get("metadata") or {}, {})
        made = session.make_once(
            lambda: service.create_agent(definition, metadata), just_made, f"agent {name}"
        )
    else:
        PROGRESS.info("agent %s: found as %s, taken over", name, live.id)
        made = _write(view, live, definition, mark, applied={}, wanted=None)
    view.agents.put(made)
    return Made(made.id, _outs(news, made.id, mark, definition))


def read(session: Session, agent_id: str, props: Props) -> Seen | None:
    """The live agent in the words of the last declaration."""

    def live() -> LiveAgent:
        view = session.project(props["endpoint"])
        return view.agents.look(agent_id, view.service.list_agents) or view.service.get_agent(agent_id)

    agent = session.read(str(props["project"]), live)
    if agent is None:
        return None
    mark = mark_of(agent.metadata)
    definition = settled(KIND, _unmarked(agent), props.get("applied"))
    return seen(KIND, INPUTS, props, definition, mark=mark, now=session.now(), agentId=agent_id)


def update(session: Session, agent_id: str, olds: Props, news: Props) -> dict[str, Any]:
    """Makes the live agent what is declared, and the mark say so."""
    view, what = session.project(news["endpoint"]), f"agent {agent_id}"
    service = view.service.waiting_for_roles()
    live = existing(what, lambda: service.get_agent(agent_id))
    refuse_another_id("agent", agent_id, news)
    definition, applied = news["definition"], olds.get("applied") or {}
    word = digest(normal(KIND, definition))
    mark = renewed(what, session, mark_of(live.metadata), olds, news, digest=word)
    wanted = None
    if only_reports(news):
        wanted = {change.field for change in changes(KIND, applied, definition, applied)}
    made = _write(view, live, definition, mark, applied=applied, wanted=wanted)
    view.agents.put(made)
    told = settled(KIND, _unmarked(made), definition) if only_reports(news) else definition
    return {**_outs(news, agent_id, mark, told), **kept_age_of_drift(olds, news, told)}


def delete(session: Session, agent_id: str, props: Props) -> None:
    """Deletes the agent if the state speaks of this very one and no other agent hands over to it."""

    def live() -> LiveAgent:
        return session.project(props["endpoint"]).service.get_agent(agent_id)

    agent = session.unless_gone(str(props["project"]), live)
    if agent is None:
        return
    view = session.project(props["endpoint"])
    mark = mark_of(agent.metadata)
    if is_taken_over(f"agent {agent_id}", mark, props):
        return
    if is_let_go(props):
        PROGRESS.info("agent %s: let go", agent_id)
        view.agents.put(
            view.service.update_agent(agent, agent.definition, without_mark(agent.metadata), only=())
        )
        return
    refuse_if_used(f"agent {props['name']} ({agent_id})", users(view, view.service, uses_agent(agent_id)))
    view.service.delete_agent(agent_id)
    view.agents.drop(agent_id)


def _write(
    view: ClassicView,
    live: LiveAgent,
    definition: Mapping[str, Any],
    mark: Mark,
    *,
    applied: Mapping[str, Any],
    wanted: set[str] | None,
) -> LiveAgent:
    """Sends what differs. `wanted` limits it to some fields; the mark is always written."""
    differs = changes(KIND, _unmarked(live), definition, applied)
    only = wanted if wanted is not None else None if differs else set()
    metadata = marked(mark, live.metadata, definition.get("metadata") or {}, applied.get("metadata") or {})
    reset = [key for key in _RESETTABLE if applied.get(key) is not None and definition.get(key) is None]
    service = view.service.waiting_for_roles()
    return service.update_agent(live, definition, metadata, reset=reset, only=only)


def _unmarked(agent: LiveAgent) -> dict[str, Any]:
    return {**agent.definition, "metadata": without_mark(agent.metadata)}


def _outs(news: Props, agent_id: str, mark: Mark, definition: Any) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "definition": definition,
        "agentId": agent_id,
    }


def _tool_problems(tools: Any) -> Iterator[Problem]:
    if not isinstance(tools, list | tuple):
        return
    if len(tools) > 128:
        yield Problem("definition.tools", f"has {len(tools)} tools; 128 is the most")
    seen: set[str] = set()
    for number, tool in enumerate(tools):
        path = f"definition.tools[{number}]"
        if not isinstance(tool, Mapping):
            continue
        kind, name = tool.get("type"), tool.get("name")
        if kind not in _TOOL_TYPES:
            yield Problem(
                f"{path}.type", f"{kind!r} isn't a tool of the classic dialect; one of {sorted(_TOOL_TYPES)}"
            )
            continue
        if not name:
            yield Problem(f"{path}.name", "is missing; give the tool a name")
        key = f"{kind} {name}" if kind in NAMED_TOOLS else str(kind)
        if key in seen:
            yield Problem(path, f"is a second {key}; an agent has one of them")
        seen.add(key)
        stores, files = tool.get("vector_store_ids"), tool.get("file_ids")
        if isinstance(stores, list | tuple) and len(stores) > 1:
            yield Problem(f"{path}.vector_store_ids", f"has {len(stores)} stores; 1 is the most")
        if isinstance(files, list | tuple) and len(files) > 20:
            yield Problem(f"{path}.file_ids", f"has {len(files)} files; 20 is the most")
        if kind == "mcp" and tool.get("connection_id"):
            yield Problem(f"{path}.connection_id", "isn't served in the classic dialect; leave it out")
