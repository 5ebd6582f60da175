"""Vector stores: their files and limits checked, and the value they become."""

from __future__ import annotations

from typing import Final

from foundry.manifest.agents import needs_standard
from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, plain
from foundry.manifest.world import World, items, section, words
from foundry.model import KnowledgeFile, VectorStore

_MOST_FILES: Final = 10_000


def store_of(document: Document, world: World) -> VectorStore:
    """The store that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    days = section(tree, "expires_after").get("days")
    chunking = tree.get("chunking_strategy")
    if "data_sources" in tree and world.environment is not None and not world.standard:
        needs_standard("data_sources", tree.keys_at["data_sources"], world)
    _check_overlap(tree, world)
    return VectorStore(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        dialect=world.dialect_of(tree),
        files=_files(tree, world),
        data_sources=tuple(plain(source) for source, _ in items(tree, "data_sources")),
        chunking_strategy=plain(chunking) if isinstance(chunking, Mapping) else None,
        expires_after_days=days if isinstance(days, int) else None,
        metadata=dict(section(tree, "metadata")),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def _files(tree: Mapping, world: World) -> tuple[KnowledgeFile, ...]:
    exclude = words(tree, "exclude")
    found: dict[str, KnowledgeFile] = {}
    for pattern, at in words(tree, "files"):
        for file in world.shelf.matches(pattern, at, exclude):
            if not world.shelf.is_excluded(file, exclude):
                found[file.path] = file
            else:
                world.report.error(
                    at, f"`{pattern}` is named and excluded", "take it out of `files` or out of `exclude`"
                )
    if len(found) > _MOST_FILES:
        world.report.error(
            tree.values_at["files"],
            f"{len(found):,} files: a vector store takes {_MOST_FILES:,}",
            "divide them between several stores",
        )
    return tuple(sorted(found.values()))


def _check_overlap(tree: Mapping, world: World) -> None:
    chunking = section(tree, "chunking_strategy")
    size, overlap = chunking.get("max_chunk_size_tokens"), chunking.get("chunk_overlap_tokens")
    if isinstance(size, int) and isinstance(overlap, int) and overlap * 2 > size:
        at = chunking.values_at["chunk_overlap_tokens"]
        world.report.error(
            at,
            f"an overlap of {overlap} tokens is more than half of a chunk of {size}",
            f"write {size // 2} or less",
        )
