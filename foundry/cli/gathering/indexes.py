"""Live search indexes as declarations, with what stands beside them: aliases, synonym maps, indexers, skillsets, assets, documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from foundry.cli.gathering.ledger import MOST_DOCUMENTS, Gathering
from foundry.model import ServiceError
from foundry.reconcile.marks import Mark, mark_in, mark_of
from foundry.service.live import LiveIndexAsset
from foundry.service.protocols import SearchService
from foundry.transfer.declared_indexes import Beside, hidden_fields, index_declaration, key_of, maps_of


def declare_indexes(gathering: Gathering, endpoint: str) -> dict[str, str]:
    """Declare the indexes of the place's search services; their declared names by those at the service."""
    named: dict[str, str] = {}
    assets = _assets(gathering, endpoint) if gathering.place.search_endpoints else []
    own = gathering.own("SearchIndex")
    for address in dict.fromkeys(gathering.place.search_endpoints):
        service = gathering.services.search(address)
        found = {str(body["name"]): body for body in service.list_indexes()}
        open_ = {
            name: mark
            for name, mark in _marks(found).items()
            if name not in own and gathering.may_have("search index", name, mark)
        }
        if not open_:
            continue
        beside = _Besides(service, gathering.may_have)
        for service_name, mark in open_.items():
            name = named[service_name] = gathering.name_for("SearchIndex", service_name, "index")
            body, adopt = found[service_name], gathering.adoption(service_name, mark)
            stands = beside.of(body)
            documents = _documents(gathering, service, name, body, is_filled=bool(stands.indexers))
            asset = next((one for one in assets if one.definition["index_name"] == service_name), None)
            if asset is not None:
                assets.remove(asset)
            gathering.declare(
                index_declaration(name, body, adopt=adopt, beside=stands, documents=documents, asset=asset)
            )
    gathering.left += [
        f"index asset {one.id}: its index has one that is declared already"
        for one in assets
        if one.definition["index_name"] in named
    ]
    return named


def _assets(gathering: Gathering, endpoint: str) -> list[LiveIndexAsset]:
    """The index assets that are free to be declared with their indexes, which the setup's connection leads to."""
    own = gathering.own("IndexAsset")
    connections = {one.rsplit("/", 1)[-1] for one in gathering.place.names.search_connections}
    try:
        listed = gathering.services.versioned(endpoint).indexes.list()
    except ServiceError as error:
        gathering.left.append(f"index assets: {error.what}")
        return []
    return [
        one
        for one in listed
        if one.id not in own
        and "type" not in one.definition
        and str(one.definition.get("connection_name")).lower() in connections
        and gathering.may_have("index asset", one.id, mark_of(one.tags))
    ]


def _documents(
    gathering: Gathering, service: SearchService, name: str, body: Mapping[str, Any], *, is_filled: bool
) -> str | None:
    """Takes the documents of a small index along; where, relative to the documents of indexes."""
    most, called, key = gathering.place.most_documents, str(body["name"]), key_of(body)
    if not most:
        return None
    vectors, others = hidden_fields(body)
    try:
        total, found = service.read_documents(
            called, most, key["name"] if key.get("sortable") is not False else None
        )
    except ServiceError as error:
        gathering.left.append(f"documents of search index {called}: {error.what}")
        return None
    told = sorted(found, key=lambda one: str(one.get(key["name"])))
    if is_filled:
        why = "an indexer fills it"
    elif others:
        why = f"the service doesn't give {', '.join(others)} (retrievable: false)"
    elif total > most:
        more = f"--documents {total}" if total <= MOST_DOCUMENTS else f"{MOST_DOCUMENTS:,} at most"
        why = f"it has {total:,}, more than {most:,} ({more})"
    elif len({one.get(key["name"]) for one in told}) != total:
        why = "they changed while they were read; import again"
    else:
        why = ""
    if why or not told:
        gathering.left += [f"documents of search index {called}: {why}"] if why else []
        return None
    if vectors:
        gathering.notes.append(
            f"SearchIndex {name}: the service doesn't give the vectors in {', '.join(vectors)}; `fac up` makes them anew"
        )
    lines = (
        json.dumps({key: value for key, value in one.items() if value is not None}, ensure_ascii=False)
        for one in told
    )
    gathering.copies[f"documents/{name}.jsonl"] = "".join(f"{line}\n" for line in lines).encode()
    return f"../documents/{name}.jsonl"


class _Besides:
    """What one search service has beside its indexes: read once, each synonym map given to one index."""

    def __init__(self, service: SearchService, may_have: Callable[[str, str, Mark | None], bool]) -> None:
        self._aliases = service.list_aliases()
        found = {
            family: {str(body["name"]): body for body in service.list_objects(family)}
            for family in ("indexers", "skillsets", "synonymmaps")
        }
        for family, title in (("indexers", "indexer"), ("skillsets", "skillset")):
            marks = _marks(found[family])
            found[family] = {
                name: body for name, body in found[family].items() if may_have(title, name, marks[name])
            }
        self._indexers, self._skillsets, self._maps = found.values()

    def of(self, index: Mapping[str, Any]) -> Beside:
        name = index["name"]
        maps = [self._maps.pop(one) for one in sorted(maps_of(index)) if one in self._maps]
        return Beside(
            tuple(sorted(alias for alias, target in self._aliases.items() if target == name)),
            tuple(one for one in self._indexers.values() if one.get("targetIndexName") == name),
            self._skillsets,
            tuple(maps),
        )


def _marks(bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, Mark | None]:
    return {name: mark_in(body.get("description"))[1] for name, body in bodies.items()}
