"""`fac cancel`: the lock of a run that is gone, taken off a stack."""

from __future__ import annotations

import argparse
from pathlib import Path

from foundry.cli import operations, recovery
from foundry.cli.options import Commands, add_stack
from foundry.cli.project import find_project
from foundry.model import FoundryError


def add(commands: Commands) -> None:
    """Register the command."""
    text = "take the lock of a run that is gone off a stack"
    command = commands.add_parser("cancel", help=text, description=text)
    add_stack(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Have the engine remove the locks, unless one is held by a process that runs on this host.

    Raises:
        FoundryError: there is no such stack, or a run is under way here.
    """
    project = find_project(Path(arguments.cwd).resolve())
    reader = operations.reader(project, arguments.stack)
    folder = recovery.backend_folder(reader.environment.get("PULUMI_BACKEND_URL", ""))
    held = list(recovery.locks(folder, project.name, arguments.stack)) if folder is not None else []
    here = [lock.pid for lock in held if lock.is_held]
    if here:
        raise FoundryError(
            f"stack {arguments.stack} is locked by a run that is under way here (process {', '.join(map(str, here))})",
            fix="wait for it, or end it with Ctrl-C, which takes its lock off",
        )
    for lock in held:
        print(f"The lock of {lock}:")
    return reader.interactive(["cancel", "--stack", arguments.stack, "--yes"])
