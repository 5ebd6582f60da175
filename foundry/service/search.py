"""Azure AI Search, with the service's own bodies. Source of paths, headers and the scope of tokens: azure-search-documents 12."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote

from foundry.service.errors import Conflict, NotFound
from foundry.service.wire import Wire

SEARCH_SCOPE: Final = "https://search.azure.com/.default"
_VERSION: Final = {"api-version": "2026-04-01"}
_MINIMAL: Final = {"Accept": "application/json;odata.metadata=minimal"}
_PREFER: Final = {**_MINIMAL, "Prefer": "return=representation"}
_NONE: Final = {"Accept": "application/json;odata.metadata=none"}

_PAGE: Final = 1000
# Of one request that writes documents: 16 MB (Azure docs, "Service limits in Azure AI Search"), with room for what goes around them.
_LARGEST: Final = 15_900_000

_WORDS: Final = {
    "synonymmaps": "synonym map",
    "datasources": "data source",
    "skillsets": "skillset",
    "indexers": "indexer",
}


class AzureSearch:
    """`SearchService` on the wire."""

    def __init__(self, endpoint: str, wire: Wire) -> None:
        self.endpoint = endpoint
        self._wire = wire

    def waiting_for_roles(self) -> AzureSearch:
        """See `SearchService`."""
        return AzureSearch(self.endpoint, self._wire.waiting_for_roles())

    def list_indexes(self) -> Sequence[Mapping[str, Any]]:
        """See `SearchService`."""
        return self._listed("list indexes", "indexes")

    def get_index(self, name: str) -> Mapping[str, Any]:
        """See `SearchService`."""
        answer = self._wire.call(
            "read index", name, "GET", _path("indexes", name), query=_VERSION, headers=_MINIMAL
        )
        body: Mapping[str, Any] = answer.body
        return body

    def create_index(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `SearchService`."""
        return self._put_index("create index", body, {"If-None-Match": "*"}, repeatable=False)

    def update_index(self, body: Mapping[str, Any], etag: str, *, offline: bool = False) -> Mapping[str, Any]:
        """See `SearchService`."""
        return self._put_index("update index", body, {"If-Match": etag}, repeatable=False, offline=offline)

    def delete_index(self, name: str, etag: str) -> None:
        """See `SearchService`."""
        self._delete("delete index", name, _path("indexes", name), etag, lambda: self.get_index(name))

    def merge_documents(self, name: str, documents: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """See `SearchService`."""
        return [refused for part in _requests(documents) for refused in self._merge(name, part)]

    def _merge(self, name: str, actions: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        answer = self._wire.call(
            "merge documents into index",
            name,
            "POST",
            f"{_path('indexes', name)}/docs/search.index",
            query=_VERSION,
            headers=_NONE,
            body={"value": actions},
            expect=(200, 207),
        )
        return [
            f"{one.get('key')}: {one.get('errorMessage') or one.get('statusCode')}"
            for one in answer.body.get("value") or ()
            if not one.get("status")
        ]

    def read_documents(
        self, name: str, most: int, order: str | None
    ) -> tuple[int, Sequence[Mapping[str, Any]]]:
        """See `SearchService`."""
        found: list[Mapping[str, Any]] = []
        while True:
            asked = {"search": "*", "count": True, "top": _PAGE, "skip": len(found)}
            body = self._wire.call(
                "read documents of index",
                name,
                "POST",
                f"{_path('indexes', name)}/docs/search.post.search",
                query=_VERSION,
                headers=_NONE,
                body={**asked, **({"orderby": f"{order} asc"} if order else {})},
            ).body
            total, page = int(body.get("@odata.count") or 0), body.get("value") or []
            if total > most:
                return total, []
            found += [{key: value for key, value in one.items() if not key.startswith("@")} for one in page]
            if not page or len(found) >= total:
                return total, found

    def get_alias(self, name: str) -> str:
        """See `SearchService`."""
        answer = self._wire.call(
            "read alias", name, "GET", _path("aliases", name), query=_VERSION, headers=_MINIMAL
        )
        return str(next(iter(answer.body.get("indexes") or ()), ""))

    def list_aliases(self) -> Mapping[str, str]:
        """See `SearchService`."""
        return {
            str(one["name"]): str(next(iter(one.get("indexes") or ()), ""))
            for one in self._listed("list aliases", "aliases")
        }

    def put_alias(self, name: str, index: str) -> None:
        """See `SearchService`."""
        self._wire.call(
            "point alias",
            f"{name} at {index}",
            "PUT",
            _path("aliases", name),
            query=_VERSION,
            headers=_PREFER,
            body={"name": name, "indexes": [index]},
            expect=(200, 201),
        )

    def delete_alias(self, name: str) -> None:
        """See `SearchService`."""
        with suppress(NotFound):
            self._wire.call(
                "delete alias",
                name,
                "DELETE",
                _path("aliases", name),
                query=_VERSION,
                headers=_MINIMAL,
                expect=(204,),
            )

    def list_objects(self, family: str) -> Sequence[Mapping[str, Any]]:
        """See `SearchService`."""
        return self._listed(f"list {family}", family)

    def get_object(self, family: str, name: str) -> Mapping[str, Any]:
        """See `SearchService`."""
        body: Mapping[str, Any] = self._wire.call(
            f"read {_WORDS[family]}", name, "GET", _path(family, name), query=_VERSION, headers=_MINIMAL
        ).body
        return body

    def put_object(self, family: str, body: Mapping[str, Any], etag: str | None) -> Mapping[str, Any]:
        """See `SearchService`."""
        condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        made: Mapping[str, Any] = self._wire.call(
            f"{'create' if etag is None else 'update'} {_WORDS[family]}",
            str(body["name"]),
            "PUT",
            _path(family, str(body["name"])),
            query=_VERSION,
            headers={**_PREFER, **condition},
            body=body,
            expect=(200, 201),
            repeatable=False,
        ).body
        return made

    def delete_object(self, family: str, name: str, etag: str) -> None:
        """See `SearchService`."""
        operation, path = f"delete {_WORDS[family]}", _path(family, name)
        self._delete(operation, name, path, etag, lambda: self.get_object(family, name))

    def _delete(
        self, operation: str, name: str, path: str, etag: str, look: Callable[[], Mapping[str, Any]]
    ) -> None:
        headers = {**_MINIMAL, "If-Match": etag}
        with suppress(NotFound):
            try:
                self._wire.call(
                    operation, name, "DELETE", path, query=_VERSION, headers=headers, expect=(204,)
                )
            except Conflict:
                # Sent again after a lost answer, it meets nothing, which has no ETag to match.
                look()
                raise

    def _listed(self, operation: str, family: str) -> Sequence[Mapping[str, Any]]:
        answer = self._wire.call(
            operation, self.endpoint, "GET", f"/{family}", query=_VERSION, headers=_MINIMAL, of_place=True
        )
        found: Sequence[Mapping[str, Any]] = answer.body.get("value") or ()
        return found

    def _put_index(
        self,
        operation: str,
        body: Mapping[str, Any],
        condition: Mapping[str, str],
        *,
        repeatable: bool,
        offline: bool = False,
    ) -> Mapping[str, Any]:
        name = str(body["name"])
        answer = self._wire.call(
            operation,
            name,
            "PUT",
            _path("indexes", name),
            query={**_VERSION, "allowIndexDowntime": "true"} if offline else _VERSION,
            headers={**_PREFER, **condition},
            body=body,
            expect=(200, 201),
            repeatable=repeatable,
        )
        made: Mapping[str, Any] = answer.body
        return made


def _requests(documents: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """What writes the documents, in as many requests as their size asks for: a thousand with vectors are larger than one may be."""
    part: list[Mapping[str, Any]] = []
    size = 0
    for document in documents:
        action = {**document, "@search.action": "mergeOrUpload"}
        own = len(json.dumps(action)) + len(", ")
        if part and size + own > _LARGEST:
            yield part
            part, size = [], 0
        part.append(action)
        size += own
    if part:
        yield part


def _path(family: str, name: str) -> str:
    key = quote(name.replace("'", "''"), safe="")
    return f"/{family}('{key}')"
