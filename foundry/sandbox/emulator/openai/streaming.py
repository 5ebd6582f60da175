"""A response as server-sent events, in the order and the shapes that openai 3.52 reads.

What has been told is a number: the events of a response as far as it has come are worked out anew each time, and those
that were told are left out. The same holds for a stream that somebody takes up again later.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.http import Feed, Reply
from foundry.sandbox.emulator.openai.conversations import UNDER_WAY
from foundry.sandbox.emulator.openai.responses import Responses, shown

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

Body = dict[str, Any]

_PIECE: Final = re.compile(r"\s*\S+\s*")


def _event(sort: str, **told: Any) -> Body:
    return {"type": sort, **told}


def _encoded(event: Body, number: int) -> bytes:
    data = json.dumps({**event, "sequence_number": number}, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


def broken(message: str) -> bytes:
    """The event that ends a stream the emulator can't go on with."""
    return _encoded(_event("error", code="server_error", message=message, param=None), 0)


def events(response: Body) -> Iterator[Body]:
    """What is to be told of a response as far as it has come."""
    begun = response | {
        "status": "in_progress",
        "output": [],
        "usage": None,
        "error": None,
        "incomplete_details": None,
        "completed_at": None,
    }
    yield _event(
        "response.created", response=begun | {"status": "queued" if response["background"] else "in_progress"}
    )
    if response["background"]:
        yield _event("response.queued", response=begun | {"status": "queued"})
    if response["status"] == "queued":
        return
    yield _event("response.in_progress", response=begun)
    for index, item in enumerate(response["output"]):
        yield from _item(item, index)
        if item.get("status") == "in_progress":
            return
    if response["status"] not in UNDER_WAY:
        name = "failed" if response["status"] == "cancelled" else response["status"]
        yield _event(f"response.{name}", response=response)


def _item(item: Body, index: int) -> Iterator[Body]:
    place = {"item_id": item["id"], "output_index": index}
    done = item.get("status") != "in_progress"
    fresh = {**item, "status": "in_progress"} if "status" in item else item
    match item["type"]:
        case "message":
            yield _event("response.output_item.added", output_index=index, item=fresh | {"content": []})
            yield from _text(item["content"][0], place | {"content_index": 0})
        case "function_call":
            yield _event("response.output_item.added", output_index=index, item=fresh | {"arguments": ""})
            yield from _arguments("response.function_call_arguments", item["arguments"], place)
        case "custom_tool_call":
            yield _event("response.output_item.added", output_index=index, item=fresh | {"input": ""})
            for piece in _PIECE.findall(item["input"]):
                yield _event("response.custom_tool_call_input.delta", delta=piece, **place)
            yield _event("response.custom_tool_call_input.done", input=item["input"], **place)
        case "mcp_call":
            fresh = fresh | {"arguments": "", "output": None}
            yield _event("response.output_item.added", output_index=index, item=fresh)
            yield _event("response.mcp_call.in_progress", **place)
            yield from _arguments("response.mcp_call_arguments", item["arguments"], place)
            yield _event("response.mcp_call.completed", **place)
        case "mcp_list_tools":
            yield _event("response.output_item.added", output_index=index, item=item | {"tools": []})
            yield _event("response.mcp_list_tools.in_progress", **place)
            yield _event("response.mcp_list_tools.completed", **place)
        case "file_search_call":
            yield _event("response.output_item.added", output_index=index, item=fresh | {"results": None})
            yield _event("response.file_search_call.in_progress", **place)
            yield _event("response.file_search_call.searching", **place)
            if done:
                yield _event("response.file_search_call.completed", **place)
        case "code_interpreter_call":
            fresh = fresh | {"code": "", "outputs": None}
            yield _event("response.output_item.added", output_index=index, item=fresh)
            yield _event("response.code_interpreter_call.in_progress", **place)
            if done:
                yield _event("response.code_interpreter_call_code.delta", delta=item["code"], **place)
                yield _event("response.code_interpreter_call_code.done", code=item["code"], **place)
                yield _event("response.code_interpreter_call.interpreting", **place)
                yield _event("response.code_interpreter_call.completed", **place)
        case _:
            yield _event("response.output_item.added", output_index=index, item=fresh)
    if done:
        yield _event("response.output_item.done", output_index=index, item=item)


def _arguments(name: str, arguments: str, place: Body) -> Iterator[Body]:
    for piece in _PIECE.findall(arguments):
        yield _event(f"{name}.delta", delta=piece, **place)
    yield _event(f"{name}.done", arguments=arguments, **place)


def _text(part: Body, place: Body) -> Iterator[Body]:
    empty = part | {"text": "", "annotations": []}
    yield _event("response.content_part.added", part=empty, **place)
    for piece in _PIECE.findall(part["text"]):
        yield _event("response.output_text.delta", delta=piece, logprobs=[], **place)
    for number, annotation in enumerate(part["annotations"]):
        yield _event(
            "response.output_text.annotation.added",
            annotation=annotation,
            annotation_index=number,
            **place,
        )
    yield _event("response.output_text.done", text=part["text"], logprobs=[], **place)
    yield _event("response.content_part.done", part=part, **place)


@dataclass(slots=True)
class ResponseStream:
    """What has been told of one response.

    Attributes:
        world: Where everything is.
        project: ARM key of the project.
        response: Id of the response.
        include: What is shown besides.
        told: How many events were told.
    """

    world: "World"
    project: str
    response: str
    include: list[str]
    told: int = 0

    def reply(self) -> Reply:
        """The answer to a call that asks for events."""
        return Reply(media="text/event-stream", feed=Feed(self._events, broken))

    def whole(self) -> Reply:
        """The answer to a call that asks for the response alone, and has to wait for it."""
        return Reply(feed=Feed(self._body, lambda message: json.dumps({"error": message}).encode()))

    def _settled(self, now: float) -> Body | None:
        return Responses(self.world, self.project, now).get(self.response)

    def _events(self, now: float) -> tuple[list[bytes], bool]:
        held = self._settled(now)
        if held is None:
            return [], True
        known = list(events(shown(held, self.include)))
        fresh = [_encoded(event, number) for number, event in enumerate(known) if number >= self.told]
        self.told = max(self.told, len(known))
        return fresh, held["status"] not in UNDER_WAY

    def _body(self, now: float) -> tuple[list[bytes], bool]:
        held = self._settled(now)
        if held is None:
            return [], True
        if held["status"] in UNDER_WAY:
            return [], False
        return [Reply(body=shown(held, self.include)).encoded()], True
