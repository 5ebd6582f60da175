"""Arguments that many commands take, declared once."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from foundry.cli.project import default_stack

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  (argparse has no public name)
"""Where a command registers itself."""


def add_stack(command: argparse.ArgumentParser) -> None:
    """Let a command be told the stack."""
    command.add_argument("-s", "--stack", default=default_stack(), help="the stack (default: %(default)s)")


def add_agent(command: argparse.ArgumentParser) -> None:
    """Make a command ask for an agent."""
    command.add_argument("agent", help="the agent's declared name")


def add_engine(command: argparse.ArgumentParser) -> None:
    """Let a command be told which engine runs the stack."""
    command.add_argument(
        "--engine", choices=("pulumi", "embedded"), help="default: pulumi where it is on PATH"
    )
