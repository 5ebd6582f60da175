"""`fac export AGENT`: a declared agent in a neighbouring tool's format, with what that format has no place for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from foundry.cli.options import Commands, add_agent, add_stack
from foundry.cli.project import Project, find_project
from foundry.cli.saving import save
from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.cli.standing import Held
    from foundry.model import Agent
    from foundry.transfer.neighbours.writers.writing import Context

_FORMATS = ("agentschema", "azd", "framework", "prompty", "vscode", "sdk")


def add(commands: Commands) -> None:
    """Register the command."""
    text = "write a declared agent in the format of another tool"
    command = commands.add_parser("export", help=text, description=text)
    add_stack(command)
    add_agent(command)
    command.add_argument("--to", required=True, choices=_FORMATS, help="the format")
    command.add_argument("-o", "--output", help="the file to write (default: standard output)")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the agent, and say what is lost, by field, on standard error."""
    from foundry.manifest import load
    from foundry.transfer.neighbours.writers.writing import UnknownYetError
    from foundry.transfer.neighbours.writing import write

    project = find_project(Path(arguments.cwd).resolve())
    project.require(arguments.stack)
    manifest = load(project.root, arguments.stack, needs_id=False).manifest
    if manifest is None:
        raise FoundryError(
            f"the declarations of stack {arguments.stack} have faults",
            fix=f"`fac validate -s {arguments.stack}` lists them",
        )
    agents = {agent.name: agent for agent in manifest.agents}
    if arguments.agent not in agents:
        raise FoundryError(
            f"stack {arguments.stack} declares no agent {arguments.agent!r}",
            fix=f"it declares: {', '.join(sorted(agents)) or 'none'}",
        )
    agent = agents[arguments.agent]
    context, unread = _context(project, arguments.stack, agent)
    try:
        written = write(arguments.to, agent, context)
    except UnknownYetError:
        if unread is not None:
            raise unread from None
        raise
    for loss in written.losses:
        print(f"not translated: {loss}", file=sys.stderr)
    if arguments.output is None:
        if written.beside:
            raise FoundryError(
                f"the format wants files beside it: {', '.join(written.beside)}", fix="name a file: -o FILE"
            )
        print(written.text, end="")
        return 0
    target = Path(arguments.output)
    try:
        _refuse_others(target, written.beside)
        for name, text in {target.name: written.text, **written.beside}.items():
            save(target.parent / name, text)
    except OSError as error:
        raise FoundryError(f"{target} can't be written: {error.strerror}", fix="name another file") from error
    print(f"Wrote {', '.join(str(target.parent / name) for name in (target.name, *written.beside))}.")
    return 0


def _refuse_others(target: Path, beside: Mapping[str, str]) -> None:
    """Refuse to write over a file that nobody named."""
    if target.name in beside:
        raise FoundryError(
            f"the format wants a file of its own called {target.name} beside the one that is written",
            fix="name another file",
        )
    for name, text in beside.items():
        path = target.parent / name
        if path.exists() and (not path.is_file() or path.read_bytes() != text.encode()):
            raise FoundryError(
                f"the format wants {path} beside it, and there is another file of that name; nothing was written",
                fix="move that away, or write into another folder: -o FOLDER/FILE",
            )


def _context(project: Project, stack: str, agent: Agent) -> tuple[Context, FoundryError | None]:
    """What the agent's names stand for in its own dialect, as far as the stack is up; and why its state can't be read, where it can't."""
    from foundry.cli.standing import standing
    from foundry.transfer.neighbours.writers.writing import Context

    try:
        stands = standing(project, stack, live=False, known=False)
    except FoundryError as error:
        return Context(), error
    # Of an agent that is made in both dialects it is the classic one, which all formats know.
    dialect = agent.dialect.parts[0]

    def ours(kind: str) -> tuple[Held, ...]:
        return tuple(one for one in stands.declared(kind) if one.dialect == dialect)

    held = next((one for one in ours("Agent") if one.name == agent.name), None)
    connections = {
        str(one["id"]).rsplit("/", 1)[-1]: str(one["id"])
        for one in stands.resources
        if str(one.get("type")).endswith("ProjectConnection") and one.get("id")
    }
    context = Context(
        endpoint=next(iter(stands.project_endpoints), None),
        stores={one.name: one.id for one in ours("VectorStore")},
        connections=connections,
        files={str(one.inputs["path"]): one.id for one in ours("File")},
        queues=dict(stands.outputs.get("queues") or {}),
        definition=held.outputs.get("applied") if held is not None else None,
    )
    return context, None
