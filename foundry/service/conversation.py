"""Conversations with agents: what is said to one, what it does and answers, whatever the dialect behind it.

A conversation leaves things at the service (threads, files, stores). Each is told to a `Keeper` as soon as it is made and
again once it is deleted, so that what a killed process leaves behind can be found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

from foundry.model import Conversation, FoundryError, KnowledgeFile
from foundry.service.errors import Answer, no_credential, refusal, silence, unreachable

PATIENCE_SECONDS: Final = 300.0
"""How long one question may take before it is given up."""

Read = Callable[[KnowledgeFile], bytes]

Ask = Callable[[str, str], "str | None"]
"""Answers a function by its name and its arguments as JSON; None for one that it doesn't know."""


@dataclass(frozen=True)
class Place:
    """Where a conversation is held: a project's endpoint, and the dialect spoken there."""

    endpoint: str
    dialect: str


@dataclass(frozen=True)
class Call:
    """A tool that was called: its type on the wire, its name there if it has one, and the agent that called it.

    `agent` is an id; None where the service doesn't tell.
    """

    type: str
    name: str | None = None
    agent: str | None = None


@dataclass(frozen=True)
class Source:
    """What an answer cites: a file by its name, or a document by its title and address."""

    name: str
    url: str | None = None


@dataclass(frozen=True)
class GeneratedFile:
    """A file or a picture that the agent made."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Transcript:
    """What came of a conversation.

    `text` is the last answer, the placeholders of citations replaced by what they stand for; `plain` is the same
    without them. `seconds` is from the first question sent to the last answer complete; `tokens` is None where the
    service doesn't tell.
    """

    text: str
    plain: str
    calls: tuple[Call, ...]
    sources: tuple[Source, ...]
    files: tuple[GeneratedFile, ...]
    seconds: float
    tokens: int | None


def transcript(
    texts: Sequence[str],
    plain: Sequence[str],
    calls: Iterable[Call],
    sources: Iterable[Source],
    files: Iterable[GeneratedFile],
    *,
    seconds: float,
    tokens: Sequence[int],
) -> Transcript:
    """A transcript of the parts of an answer: calls and sources once each, the tokens of all answers together."""
    return Transcript(
        text="\n".join(texts).strip(),
        plain="\n".join(plain).strip(),
        calls=tuple(dict.fromkeys(calls)),
        sources=tuple(dict.fromkeys(sources)),
        files=tuple(files),
        seconds=seconds,
        tokens=sum(tokens) if tokens else None,
    )


@dataclass(frozen=True)
class Left:
    """A thing that a conversation left at the service: by which run, and when (`created_at`, Unix seconds)."""

    kind: str
    id: str
    run: str
    created_at: int


class Keeper(Protocol):
    """Keeps the list of what is made for a conversation, and says how it is marked."""

    @property
    def mark(self) -> Mapping[str, str]:
        """The metadata that everything made carries."""
        ...

    def filename(self, name: str) -> str:
        """The name under which a file is uploaded, since files have no metadata."""
        ...

    def run_of(self, metadata: Mapping[str, str] | None, filename: str | None) -> str | None:
        """The run that made a thing at the service; None for what doesn't carry this stack's mark."""
        ...

    def made(self, kind: str, identity: str) -> None:
        """Must be called as soon as the id of a new thing is known."""
        ...

    def gone(self, kind: str, identity: str) -> None:
        """Must be called when a thing has been deleted."""
        ...


class Conversations(Protocol):
    """Conversations in one project and one dialect. May be used by several threads."""

    def hold(self, agent: str, talk: Conversation, keeper: Keeper, otherwise: Ask = ...) -> Transcript:
        """Ask every question, and delete what was made for it.

        Args:
            agent: the agent's id (classic), or its name (versioned).
            talk: what to ask.
            keeper: is told of everything that is made.
            otherwise: answers functions that `talk` has no answer for.

        Raises:
            FoundryError: the agent fails, waits for what nobody gives it, or takes longer than `PATIENCE_SECONDS`;
                the service refuses, or can't be reached.
        """
        ...

    def delete(self, kind: str, identity: str) -> None:
        """Delete one thing that a conversation made; what is gone already is no error.

        Raises:
            ServiceError: the service refuses, or can't be reached.
        """
        ...

    def leftovers(self, keeper: Keeper) -> Iterator[Left]:
        """What carries the stack's mark, among the newest hundred of each kind that the service lists.

        Raises:
            ServiceError: the service refuses, or can't be reached.
        """
        ...


class Traces:
    """What one conversation makes at the service. Leaving the context deletes it, the latest first."""

    def __init__(self, keeper: Keeper, delete: Callable[[str, str], None]) -> None:
        self._keeper = keeper
        self._delete = delete
        self._afterwards = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._afterwards.close()

    def keep(self, kind: str, identity: str) -> None:
        """Must be called as soon as the id of a new thing is known."""
        self._keeper.made(kind, identity)
        self._afterwards.callback(self._drop, kind, identity)

    def _drop(self, kind: str, identity: str) -> None:
        try:
            self._delete(kind, identity)
        except FoundryError:
            # It stays in the keeper's list, and the next start deletes it.
            return
        self._keeper.gone(kind, identity)


@contextmanager
def in_our_words(operation: str, subject: str) -> Iterator[None]:
    """Turns the errors of Azure's clients into ours."""
    from azure.core.exceptions import (
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
    )

    try:
        yield
    except HttpResponseError as error:
        if error.response is not None:
            raise refusal(operation, subject, _answer(error.response)) from error
        if isinstance(error, ClientAuthenticationError):
            raise no_credential(operation, subject, str(error)) from error
        raise silence(operation, subject, str(error)) from error
    except ServiceRequestError as error:
        raise unreachable(operation, subject, str(error)) from error
    except AzureError as error:
        raise silence(operation, subject, str(error)) from error


def _answer(response: Any) -> Answer:
    try:
        body = json.loads(response.text())
    except ValueError:
        body = response.text()
    return Answer(response.status_code, {key.lower(): value for key, value in response.headers.items()}, body)


def wording(answer: Any) -> str:
    """The output of a function as it is sent: text as it stands, everything else as JSON."""
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def nobody(_function: str, _arguments: str) -> str | None:
    """Answers no function."""
    return None


def answer_to(function: str, arguments: str, functions: Mapping[str, Any], otherwise: Ask) -> str:
    """What a function answers in this conversation: what was declared, or what is to be asked.

    Raises:
        FoundryError: nobody said what.
    """
    if function in functions:
        return wording(functions[function])
    told = otherwise(function, arguments)
    if told is None:
        raise FoundryError(
            f"the agent called the function {function!r}, and nothing says what it answers",
            fix=f"write its answer into a check: `functions: {{{function}: …}}`",
        )
    return told
