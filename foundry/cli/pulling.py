"""`fac pull AGENT`: what somebody changed on a live agent, written into its declaration, so that it can be reviewed and kept."""

from __future__ import annotations

import argparse
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from foundry.cli.options import Commands, add_agent, add_stack
from foundry.cli.project import find_project
from foundry.model import FoundryError

Path_ = tuple[str, ...]
_SOURCES: Final = (("hosted", "image"), ("hosted", "code"))
"""What a hosted agent is made from."""

if TYPE_CHECKING:
    from foundry.cli.project import Project
    from foundry.cli.standing import Held, Standing
    from foundry.cli.writing_back import WritingBack
    from foundry.manifest.layers import Document
    from foundry.reconcile import Session
    from foundry.service.protocols import VersionedService
    from foundry.transfer.names import Names
    from foundry.transfer.writing_back import Edit


def add(commands: Commands) -> None:
    """Register the command."""
    text = "write what was changed on a live agent into its declaration"
    command = commands.add_parser("pull", help=text, description=text)
    add_stack(command)
    add_agent(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, write, and say what was written where."""
    from foundry.cli.standing import standing
    from foundry.cli.writing_back import agent_document, told
    from foundry.reconcile import Session
    from foundry.service.patience import Patience

    project = find_project(Path(arguments.cwd).resolve())
    document = agent_document(project, arguments.stack, arguments.agent)
    stands = standing(project, arguments.stack, live=True)
    session = Session(stands.services, Patience.from_environment())
    back = pulled(project, document, stands, session, held_agents(stands, arguments.stack, arguments.agent))
    if not (back.written or back.said or back.left):
        print(f"Nothing was changed on agent {arguments.agent} since it was last applied.")
        return 0
    return told(project, arguments.stack, back)


def pulled(
    project: Project, document: Document, stands: Standing, session: Session, agents: Sequence[Held]
) -> WritingBack:
    """The files of an agent's declaration with what was changed on the live agent; nothing is saved yet.

    `agents` is the agent in the state, once per dialect.

    Raises:
        FoundryError: the agent is gone, or another stack's by now.
        ServiceError: it can't be read.
    """
    from foundry.cli.standing import live_definition
    from foundry.cli.writing_back import WritingBack

    names = stands.names(posixpath.dirname(document.sources[-1]))
    back = WritingBack(project, document)
    edits: dict[Path_, Edit] = {}
    for held in agents:
        live = live_definition(session, held)
        if live is None:
            raise FoundryError(
                f"agent {held.name} ({held.id}) is gone", fix="`fac up` makes it again as it is declared"
            )
        endpoint = str(held.inputs["endpoint"])
        found, lost = edits_between(held.id, (held.outputs["applied"], names), (live, names))
        if not held.is_versioned:
            refuse_anothers(held, session.services.project(endpoint).get_agent(held.id).metadata)
        else:
            service = session.services.versioned(endpoint)
            agent = service.get_agent(held.id)
            refuse_anothers(held, agent.metadata)
            served, open_ = serving_edits(document.tree, held, agent.serving)
            found, lost = (*found, *served), [*lost, *open_]
            for rule in stands.of_kind("EvaluationRule"):
                if rule.name == held.name:
                    changed, kept = rule_edits(rule, service)
                    found, lost = (*found, *changed), [*lost, *kept]
        edits |= {edit.path: edit for edit in found if edit.path not in edits}
        back.left += lost
    back.write(list(edits.values()))
    return back


def held_agents(stands: Standing, stack: str, name: str) -> tuple[Held, ...]:
    """An agent in the state: once, or once per dialect with the classic one first.

    Raises:
        FoundryError: the state has none of this name.
    """
    agents = stands.declared("Agent")
    found = tuple(one for one in agents if one.name == name)
    if not found:
        raise FoundryError(
            f"stack {stack} has no agent {name!r} up",
            fix=f"it has: {', '.join(dict.fromkeys(one.name for one in agents)) or 'none; bring it up first'}",
        )
    return found


def refuse_anothers(held: Held, metadata: Mapping[str, str]) -> None:
    """Refuse an agent whose live mark is another stack's, as an `up` would.

    Args:
        held: the agent in the state.
        metadata: that of the live one.

    Raises:
        FoundryError: it belongs to another stack, and wasn't handed over.
    """
    from foundry.reconcile.inputs import lifecycle_of, owner_of
    from foundry.reconcile.marks import mark_of, refuse_unless_ours

    refuse_unless_ours(
        f"agent {held.id}",
        mark_of(metadata),
        owner_of(held.inputs),
        lifecycle_of(held.inputs).get("adopt"),
        incarnation=held.outputs.get("incarnation"),
    )


def edits_between(
    identifier: str, before: tuple[Mapping[str, Any], Names], after: tuple[Mapping[str, Any], Names]
) -> tuple[tuple[Edit, ...], list[str]]:
    """The edits that make a declaration of `before` one of `after`, and what a declaration can't say.

    Each side is a definition, as the service has it, with what its ids stand for.
    """
    from foundry.service.live import LiveAgent
    from foundry.transfer.declared import declared_fields
    from foundry.transfer.writing_back import differences

    trees = []
    lost: tuple[str, ...] = ()
    for definition, names in (before, after):
        metadata = definition.get("metadata") or {}
        tree, lost = declared_fields(LiveAgent(identifier, 0, definition, metadata), names, defaults=True)
        trees.append(tree)
    found = differences(*trees)
    told = [f"{one}; change it by hand at the service or leave it" for one in lost]
    if _code_of(before[0]) != _code_of(after[0]):
        # What runs it goes with the code: half of the two would be neither what was declared nor what is live.
        found = tuple(edit for edit in found if edit.path[:2] not in _SOURCES and edit.path != ("hosted",))
        told.append(
            "hosted: the live agent is made from other code or another image than the declared one; `fac up` makes it from "
            "what is declared, and what is live is kept by putting it there by hand"
        )
    return found, told


def _code_of(definition: Mapping[str, Any]) -> Any:
    """The hash of the code that an agent is made from; None for one that isn't."""
    code = (definition.get("hosted") or {}).get("code_configuration") or {}
    return code.get("content_hash")


def rule_edits(held: Held, service: VersionedService) -> tuple[tuple[Edit, ...], list[str]]:
    """The edits that make `evaluation` of a declaration say what the agent's live evaluation rule does, and what it can't say.

    `held` is the rule in the state.
    """
    from foundry.diff import settled
    from foundry.reconcile.marks import mark_in
    from foundry.service.errors import NotFound
    from foundry.transfer.writing_back import differences

    applied = held.outputs["applied"]
    try:
        told = service.evaluations.get_rule(held.id).definition
    except NotFound:
        return (), [f"evaluation: rule {held.id} is gone; `fac up` makes it again"]
    live = settled(held.kind, {**told, "description": mark_in(told.get("description"))[0]}, applied)
    fields = ("max_hourly_runs", "sampling_rate", "enabled", "display_name", "description")
    before, after = (
        {"evaluation": {key: side[key] for key in fields if key in side}} for side in (applied, live)
    )
    lost = [
        f"evaluation: {key} of rule {held.id} is {live.get(key)!r}, which a declaration can't say; `fac up` puts it right"
        for key in ("eval_id", "agent_name", "action", "event_type")
        if live.get(key) != applied.get(key)
    ]
    return differences(before, after), lost


def serving_edits(
    tree: Mapping[str, Any], held: Held, live: Mapping[str, Any]
) -> tuple[list[Edit], list[str]]:
    """The edits that make `endpoint` and `enabled` of a declaration say how callers reach the live agent, as far as they are declared.

    Also told is what the declaration has otherwise than the state and the service: nobody knows which of them is newer.

    Args:
        tree: the declaration.
        held: the agent in the state.
        live: the service's word: enabled, protocols, authorization, traffic, card.
    """
    from foundry.diff import changes
    from foundry.manifest.marked import plain
    from foundry.transfer.declared import serving_tree
    from foundry.transfer.edits import REMOVED
    from foundry.transfer.writing_back import Edit, differences
    from foundry.transfer.yaml_text import flow_text

    endpoint = plain(tree.get("endpoint")) or {}
    declared = {**({"enabled": tree["enabled"]} if "enabled" in tree else {}), **endpoint}
    recorded = held.inputs.get("serving") or {}
    told = serving_tree(live)
    wanted = {"enabled": told.get("enabled", True), **told.get("endpoint", {})}
    edits, open_ = [], []
    for field, value in declared.items():
        new = wanted.get(field, REMOVED)
        path = (field,) if field == "enabled" else ("endpoint", field)
        ours = {field: value}
        if field not in recorded or not changes("Serving", {} if new is REMOVED else {field: new}, ours):
            continue
        if not changes("Serving", live, {field: recorded[field]}):
            open_.append(
                f"{'.'.join(path)}: declared is {flow_text(value)}, live and in the state is "
                f"{'nothing' if new is REMOVED else flow_text(new)}; `fac up` applies what is declared, and what is live "
                "is kept by writing it there by hand"
            )
        elif isinstance(value, Mapping) and isinstance(new, Mapping):
            edits += [Edit((*path, *each.path), each.before, each.value) for each in differences(value, new)]
        else:
            edits.append(Edit(path, value, new))
    return edits, open_
