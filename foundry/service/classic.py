"""The classic Agent Service. Source of paths and shapes: azure-ai-agents 1.1.

Bodies are JSON of our own: the official client's keyword arguments drop null, so they can't clear a field, and they refuse
partial updates that the service takes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from foundry.service import classic_bodies as bodies
from foundry.service.knowledge import Door, Knowledge
from foundry.service.live import LiveAgent, LiveNumbered
from foundry.service.wire import Wire


class ClassicProject(Knowledge):
    """`ProjectService` in the classic dialect."""

    def __init__(self, endpoint: str, wire: Wire) -> None:
        super().__init__(endpoint, wire, Door(query=_STABLE, names_apart=True))

    def waiting_for_roles(self) -> ClassicProject:
        """See `ProjectService`."""
        return ClassicProject(self.endpoint, self._wire.waiting_for_roles())

    def list_toolboxes(self) -> Sequence[LiveNumbered]:
        """See `KnowledgeService`."""
        return ()

    def tools_of_toolbox(self, toolbox: LiveNumbered) -> Sequence[Mapping[str, Any]]:  # noqa: ARG002
        """See `KnowledgeService`."""
        return ()

    def list_agents(self) -> Sequence[LiveAgent]:
        """See `ProjectService`."""
        return [
            _agent(body) for body in self._pages("list agents", self.endpoint, "/assistants", of_place=True)
        ]

    def get_agent(self, agent_id: str) -> LiveAgent:
        """See `ProjectService`."""
        return _agent(self._get("read agent", agent_id, f"/assistants/{agent_id}"))

    def tools_in_use(self, agent: LiveAgent) -> Sequence[Mapping[str, Any]]:
        """See `ProjectService`."""
        tools: Sequence[Mapping[str, Any]] = agent.definition["tools"]
        return tools

    def create_agent(self, definition: Mapping[str, Any], metadata: Mapping[str, str]) -> LiveAgent:
        """See `ProjectService`."""
        body = bodies.create_body(definition, metadata)
        answer = self._wire.call(
            "create agent",
            str(definition.get("name")),
            "POST",
            "/assistants",
            query={"api-version": bodies.api_version(body)},
            body=body,
            repeatable=False,
            of_place=True,
        )
        return _agent(answer.body)

    def update_agent(
        self,
        live: LiveAgent,
        definition: Mapping[str, Any],
        metadata: Mapping[str, str],
        *,
        reset: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> LiveAgent:
        """See `ProjectService`."""
        body = bodies.update_body(live.body, definition, metadata, reset=reset, only=only)
        answer = self._wire.call(
            "update agent",
            f"{definition.get('name')} ({live.id})",
            "POST",
            f"/assistants/{live.id}",
            query={"api-version": bodies.api_version(body)},
            body=body,
        )
        return _agent(answer.body)

    def delete_agent(self, agent_id: str) -> None:
        """See `ProjectService`."""
        self._delete("delete agent", agent_id, f"/assistants/{agent_id}")


_STABLE: Final = {"api-version": bodies.STABLE}


def _agent(body: Mapping[str, Any]) -> LiveAgent:
    definition = bodies.definition_of(body)
    return LiveAgent(
        str(body["id"]), int(body.get("created_at") or 0), definition, definition["metadata"], body
    )
