"""The versioned Agent Service: agents under `/agents`, vector stores and files under `/openai/v1`.

Paths, api-version and the header of previews: azure-ai-projects 2.10 and openai 3. Bodies are written as JSON of our own;
the pipeline is azure-core's, without retries, so neither client is needed at run time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any, Final

from foundry.code_archives import LARGEST_CODE
from foundry.service import versioned_bodies as bodies
from foundry.service.assets import IndexAssets
from foundry.service.errors import NotFound
from foundry.service.evaluation import Evaluations
from foundry.service.forms import Part
from foundry.service.knowledge import Door, Knowledge
from foundry.service.live import LiveAgent, LiveMemoryStore, LiveNumbered, LiveVersion, LiveVersionedAgent
from foundry.service.numbered import Skills, Toolboxes
from foundry.service.paging import QUERY, listed
from foundry.service.wire import Download, Wire

SCOPE: Final = "https://ai.azure.com/.default"
_DOOR: Final = Door(prefix="/openai/v1", headers={"openai-beta": "assistants=v2"}, pages_files=True)
_MERGE: Final = {"Content-Type": "application/merge-patch+json"}
_MEMORY: Final = {"Foundry-Features": "MemoryStores=V1Preview"}
_PIECE: Final = 1 << 20
_DRAFT: Final = "draft"


class VersionedProject(Knowledge):
    """`VersionedService` on Azure, or on anything that answers like it."""

    def __init__(self, endpoint: str, wire: Wire) -> None:
        super().__init__(endpoint, wire, _DOOR)
        self.toolboxes = Toolboxes(wire)
        self.skills = Skills(wire)
        self.evaluations = Evaluations(endpoint, wire)
        self.indexes = IndexAssets(endpoint, wire)

    def waiting_for_roles(self) -> VersionedProject:
        """See `VersionedService`."""
        return VersionedProject(self.endpoint, self._wire.waiting_for_roles())

    def list_agents(self) -> Sequence[LiveVersionedAgent]:
        """See `VersionedService`."""
        return [_agent(body) for body in self._listed("list agents", self.endpoint, "/agents", of_place=True)]

    def get_agent(self, agent_id: str) -> LiveVersionedAgent:
        """See `VersionedService`."""
        return _agent(self._ask("read agent", agent_id, "GET", f"/agents/{agent_id}"))

    def create_version(
        self,
        name: str,
        definition: Mapping[str, Any],
        metadata: Mapping[str, str],
        *,
        live: LiveVersionedAgent | None = None,
        code: IO[bytes] | None = None,
    ) -> LiveVersionedAgent:
        """See `VersionedService`."""
        gate = bodies.features(definition)
        headers = {"Foundry-Features": gate} if gate else {}
        body = bodies.version_body(definition, metadata)
        parts: list[Part] | None = None
        if code is not None:
            headers["x-ms-code-zip-sha256"] = _digest(code)
            # In the client's own order: what is told of the code goes before the code.
            parts = [
                ("metadata", json.dumps(body)),
                ("code", ("code.zip", code, "application/octet-stream")),
            ]
        version = self._wire.call(
            "create agent version",
            name,
            "POST",
            f"/agents/{name}/versions",
            query=QUERY,
            headers=headers,
            body=body,
            parts=parts,
            repeatable=False,
            of_place=True,
        ).body
        before = live.body if live is not None else {"id": name, "name": name}
        return _agent({**before, "versions": {"latest": version}})

    def download_code(self, name: str, version: str, into: IO[bytes]) -> None:
        """See `VersionedService`."""
        self._wire.call(
            "download agent's code",
            f"{name}:{version}",
            "GET",
            f"/agents/{name}/code:download",
            query={**QUERY, "agent_version": version},
            headers={"Accept": "application/zip"},
            into=Download(into, LARGEST_CODE, "this is more than the service takes: leave the agent out"),
        )

    def list_versions(self, name: str) -> Sequence[LiveVersion]:
        """See `VersionedService`."""
        found = self._listed("list agent versions", name, f"/agents/{name}/versions", order="desc")
        return [_version(body) for body in found if not body.get(_DRAFT)]

    def tools_in_use(self, agent: LiveAgent) -> Sequence[Mapping[str, Any]]:
        """See `VersionedService`."""
        return [tool for definition in self._in_use(agent) for tool in definition["tools"]]

    def list_toolboxes(self) -> Sequence[LiveNumbered]:
        """See `KnowledgeService`."""
        try:
            return self.toolboxes.list()
        except NotFound:
            return ()

    def tools_of_toolbox(self, toolbox: LiveNumbered) -> Sequence[Mapping[str, Any]]:
        """See `KnowledgeService`."""
        tools = list(self.toolboxes.newest(toolbox).definition["tools"])
        if toolbox.default != toolbox.latest:
            with suppress(NotFound):
                tools += self.toolboxes.version(toolbox.id, toolbox.default).definition["tools"]
        return tools

    def skills_in_use(self, agent: LiveAgent) -> Sequence[Mapping[str, Any]]:
        """See `VersionedService`."""
        return [skill for definition in self._in_use(agent) for skill in definition.get("skills") or ()]

    def _in_use(self, agent: LiveAgent) -> Iterator[Mapping[str, Any]]:
        """The definitions that callers can reach: the newest version's, and those that traffic goes to."""
        yield agent.definition
        for version in bodies.serving_of(agent.body).get("traffic", {}):
            if version not in (bodies.LATEST, str(agent.body["versions"]["latest"]["version"])):
                with suppress(NotFound):
                    yield bodies.definition_of(self._version(agent.id, version), agent.id)

    def delete_version(self, name: str, version: str) -> None:
        """See `VersionedService`."""
        with suppress(NotFound):
            path = f"/agents/{name}/versions/{version}"
            self._ask("delete agent version", f"{name}:{version}", "DELETE", path)

    def serve(self, live: LiveVersionedAgent, serving: Mapping[str, Any]) -> LiveVersionedAgent:
        """See `VersionedService`."""
        name, body = live.id, bodies.serving_body(live.body, serving)
        if body:
            what = "change agent's endpoint"
            live = _agent(self._ask(what, name, "PATCH", f"/agents/{name}", body=body, headers=_MERGE))
        enabled = serving.get("enabled")
        if enabled is not None and enabled != live.serving.get("enabled", True):
            verb = "enable" if enabled else "disable"
            self._ask(f"{verb} agent", name, "POST", f"/agents/{name}:{verb}", expect=(200, 204))
            live = _agent({**live.body, "state": f"{verb}d"})
        return live

    def delete_agent(self, agent_id: str) -> None:
        """See `VersionedService`."""
        with suppress(NotFound):
            self._ask("delete agent", agent_id, "DELETE", f"/agents/{agent_id}")

    def list_memory_stores(self) -> Sequence[LiveMemoryStore]:
        """See `VersionedService`."""
        found = self._listed(
            "list memory stores", self.endpoint, "/memory_stores", of_place=True, headers=_MEMORY
        )
        return [_memory(body) for body in found]

    def get_memory_store(self, name: str) -> LiveMemoryStore:
        """See `VersionedService`."""
        return _memory(self._ask("read memory store", name, "GET", f"/memory_stores/{name}", headers=_MEMORY))

    def create_memory_store(
        self, definition: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> LiveMemoryStore:
        """See `VersionedService`."""
        answer = self._wire.call(
            "create memory store",
            str(definition["name"]),
            "POST",
            "/memory_stores",
            query=QUERY,
            headers=_MEMORY,
            body=bodies.memory_body(definition, metadata),
            repeatable=False,
            of_place=True,
        )
        return _memory(answer.body)

    def update_memory_store(
        self, name: str, definition: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> LiveMemoryStore:
        """See `VersionedService`."""
        body = {"description": definition.get("description") or "", "metadata": dict(metadata)}
        path = f"/memory_stores/{name}"
        return _memory(self._ask("update memory store", name, "POST", path, body=body, headers=_MEMORY))

    def delete_memory_store(self, name: str) -> None:
        """See `VersionedService`."""
        with suppress(NotFound):
            self._ask("delete memory store", name, "DELETE", f"/memory_stores/{name}", headers=_MEMORY)

    def _version(self, name: str, version: str) -> Mapping[str, Any]:
        path = f"/agents/{name}/versions/{version}"
        told: Mapping[str, Any] = self._ask("read agent version", f"{name}:{version}", "GET", path)
        return told

    def _ask(
        self,
        operation: str,
        subject: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        expect: Sequence[int] = (200,),
    ) -> Any:
        return self._wire.call(
            operation, subject, method, path, query=QUERY, body=body, headers=headers, expect=expect
        ).body

    def _listed(
        self,
        operation: str,
        subject: str,
        path: str,
        *,
        order: str = "asc",
        of_place: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        return listed(self._wire, operation, subject, path, order=order, of_place=of_place, headers=headers)


def _agent(body: Mapping[str, Any]) -> LiveVersionedAgent:
    name = str(body["name"])
    latest = (body.get("versions") or {}).get("latest") or {}
    definition = bodies.definition_of(latest, name)
    return LiveVersionedAgent(
        id=name,
        created_at=int(latest.get("created_at") or 0),
        definition=definition,
        metadata=definition["metadata"],
        body=body,
        version=str(latest.get("version") or ""),
        status=str(latest.get("status") or "active"),
        serving=bodies.serving_of(body),
    )


def _memory(body: Mapping[str, Any]) -> LiveMemoryStore:
    definition = bodies.memory_of(body)
    return LiveMemoryStore(
        str(body["name"]), int(body.get("created_at") or 0), definition, definition["metadata"]
    )


def _version(body: Mapping[str, Any]) -> LiveVersion:
    metadata = {str(key): str(value) for key, value in (body.get("metadata") or {}).items()}
    created = int(body.get("created_at") or 0)
    return LiveVersion(str(body["version"]), created, metadata, str(body.get("status") or "active"))


def _digest(code: IO[bytes]) -> str:
    code.seek(0)
    found = hashlib.sha256()
    while piece := code.read(_PIECE):
        found.update(piece)
    return found.hexdigest()
