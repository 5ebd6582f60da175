"""`fac down`: the sandbox stack destroyed, and the sandbox stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

from foundry.cli import messages
from foundry.cli.options import Commands, add_engine, add_stack
from foundry.cli.project import find_project
from foundry.model import FoundryError


def add(commands: Commands) -> None:
    """Register the command."""
    text = "destroy the sandbox stack and stop the sandbox"
    command = commands.add_parser("down", help=text, description=text)
    add_stack(command)
    add_engine(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Destroy without a question, then stop what runs; returns the engine's exit code.

    Raises:
        FoundryError: there is no such stack, or it isn't on the sandbox.
    """
    from foundry.cli import operations, recovery
    from foundry.cli.settings import is_sandbox, read
    from foundry.sandbox import host

    project = find_project(Path(arguments.cwd).resolve())
    project.require(arguments.stack)
    if not is_sandbox(read(project.settings_file(arguments.stack))):
        raise FoundryError(
            f"stack {arguments.stack} isn't on the sandbox, and `down` asks nothing before it destroys",
            fix=f"fac destroy -s {arguments.stack}",
        )
    home = operations.sandbox_home(project)
    status = host.status(home)
    if status.sandbox is None:
        messages.say("There is no sandbox; nothing runs.")
        return 0
    parts = (status.emulator, status.provider, status.storage)
    if set(parts) == {host.Health.STOPPED} and recovery.is_empty(
        status.sandbox.state, project.name, arguments.stack
    ):
        messages.say(f"Stack {arguments.stack} holds nothing, and nothing of the sandbox runs.")
        return 0
    engine = operations.prepare(project, arguments.stack, wanted=arguments.engine, say=messages.say)
    code = operations.operate(project, engine, "destroy", ["--yes"], say=messages.say)
    if code == 0:
        host.stop(home)
        messages.say("The sandbox is stopped; nothing of it runs.")
    return code
