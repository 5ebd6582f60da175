"""What the adoptions that a stack declares would change: told after a preview, from the live objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from foundry.model import FoundryError, ServiceError

if TYPE_CHECKING:
    from foundry.cli.engines import Run
    from foundry.cli.standing import Standing
    from foundry.model import Manifest
    from foundry.reconcile.marks import Mark
    from foundry.transfer.adoption import Adoption

_LONG = 60


def tell(
    run: Run,
    manifest: Manifest,
    preview: Callable[[], Mapping[str, Any] | None],
    say: Callable[[str], None],
) -> None:
    """Say of each object that the next `up` would take over what that would change; nothing where there is none.

    `preview` gives the document of a preview, or None; it is called only if something is to be taken over.
    """
    wanted = set(_adopting(manifest))
    if not wanted:
        return
    from foundry.cli.standing import Standing, exported
    from foundry.transfer.adoption import adoptions

    try:
        resources = exported(run)
    except FoundryError:
        resources = ()
    stands = Standing(run, {}, resources)
    if wanted <= {(one.declared, one.name) for one in stands.held}:
        return
    # An asset that comes with its index from another stack has no version to look at yet.
    found = tuple(
        one
        for one in adoptions(preview() or {})
        if one.kind != "IndexAsset" or "/versions/" in one.adopt["id"]
    )
    if found:
        say("\nTaking over (nothing live is touched before `fac up`):")
    found = tuple(_with_id(stands, one) for one in found)
    taken = {one.urn: str(one.adopt.get("id")) for one in found}
    for one in found:
        for line in _told(stands, one, taken, str(manifest.owner.stack_id)):
            say(line)


def _adopting(manifest: Manifest) -> Iterator[tuple[str, str]]:
    for kind, declared in (
        ("Agent", manifest.agents),
        ("VectorStore", manifest.vector_stores),
        ("SearchIndex", manifest.search_indexes),
        ("MemoryStore", manifest.memory_stores),
        ("Toolbox", manifest.toolboxes),
        ("Skill", manifest.skills),
    ):
        for one in declared:
            if one.lifecycle.adopt is not None:
                yield kind, one.name
    for index in manifest.search_indexes:
        if index.asset is not None and index.asset.adopt is not None:
            yield "IndexAsset", index.name


def _with_id(stands: Standing, one: Adoption) -> Adoption:
    """The adoption by id, where a name says which one is meant."""
    from foundry.reconcile.claims import only_called

    name = one.adopt.get("name")
    if "id" in one.adopt or name is None:
        return one
    if one.kind in ("SearchIndex", "VersionedAgent", "MemoryStore", "Toolbox", "Skill"):
        return replace(one, adopt={**one.adopt, "id": name})
    versioned = one.kind.startswith("Versioned")
    service = (stands.services.versioned if versioned else stands.services.project)(one.endpoint)
    found = only_called(name, service.list_agents() if one.kind == "Agent" else service.list_stores())
    return one if found is None else replace(one, adopt={**one.adopt, "id": found})


def _told(stands: Standing, one: Adoption, taken: Mapping[str, str], stack_id: str) -> Iterator[str]:
    from foundry.service.errors import NotFound
    from foundry.transfer.adoption import would_change, would_change_in_place

    identifier = str(one.adopt.get("id"))
    if "id" not in one.adopt:
        yield f"  {one.kind}  {one.name}: nothing, or more than one thing, is called {one.adopt.get('name')!r}"
        return
    title = f"  {one.kind}  {one.name}  {identifier}"
    try:
        live = _live(stands, one, identifier)
    except NotFound as error:
        # What stands beside an adopted index, and what evaluates an adopted agent, is made where it isn't there.
        if one.kind not in ("SearchObject", "EvaluationRule"):
            yield f"{title}: {error.what}"
        return
    except ServiceError as error:
        yield f"{title}: {error.what}"
        return
    mark = live.mark
    if mark is not None and mark.owner.stack_id != stack_id and one.adopt.get("from") != mark.source:
        yield f"{title}: refused, it belongs to {mark.source}; that stack has to let it go first"
        return
    found = (*would_change(one, live.definition, taken), *would_change_in_place(one, live.serving))
    if one.kind.endswith("VectorStore"):
        found = tuple(change for change in found if not change.path.startswith(("files", "chunking")))
        files = len(one.definition.get("files") or ())
        title += f" ({files} {'file is' if files == 1 else 'files are'} attached anew, under this stack's names, before those there are taken out)"
    if one.documents:
        title += f" (the documents of {one.documents} {'file' if one.documents == 1 else 'files'} are merged in by their keys)"
    if not found:
        yield f"{title}: as declared; only the mark is written"
        return
    yield f"{title}: {'1 field' if len(found) == 1 else f'{len(found)} fields'} would change"
    for change in found:
        yield f"      ~ {change.path}: {_short(change.old)} => {_short(change.new)}"


@dataclass(frozen=True)
class _Live:
    """The live object without its mark, and the mark. `serving` is what belongs to no version of a versioned agent."""

    definition: Mapping[str, Any]
    mark: Mark | None
    serving: Mapping[str, Any] = field(default_factory=dict)


def _live(stands: Standing, one: Adoption, identifier: str) -> _Live:
    from foundry.reconcile.marks import mark_in, mark_of, without_mark

    services, versioned = stands.services, one.kind.startswith("Versioned")
    project = (services.versioned if versioned else services.project)(one.endpoint)
    match one.kind:
        case "Agent" | "VersionedAgent":
            agent = project.get_agent(identifier)
            told = {**agent.definition, "metadata": without_mark(agent.metadata)}
            return _Live(told, mark_of(agent.metadata), getattr(agent, "serving", {}))
        case "VectorStore" | "VersionedVectorStore":
            store = project.get_store(identifier)
            told = {
                "name": store.name,
                "metadata": without_mark(store.metadata),
                "expires_after_days": store.expires_after_days,
            }
            return _Live(told, mark_of(store.metadata))
        case "MemoryStore":
            memory = services.versioned(one.endpoint).get_memory_store(identifier)
            told = {**memory.definition, "metadata": without_mark(memory.metadata)}
            return _Live(told, mark_of(memory.metadata))
        case "EvaluationRule":
            body = services.versioned(one.endpoint).evaluations.get_rule(identifier).definition
        case "Toolbox" | "Skill":
            place = services.versioned(one.endpoint)
            numbered = place.toolboxes if one.kind == "Toolbox" else place.skills
            newest = numbered.newest(numbered.get(identifier))
            told = {**newest.definition, "metadata": without_mark(newest.metadata)}
            return _Live(told, mark_of(newest.metadata))
        case "IndexAsset":
            name, _, version = identifier.partition("/versions/")
            asset = services.versioned(one.endpoint).indexes.get(name, version)
            told = {**asset.definition, "tags": without_mark(asset.tags)}
            return _Live(told, mark_of(asset.tags))
        case "SearchObject":
            body = services.search(one.endpoint).get_object(one.family, identifier)
        case _:
            body = {
                **services.search(one.endpoint).get_index(identifier),
                "name": one.definition.get("name"),
            }
    description, mark = mark_in(body.get("description"))
    return _Live({**body, "description": description}, mark)


def _short(value: Any) -> str:
    from foundry.model import UNKNOWN

    if value is UNKNOWN:
        return "known after the update"
    if value is None:
        return "not set"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
