"""Threads, messages, runs and steps of a project, and how a run goes on.

A run moves when somebody looks at its thread: queued until its delay is over, then straight to its end, or to
`requires_action` when the answer waits for a function.
"""

from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.arm.foundry import ACCOUNT
from foundry.sandbox.emulator.arm.ids import parse
from foundry.sandbox.emulator.project.objects import ObjectStore, new_id
from foundry.sandbox.emulator.threads.responder import Answer, Responder, RunFailedError

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

Body = dict[str, Any]

THREAD: Final = "thread"
MESSAGE: Final = "message"
RUN: Final = "run"
STEP: Final = "step"
ACTIVE: Final = ("queued", "in_progress", "requires_action", "cancelling")
_RUN_LIFE: Final = 600


def _text_content(text: str, annotations: list[Body] | None = None) -> Body:
    return {"type": "text", "text": {"value": text, "annotations": annotations or []}}


def _content(asked: Any) -> list[Body]:
    """Content as it is returned: the text of a block becomes an object."""
    if isinstance(asked, str):
        return [_text_content(asked)]
    return [_text_content(block["text"]) if block["type"] == "text" else block for block in asked]


class ThreadStore:
    """Threads by project; messages and runs by thread; steps by run."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def create(self, project: str, asked: Body, now: float) -> Body:
        """Adds a thread with its first messages."""
        thread: Body = {
            "id": new_id("thread_"),
            "object": "thread",
            "created_at": int(now),
            "tool_resources": {
                key: value for key, value in (asked.get("tool_resources") or {}).items() if value
            },
            "metadata": asked.get("metadata") or {},
        }
        self._objects.add(project, THREAD, thread, now)
        for message in asked.get("messages") or []:
            self.add_message(project, thread["id"], message, now)
        return thread

    def get(self, project: str, thread: str) -> Body | None:
        """The thread of that id, or None."""
        return self._objects.get(project, THREAD, thread)

    def update(self, project: str, thread: Body, asked: Body) -> Body:
        """Applies a partial update; null clears."""
        thread |= {key: {} if value is None else value for key, value in asked.items()}
        self._objects.put(project, THREAD, thread)
        return thread

    def delete(self, project: str, thread: str) -> bool:
        """Removes a thread with everything in it; False when there was none."""
        for run in self._objects.all(project, RUN, thread):
            self._objects.remove_below(project, run["id"])
        self._objects.remove_below(project, thread)
        return self._objects.remove(project, THREAD, thread)

    def add_message(self, project: str, thread: str, asked: Body, now: float) -> Body:
        """Adds a message as it was asked for."""
        return self._add_message(project, thread, asked | {"content": _content(asked["content"])}, now)

    def _add_message(self, project: str, thread: str, given: Body, now: float) -> Body:
        message = {
            "id": new_id("msg_"),
            "object": "thread.message",
            "created_at": int(now),
            "thread_id": thread,
            "status": "completed",
            "incomplete_details": None,
            "completed_at": int(now),
            "incomplete_at": None,
            "role": given["role"],
            "content": given["content"],
            "assistant_id": given.get("assistant_id"),
            "run_id": given.get("run_id"),
            "attachments": given.get("attachments") or [],
            "metadata": given.get("metadata") or {},
        }
        self._objects.add(project, MESSAGE, message, now, thread)
        return message

    def message(self, project: str, thread: str, identity: str) -> Body | None:
        """A message of a thread, or None."""
        return self._objects.get(project, MESSAGE, identity, thread)

    def put_message(self, project: str, message: Body) -> None:
        """Replaces a message."""
        self._objects.put(project, MESSAGE, message, message["thread_id"])

    def remove_message(self, project: str, thread: str, identity: str) -> bool:
        """Removes a message; False when there was none."""
        return self._objects.remove(project, MESSAGE, identity, thread)

    def active_run(self, project: str, thread: str) -> Body | None:
        """The run that is under way on a thread, or None."""
        return next((run for run in self._objects.all(project, RUN, thread) if run["status"] in ACTIVE), None)

    def run(self, project: str, thread: str, identity: str) -> Body | None:
        """A run of a thread, or None."""
        return self._objects.get(project, RUN, identity, thread)

    def put_run(self, project: str, run: Body) -> None:
        """Replaces a run."""
        self._objects.put(project, RUN, run, run["thread_id"])

    def step(self, project: str, run: str, identity: str) -> Body | None:
        """A step of a run, or None."""
        return self._objects.get(project, STEP, identity, run)

    def create_run(self, project: str, thread: str, agent: Body, asked: Body, now: float) -> Body:
        """Adds a run in status `queued`; what it leaves open comes from the agent."""
        added = asked.get("additional_instructions")
        instructions = asked.get("instructions") or agent["instructions"]
        if added:
            instructions = f"{instructions}\n{added}" if instructions else added
        run = {
            "id": new_id("run_"),
            "object": "thread.run",
            "thread_id": thread,
            "assistant_id": agent["id"],
            "status": "queued",
            "required_action": None,
            "last_error": None,
            "model": asked.get("model") or agent["model"],
            "instructions": instructions,
            "tools": agent["tools"] if asked.get("tools") is None else asked["tools"],
            "created_at": int(now),
            "expires_at": int(now) + _RUN_LIFE,
            "started_at": None,
            "completed_at": None,
            "cancelled_at": None,
            "failed_at": None,
            "incomplete_details": None,
            "usage": None,
            "temperature": agent["temperature"] if asked.get("temperature") is None else asked["temperature"],
            "top_p": agent["top_p"] if asked.get("top_p") is None else asked["top_p"],
            "max_prompt_tokens": asked.get("max_prompt_tokens"),
            "max_completion_tokens": asked.get("max_completion_tokens"),
            "truncation_strategy": asked.get("truncation_strategy")
            or {"type": "auto", "last_messages": None},
            "tool_choice": asked.get("tool_choice") or "auto",
            "response_format": asked.get("response_format") or agent["response_format"],
            "metadata": asked.get("metadata") or {},
            "tool_resources": {**agent["tool_resources"], **(asked.get("tool_resources") or {})},
            "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
            "_due": now,
        }
        self._objects.add(project, RUN, run, now, thread)
        for message in asked.get("additional_messages") or []:
            self.add_message(project, thread, message, now)
        return run

    def settle(self, world: "World", project: str, thread: str, now: float) -> None:
        """Takes the thread's active run as far as it goes by itself."""
        run = self.active_run(project, thread)
        if run is None:
            return
        if run["status"] == "requires_action":
            if now >= run["expires_at"]:
                self._end(project, run, "expired", now)
        elif now >= run["_due"] + world.settings.run_delay:
            self._perform(world, project, run, now)

    def submit(self, project: str, run: Body, outputs: dict[str, str], now: float) -> Body:
        """Goes on with a run that waited for functions: their outputs are the answer."""
        run |= {"required_action": None, "status": "in_progress"}
        for step in self._objects.all(project, STEP, run["id"]):
            if step["status"] == "in_progress":
                for call in step["step_details"]["tool_calls"]:
                    call["function"]["output"] = outputs[call["id"]]
                self._objects.put(
                    project, STEP, step | {"status": "completed", "completed_at": int(now)}, run["id"]
                )
        text = " ".join(outputs.values())
        self._say(project, run, Answer(f"The function answered: {text}"), now)
        return run

    def cancel(self, project: str, run: Body, now: float) -> Body:
        """Ends an active run as cancelled."""
        return self._end(project, run | {"required_action": None}, "cancelled", now)

    def _perform(self, world: "World", project: str, run: Body, now: float) -> None:
        run["started_at"] = int(now)
        try:
            answer = self._answer(world, project, run, now)
        except RunFailedError as error:
            run["last_error"] = {"code": error.code, "message": str(error)}
            self._end(project, run, "failed", now)
            return
        for assistant, call in answer.steps:
            waits = answer.function is not None and call["id"] == answer.function["id"]
            self._add_step(
                project, run, assistant, {"type": "tool_calls", "tool_calls": [call]}, now, done=not waits
            )
        if answer.function is not None:
            calls = [answer.function]
            action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
            self.put_run(project, run | {"status": "requires_action", "required_action": action})
            return
        self._say(project, run, answer, now)

    def _answer(self, world: "World", project: str, run: Body, now: float) -> Answer:
        agent = world.assistants.get(project, run["assistant_id"])
        if agent is None:
            raise RunFailedError("server_error", f"No assistant found with id '{run['assistant_id']}'.")
        _require_model(world, project, run["model"])
        thread = self.get(project, run["thread_id"]) or {}
        effective = agent | {
            "instructions": run["instructions"],
            "tools": _chosen(run["tools"], run["tool_choice"]),
            "tool_resources": _joined(run["tool_resources"], thread.get("tool_resources") or {}),
        }
        question, attached = self._question(project, run["thread_id"])
        return Responder(world, project, now, attached).answer(effective, question)

    def _question(self, project: str, thread: str) -> tuple[str, list[str]]:
        """The last thing the user said, and the files attached to the thread."""
        messages = self._objects.all(project, MESSAGE, thread)
        attached = [
            item["file_id"] for message in messages for item in message["attachments"] if item.get("file_id")
        ]
        for message in reversed(messages):
            if message["role"] == "user":
                texts = [part["text"]["value"] for part in message["content"] if part["type"] == "text"]
                return "\n".join(texts), attached
        return "", attached

    def _say(self, project: str, run: Body, answer: Answer, now: float) -> None:
        """Writes the answer into the thread and ends the run."""
        annotations = [item.annotation(answer.text) for item in answer.citations]
        given = {
            "role": "assistant",
            "content": [_text_content(answer.text, annotations)],
            "assistant_id": run["assistant_id"],
            "run_id": run["id"],
        }
        message = self._add_message(project, run["thread_id"], given, now)
        details = {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
        self._add_step(project, run, run["assistant_id"], details, now, done=True)
        question, _ = self._question(project, run["thread_id"])
        prompt, completion = (
            len((run["instructions"] or "").split()) + len(question.split()),
            len(answer.text.split()),
        )
        run["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }
        self._end(project, run, "completed", now)

    def _add_step(
        self, project: str, run: Body, assistant: str, details: Body, now: float, *, done: bool
    ) -> None:
        step = {
            "id": new_id("step_"),
            "object": "thread.run.step",
            "type": details["type"],
            "assistant_id": assistant,
            "thread_id": run["thread_id"],
            "run_id": run["id"],
            "status": "completed" if done else "in_progress",
            "step_details": details,
            "last_error": None,
            "created_at": int(now),
            "expired_at": None,
            "completed_at": int(now) if done else None,
            "cancelled_at": None,
            "failed_at": None,
            "usage": None,
            "metadata": {},
        }
        self._objects.add(project, STEP, step, now, run["id"])

    def _end(self, project: str, run: Body, status: str, now: float) -> Body:
        run["status"] = status
        if f"{status}_at" in run:
            run[f"{status}_at"] = int(now)
        for step in self._objects.all(project, STEP, run["id"]):
            if step["status"] == "in_progress":
                self._objects.put(
                    project, STEP, step | {"status": status, f"{status}_at": int(now)}, run["id"]
                )
        self.put_run(project, run)
        return run


def _chosen(tools: list[Body], choice: Any) -> list[Body]:
    """The tools a tool choice leaves."""
    if choice == "none":
        return []
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        kept = [tool for tool in tools if tool["type"] == choice["type"]]
        return [tool for tool in kept if name is None or tool["function"]["name"] == name]
    return tools


def _joined(agent: Body, thread: Body) -> Body:
    """Tool resources of the agent, with those of the thread added to its lists."""
    joined = {key: dict(value) for key, value in agent.items() if isinstance(value, dict)}
    for key, value in thread.items():
        held = joined.setdefault(key, {})
        for part, items in (value or {}).items():
            held[part] = [*(held.get(part) or []), *(items or [])]
    return joined


def _require_model(world: "World", project: str, model: str) -> None:
    """A model of the account must be deployed; one behind a connection (`connection/deployment`) isn't looked up."""
    target = parse(project)
    if "/" in model or target is None:
        return
    deployed = world.arm.nested(target.owner, ACCOUNT + "/deployments")
    if not any(item.target.name == model and item.state == "Succeeded" for item in deployed):
        raise RunFailedError("invalid_engine_error", f"Failed to resolve model info for: {model}")
