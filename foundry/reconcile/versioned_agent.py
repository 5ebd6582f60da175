"""Agents of the versioned dialect. See `foundry.reconcile` for the six functions.

An agent's name is its identity, and every version of it is immutable. So the mark stands in the metadata of each version
that we make, and no version is made unless the definition, the description, the metadata or the mark differ. What belongs
to the agent and to no version (`serving`: enabled, protocols, authorization, traffic, card) is changed in place.

An agent found by our mark is taken over as it is when no state speaks of it (the state was lost). When a state does (a
replacement is about to delete it), the take-over writes a version with a new incarnation, which that delete respects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from foundry.diff import Change, changes, settled
from foundry.diff.versioned import versioned_tool_key
from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile import inputs
from foundry.reconcile.claims import existing, find_named, is_taken_over, refuse_another_name, renewed
from foundry.reconcile.differences import content, handling, moved, only_edits
from foundry.reconcile.hosted_code import code_of
from foundry.reconcile.inputs import is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import NO_DIGEST, Mark, mark_of, marked, without_mark
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, seen
from foundry.reconcile.problems import metadata_problems, needs
from foundry.reconcile.session import Session, VersionedView
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.errors import Conflict, NotFound
from foundry.service.live import LiveVersionedAgent
from foundry.service.log import PROGRESS
from foundry.service.protocols import VersionedService
from foundry.service.versioned_bodies import LATEST
from foundry.service.versioned_tools import TOOL_TYPES

KIND: Final = "VersionedAgent"
SERVING: Final = "Serving"
INPUTS: Final = (*inputs.INPUTS, "serving", "keepVersions")
_HANDLING: Final = (*inputs.HANDLING, "keepVersions")
_NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_LIMITS: Final = {"description": 512, "instructions": 256_000}
_KINDS: Final = ("model", "workflow", "hosted", "external", "voice")
_HISTORY: Final = 20


def check(_olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs."""
    definition = news.get("definition")
    problems = [*needs(news, "name", "project", "endpoint")]
    if definition is not UNKNOWN:
        problems += _definition_problems(definition if isinstance(definition, Mapping) else {})
    traffic = (news.get("serving") or {}).get("traffic")
    if isinstance(traffic, Mapping) and sum(traffic.values()) != 100:
        problems.append(Problem("serving.traffic", f"comes to {sum(traffic.values())} percent; make it 100"))
    return problems


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. A changed name is another agent: the service can't rename one."""
    inside = content(KIND, olds, news)
    in_place = [
        Change(f"serving.{change.path}", change.old, change.new, change.op)
        for change in changes(SERVING, olds.get("serving"), news.get("serving"))
    ]
    renamed = ["definition"] if any(change.path == "name" for change in inside) else []
    found = (*handling(olds, news, _HANDLING), *inside, *in_place)
    return Difference(found, (*moved(olds, news, "project"), *renamed))


def create(session: Session, news: Props) -> Made:
    """Makes the agent with its first version, or takes over the one with our mark, or the one to adopt."""
    view, owner, name = session.versioned(str(news["endpoint"])), owner_of(news), str(news["name"])
    service, definition = view.service.waiting_for_roles(), news["definition"]
    live = find_named(
        "agent", news, service.get_agent, lambda agent: _newest_mark(service, agent), ignoring_case=True
    )
    adopt = lifecycle_of(news).get("adopt")
    found = mark_of(live.metadata) if live is not None else None
    quiet = found is not None and found.belongs_to(owner, name, versioned=True) and adopt is None
    if found is None or not quiet or found.incarnation in view.spoken_for:
        adopted = adopt is not None or (found is not None and found.adopted)
        found = Mark(owner, name, NO_DIGEST, session.incarnation(), adopted=adopted, versioned=True)
    made = _write(session, service, live, definition, found, applied={})
    view.claimed.add(made.id)
    view.agents.put(made)
    made = _served(view, service, made, news)
    return Made(made.id, _outs(news, made, found, definition, _pruned(service, made, news, ())))


def read(session: Session, agent_id: str, props: Props) -> Seen | None:
    """The live agent in the words of the last declaration: its newest version, and what is changed in place."""

    def live() -> LiveVersionedAgent:
        view = session.versioned(str(props["endpoint"]))
        view.spoken_for.add(str(props.get("incarnation")))
        return view.agents.look(agent_id, view.service.list_agents) or view.service.get_agent(agent_id)

    agent = session.read(str(props["project"]), live)
    if agent is None:
        return None
    mark = mark_of(agent.metadata)
    definition = settled(KIND, _unmarked(agent), props.get("applied"))
    return seen(
        KIND,
        INPUTS,
        props,
        definition,
        mark=mark,
        now=session.now(),
        serving=settled(SERVING, agent.serving, props.get("serving") or {}),
        agentName=agent.id,
        version=agent.version,
        versions=_history(agent, props.get("versions") or ()),
    )


def update(session: Session, agent_id: str, olds: Props, news: Props) -> dict[str, Any]:
    """Makes the live agent what is declared: by a new version if its definition differs, in place for the rest."""
    view, what = session.versioned(str(news["endpoint"])), f"agent {agent_id}"
    service = view.service.waiting_for_roles()
    live = existing(what, lambda: service.get_agent(agent_id))
    refuse_another_name("agent", news, ignoring_case=True)
    mark = renewed(what, session, mark_of(live.metadata), olds, news, versioned=True)
    definition, applied = news["definition"], olds.get("applied") or {}
    wanted = only_edits(KIND, _unmarked(live), definition, applied) if only_reports(news) else definition
    made = _write(session, service, live, wanted, mark, applied=applied)
    view.agents.put(made)
    made = _served(view, service, made, news)
    told = settled(KIND, _unmarked(made), definition) if only_reports(news) else definition
    pruned = _pruned(service, made, news, olds.get("versions") or ())
    return {**_outs(news, made, mark, told, pruned), **kept_age_of_drift(olds, news, told)}


def delete(session: Session, agent_id: str, props: Props) -> None:
    """Deletes the agent with all its versions, if the state speaks of this very one."""

    def live() -> LiveVersionedAgent:
        return session.versioned(str(props["endpoint"])).service.get_agent(agent_id)

    agent = session.unless_gone(str(props["project"]), live)
    if agent is None:
        return
    view = session.versioned(str(props["endpoint"]))
    mark = _newest_mark(view.service, agent)
    if is_taken_over(f"agent {agent_id}", None if agent_id in view.claimed else mark, props):
        return
    if is_let_go(props):
        PROGRESS.info("agent %s: let go", agent_id)
        free = without_mark(agent.metadata)
        if free != dict(agent.metadata):
            with code_of(session.root, agent.definition, view.service, agent) as code:
                made = view.service.create_version(agent_id, agent.definition, free, live=agent, code=code)
            view.agents.put(made)
        return
    view.service.delete_agent(agent_id)
    view.agents.drop(agent_id)


def _write(
    session: Session,
    service: VersionedService,
    live: LiveVersionedAgent | None,
    definition: Mapping[str, Any],
    mark: Mark,
    *,
    applied: Mapping[str, Any],
) -> LiveVersionedAgent:
    """The agent with a newest version that says what is declared; the one it has, where that says so already."""
    name = live.id if live is not None else str(definition["name"])
    before = live.metadata if live is not None else {}
    says_so = live is not None and not changes(KIND, _unmarked(live), definition, applied)
    if live is not None and says_so and mark_of(before) == mark:
        return live
    metadata = marked(mark, before, definition.get("metadata") or {}, applied.get("metadata") or {})

    def just_made() -> LiveVersionedAgent | None:
        try:
            one = service.get_agent(name)
        except NotFound:
            return None
        other = live is None or one.version != live.version
        return one if other and dict(one.metadata) == metadata else None

    with code_of(session.root, definition, service, live) as code:
        made = session.make_once(
            lambda: service.create_version(name, definition, metadata, live=live, code=code),
            just_made,
            f"agent {name}",
        )
    PROGRESS.info("agent %s: version %s made", name, made.version)
    return _active(session, service, made)


def _active(session: Session, service: VersionedService, made: LiveVersionedAgent) -> LiveVersionedAgent:
    """The agent once its newest version is active: a hosted one is built first, which is waited for, bounded."""
    timing, pause = session.patience.timing, 1.0
    started = timing.clock()
    while made.status == "creating":
        if timing.clock() - started + pause > session.patience.processing:
            raise FoundryError(
                f"version {made.version} of agent {made.id} isn't active after {timing.clock() - started:.0f} s",
                fix="run the command again; it goes on waiting. FAC_PROCESSING_WAIT_SECONDS sets the bound",
            )
        PROGRESS.info("agent %s: waiting for version %s to be built", made.id, made.version)
        timing.sleep(pause)
        pause = min(pause * 1.5, 10.0)
        made = service.get_agent(made.id)
    if made.status == "failed":
        raise FoundryError(
            f"version {made.version} of agent {made.id} failed to start",
            fix="look at its log in the portal, mend the image or the code, and run the command again",
        )
    return made


def _served(
    view: VersionedView, service: VersionedService, made: LiveVersionedAgent, news: Props
) -> LiveVersionedAgent:
    """The agent with what is declared of it in place. Traffic must go to versions that there are."""
    declared = news.get("serving") or {}
    differs = changes(SERVING, made.serving, declared)
    if not differs:
        return made
    if any(change.field == "traffic" for change in differs):
        there = {one.version for one in service.list_versions(made.id)}
        missing = sorted(set(declared["traffic"]) - there - {LATEST}, key=int)
        if missing:
            raise FoundryError(
                f"agent {made.id} has no version {', '.join(missing)} to send traffic to",
                fix=f"name versions that it has: {', '.join(sorted(there, key=int))}",
            )
    served = service.serve(made, declared)
    view.agents.put(served)
    return served


def _pruned(
    service: VersionedService, made: LiveVersionedAgent, news: Props, known: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The recent history, after versions beyond `keepVersions` are deleted.

    The newest stays, and one that traffic goes to, and one that this tool didn't make for this stack.
    """
    keep = news.get("keepVersions")
    history = _history(made, known)
    if not keep:
        return history
    used = {made.version, *(made.serving.get("traffic") or {})}
    gone = set()
    for one in service.list_versions(made.id)[int(keep) :]:
        mark = mark_of(one.metadata)
        if one.version in used or mark is None or mark.owner.stack_id != owner_of(news).stack_id:
            continue
        try:
            service.delete_version(made.id, one.version)
        except Conflict as error:
            PROGRESS.info("agent %s: version %s stays: %s", made.id, one.version, error.what)
        else:
            PROGRESS.info("agent %s: version %s pruned", made.id, one.version)
            gone.add(one.version)
    return [one for one in history if one["version"] not in gone]


def _history(agent: LiveVersionedAgent, known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The newest version and those known before it, the newest first; at most twenty."""
    newest = {"version": agent.version, "createdAt": agent.created_at}
    others = [dict(one) for one in known if one.get("version") != agent.version]
    return [newest, *others][:_HISTORY]


def _newest_mark(service: VersionedService, agent: LiveVersionedAgent) -> Mark | None:
    """The mark of the newest version that has one: a version made in the portal needn't."""
    found = mark_of(agent.metadata)
    if found is not None:
        return found
    marks = (mark_of(one.metadata) for one in service.list_versions(agent.id))
    return next((mark for mark in marks if mark is not None), None)


def _unmarked(agent: LiveVersionedAgent) -> dict[str, Any]:
    return {**agent.definition, "metadata": without_mark(agent.metadata)}


def _outs(
    news: Props, agent: LiveVersionedAgent, mark: Mark, definition: Any, versions: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "definition": definition,
        "agentName": agent.id,
        "version": agent.version,
        "versions": list(versions),
    }


def _definition_problems(definition: Mapping[str, Any]) -> Iterator[Problem]:
    name = definition.get("name")
    if name is not UNKNOWN and not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield Problem(
            "definition.name",
            f"{name!r} can't be the name of a versioned agent; use 1 to 63 letters, digits and dashes, "
            "starting and ending with a letter or a digit",
        )
    said = [kind for kind in _KINDS if definition.get(kind) is not None]
    if len(said) != 1:
        yield Problem("definition", f"says what it is in {len(said)} ways; give it {', '.join(_KINDS)}: one")
    hosted = definition.get("hosted")
    sources = ("image", "code_configuration")
    if isinstance(hosted, Mapping) and sum(hosted.get(key) is not None for key in sources) != 1:
        yield Problem("definition.hosted", "has an image or code_configuration, and one of them only")
    for field, most in _LIMITS.items():
        text = definition.get(field)
        if isinstance(text, str) and len(text) > most:
            yield Problem(f"definition.{field}", f"has {len(text)} characters; {most} is the most")
    yield from metadata_problems(definition.get("metadata"))
    tools = definition.get("tools") or ()
    if len(tools) > 128:
        yield Problem("definition.tools", f"has {len(tools)} tools; 128 is the most")
    seen: set[str] = set()
    for number, tool in enumerate(tools):
        path = f"definition.tools[{number}]"
        if not isinstance(tool, Mapping):
            continue
        if tool.get("type") not in TOOL_TYPES:
            known = ", ".join(sorted(TOOL_TYPES))
            yield Problem(
                f"{path}.type", f"{tool.get('type')!r} isn't a tool of the versioned dialect: {known}"
            )
            continue
        if UNKNOWN in tool.values():
            continue
        key = versioned_tool_key(tool)
        if key in seen:
            yield Problem(path, f"is a second {key}; an agent has one of them")
        seen.add(key)
