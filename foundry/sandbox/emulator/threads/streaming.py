"""A run as server-sent events, in the order and the shapes that azure-ai-agents 1.1 reads.

The stream compares what is stored with what it has told already, so that it is right whoever else looks at the run.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.http import Feed, Reply
from foundry.sandbox.emulator.threads.runs import Runs
from foundry.sandbox.emulator.vector_stores.store import shown

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

Body = dict[str, Any]

_OVER: Final = ("completed", "failed", "cancelled", "expired", "incomplete", "requires_action")
_PIECE: Final = re.compile(r"\s*\S+\s*")


def event(name: str, data: Any) -> bytes:
    """One event. Lines end in a single line feed: the clients' parser knows no other."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode()


def broken(message: str) -> bytes:
    """The event that ends a stream the emulator can't go on with."""
    return event(
        "error", {"error": {"message": message, "type": "server_error", "param": None, "code": None}}
    )


@dataclass(slots=True)
class RunStream:
    """What has been told of one run.

    Attributes:
        world: Where everything is.
        project: ARM key of the project.
        thread: Id of the run's thread.
        run: Id of the run.
        told: The run's last status that was told.
        steps: The last told status of each step.
        head: Events that come before anything else.
    """

    world: "World"
    project: str
    thread: str
    run: str
    told: str
    steps: dict[str, str] = field(default_factory=dict)
    head: list[bytes] = field(default_factory=list)

    @classmethod
    def reply(cls, world: "World", project: str, run: Body, head: list[bytes]) -> Reply:
        """The answer to a call with `stream: true`; steps the run has already aren't told again."""
        known = {step["id"]: step["status"] for step in world.threads.steps(project, run["id"])}
        stream = cls(world, project, run["thread_id"], run["id"], run["status"], known, head)
        return Reply(media="text/event-stream", feed=Feed(stream.pull, broken))

    def pull(self, now: float) -> tuple[list[bytes], bool]:
        """The events since the last time, and whether the stream is over."""
        Runs(self.world, self.project, now).settle(self.thread)
        run = self.world.threads.run(self.project, self.thread, self.run)
        events, self.head = self.head, []
        if run is None:
            return [*events, event("done", "[DONE]")], True
        if self.told == "queued" and run["started_at"]:
            events.append(event("thread.run.in_progress", shown(run) | {"status": "in_progress"}))
            self.told = "in_progress"
        for step in self.world.threads.steps(self.project, self.run):
            events += self._step(step)
        if run["status"] != self.told:
            events.append(event(f"thread.run.{run['status']}", shown(run)))
            self.told = run["status"]
        over = run["status"] in _OVER
        return [*events, event("done", "[DONE]")] if over else events, over

    def _step(self, step: Body) -> Iterator[bytes]:
        before, after = self.steps.get(step["id"]), step["status"]
        if before == after:
            return
        self.steps[step["id"]] = after
        call = step["step_details"].get("tool_calls")
        if before is None:
            # A step that has just begun knows of no results yet.
            fresh = step | {"status": "in_progress", "completed_at": None}
            if call:
                fresh["step_details"] = {"type": "tool_calls", "tool_calls": []}
            yield event("thread.run.step.created", fresh)
            yield event("thread.run.step.in_progress", fresh)
            if call:
                yield self._calls(step)
            elif "message_creation" in step["step_details"]:
                yield from self._message(step["step_details"]["message_creation"]["message_id"])
        if after != "in_progress":
            yield event(f"thread.run.step.{after}", step)

    @staticmethod
    def _calls(step: Body) -> bytes:
        calls = [{"index": index, **call} for index, call in enumerate(step["step_details"]["tool_calls"])]
        delta = {"step_details": {"type": "tool_calls", "tool_calls": calls}}
        return event(
            "thread.run.step.delta", {"id": step["id"], "object": "thread.run.step.delta", "delta": delta}
        )

    def _message(self, identity: str) -> Iterator[bytes]:
        message = self.world.threads.message(self.project, self.thread, identity)
        if message is None:
            return
        empty = message | {"status": "in_progress", "completed_at": None, "content": []}
        yield event("thread.message.created", empty)
        yield event("thread.message.in_progress", empty)
        text = message["content"][0]["text"]
        for piece in _PIECE.findall(text["value"]):
            yield _delta(identity, {"value": piece})
        for index, annotation in enumerate(text["annotations"]):
            yield _delta(identity, {"value": "", "annotations": [{"index": index, **annotation}]})
        yield event("thread.message.completed", message)


def _delta(message: str, text: Body) -> bytes:
    delta = {"role": "assistant", "content": [{"index": 0, "type": "text", "text": text}]}
    return event("thread.message.delta", {"id": message, "object": "thread.message.delta", "delta": delta})
