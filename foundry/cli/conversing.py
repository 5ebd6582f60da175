"""What `fac ask`, `fac check` and `fac try` share: the agents of a stack, conversations with them, and the lists of what is made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from foundry.checks.journal import Journal, journal, sweep, sweep_marked
from foundry.cli import operations, settings
from foundry.cli.project import Project
from foundry.cli.standing import Held, Standing, stack_owner
from foundry.manifest import load
from foundry.model import Conversation, FoundryError, KnowledgeFile, Manifest, Tool
from foundry.service.conversation import Ask, Conversations, Place, Transcript
from foundry.service.tracing import TRACES

VERSIONED: Final = "versioned"
_AGENTS: Final = ("Agent", "VersionedAgent")
_NOT_IN_TEXT: Final = {
    "external": "runs somewhere else: the service can't ask it",
    "voice": "is spoken with: it has no conversations in text",
}


@dataclass(frozen=True)
class LiveAgent:
    """An agent that the stack's state holds. `id` is what callers name it by; `definition` what it was declared to be."""

    name: str
    id: str
    place: Place
    definition: Mapping[str, object] = field(default_factory=dict)


class Talks:
    """Conversations with the agents of one stack."""

    def __init__(
        self, project: Project, stands: Standing, made: Journal, tools: Mapping[str, Sequence[Tool]]
    ) -> None:
        """Nothing is sent yet. `tools` are those that agents declare."""
        self._root = project.root
        self._tools = tools
        self._stands = stands
        self._at: dict[Place, Conversations] = {}
        self.journal = made

    def at(self, place: Place) -> Conversations:
        """The conversations of a place: one client each."""
        if place not in self._at:
            from foundry.service.classic_conversation import ClassicConversations
            from foundry.service.versioned_conversation import VersionedConversations

            # The environment that the engine has is also the one that credentials are taken from.
            os.environ.update(self._stands.run.environment)
            make = VersionedConversations if place.dialect == VERSIONED else ClassicConversations
            self._at[place] = make(place.endpoint, read=self._read, shown=operations.declared_filename)
        return self._at[place]

    def hold(self, agent: LiveAgent, talk: Conversation) -> Transcript:
        """One conversation. Errors: those of `Conversations.hold`."""
        with TRACES.conversation(agent.name, agent.id, talk) as came:
            keeper = self.journal.keeper(agent.place)
            transcript = self.at(agent.place).hold(agent.id, talk, keeper, self._workflow_of(agent.name))
            came(transcript)
            return transcript

    def _workflow_of(self, agent: str) -> Ask:
        """Calls the workflow behind a function of an agent."""
        behind = {tool.name: tool.settings for tool in self._tools.get(agent, ()) if tool.type == "logic_app"}

        def answer(function: str, arguments: str) -> str | None:
            if function not in behind:
                return None
            settings = behind[function]
            workflows = self._stands.services.workflows()
            return workflows.call(str(settings["workflow"]), str(settings["trigger"]), arguments)

        return answer

    def _read(self, file: KnowledgeFile) -> bytes:
        return (self._root / file.path).read_bytes()


def fixtures(manifest: Manifest | None, agent: str) -> dict[str, Any]:
    """What an agent's checks say that its functions answer, by the function's name; of several answers the first."""
    found: dict[str, Any] = {}
    for one in manifest.agents if manifest is not None else ():
        for check in one.checks if one.name == agent else ():
            found = {**check.conversation.functions, **found}
    return found


def agents_of(stands: Standing) -> dict[str, tuple[LiveAgent, ...]]:
    """The stack's agents by declared name: one for each dialect."""
    found: dict[str, tuple[LiveAgent, ...]] = {}
    for held in (one for one in stands.held if one.kind in _AGENTS):
        agent = _live(held)
        found[agent.name] = (*found.get(agent.name, ()), agent)
    return found


def _live(held: Held) -> LiveAgent:
    place = Place(str(held.inputs["endpoint"]), held.dialect)
    # Not what was read: a refresh leaves out what nobody declared.
    definition = held.outputs.get("applied") or held.inputs.get("definition") or {}
    return LiveAgent(str(held.inputs["name"]), held.id, place, definition)


def refuse_unless_asked_in_text(name: str, definition: Mapping[str, object]) -> None:
    """Raises FoundryError for an agent that nobody can ask anything in text."""
    for kind, why in _NOT_IN_TEXT.items():
        if definition.get(kind) is not None:
            raise FoundryError(f"agent {name} {why}", fix="ask one that answers in text")


def named(found: dict[str, tuple[LiveAgent, ...]], name: str, stack: str) -> tuple[LiveAgent, ...]:
    """The agent of a declared name.

    Raises:
        FoundryError: the stack has none.
    """
    if name not in found:
        raise FoundryError(
            f"stack {stack} has no agent {name!r}",
            fix=f"it has: {', '.join(sorted(found)) or 'none; bring it up first'}",
        )
    return found[name]


@contextmanager
def talks(
    project: Project, stands: Standing, say: Callable[[str], None], manifest: Manifest | None = None
) -> Iterator[Talks]:
    """Conversations whose leavings are on a list, once what earlier ones left has been deleted.

    Args:
        project: where the declarations are.
        stands: the stack.
        say: takes a line for a person.
        manifest: what is declared; read here when None, and done without where it can't be.
    """
    stack = stands.run.stack
    declared = manifest or load(project.root, stack).manifest
    tools = {agent.name: agent.tools for agent in declared.agents} if declared is not None else {}
    folder = journals(project, stack)
    with journal(folder, stack_owner(project, stack), say) as made:
        held = Talks(project, stands, made, tools)
        gone = sweep(folder, held.at, say)
        places = {
            agent.place: held.at(agent.place) for found in agents_of(stands).values() for agent in found
        }
        try:
            sweep_marked(places, made, say, gone=gone, now=time.time())
        except FoundryError as error:
            # Tidying up after others is no reason not to answer.
            say(f"What earlier checks may have left couldn't be looked for: {error}")
        yield held


def journals(project: Project, stack: str) -> Path:
    """The folder with the lists of what is made: the sandbox's own, or `.fac` in the project."""
    in_sandbox = settings.is_sandbox(settings.read(project.settings_file(stack)))
    home = operations.sandbox_home(project) if in_sandbox else project.root / ".fac"
    return home / "checks" / stack
