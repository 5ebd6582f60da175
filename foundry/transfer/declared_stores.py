"""Live vector stores and memory stores as declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foundry.manifest.schema import schema_of
from foundry.reconcile.marks import without_mark
from foundry.service.live import LiveMemoryStore, LiveStore
from foundry.transfer.document import Declaration, Writing
from foundry.transfer.names import NAMELESS


def store_declaration(
    name: str,
    live: LiveStore,
    files: Mapping[str, Mapping[str, Any]],
    *,
    adopt: str | Mapping[str, str] | None,
    dialect: str | None = None,
    chunking: Mapping[str, Any] | None = None,
) -> Declaration:
    """A vector store over files that are at hand: their attributes by path.

    `chunking` is how all of its files are cut; None leaves it to the service.
    """
    writing = Writing(name)
    tree: dict[str, Any] = {"kind": "VectorStore", "name": name, **({"dialect": dialect} if dialect else {})}
    if not live.name:
        writing.note("name", NAMELESS)
    elif live.name != name:
        tree["service_name"] = writing.inline(live.name)
    tree["files"] = [
        {"path": path, "attributes": {key: writing.inside(told) for key, told in attributes.items()}}
        if attributes
        else path
        for path, attributes in sorted(files.items())
    ]
    if chunking is not None:
        tree["chunking_strategy"] = dict(chunking)
    if live.expires_after_days is not None:
        tree["expires_after"] = {"days": live.expires_after_days}
    metadata = without_mark(live.metadata)
    if metadata:
        tree["metadata"] = {key: writing.inline(value) for key, value in metadata.items()}
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("VectorStore", tree)


def memory_declaration(
    name: str, live: LiveMemoryStore, *, adopt: str | Mapping[str, str] | None
) -> Declaration:
    """A memory store as a declaration. What it remembers is no part of it."""
    writing = Writing(name)
    told = live.definition
    tree: dict[str, Any] = {"kind": "MemoryStore", "name": name}
    if live.id != name:
        tree["service_name"] = live.id
    if told.get("description"):
        tree["description"] = writing.inline(str(told["description"]))
    tree |= {key: writing.inline(str(told[key])) for key in ("chat_model", "embedding_model")}
    known = schema_of("MemoryStore")["properties"]["options"]["properties"]
    options = {key: value for key, value in (told.get("options") or {}).items() if value is not None}
    for key in sorted(set(options) - set(known)):
        writing.note(f"options.{key}", "the format has no such field; it is fixed, so it stays")
    options = {key: writing.inside(value) for key, value in options.items() if key in known}
    tree |= {"options": options} if options else {}
    metadata = without_mark(live.metadata)
    if metadata:
        tree["metadata"] = {key: writing.inline(value) for key, value in metadata.items()}
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("MemoryStore", tree)
