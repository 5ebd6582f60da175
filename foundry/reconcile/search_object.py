"""What stands beside a search index: synonym maps, data sources, skillsets and indexers. See `foundry.reconcile`.

Each has a unique name, which is its id, and no metadata. The mark ends the description; a synonym map has none, so one that
says just what is declared is taken for ours, and any other of its name is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from foundry.diff import changes, settled
from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile.claims import existing
from foundry.reconcile.differences import handling, moved, only_edits
from foundry.reconcile.inputs import HANDLING, is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import NO_DIGEST, Mark, mark_in, refuse_unless_ours
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, with_age_of_drift
from foundry.reconcile.problems import needs
from foundry.reconcile.session import SearchView, Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.errors import Conflict, Unanswered, unless_missing
from foundry.service.log import PROGRESS
from foundry.service.protocols import SearchService

KIND: Final = "SearchObject"
INPUTS: Final = ("owner", "name", "dialect", "service", "endpoint", "lifecycle", "family", "definition")
FAMILIES: Final = ("synonymmaps", "datasources", "skillsets", "indexers")
_UNMARKED: Final = "synonymmaps"
_DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def check(_olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs."""
    problems = [*needs(news, "name", "service", "endpoint")]
    if news.get("family") not in (*FAMILIES, UNKNOWN):
        problems.append(Problem("family", f"{news.get('family')!r} is none of {', '.join(FAMILIES)}"))
    definition = news.get("definition")
    if definition is not UNKNOWN and not (isinstance(definition, Mapping) and definition.get("name")):
        problems.append(Problem("definition.name", "is missing; give the object a name"))
    return problems


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. Another name is another object."""
    applied = olds.get("applied")
    base = applied if only_reports(news) else olds.get("definition")
    inside = changes(KIND, _plain(base), _plain(news.get("definition")), _plain(applied))
    found = (*handling(olds, news, HANDLING), *inside)
    renamed = any(change.path == "name" and change.new is not UNKNOWN for change in inside)
    family = ["family"] if news.get("family") not in (olds.get("family"), UNKNOWN) else []
    return Difference(found, (*moved(olds, news, "service"), *family, *(["definition"] if renamed else [])))


def create(session: Session, news: Props) -> Made:
    """Makes the object, or takes over the one of that name that is ours or is to be adopted."""
    view, owner, family = session.search(news["endpoint"]), owner_of(news), str(news["family"])
    service = view.service.waiting_for_roles()
    definition, adopt = news["definition"], lifecycle_of(news).get("adopt")
    name = str(definition["name"])
    live = unless_missing(lambda: service.get_object(family, name))
    adopted = adopt is not None and live is not None
    mark = Mark(owner, str(news["name"]), NO_DIGEST, session.incarnation(), adopted=adopted)
    if live is not None:
        _refuse_unclaimed(family, name, live, news)
        PROGRESS.info("%s %s: found, taken over", family, name)
    _put(service, family, _body(family, definition, mark), live)
    view.objects_in_use.add((family, name))
    return Made(name, _outs(news, name, mark))


def read(session: Session, name: str, props: Props) -> Seen | None:
    """The live object in the words of the last declaration."""
    family = str(props["family"])

    def look() -> Mapping[str, Any]:
        view = session.search(props["endpoint"])
        if family == _UNMARKED:
            view.maps_spoken_for[name].add(str(props.get("name")))
        return view.service.get_object(family, name)

    body = session.read(str(props["service"]), look)
    if body is None:
        return None
    told = _settled(_unmarked(body), props.get("applied") or {})
    outs = {**with_age_of_drift(props, KIND, told, session.now()), "definition": told, "objectName": name}
    return Seen(outs, {key: outs[key] for key in INPUTS if key in outs})


def update(session: Session, name: str, olds: Props, news: Props) -> dict[str, Any]:
    """Makes the object what is declared, unless somebody changes it at the same time."""
    view, owner, family = session.search(news["endpoint"]), owner_of(news), str(news["family"])
    service = view.service.waiting_for_roles()
    live = existing(f"{family} {name}", lambda: service.get_object(family, name))
    _, found = mark_in(live.get("description"))
    adopt = lifecycle_of(news).get("adopt")
    refuse_unless_ours(f"{family} {name}", found, owner, adopt, incarnation=olds.get("incarnation"))
    kept = found is not None and found.incarnation == olds.get("incarnation")
    mark = Mark(
        owner,
        str(news["name"]),
        NO_DIGEST,
        str(olds["incarnation"]) if kept or family == _UNMARKED else session.incarnation(),
        adopted=bool(olds.get("adopted")) or (adopt is not None and not kept and family != _UNMARKED),
    )
    definition = wanted = news["definition"]
    if only_reports(news):
        wanted = only_edits(KIND, _unmarked(live), definition, olds.get("applied") or {})
    _put(service, family, _body(family, wanted, mark), live)
    view.objects_in_use.add((family, name))
    told = _settled(wanted, definition) if only_reports(news) else definition
    return {**_outs(news, name, mark), "definition": told, **kept_age_of_drift(olds, news, told)}


def delete(session: Session, name: str, props: Props) -> None:
    """Deletes the object if the state speaks of this very one."""
    family = str(props["family"])

    def look() -> Mapping[str, Any]:
        return session.search(props["endpoint"]).service.get_object(family, name)

    body = session.unless_gone(str(props["service"]), look)
    if body is None:
        return
    view = session.search(props["endpoint"])
    description, mark = mark_in(body.get("description"))
    ours = family == _UNMARKED or (mark is not None and mark.incarnation == props.get("incarnation"))
    if not ours or (family, name) in view.objects_in_use:
        PROGRESS.info("%s %s: taken over since; left alone", family, name)
        return
    if is_let_go(props):
        PROGRESS.info("%s %s: let go", family, name)
        if family != _UNMARKED:
            view.service.put_object(
                family, {**_bare(body), "description": description}, str(body["@odata.etag"])
            )
        return
    if family == _UNMARKED and _is_left_to_another(view, name, str(props.get("name"))):
        PROGRESS.info("%s %s: stands beside another index now; left alone", family, name)
        return
    index = _index_with(view.service, name) if family == _UNMARKED else None
    if index is not None:
        # It has no mark: that an index still needs it is all there is to tell that it was handed over, or is shared.
        PROGRESS.info("%s %s: index %s uses it; left alone", family, name, index)
        return
    view.service.delete_object(family, name, str(body["@odata.etag"]))


def _is_left_to_another(view: SearchView, synonym_map: str, logical_name: str) -> bool:
    """Takes a logical name off a synonym map, and says whether the state speaks of the map under another one too.

    It does where a run was killed after the map moved to another index; whoever is the last to go takes the map along.
    """
    names = view.maps_spoken_for[synonym_map]
    names.discard(logical_name)
    return bool(names)


def _index_with(service: SearchService, synonym_map: str) -> str | None:
    """An index whose fields name a synonym map; None when there is none."""
    for index in service.list_indexes():
        if _names(index.get("fields"), synonym_map):
            return str(index["name"])
    return None


def _names(fields: Any, synonym_map: str) -> bool:
    return any(
        synonym_map in (field.get("synonymMaps") or ()) or _names(field.get("fields"), synonym_map)
        for field in fields or ()
    )


def _refuse_unclaimed(family: str, name: str, live: Mapping[str, Any], news: Props) -> None:
    """Raises FoundryError unless the object is this stack's or is declared to be adopted."""
    _, mark = mark_in(live.get("description"))
    adopt = lifecycle_of(news).get("adopt")
    refuse_unless_ours(f"{family} {name}", mark, owner_of(news), adopt)
    same = family == _UNMARKED and not changes(KIND, live, news["definition"])
    if mark is None and not same and (adopt is None or adopt.get("id") != name):
        raise FoundryError(
            f"{family} {name} exists already and isn't ours",
            fix="choose another name, or delete it if nobody needs it any more",
        )


def _put(
    service: SearchService, family: str, body: Mapping[str, Any], live: Mapping[str, Any] | None
) -> None:
    etag = str(live["@odata.etag"]) if live is not None else None
    try:
        service.put_object(family, body, etag)
    except (Unanswered, Conflict) as error:
        # Either our own request was acted upon though its answer was lost, or somebody else was faster.
        now = unless_missing(lambda: service.get_object(family, str(body["name"])))
        if now is None and isinstance(error, Unanswered):
            service.put_object(family, body, None)
        elif now is not None and now["@odata.etag"] == etag and isinstance(error, Unanswered):
            service.put_object(family, body, etag)
        elif now is None or changes(KIND, _plain(now), _plain(body), _plain(body)):
            raise


def _body(family: str, definition: Mapping[str, Any], mark: Mark) -> dict[str, Any]:
    body = _bare(definition)
    if family == _UNMARKED:
        return body
    return {**body, "description": mark.in_description(definition.get("description"))}


def _bare(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body to send. Credentials, which the service never tells, stay as they are where they aren't given."""
    kept = {key: value for key, value in body.items() if not key.startswith("@odata.")}
    if "credentials" in kept and not (kept["credentials"] or {}).get("connectionString"):
        kept["credentials"] = {"connectionString": "<unchanged>"}
    return kept


def _unmarked(body: Mapping[str, Any]) -> dict[str, Any]:
    if "description" not in body:
        return dict(body)
    return {**body, "description": mark_in(body.get("description"))[0]}


def _settled(live: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """What is live in the words of a declaration, an interval that means the same included."""
    told: dict[str, Any] = settled(KIND, _plain(live), _plain(words))
    if _plain(words) != words and told.get("schedule") == _plain(words).get("schedule"):
        return {**told, "schedule": words["schedule"]}
    return told


def _plain(definition: Any) -> Any:
    """The definition with the interval of its schedule in one form: the service may write a duration otherwise."""
    schedule = definition.get("schedule") if isinstance(definition, Mapping) else None
    if not isinstance(schedule, Mapping) or not isinstance(schedule.get("interval"), str):
        return definition
    match = _DURATION.fullmatch(schedule["interval"])
    if match is None:
        return definition
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return {**definition, "schedule": {**schedule, "interval": f"PT{total}S"}}


def _outs(news: Props, name: str, mark: Mark) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "objectName": name,
    }
