"""Indexes of Azure AI Search. See `foundry.reconcile` for the six functions.

An index has no metadata; the mark ends its description. Its name is its id. With `rebuild: behind_alias` a change that the
service can't make in place makes a second index, whose name ends with a digest, fills it, and turns the alias to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from foundry.diff import Change, changes, digest, normal, settled
from foundry.model import UNKNOWN, FoundryError, ServiceError
from foundry.reconcile.claims import existing, is_taken_over, renewed
from foundry.reconcile.differences import content, handling, moved
from foundry.reconcile.index_changes import needs_downtime, needs_rebuild
from foundry.reconcile.inputs import HANDLING, is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import Mark, mark_in, refuse_unless_ours
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, seen
from foundry.reconcile.problems import needs
from foundry.reconcile.references import refuse_if_used, users, uses_index
from foundry.reconcile.session import SearchView, Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.reconcile.vectors import with_vectors
from foundry.service.errors import Conflict, NotFound, Unanswered, unless_missing
from foundry.service.log import PROGRESS
from foundry.service.protocols import SearchService

KIND: Final = "SearchIndex"
INPUTS: Final = (
    "owner",
    "name",
    "dialect",
    "service",
    "endpoint",
    "lifecycle",
    "definition",
    "alias",
    "rebuild",
    "downtime",
    "documents",
)
_HANDLING: Final = (*HANDLING, "alias", "rebuild", "downtime", "documents")
_BATCH: Final = 1000
_BEHIND_ALIAS: Final = "behind_alias"
_ALLOW: Final = "allow"
_NO_DOCUMENTS: Final = "-"


def check(olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs, and, where the last ones are known, what can't be changed in place."""
    definition = news.get("definition")
    problems = [*needs(news, "name", "service", "endpoint")]
    if news.get("rebuild") not in (None, "forbid", _BEHIND_ALIAS):
        problems.append(
            Problem("rebuild", f"{news.get('rebuild')!r} means nothing; write forbid or behind_alias")
        )
    if news.get("downtime") not in (None, "forbid", _ALLOW):
        problems.append(Problem("downtime", f"{news.get('downtime')!r} means nothing; write forbid or allow"))
    if news.get("rebuild") == _BEHIND_ALIAS and not news.get("alias"):
        problems.append(Problem("alias", "is missing; behind_alias needs one"))
    if definition is UNKNOWN:
        return problems
    if not isinstance(definition, Mapping) or not definition.get("name"):
        return [*problems, Problem("definition.name", "is missing; give the index a name")]
    fields = definition.get("fields")
    if fields is not UNKNOWN:
        keys = [field for field in fields or () if isinstance(field, Mapping) and field.get("key")]
        if len(keys) != 1:
            problems.append(
                Problem("definition.fields", f"has {len(keys)} key fields; an index has exactly one")
            )
    before = olds.get("definition")
    if (
        isinstance(before, Mapping)
        and before.get("name") == definition.get("name")
        and not _may_rebuild(news)
    ):
        reasons = _in_the_way(changes(KIND, before, definition, before), news)
        if reasons and "service" not in moved(olds, news, "service"):
            problems.append(Problem("definition", f"{_refusal(str(definition['name']), reasons)}; {_WAYS}"))
    return problems


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. A forced replacement deletes first, because two indexes can't have one name."""
    inside = content(KIND, olds, news)
    found = (*handling(olds, news, _HANDLING), *inside)
    renamed = any(change.path == "name" and change.new is not UNKNOWN for change in inside)
    rebuilt = _may_rebuild(news) and bool(_in_the_way(inside, news))
    elsewhere = moved(olds, news, "service")
    replaces = (*elsewhere, *(["definition"] if renamed or rebuilt else []))
    return Difference(found, replaces, delete_before_replace=not replaces)


def create(session: Session, news: Props) -> Made:
    """Makes the index, or takes over the one of that name that is ours or is to be adopted, and fills it."""
    view, owner, name = session.search(news["endpoint"]), owner_of(news), str(news["name"])
    service = view.service.waiting_for_roles()
    definition, adopt = news["definition"], lifecycle_of(news).get("adopt")
    target = str(definition["name"])
    mark = Mark(owner, name, _NO_DOCUMENTS, session.incarnation(), adopted=adopt is not None)
    live = unless_missing(lambda: service.get_index(target))
    if live is not None:
        _refuse_unclaimed(target, live, news)
        reasons = _in_the_way(changes(KIND, _unmarked(live), {**definition, "name": target}, None), news)
        if reasons and not _may_rebuild(news):
            raise FoundryError(f"index {target} exists and differs: {'; '.join(reasons)}", fix=_WAYS)
        if reasons:
            target = f"{target}-{digest(normal(KIND, definition))[:8]}"
            live = unless_missing(lambda: service.get_index(target))
            if live is not None:
                _refuse_unclaimed(target, live, news)
    told = {**definition, "name": target}
    if live is None:
        work = _Work(service, target, told, mark)
        live = _make(work)
    else:
        PROGRESS.info("index %s: found, taken over", target)
        work = _Work(service, target, told, replace(mark, digest=_merged(live)))
        live = _write(work, live)
    live = _fill(session, work, live, news.get("documents") or ())
    _point_alias(view, target, news)
    view.indexes.put(live)
    return Made(target, _outs(news, target, mark))


def read(session: Session, index: str, props: Props) -> Seen | None:
    """The live index in the words of the last declaration."""

    def live() -> Mapping[str, Any]:
        view = session.search(props["endpoint"])
        return view.indexes.find(index, view.service.list_indexes) or view.service.get_index(index)

    body = session.read(str(props["service"]), live)
    if body is None:
        return None
    _, mark = mark_in(body.get("description"))
    told = {**_unmarked(body), "name": (props.get("applied") or {}).get("name", index)}
    definition = settled(KIND, told, props.get("applied"))
    return seen(KIND, INPUTS, props, definition, mark=mark, now=session.now(), indexName=index)


def update(session: Session, index: str, olds: Props, news: Props) -> dict[str, Any]:
    """Changes the index in place, or refuses and says which field stands in the way."""
    view = session.search(news["endpoint"])
    service = view.service.waiting_for_roles()
    live = existing(f"index {index}", lambda: service.get_index(index))
    mark = renewed(
        f"index {index}", session, mark_in(live.get("description"))[1], olds, news, digest=_merged(live)
    )
    definition, applied = news["definition"], olds.get("applied") or {}
    wanted = {**definition, "name": index}
    reasons = _in_the_way(changes(KIND, _unmarked(live), wanted, {**applied, "name": index}), news)
    if reasons:
        raise FoundryError(_refusal(index, reasons), fix=_WAYS)
    untouched = only_reports(news) and not changes(KIND, applied, definition, applied)
    work = _Work(service, index, _unmarked(live) if untouched else wanted, mark)
    live = _fill(session, work, _write(work, live), news.get("documents") or ())
    _point_alias(view, index, news)
    view.indexes.put(live)
    told = definition
    if only_reports(news):
        told = settled(KIND, {**_unmarked(live), "name": definition["name"]}, definition)
    return {**_outs(news, index, mark), "definition": told, **kept_age_of_drift(olds, news, told)}


def delete(session: Session, index: str, props: Props) -> None:
    """Deletes the index if the state speaks of this very one, it has our mark, and nothing uses it."""

    def live() -> Mapping[str, Any]:
        return session.search(props["endpoint"]).service.get_index(index)

    body = session.unless_gone(str(props["service"]), live)
    if body is None:
        return
    view = session.search(props["endpoint"])
    service = view.service
    description, mark = mark_in(body.get("description"))
    if is_taken_over(f"index {index}", mark, props):
        return
    if is_let_go(props):
        PROGRESS.info("index %s: let go", index)
        view.indexes.put(service.update_index(_body(body, index, description), str(body.get("@odata.etag"))))
        return
    _refuse_if_searched(session, index)
    alias = props.get("alias")
    if alias and _alias_target(service, str(alias)) == index:
        service.delete_alias(str(alias))
    service.delete_index(index, str(body.get("@odata.etag")))
    view.indexes.drop(index)


_WAYS: Final = (
    "take the change back, or give the index another service_name (a new one is made and filled, then the old one goes), "
    "or declare alias and rebuild: behind_alias; where only new analyzers, tokenizers or filters stand in the way, "
    "downtime: allow adds them while the index is offline for some seconds"
)


def _refuse_if_searched(session: Session, index: str) -> None:
    """Asks every project that this process knows. One that is gone, or lets nobody in any more, has nothing to say."""
    for project in session.projects():
        try:
            using = list(users(project, project.service, uses_index(index)))
        except ServiceError as error:
            PROGRESS.info("index %s: users not known (%s)", index, error.what)
            continue
        refuse_if_used(f"index {index}", using)


def _refusal(index: str, reasons: Sequence[str]) -> str:
    return f"index {index} can't be changed in place (rebuild: forbid): {'; '.join(reasons)}"


def _in_the_way(found: Sequence[Change], news: Props) -> tuple[str, ...]:
    """Why these changes can't be made on the index that is there, as far as it is declared what may happen to it."""
    offline = () if news.get("downtime") == _ALLOW else needs_downtime(found)
    return (*needs_rebuild(found), *offline)


def _may_rebuild(news: Props) -> bool:
    return news.get("rebuild") == _BEHIND_ALIAS


def _refuse_unclaimed(index: str, live: Mapping[str, Any], news: Props) -> None:
    """Raises FoundryError unless the index is this stack's or is declared to be adopted."""
    _, mark = mark_in(live.get("description"))
    adopt = lifecycle_of(news).get("adopt")
    refuse_unless_ours(f"index {index}", mark, owner_of(news), adopt)
    if mark is None and (adopt is None or (adopt.get("id") or adopt.get("name")) != index):
        raise FoundryError(
            f"index {index} exists already and isn't ours",
            fix=f"choose another service_name, or take it over with lifecycle.adopt: {index}",
        )


@dataclass(frozen=True)
class _Work:
    """An index in the making: what it is to say, and the mark it is to carry."""

    service: SearchService
    index: str
    told: Mapping[str, Any]
    mark: Mark

    def body(self) -> dict[str, Any]:
        return _body(self.told, self.index, self.mark.in_description(self.told.get("description")))

    def is_done(self, live: Mapping[str, Any]) -> bool:
        return mark_in(live.get("description"))[1] == self.mark and not changes(
            KIND, _unmarked(live), self.told
        )


def _make(work: _Work) -> Mapping[str, Any]:
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


def _write(work: _Work, live: Mapping[str, Any]) -> Mapping[str, Any]:
    # Whoever wrote this far has asked whether it may be: only what needs it takes the index offline.
    offline = bool(needs_downtime(changes(KIND, _unmarked(live), work.told)))
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


def _body(definition: Mapping[str, Any], index: str, description: str) -> dict[str, Any]:
    body = {key: value for key, value in definition.items() if not key.startswith("@odata.")}
    return {**body, "name": index, "description": description}


def _unmarked(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "description": mark_in(body.get("description"))[0]}


def _merged(live: Mapping[str, Any] | None) -> str:
    """Which documents a live index says were merged in, as a digest."""
    mark = mark_in(live.get("description"))[1] if live is not None else None
    return mark.digest if mark is not None else _NO_DOCUMENTS


def _fill(
    session: Session, work: _Work, live: Mapping[str, Any], documents: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Merges the declared documents in, unless the mark says that these were merged already; returns the live index."""
    wanted = digest(sorted(str(one["sha256"]) for one in documents)) if documents else _NO_DOCUMENTS
    if wanted == work.mark.digest:
        return live
    for one in documents:
        _merge_file(session, work, one)
    return _write(replace(work, mark=replace(work.mark, digest=wanted)), live)


def _merge_file(session: Session, work: _Work, one: Mapping[str, Any]) -> None:
    path = str(one["path"])
    try:
        content = (session.root / path).read_bytes()
    except OSError as error:
        raise FoundryError(f"{path} can't be read: {error.strerror}", fix="put the file back") from None
    if hashlib.sha256(content).hexdigest() != one["sha256"]:
        raise FoundryError(f"{path} has changed since it was declared", fix="run the command again")
    batch: list[Mapping[str, Any]] = []
    for document in _documents(path, content.decode("utf-8", errors="replace")):
        batch.append(document)
        if len(batch) == _BATCH:
            _merge(session, work, path, batch)
            batch = []
    if batch:
        _merge(session, work, path, batch)


def _merge(session: Session, work: _Work, path: str, batch: Sequence[Mapping[str, Any]]) -> None:
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
                f"{path}:{number}:1: isn't JSON ({error})", fix="write one JSON object a line"
            ) from None
        if not isinstance(document, dict):
            raise FoundryError(f"{path}:{number}:1: isn't an object", fix="write one JSON object a line")
        yield document


def _point_alias(view: SearchView, index: str, news: Props) -> None:
    alias = news.get("alias")
    if not alias:
        return
    service = view.service.waiting_for_roles()
    target = _alias_target(service, str(alias))
    if target == index:
        return
    if target is not None:
        other = unless_missing(lambda: service.get_index(target))
        mark = mark_in(other.get("description"))[1] if other is not None else None
        if other is not None and (mark is None or mark.owner.stack_id != owner_of(news).stack_id):
            raise FoundryError(
                f"alias {alias} stands for index {target}, which isn't this stack's",
                fix="choose another alias",
            )
    PROGRESS.info("alias %s: now stands for %s", alias, index)
    service.put_alias(str(alias), index)


def _alias_target(service: SearchService, alias: str) -> str | None:
    try:
        return service.get_alias(alias)
    except NotFound:
        return None


def _outs(news: Props, index: str, mark: Mark) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "indexName": index,
    }
