"""Writing a search index and filling it with documents, so that either may be cut off and repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from foundry.diff import changes, digest
from foundry.model import FoundryError
from foundry.reconcile.index_changes import needs_downtime
from foundry.reconcile.local_files import content_of
from foundry.reconcile.marks import Mark, mark_in
from foundry.reconcile.session import Session
from foundry.reconcile.vectors import with_vectors
from foundry.service.errors import Conflict, Unanswered, unless_missing
from foundry.service.log import PROGRESS
from foundry.service.protocols import SearchService

KIND: Final = "SearchIndex"
NO_DOCUMENTS: Final = "-"
"""The digest in the mark of an index into which nothing was merged."""
_BATCH: Final = 1000
"""Documents that one request merges at most (Azure docs, "Add, update or delete documents")."""


@dataclass(frozen=True)
class IndexWork:
    """An index in the making: what it is to say, and the mark it is to carry."""

    service: SearchService
    index: str
    told: Mapping[str, Any]
    mark: Mark

    def body(self) -> dict[str, Any]:
        """The body to send."""
        return body_of(self.told, self.index, self.mark.in_description(self.told.get("description")))

    def is_done(self, live: Mapping[str, Any]) -> bool:
        """Whether the live index says all of it already."""
        return mark_in(live.get("description"))[1] == self.mark and not changes(
            KIND, unmarked(live), self.told
        )


def make(work: IndexWork) -> Mapping[str, Any]:
    """Makes the index; a lost answer makes no second one. Raises Conflict if somebody else made it."""
    try:
        return work.service.create_index(work.body())
    except (Unanswered, Conflict) as error:
        live = unless_missing(lambda: work.service.get_index(work.index))
        if live is None and isinstance(error, Unanswered):
            # The name is unique: asking again can't make a second one.
            return work.service.create_index(work.body())
        if live is None or mark_in(live.get("description"))[1] != work.mark:
            raise
        return live


def write(work: IndexWork, live: Mapping[str, Any]) -> Mapping[str, Any]:
    """Makes the live index what is told. Raises Conflict if somebody else was faster."""
    # Whoever wrote this far has asked whether it may be: only what needs it takes the index offline.
    offline = bool(needs_downtime(changes(KIND, unmarked(live), work.told)))
    if offline:
        PROGRESS.info("index %s: offline for some seconds, while its analysis changes", work.index)
    try:
        return work.service.update_index(work.body(), str(live.get("@odata.etag")), offline=offline)
    except (Unanswered, Conflict):
        # Either our own request was acted upon though its answer was lost, or somebody else was faster.
        now = work.service.get_index(work.index)
        if work.is_done(now):
            return now
        if now.get("@odata.etag") == live.get("@odata.etag"):
            return work.service.update_index(work.body(), str(now.get("@odata.etag")), offline=offline)
        raise


def body_of(definition: Mapping[str, Any], index: str, description: str) -> dict[str, Any]:
    """The body of an index under a name, with a description."""
    body = {key: value for key, value in definition.items() if not key.startswith("@odata.")}
    return {**body, "name": index, "description": description}


def unmarked(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as people declared it."""
    return {**body, "description": mark_in(body.get("description"))[0]}


def merged_documents(live: Mapping[str, Any] | None) -> str:
    """Which documents a live index says were merged in, as a digest."""
    mark = mark_in(live.get("description"))[1] if live is not None else None
    return mark.digest if mark is not None else NO_DOCUMENTS


def fill(
    session: Session, work: IndexWork, live: Mapping[str, Any], documents: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Merges the declared documents in, unless the mark says that these were merged already; returns the live index."""
    wanted = digest(sorted(str(one["sha256"]) for one in documents)) if documents else NO_DOCUMENTS
    if wanted == work.mark.digest:
        return live
    for one in documents:
        _merge_file(session, work, one)
    return write(replace(work, mark=replace(work.mark, digest=wanted)), live)


def _merge_file(session: Session, work: IndexWork, one: Mapping[str, Any]) -> None:
    path = str(one["path"])
    content = content_of(session.root, path, str(one["sha256"]))
    batch: list[Mapping[str, Any]] = []
    for document in _documents(path, content.decode("utf-8", errors="replace")):
        batch.append(document)
        if len(batch) == _BATCH:
            _merge(session, work, path, batch)
            batch = []
    if batch:
        _merge(session, work, path, batch)


def _merge(session: Session, work: IndexWork, path: str, batch: Sequence[Mapping[str, Any]]) -> None:
    index = work.index
    refused = work.service.merge_documents(index, with_vectors(session.services, work.told, batch))
    if refused:
        more = f" and {len(refused) - 5} more" if len(refused) > 5 else ""
        raise FoundryError(
            f"index {index} refused documents of {path}: {'; '.join(refused[:5])}{more}",
            fix="mend these documents and run the command again; those merged before stay",
        )


def _documents(path: str, text: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except ValueError as error:
            raise FoundryError(
                f"{path}:{number}:1: isn't JSON ({error})", fix="write one JSON object per line"
            ) from None
        if not isinstance(document, dict):
            raise FoundryError(f"{path}:{number}:1: isn't an object", fix="write one JSON object per line")
        yield document
