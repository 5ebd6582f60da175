"""`fac down`: the sandbox stack destroyed, and the sandbox stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

from foundry.cli import messages
from foundry.cli.options import Commands, add_engine, add_stack
from foundry.cli.project import find_project


def add(commands: Commands) -> None:
    """Register the command."""
    text = "destroy the sandbox stack and stop the sandbox"
    command = commands.add_parser("down", help=text, description=text)
    add_stack(command)
    add_engine(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Destroy without a question, then stop what runs; returns the engine's exit code."""
    from foundry.cli import operations
    from foundry.sandbox import host

    project = find_project(Path(arguments.cwd).resolve())
    home = operations.sandbox_home(project)
    if host.load(home) is None:
        messages.say("There is no sandbox; nothing runs.")
        return 0
    engine = operations.prepare(project, arguments.stack, wanted=arguments.engine, say=messages.say)
    code = operations.operate(project, engine, "destroy", ["--yes"], say=messages.say)
    if code == 0:
        host.stop(home)
        messages.say("The sandbox is stopped; nothing of it runs.")
    return code
