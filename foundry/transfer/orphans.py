"""Live objects that carry a stack's mark and that its state doesn't hold: what a lost state or a killed run left behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from foundry.model import Owner
from foundry.reconcile.file import service_filename
from foundry.reconcile.marks import Mark, mark_in, mark_of
from foundry.service.live import LiveAgent, LiveFile, LiveStore

_MARKED_NAME: Final = re.compile(r"(?P<stem>.*)\.(?P<word>[0-9a-f]{12})(?P<suffix>\.[^.]*)?")

ORDER: Final = (
    "Agent",
    "EvaluationRule",
    "Evaluation",
    "IndexAsset",
    "Toolbox",
    "Skill",
    "MemoryStore",
    "VectorStore",
    "File",
    "SearchObject",
    "SearchIndex",
)
"""The order in which they can be deleted: nothing before what refers to it."""

FAMILIES: Final = ("indexers", "skillsets", "datasources")
"""What stands beside an index and has a mark, in that order too. A synonym map has none."""


@dataclass(frozen=True)
class Orphan:
    """A live object that is the stack's by its mark. `name` is the declared name, `endpoint` where it lives.

    `versioned` says which dialect it was found in, `family` what of what stands beside an index it is.
    """

    kind: str
    name: str
    id: str
    endpoint: str
    created_at: int | None = None
    etag: str | None = None
    versioned: bool = False
    family: str = ""

    @property
    def title(self) -> str:
        """Its id, with its family where several have names of their own."""
        return f"{self.family}/{self.id}" if self.family else self.id

    @property
    def place(self) -> tuple[int, int]:
        """When its turn is to be deleted."""
        return ORDER.index(self.kind), FAMILIES.index(self.family) if self.family else 0


def marked_orphans(
    owner: Owner,
    endpoint: str,
    agents: Iterable[LiveAgent],
    stores: Iterable[LiveStore],
    held: Collection[str],
    *,
    versioned: bool = False,
) -> Iterator[Orphan]:
    """Agents and stores with the mark of the stack's id whose ids aren't in `held`."""
    for kind, live in (("Agent", agents), ("VectorStore", stores)):
        for one in live:
            mark = mark_of(one.metadata)
            if mark is not None and mark.owner.stack_id == owner.stack_id and one.id not in held:
                yield Orphan(kind, mark.name, one.id, endpoint, one.created_at, versioned=versioned)


def named_orphans(
    owner: Owner,
    endpoint: str,
    kind: str,
    live: Iterable[tuple[str, Mark | None]],
    held: Collection[str],
) -> Iterator[Orphan]:
    """What the versioned service keeps beside agents (MemoryStore, Evaluation, …) with the mark of the stack's id.

    `live` are pairs of id and mark, `held` the ids of this kind in the state.
    """
    for name, mark in live:
        if mark is not None and mark.owner.stack_id == owner.stack_id and name not in held:
            yield Orphan(kind, mark.name, name, endpoint, versioned=True)


def file_orphans(
    owner: Owner,
    endpoint: str,
    files: Iterable[LiveFile],
    held: Collection[str],
    contents: Callable[[str], Iterable[str]],
    *,
    versioned: bool = False,
) -> tuple[list[Orphan], list[LiveFile]]:
    """Files that are the stack's by the mark in their names, and those of which nobody can tell.

    A file's name holds a hash of the stack's id and of the content, and the service doesn't give the content back. So it
    is compared with what is known to have had that name.

    Args:
        owner: whose files are looked for.
        endpoint: where they live.
        files: the live ones.
        held: ids in the state.
        contents: declared file name → SHA-256 (hex) of every content known under that name.
        versioned: the dialect that they were found in.
    """
    ours: list[Orphan] = []
    unknown: list[LiveFile] = []
    for file in files:
        found = _MARKED_NAME.fullmatch(file.filename)
        if found is None or file.id in held:
            continue
        name = f"{found['stem']}{found['suffix'] or ''}"
        # Either dialect may show the files of both.
        names = (
            service_filename(owner, name, sha256, versioned=other)
            for sha256 in contents(name)
            for other in (False, True)
        )
        if file.filename in names:
            ours.append(Orphan("File", name, file.id, endpoint, file.created_at, versioned=versioned))
        else:
            unknown.append(file)
    return ours, unknown


def index_orphans(
    owner: Owner, endpoint: str, indexes: Iterable[Mapping[str, Any]], held: Collection[str]
) -> Iterator[Orphan]:
    """Search indexes with the mark of the stack's id whose names aren't in `held`."""
    for body in indexes:
        _, mark = mark_in(body.get("description"))
        name = str(body["name"])
        if mark is not None and mark.owner.stack_id == owner.stack_id and name not in held:
            yield Orphan("SearchIndex", mark.name, name, endpoint, etag=body.get("@odata.etag"))


def object_orphans(
    owner: Owner, endpoint: str, family: str, objects: Iterable[Mapping[str, Any]], held: Collection[str]
) -> Iterator[Orphan]:
    """What stands beside indexes, of one family, with the mark of the stack's id whose names aren't in `held`."""
    for one in index_orphans(owner, endpoint, objects, held):
        yield replace(one, kind="SearchObject", family=family)
