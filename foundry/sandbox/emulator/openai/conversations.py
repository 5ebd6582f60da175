"""Conversations of a project and the items in them."""

from collections.abc import Iterable
from typing import Any, Final

from foundry.sandbox.emulator.project.objects import ObjectStore, new_id

KIND: Final = "conversation"
ITEM: Final = "conversation.item"
RESPONSE: Final = "response"
UNDER_WAY: Final = ("queued", "in_progress")

Body = dict[str, Any]


class ConversationStore:
    """Conversations by project."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def under_way(self) -> list[tuple[str, str]]:
        """Projects and ids of the responses that are being made in the background."""
        return [(project, one) for project, _, one in self._objects.having(RESPONSE, "status", UNDER_WAY)]

    def create(self, project: str, metadata: Body, now: float) -> Body:
        """Adds an empty conversation."""
        made = {
            "id": new_id("conv_"),
            "object": "conversation",
            "created_at": int(now),
            "metadata": metadata,
            "_last": None,
        }
        self._objects.add(project, KIND, made, now)
        return made

    def get(self, project: str, identity: str) -> Body | None:
        """The conversation of that id, or None."""
        return self._objects.get(project, KIND, identity)

    def put(self, project: str, conversation: Body) -> None:
        """Keeps a changed conversation."""
        self._objects.put(project, KIND, conversation)

    def delete(self, project: str, identity: str) -> None:
        """Removes a conversation with its items."""
        self._objects.remove_below(project, identity)
        self._objects.remove(project, KIND, identity)

    def add_items(self, project: str, conversation: str, items: Iterable[Body], now: float) -> None:
        """Adds items at the end; one that is there already stays as it is."""
        for item in items:
            if self._objects.get(project, ITEM, item["id"], conversation) is None:
                self._objects.add(project, ITEM, item, now, conversation)

    def items(self, project: str, conversation: str) -> list[Body]:
        """Every item of a conversation, oldest first."""
        return self._objects.all(project, ITEM, conversation)

    def item(self, project: str, conversation: str, identity: str) -> Body | None:
        """An item of a conversation, or None."""
        return self._objects.get(project, ITEM, identity, conversation)

    def remove_item(self, project: str, conversation: str, identity: str) -> bool:
        """Removes an item; False when there was none."""
        return self._objects.remove(project, ITEM, identity, conversation)
