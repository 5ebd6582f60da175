"""Index assets of a project. See `foundry.reconcile` for the six functions.

Of a version only description and tags can change: what it refers to makes its version, a digest of the connection, the index and
the fields. So a create may be repeated, and another index is another version, which is made before the old one goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from foundry.diff import changes, digest, normal, settled
from foundry.model import UNKNOWN, FoundryError, ServiceError
from foundry.reconcile.claims import existing, is_taken_over, renewed
from foundry.reconcile.differences import content, handling, moved, only_edits
from foundry.reconcile.inputs import HANDLING, INPUTS, is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import KEY, Mark, mark_of, refuse_unless_ours, without_mark
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, seen
from foundry.reconcile.problems import needs
from foundry.reconcile.references import User, refuse_if_used, users, uses_asset
from foundry.reconcile.session import Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.errors import unless_missing
from foundry.service.live import LiveIndexAsset
from foundry.service.log import PROGRESS

KIND: Final = "IndexAsset"
_FIXED: Final = ("connection_name", "index_name", "field_mapping")
_TOLD: Final = ("name", *_FIXED)


def check(_olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs."""
    definition = news.get("definition")
    problems = [*needs(news, "name", "project", "endpoint")]
    if definition is UNKNOWN:
        return problems
    if not isinstance(definition, Mapping):
        return [*problems, Problem("definition", "is missing; name a connection and an index")]
    problems += [
        Problem(f"definition.{key}", "is missing; give it a text")
        for key in ("name", "connection_name", "index_name")
        if not definition.get(key)
    ]
    if KEY in (definition.get("tags") or {}):
        problems.append(Problem(f"definition.tags.{KEY}", "is the mark of this tool; choose another key"))
    return problems


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. Another name, connection, index or mapping is another version."""
    inside = content(KIND, olds, news)
    another = any(change.path.split(".")[0] in (*_TOLD, "type") for change in inside)
    found = (*handling(olds, news, HANDLING), *inside)
    return Difference(found, (*moved(olds, news, "project"), *(["definition"] if another else [])))


def create(session: Session, news: Props) -> Made:
    """Registers the index, or takes over the version that has our mark, or that is to be adopted."""
    view, owner, definition = session.versioned(str(news["endpoint"])), owner_of(news), news["definition"]
    service, name = view.service.waiting_for_roles().indexes, str(definition["name"])
    version = _version(definition)
    adopt = lifecycle_of(news).get("adopt")
    there = service.versions(name)
    live = _adopted(there, news)
    for other in there:
        found = mark_of(other.tags)
        refuse_unless_ours(f"index asset {name}, version {other.version}", found, owner, adopt)
        if found is None and live is None:
            raise FoundryError(
                f"the project has an index asset {name!r} already, and this tool didn't make its version {other.version}",
                fix=f'take it over with `asset: {{adopt: "{other.version}"}}`, or declare another `asset.name`',
            )
        if found is None or found.adopted or found.owner.stack_id != owner.stack_id:
            continue
        left = other.version != version and found.incarnation not in view.spoken_for
        if left and not _users(session, other.id):
            # Left of a run that was cut off: no state that this process knows speaks of it, and nothing searches by it.
            service.delete(name, other.version)
            view.assets.drop(other.id)
    is_adopted = live is not None
    live = live or unless_missing(lambda: service.get(name, version))
    mark = Mark(owner, str(news["name"]), version, session.incarnation(), adopted=is_adopted, versioned=True)
    tags = _tags(mark, live.tags if live is not None else {}, definition, {})
    if live is None:
        made = service.create(version, definition, tags)
    else:
        PROGRESS.info("index asset %s: found, taken over", live.id)
        made = service.update(live, definition.get("description"), tags)
    view.assets.put(made)
    return Made(made.id, _outs(news, mark, made))


def read(session: Session, identifier: str, props: Props) -> Seen | None:
    """The live version in the words of the last declaration."""
    name, version = _parts(identifier)

    def live() -> LiveIndexAsset:
        view = session.versioned(str(props["endpoint"]))
        view.spoken_for.add(str(props.get("incarnation")))
        listed = view.assets.look(identifier, view.service.indexes.list)
        return listed or view.service.indexes.get(name, version)

    asset = session.read(str(props["project"]), live)
    if asset is None:
        return None
    mark = mark_of(asset.tags)
    told = {**asset.definition, "tags": without_mark(asset.tags)}
    definition = settled(KIND, told, props.get("applied"))
    return seen(KIND, INPUTS, props, definition, mark=mark, now=session.now(), assetId=asset.asset_id)


def update(session: Session, identifier: str, olds: Props, news: Props) -> dict[str, Any]:
    """Changes description, tags and mark in place."""
    view, definition = session.versioned(str(news["endpoint"])), news["definition"]
    service, (name, version) = view.service.waiting_for_roles().indexes, _parts(identifier)
    what = f"index asset {identifier}"
    live = existing(what, lambda: service.get(name, version))
    adopted = bool(olds.get("adopted"))
    mark = renewed(
        what, session, mark_of(live.tags), olds, news, adopted=adopted, digest=version, versioned=True
    )
    applied = olds.get("applied") or {}
    told: Mapping[str, Any] = definition
    if only_reports(news):
        left = {**live.definition, "tags": without_mark(live.tags)}
        told = settled(KIND, only_edits(KIND, left, definition, applied), definition)
    made = service.update(live, told.get("description"), _tags(mark, live.tags, told, applied))
    view.assets.put(made)
    return {**_outs(news, mark, made), "definition": told, **kept_age_of_drift(olds, news, told)}


def delete(session: Session, identifier: str, props: Props) -> None:
    """Deletes the version if the state speaks of this very one and no agent searches by it; the index stays."""
    name, version = _parts(identifier)

    def look() -> LiveIndexAsset:
        return session.versioned(str(props["endpoint"])).service.indexes.get(name, version)

    asset = session.unless_gone(str(props["project"]), look)
    if asset is None:
        return
    view = session.versioned(str(props["endpoint"]))
    mark = mark_of(asset.tags)
    if is_taken_over(f"index asset {identifier}", mark, props):
        return
    if is_let_go(props):
        PROGRESS.info("index asset %s: let go", identifier)
        free = view.service.indexes.update(
            asset, asset.definition.get("description"), without_mark(asset.tags)
        )
        view.assets.put(free)
        return
    refuse_if_used(f"index asset {identifier}", _users(session, identifier))
    view.service.indexes.delete(name, version)
    view.assets.drop(identifier)


def _users(session: Session, identifier: str) -> list[User]:
    """Agents and toolboxes of the projects that this process knows. One that is gone, or lets nobody in, has nothing to say."""
    using: list[User] = []
    for project in session.projects():
        try:
            using += users(project, project.service, uses_asset(identifier))
        except ServiceError as error:
            PROGRESS.info("index asset %s: users not known (%s)", identifier, error.what)
    return using


def _adopted(there: Sequence[LiveIndexAsset], news: Props) -> LiveIndexAsset | None:
    """The version that was adopted before, or is to be; None for one of our own making.

    Raises:
        FoundryError: it isn't there, or refers to something else than is declared.
    """
    definition = news["definition"]
    wanted = str((lifecycle_of(news).get("adopt") or {}).get("id") or "")
    for other in there:
        mark = mark_of(other.tags)
        before = (
            mark is not None
            and mark.adopted
            and mark.belongs_to(owner_of(news), str(news["name"]), versioned=True)
        )
        if not before and (other.id != wanted or mark is not None):
            continue
        differing = [
            change
            for change in changes(KIND, other.definition, definition, definition)
            if change.field in (*_FIXED, "type")
        ]
        if not differing:
            return other
        if not before:
            told = "; ".join(
                f"its {change.path} is {change.old}, and {change.new} is declared" for change in differing
            )
            raise FoundryError(
                f"index asset {other.id} can't be taken over as {news['name']!r}: {told}",
                fix="declare what it says, or take `asset.adopt` out to have another version made",
            )
    if "/versions/" in wanted and not any(mark_of(other.tags) for other in there):
        raise FoundryError(
            f"index asset {wanted}, which {news['name']!r} is to adopt, isn't in this project",
            fix="correct `asset.adopt`, or take it out to have a version made",
        )
    return None


def _version(definition: Mapping[str, Any]) -> str:
    return digest(normal(KIND, {key: definition.get(key) for key in _FIXED}))[:12]


def _parts(identifier: str) -> tuple[str, str]:
    name, _, version = identifier.partition("/versions/")
    return name, version


def _tags(
    mark: Mark, live: Mapping[str, str], definition: Mapping[str, Any], applied: Mapping[str, Any]
) -> dict[str, str]:
    """All tags: the mark, what is declared, and what others put there and nobody declared."""
    before = applied.get("tags") or {}
    foreign = {key: value for key, value in live.items() if key not in before and key != KEY}
    return {**foreign, **(definition.get("tags") or {}), KEY: mark.text()}


def _outs(news: Props, mark: Mark, made: LiveIndexAsset) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "assetId": made.asset_id,
    }
