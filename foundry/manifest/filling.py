"""What stands beside a search index: synonym maps, and the data source, skillset and indexer that fill it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from foundry.manifest import schema
from foundry.manifest.marked import Mapping, plain
from foundry.manifest.world import World, section
from foundry.model import SearchObject

_ON_STORAGE: Final = ("adlsgen2", "azureblob", "azuretable")
"""Sources that the storage account of the Environment can be."""

_LONGEST: Final = 1_000_000


def beside(tree: Mapping, service_name: str, world: World) -> tuple[SearchObject, ...]:
    """What a SearchIndex document declares beside the index, each after those that it refers to."""
    # Indexes may have underscores in their names, these may not (Azure docs: naming rules of AI Search).
    name = service_name.replace("_", "-")
    _check(tree, world)
    return (*_synonym_maps(tree, world), *_filling(tree, name, world))


def _synonym_maps(tree: Mapping, world: World) -> Iterator[SearchObject]:
    for name, told in section(tree, "synonym_maps").items():
        if isinstance(told, Mapping):
            synonyms = world.text(told, "synonyms", _LONGEST)
            yield SearchObject("synonymmaps", name, {"format": "solr", "synonyms": str(synonyms or "")})


def _filling(tree: Mapping, name: str, world: World) -> Iterator[SearchObject]:
    for key, family in (("data_source", "datasources"), ("skillset", "skillsets"), ("indexer", "indexers")):
        body = world.body(tree, key)
        if body is None:
            continue
        if body is not tree[key]:
            schema.check("SearchIndex", body, world.report, definition=key, above=(key,))
        yield SearchObject(family, name, plain(body))


def _check(tree: Mapping, world: World) -> None:
    source, indexer = tree.get("data_source"), tree.get("indexer")
    if isinstance(source, Mapping) and "credentials" not in source and source.get("type") is not None:
        if source["type"] not in _ON_STORAGE:
            world.report.error(
                source.mark,
                f"a data source of type {source['type']} needs `credentials`",
                'name the resource: `credentials: {connectionString: "ResourceId=/subscriptions/…;"}`',
            )
        elif world.environment is not None and "storage" not in world.environment:
            world.report.error(
                source.mark,
                "the data source names no resource, and the Environment has no storage account",
                "declare `storage:` in the Environment, or `credentials` here",
            )
    if isinstance(indexer, Mapping):
        _check_indexer(tree, indexer, world)
    else:
        for key in ("data_source", "skillset"):
            if key in tree and "indexer" not in tree:
                world.report.error(
                    tree.keys_at[key], f"`{key}` without an indexer does nothing", "declare `indexer:`"
                )


def _check_indexer(tree: Mapping, indexer: Mapping, world: World) -> None:
    for key, elsewhere in (("data_source", "dataSourceName"), ("skillset", "skillsetName")):
        if key in tree and elsewhere in indexer:
            world.report.error(
                indexer.keys_at[elsewhere],
                f"the indexer has a `{key}` and a `{elsewhere}`",
                "keep one of them",
            )
    if "data_source" not in tree and "dataSourceName" not in indexer:
        world.report.error(
            indexer.mark,
            "the indexer has nothing to read",
            "declare `data_source:`, or name one that exists under `dataSourceName`",
        )
    if tree.get("rebuild") == "behind_alias":
        world.report.error(
            tree.values_at["rebuild"],
            "an index that an indexer fills can't be rebuilt behind an alias: the alias would turn to an empty index",
            "leave it out; give the index another `service_name` for a change that can't be made in place",
        )
