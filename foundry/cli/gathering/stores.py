"""Live vector stores as declarations, with the contents of their files."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from foundry.cli.gathering.ledger import DIALECTS, Contents, Gathering
from foundry.cli.operations import declared_filename
from foundry.model import FoundryError
from foundry.reconcile.marks import mark_of
from foundry.service.live import LiveFile, LiveStore
from foundry.transfer.declared_stores import store_declaration
from foundry.transfer.names import declared_name

# What the service cuts files into that nobody cut otherwise (data plane of the Agent Service).
_USUAL_CHUNKS: Final = (800, 400)


def find_stores(
    gathering: Gathering, endpoint: str, tools: Sequence[tuple[str, Mapping[str, Any]]], *, only_used: bool
) -> dict[str, LiveStore]:
    """The stores that are free to be declared, by id.

    `tools`, each with its agent's id, tell which dialect a store is of; `only_used` leaves out those that no tool searches.
    """
    searched: dict[str, set[str]] = {}
    for agent, tool in tools:
        for store in tool.get("vector_store_ids") or ():
            searched.setdefault(str(store), set()).add(gathering.dialects[agent])
    stores: dict[str, LiveStore] = {}
    # Whether a store of one dialect shows in the other isn't known: the agents that search it say whose it is, and of one
    # that none does the Environment.
    for dialect in sorted(DIALECTS, key=lambda one: one != gathering.dialect):
        for live in gathering.service(endpoint, dialect).list_stores():
            if live.id in stores or (only_used and live.id not in searched):
                continue
            if gathering.is_open("VectorStore", live.name, live):
                stores[live.id] = live
                only = searched.get(live.id, set())
                gathering.dialects[live.id] = next(iter(only)) if len(only) == 1 else dialect
    return stores


def declare_stores(gathering: Gathering, endpoint: str, stores: Mapping[str, LiveStore]) -> dict[str, str]:
    """Declare the stores whose files can all be had; the declared names of these and of the stack's own, by id."""
    known = gathering.own("VectorStore")
    contents = gathering.contents(endpoint)
    files = {
        dialect: {file.id: file for file in gathering.service(endpoint, dialect).list_files()}
        for dialect in sorted({gathering.dialects[store] for store in stores})
    }
    for store in stores.values():
        dialect = gathering.dialects[store.id]
        members = gathering.service(endpoint, dialect).list_members(store.id)
        name = declared_name(store.name, gathering.taken["VectorStore"], otherwise="store")
        held = [files[dialect][one.file_id] for one in members if one.file_id in files[dialect]]
        copies: dict[str, Path] = {}
        paths = {file.id: _path(gathering, file, name, contents, copies) for file in held}
        missing = [declared_filename(file.filename) for file in held if paths[file.id] is None]
        if missing or len(held) < len(members) or not members:
            gathering.left.append(_undeclared_store(store, missing, empty=not members))
            continue
        gathering.taken["VectorStore"].add(name)
        known[store.id] = name
        gathering.copies |= copies
        gathering.declare(
            store_declaration(
                name,
                store,
                {path: one.attributes for one in members if (path := paths[one.file_id]) is not None},
                adopt=gathering.adoption(store.id, mark_of(store.metadata)),
                dialect=gathering.other_dialect(store.id),
                chunking=_chunking([one.chunking for one in members]),
            )
        )
    return known


def _path(
    gathering: Gathering, file: LiveFile, store: str, contents: Contents, copies: dict[str, Path]
) -> str | None:
    """Where the content of a live file stands, relative to the documents of stores, as `files` is written: with patterns."""
    # A name that anybody could give: it leads nowhere.
    filename = declared_filename(file.filename).replace("\\", "/").rpartition("/")[2]
    filename = file.id if filename in ("", ".", "..") else filename
    below = f"knowledge/{store}/{filename}"
    if below in copies:
        # Two files of one name: the second is known by its id.
        below = f"knowledge/{store}/{file.id}/{filename}"
    found = _poured(gathering, file, contents)
    if found is None:
        found = _beside(gathering, filename, file.size)
        if found is None:
            return None
        if found.is_relative_to(gathering.place.root):
            here = gathering.place.root / "stacks" / gathering.place.layer / "vector-stores"
            return glob.escape(Path(os.path.relpath(found, here)).as_posix())
    copies[below] = found
    return glob.escape(f"../{below}")


def _poured(gathering: Gathering, file: LiveFile, contents: Contents) -> Path | None:
    """The content that the service gives, which can be half a gigabyte, in a file that goes when the import is done."""
    path = gathering.scratch / "stores" / file.id
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as target:
            given = contents.pour(file.id, target)
    except OSError as error:
        raise FoundryError(
            f"the content of {declared_filename(file.filename)} can't be kept: {error.strerror}",
            fix="make room in the folder for temporary files (TMPDIR)",
        ) from None
    return path if given else None


def _beside(gathering: Gathering, filename: str, size: int) -> Path | None:
    candidates = (
        path
        for folder in gathering.place.folders
        for path in sorted(Path(folder).resolve().rglob("*"))
        if path.name == filename and path.is_file() and path.stat().st_size == size
    )
    return next(candidates, None)


def _undeclared_store(store: LiveStore, missing: Sequence[str], *, empty: bool) -> str:
    if empty:
        why = "it holds no files"
    elif missing:
        why = f"nobody has the content of {', '.join(missing)}"
    else:
        why = "it holds what is no uploaded file"
    more = " (name a folder that has them: --files FOLDER)" if missing else ""
    return f"vector store {store.name} ({store.id}): {why}; agents refer to it by its id{more}"


def _chunking(told: Sequence[Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    """How all files are cut, where that is one way and not the service's own."""
    first = told[0]
    if first is None or first.get("type") != "static" or any(one != first for one in told):
        return None
    usual = (first.get("max_chunk_size_tokens"), first.get("chunk_overlap_tokens")) == _USUAL_CHUNKS
    return None if usual else first
