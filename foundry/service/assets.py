"""Index assets of a project over the wire: versions that their makers name.

Shapes: `AzureAISearchIndex` and `FieldMapping` of azure-ai-projects 2.10. Of a version that exists only description and tags
can change; every write is a merge patch (RFC 7396).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from foundry.service.errors import NotFound
from foundry.service.live import LiveIndexAsset
from foundry.service.paging import QUERY
from foundry.service.wire import Wire

_MERGE: Final = {"Content-Type": "application/merge-patch+json"}
_SEARCH: Final = "AzureSearch"
_MAPPED: Final = {
    "content_fields": "contentFields",
    "filepath_field": "filepathField",
    "title_field": "titleField",
    "url_field": "urlField",
    "vector_fields": "vectorFields",
    "metadata_fields": "metadataFields",
}


class IndexAssets:
    """`IndexAssetService` of the project at an endpoint."""

    def __init__(self, endpoint: str, wire: Wire) -> None:
        self.endpoint = endpoint
        self._wire = wire

    def list(self) -> Sequence[LiveIndexAsset]:
        """See `IndexAssetService`."""
        return list(self._listed("list index assets", self.endpoint, "/indexes", of_place=True))

    def versions(self, name: str) -> Sequence[LiveIndexAsset]:
        """See `IndexAssetService`."""
        with suppress(NotFound):
            return list(self._listed("list versions of index asset", name, f"{_path(name)}/versions"))
        return ()

    def get(self, name: str, version: str) -> LiveIndexAsset:
        """See `IndexAssetService`."""
        told, path = f"{name}:{version}", _path(name, version)
        return _asset(self._wire.call("read index asset", told, "GET", path, query=QUERY).body)

    def create(self, version: str, definition: Mapping[str, Any], tags: Mapping[str, str]) -> LiveIndexAsset:
        """See `IndexAssetService`."""
        body: dict[str, Any] = {
            "type": _SEARCH,
            "connectionName": definition["connection_name"],
            "indexName": definition["index_name"],
            "tags": dict(tags),
        }
        if definition.get("description"):
            body["description"] = definition["description"]
        if definition.get("field_mapping"):
            mapping = definition["field_mapping"]
            body["fieldMapping"] = {_MAPPED[key]: value for key, value in mapping.items() if value}
        return self._patch("create index asset", str(definition["name"]), version, body)

    def update(
        self, live: LiveIndexAsset, description: str | None, tags: Mapping[str, str]
    ) -> LiveIndexAsset:
        """See `IndexAssetService`."""
        gone = dict.fromkeys(key for key in live.tags if key not in tags)
        body = {"type": _SEARCH, "description": description or None, "tags": {**tags, **gone}}
        return self._patch("update index asset", live.name, live.version, body)

    def delete(self, name: str, version: str) -> None:
        """See `IndexAssetService`."""
        with suppress(NotFound):
            told, path = f"{name}:{version}", _path(name, version)
            self._wire.call("delete index asset", told, "DELETE", path, query=QUERY, expect=(200, 204))

    def _patch(self, operation: str, name: str, version: str, body: Mapping[str, Any]) -> LiveIndexAsset:
        answer = self._wire.call(
            operation,
            f"{name}:{version}",
            "PATCH",
            _path(name, version),
            query=QUERY,
            headers=_MERGE,
            body=body,
            expect=(200, 201),
            of_place=True,
        )
        return _asset(answer.body)

    def _listed(
        self, operation: str, subject: str, path: str, *, of_place: bool = False
    ) -> Iterator[LiveIndexAsset]:
        query = dict(QUERY)
        while True:
            page = self._wire.call(operation, subject, "GET", path, query=query, of_place=of_place).body
            yield from (_asset(body) for body in page.get("value") or ())
            if not page.get("nextLink"):
                return
            query |= dict(parse_qsl(urlsplit(str(page["nextLink"])).query))


def _path(name: str, version: str | None = None) -> str:
    below = "" if version is None else f"/versions/{quote(version, safe='')}"
    return f"/indexes/{quote(name, safe='')}{below}"


def _asset(body: Mapping[str, Any]) -> LiveIndexAsset:
    mapping = body.get("fieldMapping") or {}
    told = {
        "name": body.get("name"),
        "type": None if body.get("type") == _SEARCH else body.get("type"),
        "connection_name": body.get("connectionName"),
        "index_name": body.get("indexName"),
        "description": body.get("description"),
        "field_mapping": {ours: mapping[wire] for ours, wire in _MAPPED.items() if mapping.get(wire)},
    }
    return LiveIndexAsset(
        name=str(body["name"]),
        version=str(body["version"]),
        asset_id=str(body.get("id") or ""),
        definition={key: value for key, value in told.items() if value},
        tags={str(key): str(value) for key, value in (body.get("tags") or {}).items()},
    )
