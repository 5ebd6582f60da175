"""Vector stores: their files and limits checked, and the value they become."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Final

from foundry.manifest.attributes import Attributes, entries
from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, plain
from foundry.manifest.world import World, items, section, words
from foundry.model import KnowledgeFile, VectorStore

_MOST_FILES: Final = 10_000
_MOST_ATTRIBUTES: Final = 16


def store_of(document: Document, world: World) -> VectorStore:
    """The store that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    days = section(tree, "expires_after").get("days")
    chunking = tree.get("chunking_strategy")
    if "data_sources" in tree and world.environment is not None and not world.standard:
        world.needs_standard("data_sources", tree.keys_at["data_sources"])
    _check_overlap(tree, world)
    files, attributes = _files(tree, world)
    return VectorStore(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        dialect=world.dialect_of(tree),
        files=files,
        attributes=attributes,
        data_sources=tuple(plain(source) for source, _ in items(tree, "data_sources")),
        chunking_strategy=plain(chunking) if isinstance(chunking, Mapping) else None,
        expires_after_days=days if isinstance(days, int) else None,
        metadata=dict(section(tree, "metadata")),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def _files(tree: Mapping, world: World) -> tuple[tuple[KnowledgeFile, ...], AnyMapping[str, Attributes]]:
    """The files, of equal ones the first by path; and the attributes of those that have any, by path."""
    exclude = words(tree, "exclude")
    found: dict[str, KnowledgeFile] = {}
    attributes: dict[str, Attributes] = {}
    for pattern, at, told in entries(tree):
        for file in world.shelf.matches(pattern, at, exclude):
            if not world.shelf.is_excluded(file, exclude):
                found[file.path] = file
                if told:
                    attributes[file.path] = {**attributes.get(file.path, {}), **told}
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
    _check_attributes(tree, found, attributes, world)
    # The service takes a content into a store once, whatever it is called.
    by_content: dict[str, KnowledgeFile] = {}
    for file in sorted(found.values()):
        by_content.setdefault(file.sha256, file)
    return tuple(by_content.values()), attributes


def _check_attributes(
    tree: Mapping,
    found: AnyMapping[str, KnowledgeFile],
    attributes: AnyMapping[str, Attributes],
    world: World,
) -> None:
    for path, told in attributes.items():
        if len(told) > _MOST_ATTRIBUTES:
            world.report.error(
                tree.values_at["files"],
                f"{path} gets {len(told)} attributes from the entries that name it: a file has at most {_MOST_ATTRIBUTES}",
                "declare fewer",
            )
    first: dict[str, str] = {}
    for path, file in sorted(found.items() if attributes else ()):
        twin = first.setdefault(file.sha256, path)
        if attributes.get(twin, {}) != attributes.get(path, {}):
            world.report.error(
                tree.values_at["files"],
                f"{twin} and {path} have the same content and different attributes: a store holds a content once",
                "leave one of them out, or give both the same attributes",
            )


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
