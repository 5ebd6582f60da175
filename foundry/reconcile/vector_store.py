"""Vector stores of either dialect. See `foundry.reconcile` for the six functions.

The service tells a store's name, metadata and expiry, and its members by file id; how its files were cut into chunks and
which data sources it was made over it doesn't tell, so the mark's digest keeps both: `<data sources>.<chunking>.<all>`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from foundry.diff import digest, normal, same, settled
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
from foundry.service.errors import Unanswered
from foundry.service.live import LiveStore, StoreMember
from foundry.service.log import PROGRESS
from foundry.service.protocols import KnowledgeService

KIND: Final = "VectorStore"
_BATCH: Final = 500
_BROKEN: Final = frozenset({"failed", "cancelled"})
_MOST_ATTRIBUTES: Final = 16
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
    counts = _fill(session, view, live.id, definition, before={}, only_declared=False)
    if mark_of(live.metadata) != mark:
        view.stores.put(_write(service, live, definition, mark, applied={}))
    return Made(live.id, _outs(news, live.id, mark, definition, counts))


def read(session: Session, store_id: str, props: Props) -> Seen | None:
    """The live store in the words of the last declaration. An expired one is gone: it can't be searched any more."""
    known = props.get("definition") or {}

    def live() -> tuple[LiveStore, dict[str, Any]]:
        view = session.knowledge(props)
        service = view.service
        store = view.stores.find(store_id, service.list_stores) or service.get_store(store_id)
        definition: dict[str, Any] = {
            "name": store.name,
            "metadata": without_mark(store.metadata),
            "expires_after_days": store.expires_after_days,
            "chunking_strategy": known.get("chunking_strategy"),
            "data_sources": known.get("data_sources"),
        }
        if not known.get("data_sources"):
            definition["files"] = _files(view, service, store_id, props)
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
    counts = _fill(session, view, store_id, definition, before=applied, only_declared=only_reports(news))
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


def _fill(
    session: Session,
    view: KnowledgeView,
    store_id: str,
    definition: Mapping[str, Any],
    *,
    before: Mapping[str, Any],
    only_declared: bool,
) -> dict[str, int]:
    """Brings the members to what is declared and waits until they are processed; returns the file counts.

    `before` is the declaration that was applied last; `only_declared` (drift is only reported) limits it to what the
    declaration itself changed.
    """
    service = view.service.waiting_for_roles()
    paths = _paths_by_id(definition)
    waiting = _Wait(session, service, store_id, definition, paths)
    if definition.get("data_sources"):
        waiting.until_processed()
        return dict(service.get_store(store_id).file_counts)
    members = {member.file_id: member for member in service.list_members(store_id)}
    usable = {file_id for file_id, member in members.items() if member.status not in _BROKEN}
    if only_declared:
        had = set(_paths_by_id(before))
        additions, removals = set(paths) - had - usable, (had - set(paths)) & set(members)
    else:
        additions, removals = set(paths) - usable, set(members) - set(paths)
    for file_id in sorted(additions & set(members)):
        service.detach(store_id, file_id)
    chunking = definition.get("chunking_strategy")
    ordered = sorted(additions, key=lambda file_id: paths[file_id])
    for start in range(0, len(ordered), _BATCH):
        waiting.attach(ordered[start : start + _BATCH])
    if paths:
        waiting.until_processed()
    if not only_declared:
        # Only in an adopted store. The service takes no file twice, so one after the other is cut anew.
        for file_id in sorted(
            file_id for file_id in usable & set(paths) if _is_cut_otherwise(members[file_id], chunking)
        ):
            service.detach(store_id, file_id)
            waiting.attach([file_id])
            waiting.until_processed()
            members.pop(file_id)
    _describe(service, store_id, definition, members, before=before, only_declared=only_declared)
    for file_id in sorted(removals):
        service.detach(store_id, file_id)
    view.forget_members(store_id)
    return dict(service.get_store(store_id).file_counts)


def _describe(
    service: KnowledgeService,
    store_id: str,
    definition: Mapping[str, Any],
    members: Mapping[str, StoreMember],
    *,
    before: Mapping[str, Any],
    only_declared: bool,
) -> None:
    """Gives files that were in the store before the attributes that are declared, and leaves what others put there."""
    wanted, had = _attributes_by_id(definition), _attributes_by_id(before)
    for file_id, path in sorted(_paths_by_id(definition).items(), key=lambda pair: pair[1]):
        if file_id not in members or members[file_id].status in _BROKEN:
            continue
        ours, theirs, live = wanted.get(file_id, {}), had.get(file_id, {}), members[file_id].attributes
        if only_declared and same(ours, theirs):
            continue
        told = {**{name: value for name, value in live.items() if name not in theirs}, **ours}
        if len(told) > _MOST_ATTRIBUTES:
            raise FoundryError(
                f"{path} in vector store {definition.get('name')} ({store_id}) would have {len(told)} attributes, of which "
                f"{_MOST_ATTRIBUTES} fit; not declared are: {', '.join(sorted(set(told) - set(ours)))}",
                fix="declare fewer attributes, or delete those that somebody else added",
            )
        if not same(told, live):
            service.describe_member(store_id, file_id, told)


def _attributes_by_id(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        str(file["file_id"]): file["attributes"]
        for file in definition.get("files") or ()
        if file.get("attributes")
    }


class _Wait:
    """Attaches files and waits, for a bounded time, until the service has processed them."""

    def __init__(
        self,
        session: Session,
        service: KnowledgeService,
        store_id: str,
        definition: Mapping[str, Any],
        paths: Mapping[str, str],
    ) -> None:
        self._session = session
        self._service = service
        self._store_id = store_id
        self._name = str(definition.get("name"))
        self._paths = paths
        self._chunking = definition.get("chunking_strategy")
        self._attributes = _attributes_by_id(definition)
        self._started = session.patience.timing.clock()

    def attach(self, file_ids: Sequence[str]) -> None:
        missing, began, pause = list(file_ids), self._session.patience.timing.clock(), 0.5
        while missing:
            try:
                batch = self._service.attach(self._store_id, missing, self._chunking, self._attributes)
            except Unanswered:
                # Attaching is told by the members; what arrived isn't asked for again.
                present = {member.file_id for member in self._service.list_members(self._store_id)}
                missing = [file_id for file_id in missing if file_id not in present]
                if self._session.patience.timing.clock() - began > self._session.patience.retry_budget:
                    raise
                self._pause(pause, "to be asked for again")
                pause = min(pause * 2, 20.0)
            else:
                self._until(partial(self._is_batch_over, batch))
                return

    def _is_batch_over(self, batch: str) -> bool:
        return self._service.batch_status(self._store_id, batch) != "in_progress"

    def until_processed(self) -> None:
        """Raises FoundryError naming each file that the service failed to process, with its reason."""
        self._until(lambda: not self._service.get_store(self._store_id).file_counts.get("in_progress"))
        failed = [
            f"{self._paths.get(member.file_id, member.file_id)}: {member.reason or member.status}"
            for member in self._service.list_members(self._store_id)
            if member.status in _BROKEN and (member.file_id in self._paths or not self._paths)
        ]
        if failed:
            raise FoundryError(
                f"vector store {self._name} ({self._store_id}): the service failed to process {'; '.join(sorted(failed))}",
                fix="mend or leave out the file, then run the command again",
            )

    def _until(self, done: Callable[[], bool]) -> None:
        pause = 0.25
        while not done():
            self._pause(pause, "to be processed")
            pause = min(pause * 1.5, 5.0)

    def _pause(self, seconds: float, what: str) -> None:
        timing, longest = self._session.patience.timing, self._session.patience.processing
        waited = timing.clock() - self._started
        if waited + seconds > longest:
            counts = self._service.get_store(self._store_id).file_counts
            raise FoundryError(
                f"vector store {self._name} ({self._store_id}): {counts.get('in_progress', 0)} of "
                f"{counts.get('total', 0)} files still wait {what} after {waited:.0f} s",
                fix="run the command again; it goes on waiting. FAC_PROCESSING_WAIT_SECONDS sets the bound",
            )
        PROGRESS.info("vector store %s: waiting for files %s, %d s", self._name, what, waited)
        timing.sleep(seconds)


def _files(
    view: KnowledgeView, service: KnowledgeService, store_id: str, props: Props
) -> list[dict[str, Any]]:
    """The members as a definition lists them; what we didn't attach goes by its name at the service."""
    known = {
        file["file_id"]: file
        for source in (props.get("applied") or {}, props.get("definition") or {})
        for file in source.get("files") or ()
    }
    found: list[dict[str, Any]] = []
    for member in view.members(store_id).all(lambda: service.list_members(store_id)):
        if member.status in _BROKEN:
            continue
        told = {"attributes": dict(member.attributes)} if member.attributes else {}
        if member.file_id in known:
            entry = {key: value for key, value in known[member.file_id].items() if key != "attributes"}
            found.append({**entry, **told})
        else:
            file = view.files.find(member.file_id, service.list_files)
            name = file.filename if file is not None else member.file_id
            found.append({"path": name, "sha256": "", "file_id": member.file_id, **told})
    return sorted(found, key=lambda file: (str(file["path"]), str(file["file_id"])))


def _paths_by_id(definition: Mapping[str, Any]) -> dict[str, str]:
    """Path by file id, one for each content: equal contents are in a store once."""
    by_content: dict[str, tuple[str, str]] = {}
    for file in sorted(definition.get("files") or (), key=lambda file: str(file["path"])):
        by_content.setdefault(
            str(file.get("sha256") or file["file_id"]), (str(file["file_id"]), str(file["path"]))
        )
    return dict(by_content.values())


def _is_cut_otherwise(member: StoreMember, chunking: Mapping[str, Any] | None) -> bool:
    """Whether a file is cut in another way than is declared; `auto` may mean any."""
    return chunking is not None and chunking.get("type") == "static" and member.chunking != chunking


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
