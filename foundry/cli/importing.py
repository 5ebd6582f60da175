"""`fac import`: a live project as declarations. The live objects are only read; `fac up` takes them over."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from foundry.cli import settings
from foundry.cli.options import Commands, add_stack
from foundry.cli.project import Project, find_project
from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.cli.gathering import Owned, Place
    from foundry.cli.standing import Standing
    from foundry.service.protocols import Services
    from foundry.transfer.document import Declaration


def add(commands: Commands) -> None:
    """Register the command."""
    text = "write what lives in a project, and isn't declared yet, as declarations that adopt it"
    command = commands.add_parser("import", help=text, description=text)
    add_stack(command)
    command.add_argument(
        "names", nargs="*", help="only these agents (id or name), and the stores they search"
    )
    command.add_argument("--endpoint", help="the project's endpoint (default: the stack's own project)")
    command.add_argument(
        "--layer",
        type=_layer,
        help="the folder below stacks/ that is written into (default: the stack's)",
    )
    command.add_argument(
        "--files",
        action="append",
        default=[],
        metavar="FOLDER",
        help="where to look for the files of stores, by name and size, when the service keeps them to itself",
    )
    command.add_argument(
        "--documents",
        nargs="?",
        type=_number_of_documents,
        const=1000,
        default=0,
        metavar="MOST",
        help="take the documents of search indexes along, too, of each up to MOST (%(const)s)",
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
        help="read an agent of another format instead: AgentSchema, azd, Agent Framework, Prompty, VS Code, Semantic Kernel, an SDK dump",
    )
    command.add_argument(
        "--adopt", action="store_true", help="with --from: take over the live agent whose id the file has"
    )
    command.set_defaults(run=run)


def _layer(text: str) -> str:
    from foundry.manifest.settings import is_layer_name

    if not is_layer_name(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name of a layer: write that of a folder in stacks/, without a path"
        )
    return text


def _number_of_documents(text: str) -> int:
    from foundry.cli.gathering import MOST_DOCUMENTS

    if not text.isdecimal() or not 1 <= int(text) <= MOST_DOCUMENTS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of documents: write 1 to {MOST_DOCUMENTS}, which a search can be paged through"
        )
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Read the project, write the declarations, and say what they leave open."""
    from foundry.cli.gathering import Gathering, gather
    from foundry.cli.standing import standing
    from foundry.service.contents import Contents

    project = find_project(Path(arguments.cwd).resolve())
    if arguments.from_file is not None:
        return _run_file(project, arguments)
    stands = standing(project, arguments.stack, live=True, known=False)
    endpoint = (
        arguments.endpoint
        or next(iter(stands.project_endpoints), None)
        or _existing_endpoint(project, arguments.stack, stands)
    )
    if endpoint is None:
        raise FoundryError(
            f"stack {arguments.stack} has no project yet that could be read",
            fix="name the project: --endpoint https://….services.ai.azure.com/api/projects/…",
        )
    place = _place(project, arguments.stack, stands, endpoint, arguments)
    with TemporaryDirectory() as scratch:
        found = Gathering(stands.services, Contents, place, Path(scratch))
        gather(found, endpoint, arguments.names)
        return _Writing(
            project,
            arguments.stack,
            place.layer,
            found.declarations,
            found.copies,
            found.left,
            found.notes,
            found.dialect,
        ).write(endpoint)


def _run_file(project: Project, arguments: argparse.Namespace) -> int:
    """Declare what a file of another tool holds, and say what doesn't translate."""
    from foundry.transfer.declared import foreign_declaration
    from foundry.transfer.names import declared_name
    from foundry.transfer.neighbours.parsing import UnreadableError
    from foundry.transfer.neighbours.reading import read
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
    taken = _taken(_documents(project, arguments.stack)).get("Agent", set())
    made, left = [], []
    for foreign in found.agents:
        name = declared_name(foreign.name or path.stem, taken, otherwise="agent")
        taken.add(name)
        adopt = foreign.id if arguments.adopt else None
        made.append(foreign_declaration(name, foreign, adopt=adopt))
        if foreign.id and not arguments.adopt:
            left.append(f"the id {foreign.id}: --adopt takes that live agent over")
    print(f"Read {path} as {found.format}.")
    for line in found.deviations:
        print(f"understood all the same: {line}")
    for line in found.losses:
        print(f"not translated: {line}")
    if found.environment:
        print("For the Environment:")
        print("".join(f"  {line}\n" for line in yaml_text(found.environment).splitlines()), end="")
    return _Writing(project, arguments.stack, arguments.layer or arguments.stack, made, left=left).write(None)


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
class _Writing:
    """What an import writes: documents and their files into one layer, and what it tells."""

    project: Project
    stack: str
    layer: str
    declarations: Sequence[Declaration]
    copies: Mapping[str, bytes | Path] = field(default_factory=dict)
    left: Sequence[str] = ()
    notes: Sequence[str] = ()
    dialect: str = ""

    def write(self, endpoint: str | None) -> int:
        """Write the files, unless one of them is there already."""
        from foundry.transfer.document import files_of
        from foundry.transfer.yaml_text import yaml_text

        texts: dict[str, str | bytes | Path] = dict(self.copies)
        environment = _environment(_documents(self.project, self.stack))
        if endpoint is not None and environment is None and self.declarations:
            texts["environment.yaml"] = yaml_text(
                self._new_environment(endpoint), schema="../../schemas/environment.json"
            )
        texts |= files_of(self.declarations)
        base = self.project.root / "stacks" / self.layer
        there = sorted(path for path in texts if (base / path).exists())
        if there:
            raise FoundryError(
                f"there are files already in stacks/{self.layer}: {', '.join(there)}",
                fix="nothing was written; move them away, or write into another layer (--layer)",
            )
        for path, content in texts.items():
            (base / path).parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, base / path)
            else:
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
            "dialect": self.dialect,
            **({"setup": "standard"} if needs_standard else {}),
            "existing": {"project_endpoint": endpoint},
        }

    def _tell(self, written: int) -> int:
        from foundry.manifest import load
        from foundry.model import Severity
        from foundry.transfer.document import path_of

        for one in self.declarations:
            print(f"{one.kind}  {one.name}  stacks/{self.layer}/{path_of(one)}")
        for line in self.notes:
            print(f"note: {line}")
        for line in dict.fromkeys(self.left):
            print(f"left out: {line}")
        if not self.declarations:
            print("Nothing was written: everything there is, is declared or left out.")
            return 0
        print(f"Wrote {written} file{'s' * (written != 1)}; nothing live was touched.")
        loaded = load(self.project.root, self.stack, needs_id=False)
        for finding in loaded.findings:
            print(finding, file=sys.stderr)
        wrong = any(finding.severity is Severity.ERROR for finding in loaded.findings)
        if wrong:
            print("Correct what is named above; then `fac preview`")
        elif self.layer in (layers := _layers(self.project, self.stack)):
            print(f"`fac preview -s {self.stack}` shows what `fac up` would make of them.")
        else:
            file = self.project.settings_file(self.stack).relative_to(self.project.root)
            print(
                f"Stack {self.stack} doesn't read them: {self.layer} isn't among its layers. To have it read them, write "
                f"`foundry:layers: [{', '.join((*layers, self.layer))}]` into {file}."
            )
        return 1 if wrong else 0


def _place(
    project: Project, stack: str, stands: Standing, endpoint: str, arguments: argparse.Namespace
) -> Place:
    """What the stack has already, and where what is new goes."""
    from foundry.cli.gathering import Owned, Place

    layer = arguments.layer or stack
    documents = _documents(project, stack)
    environment = _environment(documents)
    return Place(
        root=project.root,
        layer=layer,
        dialect=(environment or {}).get("dialect"),
        stack_id=str(settings.read(project.settings_file(stack)).get(settings.STACK_ID, "")),
        taken=_taken(documents),
        owned=[
            *(Owned(one.declared, one.name, one.id, one.dialect) for one in stands.held),
            *_adopted(documents, stands.services, endpoint),
        ],
        names=stands.names(f"stacks/{layer}/agents"),
        search_endpoints=stands.search_endpoints,
        source=arguments.source,
        folders=arguments.files,
        most_documents=arguments.documents,
    )


def _adopted(documents: Mapping[tuple[str, str], Any], services: Services, endpoint: str) -> Iterator[Owned]:
    """What documents take over with the next up, an import's before this one among them."""
    from foundry.cli.gathering import Owned

    stack_wide = (_environment(documents) or {}).get("dialect")
    for (kind, name), document in documents.items():
        lifecycle = document.tree.get("lifecycle")
        adopt = lifecycle.get("adopt") if isinstance(lifecycle, Mapping) else None
        if adopt is None or document.omitted:
            continue
        told = document.tree.get("dialect") or stack_wide
        dialect = "classic" if told == "both" else str(told)
        identifier = adopt.get("id") if isinstance(adopt, Mapping) else adopt
        if identifier is None:
            identifier = _called(services, endpoint, kind, dialect, str(adopt.get("name")))
        if isinstance(identifier, str):
            yield Owned(kind, name, identifier, dialect)


def _called(services: Services, endpoint: str, kind: str, dialect: str, name: str) -> str | None:
    """The id of the one live object of that name; None where there is none, or more than one."""
    from foundry.reconcile.claims import only_called

    is_versioned = dialect == "versioned"
    if kind not in ("Agent", "VectorStore") or (kind == "Agent" and is_versioned):
        return name
    service = services.versioned(endpoint) if is_versioned else services.project(endpoint)
    return only_called(name, service.list_agents() if kind == "Agent" else service.list_stores())


def _documents(project: Project, stack: str) -> Mapping[tuple[str, str], Any]:
    from foundry.manifest.loading import open_stack
    from foundry.manifest.report import Report

    found = open_stack(project.root, stack, None, Report())
    return found.documents.found if found is not None else {}


def _layers(project: Project, stack: str) -> tuple[str, ...]:
    from foundry.manifest.loading import open_stack
    from foundry.manifest.report import Report

    found = open_stack(project.root, stack, None, Report())
    return found.layers if found is not None else ()


def _environment(documents: Mapping[tuple[str, str], Any]) -> Mapping[str, Any] | None:
    document = documents.get(("Environment", ""))
    return document.tree if document else None


def _taken(documents: Mapping[tuple[str, str], Any]) -> dict[str, set[str]]:
    taken: dict[str, set[str]] = {}
    for kind, name in documents:
        taken.setdefault(kind, set()).add(name)
    return taken


def _existing_endpoint(project: Project, stack: str, stands: Standing) -> str | None:
    """The project that the stack's Environment says is somebody else's."""
    existing = (_environment(_documents(project, stack)) or {}).get("existing")
    if not isinstance(existing, Mapping):
        return None
    if isinstance(existing.get("stack"), str):
        told = replace(stands.run, stack=existing["stack"]).outputs().get("projectEndpoint")
    else:
        told = existing.get("project_endpoint")
    return told if isinstance(told, str) else None
