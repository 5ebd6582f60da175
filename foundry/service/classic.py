"""The classic Agent Service, through the connection of the official client (azure-ai-agents).

Bodies are written as JSON of our own: the client's keyword arguments drop null, so they can't clear a field, and they
refuse partial updates that the service takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from foundry.service import classic_bodies as bodies
from foundry.service.errors import NotFound
from foundry.service.protocols import LiveAgent, LiveFile, LiveStore, StoreMember
from foundry.service.wire import Wire

_PAGE: Final = 100


class ClassicProject:
    """`ProjectService` in the classic dialect."""

    def __init__(self, endpoint: str, wire: Wire) -> None:
        self.endpoint = endpoint
        self._wire = wire

    def waiting_for_roles(self) -> ClassicProject:
        """See `ProjectService`."""
        return ClassicProject(self.endpoint, self._wire.waiting_for_roles())

    def list_agents(self) -> Sequence[LiveAgent]:
        """See `ProjectService`."""
        return [
            _agent(body) for body in self._pages("list agents", self.endpoint, "/assistants", of_place=True)
        ]

    def get_agent(self, agent_id: str) -> LiveAgent:
        """See `ProjectService`."""
        return _agent(self._get("read agent", agent_id, f"/assistants/{agent_id}"))

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

    def list_stores(self) -> Sequence[LiveStore]:
        """See `ProjectService`."""
        found = self._pages("list vector stores", self.endpoint, "/vector_stores", of_place=True)
        return [_store(body) for body in found]

    def get_store(self, store_id: str) -> LiveStore:
        """See `ProjectService`."""
        return _store(self._get("read vector store", store_id, f"/vector_stores/{store_id}"))

    def create_store(self, definition: Mapping[str, Any], metadata: Mapping[str, str]) -> LiveStore:
        """See `ProjectService`."""
        answer = self._wire.call(
            "create vector store",
            str(definition.get("name")),
            "POST",
            "/vector_stores",
            query=_STABLE,
            body=bodies.store_body(definition, metadata),
            repeatable=False,
            of_place=True,
        )
        return _store(answer.body)

    def update_store(
        self, store_id: str, definition: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> LiveStore:
        """See `ProjectService`."""
        answer = self._wire.call(
            "update vector store",
            f"{definition.get('name')} ({store_id})",
            "POST",
            f"/vector_stores/{store_id}",
            query=_STABLE,
            body=bodies.store_update_body(definition, metadata),
        )
        return _store(answer.body)

    def delete_store(self, store_id: str) -> None:
        """See `ProjectService`."""
        self._delete("delete vector store", store_id, f"/vector_stores/{store_id}")

    def list_members(self, store_id: str) -> Sequence[StoreMember]:
        """See `ProjectService`."""
        found = self._pages("list files of vector store", store_id, f"/vector_stores/{store_id}/files")
        return [_member(body) for body in found]

    def attach(
        self, store_id: str, file_ids: Sequence[str], chunking_strategy: Mapping[str, Any] | None
    ) -> str:
        """See `ProjectService`."""
        body: dict[str, Any] = {"file_ids": list(file_ids)}
        if chunking_strategy:
            body["chunking_strategy"] = bodies.chunking_body(chunking_strategy)
        answer = self._wire.call(
            "attach files to vector store",
            store_id,
            "POST",
            f"/vector_stores/{store_id}/file_batches",
            query=_STABLE,
            body=body,
            repeatable=False,
        )
        return str(answer.body["id"])

    def batch_status(self, store_id: str, batch_id: str) -> str:
        """See `ProjectService`."""
        body = self._get("read file batch", batch_id, f"/vector_stores/{store_id}/file_batches/{batch_id}")
        return str(body.get("status"))

    def detach(self, store_id: str, file_id: str) -> None:
        """See `ProjectService`."""
        self._delete("detach file", f"{file_id} of {store_id}", f"/vector_stores/{store_id}/files/{file_id}")

    def list_files(self) -> Sequence[LiveFile]:
        """See `ProjectService`."""
        query = {**_STABLE, "purpose": "assistants"}
        answer = self._wire.call("list files", self.endpoint, "GET", "/files", query=query, of_place=True)
        return [_file(body) for body in answer.body.get("data") or ()]

    def get_file(self, file_id: str) -> LiveFile:
        """See `ProjectService`."""
        return _file(self._get("read file", file_id, f"/files/{file_id}"))

    def upload_file(self, filename: str, content: bytes, purpose: str) -> LiveFile:
        """See `ProjectService`."""
        answer = self._wire.call(
            "upload file",
            filename,
            "POST",
            "/files",
            query=_STABLE,
            form={"purpose": purpose, "filename": filename},
            file=(filename, content),
            repeatable=False,
            of_place=True,
        )
        return _file(answer.body)

    def delete_file(self, file_id: str) -> None:
        """See `ProjectService`."""
        self._delete("delete file", file_id, f"/files/{file_id}")

    def _get(self, operation: str, subject: str, path: str) -> Mapping[str, Any]:
        body: Mapping[str, Any] = self._wire.call(operation, subject, "GET", path, query=_STABLE).body
        return body

    def _delete(self, operation: str, subject: str, path: str) -> None:
        with suppress(NotFound):
            self._wire.call(operation, subject, "DELETE", path, query=_STABLE)

    def _pages(
        self, operation: str, subject: str, path: str, *, of_place: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        query = {**_STABLE, "limit": str(_PAGE), "order": "asc"}
        while True:
            page = self._wire.call(operation, subject, "GET", path, query=query, of_place=of_place).body
            items = page.get("data") or []
            yield from items
            if not page.get("has_more") or not items:
                return
            query["after"] = str(page.get("last_id") or items[-1]["id"])


_STABLE: Final = {"api-version": bodies.STABLE}


def _agent(body: Mapping[str, Any]) -> LiveAgent:
    definition = bodies.definition_of(body)
    return LiveAgent(
        str(body["id"]), int(body.get("created_at") or 0), definition, definition["metadata"], body
    )


def _store(body: Mapping[str, Any]) -> LiveStore:
    expiry = body.get("expires_after") or {}
    return LiveStore(
        id=str(body["id"]),
        created_at=int(body.get("created_at") or 0),
        name=str(body.get("name") or ""),
        status=str(body.get("status")),
        metadata={str(key): str(value) for key, value in (body.get("metadata") or {}).items()},
        expires_after_days=expiry.get("days"),
        file_counts={key: int(value or 0) for key, value in (body.get("file_counts") or {}).items()},
    )


def _member(body: Mapping[str, Any]) -> StoreMember:
    error = body.get("last_error") or {}
    reason = ": ".join(str(error[key]) for key in ("code", "message") if error.get(key)) or None
    return StoreMember(str(body["id"]), str(body.get("status")), reason)


def _file(body: Mapping[str, Any]) -> LiveFile:
    return LiveFile(
        id=str(body["id"]),
        created_at=int(body.get("created_at") or 0),
        filename=str(body.get("filename") or ""),
        size=int(body.get("bytes") or 0),
        purpose=str(body.get("purpose") or ""),
        status=str(body.get("status") or ""),
    )
