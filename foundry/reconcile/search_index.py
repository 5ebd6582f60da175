"""Indexes of Azure AI Search. See `foundry.reconcile` for the six functions.

An index has no metadata; the mark ends its description. Its name is its id. With `rebuild: behind_alias` a change that the
service can't make in place makes a second index, whose name ends with a digest, fills it, and turns the alias to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from foundry.diff import Change, changes, digest, normal, settled
from foundry.model import UNKNOWN, FoundryError, ServiceError
from foundry.reconcile import aliases
from foundry.reconcile.claims import existing, is_taken_over, renewed
from foundry.reconcile.differences import content, handling, moved, only_edits
from foundry.reconcile.index_changes import needs_downtime, needs_rebuild
from foundry.reconcile.index_writing import (
    KIND,
    NO_DOCUMENTS,
    IndexWork,
    body_of,
    fill,
    make,
    merged_documents,
    unmarked,
    write,
)
from foundry.reconcile.inputs import HANDLING, is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import Mark, mark_in, refuse_unless_ours
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, seen
from foundry.reconcile.problems import needs
from foundry.reconcile.references import refuse_if_used, users, uses_index
from foundry.reconcile.session import Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.errors import unless_missing
from foundry.service.log import PROGRESS

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
_BEHIND_ALIAS: Final = "behind_alias"
_ALLOW: Final = "allow"


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
    mark = Mark(owner, name, NO_DOCUMENTS, session.incarnation(), adopted=adopt is not None)
    live = unless_missing(lambda: service.get_index(target))
    if live is not None:
        _refuse_unclaimed(target, live, news)
        reasons = _in_the_way(changes(KIND, unmarked(live), {**definition, "name": target}, None), news)
        if reasons and not _may_rebuild(news):
            raise FoundryError(f"index {target} exists and differs: {'; '.join(reasons)}", fix=_WAYS)
        if reasons:
            target = f"{target}-{digest(normal(KIND, definition))[:8]}"
            live = unless_missing(lambda: service.get_index(target))
            if live is not None:
                _refuse_unclaimed(target, live, news)
    told = {**definition, "name": target}
    if live is None:
        work = IndexWork(service, target, told, mark)
        live = make(work)
    else:
        PROGRESS.info("index %s: found, taken over", target)
        work = IndexWork(service, target, told, replace(mark, digest=merged_documents(live)))
        live = write(work, live)
    live = fill(session, work, live, news.get("documents") or ())
    aliases.point(view, target, news, mark.incarnation)
    view.indexes.put(live)
    return Made(target, _outs(news, target, mark))


def read(session: Session, index: str, props: Props) -> Seen | None:
    """The live index in the words of the last declaration."""

    def live() -> tuple[Mapping[str, Any], bool]:
        view = session.search(props["endpoint"])
        body = view.indexes.look(index, view.service.list_indexes) or view.service.get_index(index)
        return body, aliases.is_astray(view, index, props)

    looked = session.read(str(props["service"]), live)
    if looked is None:
        return None
    body, is_astray = looked
    _, mark = mark_in(body.get("description"))
    if mark is not None and mark.incarnation == props.get("incarnation") and props.get("alias"):
        session.search(props["endpoint"]).aliases_spoken_for[str(props["alias"])].add(mark.incarnation)
    if is_astray or (mark is not None and not _is_of_this_stack(mark, props)):
        props = {key: value for key, value in props.items() if key != "alias"}
    told = {**unmarked(body), "name": (props.get("applied") or {}).get("name", index)}
    definition = settled(KIND, told, props.get("applied"))
    return seen(KIND, INPUTS, props, definition, mark=mark, now=session.now(), indexName=index)


def update(session: Session, index: str, olds: Props, news: Props) -> dict[str, Any]:
    """Changes the index in place, or refuses and says which field stands in the way."""
    view = session.search(news["endpoint"])
    service = view.service.waiting_for_roles()
    live = existing(f"index {index}", lambda: service.get_index(index))
    mark = renewed(
        f"index {index}",
        session,
        mark_in(live.get("description"))[1],
        olds,
        news,
        digest=merged_documents(live),
    )
    definition, applied = news["definition"], olds.get("applied") or {}
    kept = only_edits(KIND, unmarked(live), definition, applied) if only_reports(news) else definition
    wanted = {**kept, "name": index}
    reasons = _in_the_way(changes(KIND, unmarked(live), wanted, {**applied, "name": index}), news)
    if reasons:
        raise FoundryError(_refusal(index, reasons), fix=_WAYS)
    work = IndexWork(service, index, wanted, mark)
    live = fill(session, work, write(work, live), news.get("documents") or ())
    aliases.point(view, index, news, mark.incarnation)
    if olds.get("alias") != news.get("alias"):
        aliases.drop(view, index, olds)
    view.indexes.put(live)
    told = definition
    if only_reports(news):
        told = settled(KIND, {**unmarked(live), "name": definition["name"]}, definition)
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
        # Of a declaration that got another name without `previous_names`, the alias is all that is left.
        if mark is not None and _is_of_this_stack(mark, props):
            aliases.drop(view, index, props)
        return
    if is_let_go(props):
        PROGRESS.info("index %s: let go", index)
        view.indexes.put(
            service.update_index(body_of(body, index, description), str(body.get("@odata.etag")))
        )
        return
    _refuse_if_searched(session, index)
    aliases.drop(view, index, props)
    aliases.refuse_if_called(view, index)
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


def _is_of_this_stack(mark: Mark, props: Props) -> bool:
    """Whether the mark is that of the stack whose state this is; a state that has seen the mark taken off knows no owner."""
    return mark.owner.stack_id == (props.get("owner") or {}).get("stackId")


def _outs(news: Props, index: str, mark: Mark) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "indexName": index,
    }
