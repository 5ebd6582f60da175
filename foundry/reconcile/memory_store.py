"""Memory stores of versioned agents. See `foundry.reconcile` for the six functions.

A memory store's name is its identity, and its models and options are fixed: another store would have none of its memories,
so such a change is refused and never made by replacing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from foundry.diff import changes, digest, normal, settled
from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile.marks import KEY, Mark, mark_of, marked, refuse_unless_ours, without_mark
from foundry.reconcile.references import refuse_if_used, users, uses_memory
from foundry.reconcile.session import Session
from foundry.reconcile.shapes import (
    Difference,
    Made,
    Problem,
    Props,
    Seen,
    content,
    handling,
    is_let_go,
    lifecycle_of,
    metadata_problems,
    moved,
    needs,
    only_reports,
    outputs,
    owner_of,
    owner_props,
)
from foundry.service.errors import NotFound
from foundry.service.log import PROGRESS
from foundry.service.protocols import LiveMemoryStore, VersionedService

KIND: Final = "MemoryStore"
INPUTS: Final = ("owner", "name", "dialect", "project", "endpoint", "lifecycle", "definition")
_HANDLING: Final = ("endpoint", "owner", "name", "lifecycle")
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
    return [*problems, *metadata_problems(definition.get("metadata"), KEY)]


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. A changed name is another store."""
    found = (*handling(olds, news, _HANDLING), *content(KIND, olds, news))
    renamed = ["definition"] if _is_renamed(olds, news) else []
    return Difference(found, (*moved(olds, news, "project"), *renamed))


def _is_renamed(olds: Props, news: Props) -> bool:
    names = [(props.get("definition") or {}).get("name") for props in (olds, news)]
    return names[0] != names[1]


def create(session: Session, news: Props) -> Made:
    """Makes the store, or takes over the one with our mark, or the one to adopt."""
    view, owner = session.versioned(str(news["endpoint"])), owner_of(news)
    service, definition, adopt = (
        view.service.waiting_for_roles(),
        news["definition"],
        lifecycle_of(news).get("adopt"),
    )
    name = str(definition["name"])
    mark = _mark(news, session.incarnation(), adopted=adopt is not None)
    wanted = str(adopt.get("id") or adopt.get("name")) if adopt is not None else name
    if wanted != name:
        raise FoundryError(
            f"{news['name']!r} is called {name!r} at the service and is to adopt {wanted!r}, "
            "and a memory store can't be renamed",
            fix=f"declare `service_name: {wanted}`, or remove lifecycle.adopt",
        )
    live = _live(service, name)
    if live is None:
        if adopt is not None:
            raise FoundryError(
                f"memory store {wanted}, which {news['name']!r} is to adopt, isn't in this project",
                fix="correct lifecycle.adopt.id, or remove it to have one made",
            )

        def just_made() -> LiveMemoryStore | None:
            found = _live(service, name)
            is_ours = found is not None and mark_of(found.metadata) == mark
            return found if is_ours else None

        metadata = marked(mark, {}, definition.get("metadata") or {}, {})
        made = session.make_once(
            lambda: service.create_memory_store(definition, metadata), just_made, f"memory store {name}"
        )
    else:
        found = mark_of(live.metadata)
        refuse_unless_ours(f"memory store {name}", found, owner, adopt)
        if found is None and adopt is None:
            raise FoundryError(
                f"the project has a memory store {name!r} already, and this tool didn't make it",
                fix=f"take it over with lifecycle.adopt: {name}, or declare another `service_name`",
            )
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
        listed = view.memories.find(store_id, view.service.list_memory_stores)
        return listed or view.service.get_memory_store(store_id)

    store = session.read(str(props["project"]), live)
    if store is None:
        return None
    mark = mark_of(store.metadata)
    outs = {
        **props,
        "definition": settled(KIND, _unmarked(store), props.get("applied")),
        "owner": owner_props(mark.owner if mark else None),
        "name": mark.name if mark else "",
        "memoryStoreName": store.id,
    }
    return Seen(outs, {key: outs[key] for key in INPUTS if key in outs})


def update(session: Session, store_id: str, olds: Props, news: Props) -> dict[str, Any]:
    """Changes description, metadata and mark in place."""
    view = session.versioned(str(news["endpoint"]))
    service = view.service.waiting_for_roles()
    live = _live(service, store_id)
    if live is None:
        raise FoundryError(f"memory store {store_id} is gone", fix="run `pulumi refresh`, then up again")
    found, adopt = mark_of(live.metadata), lifecycle_of(news).get("adopt")
    refuse_unless_ours(
        f"memory store {store_id}", found, owner_of(news), adopt, incarnation=olds.get("incarnation")
    )
    kept = found is not None and found.incarnation == olds.get("incarnation")
    mark = _mark(
        news,
        str(olds["incarnation"]) if kept else session.incarnation(),
        adopted=bool(olds.get("adopted")) or adopt is not None,
    )
    made = _write(service, live, news, mark, applied=olds.get("applied") or {})
    view.memories.put(made)
    return _outs(news, mark, news["definition"])


def delete(session: Session, store_id: str, props: Props) -> None:
    """Deletes the store with its memories, if the state speaks of this very one and no agent remembers in it."""

    def look() -> LiveMemoryStore:
        return session.versioned(str(props["endpoint"])).service.get_memory_store(store_id)

    store = session.unless_gone(str(props["project"]), look)
    if store is None:
        return
    view = session.versioned(str(props["endpoint"]))
    mark = mark_of(store.metadata)
    if mark is None or mark.incarnation != props.get("incarnation"):
        PROGRESS.info("memory store %s: taken over since; left alone", store_id)
        return
    if is_let_go(props):
        PROGRESS.info("memory store %s: let go", store_id)
        free = without_mark(store.metadata)
        view.memories.put(view.service.update_memory_store(store_id, store.definition, free))
        return
    refuse_if_used(f"memory store {store_id}", users(view, view.service, uses_memory(store_id)))
    view.service.delete_memory_store(store_id)
    view.memories.drop(store_id)


def _live(service: VersionedService, name: str) -> LiveMemoryStore | None:
    try:
        return service.get_memory_store(name)
    except NotFound:
        return None


def _mark(news: Props, incarnation: str, *, adopted: bool) -> Mark:
    word = digest(normal(KIND, news["definition"]))
    return Mark(owner_of(news), str(news["name"]), word, incarnation, adopted=adopted, versioned=True)


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
