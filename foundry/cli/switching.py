"""`fac disable` and `fac enable`: stop a versioned agent for its callers, at once and in its declaration."""

from __future__ import annotations

import argparse
from pathlib import Path

from foundry.cli.options import Commands, add_agent, add_stack
from foundry.cli.project import Project, find_project
from foundry.model import FoundryError


def add(commands: Commands) -> None:
    """Register the commands."""
    for verb, text, enabled in (
        ("disable", "stop a versioned agent for its callers, at once and in its declaration", False),
        ("enable", "let callers reach a versioned agent again, at once and in its declaration", True),
    ):
        command = commands.add_parser(verb, help=text, description=text)
        add_stack(command)
        add_agent(command)
        command.set_defaults(run=run, enabled=enabled)


def _refuse_others(project: Project, stack: str, name: str) -> None:
    """Toolboxes and skills can't be stopped: the service has no switch for them (azure-ai-projects 2.10)."""
    from foundry.manifest.loading import open_stack
    from foundry.manifest.report import Report

    found = open_stack(project.root, stack, None, Report())
    by_kind = found.documents.by_kind if found is not None else {}
    if name in by_kind.get("Agent", {}):
        return
    for kind in ("Toolbox", "Skill"):
        if name in by_kind.get(kind, {}):
            raise FoundryError(
                f"{name} is a {kind.lower()}, which the service can't stop",
                fix=f"take it out of the agents that use it, or go back to an earlier version: `fac rollback {name} --to previous`",
            )


def run(arguments: argparse.Namespace) -> int:
    """Switch the live agent, then write the same into the declaration."""
    from foundry.cli.pulling import held_agents, refuse_anothers
    from foundry.cli.standing import standing
    from foundry.cli.writing_back import WritingBack, agent_document, told
    from foundry.transfer.writing_back import Edit

    project = find_project(Path(arguments.cwd).resolve())
    _refuse_others(project, arguments.stack, arguments.agent)
    document = agent_document(project, arguments.stack, arguments.agent)
    stands = standing(project, arguments.stack, live=True)
    held = held_agents(stands, arguments.stack, arguments.agent)
    versioned = next((one for one in held if one.is_versioned), None)
    if versioned is None:
        raise FoundryError(
            f"agent {arguments.agent} is a classic one, which the service can't stop",
            fix="leave it out of the stack (`omit: true`, then `fac up`) or take the callers' role on the project away; "
            "in the dialect versioned it can be stopped",
        )
    service = stands.services.versioned(str(versioned.inputs["endpoint"]))
    live = service.get_agent(versioned.id)
    refuse_anothers(versioned, live.metadata)
    service.serve(live, {"enabled": arguments.enabled})
    print(f"Agent {versioned.id} is {'enabled' if arguments.enabled else 'disabled'}.")
    if len(held) > 1 and not arguments.enabled:
        print(f"Its classic twin {held[0].id} still answers: classic agents can't be stopped.")
    back = WritingBack(project, document)
    back.write([Edit(("enabled",), None, arguments.enabled)])
    return told(project, arguments.stack, back)
