"""Checks of an agent: a conversation to hold, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foundry.model.findings import Position
from foundry.model.knowledge import KnowledgeFile
from foundry.model.values import Json


@dataclass(frozen=True)
class Attachment:
    """A file that goes with the question: a local `file`, or a `data_source` ({type, uri}) in the customer's storage.

    `tools` are the types of the tools that may use it: file_search, code_interpreter.
    """

    tools: tuple[str, ...]
    file: KnowledgeFile | None = None
    data_source: Mapping[str, Json] | None = None


@dataclass(frozen=True)
class Image:
    """A picture that goes with the question: a local `file`, or a public `url`. `detail` is auto, low or high."""

    file: KnowledgeFile | None = None
    url: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Expectation:
    """What the last answer of a conversation must hold. What is empty or None is not expected.

    `matches` are regular expressions that are searched for; `tools` are keys of the agent's tools; `cites` are names of
    files, or titles or addresses of documents. `max_seconds` and `max_tokens` are of the whole conversation.
    `evaluators` are those of the Azure evaluation SDK, with the threshold of each.
    """

    contains: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    json_schema: Json = None
    tools: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    max_seconds: float | None = None
    max_tokens: int | None = None
    evaluators: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversation:
    """What an agent is asked: the questions in `ask`, one after the other.

    `attachments` and `images` go with the first question; `knowledge` are files of a vector store that only this
    conversation has; `functions` are the answers to function calls, by the function's name. `stream`: the answer is
    taken piece by piece.
    """

    ask: tuple[str, ...]
    attachments: tuple[Attachment, ...] = ()
    images: tuple[Image, ...] = ()
    knowledge: tuple[KnowledgeFile, ...] = ()
    functions: Mapping[str, Json] = field(default_factory=dict)
    stream: bool = False

    @property
    def is_classic(self) -> bool:
        """Whether it brings what a conversation of the versioned dialect can't have."""
        return bool(self.knowledge) or any(
            attachment.data_source or attachment.tools == ("code_interpreter",)
            for attachment in self.attachments
        )


@dataclass(frozen=True)
class Check:
    """A conversation, and what is expected of it.

    `judge` is the deployment that evaluators ask, the agent's own where it is None; `ground_truth` the right answer.
    """

    name: str
    conversation: Conversation
    expect: Expectation
    judge: str | None = None
    ground_truth: str | None = None
    position: Position | None = None
