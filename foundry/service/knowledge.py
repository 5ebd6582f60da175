"""Vector stores and files over the wire: the same calls in both dialects, below different paths.

The classic Agent Service has them beside its agents, with an api-version; the versioned one below `/openai/v1`, without.
Shapes: models of azure-ai-agents 1.1 and openai 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from foundry.service import classic_bodies as bodies
from foundry.service.errors import NotFound
from foundry.service.live import LiveFile, LiveStore, StoreMember
from foundry.service.wire import Wire

_PAGE: Final = 100


@dataclass(frozen=True)
class Door:
    """Where and how stores and files are asked for.

    `prefix` is what their paths start with; `pages_files` says that the list of files comes in pages;
    `names_apart` that an upload tells the file's name in a field of its own as well.
    """

    prefix: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    pages_files: bool = False
    names_apart: bool = False


class Knowledge:
    """The part of a project's data plane that agents search in. See `KnowledgeService` for each method."""

    def __init__(self, endpoint: str, wire: Wire, door: Door) -> None:
        self.endpoint = endpoint
        self._wire = wire
        self._door = door

    def list_stores(self) -> Sequence[LiveStore]:
        """See `KnowledgeService`."""
        found = self._pages("list vector stores", self.endpoint, "/vector_stores", of_place=True)
        return [_store(body) for body in found]

    def get_store(self, store_id: str) -> LiveStore:
        """See `KnowledgeService`."""
        return _store(self._get("read vector store", store_id, f"/vector_stores/{store_id}"))

    def create_store(self, definition: Mapping[str, Any], metadata: Mapping[str, str]) -> LiveStore:
        """See `KnowledgeService`."""
        body = bodies.store_body(definition, metadata)
        told = str(definition.get("name"))
        return _store(
            self._post("create vector store", told, "/vector_stores", body, makes=True, of_place=True)
        )

    def update_store(
        self, store_id: str, definition: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> LiveStore:
        """See `KnowledgeService`."""
        told = f"{definition.get('name')} ({store_id})"
        body = bodies.store_update_body(definition, metadata)
        return _store(self._post("update vector store", told, f"/vector_stores/{store_id}", body))

    def delete_store(self, store_id: str) -> None:
        """See `KnowledgeService`."""
        self._delete("delete vector store", store_id, f"/vector_stores/{store_id}")

    def list_members(self, store_id: str) -> Sequence[StoreMember]:
        """See `KnowledgeService`."""
        found = self._pages("list files of vector store", store_id, f"/vector_stores/{store_id}/files")
        return [_member(body) for body in found]

    def attach(
        self,
        store_id: str,
        file_ids: Sequence[str],
        chunking_strategy: Mapping[str, Any] | None,
        attributes: Mapping[str, Mapping[str, Any]],
    ) -> str:
        """See `KnowledgeService`."""
        body = bodies.batch_body(file_ids, chunking_strategy, attributes)
        path = f"/vector_stores/{store_id}/file_batches"
        return str(self._post("attach files to vector store", store_id, path, body, makes=True)["id"])

    def batch_status(self, store_id: str, batch_id: str) -> str:
        """See `KnowledgeService`."""
        body = self._get("read file batch", batch_id, f"/vector_stores/{store_id}/file_batches/{batch_id}")
        return str(body.get("status"))

    def detach(self, store_id: str, file_id: str) -> None:
        """See `KnowledgeService`."""
        self._delete("detach file", f"{file_id} of {store_id}", f"/vector_stores/{store_id}/files/{file_id}")

    def describe_member(self, store_id: str, file_id: str, attributes: Mapping[str, Any]) -> None:
        """See `KnowledgeService`."""
        body = {"attributes": bodies.attributes_body(attributes)}
        path = f"/vector_stores/{store_id}/files/{file_id}"
        self._post("describe file", f"{file_id} of {store_id}", path, body)

    def list_files(self) -> Sequence[LiveFile]:
        """See `KnowledgeService`."""
        purpose = {"purpose": "assistants"}
        if self._door.pages_files:
            found = self._pages("list files", self.endpoint, "/files", more=purpose, of_place=True)
            return [_file(body) for body in found]
        body = self._get("list files", self.endpoint, "/files", more=purpose, of_place=True)
        return [_file(one) for one in body.get("data") or ()]

    def get_file(self, file_id: str) -> LiveFile:
        """See `KnowledgeService`."""
        return _file(self._get("read file", file_id, f"/files/{file_id}"))

    def upload_file(self, filename: str, content: bytes, purpose: str) -> LiveFile:
        """See `KnowledgeService`."""
        answer = self._wire.call(
            "upload file",
            filename,
            "POST",
            f"{self._door.prefix}/files",
            query=self._door.query,
            headers=self._door.headers,
            form={"purpose": purpose, **({"filename": filename} if self._door.names_apart else {})},
            file=(filename, content),
            repeatable=False,
            of_place=True,
        )
        return _file(answer.body)

    def delete_file(self, file_id: str) -> None:
        """See `KnowledgeService`."""
        self._delete("delete file", file_id, f"/files/{file_id}")

    def _get(
        self,
        operation: str,
        subject: str,
        path: str,
        *,
        more: Mapping[str, str] | None = None,
        of_place: bool = False,
    ) -> Mapping[str, Any]:
        door = self._door
        body: Mapping[str, Any] = self._wire.call(
            operation,
            subject,
            "GET",
            door.prefix + path,
            query={**door.query, **(more or {})},
            headers=door.headers,
            of_place=of_place,
        ).body
        return body

    def _post(
        self,
        operation: str,
        subject: str,
        path: str,
        body: Mapping[str, Any],
        *,
        makes: bool = False,
        of_place: bool = False,
    ) -> Mapping[str, Any]:
        answer = self._wire.call(
            operation,
            subject,
            "POST",
            self._door.prefix + path,
            query=self._door.query,
            headers=self._door.headers,
            body=body,
            repeatable=not makes,
            of_place=of_place,
        )
        told: Mapping[str, Any] = answer.body
        return told

    def _delete(self, operation: str, subject: str, path: str) -> None:
        door = self._door
        with suppress(NotFound):
            self._wire.call(
                operation, subject, "DELETE", door.prefix + path, query=door.query, headers=door.headers
            )

    def _pages(
        self,
        operation: str,
        subject: str,
        path: str,
        *,
        more: Mapping[str, str] | None = None,
        of_place: bool = False,
    ) -> Iterator[Mapping[str, Any]]:
        where = {"limit": str(_PAGE), "order": "asc", **(more or {})}
        while True:
            page = self._get(operation, subject, path, more=where, of_place=of_place)
            items = page.get("data") or []
            yield from items
            if not page.get("has_more") or not items:
                return
            where["after"] = str(page.get("last_id") or items[-1]["id"])


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
    chunking = bodies.chunking_of(body.get("chunking_strategy"))
    return StoreMember(
        str(body["id"]), str(body.get("status")), reason, chunking, dict(body.get("attributes") or {})
    )


def _file(body: Mapping[str, Any]) -> LiveFile:
    return LiveFile(
        id=str(body["id"]),
        created_at=int(body.get("created_at") or 0),
        filename=str(body.get("filename") or ""),
        size=int(body.get("bytes") or 0),
        purpose=str(body.get("purpose") or ""),
        status=str(body.get("status") or ""),
    )
