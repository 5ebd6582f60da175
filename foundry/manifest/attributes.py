"""Attributes of files in vector stores: where a store declares them, and what a file search compares of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AnyMapping

from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark
from foundry.manifest.near import meant
from foundry.manifest.world import World, items, section, unfilled
from foundry.model import Json

Attributes = AnyMapping[str, Json]


def entries(store: Mapping) -> Iterator[tuple[str, Mark, Attributes]]:
    """Each path or pattern below `files` of a VectorStore document, with its place and the attributes that it gives."""
    for entry, at in items(store, "files"):
        if isinstance(entry, str):
            yield entry, at, {}
        elif isinstance(entry, Mapping) and isinstance(entry.get("path"), str):
            yield entry["path"], entry.values_at["path"], unfilled(section(entry, "attributes"))


def check_filters(tool: Mapping, stores: Sequence[Document], world: World) -> None:
    """Find attributes that a file search compares and none of the stores (all that it searches) gives to a file."""
    known = {name for store in stores for _, _, told in entries(store.tree) for name in told}
    for key, at in _compared(section(tool, "filters")):
        if key not in known:
            names = " and ".join(f"`{store.name}`" for store in stores)
            fix = meant(key, known, none="declare it under `files` of the store", have="the attributes are")
            world.report.warning(
                at, f"the filter compares the attribute `{key}`, and no file of {names} has it", fix
            )


def _compared(filters: Mapping) -> Iterator[tuple[str, Mark]]:
    if isinstance(filters.get("key"), str):
        yield filters["key"], filters.values_at["key"]
    for inner, _ in items(filters, "filters"):
        if isinstance(inner, Mapping):
            yield from _compared(inner)
