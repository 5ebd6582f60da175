"""`fac import`: a live project as declarations. The live objects are only read; `fac up` takes them over."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from foundry.cli import settings
from foundry.cli.project import Project, default_stack, find_project
from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.cli.standing import Standing
    from foundry.reconcile.marks import Mark
    from foundry.service.protocols import (
        LiveAgent,
        LiveFile,
        LiveStore,
        ProjectService,
        VersionedService,
    )
    from foundry.transfer.declared import Declaration, Names

_CLASSIC: Final = "classic"
_VERSIONED: Final = "versioned"
_DIALECTS: Final = (_CLASSIC, _VERSIONED)
_FOLDERS: Final = {"Agent": "agents", "VectorStore": "vector-stores", "SearchIndex": "search-indexes"}
_SCHEMAS: Final = {
    "Environment": "environment",
    "Agent": "agent",
    "VectorStore": "vector-store",
    "SearchIndex": "search-index",
}


def add(commands: Any) -> None:
    """Register the command."""
    text = "write what lives in a project, and isn't declared yet, as declarations that adopt it"
    command = commands.add_parser("import", help=text, description=text)
    command.add_argument("-s", "--stack", default=default_stack(), help="the stack (default: %(default)s)")
    command.add_argument(
        "names", nargs="*", help="only these agents (id or name), and the stores they search"
    )
    command.add_argument("--endpoint", help="the project's endpoint (default: the stack's own project)")
    command.add_argument(
        "--layer", help="the folder below stacks/ that is written into (default: the stack's)"
    )
    command.add_argument(
        "--files",
        action="append",
        default=[],
        metavar="FOLDER",
        help="where to look for the files of stores, by name and size, when the service keeps them to itself",
    )
    command.add_argument(
        "--owned-by",
        dest="source",
        metavar="PROJECT/STACK",
        help="write what this other stack owns, too; it is handed over once that stack lets it go",
    )
    command.add_argument(
        "--from",
        dest="from_file",
        metavar="FILE",
        help="read an agent of another format instead: AgentSchema, azd, Agent Framework, Prompty, VS Code, an SDK dump",
    )
    command.add_argument(
        "--adopt", action="store_true", help="with --from: take over the live agent whose id the file has"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read the project, write the declarations, and say what they leave open."""
    from foundry.cli.standing import standing

    project = find_project(Path(arguments.cwd).resolve())
    if arguments.from_file is not None:
        return _run_file(project, arguments)
    stands = standing(project, arguments.stack, live=True, known=False)
    importing = _Importing(
        project,
        arguments.stack,
        stands,
        arguments.layer or arguments.stack,
        arguments.source,
        arguments.files,
    )
    endpoint = arguments.endpoint or next(iter(stands.project_endpoints), None) or importing.existing_endpoint
    if endpoint is None:
        raise FoundryError(
            f"stack {arguments.stack} has no project yet that could be read",
            fix="name the project: --endpoint https://….services.ai.azure.com/api/projects/…",
        )
    importing.read(endpoint, arguments.names)
    return importing.write(endpoint)


def _run_file(project: Project, arguments: argparse.Namespace) -> int:
    """Declare what a file of another tool holds, and say what doesn't translate."""
    from foundry.transfer.declared import declared_name, foreign_declaration
    from foundry.transfer.neighbours.reading import UnreadableError, read
    from foundry.transfer.yaml_text import yaml_text

    path = Path(arguments.from_file)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FoundryError(f"{path} can't be read", fix="name a text file in UTF-8") from error
    try:
        found = read(text, str(path), beside=lambda name: _beside(path, name))
    except UnreadableError as error:
        for finding in error.findings:
            print(finding, file=sys.stderr)
        raise
    importing = _Importing(project, arguments.stack, None, arguments.layer or arguments.stack, None, ())
    taken = importing.taken("Agent")
    for foreign in found.agents:
        name = declared_name(foreign.name or path.stem, taken, otherwise="agent")
        taken.add(name)
        adopt = foreign.id if arguments.adopt else None
        importing.declarations.append(foreign_declaration(name, foreign, adopt=adopt))
        if foreign.id and not arguments.adopt:
            importing.left.append(f"the id {foreign.id}: --adopt takes that live agent over")
    print(f"Read {path} as {found.format}.")
    for line in found.deviations:
        print(f"understood all the same: {line}")
    for line in found.losses:
        print(f"not translated: {line}")
    if found.environment:
        print("For the Environment:")
        print("".join(f"  {line}\n" for line in yaml_text(found.environment).splitlines()), end="")
    return importing.write(None)


def _beside(path: Path, name: str) -> str | None:
    """The text of a file that another one names; None where there is none, or where it isn't below that one's folder."""
    wanted = (path.parent / name).resolve()
    if not wanted.is_relative_to(path.parent.resolve()):
        return None
    try:
        return wanted.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


@dataclass
class _Importing:
    """One import: what is found, what it becomes, and what is left out with the reason."""

    project: Project
    stack: str
    live: Standing | None
    layer: str
    source: str | None
    folders: Sequence[str]
    declarations: list[Declaration] = field(default_factory=list)
    copies: dict[str, bytes] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    dialects: dict[str, str] = field(default_factory=dict)

    @property
    def _stands(self) -> Standing:
        assert self.live is not None
        return self.live

    # ---- reading

    def read(self, endpoint: str, wanted: Sequence[str]) -> None:
        """Make declarations of what is live and not declared yet, in either dialect."""
        agents: dict[str, LiveAgent] = {}
        for dialect in _DIALECTS:
            for live in self._service(endpoint, dialect).list_agents():
                if self._is_open("agent", live):
                    agents[live.id] = live
                    self.dialects[live.id] = dialect
        if wanted:
            agents = _chosen(agents, wanted)
            self.left.clear()
        searched: dict[str, set[str]] = {}
        for live in agents.values():
            for tool in live.definition.get("tools") or ():
                for store in tool.get("vector_store_ids") or ():
                    searched.setdefault(str(store), set()).add(self.dialects[live.id])
        stores: dict[str, LiveStore] = {}
        for dialect in _DIALECTS:
            for store in self._service(endpoint, dialect).list_stores():
                # Whether a store of one dialect shows in the other isn't known; the agents that search it say whose it is.
                if store.id in stores or (wanted and store.id not in searched):
                    continue
                if self._is_open("vector store", store):
                    stores[store.id] = store
                    only = searched.get(store.id, set())
                    self.dialects[store.id] = next(iter(only)) if len(only) == 1 else dialect
        store_names = self._stores(endpoint, stores)
        index_names = {} if wanted else self._indexes()
        self._agents(agents, store_names, index_names)

    def _service(self, endpoint: str, dialect: str) -> ProjectService | VersionedService:
        services = self._stands.services
        return services.versioned(endpoint) if dialect == _VERSIONED else services.project(endpoint)

    def _said(self, identifier: str) -> str | None:
        """The dialect, where the Environment has another."""
        dialect = self.dialects[identifier]
        return None if dialect == str((self._environment or {}).get("dialect", _CLASSIC)) else dialect

    def _stores(self, endpoint: str, stores: Mapping[str, LiveStore]) -> dict[str, str]:
        from foundry.service.contents import Contents
        from foundry.transfer.declared import declared_name, store_declaration

        known = {one.id: one.name for one in self._stands.declared("VectorStore")}
        self.dialects |= {one.id: one.dialect for one in self._stands.declared("VectorStore")}
        taken = {*self.taken("VectorStore"), *known.values()}
        contents = Contents(endpoint)
        files = {
            dialect: {file.id: file for file in self._service(endpoint, dialect).list_files()}
            for dialect in sorted({self.dialects[store] for store in stores})
        }
        for store in stores.values():
            dialect = self.dialects[store.id]
            service = self._service(endpoint, dialect)
            name = declared_name(store.name, taken, otherwise="store")
            members = [member.file_id for member in service.list_members(store.id)]
            held = [files[dialect][member] for member in members if member in files[dialect]]
            paths = {file.id: self._path(file, name, contents) for file in held}
            missing = [file.filename for file in held if paths[file.id] is None]
            if not members or missing or len(held) < len(members):
                why = f"nobody has the content of {', '.join(missing)}" if missing else "it holds no files"
                self.left.append(
                    f"vector store {store.name} ({store.id}): {why}; agents refer to it by its id"
                    + (" (name a folder that has them: --files FOLDER)" if missing else "")
                )
                self.copies = {
                    path: data
                    for path, data in self.copies.items()
                    if not path.startswith(f"knowledge/{name}/")
                }
                continue
            taken.add(name)
            known[store.id] = name
            written = [path for path in paths.values() if path is not None]
            self.declarations.append(
                store_declaration(
                    name, store, written, adopt=self._adopt(store), dialect=self._said(store.id)
                )
            )
        return known

    def _path(self, file: LiveFile, store: str, contents: Any) -> str | None:
        """Where the content of a live file stands, relative to the documents of stores."""
        from foundry.cli.operations import declared_filename

        filename = declared_filename(file.filename)
        data = contents.of(file.id)
        if data is not None:
            self.copies[f"knowledge/{store}/{filename}"] = data
            return f"../knowledge/{store}/{filename}"
        for folder in self.folders:
            for path in sorted(Path(folder).resolve().rglob(filename)):
                if path.is_file() and path.stat().st_size == file.size:
                    return self._relative(path, store, filename)
        return None

    def _relative(self, path: Path, store: str, filename: str) -> str:
        here = self.project.root / "stacks" / self.layer / "vector-stores"
        if path.is_relative_to(self.project.root):
            return Path(os.path.relpath(path, here)).as_posix()
        self.copies[f"knowledge/{store}/{filename}"] = path.read_bytes()
        return f"../knowledge/{store}/{filename}"

    def _indexes(self) -> dict[str, str]:
        from foundry.reconcile.marks import mark_in
        from foundry.transfer.declared import declared_name, index_declaration

        known = {one.id: one.name for one in self._stands.of_kind("SearchIndex")}
        taken = {*self.taken("SearchIndex"), *known.values()}
        for endpoint in self._search_endpoints():
            for body in self._stands.services.search(endpoint).list_indexes():
                service_name = str(body["name"])
                _, mark = mark_in(body.get("description"))
                if service_name in known or not self._may_have("search index", service_name, mark):
                    continue
                name = declared_name(service_name, taken, otherwise="index")
                taken.add(name)
                known[service_name] = name
                adopt = self._adoption(service_name, mark)
                self.declarations.append(index_declaration(name, body, adopt=adopt))
        return known

    def _agents(
        self, agents: Mapping[str, LiveAgent], stores: Mapping[str, str], indexes: Mapping[str, str]
    ) -> None:
        from foundry.transfer.declared import agent_declaration, declared_name

        known = {one.id: one.name for one in self._stands.declared("Agent")}
        taken = {*self.taken("Agent"), *known.values()}
        names: dict[str, str] = {}
        for live in agents.values():
            names[live.id] = declared_name(str(live.definition.get("name") or ""), taken, otherwise="agent")
            taken.add(names[live.id])
        lossy: set[str] = set()
        for live in agents.values():
            tried = agent_declaration(
                names[live.id], live, self._names(live, known, stores, indexes), adopt=live.id
            )
            if tried.lost:
                lossy.add(live.id)
                self.left.append(
                    f"agent {live.definition.get('name')} ({live.id}): it has what the format can't say, and taking it up "
                    f"would change it: {'; '.join(tried.lost)}"
                )
        known |= {identifier: name for identifier, name in names.items() if identifier not in lossy}
        for live in agents.values():
            if live.id not in lossy:
                to = self._names(live, known, stores, indexes)
                said = self._said(live.id)
                self.declarations.append(
                    agent_declaration(names[live.id], live, to, adopt=self._adopt(live), dialect=said)
                )

    def _names(
        self,
        live: LiveAgent,
        agents: Mapping[str, str],
        stores: Mapping[str, str],
        indexes: Mapping[str, str],
    ) -> Names:
        """What ids stand for in the declaration of an agent: stores of its own dialect only."""
        own = {
            store: name for store, name in stores.items() if self.dialects[store] == self.dialects[live.id]
        }
        return replace(
            self._stands.names(f"stacks/{self.layer}/agents"), stores=own, agents=agents, indexes=indexes
        )

    # ---- what the stack has already

    @property
    def existing_endpoint(self) -> str | None:
        """The project that the stack's Environment says is somebody else's."""
        existing = (self._environment or {}).get("existing")
        if not isinstance(existing, Mapping):
            return None
        if isinstance(existing.get("stack"), str):
            told = replace(self._stands.run, stack=existing["stack"]).outputs().get("projectEndpoint")
        else:
            told = existing.get("project_endpoint")
        return told if isinstance(told, str) else None

    @property
    def _environment(self) -> Mapping[str, Any] | None:
        document = self._documents.get(("Environment", ""))
        return document.tree if document else None

    @property
    def _documents(self) -> Mapping[tuple[str, str], Any]:
        from foundry.manifest.loading import open_stack
        from foundry.manifest.report import Report

        found = open_stack(self.project.root, self.stack, None, Report())
        return found.documents.found if found is not None else {}

    def taken(self, kind: str) -> set[str]:
        return {name for (of_kind, name) in self._documents if of_kind == kind}

    def _search_endpoints(self) -> Collection[str]:
        made = (
            str((one.get("outputs") or {}).get("endpoint") or "")
            for one in self._stands.resources
            if str(one.get("type")).endswith("search:Service")
        )
        return dict.fromkeys([*self._stands.search_endpoints, *(endpoint for endpoint in made if endpoint)])

    # ---- whose things are

    def _is_open(self, kind: str, live: LiveAgent | LiveStore) -> bool:
        from foundry.reconcile.marks import mark_of

        if live.id in {one.id for one in self._stands.held}:
            return False
        name = live.name if hasattr(live, "name") else str(live.definition.get("name"))
        return self._may_have(f"{kind} {name}", live.id, mark_of(live.metadata))

    def _may_have(self, what: str, identifier: str, mark: Mark | None) -> bool:
        if mark is None or (self.source is not None and mark.source == self.source):
            return True
        if mark.owner.stack_id == self._stack_id:
            self.left.append(
                f"{what} ({identifier}): this stack's own, called {mark.name}, and in no state: `fac orphans` tells more"
            )
        else:
            self.left.append(
                f"{what} ({identifier}): belongs to {mark.source} (--owned-by {mark.source} takes it in)"
            )
        return False

    @property
    def _stack_id(self) -> str:
        return str(settings.read(self.project.settings_file(self.stack)).get(settings.STACK_ID, ""))

    def _adopt(self, live: LiveAgent | LiveStore) -> str | Mapping[str, str]:
        from foundry.reconcile.marks import mark_of

        return self._adoption(live.id, mark_of(live.metadata))

    def _adoption(self, identifier: str, mark: Mark | None) -> str | Mapping[str, str]:
        return identifier if mark is None else {"id": identifier, "from": mark.source}

    # ---- writing

    def write(self, endpoint: str | None) -> int:
        """Write the files, unless one of them is there already."""
        from foundry.transfer.yaml_text import yaml_text

        texts: dict[str, str | bytes] = dict(self.copies)
        if endpoint is not None and self._environment is None and self.declarations:
            texts["environment.yaml"] = yaml_text(
                self._new_environment(endpoint), schema="../../schemas/environment.json"
            )
        for one in self.declarations:
            schema = f"../../../schemas/{_SCHEMAS[one.kind]}.json"
            texts[f"{_FOLDERS[one.kind]}/{one.name}.yaml"] = yaml_text(one.tree, schema=schema)
            texts |= one.materials
        base = self.project.root / "stacks" / self.layer
        there = sorted(path for path in texts if (base / path).exists())
        if there:
            raise FoundryError(
                f"there are files already in stacks/{self.layer}: {', '.join(there)}",
                fix="nothing was written; move them away, or write into another layer (--layer)",
            )
        for path, content in texts.items():
            (base / path).parent.mkdir(parents=True, exist_ok=True)
            (base / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        return self._tell(len(texts))

    def _new_environment(self, endpoint: str) -> dict[str, Any]:
        needs_standard = any(
            tool["type"] == "azure_function" or "data_sources" in tool
            for one in self.declarations
            for tool in (one.tree.get("tools") or {}).values()
        )
        return {
            "kind": "Environment",
            "name": endpoint.rstrip("/").rsplit("/", 1)[-1],
            "dialect": _CLASSIC,
            **({"setup": "standard"} if needs_standard else {}),
            "existing": {"project_endpoint": endpoint},
        }

    def _tell(self, written: int) -> int:
        from foundry.manifest import load
        from foundry.model import Severity

        for one in self.declarations:
            folder = f"stacks/{self.layer}/{_FOLDERS[one.kind]}"
            print(f"{one.kind}  {one.name}  {folder}/{one.name}.yaml")
        for line in self.left:
            print(f"left out: {line}")
        if not self.declarations:
            print("Nothing was written: everything there is, is declared or left out.")
            return 0
        print(f"Wrote {written} files; nothing live was touched.")
        loaded = load(self.project.root, self.stack, needs_id=False)
        for finding in loaded.findings:
            print(finding, file=sys.stderr)
        wrong = any(finding.severity is Severity.ERROR for finding in loaded.findings)
        print(
            "Correct what is told above; then `fac preview`"
            if wrong
            else f"`fac preview -s {self.stack}` tells what `fac up` would make of them."
        )
        return 1 if wrong else 0


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
