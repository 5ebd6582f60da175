"""Vector stores of either dialect. See `foundry.reconcile` for the six functions.

The service tells a store's name, metadata and expiry, and its members by file id; how its files were cut into chunks and
which data sources it was made over it doesn't tell, so the mark's digest keeps both: `<data sources>.<chunking>.<all>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from foundry.diff import digest, normal, settled
from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile.claims import (
    existing,
    find_claimed,
    is_taken_over,
    refuse_another_id,
    renewed,
    with_incarnation,
)
from foundry.reconcile.differences import content, handling, moved
from foundry.reconcile.inputs import (
    HANDLING,
    INPUTS,
    is_let_go,
    is_versioned,
    lifecycle_of,
    only_reports,
    owner_of,
)
from foundry.reconcile.marks import KEY, Mark, mark_of, marked, without_mark
from foundry.reconcile.outcomes import outputs, seen
from foundry.reconcile.problems import metadata_problems, needs
from foundry.reconcile.references import refuse_if_used, users, uses_store
from foundry.reconcile.session import KnowledgeView, Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.reconcile.store_files import files_of, fill
from foundry.service.live import LiveStore
from foundry.service.log import PROGRESS
from foundry.service.protocols import KnowledgeService

KIND: Final = "VectorStore"
_FIXED: Final = ("data_sources", "chunking_strategy")
_SUPERSEDED: Final = "~superseded"


def check(_olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs."""
    definition = news.get("definition")
    problems = [*needs(news, "name", "project", "endpoint")]
    if definition is UNKNOWN:
        return problems
    if not isinstance(definition, Mapping) or not definition.get("name"):
        return [*problems, Problem("definition.name", "is missing; give it a text")]
    files, sources = definition.get("files"), definition.get("data_sources")
    if files and sources:
        problems.append(
            Problem("definition", "has both files and data_sources; a store has one or the other")
        )
    if isinstance(files, Sequence) and len(files) > 10_000:
        problems.append(Problem("definition.files", f"has {len(files)} files; 10,000 is the most"))
    return [*problems, *metadata_problems(definition.get("metadata"))]


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. A store over other data sources, or with files cut in another way, is another store.

    The service can't cut a file anew while it stays searchable, so the new store is filled before agents turn to it.
    """
    found = (*handling(olds, news, HANDLING), *content(KIND, olds, news))
    another = any(change.path in _FIXED for change in found)
    return Difference(found, (*moved(olds, news, "project"), *(["definition"] if another else [])))


def create(session: Session, news: Props) -> Made:
    """Makes the store, or takes over the one with our mark, and fills it."""
    view, owner, name = session.knowledge(news), owner_of(news), str(news["name"])
    service = view.service.waiting_for_roles()
    definition, adopt = news["definition"], lifecycle_of(news).get("adopt")
    mark = Mark(
        owner,
        name,
        _digest(definition),
        session.incarnation(),
        adopted=adopt is not None,
        versioned=is_versioned(news),
    )

    def claimed() -> LiveStore | None:
        listed = view.stores.all(service.list_stores)
        return find_claimed(
            "vector store",
            owner,
            name,
            adopt=adopt,
            listed=listed,
            get=service.get_store,
            versioned=is_versioned(news),
        )

    def just_made() -> LiveStore | None:
        view.stores.forget()
        return with_incarnation(view.stores.all(service.list_stores), mark.incarnation)

    live = session.first_look_up(view.stores, claimed)
    live = live and _usable(view, service, live, mark, adopting=adopt is not None)
    if live is None:
        metadata = marked(mark, {}, definition.get("metadata") or {}, {})
        live = session.make_once(
            lambda: service.create_store(definition, metadata), just_made, f"vector store {name}"
        )
    else:
        PROGRESS.info("vector store %s: found as %s, taken over", name, live.id)
        live = _write(service, live, definition, _claiming(mark, mark_of(live.metadata)), applied={})
    view.stores.put(live)
    counts = fill(session, view, live.id, definition, before={}, only_declared=False)
    if mark_of(live.metadata) != mark:
        view.stores.put(_write(service, live, definition, mark, applied={}))
    return Made(live.id, _outs(news, live.id, mark, definition, counts))


def read(session: Session, store_id: str, props: Props) -> Seen | None:
    """The live store in the words of the last declaration. An expired one is gone: it can't be searched any more."""
    known = props.get("definition") or {}

    def live() -> tuple[LiveStore, dict[str, Any]]:
        view = session.knowledge(props)
        service = view.service
        store = view.stores.look(store_id, service.list_stores) or service.get_store(store_id)
        definition: dict[str, Any] = {
            "name": store.name,
            "metadata": without_mark(store.metadata),
            "expires_after_days": store.expires_after_days,
            "chunking_strategy": known.get("chunking_strategy"),
            "data_sources": known.get("data_sources"),
        }
        if not known.get("data_sources"):
            definition["files"] = files_of(view, service, store_id, props)
        return store, definition

    found = session.read(str(props["project"]), live)
    if found is None or found[0].status == "expired":
        return None
    store, definition = found
    mark = mark_of(store.metadata)
    told = settled(KIND, definition, props.get("applied"))
    counts = dict(store.file_counts)
    return seen(
        KIND, INPUTS, props, told, mark=mark, now=session.now(), vectorStoreId=store_id, fileCounts=counts
    )


def update(session: Session, store_id: str, olds: Props, news: Props) -> dict[str, Any]:
    """Makes the live store what is declared: new files are searchable before old ones are taken out."""
    view, what = session.knowledge(news), f"vector store {store_id}"
    service = view.service.waiting_for_roles()
    live = existing(what, lambda: service.get_store(store_id))
    refuse_another_id("vector store", store_id, news)
    found, word = mark_of(live.metadata), _digest(news["definition"])
    mark = renewed(what, session, found, olds, news, digest=word, versioned=is_versioned(news))
    definition, applied = news["definition"], olds.get("applied") or {}
    live = _write(service, live, definition, _claiming(mark, found), applied=applied)
    view.stores.put(live)
    counts = fill(session, view, store_id, definition, before=applied, only_declared=only_reports(news))
    if mark_of(live.metadata) != mark:
        view.stores.put(_write(service, live, definition, mark, applied=applied))
    return _outs(news, store_id, mark, definition, counts)


def delete(session: Session, store_id: str, props: Props) -> None:
    """Deletes the store if the state speaks of this very one and no agent searches it; its files stay."""

    def live() -> LiveStore:
        return session.knowledge(props).service.get_store(store_id)

    store = session.unless_gone(str(props["project"]), live)
    if store is None:
        return
    view = session.knowledge(props)
    mark = mark_of(store.metadata)
    if is_taken_over(f"vector store {store_id}", mark, props):
        return
    if is_let_go(props):
        PROGRESS.info("vector store %s: let go", store_id)
        as_it_is = {"name": store.name, "expires_after_days": store.expires_after_days}
        view.stores.put(view.service.update_store(store_id, as_it_is, without_mark(store.metadata)))
        return
    refuse_if_used(
        f"vector store {props['name']} ({store_id})", users(view, view.service, uses_store(store_id))
    )
    view.service.delete_store(store_id)
    view.stores.drop(store_id)
    view.forget_members(store_id)


def _usable(
    view: KnowledgeView, service: KnowledgeService, live: LiveStore, mark: Mark, *, adopting: bool
) -> LiveStore | None:
    """The claimed store, unless it can't become what is declared; then it steps aside."""
    found = mark_of(live.metadata)
    if live.status == "expired":
        if adopting:
            raise FoundryError(
                f"vector store {live.id} has expired and can't be adopted",
                fix="remove lifecycle.adopt to have a new one made",
            )
        service.delete_store(live.id)
        view.stores.drop(live.id)
        return None
    if found is not None and not adopting and _parts(found)[:2] != _parts(mark)[:2]:
        if next(users(view, service, uses_store(live.id)), None) is None:
            service.delete_store(live.id)
            view.stores.drop(live.id)
            return None
        # The engine deletes it by its incarnation once everything refers to the new one.
        aside = replace(found, name=found.name + _SUPERSEDED)
        as_it_is = {"name": live.name, "expires_after_days": live.expires_after_days}
        metadata = {**live.metadata, KEY: aside.text()}
        view.stores.put(service.update_store(live.id, as_it_is, metadata))
        return None
    return live


def _claiming(mark: Mark, found: Mark | None) -> Mark:
    """The mark for the time in which the files aren't all in place: ours, but with the digest of what was before."""
    before = found.digest if found is not None else "-.-.-"
    return replace(mark, digest=before)


def _write(
    service: KnowledgeService,
    live: LiveStore,
    definition: Mapping[str, Any],
    mark: Mark,
    *,
    applied: Mapping[str, Any],
) -> LiveStore:
    metadata = marked(mark, live.metadata, definition.get("metadata") or {}, applied.get("metadata") or {})
    return service.update_store(live.id, definition, metadata)


def _digest(definition: Mapping[str, Any]) -> str:
    sources = normal(KIND, {"data_sources": definition.get("data_sources")})
    chunking = normal(KIND, {"chunking_strategy": definition.get("chunking_strategy")})
    return ".".join(digest(part)[:8] for part in (sources, chunking, normal(KIND, definition)))


def _parts(mark: Mark) -> list[str]:
    return mark.digest.split(".")


def _outs(
    news: Props, store_id: str, mark: Mark, definition: Mapping[str, Any], counts: Mapping[str, int]
) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "definition": definition,
        "vectorStoreId": store_id,
        "fileCounts": dict(counts),
    }
