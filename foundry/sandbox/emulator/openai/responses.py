"""How a response comes about: the same responder as behind runs of the classic dialect, told as output items.

A response moves when somebody looks at it, and one in the background every now and then by itself; what it has done so far is kept
with it.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.openai.conversations import RESPONSE, UNDER_WAY
from foundry.sandbox.emulator.openai.errors import no_call, no_output
from foundry.sandbox.emulator.openai.guard import shelf
from foundry.sandbox.emulator.openai.items import files_of, output_of, text_of
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.responder import rules
from foundry.sandbox.emulator.responder.frames import (
    MOST_HISTORY,
    Citation,
    Frame,
    RunFailedError,
    RunIncompleteError,
    Say,
    Turn,
    Wait,
)
from foundry.sandbox.emulator.responder.loop import Loop

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

KIND: Final = RESPONSE

Body = dict[str, Any]

_PREFIXES: Final = {"file_search": "fs_", "code_interpreter": "ci_", "mcp": "mcp_"}
#: What the caller answers: sorts of tools, their calls, and the outputs of those.
_CALLED: Final = ("function", "custom")
_CALLS: Final = ("function_call", "custom_tool_call")
_OUTPUTS: Final = ("function_call_output", "custom_tool_call_output")


@dataclass(slots=True)
class Responses:
    """The responses of one project at one moment.

    Attributes:
        world: Where everything is.
        project: ARM key of the project.
        now: Unix seconds.
    """

    world: "World"
    project: str
    now: float

    def get(self, identity: str, *, look: bool = True) -> Body | None:
        """The response as it is kept, with a `look` as far as it has come by now; None when there is none."""
        held = self.world.objects.get(self.project, KIND, identity)
        if look and held is not None and held["status"] in UNDER_WAY:
            self._go_on(held)
        return held

    def add(self, response: Body) -> Body:
        """Adds a response and takes it as far as it goes by itself, unless it is made in the background."""
        self.world.objects.add(self.project, KIND, response, self.now)
        if response["conversation"] is not None:
            self._into_conversation(response, response["_input"])
        if response["background"]:
            self.world.answering[self.project, response["id"]] = None
        else:
            self._go_on(response)
        return response

    def cancel(self, response: Body) -> Body:
        """Ends a response that is under way."""
        response["status"] = "cancelled"
        self.world.objects.put(self.project, KIND, response)
        return response

    def delete(self, identity: str) -> None:
        """Removes a response."""
        self.world.objects.remove(self.project, KIND, identity)

    def frame(self, agent: Body, items: list[Body], pending: Body | None, conversation: Body | None) -> Body:
        """Where a new response begins: at the last question, or at calls that its input answers.

        Args:
            agent: Who answers.
            items: The new items.
            pending: The response before, whose calls may be waiting for answers; None without one.
            conversation: The conversation it belongs to; None without one.

        Raises 400 when a function call goes without its output, or an output without its call.
        """
        outputs = {one["call_id"]: output_of(one) for one in items if one["type"] in _OUTPUTS}
        approvals = {
            one["approval_request_id"]: one["approve"]
            for one in items
            if one["type"] == "mcp_approval_response"
        }
        waiting = Frame.of(pending["_frame"]) if pending is not None and pending["_wants"] else None
        if waiting is not None:
            assert pending is not None
            for call in pending["_wants"]:
                if call not in outputs and any(t.id == call and t.sort in _CALLED for t in waiting.turns):
                    raise no_output(call)
            answered = False
            for turn in waiting.turns:
                if turn.id in outputs:
                    turn.output, answered = outputs.pop(turn.id), True
                if _approval_of(turn) in approvals:
                    turn.approved, answered = approvals[_approval_of(turn)], True
            if outputs:
                raise no_call(next(iter(outputs)))
            if answered:
                return waiting.json()
        frame = self._fresh(agent, items, outputs)
        if self.world.settings.model_url:
            frame.history = self._history(items, pending, conversation)[-MOST_HISTORY:]
        return frame.json()

    def words(
        self, instructions: str, items: list[Body], pending: Body | None, conversation: Body | None
    ) -> int:
        """How many words a response to these items would read: those before it and its instructions too."""
        texts = [instructions, *(said for _, said in self._history([], pending, conversation))]
        texts += [text_of(one) for one in items if one["type"] == "message"]
        return sum(len(one.split()) for one in texts)

    def _history(self, items: list[Body], pending: Body | None, conversation: Body | None) -> list[list[str]]:
        """What was said before the last question, for a model that reads it."""
        before: list[Body] = []
        if conversation is not None:
            before = self.world.conversations.items(self.project, conversation["id"])
        else:
            while pending is not None and len(before) < MOST_HISTORY:
                before = [*pending["_input"], *pending["output"], *before]
                previous = pending["previous_response_id"]
                pending = self.get(previous, look=False) if previous else None
        messages = [one for one in items if one["type"] == "message"]
        asked = [index for index, one in enumerate(messages) if one["role"] == "user"]
        before += messages[: asked[-1]] if asked else messages
        return [
            ["system" if one["role"] == "developer" else one["role"], text_of(one)]
            for one in before
            if one["type"] == "message"
        ]

    def _fresh(self, agent: Body, items: list[Body], outputs: dict[str, str]) -> Frame:
        asked = [
            index for index, one in enumerate(items) if one["type"] == "message" and one["role"] == "user"
        ]
        question = text_of(items[asked[-1]]) if asked else ""
        calls = {one["call_id"]: one for one in items if one["type"] in _CALLS}
        for call in outputs:
            if call not in calls:
                raise no_call(call)
        frame = Frame(agent["id"], question)
        for one in items[asked[-1] :] if asked else items:
            if one["type"] in _CALLS:
                if one["call_id"] not in outputs:
                    raise no_output(one["call_id"])
                custom = one["type"] == "custom_tool_call"
                given = {"input": one["input"]} if custom else json.loads(one["arguments"] or "{}")
                sort = "custom" if custom else "function"
                turn = Turn(sort, one["name"], given, one["call_id"], outputs[one["call_id"]])
                frame.turns.append(turn)
        if frame.turns:
            frame.rule = rules.chosen(self.world.rules, agent["name"], question)
        return frame

    def _go_on(self, response: Body) -> None:
        frame = Frame.of(response["_frame"])
        response["status"] = "in_progress"
        loop = Loop(
            self.world,
            self.project,
            self.now,
            files_of(response["_input"]),
            begun=lambda _, turn: _begun(response, turn),
            ended=lambda _, turn: _ended(response, turn),
            listed=lambda _, label, tools: _listed(response, label, tools),
            shelf=shelf(self.world, self.project),
        )
        try:
            outcome = loop.advance(frame, response["_agent"])
        except RunFailedError as error:
            response["error"] = {"code": "server_error", "message": str(error)}
            self._end(response, "failed")
            return
        except RunIncompleteError as reason:
            told = "content_filter" if str(reason) == "content_filter" else "max_output_tokens"
            response["incomplete_details"] = {"reason": told}
            self._end(response, "incomplete")
            return
        response["_frame"] = frame.json()
        if isinstance(outcome, Wait):
            self.world.objects.put(self.project, KIND, response)
            if response["background"]:
                self.world.answering[self.project, response["id"]] = None
            return
        if isinstance(outcome, Say):
            response["output"].append(_message(outcome))
        else:
            response["_wants"] = [turn.id for turn in outcome.turns]
            response["output"] += [_approval(turn) for turn in outcome.turns if turn.sort == "mcp"]
        self._end(response, "completed")

    def _end(self, response: Body, status: str) -> None:
        response["status"] = status
        response["completed_at"] = int(self.now) if status == "completed" else None
        over = "incomplete" if status == "completed" else status
        for one in response["output"]:
            if one.get("status") == "in_progress":
                one["status"] = over
        response["usage"] = _usage(response)
        self.world.objects.put(self.project, KIND, response)
        if response["conversation"] is not None:
            self._into_conversation(response, response["output"])

    def _into_conversation(self, response: Body, items: list[Body]) -> None:
        conversations = self.world.conversations
        held = conversations.get(self.project, response["conversation"]["id"])
        if held is not None:
            conversations.add_items(self.project, held["id"], items, self.now)
            conversations.put(self.project, held | {"_last": response["id"]})


def _usage(response: Body) -> Body:
    read = [text_of(one) for one in response["_input"] if one["type"] == "message"]
    read.append(response["_agent"]["instructions"] or "")
    written = [text_of(one) for one in response["output"] if one["type"] == "message"]
    asked, answered = (sum(len(text.split()) for text in texts) for texts in (read, written))
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + answered,
    }


def _tail(turn: Turn) -> str:
    return turn.id.removeprefix("call_")


def _approval_of(turn: Turn) -> str:
    return f"mcpr_{_tail(turn)}"


def _arguments(turn: Turn) -> str:
    return json.dumps(turn.arguments, ensure_ascii=False)


def _approval(turn: Turn) -> Body:
    return {
        "type": "mcp_approval_request",
        "id": _approval_of(turn),
        "server_label": turn.details["server_label"],
        "name": turn.name,
        "arguments": _arguments(turn),
    }


def _call_item(turn: Turn) -> Body:
    """A call as an output item while it is under way."""
    item = {"type": f"{turn.sort}_call", "id": f"{_PREFIXES.get(turn.sort, 'call_')}{_tail(turn)}"}
    match turn.sort:
        case "function":
            told = {"call_id": turn.id, "name": turn.name, "arguments": _arguments(turn)}
            return item | {"id": f"fc_{_tail(turn)}", **told, "status": "completed"}
        case "custom":
            given = str(turn.arguments.get("input") or "")
            told = {"call_id": turn.id, "name": turn.name, "input": given}
            return {"type": "custom_tool_call", "id": f"ctc_{_tail(turn)}", **told}
        case "computer_use_preview":
            asked: Body = {"call_id": turn.id, "action": turn.arguments, "pending_safety_checks": []}
            return {"type": "computer_call", "id": f"cu_{_tail(turn)}", **asked, "status": "completed"}
        case "file_search":
            queries = [str(turn.arguments.get("query") or "")]
            return item | {"queries": queries, "results": None, "status": "in_progress"}
        case "code_interpreter":
            container = f"cntr_{_tail(turn)}"
            return item | {"code": None, "container_id": container, "outputs": None, "status": "in_progress"}
        case "mcp":
            told = {"server_label": turn.details["server_label"], "name": turn.name}
            return item | told | {"arguments": _arguments(turn), "output": None, "status": "in_progress"}
    told = {"call_id": turn.id, "name": turn.name, "arguments": _arguments(turn)}
    return item | told | {"status": "in_progress"}


def _listed(response: Body, label: str, tools: list[Body]) -> None:
    item = {"type": "mcp_list_tools", "id": new_id("mcpl_"), "server_label": label, "tools": tools}
    response["output"].append(item)


def _begun(response: Body, turn: Turn) -> None:
    # Whether an MCP call goes on or waits for approval is known only when it ends.
    if turn.sort != "mcp":
        response["output"].append(_call_item(turn) | _namespace(response, turn))


def _namespace(response: Body, turn: Turn) -> Body:
    for tool in response["_agent"]["tools"] if turn.sort in _CALLED else ():
        if tool.get("namespace") and tool["function"]["name"] == turn.name:
            return {"namespace": tool["namespace"]}
    return {}


def _ended(response: Body, turn: Turn) -> None:
    if turn.sort == "mcp" and turn.approved is False:
        return
    item = _call_item(turn)
    held = next((one for one in response["output"] if one["id"] == item["id"]), None)
    if held is None:
        held = item
        response["output"].append(held)
    held["status"] = "completed"
    match turn.sort:
        case "file_search":
            held["results"] = [_result(one) for one in turn.details.get("results") or []]
        case "code_interpreter":
            held["code"] = turn.details.get("input") or ""
            held["outputs"] = turn.details.get("outputs") or []
        case "mcp":
            held["output"] = turn.output
            if turn.approved:
                held["approval_request_id"] = _approval_of(turn)
        case "azure_ai_search":
            held["arguments"] = json.dumps({"query": turn.details.get("input")}, ensure_ascii=False)
            response["output"].append(_output_item(turn, turn.details.get("output")))
        case _:
            response["output"].append(_output_item(turn, turn.output))


def _result(found: Body) -> Body:
    return {
        "attributes": {},
        "file_id": found["file_id"],
        "filename": found["file_name"],
        "score": found["score"],
        "text": found["content"][0]["text"],
    }


def _output_item(turn: Turn, output: str | None) -> Body:
    return {
        "type": f"{turn.sort}_call_output",
        "id": f"out_{_tail(turn)}",
        "call_id": turn.id,
        "output": output,
        "status": "completed",
    }


def _annotation(citation: Citation, text: str) -> Body:
    start = text.index(citation.marker)
    if citation.sort == "file_path":
        return {"type": citation.sort, "file_id": citation.identity, "index": start}
    if citation.sort == "file_citation":
        told = {"file_id": citation.identity, "filename": citation.title, "index": start}
        return {"type": citation.sort, **told}
    place = {"start_index": start, "end_index": start + len(citation.marker)}
    return {"type": citation.sort, "url": citation.identity, "title": citation.title, **place}


def _message(answer: Say) -> Body:
    annotations = [_annotation(one, answer.text) for one in answer.citations if one.marker in answer.text]
    part = {"type": "output_text", "text": answer.text, "annotations": annotations, "logprobs": []}
    return {
        "type": "message",
        "id": new_id("msg_"),
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def shown_item(item: Body, include: list[str]) -> Body:
    """An item as the service returns it: results and outputs of tools only when they are asked for."""
    shown = dict(item)
    if item["type"] == "file_search_call" and "file_search_call.results" not in include:
        shown["results"] = None
    if item["type"] == "code_interpreter_call" and "code_interpreter_call.outputs" not in include:
        shown["outputs"] = None
    return shown


def shown(response: Body, include: list[str]) -> Body:
    """A response as the service returns it."""
    told = {name: value for name, value in response.items() if not name.startswith("_")}
    return told | {"output": [shown_item(one, include) for one in response["output"]]}
