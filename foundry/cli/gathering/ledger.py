"""What a gathering knows while it runs: whose things are, what is taken, what is declared and what is left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol

from foundry.reconcile.marks import Mark, mark_of
from foundry.service.live import LiveAgent, LiveMemoryStore, LiveStore
from foundry.service.protocols import ProjectService, Services, VersionedService
from foundry.transfer.document import Declaration
from foundry.transfer.names import Names, declared_name

CLASSIC: Final = "classic"
VERSIONED: Final = "versioned"
DIALECTS: Final = (CLASSIC, VERSIONED)
TITLES: Final = {
    "Agent": "agent",
    "VectorStore": "vector store",
    "SearchIndex": "search index",
    "MemoryStore": "memory store",
    "Skill": "skill",
    "Toolbox": "toolbox",
}


class Contents(Protocol):
    """The contents of one project's files."""

    def pour(self, file_id: str, into: IO[bytes]) -> bool:
        """Write the content of a file; False where the service doesn't give it."""
        ...


@dataclass(frozen=True)
class Owned:
    """A live object that the stack has in its state already."""

    kind: str
    name: str
    id: str
    dialect: str


MOST_DOCUMENTS: Final = 100_000
"""Documents that a search can be paged through (Azure docs: `$skip` of AI Search)."""


@dataclass(frozen=True)
class Place:
    """The stack that is to take things in, and the layer that is written into.

    Args:
        root: the project's folder.
        layer: the folder below `stacks/`.
        dialect: what the Environment says; None where there is none yet.
        stack_id: the stack's id; empty where it has none yet.
        taken: declared names, by kind.
        owned: what its state holds.
        names: what ids in its state stand for.
        search_endpoints: where its search services answer.
        source: project/stack of another stack whose things are taken in, too.
        folders: where contents of files are looked for that the service keeps to itself.
        most_documents: up to how many documents of an index are taken along; 0 takes none.
    """

    root: Path
    layer: str
    dialect: str | None = None
    stack_id: str = ""
    taken: Mapping[str, Collection[str]] = field(default_factory=dict)
    owned: Collection[Owned] = ()
    names: Names = field(default_factory=Names)
    search_endpoints: Collection[str] = ()
    source: str | None = None
    folders: Sequence[str] = ()
    most_documents: int = 0


@dataclass
class Gathering:
    """One gathering: what is found, what it becomes, and what is left out with the reason.

    `copies` are files with their content or where it stands, by path below the layer; what is too much for memory stands in
    `scratch`, a folder that goes when the import is done; `notes` what a person should know of what was declared;
    `dialects` the dialect of each live object by its id; `taken` the declared names that are in use, by kind.
    """

    services: Services
    contents: Callable[[str], Contents]
    place: Place
    scratch: Path
    declarations: list[Declaration] = field(default_factory=list)
    copies: dict[str, bytes | Path] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dialects: dict[str, str] = field(default_factory=dict)
    taken: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in TITLES:
            self.taken[kind] = {*self.place.taken.get(kind, ()), *self.own(kind).values()}

    def service(self, endpoint: str, dialect: str) -> ProjectService | VersionedService:
        """The data plane of a project in a dialect."""
        return self.services.versioned(endpoint) if dialect == VERSIONED else self.services.project(endpoint)

    def name_for(self, kind: str, service_name: str, otherwise: str) -> str:
        """A free name for a declaration, which is taken then."""
        name = declared_name(service_name, self.taken[kind], otherwise=otherwise)
        self.taken[kind].add(name)
        return name

    def declare(self, made: Declaration) -> None:
        """Add a declaration, and the notes that come with it."""
        self.declarations.append(made)
        self.notes += [f"{made.kind} {made.name}: {note}" for note in made.notes]

    @property
    def dialect(self) -> str:
        """The Environment's dialect: where there is none yet, the one that everything found is of, or the classic one."""
        found = set(self.dialects.values())
        return self.place.dialect or (VERSIONED if found == {VERSIONED} else CLASSIC)

    def other_dialect(self, identifier: str) -> str | None:
        """The dialect, where the Environment has another."""
        dialect = self.dialects[identifier]
        return None if dialect == self.dialect else dialect

    def is_open(self, kind: str, name: str, live: LiveAgent | LiveStore | LiveMemoryStore) -> bool:
        """Whether a live object is free to be declared; one of another stack is told as left out."""
        if live.id in self.own(kind):
            return False
        return self.may_have(f"{TITLES[kind]} {name}", live.id, mark_of(live.metadata))

    def own(self, kind: str) -> dict[str, str]:
        """What the state holds of a kind: id → declared name."""
        return {one.id: one.name for one in self.place.owned if one.kind == kind}

    def may_have(self, what: str, identifier: str, mark: Mark | None) -> bool:
        """Whether this stack may take over what has this mark; if not, it is told as left out."""
        if mark is None or (self.place.source is not None and mark.source == self.place.source):
            return True
        if mark.owner.stack_id == self.place.stack_id:
            self.left.append(
                f"{what} ({identifier}): this stack's own, called {mark.name}, and in no state: `fac orphans` says more"
            )
        else:
            self.left.append(
                f"{what} ({identifier}): belongs to {mark.source} (--owned-by {mark.source} takes it in)"
            )
        return False

    def adoption(self, identifier: str, mark: Mark | None) -> str | Mapping[str, str]:
        """What `lifecycle.adopt` says of a live object."""
        return identifier if mark is None else {"id": identifier, "from": mark.source}
