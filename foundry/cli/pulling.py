"""`fac pull AGENT`: what somebody changed on a live agent, written into its declaration, so that it can be reviewed and kept."""

from __future__ import annotations

import argparse
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundry.cli.project import default_stack, find_project
from foundry.model import FoundryError

Path_ = tuple[str, ...]

if TYPE_CHECKING:
    from foundry.cli.standing import Held, Standing
    from foundry.transfer.declared import Names
    from foundry.transfer.writing_back import Edit


def add(commands: Any) -> None:
    """Register the command."""
    text = "write what was changed on a live agent into its declaration"
    command = commands.add_parser("pull", help=text, description=text)
    command.add_argument("-s", "--stack", default=default_stack(), help="the stack (default: %(default)s)")
    command.add_argument("agent", help="the agent's declared name")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, write, and say what was written where."""
    from foundry.cli.standing import live_definition, standing
    from foundry.cli.writing_back import WritingBack, agent_document, told
    from foundry.reconcile import Session
    from foundry.service.patience import Patience

    project = find_project(Path(arguments.cwd).resolve())
    document = agent_document(project, arguments.stack, arguments.agent)
    stands = standing(project, arguments.stack, live=True)
    session = Session(stands.services, Patience.from_environment())
    names = stands.names(posixpath.dirname(document.sources[-1]))
    back = WritingBack(project, document)
    edits: dict[Path_, Edit] = {}
    for held in held_agents(stands, arguments.stack, arguments.agent):
        live = live_definition(session, held)
        if live is None:
            raise FoundryError(
                f"agent {arguments.agent} ({held.id}) is gone",
                fix="`fac up` makes it again as it is declared",
            )
        found, lost = edits_between(held.id, (held.outputs["applied"], names), (live, names))
        edits |= {edit.path: edit for edit in found if edit.path not in edits}
        back.left += lost
    if not edits and not back.left:
        print(f"Nothing was changed on agent {arguments.agent} since it was last applied.")
        return 0
    back.write(list(edits.values()))
    return told(project, arguments.stack, back)


def held_agents(stands: Standing, stack: str, name: str) -> tuple[Held, ...]:
    """An agent in the state: once, or once a dialect with the classic one first.

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


def edits_between(
    identifier: str, before: tuple[Mapping[str, Any], Names], after: tuple[Mapping[str, Any], Names]
) -> tuple[tuple[Edit, ...], list[str]]:
    """The edits that make a declaration of `before` one of `after`, and what a declaration can't say.

    Each side is a definition, as the service has it, with what its ids stand for.
    """
    from foundry.service.protocols import LiveAgent
    from foundry.transfer.declared import declared_fields
    from foundry.transfer.writing_back import differences

    trees = []
    lost: tuple[str, ...] = ()
    for definition, names in (before, after):
        metadata = definition.get("metadata") or {}
        tree, lost = declared_fields(LiveAgent(identifier, 0, definition, metadata), names)
        trees.append(tree)
    return differences(*trees), [f"{one}; change it by hand at the service or leave it" for one in lost]
