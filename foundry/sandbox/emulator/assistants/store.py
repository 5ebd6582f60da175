"""Agents of a project: what a new one looks like, what an update does to one."""

from typing import Any, Final

from foundry.sandbox.emulator.assistants.tools import stored_resources, stored_tool
from foundry.sandbox.emulator.project.objects import ObjectStore, new_id

KIND: Final = "assistant"

_EMPTY: Final[dict[str, Any]] = {
    "name": None,
    "description": None,
    "instructions": None,
    "tools": [],
    "tool_resources": {},
    "temperature": 1.0,
    "top_p": 1.0,
    "response_format": "auto",
    "metadata": {},
}


class AssistantStore:
    """Agents by project."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def create(self, project: str, asked: dict[str, Any], now: float) -> dict[str, Any]:
        """Adds an agent; fields that are absent or null get the service's default."""
        agent = {
            "id": new_id("asst_"),
            "object": "assistant",
            "created_at": int(now),
            "model": asked["model"],
        }
        agent |= _EMPTY | {key: value for key, value in asked.items() if value is not None}
        self._normalise(agent)
        self._objects.add(project, KIND, agent, now)
        return agent

    def update(self, project: str, agent: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        """Applies a partial update: null clears, lists and objects are replaced, tool resources by their parts."""
        for key, value in asked.items():
            if key == "tool_resources":
                agent[key] = {**agent[key], **value}
            else:
                agent[key] = _EMPTY.get(key) if value is None else value
        self._normalise(agent)
        self._objects.put(project, KIND, agent)
        return agent

    def get(self, project: str, identity: str) -> dict[str, Any] | None:
        """The agent of that id, or None."""
        return self._objects.get(project, KIND, identity)

    def delete(self, project: str, identity: str) -> bool:
        """Removes an agent; False when there was none."""
        return self._objects.remove(project, KIND, identity)

    def forget_file(self, project: str, file_id: str) -> None:
        """Takes a deleted file out of every code interpreter's list."""
        for agent in self._objects.holding(project, KIND, file_id):
            held = agent["tool_resources"].get("code_interpreter") or {}
            if file_id in (held.get("file_ids") or []):
                held["file_ids"].remove(file_id)
                self._objects.put(project, KIND, agent)

    @staticmethod
    def _normalise(agent: dict[str, Any]) -> None:
        agent["tools"] = [stored_tool(tool) for tool in agent["tools"]]
        agent["tool_resources"] = stored_resources(agent["tools"], agent["tool_resources"])
