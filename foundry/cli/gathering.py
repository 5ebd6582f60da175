"""What lives in a project and its search services and isn't declared yet, gathered as declarations. Nothing is changed or written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from foundry.cli.operations import declared_filename
from foundry.model import FoundryError, ServiceError, stays_out, toolbox_address, unzipped, zipped
from foundry.reconcile.marks import Mark, mark_in, mark_of, without_mark
from foundry.service.protocols import (
    LiveAgent,
    LiveFile,
    LiveIndexAsset,
    LiveMemoryStore,
    LiveNumbered,
    LiveNumberedVersion,
    LiveRule,
    LiveStore,
    LiveVersionedAgent,
    NumberedService,
    ProjectService,
    SearchService,
    Services,
    VersionedService,
)
from foundry.service.skill_bodies import MEMBER, skill_text
from foundry.transfer.declared import (
    Names,
    agent_declaration,
    declared_name,
    memory_declaration,
    store_declaration,
)
from foundry.transfer.declared_indexes import (
    Beside,
    hidden_fields,
    index_declaration,
    key_of,
    maps_of,
)
from foundry.transfer.declared_numbered import skill_declaration, toolbox_declaration
from foundry.transfer.document import Declaration

CLASSIC: Final = "classic"
VERSIONED: Final = "versioned"
_DIALECTS: Final = (CLASSIC, VERSIONED)
_TITLES: Final = {
    "Agent": "agent",
    "VectorStore": "vector store",
    "SearchIndex": "search index",
    "MemoryStore": "memory store",
    "Skill": "skill",
    "Toolbox": "toolbox",
}
# What the service cuts files into that nobody cut otherwise (data plane of the Agent Service).
_USUAL_CHUNKS: Final = (800, 400)


class Contents(Protocol):
    """The contents of one project's files."""

    def of(self, file_id: str) -> bytes | None:
        """The content of a file; None where the service doesn't give it."""
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

    `copies` are files with their content, by path below the layer; `notes` what a person should know of what was declared.
    """

    services: Services
    contents: Callable[[str], Contents]
    place: Place
    declarations: list[Declaration] = field(default_factory=list)
    copies: dict[str, bytes] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _dialects: dict[str, str] = field(default_factory=dict)
    _taken: dict[str, set[str]] = field(default_factory=dict)

    def read(self, endpoint: str, wanted: Sequence[str] = ()) -> None:
        """Make declarations of what is live at a project's endpoint, in either dialect.

        With `wanted` (ids or names) only of these agents and of what they search.

        Raises:
            FoundryError: the project has no such agent.
            ServiceError: a service can't be asked.
        """
        for kind in _TITLES:
            self._taken[kind] = {*self.place.taken.get(kind, ()), *self._own(kind).values()}
        agents = self._found_agents(endpoint)
        if wanted:
            agents = _chosen(agents, wanted)
            self.left.clear()
        self._dialects = {one.id: one.dialect for one in self.place.owned} | {
            identifier: self._dialects[identifier] for identifier in agents
        }
        tools = [(live.id, tool) for live in agents.values() for tool in live.definition.get("tools") or ()]
        stores = self._stores(endpoint, self._found_stores(endpoint, tools, only_used=bool(wanted)))
        remembered = {str(tool.get("memory_store_name")) for _, tool in tools}
        memories = self._memories(endpoint, remembered if wanted else None)
        indexes = {} if wanted else self._indexes(endpoint)
        names = replace(
            self.place.names,
            indexes={**self.place.names.indexes, **indexes},
            memories={**self.place.names.memories, **memories},
        )
        if not wanted:
            names = self._toolboxes(endpoint, stores, names)
        self._agents(endpoint, agents, stores, names)

    def _service(self, endpoint: str, dialect: str) -> ProjectService | VersionedService:
        return self.services.versioned(endpoint) if dialect == VERSIONED else self.services.project(endpoint)

    def _named(self, kind: str, service_name: str, otherwise: str) -> str:
        name = declared_name(service_name, self._taken[kind], otherwise=otherwise)
        self._taken[kind].add(name)
        return name

    def _declare(self, made: Declaration) -> None:
        self.declarations.append(made)
        self.notes += [f"{made.kind} {made.name}: {note}" for note in made.notes]

    @property
    def dialect(self) -> str:
        """The Environment's dialect: where there is none yet, the one that everything found is of, or the classic one."""
        found = set(self._dialects.values())
        return self.place.dialect or (VERSIONED if found == {VERSIONED} else CLASSIC)

    def _said(self, identifier: str) -> str | None:
        """The dialect, where the Environment has another."""
        dialect = self._dialects[identifier]
        return None if dialect == self.dialect else dialect

    # ---- agents

    def _found_agents(self, endpoint: str) -> dict[str, LiveAgent]:
        agents: dict[str, LiveAgent] = {}
        for dialect in _DIALECTS:
            for live in self._service(endpoint, dialect).list_agents():
                if self._is_open("Agent", str(live.definition.get("name")), live):
                    agents[live.id] = live
                    self._dialects[live.id] = dialect
        return agents

    def _agents(
        self, endpoint: str, agents: Mapping[str, LiveAgent], stores: Mapping[str, str], names: Names
    ) -> None:
        rules = self._rules(endpoint, agents)
        called = {
            live.id: self._named("Agent", str(live.definition.get("name") or ""), "agent")
            for live in agents.values()
        }
        known = self._own("Agent")
        lossy = set()
        for live in agents.values():
            tried = self._agent(live, called[live.id], stores, replace(names, agents=known))
            lost = [*tried.lost, *self._code(endpoint, live, called[live.id], known=not tried.lost)]
            if lost:
                lossy.add(live.id)
                self.left.append(
                    f"agent {live.definition.get('name')} ({live.id}): it has what the format can't say, and taking it up "
                    f"would change it: {'; '.join(lost)}"
                )
        known |= {identifier: name for identifier, name in called.items() if identifier not in lossy}
        for live in agents.values():
            if live.id not in lossy:
                named = replace(names, agents=known)
                self._declare(self._agent(live, called[live.id], stores, named, rules.get(live.id)))

    def _code(self, endpoint: str, live: LiveAgent, name: str, *, known: bool) -> Iterator[str]:
        """Takes the code of a hosted agent along, if all else of it is `known`; else, what of it can't be taken."""
        code = (live.definition.get("hosted") or {}).get("code_configuration")
        if not known or not code:
            return
        version = live.version if isinstance(live, LiveVersionedAgent) else ""
        try:
            files = unzipped(self.services.versioned(endpoint).download_code(live.id, version))
        except (ServiceError, ValueError) as error:
            yield f"hosted: its code: {error}"
            return
        taken = {path: content for path, content in files.items() if not stays_out(path)}
        hidden = sorted(path for path in files if any(part.startswith(".") for part in path.split("/")))
        if hidden or not taken:
            what = f"hidden files ({', '.join(hidden)})" if hidden else "no file but compiled ones"
            yield f"hosted: its code has {what}, which aren't uploaded from here"
            return
        self.copies |= {f"code/{name}/{path}": content for path, content in taken.items()}
        if hashlib.sha256(zipped(taken)).hexdigest() != code.get("content_hash"):
            self.notes.append(
                f"Agent {name}: its code is uploaded anew by the next `fac up`, from stacks/{self.place.layer}/code/{name}: "
                "the same files, in a zip of this tool's making"
            )

    def _agent(
        self,
        live: LiveAgent,
        name: str,
        stores: Mapping[str, str],
        names: Names,
        rule: LiveRule | None = None,
    ) -> Declaration:
        # A store of the other dialect is no store of this agent's declaration; its id is.
        dialect = self._dialects[live.id]
        own = {store: called for store, called in stores.items() if self._dialects[store] == dialect}
        return agent_declaration(
            name,
            live,
            replace(names, stores=own),
            adopt=self._adoption(live.id, mark_of(live.metadata)),
            dialect=self._said(live.id),
            serving=live.serving if isinstance(live, LiveVersionedAgent) else None,
            rule=rule,
        )

    def _rules(self, endpoint: str, agents: Mapping[str, LiveAgent]) -> dict[str, LiveRule]:
        """The rule that has each versioned agent's answers evaluated as they are given, by the agent's name."""
        if not any(self._dialects[agent] == VERSIONED for agent in agents):
            return {}
        try:
            listed = self.services.versioned(endpoint).evaluations.list_rules()
        except ServiceError as error:
            self.left.append(f"evaluation rules: {error.what}")
            return {}
        rules: dict[str, LiveRule] = {}
        for rule in sorted(listed, key=lambda one: one.id):
            agent, told = str(rule.definition.get("agent_name")), rule.definition
            if agent not in agents:
                continue
            if "action" in told or "event_type" in told:
                self.left.append(f"evaluation rule ({rule.id}): it isn't one of continuous evaluation")
            elif agent in rules:
                self.left.append(f"evaluation rule ({rule.id}): agent {agent} has {rules[agent].id} already")
            elif self._may_have("evaluation rule", rule.id, mark_in(told.get("description"))[1]):
                rules[agent] = rule
        return rules

    # ---- vector stores and their files

    def _found_stores(
        self, endpoint: str, tools: Sequence[tuple[str, Mapping[str, Any]]], *, only_used: bool
    ) -> dict[str, LiveStore]:
        searched: dict[str, set[str]] = {}
        for agent, tool in tools:
            for store in tool.get("vector_store_ids") or ():
                searched.setdefault(str(store), set()).add(self._dialects[agent])
        stores: dict[str, LiveStore] = {}
        # Whether a store of one dialect shows in the other isn't known: the agents that search it say whose it is, and of one
        # that none does the Environment.
        for dialect in sorted(_DIALECTS, key=lambda one: one != self.dialect):
            for live in self._service(endpoint, dialect).list_stores():
                if live.id in stores or (only_used and live.id not in searched):
                    continue
                if self._is_open("VectorStore", live.name, live):
                    stores[live.id] = live
                    only = searched.get(live.id, set())
                    self._dialects[live.id] = next(iter(only)) if len(only) == 1 else dialect
        return stores

    def _stores(self, endpoint: str, stores: Mapping[str, LiveStore]) -> dict[str, str]:
        known = self._own("VectorStore")
        contents = self.contents(endpoint)
        files = {
            dialect: {file.id: file for file in self._service(endpoint, dialect).list_files()}
            for dialect in sorted({self._dialects[store] for store in stores})
        }
        for store in stores.values():
            dialect = self._dialects[store.id]
            members = self._service(endpoint, dialect).list_members(store.id)
            name = declared_name(store.name, self._taken["VectorStore"], otherwise="store")
            held = [files[dialect][one.file_id] for one in members if one.file_id in files[dialect]]
            copies: dict[str, bytes] = {}
            paths = {file.id: self._path(file, name, contents, copies) for file in held}
            missing = [declared_filename(file.filename) for file in held if paths[file.id] is None]
            if missing or len(held) < len(members) or not members:
                self.left.append(_undeclared_store(store, missing, empty=not members))
                continue
            self._taken["VectorStore"].add(name)
            known[store.id] = name
            self.copies |= copies
            self._declare(
                store_declaration(
                    name,
                    store,
                    {path: one.attributes for one in members if (path := paths[one.file_id]) is not None},
                    adopt=self._adoption(store.id, mark_of(store.metadata)),
                    dialect=self._said(store.id),
                    chunking=_chunking([one.chunking for one in members]),
                )
            )
        return known

    def _path(self, file: LiveFile, store: str, contents: Contents, copies: dict[str, bytes]) -> str | None:
        """Where the content of a live file stands, relative to the documents of stores."""
        filename = declared_filename(file.filename)
        below = f"knowledge/{store}/{filename}"
        if below in copies:
            # Two files of one name: the second is known by its id.
            below = f"knowledge/{store}/{file.id}/{filename}"
        data = contents.of(file.id)
        if data is None:
            found = self._beside(filename, file.size)
            if found is None:
                return None
            if found.is_relative_to(self.place.root):
                here = self.place.root / "stacks" / self.place.layer / "vector-stores"
                return Path(os.path.relpath(found, here)).as_posix()
            data = found.read_bytes()
        copies[below] = data
        return f"../{below}"

    def _beside(self, filename: str, size: int) -> Path | None:
        candidates = (
            path
            for folder in self.place.folders
            for path in sorted(Path(folder).resolve().rglob(filename))
            if path.is_file() and path.stat().st_size == size
        )
        return next(candidates, None)

    # ---- memory stores

    def _memories(self, endpoint: str, wanted: Collection[str] | None) -> dict[str, str]:
        """Declared names by the service's; `wanted` limits it to these."""
        service = self.services.versioned(endpoint)
        try:
            found: Sequence[LiveMemoryStore] = service.list_memory_stores()
        except ServiceError as error:
            # A preview of the service, which not every project has.
            self.left.append(f"memory stores: {error.what}; agents refer to them by their names")
            return {}
        named: dict[str, str] = {}
        for live in found:
            if (wanted is not None and live.id not in wanted) or not self._is_open(
                "MemoryStore", live.id, live
            ):
                continue
            named[live.id] = self._named("MemoryStore", live.id, "memory")
            adopt = self._adoption(live.id, mark_of(live.metadata))
            self._declare(memory_declaration(named[live.id], live, adopt=adopt))
        return named

    # ---- skills and toolboxes

    def _toolboxes(self, endpoint: str, stores: Mapping[str, str], names: Names) -> Names:
        """Declares both; the names with what agents refer to. An agent keeps the version of a skill that it has."""
        service = self.services.versioned(endpoint)
        followed = dict(names.skills)
        for live, newest in self._numbered("Skill", service.skills):
            name = self._named("Skill", live.id, "skill")
            adopt = self._adoption(live.id, mark_of(newest.metadata))
            folder = self._package(service.skills, name, newest)
            made = skill_declaration(name, live, newest, adopt=adopt, folder=folder)
            if self._says_all(made, live):
                followed[live.id, None] = name
        toolboxes = dict(names.toolboxes)
        own = {store: name for store, name in stores.items() if self._dialects[store] == VERSIONED}
        known = replace(names, stores=own, skills=followed)
        for live, newest in self._numbered("Toolbox", service.toolboxes):
            name = self._named("Toolbox", live.id, "toolbox")
            adopt = self._adoption(live.id, mark_of(newest.metadata))
            if self._says_all(toolbox_declaration(name, live, newest, known, adopt=adopt), live):
                toolboxes[toolbox_address(endpoint, live.id)] = name
        return replace(names, toolboxes=toolboxes)

    def _package(self, service: NumberedService, name: str, newest: LiveNumberedVersion) -> str | None:
        """Takes the files of a skill along; where, relative to the documents of skills, or None where there are none to take."""
        listed = [str(file["path"]) for file in newest.definition.get("files") or ()]
        if not listed or any(stays_out(path) for path in listed):
            return None
        below = f"skill-folders/{name}"
        text = skill_text(newest.definition, without_mark(newest.metadata))
        held = service.files(str(newest.definition["name"]), newest.version)
        self.copies |= {f"{below}/{path}": content for path, content in held.items()}
        self.copies[f"{below}/{MEMBER}"] = text.encode()
        return f"../{below}"

    def _says_all(self, made: Declaration, live: LiveNumbered) -> bool:
        """Declares it, unless that would change what is live."""
        if made.lost:
            self.left.append(
                f"{_TITLES[made.kind]} {live.id}: it has what the format can't say, and taking it up would change it: "
                f"{'; '.join(made.lost)}"
            )
            return False
        self._declare(made)
        return True

    def _numbered(
        self, kind: str, service: NumberedService
    ) -> list[tuple[LiveNumbered, LiveNumberedVersion]]:
        title, own = _TITLES[kind], self._own(kind)
        found: list[tuple[LiveNumbered, LiveNumberedVersion]] = []
        try:
            found.extend((live, service.newest(live)) for live in service.list() if live.id not in own)
        except FoundryError as error:
            # Skills are a preview of the service, which not every project has; and a package may be none.
            self.left.append(f"{kind}: {error.what}; agents refer to what there is by its name")
        return [
            (live, newest)
            for live, newest in found
            if self._may_have(f"{title} {live.id}", live.id, mark_of(newest.metadata))
        ]

    # ---- search indexes

    def _assets(self, endpoint: str) -> list[LiveIndexAsset]:
        """The index assets that are free to be declared with their indexes, which the set-up's connection leads to."""
        own = self._own("IndexAsset")
        connections = {one.rsplit("/", 1)[-1] for one in self.place.names.search_connections}
        try:
            listed = self.services.versioned(endpoint).indexes.list()
        except ServiceError as error:
            self.left.append(f"index assets: {error.what}")
            return []
        return [
            one
            for one in listed
            if one.id not in own
            and "type" not in one.definition
            and str(one.definition.get("connection_name")).lower() in connections
            and self._may_have("index asset", one.id, mark_of(one.tags))
        ]

    def _indexes(self, endpoint: str) -> dict[str, str]:
        named: dict[str, str] = {}
        assets = self._assets(endpoint) if self.place.search_endpoints else []
        own = self._own("SearchIndex")
        for address in dict.fromkeys(self.place.search_endpoints):
            service = self.services.search(address)
            found = {str(body["name"]): body for body in service.list_indexes()}
            open_ = {
                name: mark
                for name, mark in _marks(found).items()
                if name not in own and self._may_have("search index", name, mark)
            }
            if not open_:
                continue
            beside = _Besides(service, self._may_have)
            for service_name, mark in open_.items():
                name = named[service_name] = self._named("SearchIndex", service_name, "index")
                body, adopt = found[service_name], self._adoption(service_name, mark)
                stands = beside.of(body)
                documents = self._documents(service, name, body, is_filled=bool(stands.indexers))
                asset = next((one for one in assets if one.definition["index_name"] == service_name), None)
                if asset is not None:
                    assets.remove(asset)
                self._declare(
                    index_declaration(
                        name, body, adopt=adopt, beside=stands, documents=documents, asset=asset
                    )
                )
        self.left += [
            f"index asset {one.id}: its index has one that is declared already"
            for one in assets
            if one.definition["index_name"] in named
        ]
        return named

    def _documents(
        self, service: SearchService, name: str, body: Mapping[str, Any], *, is_filled: bool
    ) -> str | None:
        """Takes the documents of a small index along; where, relative to the documents of indexes."""
        most, called, key = self.place.most_documents, str(body["name"]), key_of(body)
        if not most:
            return None
        vectors, others = hidden_fields(body)
        try:
            total, found = service.read_documents(
                called, most, key["name"] if key.get("sortable") is not False else None
            )
        except ServiceError as error:
            self.left.append(f"documents of search index {called}: {error.what}")
            return None
        told = sorted(found, key=lambda one: str(one.get(key["name"])))
        if is_filled:
            why = "an indexer fills it"
        elif others:
            why = f"the service doesn't tell {', '.join(others)} (retrievable: false)"
        elif total > most:
            more = f"--documents {total}" if total <= MOST_DOCUMENTS else f"{MOST_DOCUMENTS:,} at most"
            why = f"it has {total:,}, more than {most:,} ({more})"
        elif len({one.get(key["name"]) for one in told}) != total:
            why = "they changed while they were read; import again"
        else:
            why = ""
        if why or not told:
            self.left += [f"documents of search index {called}: {why}"] if why else []
            return None
        if vectors:
            self.notes.append(
                f"SearchIndex {name}: the service doesn't tell the vectors in {', '.join(vectors)}; `fac up` makes them anew"
            )
        lines = (
            json.dumps({key: value for key, value in one.items() if value is not None}, ensure_ascii=False)
            for one in told
        )
        self.copies[f"documents/{name}.jsonl"] = "".join(f"{line}\n" for line in lines).encode()
        return f"../documents/{name}.jsonl"

    # ---- whose things are

    def _is_open(self, kind: str, name: str, live: LiveAgent | LiveStore | LiveMemoryStore) -> bool:
        if live.id in self._own(kind):
            return False
        return self._may_have(f"{_TITLES[kind]} {name}", live.id, mark_of(live.metadata))

    def _own(self, kind: str) -> dict[str, str]:
        """What the state holds of a kind: id → declared name."""
        return {one.id: one.name for one in self.place.owned if one.kind == kind}

    def _may_have(self, what: str, identifier: str, mark: Mark | None) -> bool:
        if mark is None or (self.place.source is not None and mark.source == self.place.source):
            return True
        if mark.owner.stack_id == self.place.stack_id:
            self.left.append(
                f"{what} ({identifier}): this stack's own, called {mark.name}, and in no state: `fac orphans` tells more"
            )
        else:
            self.left.append(
                f"{what} ({identifier}): belongs to {mark.source} (--owned-by {mark.source} takes it in)"
            )
        return False

    def _adoption(self, identifier: str, mark: Mark | None) -> str | Mapping[str, str]:
        return identifier if mark is None else {"id": identifier, "from": mark.source}


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


def _chosen(agents: Mapping[str, LiveAgent], wanted: Sequence[str]) -> dict[str, LiveAgent]:
    chosen = {
        identifier: live
        for identifier, live in agents.items()
        if identifier in wanted or live.definition.get("name") in wanted
    }
    unknown = [
        name
        for name in wanted
        if not any(name in (live.id, live.definition.get("name")) for live in chosen.values())
    ]
    if unknown:
        raise FoundryError(
            f"the project has no agent {', '.join(unknown)} that could be imported",
            fix=f"it has: {', '.join(sorted(str(live.definition.get('name')) for live in agents.values())) or 'none'}",
        )
    return chosen
