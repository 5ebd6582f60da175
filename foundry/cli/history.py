"""`fac history` and `fac rollback`: what was applied to an agent, a toolbox or a skill, when and by which commit; and the way back."""

from __future__ import annotations

import argparse
import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundry.cli.options import Commands, add_stack
from foundry.cli.project import Project, find_project
from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.cli.engines import Run as Engine
    from foundry.cli.standing import Held
    from foundry.cli.writing_back import WritingBack
    from foundry.manifest.layers import Document
    from foundry.transfer.history import Applied, Run

_MOST_FIELDS = 4
_KINDS = {"agent": ("Agent", "VersionedAgent"), "toolbox": ("Toolbox",), "skill": ("Skill",)}
"""What has a history, and the types that keep it."""


def add(commands: Commands) -> None:
    """Register the commands."""
    text = "list what was applied to an agent, a toolbox or a skill, when, and by which commit"
    history = commands.add_parser("history", help=text, description=text)
    add_stack(history)
    _add_name(history)
    _add_limit(history)
    history.add_argument("--json", action="store_true", help="as JSON, with the whole definitions")
    history.set_defaults(run=run_history)
    text = "write what was applied to an agent, a toolbox or a skill then into its declaration"
    rollback = commands.add_parser("rollback", help=text, description=text)
    add_stack(rollback)
    _add_name(rollback)
    rollback.add_argument(
        "--to", required=True, help="a run's number or commit as `fac history` lists them, or `previous`"
    )
    _add_limit(rollback)
    rollback.set_defaults(run=run_rollback)


def _add_name(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", help="the declared name")
    command.add_argument("--kind", choices=list(_KINDS), help="of which kind, where several have the name")


def _add_limit(command: argparse.ArgumentParser) -> None:
    command.add_argument("--limit", type=_count, default=50, help="runs to look back (default: %(default)s)")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs: say 1 or more")
    return int(text)


def run_history(arguments: argparse.Namespace) -> int:
    """Print one line per run that changed it, the newest first."""
    _, entries = _entries(find_project(Path(arguments.cwd).resolve()), arguments)
    if arguments.json:
        print(json.dumps([_as_json(entry) for entry in reversed(entries)], indent=2))
        return 0
    for entry in reversed(entries):
        when = datetime.fromtimestamp(entry.run.ended, UTC).strftime("%Y-%m-%d %H:%M")
        version = f"version {entry.version}: " if entry.version else ""
        if entry.default_version not in (None, entry.version):
            version = f"version {entry.version}, standing for {entry.default_version}: "
        fields = version + ", ".join(entry.changed[:_MOST_FIELDS])
        more = f" and {len(entry.changed) - _MOST_FIELDS} more" if len(entry.changed) > _MOST_FIELDS else ""
        by = f"{entry.run.commit[:8]}{'+' if entry.run.dirty else ' '} {entry.run.subject}".strip()
        print(f"{entry.run.number:>4}  {when} UTC  {fields}{more}  {by or 'no commit'}")
    if any(entry.run.dirty for entry in entries):
        print("A + behind a commit: there were changes that hadn't been committed.")
    return 0


def run_rollback(arguments: argparse.Namespace) -> int:
    """Write the declaration of then as an edit of the files."""
    from foundry.cli.pulling import edits_between, held_agents
    from foundry.cli.standing import Standing, standing
    from foundry.cli.writing_back import WritingBack, declared_document, told
    from foundry.transfer.history import found

    project = find_project(Path(arguments.cwd).resolve())
    kind, entries = _entries(project, arguments)
    document = declared_document(project, arguments.stack, kind.title(), arguments.name)
    entry = found(entries, arguments.to)
    if entry is None or entry.definition is None:
        raise FoundryError(
            f"the history of {kind} {arguments.name} has no {arguments.to!r}",
            fix=f"`fac history -s {arguments.stack} {arguments.name}` lists what it has",
        )
    stands = standing(project, arguments.stack, live=False)
    told_of = _Told(entries, entry)
    if kind != "agent":
        numbered = next((one for one in stands.of_kind(kind.title()) if one.name == arguments.name), None)
        if numbered is None:
            raise FoundryError(
                f"stack {arguments.stack} has no {kind} {arguments.name!r} up", fix="bring it up first"
            )
        return _move_default(project, arguments.stack, document, numbered, told_of)
    held = held_agents(stands, arguments.stack, arguments.name)[0]
    if held.is_versioned:
        return _move_traffic(project, arguments.stack, document, held, told_of)
    folder = posixpath.dirname(document.sources[-1])
    then = Standing(stands.run, stands.outputs, entry.run.resources)
    # A queue's address is told by the outputs of today; what else ids stood for, by the state of then.
    before, after = stands.names(folder), replace(then.names(folder), queues=stands.names(folder).queues)
    back = WritingBack(project, document)
    edits, lost = edits_between(held.id, (held.outputs["applied"], before), (entry.definition, after))
    back.left += lost
    if not edits and not lost:
        print(f"Agent {arguments.name} is what it was then.")
        return 0
    back.write(edits)
    code = told(project, arguments.stack, back)
    print(
        f"The files {_say(back)} what was applied in run {entry.run.number}; review them, then `fac up -s {arguments.stack}`."
    )
    return code


def _say(back: WritingBack) -> str:
    return "say" if back.written or back.left else "already say"


@dataclass(frozen=True)
class _Told:
    """A history, and the entry of it that is meant."""

    entries: Sequence[Applied]
    entry: Applied


def _refuse_another_version(project: Project, stack: str, held: Held, told_of: _Told, version: str) -> None:
    """Refuse a version that isn't there any more, or isn't what it was: numbers begin anew with an object that is made again."""
    from foundry.cli.standing import standing
    from foundry.reconcile.marks import mark_of
    from foundry.service.errors import unless_missing
    from foundry.transfer.history import is_still

    service = standing(project, stack, live=True).services.versioned(str(held.inputs["endpoint"]))
    title = f"{held.declared.lower()} {held.name}"
    found: Mapping[str, str] | None
    if held.is_versioned:
        listed = unless_missing(lambda: service.list_versions(held.id)) or ()
        found = next((one.metadata for one in listed if one.version == version), None)
    else:
        numbered = service.toolboxes if held.kind == "Toolbox" else service.skills
        one = unless_missing(lambda: numbered.version(held.id, version))
        found = None if one is None else one.metadata
    fix = (
        f"`fac history -s {stack} {held.name} --json` has the definition of then: write it back by hand "
        "(or from its commit), and `fac up` makes a version of it"
    )
    if found is None:
        raise FoundryError(f"{title} has no version {version} any more", fix=fix)
    mark = mark_of(found)
    live, today = mark.incarnation if mark else None, held.outputs.get("incarnation")
    if not is_still(told_of.entries, told_of.entry, version, live, today=today):
        raise FoundryError(
            f"version {version} of {title} isn't the one that run {told_of.entry.run.number} left: "
            f"the {held.declared.lower()} was deleted and made again since",
            fix=fix,
        )


def _move_traffic(project: Project, stack: str, document: Document, held: Held, told_of: _Told) -> int:
    """Write the version of then into `endpoint.traffic`: callers get it back, and no new version is made."""
    from foundry.cli.writing_back import WritingBack, told
    from foundry.transfer.writing_back import Edit

    entry = told_of.entry
    if entry.version is None:
        raise FoundryError(
            f"run {entry.run.number} left no version of agent {held.name}", fix="name another run"
        )
    _refuse_another_version(project, stack, held, told_of, entry.version)
    before = (held.inputs.get("serving") or {}).get("traffic")
    if before is None and entry.version == held.outputs.get("version"):
        print(f"Agent {held.name} serves version {entry.version} already.")
        return 0
    back = WritingBack(project, document)
    back.write([Edit(("endpoint", "traffic"), before, {entry.version: 100})])
    code = told(project, stack, back)
    print(
        f"All traffic goes to version {entry.version}, as of run {entry.run.number}, once it is up: `fac up -s {stack}`."
    )
    return code


def _move_default(project: Project, stack: str, document: Document, held: Held, told_of: _Told) -> int:
    """Write the version of then into `default_version`: the name stands for it again, and no new version is made."""
    from foundry.cli.writing_back import WritingBack, told
    from foundry.transfer.edits import REMOVED
    from foundry.transfer.writing_back import Edit

    title, entry = f"{held.kind} {held.name}", told_of.entry
    if entry.default_version is None:
        raise FoundryError(f"run {entry.run.number} left no version of {title}", fix="name another run")
    _refuse_another_version(project, stack, held, told_of, entry.default_version)
    declared = document.tree.get("default_version")
    follows = entry.default_version == held.outputs.get("latestVersion")
    if declared == (None if follows else entry.default_version):
        print(f"{title} stands for version {entry.default_version} already.")
        return 0
    back = WritingBack(project, document)
    back.write([Edit(("default_version",), declared, REMOVED if follows else entry.default_version)])
    code = told(project, stack, back)
    print(
        f"{title} stands for version {entry.default_version}, as of run {entry.run.number}, once it is up: `fac up -s {stack}`."
    )
    if held.kind == "Skill":
        print("Agents that take the skill in get a version with it.")
    return code


def _entries(project: Project, arguments: argparse.Namespace) -> tuple[str, tuple[Applied, ...]]:
    """What the name is, a word of `_KINDS`, and what was applied to it, the oldest first."""
    from foundry.cli import operations
    from foundry.transfer.history import applied_over_time

    engine = operations.reader(project, arguments.stack)
    runs = list(_runs(project, engine, arguments.limit))
    wanted = [arguments.kind] if arguments.kind else list(_KINDS)
    found: dict[str, tuple[Applied, ...]] = {}
    for word in wanted:
        entries = _of_today([applied_over_time(runs, kind, arguments.name) for kind in _KINDS[word]])
        if entries:
            found[word] = entries
    if len(found) > 1:
        raise FoundryError(
            f"{arguments.name} is {' and '.join(found)} of stack {arguments.stack}",
            fix=f"say which is meant: {' or '.join(f'--kind {word}' for word in found)}",
        )
    if not found:
        raise FoundryError(
            f"no run of stack {arguments.stack} that is kept applied anything to {' or '.join(wanted)} {arguments.name!r}",
            fix=f"the state keeps {len(runs)} runs; `fac show -s {arguments.stack}` lists what there is",
        )
    return next(iter(found.items()))


def _of_today(told: Sequence[tuple[Applied, ...]]) -> tuple[Applied, ...]:
    """Of the dialects of one name the one that stands, the classic one first; where none does, the one that stood last."""
    some = [entries for entries in told if entries]
    standing = [entries for entries in some if entries[-1].definition is not None]
    return next(iter(standing), max(some, key=lambda entries: entries[-1].run.number, default=()))


def _runs(project: Project, engine: Engine, limit: int) -> Iterator[Run]:
    """The runs that the state keeps, the oldest first: of a file backend from its folder, of another through Pulumi."""
    from foundry.cli import recovery, state_files

    folder = recovery.backend_folder(engine.environment.get("PULUMI_BACKEND_URL", ""))
    if folder is None:
        yield from _runs_of_service(engine, limit)
        return
    kept = state_files.all_of(folder / ".pulumi/history" / project.name / engine.stack, ".history.json")
    for number, path in enumerate(kept, start=1):
        if number <= len(kept) - limit:
            continue
        checkpoint = path.with_name(path.name.replace(".history.json", ".checkpoint.json"))
        try:
            entry = state_files.read(path)
            latest = state_files.read(checkpoint)["checkpoint"]["latest"] or {}
        except (OSError, ValueError, KeyError, TypeError):
            continue
        yield _run(number, entry, int(entry.get("endTime") or 0), latest.get("resources") or [])


def _runs_of_service(engine: Engine, limit: int) -> Iterator[Run]:
    listed = _json(engine, "stack", "history", "--json", "--page-size", str(limit), "--stack", engine.stack)
    for entry in reversed(listed if isinstance(listed, list) else []):
        version = int(entry.get("version") or 0)
        state = _json(engine, "stack", "export", "--version", str(version), "--stack", engine.stack)
        resources = (state.get("deployment") or {}).get("resources") if isinstance(state, Mapping) else None
        told = str(entry.get("endTime") or entry.get("startTime") or "")
        try:
            ended = int(datetime.fromisoformat(told).timestamp())
        except ValueError:
            ended = 0
        yield _run(version, entry, ended, resources or [])


def _run(number: int, entry: Mapping[str, Any], ended: int, resources: Sequence[Mapping[str, Any]]) -> Run:
    from foundry.transfer.history import Run

    environment = entry.get("environment") or {}
    return Run(
        number=number,
        kind=str(entry.get("kind")),
        ended=ended,
        commit=str(environment.get("git.head") or ""),
        subject=str(entry.get("message") or "").split("\n", 1)[0],
        dirty=str(environment.get("git.dirty")) == "true",
        succeeded=entry.get("result") == "succeeded",
        resources=resources,
    )


def _json(engine: Engine, *arguments: str) -> Any:
    done = engine.captured(arguments)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise FoundryError(
            f"the history of stack {engine.stack} can't be read: {lines[-1] if lines else 'no reason given'}",
            fix="log in to the stack's backend (pulumi login)",
        ) from error


def _as_json(entry: Applied) -> dict[str, Any]:
    return {
        "run": entry.run.number,
        "kind": entry.run.kind,
        "ended": datetime.fromtimestamp(entry.run.ended, UTC).isoformat(),
        "commit": entry.run.commit or None,
        "subject": entry.run.subject,
        "uncommittedChanges": entry.run.dirty,
        "succeeded": entry.run.succeeded,
        "id": entry.id,
        "version": entry.version,
        **({"defaultVersion": entry.default_version} if entry.default_version else {}),
        "changed": list(entry.changed),
        "definition": entry.definition,
    }
