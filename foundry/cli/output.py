"""`fac output`: the stack's outputs, raw or as the contract that callers rely on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundry.cli.options import Commands, add_stack
from foundry.cli.project import find_project
from foundry.model import FoundryError
from foundry.transfer import outputs

if TYPE_CHECKING:
    from foundry.cli.standing import Held, Standing

_TOLD = ("Agent", "VectorStore", "SearchIndex", "MemoryStore", "Toolbox", "Skill")


def add(commands: Commands) -> None:
    """Register the command."""
    text = "print the stack's outputs as JSON, or the contract for callers in another form"
    command = commands.add_parser("output", help=text, description=text)
    add_stack(command)
    command.add_argument("name", nargs="?", help="only this output")
    command.add_argument(
        "--format",
        choices=("json", "dotenv", "github"),
        help="the versioned contract (schemas/outputs.json): as JSON, as a .env file, or as lines for GITHUB_OUTPUT",
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    from foundry.cli import operations
    from foundry.cli.standing import standing

    project = find_project(Path(arguments.cwd).resolve())
    if arguments.format is None:
        return _raw(operations.reader(project, arguments.stack).outputs(), arguments)
    if arguments.name is not None:
        raise FoundryError("one output has no form of its own", fix="leave out either the name or --format")
    stands = standing(project, arguments.stack, live=False)
    told = outputs.contract(arguments.stack, stands.outputs, _made(stands))
    match arguments.format:
        case "dotenv":
            print(outputs.as_dotenv(told), end="")
        case "github":
            print(outputs.as_github(told), end="")
        case _:
            print(json.dumps(told, indent=2))
    return 0


def _raw(told: dict[str, Any], arguments: argparse.Namespace) -> int:
    if arguments.name is not None and arguments.name not in told:
        raise FoundryError(
            f"stack {arguments.stack} has no output {arguments.name!r}",
            fix=f"it has: {', '.join(sorted(told)) or 'none; bring it up first'}",
        )
    print(json.dumps(told if arguments.name is None else told[arguments.name], indent=2))
    return 0


def _queried_by(index: Held) -> str:
    """What callers query an index by: a rebuilt one goes by another name than the declared, and its alias by the same."""
    return str(index.inputs.get("alias") or index.id)


def _made(stands: Standing) -> Iterator[outputs.Made]:
    for held in stands.held:
        kind = held.kind.removeprefix("Versioned")
        if kind not in _TOLD:
            continue
        definition = held.inputs.get("definition") or {}
        yield outputs.Made(
            kind=kind,
            name=str(held.inputs["name"]),
            service_name=_queried_by(held)
            if kind == "SearchIndex"
            else str(definition.get("name") or held.id),
            dialect=held.dialect,
            id=held.id,
            endpoint=str(held.inputs["endpoint"]),
            project=str(held.inputs.get("project") or held.inputs["endpoint"]),
            version=held.outputs.get("version"),
        )
