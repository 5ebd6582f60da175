"""`fac show` and `fac graph`: what is declared, what is live, and a picture of both."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundry.cli.options import Commands, add_stack
from foundry.cli.project import Project, find_project
from foundry.cli.saving import save
from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.cli.standing import Held, Standing
    from foundry.model import Manifest
    from foundry.reconcile import Session
    from foundry.transfer.picture import Status

_SHOWN = (
    "Agent",
    "EvaluationRule",
    "Evaluation",
    "VectorStore",
    "SearchIndex",
    "SearchObject",
    "IndexAsset",
    "MemoryStore",
    "Toolbox",
    "Skill",
)
_FILE = "File"
_OF_SEARCH = ("SearchIndex", "SearchObject", "IndexAsset")
"""What knows no dialect: its resource is recorded under that of the environment."""
_LONG = 70


def add(commands: Commands) -> None:
    """Register the commands."""
    text = "show what is declared and what is live, with what was changed outside"
    show = commands.add_parser("show", help=text, description=text)
    add_stack(show)
    show.add_argument("--json", action="store_true", help="as JSON")
    show.set_defaults(run=run_show)
    text = "draw agents, tools, stores, models and connections, with what was changed outside in colour"
    graph = commands.add_parser("graph", help=text, description=text)
    add_stack(graph)
    graph.add_argument(
        "--format",
        choices=("svg", "mermaid"),
        help="default: svg where --output names a file of that kind, else mermaid",
    )
    graph.add_argument(
        "--agent",
        action="append",
        metavar="NAME",
        help="only what has to do with this agent (once for each)",
    )
    graph.add_argument("--declared", action="store_true", help="only what is declared: no service is asked")
    graph.add_argument("-o", "--output", help="the file to write (default: standard output)")
    graph.set_defaults(run=run_graph)


@dataclass(frozen=True)
class Row:
    """One declared or live object. `drift` lists what was changed outside, field by field; a file's content can't be read back."""

    kind: str
    name: str
    dialect: str
    id: str | None
    status: str
    drift: tuple[str, ...] = ()


def run_show(arguments: argparse.Namespace) -> int:
    """Print one line an object; of files, only those that aren't as applied."""
    from foundry.transfer.picture import Status

    project = find_project(Path(arguments.cwd).resolve())
    manifest = _manifest(project, arguments.stack)
    rows = list(_rows(project, manifest, _live(project, arguments.stack)))
    if arguments.json:
        print(json.dumps({"stack": arguments.stack, "objects": [asdict(row) for row in rows]}, indent=2))
        return 0
    environment = manifest.environment
    print(f"Stack {arguments.stack}: environment {environment.name}, {environment.dialect.value} by default")
    print(f"  models       {', '.join(one.name for one in environment.deployments) or 'none of its own'}")
    print(f"  connections  {', '.join(one.name for one in environment.connections) or 'none of its own'}")
    shown = [row for row in rows if (row.kind, row.status) != (_FILE, Status.LIVE.value)]
    if len(shown) < len(rows):
        print(f"  files        {len(rows) - len(shown)} as applied")
    widths = (
        [max(len(str(cell)) for cell in column) for column in zip(*map(_cells, shown), strict=True)]
        if shown
        else []
    )
    for row in shown:
        print(
            "  ".join(
                str(cell).ljust(width) for cell, width in zip(_cells(row), widths, strict=True)
            ).rstrip()
        )
        for line in row.drift:
            print(f"    ~ {line}")
    return 0


def run_graph(arguments: argparse.Namespace) -> int:
    """Print or write the picture."""
    from foundry.transfer.drawing import svg
    from foundry.transfer.picture import Status, around, calm, mermaid, picture_of

    project = find_project(Path(arguments.cwd).resolve())
    manifest = _manifest(project, arguments.stack)
    unknown = sorted(set(arguments.agent or ()) - {one.name for one in manifest.agents})
    if unknown:
        raise FoundryError(
            f"stack {arguments.stack} declares no agent {unknown[0]!r}",
            fix=f"it declares: {', '.join(sorted(one.name for one in manifest.agents)) or 'none'}",
        )
    stands = None if arguments.declared else _live(project, arguments.stack)
    status: dict[tuple[str, str], Status] = {}
    holders = {key[:2]: holder for key, holder in _parts(manifest)}
    for row in _rows(project, manifest, stands) if stands is not None else ():
        # What stands beside an agent or an index is declared with it, and has no place of its own in the picture.
        kind, name = holders.get((row.kind, row.name), (row.kind, row.name))
        if row.status != _UNDECLARED and status.get((kind, name)) in (None, Status.LIVE):
            status[kind, name] = Status(row.status)
    picture = picture_of(manifest, status)
    picture = calm(around(picture, arguments.agent) if arguments.agent else picture)
    is_svg = (arguments.format or Path(arguments.output or "").suffix.lower().lstrip(".")) == "svg"
    text = svg(picture) if is_svg else mermaid(picture)
    if arguments.output is None:
        print(text, end="")
    else:
        save(Path(arguments.output), text)
        print(f"Wrote {arguments.output}: {len(picture.nodes)} things and {len(picture.edges)} arrows.")
    return 0


_UNDECLARED = "not declared any more"


def _manifest(project: Project, stack: str) -> Manifest:
    from foundry.manifest import load

    project.require(stack)
    loaded = load(project.root, stack, needs_id=False)
    if loaded.manifest is None:
        raise FoundryError(
            f"the declarations of stack {stack} have faults", fix=f"`fac validate -s {stack}` lists them"
        )
    return loaded.manifest


def _live(project: Project, stack: str) -> Standing:
    from foundry.cli.standing import standing

    return standing(project, stack, live=True, known=False)


def _rows(project: Project, manifest: Manifest, stands: Standing) -> Iterator[Row]:
    from foundry.model import Dialect
    from foundry.reconcile import Session
    from foundry.service.patience import Patience
    from foundry.transfer.picture import Status

    session = Session(stands.services, Patience.from_environment())
    own = [("Agent", one.name, one.dialect) for one in manifest.agents]
    own += [("VectorStore", one.name, one.dialect) for one in manifest.vector_stores]
    own += [
        (kind, one.name, Dialect.VERSIONED)
        for kind, ones in (
            ("MemoryStore", manifest.memory_stores),
            ("Toolbox", manifest.toolboxes),
            ("Skill", manifest.skills),
        )
        for one in ones
    ]
    indexes = {("SearchIndex", one.name, "-") for one in manifest.search_indexes}
    parts = {key for key, _ in _parts(manifest)}
    whole = {(kind, name, part.value) for kind, name, dialect in own for part in Dialect(dialect).parts}
    declared = whole | indexes | parts
    held = {
        (one.declared, one.name, "-" if one.kind in _OF_SEARCH else one.dialect): one
        for one in stands.held
        if one.declared in _SHOWN
    }
    for key in sorted({*declared, *held}, key=lambda key: (_SHOWN.index(key[0]), *key[1:])):
        row = _row(session, key, held.get(key), is_declared=key in declared)
        if row.drift and key in declared and _is_declared_so(project, stands, session, held[key]):
            row = replace(row, status=Status.LIVE.value, drift=())
        yield row
    yield from _file_rows(session, manifest, stands)


def _is_declared_so(project: Project, stands: Standing, session: Session, held: Held) -> bool:
    """Whether an agent's files say what somebody made of it since it was last applied: after a pull no up has anything to change."""
    from foundry.cli.pulling import pulled
    from foundry.cli.writing_back import agent_document

    if held.declared != "Agent":
        return False
    try:
        back = pulled(project, agent_document(project, stands.run.stack, held.name), stands, session, (held,))
    except FoundryError:
        return False
    return not (back.written or back.left)


def _file_rows(session: Session, manifest: Manifest, stands: Standing) -> Iterator[Row]:
    from foundry.model import Dialect
    from foundry.transfer.picture import Status

    wanted = {
        (path, dialect.value)
        for dialect in Dialect.BOTH.parts
        for files in manifest.files(dialect).values()
        for path in files
    }
    held = [(one, (str(one.inputs["path"]), one.dialect)) for one in stands.declared(_FILE)]
    for path, dialect in sorted(wanted - {key for _, key in held}):
        yield Row(_FILE, path, dialect, None, Status.ABSENT.value)
    for one, key in held:
        yield _row(session, (_FILE, one.name, one.dialect), one, is_declared=key in wanted)


def _parts(manifest: Manifest) -> Iterator[tuple[tuple[str, str, str], tuple[str, str]]]:
    """What is declared inside of an agent or an index and is an object of its own, each with what it is declared in."""
    for agent in manifest.agents:
        if agent.evaluation is not None:
            of_agent = ("Agent", agent.name)
            yield ("EvaluationRule", agent.name, "versioned"), of_agent
            if agent.evaluation.eval_id is None:
                yield ("Evaluation", agent.name, "versioned"), of_agent
    for index in manifest.search_indexes:
        of_index = ("SearchIndex", index.name)
        for one in index.beside:
            yield ("SearchObject", f"{index.name}{one.ending}", "-"), of_index
        if index.asset is not None:
            yield ("IndexAsset", index.name, "-"), of_index


def _row(session: Session, key: tuple[str, str, str], held: Held | None, *, is_declared: bool) -> Row:
    from foundry.cli.standing import live_outputs
    from foundry.transfer.picture import Status

    if held is None:
        return Row(*key, None, Status.ABSENT.value)
    live = live_outputs(session, held)
    if live is None:
        return Row(*key, held.id, Status.GONE.value)
    drift = tuple(_drift(held, live)) if held.declared != _FILE else ()
    if not is_declared:
        return Row(*key, held.id, _UNDECLARED, drift)
    return Row(*key, held.id, (Status.DRIFT if drift else Status.LIVE).value, drift)


def _drift(held: Held, live: Mapping[str, Any]) -> Iterator[str]:
    from foundry.diff import changes

    applied = held.outputs.get("applied")
    files = _paths(applied, live["definition"]) if held.declared == "VectorStore" else {}
    for change in changes(held.table, applied, live["definition"], applied):
        key, _, within = change.path.removeprefix("files[").partition("]")
        path = change.path if key not in files else f"files: {files[key]}{within}"
        if key in files and not within:
            yield f"{path} {'added' if change.old is None else 'removed'}"
        else:
            yield f"{path}: {_short(change.old)} => {_short(change.new)}"
    for change in changes("Serving", held.outputs.get("serving"), live.get("serving")):
        path = change.path if change.path == "enabled" else f"endpoint.{change.path}"
        yield f"{path}: {_short(change.old)} => {_short(change.new)}"
    before, now = held.outputs.get("appliedDefault"), live.get("defaultVersion")
    if before != now:
        yield f"default_version: {_short(before)} => {_short(now)}"
    if held.outputs.get("alias") != live.get("alias"):
        yield f"alias: {_short(held.outputs.get('alias'))} doesn't stand for it any more"


def _paths(*sides: Mapping[str, Any] | None) -> Mapping[Any, str]:
    """What the members of a store are called, by what tells them apart: the content, or the id where only that is known."""
    return {
        key: str(file.get("path") or file["file_id"])
        for side in sides
        for file in (side or {}).get("files") or ()
        for key in (file.get("sha256"), file.get("file_id"))
        if key
    }


def _cells(row: Row) -> Sequence[str]:
    return (row.kind, row.name, row.dialect, row.id or "-", row.status)


def _short(value: Any) -> str:
    text = "not set" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
