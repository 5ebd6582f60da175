"""`fac ask`: one question to one agent, the answer with what gave it, and nothing left behind."""

from __future__ import annotations

import argparse
from pathlib import Path

from foundry.cli import traces
from foundry.cli.options import Commands, add_agent, add_stack
from foundry.cli.project import find_project
from foundry.model import Conversation
from foundry.service.conversation import Transcript


def add(commands: Commands) -> None:
    """Register the command."""
    text = "ask an agent one question"
    command = commands.add_parser("ask", help=text, description=text)
    add_stack(command)
    add_agent(command)
    command.add_argument("question", type=worded, help="the question, quoted")
    traces.add(command)
    command.set_defaults(run=run)


def worded(question: str) -> str:
    """A question as it is given on the command line. Raises argparse.ArgumentTypeError for one without words."""
    if not question.strip():
        raise argparse.ArgumentTypeError("it is empty; write the question in quotes")
    return question


def run(arguments: argparse.Namespace) -> int:
    """Ask, and print the answer."""
    from foundry.cli.conversing import agents_of, fixtures, named, refuse_unless_asked_in_text, talks
    from foundry.cli.standing import standing
    from foundry.manifest import load

    project = find_project(Path(arguments.cwd).resolve())
    stands = standing(project, arguments.stack, live=True)
    found = agents_of(stands)
    agent = named(found, arguments.agent, arguments.stack)[-1]
    refuse_unless_asked_in_text(agent.name, agent.definition)
    functions = fixtures(load(project.root, arguments.stack, needs_id=False).manifest, arguments.agent)
    with talks(project, stands, print) as held:
        came = held.hold(agent, Conversation((arguments.question,), functions=functions))
    tell(
        arguments.agent, arguments.question, came, {one.id: one.name for two in found.values() for one in two}
    )
    return 0


def tell(agent: str, question: str, came: Transcript, names: dict[str, str], *, remark: str = "") -> None:
    """Print a question, its answer, and which tools and sources gave it.

    Args:
        agent: who was asked.
        question: what was asked.
        came: the answer.
        names: agent ids to the names that people know them by.
        remark: what there is to say of who was asked.
    """
    print(f"\n{agent}{remark} was asked: {question}\n")
    print(came.text)
    print()
    by = dict.fromkeys((names.get(str(call.agent), call.agent or agent), call.type) for call in came.calls)
    for name, tool in by:
        print(f"  by    {name}, with {tool}")
    for source in came.sources:
        print(
            f"  cites {source.name}{f' ({source.url})' if source.url and source.url != source.name else ''}"
        )
