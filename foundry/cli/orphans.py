"""`fac orphans`: live objects with the stack's mark that its state doesn't hold; deleted only where a person says how many."""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundry.cli import recovery, settings, uploads
from foundry.cli.options import Commands, add_stack
from foundry.cli.project import Project, find_project
from foundry.model import FoundryError, Owner

if TYPE_CHECKING:
    from foundry.cli.engines import Run
    from foundry.cli.standing import Standing
    from foundry.reconcile.marks import Mark
    from foundry.service.protocols import NumberedService, ProjectService, VersionedService
    from foundry.transfer.orphans import Orphan


_MOST_NAMES = 5


def add(commands: Commands) -> None:
    """Register the command."""
    text = "list live objects with this stack's mark that its state doesn't hold"
    command = commands.add_parser("orphans", help=text, description=text)
    add_stack(command)
    command.add_argument(
        "--endpoint",
        action="append",
        default=[],
        help="a project endpoint to look in too (once for each): for a stack whose state is lost",
    )
    command.add_argument(
        "--delete", action="store_true", help="delete them, once their number has been typed in"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List, and on request delete."""
    from foundry.cli.standing import stack_owner, standing

    project = find_project(Path(arguments.cwd).resolve())
    owner = stack_owner(project, arguments.stack)

    def look(say: Callable[[str], None]) -> tuple[Standing, list[Orphan], list[str]]:
        stands = standing(project, arguments.stack, live=True, known=not arguments.endpoint)
        return stands, *_look(project, stands, owner, arguments.endpoint, say)

    stands, found, unknown = look(print)
    for one in found:
        print(f"{one.kind}  {one.name}  {one.title}  {one.endpoint}")
    if unknown:
        more = f" and {len(unknown) - _MOST_NAMES} more" if len(unknown) > _MOST_NAMES else ""
        count = "1 file has" if len(unknown) == 1 else f"{len(unknown)} files have"
        print(
            f"{count} a mark that no content in this repository or its history explains: another stack's, or of a "
            f"content that was never committed; left alone: {', '.join(unknown[:_MOST_NAMES])}{more}"
        )
    if not found:
        print(f"Stack {arguments.stack} has no orphans.")
        return 0
    if not arguments.delete:
        print(
            f"{_counted(len(found))} with the mark of stack {arguments.stack} and in no state. "
            f"`fac up` takes back what is declared; `fac orphans -s {arguments.stack} --delete` deletes the rest."
        )
        return 0
    _require_number(len(found))
    # Whoever types takes time: what is listed above may have been taken back by an `up` since.
    _refuse_another_run(project, stands.run)
    stands, still, _ = look(_silent)
    _refuse_another_run(project, stands.run)
    if {_place(one) for one in still} != {_place(one) for one in found}:
        raise FoundryError(
            "what is left behind isn't what it was when it was listed: nothing was deleted",
            fix=f"run it again, and look at the list: fac orphans -s {arguments.stack} --delete",
        )
    return _delete(stands, still)


def _refuse_another_run(project: Project, run: Run) -> None:
    """What a run is just making has the mark, and is in no state yet."""
    folder = recovery.backend_folder(run.environment.get("PULUMI_BACKEND_URL", ""))
    if folder is not None:
        recovery.refuse_locked(folder, project.name, run.stack)


def _look(
    project: Project, stands: Standing, owner: Any, more: Sequence[str], say: Callable[[str], None]
) -> tuple[list[Orphan], list[str]]:
    from foundry.transfer.orphans import (
        FAMILIES,
        file_orphans,
        index_orphans,
        marked_orphans,
        named_orphans,
        object_orphans,
    )

    # Ids of other kinds are names too, and may be the same.
    listed = ("Agent", "VectorStore", "File")
    held = {one.id for one in stands.held if one.declared in listed} | set(stands.going)
    siblings = list(_siblings(project, owner))
    under_way = _under_way(project, stands.run)

    def contents(name: str) -> Iterator[str]:
        yield from (sha256 for called, sha256 in under_way if called == name)
        yield from _contents(project.root, name)

    found: list[Orphan] = []
    unknown: dict[str, str] = {}
    for endpoint in dict.fromkeys([*stands.project_endpoints, *more]):
        for versioned in (False, True):
            service = _service(stands, endpoint, versioned=versioned)
            # Whether a store or a file of one dialect shows in the other isn't known; what was seen isn't told again.
            seen = held | {one.id for one in found} | set(unknown)
            found += marked_orphans(
                owner, endpoint, service.list_agents(), service.list_stores(), seen, versioned=versioned
            )
            ours, others = file_orphans(
                owner,
                endpoint,
                service.list_files(),
                seen,
                contents,
                versioned=versioned,
            )
            found += ours
            for sibling in siblings:
                _, others = file_orphans(
                    sibling, endpoint, others, seen, lambda name: _contents(project.root, name)
                )
            unknown |= {file.id: file.filename for file in others}
        for kind, live in _named(stands.services.versioned(endpoint), say):
            names = {one.id for one in stands.of_kind(kind)} | set(stands.going)
            found += named_orphans(owner, endpoint, kind, live, names)
    for endpoint in stands.search_endpoints:
        search = stands.services.search(endpoint)
        names = {one.id for one in stands.of_kind("SearchIndex")} | set(stands.going)
        found += index_orphans(owner, endpoint, search.list_indexes(), names)
        for family in FAMILIES:
            of_family = (one.id for one in stands.of_kind("SearchObject") if one.inputs["family"] == family)
            names = {*of_family, *stands.going}
            found += object_orphans(owner, endpoint, family, search.list_objects(family), names)
    return found, list(unknown.values())


def _under_way(project: Project, run: Run) -> list[tuple[str, str]]:
    """Names and SHA-256 of the files that a killed run was uploading: their contents may never have been committed."""
    folder = recovery.backend_folder(run.environment.get("PULUMI_BACKEND_URL", ""))
    if folder is None:
        return []
    files = uploads.of_files(recovery.pending_creates(folder, project.name, run.stack))
    return [(str(one["filename"]), str(one["sha256"])) for one in files]


def _siblings(project: Project, owner: Owner) -> Iterator[Owner]:
    """The other stacks of this repository."""
    for stack in project.stacks():
        stack_id = settings.read(project.settings_file(stack)).get(settings.STACK_ID)
        if stack_id and str(stack_id) != owner.stack_id:
            yield Owner(project.name, stack, str(stack_id))


def _named(
    service: VersionedService, say: Callable[[str], None]
) -> Iterator[tuple[str, list[tuple[str, Mark | None]]]]:
    """What the versioned service alone has, by kind: ids and marks. Some of it is a preview that not every project has."""
    from foundry.reconcile.marks import mark_in, mark_of

    kinds: dict[str, Callable[[], list[tuple[str, Mark | None]]]] = {
        "EvaluationRule": lambda: [
            (one.id, mark_in(one.definition.get("description"))[1])
            for one in service.evaluations.list_rules()
        ],
        "Evaluation": lambda: [(one.id, mark_of(one.metadata)) for one in service.evaluations.list_evals()],
        "IndexAsset": lambda: [
            (one.id, mark_of(one.tags))
            for latest in service.indexes.list()
            for one in service.indexes.versions(latest.name)
        ],
        "MemoryStore": lambda: [(one.id, mark_of(one.metadata)) for one in service.list_memory_stores()],
        "Toolbox": lambda: _newest(service.toolboxes),
        "Skill": lambda: _newest(service.skills),
    }
    for kind, live in kinds.items():
        try:
            yield kind, live()
        except FoundryError as error:
            say(f"{kind}: not looked for ({error.what})")


def _newest(service: NumberedService) -> list[tuple[str, Mark | None]]:
    from foundry.reconcile.marks import mark_of

    return [(one.id, mark_of(service.newest(one).metadata)) for one in service.list()]


def _require_number(number: int) -> None:
    print(f"Type {number} to delete {_counted(number)}: ", end="", flush=True)
    # Python has no standard input at all where it was begun with a closed one.
    typed = sys.stdin.readline().strip() if sys.stdin is not None else ""
    if typed != str(number):
        raise FoundryError(
            f"{typed!r} isn't the number of orphans", fix=f"nothing was deleted; type {number} to delete"
        )
    print()


def _place(one: Orphan) -> tuple[str, str, str, bool]:
    """What tells it from all others, whatever is said of it."""
    return one.kind, one.title, one.endpoint, one.versioned


def _silent(_text: str) -> None:
    """What couldn't be looked for was told with the list."""


def _delete(stands: Standing, found: Sequence[Orphan]) -> int:
    going = {one.id for one in found}
    left = 0
    for one in sorted(found, key=lambda one: one.place):
        users = list(_users(stands, one, going))
        if users:
            print(f"{one.kind} {one.title} isn't deleted: used by {', '.join(users)}")
            left += 1
            continue
        _delete_one(stands, one)
        print(f"deleted {one.kind} {one.name} ({one.title})")
    return 1 if left else 0


def _delete_one(stands: Standing, one: Orphan) -> None:
    if one.kind == "SearchIndex":
        stands.services.search(one.endpoint).delete_index(one.id, one.etag or "*")
        return
    if one.kind == "SearchObject":
        stands.services.search(one.endpoint).delete_object(one.family, one.id, one.etag or "*")
        return
    service = _service(stands, one.endpoint, versioned=one.versioned)
    named = stands.services.versioned(one.endpoint)
    {
        "Agent": service.delete_agent,
        "VectorStore": service.delete_store,
        "File": service.delete_file,
        "EvaluationRule": named.evaluations.delete_rule,
        "Evaluation": named.evaluations.delete_eval,
        "IndexAsset": lambda asset: named.indexes.delete(*asset.split("/versions/")),
        "MemoryStore": named.delete_memory_store,
        "Toolbox": named.toolboxes.delete,
        "Skill": named.skills.delete,
    }[one.kind](one.id)


def _service(stands: Standing, endpoint: str, *, versioned: bool) -> ProjectService | VersionedService:
    return stands.services.versioned(endpoint) if versioned else stands.services.project(endpoint)


def _users(stands: Standing, one: Orphan, going: set[str]) -> Iterator[str]:
    """What still refers to it and stays."""
    if one.kind in ("Evaluation", "EvaluationRule"):
        rules = stands.services.versioned(one.endpoint).evaluations.list_rules()
        running = (rule.id for rule in rules if rule.definition.get("eval_id") == one.id)
        yield from (f"evaluation rule {rule}" for rule in running if rule not in going)
        return
    if one.kind == "SearchObject":
        field = {"datasources": "dataSourceName", "skillsets": "skillsetName"}.get(one.family)
        indexers = stands.services.search(one.endpoint).list_objects("indexers") if field else ()
        using = (str(indexer["name"]) for indexer in indexers if indexer.get(str(field)) == one.id)
        yield from (f"indexer {indexer}" for indexer in using)
        return
    if one.kind in ("MemoryStore", "Toolbox", "Skill"):
        yield from _users_by_name(stands.services.versioned(one.endpoint), one, going)
        return
    endpoints = stands.project_endpoints if one.kind == "SearchIndex" else (one.endpoint,)
    services = [
        _service(stands, endpoint, versioned=flag) for endpoint in endpoints for flag in (False, True)
    ]
    for service in services:
        for agent in service.list_agents():
            named = (
                value
                for tool in agent.definition.get("tools") or ()
                for key in ("vector_store_ids", "file_ids", "index_name", "index_asset_id", "agent_id")
                for value in _listed(tool.get(key))
            )
            if agent.id not in going and one.id in named:
                yield f"agent {agent.definition.get('name')} ({agent.id})"
        if one.kind == "File":
            for store in service.list_stores():
                if store.id not in going and any(
                    member.file_id == one.id for member in service.list_members(store.id)
                ):
                    yield f"vector store {store.name} ({store.id})"


def _users_by_name(service: VersionedService, one: Orphan, going: set[str]) -> Iterator[str]:
    from foundry.reconcile.references import uses_memory, uses_skill, uses_toolbox

    uses = {
        "MemoryStore": uses_memory(one.id),
        "Toolbox": uses_toolbox(service.endpoint, one.id),
        "Skill": uses_skill(one.id),
    }[one.kind]
    for agent in service.list_agents():
        parts = service.skills_in_use(agent) if one.kind == "Skill" else service.tools_in_use(agent)
        if agent.id not in going and any(map(uses, parts)):
            yield f"agent {agent.id}"
    for toolbox in service.toolboxes.list() if one.kind == "Skill" else ():
        held = service.toolboxes.newest(toolbox).definition.get("skills") or ()
        if toolbox.id not in going and any(map(uses, held)):
            yield f"toolbox {toolbox.id}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _contents(root: Path, name: str) -> Iterator[str]:
    """SHA-256 of every content that the repository has, or had in any commit, under a file name."""
    for path in root.joinpath("stacks").rglob("*"):
        if path.name == name and path.is_file():
            yield hashlib.sha256(path.read_bytes()).hexdigest()
    listed = _git(root, "log", "--all", "--format=", "--raw", "--no-abbrev", "--", f":(glob)**/{name}")
    blobs = {
        line.split()[column]
        for line in listed.decode(errors="replace").splitlines()
        if line.startswith(":")
        for column in (2, 3)
    }
    for blob in sorted(blobs):
        if blob.strip("0"):
            yield hashlib.sha256(_git(root, "cat-file", "blob", blob)).hexdigest()


def _git(root: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False).stdout
    except OSError:
        return b""


def _counted(number: int) -> str:
    return "1 live object" if number == 1 else f"{number} live objects"
