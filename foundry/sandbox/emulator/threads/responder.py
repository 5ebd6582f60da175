"""A stand-in for the model: deterministic, and honest about what it is.

It looks the question up in every tool of the agent that can be looked things up in, takes the one that covers most of
the question, and answers with the passage it found. It doesn't think, and says so when nothing fits.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.retrieval import overlap
from foundry.sandbox.emulator.threads.knowledge import Found, describe, search_files, search_index, tables

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

Body = dict[str, Any]

#: How much of a question has to be covered before an answer is given.
THRESHOLD: Final = 0.3
_LONGEST: Final = 1_200
_NOTHING: Final = "I found nothing about that in my documents."
_DATA_WORDS: Final = (
    "row rows record count number many average mean total sum maximum minimum file data csv table calculate"
)


class RunFailedError(Exception):
    """The run ends as failed, with this code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an answer is from.

    Attributes:
        sort: `file_citation` or `url_citation`.
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
        if self.sort == "file_citation":
            return place | {"file_citation": {"file_id": self.identity, "quote": self.quote}}
        return place | {"url_citation": {"url": self.identity, "title": self.title}}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one agent says to one question.

    Attributes:
        text: The answer.
        confidence: Share of the question it covers, 0 to 1.
        steps: Tool calls in order, each with the id of the agent that made it.
        citations: Sources of the answer.
        function: The function call the answer waits for, if it does.
    """

    text: str
    confidence: float = 0.0
    steps: tuple[tuple[str, Body], ...] = ()
    citations: tuple[Citation, ...] = ()
    function: Body | None = None


@dataclass(slots=True)
class Responder:
    """Answers in one project.

    Attributes:
        world: Where everything is.
        project: ARM key of the project.
        now: Unix seconds.
        extra_files: Files attached to the thread, searched besides the agent's own.
    """

    world: "World"
    project: str
    now: float
    extra_files: list[str] = field(default_factory=list)

    def answer(self, agent: Body, question: str, *, may_hand_over: bool = True) -> Answer:
        """The best answer the agent's tools give; raises `RunFailedError`."""
        found = list(self._candidates(agent, question, may_hand_over=may_hand_over))
        best = max(found, key=lambda item: item.confidence, default=None)
        if best is not None and best.confidence >= THRESHOLD:
            return best
        looked_up = [item for item in found if item.steps]
        if looked_up:
            first = max(looked_up, key=lambda item: item.confidence)
            return Answer(_NOTHING, first.confidence, first.steps)
        return Answer(_introduction(agent))

    def _candidates(self, agent: Body, question: str, *, may_hand_over: bool) -> Iterator[Answer]:
        if self.extra_files and not any(tool["type"] == "file_search" for tool in agent["tools"]):
            yield self._from_files(agent, [], question, {})
        for tool in agent["tools"]:
            match tool["type"]:
                case "file_search":
                    yield self._from_files(
                        agent, self._store_files(agent), question, tool.get("file_search") or {}
                    )
                case "azure_ai_search":
                    yield self._from_index(agent, question)
                case "code_interpreter":
                    yield self._from_data(agent, question)
                case "connected_agent" if may_hand_over:
                    yield self._from_agent(agent, tool["connected_agent"], question)
                case "connected_agent":
                    raise RunFailedError("tool_user_error", "Assistant Tool Call Depth Error")
                case "function":
                    yield _function(agent, tool["function"], question)
                case "openapi":
                    yield _outside(agent, "openapi", tool["openapi"], question)
                case "azure_function":
                    yield _outside(agent, "azure_function", tool["azure_function"]["function"], question)

    def _store_files(self, agent: Body) -> list[str]:
        stores = (agent["tool_resources"].get("file_search") or {}).get("vector_store_ids") or []
        found = []
        for identity in stores:
            store = self.world.vector_stores.get(self.project, identity, self.now)
            if store is None:
                raise RunFailedError("invalid_request_error", f"No vector store found with id '{identity}'.")
            if store["status"] == "expired":
                raise RunFailedError("invalid_request_error", f"The vector store '{identity}' has expired.")
            self.world.vector_stores.touch(self.project, identity, self.now)
            files = self.world.vector_stores.files(self.project, identity)
            found += [file["id"] for file in files if file["status"] == "completed"]
        return found

    def _from_files(self, agent: Body, file_ids: list[str], question: str, options: Body) -> Answer:
        ranking = options.get("ranking_options")
        found = search_files(
            self.world,
            self.project,
            [*file_ids, *self.extra_files],
            question,
            options.get("max_num_results") or 20,
        )
        results = [
            {
                "file_id": item.identity,
                "file_name": item.title,
                "score": item.hit.coverage,
                "content": [{"type": "text", "text": item.hit.passage.text}],
            }
            for item in found
        ]
        call = _call("file_search", {"ranking_options": ranking, "results": results})
        return _told(agent, question, call, found)

    def _from_index(self, agent: Body, question: str) -> Answer:
        indexes = (agent["tool_resources"].get("azure_ai_search") or {}).get("indexes") or []
        if not indexes:
            return Answer(_NOTHING)
        found, trouble = search_index(self.world, indexes[0], question)
        if trouble:
            raise RunFailedError("tool_user_error", f"azure_ai_search: {trouble}")
        documents = [
            {"title": item.title, "url": item.identity, "score": item.hit.coverage} for item in found
        ]
        call = _call("azure_ai_search", {"input": question, "output": json.dumps({"documents": documents})})
        return _told(agent, question, call, found)

    def _from_data(self, agent: Body, question: str) -> Answer:
        file_ids = (agent["tool_resources"].get("code_interpreter") or {}).get("file_ids") or []
        names, found = tables(self.world, self.project, [*file_ids, *self.extra_files])
        if not names:
            return Answer(_introduction(agent))
        columns = [column.replace("_", " ") for table in found for column in table.columns]
        confidence = overlap(question, [*(name.replace(".", " ") for name in names), *columns, _DATA_WORDS])
        text = " ".join(describe(table, question) for table in found) or f"My files are {', '.join(names)}."
        source = "\n".join(f"pandas.read_csv({table.name!r}).describe()" for table in found) or "os.listdir()"
        call = _call("code_interpreter", {"input": source, "outputs": [{"type": "logs", "logs": text}]})
        return Answer(text, confidence, ((agent["id"], call),))

    def _from_agent(self, agent: Body, link: Body, question: str) -> Answer:
        other = self.world.assistants.get(self.project, link["id"])
        if other is None:
            raise RunFailedError(
                "tool_user_error",
                f"connected_agent '{link['name']}': No assistant found with id '{link['id']}'.",
            )
        inner = self.answer(other, question, may_hand_over=False)
        about = [
            link["name"].replace("_", " "),
            link["description"],
            other["description"] or "",
            other["instructions"] or "",
        ]
        fit = overlap(question, about)
        # What an agent knows counts most; what it is for decides between agents that know equally much.
        confidence = 0.9 * inner.confidence + 0.1 * fit if inner.confidence >= THRESHOLD else 0.3 * fit
        details = {
            "name": link["name"],
            "agent_id": link["id"],
            "arguments": json.dumps({"question": question}),
            "output": inner.text,
        }
        steps = ((agent["id"], _call("connected_agent", details)), *inner.steps)
        return Answer(inner.text, confidence, steps, inner.citations)


def _call(sort: str, details: Body) -> Body:
    return {"id": new_id("call_"), "type": sort, sort: details}


def _told(agent: Body, question: str, call: Body, found: list[Found]) -> Answer:
    """The answer that the best passage gives."""
    steps = ((agent["id"], call),)
    if not found:
        return Answer(_NOTHING, 0.0, steps)
    best = found[0]
    body = best.hit.passage.body
    quote = _rows(body, question) if body.startswith("|") else body
    if len(quote) > _LONGEST:
        quote = quote[:_LONGEST].rsplit(" ", 1)[0] + " …"
    sort = "file_citation" if call["type"] == "file_search" else "url_citation"
    citation = Citation(sort, f"【4:0†{best.title}】", best.identity, best.title, quote)
    return Answer(f"{quote} {citation.marker}", best.hit.coverage, steps, (citation,))


def _rows(table: str, question: str) -> str:
    """The rows of a Markdown table that fit the question best, in words."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()]
    header, rows = lines[0], [row for row in lines[1:] if not set("".join(row)) <= set("-: ")]
    fits = [overlap(question, row) for row in rows]
    best = max(fits, default=0.0)
    chosen = [row for row, fit in zip(rows, fits, strict=True) if fit == best]
    return "\n".join(
        "; ".join(f"{name}: {cell}" for name, cell in zip(header, row, strict=False) if cell) + "."
        for row in chosen
    )


def _function(agent: Body, function: Body, question: str) -> Answer:
    parameters = function["parameters"].get("properties") or {}
    about = [
        function["name"].replace("_", " "),
        function.get("description") or "",
        " ".join(parameters).replace("_", " "),
    ]
    arguments = {
        name: question for name, schema in parameters.items() if (schema or {}).get("type") == "string"
    }
    call = _call("function", {"name": function["name"], "arguments": json.dumps(arguments)})
    return Answer("", overlap(question, about), ((agent["id"], call),), function=call)


def _outside(agent: Body, sort: str, tool: Body, question: str) -> Answer:
    """A tool that would leave the machine: it is named, not called."""
    operations = tool.get("functions") or [tool]
    about = [tool["name"].replace("_", " "), tool.get("description") or ""]
    scored = [
        (
            overlap(
                question,
                [str(item.get("name") or "").replace("_", " "), item.get("description") or "", *about],
            ),
            item,
        )
        for item in operations
    ]
    confidence, operation = max(scored, key=lambda pair: pair[0], default=(0.0, tool))
    name = str(operation.get("name") or tool["name"])
    text = f"That is a question for {name} of my tool {tool['name']} ({sort}). The sandbox makes no calls to the outside, so I can't ask it here."
    call = _call(sort, {"name": name, "arguments": "{}", "output": "not called by the sandbox"})
    # A looked-up answer beats one that only names a tool.
    return Answer(text, 0.8 * confidence, ((agent["id"], call),))


def _introduction(agent: Body) -> str:
    sorts = dict.fromkeys(tool["type"] for tool in agent["tools"])
    tools = f"My tools are {', '.join(sorts)}, and none of them fits" if sorts else "I have no tools"
    name = agent["name"] or agent["id"]
    return f"I am {name}, answered for by the sandbox's stand-in for a model: it looks things up and hands over, it doesn't think. {tools}."
