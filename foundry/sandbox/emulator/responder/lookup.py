"""Without rules and without a model: deterministic, and honest about what it is.

It looks the question up in every tool of the agent that can be looked things up in, takes the one that covers most of
the question, and answers with the passage it found. It doesn't think, and says so when nothing fits.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.responder import openapi, rules
from foundry.sandbox.emulator.responder.frames import Body, Citation, Do, Frame, RunFailedError, Say, Turn
from foundry.sandbox.emulator.responder.knowledge import Found, describe, search_files, search_index, tables
from foundry.sandbox.emulator.retrieval import overlap
from foundry.sandbox.emulator.vector_stores.attributes import attributes_of, fits

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

#: How much of a question has to be covered before an answer is given.
THRESHOLD: Final = 0.3
_LONGEST: Final = 1_200
_NOTHING: Final = "I found nothing about that in my documents."
_DATA_WORDS: Final = (
    "row rows record count number many average mean total sum maximum minimum file data csv table calculate"
)
#: A looked-up answer beats one that has yet to be fetched from somewhere else, and that beats one that can't be.
_FETCHED: Final = 0.95
_NAMED: Final = 0.8


@dataclass(frozen=True, slots=True)
class _Candidate:
    confidence: float
    sort: str
    name: str
    arguments: Body
    looks_up: bool = False


@dataclass(slots=True)
class Lookup:
    """Looks things up in one project.

    Attributes:
        world: Where everything is.
        project: ARM key of the project.
        now: Unix seconds.
        extra_files: Files attached to the thread, searched besides the agent's own.
        shelf: Key under which files and vector stores are kept.
    """

    world: "World"
    project: str
    now: float
    extra_files: list[str]
    shelf: str
    _known: dict[tuple[str, str, str], Turn] = field(default_factory=dict, init=False)

    def decide(self, frame: Frame, agent: Body, *, may_hand_over: bool) -> Say | Do:
        """What to do next about a frame; raises `RunFailedError`."""
        if frame.turns:
            return self._told(frame.turns)
        found = list(self._candidates(agent, frame.question, may_hand_over=may_hand_over))
        best = max(found, key=lambda item: item.confidence, default=None)
        if best is None or best.confidence < THRESHOLD:
            best = max(
                (item for item in found if item.looks_up), key=lambda item: item.confidence, default=None
            )
        if best is None:
            return Say(_introduction(agent))
        turn = Turn(best.sort, best.name, best.arguments, coverage=best.confidence)
        if best.sort == "mcp":
            turn.details = {"server_label": best.arguments.pop("server_label")}
        return Do((turn,))

    def perform(self, turn: Turn, agent: Body) -> None:
        """Gives a call of a tool that looks things up its output; raises `RunFailedError`."""
        made = turn.details.get("files") or {}
        query = str(turn.arguments.get("query") or "")
        known = self._looked_up(turn.sort, agent, query)
        turn.output, turn.details, turn.text = known.output, known.details, known.text
        turn.citations, turn.coverage = list(known.citations), known.coverage
        for name, content in made.items():
            file = self.world.files.create(
                self.project, name, "assistants_output", content.encode(), self.now
            )
            turn.citations.append(Citation("file_path", f"sandbox:/mnt/data/{name}", file["id"], name, ""))

    @staticmethod
    def _told(turns: list[Turn]) -> Say:
        last = turns[-1]
        match last.sort:
            case "function" | "custom":
                return Say(f"The function answered: {' '.join(turn.output or '' for turn in turns)}")
            case "azure_function":
                return Say(f"The function {last.name} answered: {last.output}")
            case "openapi" if "refused" in last.details:
                return Say(last.output or "")
            case "openapi":
                return Say(f"{last.name} answered: {last.output}")
            case "mcp":
                return Say(f"The tool {last.name} of {last.details['server_label']} answered: {last.output}")
        if last.coverage < THRESHOLD:
            return Say(_NOTHING)
        return Say(last.text, tuple(last.citations))

    def _candidates(self, agent: Body, question: str, *, may_hand_over: bool) -> Iterator[_Candidate]:
        sorts = [tool["type"] for tool in agent["tools"]]
        if self.extra_files and "file_search" not in sorts:
            yield self._candidate("file_search", agent, question)
        for tool in agent["tools"]:
            match tool["type"]:
                case "file_search":
                    yield self._candidate("file_search", agent, question)
                case "azure_ai_search" if _indexes(agent):
                    yield self._candidate("azure_ai_search", agent, question)
                case "code_interpreter" if self._data_files(agent):
                    yield self._candidate("code_interpreter", agent, question)
                case "connected_agent" if may_hand_over:
                    yield self._handed_over(tool["connected_agent"], question)
                case "connected_agent":
                    raise RunFailedError("tool_user_error", "Assistant Tool Call Depth Error")
                case "function" | "custom":
                    yield _asked(tool["type"], tool["function"], question, 1.0)
                case "openapi":
                    yield _operation(tool["openapi"], question)
                case "azure_function":
                    yield _behind_queues(tool["azure_function"], question)
                case "mcp":
                    yield from _mcp(tool, question)

    def _candidate(self, sort: str, agent: Body, question: str) -> _Candidate:
        known = self._looked_up(sort, agent, question)
        return _Candidate(known.coverage, sort, sort, {"query": question}, looks_up=True)

    def _looked_up(self, sort: str, agent: Body, question: str) -> Turn:
        key = (agent["id"], sort, question)
        if key not in self._known:
            look = {
                "file_search": self._from_files,
                "azure_ai_search": self._from_index,
                "code_interpreter": self._from_data,
            }[sort]
            self._known[key] = look(agent, question)
        return self._known[key]

    def confidence(self, agent: Body, question: str) -> float:
        """How well an agent that is handed over to could answer; below the threshold when not at all."""
        if rules.chosen(self.world.rules, agent["name"], question) is not None:
            return 1.0
        found = self._candidates(agent, question, may_hand_over=False)
        return max((item.confidence for item in found), default=THRESHOLD - 1)

    def _handed_over(self, link: Body, question: str) -> _Candidate:
        other = connected(self.world, self.project, link)
        # What is attached to the thread stays there: the other agent gets a thread of its own.
        best = replace(self, extra_files=[]).confidence(other, question)
        about = [
            link["name"].replace("_", " "),
            link["description"],
            other["description"] or "",
            other["instructions"] or "",
        ]
        fit = overlap(question, about)
        # What an agent knows counts most; what it is for decides between agents that know equally much.
        confidence = 0.9 * best + 0.1 * fit if best >= THRESHOLD else 0.3 * fit
        return _Candidate(confidence, "connected_agent", link["name"], {"question": question}, looks_up=True)

    def _store_files(self, agent: Body, condition: Body | None) -> list[str]:
        stores = (agent["tool_resources"].get("file_search") or {}).get("vector_store_ids") or []
        found = []
        for identity in stores:
            store = self.world.vector_stores.get(self.shelf, identity, self.now)
            if store is None:
                raise RunFailedError("invalid_request_error", f"No vector store found with id '{identity}'.")
            if store["status"] == "expired":
                raise RunFailedError("invalid_request_error", f"The vector store '{identity}' has expired.")
            self.world.vector_stores.touch(self.shelf, identity, self.now)
            files = self.world.vector_stores.files(self.shelf, identity)
            found += [
                file["id"]
                for file in files
                if file["status"] == "completed" and fits(condition, attributes_of(file))
            ]
        return found

    def _from_files(self, agent: Body, question: str) -> Turn:
        tool: Body = next((item for item in agent["tools"] if item["type"] == "file_search"), {})
        options = tool.get("file_search") or {}
        found = search_files(
            self.world,
            self.shelf,
            [*self._store_files(agent, options.get("filters")), *self.extra_files],
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
        details = {"ranking_options": options.get("ranking_options"), "results": results}
        output = json.dumps(
            [
                {"file": item.title, "text": item.hit.passage.text, "cite": _marker(item)}
                for item in found[:5]
            ],
            ensure_ascii=False,
        )
        return _passage("file_search", question, found, output, details)

    def _from_index(self, agent: Body, question: str) -> Turn:
        indexes = _indexes(agent)
        if not indexes:
            raise RunFailedError("tool_user_error", "azure_ai_search: the agent names no index")
        found, trouble = search_index(self.world, self.project, indexes[0], question)
        if trouble:
            raise RunFailedError("tool_user_error", f"azure_ai_search: {trouble}")
        documents = [
            {"title": item.title, "url": item.identity, "score": item.hit.coverage} for item in found
        ]
        told = json.dumps({"documents": documents})
        output = json.dumps(
            [{"title": item.title, "text": item.hit.passage.text, "cite": _marker(item)} for item in found],
            ensure_ascii=False,
        )
        return _passage("azure_ai_search", question, found, output, {"input": question, "output": told})

    def _data_files(self, agent: Body) -> list[str]:
        file_ids = (agent["tool_resources"].get("code_interpreter") or {}).get("file_ids") or []
        return [*file_ids, *self.extra_files]

    def _from_data(self, agent: Body, question: str) -> Turn:
        names, found = tables(self.world, self.shelf, self._data_files(agent))
        columns = [column.replace("_", " ") for table in found for column in table.columns]
        about = [*(name.replace(".", " ") for name in names), *columns, _DATA_WORDS]
        listed = f"My files are {', '.join(names)}." if names else "I have no files."
        text = " ".join(describe(table, question) for table in found) or listed
        source = "\n".join(f"pandas.read_csv({table.name!r}).describe()" for table in found) or "os.listdir()"
        details = {"input": source, "outputs": [{"type": "logs", "logs": text}]}
        coverage = overlap(question, about) if names else 0.0
        turn = Turn("code_interpreter", "code_interpreter", {}, output=text, details=details, text=text)
        turn.coverage = coverage
        return turn


def connected(world: "World", project: str, link: Body) -> Body:
    """The agent behind a connected-agent tool; raises `RunFailedError` when it is gone."""
    other = world.assistants.get(project, link["id"])
    if other is None:
        raise RunFailedError(
            "tool_user_error",
            f"connected_agent '{link['name']}': No assistant found with id '{link['id']}'.",
        )
    return other


def _indexes(agent: Body) -> list[Body]:
    return (agent["tool_resources"].get("azure_ai_search") or {}).get("indexes") or []


def _marker(found: Found) -> str:
    return f"【4:0†{found.title}】"


def _passage(sort: str, question: str, found: list[Found], output: str, details: Body) -> Turn:
    """A call that found passages; the best one is what it would have us say."""
    turn = Turn(sort, sort, {}, output=output, details=details)
    if not found:
        return turn
    best = found[0]
    body = best.hit.passage.body
    quote = _rows(body, question) if body.startswith("|") else body
    if len(quote) > _LONGEST:
        quote = quote[:_LONGEST].rsplit(" ", 1)[0] + " …"
    cited = "file_citation" if sort == "file_search" else "url_citation"
    turn.text = f"{quote} {_marker(best)}"
    turn.citations = [Citation(cited, _marker(best), best.identity, best.title, quote)]
    turn.coverage = best.hit.coverage
    return turn


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


_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_TOKEN: Final = re.compile(r"\b(?=[\w-]*\d)[\w-]+\b")
_TOKEN_NAMES: Final = re.compile(r"(^|_|\b)(id|no|nr|number|code|key|sku|reference)s?$", re.IGNORECASE)


def arguments_from(question: str, schema: Body) -> Body:
    """Arguments for a JSON Schema's properties, as far as a question tells them.

    Numbers are the question's numbers in order, enumerated values those it names, strings called a number, code or id
    its first word with a digit in it. The first other string is the question itself, and so is every one that is required.
    """
    required = schema.get("required") or []
    told = False
    numbers = iter(_NUMBER.findall(question))
    found: Body = {}
    for name, part in (schema.get("properties") or {}).items():
        shape = part or {}
        sort = shape.get("type")
        sorts: list[Any] = sort if isinstance(sort, list) else [sort]
        if "enum" in shape:
            named = [item for item in shape["enum"] if str(item).lower() in question.lower()]
            found |= {name: named[0]} if named else {}
        elif "integer" in sorts or "number" in sorts:
            number = next(numbers, None)
            if number is not None:
                found[name] = float(number) if "number" in sorts else int(float(number))
        elif "string" in sorts:
            tokens = _TOKEN.findall(question) if _TOKEN_NAMES.search(_spaced(name)) else []
            if tokens:
                # A number alone is more likely an amount than a name.
                found[name] = next((item for item in tokens if not item.isdigit()), tokens[0])
            elif not told or name in required:
                found[name], told = question, True
    return found


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def _asked(sort: str, function: Body, question: str, weight: float) -> _Candidate:
    parameters = function.get("parameters") or {}
    about = [
        function["name"].replace("_", " "),
        function.get("description") or "",
        " ".join(parameters.get("properties") or {}).replace("_", " "),
    ]
    arguments = arguments_from(question, parameters)
    return _Candidate(weight * overlap(question, about), sort, function["name"], arguments)


def _behind_queues(tool: Body, question: str) -> _Candidate:
    """A function behind queues; the documented parameter `outputqueueuri` tells it where its answer is awaited."""
    candidate = _asked("azure_function", tool["function"], question, _FETCHED)
    if "outputqueueuri" in (tool["function"].get("parameters") or {}).get("properties", {}):
        queue = tool["output_binding"]["storage_queue"]
        address = f"{queue['queue_service_endpoint'].rstrip('/')}/{queue['queue_name']}"
        candidate.arguments["outputqueueuri"] = address
    return candidate


def _operation(tool: Body, question: str) -> _Candidate:
    about = [tool["name"].replace("_", " "), tool.get("description") or ""]
    scored = [
        (
            overlap(question, [_spaced(item.name).replace("_", " "), item.description, *about]),
            item,
        )
        for item in openapi.operations(tool["spec"])
    ]
    if not scored:
        return _Candidate(0.0, "openapi", tool["name"], {})
    fit, operation = max(scored, key=lambda pair: pair[0])
    weight = _FETCHED if operation.on_this_machine else _NAMED
    return _Candidate(weight * fit, "openapi", operation.name, arguments_from(question, operation.parameters))


def _mcp(tool: Body, question: str) -> Iterator[_Candidate]:
    label = tool["server_label"].replace("_", " ")
    for offer in tool.get("offers") or []:
        fit = overlap(question, [label, offer["name"].replace("_", " "), offer["description"]])
        told = arguments_from(question, offer["input_schema"]) | {"server_label": tool["server_label"]}
        yield _Candidate(_FETCHED * fit, "mcp", offer["name"], told)
    if "offers" in tool:
        return
    for name in tool.get("allowed_tools") or []:
        fit = overlap(question, [label, name.replace("_", " ")])
        arguments: dict[str, Any] = {"query": question, "server_label": tool["server_label"]}
        yield _Candidate(_NAMED * fit, "mcp", name, arguments)


def _introduction(agent: Body) -> str:
    sorts = dict.fromkeys(tool["type"] for tool in agent["tools"])
    tools = f"My tools are {', '.join(sorts)}, and none of them fits" if sorts else "I have no tools"
    name = agent["name"] or agent["id"]
    return f"I am {name}, answered for by the sandbox's stand-in for a model: it looks things up and hands over, it doesn't think. {tools}."
