"""Search indexes as declarations, with what stands beside them: aliases, synonym maps, indexers and skillsets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from foundry.manifest.schema import schema_of
from foundry.reconcile.marks import mark_in, mark_of, without_mark
from foundry.service.live import LiveIndexAsset
from foundry.transfer.document import Declaration, Writing

_SERVER_FIELDS: Final = frozenset({"@odata.etag", "@odata.context", "name"})

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Beside:
    """What a search service has beside one index, as the service tells it.

    `aliases` and `indexers` are those of this very index; `skillsets` all there are, by name; `synonym_maps` those that its fields
    name and that no other declaration has.
    """

    aliases: tuple[str, ...] = ()
    indexers: tuple[Body, ...] = ()
    skillsets: Mapping[str, Body] = field(default_factory=dict)
    synonym_maps: tuple[Body, ...] = ()


def index_declaration(
    name: str,
    body: Body,
    *,
    adopt: str | Mapping[str, str] | None,
    beside: Beside | None = None,
    documents: str | None = None,
    asset: LiveIndexAsset | None = None,
) -> Declaration:
    """A search index with its definition in a file of its own.

    Nothing is lost: what beside it can't be declared is noted, and stays as it is. `documents` is the file that its documents have
    been taken to, relative to the documents of indexes; `asset` the index asset that refers to it.
    """
    writing = Writing(name)
    tree: dict[str, Any] = {"kind": "SearchIndex", "name": name}
    if body["name"] != name:
        tree["service_name"] = str(body["name"])
    tree |= _beside(str(body["name"]), beside or Beside(), writing)
    tree["definition"] = writing.json_file("indexes", name, _compact(_told(body)))
    if asset is not None:
        tree["asset"] = _asset_tree(asset, str(body["name"]), writing)
    if documents is not None:
        tree["documents"] = [documents]
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("SearchIndex", tree)


def _asset_tree(asset: LiveIndexAsset, index: str, writing: Writing) -> dict[str, Any]:
    told = asset.definition
    tree = {"name": asset.name} if asset.name != index else {}
    if told.get("description"):
        tree["description"] = writing.inline(str(told["description"]))
    tags = {key: writing.inline(value) for key, value in without_mark(asset.tags).items()}
    more = {"tags": tags, "field_mapping": writing.inside(told.get("field_mapping"))}
    # A version of another stack is handed over with its index.
    taken = {"adopt": asset.version} if mark_of(asset.tags) is None else {}
    return {**tree, **{key: value for key, value in more.items() if value}, **taken}


def key_of(body: Body) -> Mapping[str, Any]:
    """The field that an index tells its documents apart by."""
    return next((one for one in body.get("fields") or () if one.get("key")), {})


def hidden_fields(body: Body) -> tuple[list[str], list[str]]:
    """Fields that documents are told without, by their paths: vectors that `fac up` makes again, and all others."""
    search = body.get("vectorSearch") or {}
    made = {one.get("name") for one in search.get("profiles") or () if one.get("vectorizer")}
    vectors: list[str] = []
    others: list[str] = []
    for path, one in _all_fields(body.get("fields") or (), ""):
        if one.get("retrievable") is False:
            (vectors if one.get("vectorSearchProfile") in made else others).append(path)
    return vectors, others


def _all_fields(fields: Any, above: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in fields:
        yield f"{above}{one['name']}", one
        yield from _all_fields(one.get("fields") or (), f"{above}{one['name']}/")


def maps_of(body: Body) -> frozenset[str]:
    """The synonym maps that the fields of an index name."""
    return frozenset(_maps_in(body.get("fields") or []))


def _maps_in(fields: Any) -> set[str]:
    found: set[str] = set()
    for one in fields:
        found |= {str(name) for name in one.get("synonymMaps") or ()} | _maps_in(one.get("fields") or ())
    return found


def _beside(index: str, beside: Beside, writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    if beside.aliases:
        tree["alias"] = beside.aliases[0]
    for alias in beside.aliases[1:]:
        writing.note(
            "alias", f"{alias} stands for this index, too; a declaration has one, so it stays as it is"
        )
    maps = {str(one["name"]): _synonym_map(one, writing) for one in beside.synonym_maps}
    maps = {name: told for name, told in maps.items() if told is not None}
    if maps:
        tree["synonym_maps"] = maps
    # What fills a declared index is named after it; names of the service have no underscores there.
    named = index.replace("_", "-")
    for one in beside.indexers:
        if one["name"] == named and _is_sayable(_told(one), "indexer", {"targetIndexName"}):
            tree |= _indexer(_told(one), named, beside, writing)
        else:
            why = f"an indexer that is declared is called {named} and has the fields of the format"
            writing.note("indexer", f"{one['name']} stays as it is: {why}")
    return tree


def _synonym_map(body: Body, writing: Writing) -> dict[str, Any] | None:
    name = str(body["name"])
    pattern = schema_of("SearchIndex")["properties"]["synonym_maps"]["propertyNames"]["pattern"]
    if not re.search(pattern, name) or not _is_sayable(_told(body), "synonym_map", {"format"}):
        writing.note("synonym_maps", f"{name} stays as it is: the format can't say it")
        return None
    return {"synonyms": writing.long_text("synonyms", f"{name}.txt", str(body.get("synonyms") or ""))}


def _indexer(told: dict[str, Any], named: str, beside: Beside, writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    skillset = beside.skillsets.get(str(told.get("skillsetName")))
    if skillset is not None:
        body = _told(skillset)
        if skillset["name"] == named and _is_sayable(body, "skillset"):
            tree["skillset"] = writing.json_file("indexes", f"{writing.name}-skillset", body)
            del told["skillsetName"]
        else:
            writing.note("indexer.skillsetName", f"{skillset['name']} stays as it is: named, not declared")
    writing.note(
        "indexer.dataSourceName",
        f"{told['dataSourceName']} stays as it is: the service doesn't say what a data source logs in with",
    )
    told.pop("targetIndexName", None)
    return {**tree, "indexer": writing.inside(told)}


def _is_sayable(
    told: Mapping[str, Any], definition: str, also: set[str] | frozenset[str] = frozenset()
) -> bool:
    """Whether the format has every field of a body, the inner ones of an account too."""
    fields = schema_of("SearchIndex")["$defs"][definition]["properties"]
    account = fields.get("cognitiveServices", {}).get("properties", {})
    return set(told) <= {*fields, *also} and set(told.get("cognitiveServices") or ()) <= set(account)


def _told(body: Body) -> dict[str, Any]:
    """A body without its mark and without fields that say nothing."""
    description, _ = mark_in(body.get("description"))
    told = {key: value for key, value in body.items() if key not in {*_SERVER_FIELDS, "description"}}
    said = {"description": description or None, **told}
    return {key: value for key, value in said.items() if value is not None and value != []}


def _compact(value: Any) -> Any:
    """A definition without what says nothing anywhere in it: nulls and empty lists."""
    if isinstance(value, Mapping):
        return {key: _compact(item) for key, item in value.items() if item is not None and item != []}
    if isinstance(value, list):
        return [_compact(item) for item in value]
    return value
