"""Threads, messages, runs and steps of a project, as they are stored."""

from typing import Any, Final

from foundry.sandbox.emulator.project.objects import ObjectStore, new_id

Body = dict[str, Any]

THREAD: Final = "thread"
MESSAGE: Final = "message"
RUN: Final = "run"
STEP: Final = "step"
#: Of these, what waits for its caller doesn't go on by itself.
MOVING: Final = ("queued", "in_progress")
ACTIVE: Final = (*MOVING, "requires_action", "cancelling")


def text_content(text: str, annotations: list[Body] | None = None) -> Body:
    """A text block of a message as it is returned."""
    return {"type": "text", "text": {"value": text, "annotations": annotations or []}}


def _content(asked: Any) -> list[Body]:
    """Content as it is returned: the text of a block becomes an object."""
    if isinstance(asked, str):
        return [text_content(asked)]
    return [text_content(block["text"]) if block["type"] == "text" else block for block in asked]


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
        """Removes a thread with everything in it and those of agents its runs handed over to; False when there was none."""
        for run in self._objects.all(project, RUN, thread):
            for turn in (run["_frame"] or {}).get("turns", []):
                if "thread_id" in turn["details"]:
                    self.delete(project, turn["details"]["thread_id"])
            self._objects.remove_below(project, run["id"])
        self._objects.remove_below(project, thread)
        return self._objects.remove(project, THREAD, thread)

    def add_message(self, project: str, thread: str, asked: Body, now: float) -> Body:
        """Adds a message as it was asked for."""
        return self.put_new_message(project, thread, asked | {"content": _content(asked["content"])}, now)

    def messages(self, project: str, thread: str) -> list[Body]:
        """Every message of a thread, oldest first."""
        return self._objects.all(project, MESSAGE, thread)

    def put_new_message(self, project: str, thread: str, given: Body, now: float) -> Body:
        """Adds a message whose content is in the form it is returned in."""
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

    def under_way(self) -> list[tuple[str, str]]:
        """Projects and threads with a run that goes on by itself."""
        return [(project, thread) for project, thread, _ in self._objects.having(RUN, "status", MOVING)]

    def run(self, project: str, thread: str, identity: str) -> Body | None:
        """A run of a thread, or None."""
        return self._objects.get(project, RUN, identity, thread)

    def put_run(self, project: str, run: Body) -> None:
        """Replaces a run."""
        self._objects.put(project, RUN, run, run["thread_id"])

    def step(self, project: str, run: str, identity: str) -> Body | None:
        """A step of a run, or None."""
        return self._objects.get(project, STEP, identity, run)

    def add_run(self, project: str, run: Body, now: float) -> None:
        """Adds a run to its thread."""
        self._objects.add(project, RUN, run, now, run["thread_id"])

    def add_step(self, project: str, step: Body, now: float) -> None:
        """Adds a step to its run."""
        self._objects.add(project, STEP, step, now, step["run_id"])

    def put_step(self, project: str, step: Body) -> None:
        """Replaces a step."""
        self._objects.put(project, STEP, step, step["run_id"])

    def steps(self, project: str, run: str) -> list[Body]:
        """Every step of a run, oldest first."""
        return self._objects.all(project, STEP, run)
