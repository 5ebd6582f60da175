"""The files of a vector store: attached in batches, waited for, described and detached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from foundry.diff import same
from foundry.model import FoundryError
from foundry.reconcile.session import KnowledgeView, Session
from foundry.reconcile.shapes import Props
from foundry.service.errors import Unanswered
from foundry.service.live import StoreMember
from foundry.service.log import PROGRESS
from foundry.service.protocols import KnowledgeService

_BATCH: Final = 500
"""Files that one request attaches at most (data plane of the Agent Service)."""
_BROKEN: Final = frozenset({"failed", "cancelled"})
_MOST_ATTRIBUTES: Final = 16


def fill(
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
    waiting = _Filling(session, service, store_id, definition, paths)
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


class _Filling:
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


def files_of(
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
