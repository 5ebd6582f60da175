"""A conversation between a responder and its tools, as data that can be stored between two looks at it."""

from dataclasses import dataclass, field
from typing import Any, Final, Self

from foundry.sandbox.emulator.project.objects import new_id

Body = dict[str, Any]

#: How much of what was said before is kept with a frame.
MOST_HISTORY: Final = 50


class RunFailedError(Exception):
    """The run ends as failed, with this code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RunIncompleteError(Exception):
    """The run ends as incomplete; the text is the reason, `max_completion_tokens` or `max_prompt_tokens`."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an answer is from.

    Attributes:
        sort: `file_citation`, `url_citation`, or `file_path` for a file that was made.
        marker: Text in the answer that stands for the citation.
        identity: File id or URL.
        title: File name or title.
        quote: The passage.
    """

    sort: str
    marker: str
    identity: str
    title: str
    quote: str

    def annotation(self, text: str) -> Body:
        """The annotation of azure-ai-agents 1.1 for the place of the marker in a text."""
        start = text.index(self.marker)
        place = {
            "type": self.sort,
            "text": self.marker,
            "start_index": start,
            "end_index": start + len(self.marker),
        }
        if self.sort == "file_path":
            return place | {"file_path": {"file_id": self.identity}}
        if self.sort == "file_citation":
            return place | {"file_citation": {"file_id": self.identity, "quote": self.quote}}
        return place | {"url_citation": {"url": self.identity, "title": self.title}}

    @classmethod
    def of(cls, annotation: Body) -> Self:
        """The reverse of `annotation`; the file's name isn't part of it."""
        sort, marker = annotation["type"], annotation["text"]
        about = annotation[sort]
        if sort == "url_citation":
            return cls(sort, marker, about["url"], about["title"], "")
        return cls(sort, marker, about["file_id"], "", about.get("quote", ""))


@dataclass(slots=True)
class Turn:
    """One call of a tool.

    Attributes:
        sort: Type of the tool.
        name: Name of the function, operation, agent or MCP tool; the type where there is none.
        arguments: What it is called with.
        id: `call_…`.
        output: What came back, as text; None until it is there.
        details: What a run step tells about the call besides.
        text: What the call alone would have us say, with markers of citations.
        citations: Where that is from.
        coverage: How much of the question that covers, 0 to 1.
        approved: What the user said to a call that needs approval.
    """

    sort: str
    name: str
    arguments: Body
    id: str = field(default_factory=lambda: new_id("call_"))
    output: str | None = None
    details: Body = field(default_factory=dict)
    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    coverage: float = 0.0
    approved: bool | None = None

    def json(self) -> Body:
        """As it is stored."""
        return {
            "sort": self.sort,
            "name": self.name,
            "arguments": self.arguments,
            "id": self.id,
            "output": self.output,
            "details": self.details,
            "text": self.text,
            "citations": [[c.sort, c.marker, c.identity, c.title, c.quote] for c in self.citations],
            "coverage": self.coverage,
            "approved": self.approved,
        }

    @classmethod
    def of(cls, stored: Body) -> Self:
        """The reverse of `json`."""
        citations = [Citation(*item) for item in stored["citations"]]
        return cls(**{**stored, "citations": citations})


@dataclass(slots=True)
class Frame:
    """One agent at work on one question.

    Attributes:
        agent: Its id.
        question: What it was asked.
        turns: The tools it has called so far.
        rule: The rule it follows, if one was written for the question.
        id: Tells frames apart.
        rounds: How many turns each answer of a model asked for.
        history: What was said before the question, oldest first, as role and text; only a model reads it.
        listed: What MCP servers on this machine offer, by their labels.
    """

    agent: str
    question: str
    turns: list[Turn] = field(default_factory=list)
    rule: Body | None = None
    id: str = field(default_factory=lambda: new_id("frame_"))
    rounds: list[int] = field(default_factory=list)
    history: list[list[str]] = field(default_factory=list)
    listed: dict[str, list[Body]] = field(default_factory=dict)

    def json(self) -> Body:
        """As it is stored."""
        return {
            "agent": self.agent,
            "question": self.question,
            "turns": [turn.json() for turn in self.turns],
            "rule": self.rule,
            "id": self.id,
            "rounds": self.rounds,
            "history": self.history,
            "listed": self.listed,
        }

    @classmethod
    def of(cls, stored: Body) -> Self:
        """The reverse of `json`."""
        return cls(**{**stored, "turns": [Turn.of(item) for item in stored["turns"]]})


@dataclass(frozen=True, slots=True)
class Say:
    """The answer is there."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Do:
    """These tools are to be called next, all at once."""

    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody else has to answer first; look again later."""


@dataclass(frozen=True, slots=True)
class Want:
    """The caller of the run has to act: outputs of functions, or approvals of MCP calls."""

    turns: tuple[Turn, ...]
