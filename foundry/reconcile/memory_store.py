"""Memory stores of versioned agents. See `foundry.reconcile` for the six functions.

A memory store's name is its identity, and its models and options are fixed: another store would have none of its memories,
so such a change is refused and never made by replacing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from foundry.diff import changes, digest, normal, settled
from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile.claims import existing, find_named, is_taken_over, renewed
from foundry.reconcile.differences import content, handling, moved
from foundry.reconcile.inputs import HANDLING, INPUTS, is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import Mark, mark_of, marked, without_mark
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, seen
from foundry.reconcile.problems import metadata_problems, needs
from foundry.reconcile.references import refuse_if_used, users, uses_memory
from foundry.reconcile.session import Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.errors import unless_missing
from foundry.service.live import LiveMemoryStore
from foundry.service.log import PROGRESS
from foundry.service.protocols import VersionedService

KIND: Final = "MemoryStore"
_FIXED: Final = ("chat_model", "embedding_model", "options")
_WAY_OUT: Final = (
    "declare a new one under another `service_name`, and take this one away when nothing needs its memories"
)


def check(olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs."""
    definition, before = news.get("definition"), olds.get("definition")
    problems = [*needs(news, "name", "project", "endpoint")]
    if not isinstance(definition, Mapping):
        return problems
    problems += [
        Problem(f"definition.{key}", "is missing; give it a text")
        for key in ("name", "chat_model", "embedding_model")
        if not definition.get(key)
    ]
    if isinstance(before, Mapping) and before.get("name") == definition.get("name"):
        problems += [
            Problem(f"definition.{field}", f"can't change once the store is made; {_WAY_OUT}")
            for field in _fixed(before, definition)
        ]
    return [*problems, *metadata_problems(definition.get("metadata"))]


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. A changed name is another store."""
    found = (*handling(olds, news, HANDLING), *content(KIND, olds, news))
    renamed = ["definition"] if _is_renamed(olds, news) else []
    return Difference(found, (*moved(olds, news, "project"), *renamed))


def _is_renamed(olds: Props, news: Props) -> bool:
    names = [(props.get("definition") or {}).get("name") for props in (olds, news)]
    return names[0] != names[1]


def create(session: Session, news: Props) -> Made:
    """Makes the store, or takes over the one with our mark, or the one to adopt."""
    view = session.versioned(str(news["endpoint"]))
    service, definition = view.service.waiting_for_roles(), news["definition"]
    name, adopted = str(definition["name"]), lifecycle_of(news).get("adopt") is not None
    mark = Mark(
        owner_of(news),
        str(news["name"]),
        _digest(news),
        session.incarnation(),
        adopted=adopted,
        versioned=True,
    )
    live = find_named("memory store", news, service.get_memory_store, lambda store: mark_of(store.metadata))
    if live is None:

        def just_made() -> LiveMemoryStore | None:
            found = unless_missing(lambda: service.get_memory_store(name))
            is_ours = found is not None and mark_of(found.metadata) == mark
            return found if is_ours else None

        metadata = marked(mark, {}, definition.get("metadata") or {}, {})
        made = session.make_once(
            lambda: service.create_memory_store(definition, metadata), just_made, f"memory store {name}"
        )
    else:
        if fixed := _fixed(live.definition, definition):
            raise FoundryError(
                f"memory store {name}: {', '.join(fixed)} can't change once it is made", fix=_WAY_OUT
            )
        PROGRESS.info("memory store %s: taken over", name)
        made = _write(service, live, news, mark, applied={})
    view.memories.put(made)
    return Made(made.id, _outs(news, mark, definition))


def read(session: Session, store_id: str, props: Props) -> Seen | None:
    """The live store in the words of the last declaration."""

    def live() -> LiveMemoryStore:
        view = session.versioned(str(props["endpoint"]))
        listed = view.memories.look(store_id, view.service.list_memory_stores)
        return listed or view.service.get_memory_store(store_id)

    store = session.read(str(props["project"]), live)
    if store is None:
        return None
    definition, mark = settled(KIND, _unmarked(store), props.get("applied")), mark_of(store.metadata)
    return seen(KIND, INPUTS, props, definition, mark=mark, now=session.now(), memoryStoreName=store.id)


def update(session: Session, store_id: str, olds: Props, news: Props) -> dict[str, Any]:
    """Changes description, metadata and mark in place."""
    view = session.versioned(str(news["endpoint"]))
    service = view.service.waiting_for_roles()
    what = f"memory store {store_id}"
    live = existing(what, lambda: service.get_memory_store(store_id))
    mark = renewed(what, session, mark_of(live.metadata), olds, news, digest=_digest(news), versioned=True)
    made = _write(service, live, news, mark, applied=olds.get("applied") or {})
    view.memories.put(made)
    definition = news["definition"]
    told = settled(KIND, _unmarked(made), definition) if only_reports(news) else definition
    return {**_outs(news, mark, told), **kept_age_of_drift(olds, news, told)}


def delete(session: Session, store_id: str, props: Props) -> None:
    """Deletes the store with its memories, if the state speaks of this very one and no agent remembers in it."""

    def look() -> LiveMemoryStore:
        return session.versioned(str(props["endpoint"])).service.get_memory_store(store_id)

    store = session.unless_gone(str(props["project"]), look)
    if store is None:
        return
    view = session.versioned(str(props["endpoint"]))
    mark = mark_of(store.metadata)
    if is_taken_over(f"memory store {store_id}", mark, props):
        return
    if is_let_go(props):
        PROGRESS.info("memory store %s: let go", store_id)
        free = without_mark(store.metadata)
        view.memories.put(view.service.update_memory_store(store_id, store.definition, free))
        return
    refuse_if_used(f"memory store {store_id}", users(view, view.service, uses_memory(store_id)))
    view.service.delete_memory_store(store_id)
    view.memories.drop(store_id)


def _digest(news: Props) -> str:
    return digest(normal(KIND, news["definition"]))


def _write(
    service: VersionedService, live: LiveMemoryStore, news: Props, mark: Mark, *, applied: Mapping[str, Any]
) -> LiveMemoryStore:
    definition = news["definition"]
    if only_reports(news) and definition.get("description") == applied.get("description"):
        definition = {**definition, "description": live.definition.get("description")}
    metadata = marked(mark, live.metadata, definition.get("metadata") or {}, applied.get("metadata") or {})
    return service.update_memory_store(live.id, definition, metadata)


def _fixed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields that differ and can't change."""
    if UNKNOWN in after.values():
        return []
    found = changes(KIND, before, after)
    return [field for field in _FIXED if any(change.path.split(".")[0] == field for change in found)]


def _unmarked(store: LiveMemoryStore) -> dict[str, Any]:
    return {**store.definition, "metadata": without_mark(store.metadata)}


def _outs(news: Props, mark: Mark, definition: Any) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "definition": definition,
        "memoryStoreName": str(news["definition"]["name"]),
    }
