"""Live agents as declarations, with the code of hosted ones and the rule that evaluates their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from foundry.cli.gathering.ledger import DIALECTS, VERSIONED, Gathering
from foundry.code_archives import stays_out, unzip_into, zip_into
from foundry.model import FoundryError, ServiceError
from foundry.reconcile.marks import mark_in, mark_of
from foundry.service.live import LiveAgent, LiveRule, LiveVersionedAgent
from foundry.transfer.declared import agent_declaration
from foundry.transfer.document import Declaration
from foundry.transfer.names import Names


def find_agents(gathering: Gathering, endpoint: str) -> dict[str, LiveAgent]:
    """The agents of both dialects that are free to be declared, by id."""
    agents: dict[str, LiveAgent] = {}
    for dialect in DIALECTS:
        for live in gathering.service(endpoint, dialect).list_agents():
            if gathering.is_open("Agent", str(live.definition.get("name")), live):
                agents[live.id] = live
                gathering.dialects[live.id] = dialect
    return agents


def choose_agents(agents: Mapping[str, LiveAgent], wanted: Sequence[str]) -> dict[str, LiveAgent]:
    """Those that are wanted, by id or name. Raises FoundryError for one that isn't there."""
    chosen = {
        identifier: live
        for identifier, live in agents.items()
        if identifier in wanted or live.definition.get("name") in wanted
    }
    unknown = [
        name
        for name in wanted
        if not any(name in (live.id, live.definition.get("name")) for live in chosen.values())
    ]
    if unknown:
        raise FoundryError(
            f"the project has no agent {', '.join(unknown)} that could be imported",
            fix=f"it has: {', '.join(sorted(str(live.definition.get('name')) for live in agents.values())) or 'none'}",
        )
    return chosen


def declare_agents(
    gathering: Gathering,
    endpoint: str,
    agents: Mapping[str, LiveAgent],
    stores: Mapping[str, str],
    names: Names,
) -> None:
    """Declare agents that refer to one another and to the stores (declared name by id) and names that are given."""
    rules = _rules(gathering, endpoint, agents)
    called = {
        live.id: gathering.name_for("Agent", str(live.definition.get("name") or ""), "agent")
        for live in agents.values()
    }
    known = gathering.own("Agent")
    lossy = set()
    for live in agents.values():
        tried = _agent(gathering, live, called[live.id], stores, replace(names, agents=known))
        lost = [*tried.lost, *_code(gathering, endpoint, live, called[live.id], known=not tried.lost)]
        if lost:
            lossy.add(live.id)
            gathering.left.append(
                f"agent {live.definition.get('name')} ({live.id}): it has what the format can't say, and taking it up "
                f"would change it: {'; '.join(lost)}"
            )
    known |= {identifier: name for identifier, name in called.items() if identifier not in lossy}
    for live in agents.values():
        if live.id not in lossy:
            named = replace(names, agents=known)
            gathering.declare(
                _agent(gathering, live, called[live.id], stores, named, rule=rules.get(live.id))
            )


def _code(gathering: Gathering, endpoint: str, live: LiveAgent, name: str, *, known: bool) -> Iterator[str]:
    """Takes the code of a hosted agent along, if all else of it is `known`; else, what of it can't be taken."""
    code = (live.definition.get("hosted") or {}).get("code_configuration")
    if not known or not code:
        return
    version = live.version if isinstance(live, LiveVersionedAgent) else ""
    try:
        with TemporaryFile(dir=gathering.scratch) as packed:
            gathering.services.versioned(endpoint).download_code(live.id, version, packed)
            files = unzip_into(gathering.scratch / "code" / name, packed)
    except (ServiceError, ValueError) as error:
        yield f"hosted: its code: {error}"
        return
    except OSError as error:
        raise FoundryError(
            f"the code of agent {name} can't be kept: {error.strerror}",
            fix="make room in the folder for temporary files (TMPDIR)",
        ) from None
    taken = {path: file for path, file in files.items() if not stays_out(path)}
    hidden = sorted(path for path in files if any(part.startswith(".") for part in path.split("/")))
    if hidden or not taken:
        what = f"hidden files ({', '.join(hidden)})" if hidden else "no file but compiled ones"
        yield f"hosted: its code has {what}, which aren't uploaded from here"
        return
    gathering.copies |= {f"code/{name}/{path}": file for path, file in taken.items()}
    with TemporaryFile(dir=gathering.scratch) as ours:
        digest = zip_into(ours, {path: partial(_opened, file) for path, file in taken.items()})
    if digest != code.get("content_hash"):
        gathering.notes.append(
            f"Agent {name}: its code is uploaded anew by the next `fac up`, from stacks/{gathering.place.layer}/code/{name}: "
            "the same files, in a zip of this tool's making"
        )


def _opened(file: Path) -> IO[bytes]:
    return file.open("rb")


def _agent(
    gathering: Gathering,
    live: LiveAgent,
    name: str,
    stores: Mapping[str, str],
    names: Names,
    *,
    rule: LiveRule | None = None,
) -> Declaration:
    # A store of the other dialect is no store of this agent's declaration; its id is.
    dialect = gathering.dialects[live.id]
    own = {store: called for store, called in stores.items() if gathering.dialects[store] == dialect}
    return agent_declaration(
        name,
        live,
        replace(names, stores=own),
        adopt=gathering.adoption(live.id, mark_of(live.metadata)),
        dialect=gathering.other_dialect(live.id),
        serving=live.serving if isinstance(live, LiveVersionedAgent) else None,
        rule=rule,
    )


def _rules(gathering: Gathering, endpoint: str, agents: Mapping[str, LiveAgent]) -> dict[str, LiveRule]:
    """The rule that has each versioned agent's answers evaluated as they are given, by the agent's name."""
    if not any(gathering.dialects[agent] == VERSIONED for agent in agents):
        return {}
    try:
        listed = gathering.services.versioned(endpoint).evaluations.list_rules()
    except ServiceError as error:
        gathering.left.append(f"evaluation rules: {error.what}")
        return {}
    rules: dict[str, LiveRule] = {}
    for rule in sorted(listed, key=lambda one: one.id):
        agent, told = str(rule.definition.get("agent_name")), rule.definition
        if agent not in agents:
            continue
        if "action" in told or "event_type" in told:
            gathering.left.append(f"evaluation rule ({rule.id}): it isn't one of continuous evaluation")
        elif agent in rules:
            gathering.left.append(f"evaluation rule ({rule.id}): agent {agent} has {rules[agent].id} already")
        elif gathering.may_have("evaluation rule", rule.id, mark_in(told.get("description"))[1]):
            rules[agent] = rule
    return rules
