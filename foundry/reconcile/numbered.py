"""What toolboxes and skills have in common: a name whose versions the service numbers and never changes.

A name is an identity, and the mark stands in the metadata of each version that we make, so no version is made unless content,
metadata or mark differ. The version that the name stands for (`defaultVersion`: a number, or `latest`) is changed in place.
As with agents, what is found by our mark is taken over as it is when no state speaks of it; when a state does, the take-over
writes a version with a new incarnation, which the delete that is about to come respects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from foundry.diff import Change, Op, changes, settled
from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile import inputs
from foundry.reconcile.claims import existing, find_named, is_taken_over, refuse_another_name, renewed
from foundry.reconcile.differences import content, handling, moved, only_edits
from foundry.reconcile.inputs import is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import NO_DIGEST, Mark, mark_of, marked, without_mark
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, seen
from foundry.reconcile.problems import metadata_problems, needs
from foundry.reconcile.session import Session, VersionedView
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.reconcile.snapshot import Snapshot
from foundry.service.errors import Conflict, NotFound, unless_missing
from foundry.service.live import LiveNumbered, LiveNumberedVersion
from foundry.service.log import PROGRESS
from foundry.service.protocols import NumberedService, VersionedService

LATEST: Final = "latest"
INPUTS: Final = (*inputs.INPUTS, "defaultVersion", "keepVersions")
_HANDLING: Final = (*inputs.HANDLING, "keepVersions")

Users = Callable[[VersionedView, str, str | None], Iterator[str]]
"""Who uses a name, or one version of it, in words for people."""


Files = Callable[[Path, NumberedService, "Standing | None", Mapping[str, Any]], Mapping[str, bytes]]
"""The content of a definition's files by path, given the project's folder and what is live."""


@dataclass(frozen=True)
class Standing:
    """What there is: the name, and what its newest version holds."""

    live: LiveNumbered
    newest: LiveNumberedVersion


@dataclass(frozen=True)
class _Wanted:
    """What there is to be. `applied` is the declaration applied last, `default` a version's number or `latest`."""

    name: str
    definition: Mapping[str, Any]
    mark: Mark
    default: str
    applied: Mapping[str, Any]


@dataclass(frozen=True)
class Numbered:
    """One such kind: the six functions, given what is its own.

    `kind` names its field table, `title` is what people call it, `output` the output that has its name; `of` is where the
    service has it, `known` what the process knows of it; `problems` finds what is wrong with a definition; `used` tells who
    uses it; `files` gives the content of a definition's files, which lie below a folder or in a live version.
    """

    kind: str
    title: str
    output: str
    of: Callable[[VersionedService], NumberedService]
    known: Callable[[VersionedView], Snapshot[LiveNumbered]]
    problems: Callable[[Mapping[str, Any]], Iterator[Problem]]
    used: Users
    files: Files

    def check(self, _olds: Props, news: Props) -> list[Problem]:
        """What is wrong with the inputs."""
        definition, pin = news.get("definition"), news.get("defaultVersion")
        problems = [*needs(news, "name", "project", "endpoint")]
        if pin is not UNKNOWN and not (isinstance(pin, str) and (pin == LATEST or pin.isdigit())):
            problems.append(
                Problem("defaultVersion", f"{pin!r} is no version; write its number, or {LATEST}")
            )
        if isinstance(definition, Mapping):
            problems += self.problems(definition)
            problems += metadata_problems(definition.get("metadata"))
        return problems

    def diff(self, _id: str, olds: Props, news: Props) -> Difference:
        """What would change. A changed name is another one: the service renames nothing."""
        inside = content(self.kind, olds, news)
        old = olds.get("appliedDefault" if only_reports(news) else "defaultVersion")
        new = news.get("defaultVersion")
        in_place = [Change("defaultVersion", old, new, Op.CHANGE)] if old != new else []
        renamed = ["definition"] if any(change.path == "name" for change in inside) else []
        found = (*handling(olds, news, _HANDLING), *inside, *in_place)
        return Difference(found, (*moved(olds, news, "project"), *renamed))

    def create(self, session: Session, news: Props) -> Made:
        """Makes the first version, or takes over what has our mark, or what is to be adopted."""
        view, owner, name = session.versioned(str(news["endpoint"])), owner_of(news), str(news["name"])
        service, adopt = self.of(view.service.waiting_for_roles()), lifecycle_of(news).get("adopt")
        live = find_named(self.title, news, service.get, lambda one: self._newest_mark(service, one))
        found = self._newest_mark(service, live) if live is not None else None
        quiet = found is not None and found.belongs_to(owner, name, versioned=True) and adopt is None
        if found is None or not quiet or found.incarnation in view.spoken_for:
            adopted = adopt is not None or (found is not None and found.adopted)
            found = Mark(owner, name, NO_DIGEST, session.incarnation(), adopted=adopted, versioned=True)
        at = Standing(live, service.newest(live)) if live is not None else None
        definition = news["definition"]
        wanted = _Wanted(str(definition["name"]), definition, found, str(news["defaultVersion"]), {})
        made = self._write(session, service, at, wanted)
        self.known(view).put(made)
        self._prune(view, service, made, news)
        return Made(made.id, self._outs(news, made, found, definition))

    def read(self, session: Session, name: str, props: Props) -> Seen | None:
        """The newest version in the words of the last declaration, and which version the name stands for."""

        def look() -> tuple[LiveNumbered, LiveNumberedVersion]:
            view = session.versioned(str(props["endpoint"]))
            view.spoken_for.add(str(props.get("incarnation")))
            service = self.of(view.service)
            live = self.known(view).look(name, service.list) or service.get(name)
            return live, service.newest(live)

        found = session.read(str(props["project"]), look)
        if found is None:
            return None
        live, newest = found
        mark = mark_of(newest.metadata)
        definition = settled(self.kind, _unmarked(newest), props.get("applied"))
        own = {
            "defaultVersion": _said(live, props.get("defaultVersion")),
            self.output: live.id,
            "version": live.default,
            "latestVersion": live.latest,
        }
        return seen(self.kind, INPUTS, props, definition, mark=mark, now=session.now(), **own)

    def update(self, session: Session, name: str, olds: Props, news: Props) -> dict[str, Any]:
        """Makes the live one what is declared: by a new version if its content differs, in place for the rest."""
        view, what = session.versioned(str(news["endpoint"])), f"{self.title} {name}"
        service = self.of(view.service.waiting_for_roles())
        live = existing(what, lambda: service.get(name))
        newest = service.newest(live)
        refuse_another_name(self.title, news)
        mark = renewed(what, session, mark_of(newest.metadata), olds, news, versioned=True)
        definition, applied = news["definition"], olds.get("applied") or {}
        wanted = definition
        if only_reports(news):
            wanted = only_edits(self.kind, _unmarked(newest), definition, applied)
        default = str(news["defaultVersion"])
        if only_reports(news) and default == olds.get("appliedDefault") and live.default != live.latest:
            default = live.default
        aim = _Wanted(name, wanted, mark, default, applied)
        made = self._write(session, service, Standing(live, newest), aim)
        self.known(view).put(made)
        self._prune(view, service, made, news)
        told = definition
        if only_reports(news):
            told = settled(self.kind, _unmarked(service.newest(made)), definition)
        return {**self._outs(news, made, mark, told), **kept_age_of_drift(olds, news, told)}

    def delete(self, session: Session, name: str, props: Props) -> None:
        """Deletes it with all its versions, if the state speaks of this very one and nothing uses it."""

        def look() -> LiveNumbered:
            return self.of(session.versioned(str(props["endpoint"])).service).get(name)

        live = session.unless_gone(str(props["project"]), look)
        if live is None:
            return
        view = session.versioned(str(props["endpoint"]))
        service = self.of(view.service)
        mark = self._newest_mark(service, live)
        if is_taken_over(f"{self.title} {name}", mark, props):
            return
        if is_let_go(props):
            PROGRESS.info("%s %s: let go", self.title, name)
            newest = service.newest(live)
            free = without_mark(newest.metadata)
            if free != dict(newest.metadata):
                follows = live.default == live.latest
                files = self.files(session.root, service, Standing(live, newest), newest.definition)
                number = service.create(name, newest.definition, free, as_default=follows, files=files)
                free_one = _standing_for(service, service.get(name), number if follows else live.default)
                self.known(view).put(free_one)
            return
        using = list(self.used(view, name, None))
        if using:
            raise FoundryError(
                f"{self.title} {name} isn't deleted: it is used by {', '.join(using)}",
                fix="take it out of them or delete them first, then run the command again",
            )
        service.delete(name)
        self.known(view).drop(name)

    def _write(
        self,
        session: Session,
        service: NumberedService,
        at: Standing | None,
        wanted: _Wanted,
    ) -> LiveNumbered:
        """The live one with a newest version that says what is wanted, standing for the version that is wanted."""
        self._refuse_missing_pin(service, at, wanted)
        live = at.live if at is not None else None
        if at is None or live is None or not self._says(at.newest, wanted):
            before, applied = (at.newest.metadata if at is not None else {}), wanted.applied
            metadata = marked(
                wanted.mark, before, wanted.definition.get("metadata") or {}, applied.get("metadata") or {}
            )
            latest = live.latest if live is not None else None
            files = self.files(session.root, service, at, wanted.definition)

            def just_made() -> str | None:
                one = unless_missing(lambda: service.get(wanted.name))
                if one is None:
                    return None
                ours = one.latest != latest and dict(service.newest(one).metadata) == metadata
                return one.latest if ours else None

            number = session.make_once(
                lambda: service.create(
                    wanted.name, wanted.definition, metadata, as_default=wanted.default == LATEST, files=files
                ),
                just_made,
                f"{self.title} {wanted.name}",
            )
            PROGRESS.info("%s %s: version %s made", self.title, wanted.name, number)
            live = service.get(wanted.name)
        return _standing_for(service, live, live.latest if wanted.default == LATEST else wanted.default)

    def _says(self, newest: LiveNumberedVersion, wanted: _Wanted) -> bool:
        """Whether the newest version says all of it already."""
        same = not changes(self.kind, _unmarked(newest), wanted.definition, wanted.applied)
        return same and mark_of(newest.metadata) == wanted.mark

    def _refuse_missing_pin(self, service: NumberedService, at: Standing | None, wanted: _Wanted) -> None:
        if wanted.default in (LATEST, at.live.default if at is not None else None):
            return
        there = service.versions(wanted.name) if at is not None else ()
        if wanted.default not in there:
            has = f"name one that it has: {', '.join(sorted(there, key=int))}; or leave it out"
            raise FoundryError(
                f"{self.title} {wanted.name} has no version {wanted.default} to stand for",
                fix=has if there else "leave `default_version` out until there is such a version",
            )

    def _prune(self, view: VersionedView, service: NumberedService, made: LiveNumbered, news: Props) -> None:
        """Deletes the versions beyond `keepVersions`.

        The newest stays, and the one that the name stands for, one that an agent or a toolbox uses, and one that this tool
        didn't make for this stack.
        """
        keep = news.get("keepVersions")
        for number in service.versions(made.id)[int(keep) :] if keep else ():
            if number in (made.default, made.latest) or next(self.used(view, made.id, number), None):
                continue
            try:
                mark = mark_of(service.version(made.id, number).metadata)
                if mark is None or mark.owner.stack_id != owner_of(news).stack_id:
                    continue
                service.delete_version(made.id, number)
            except NotFound:
                continue
            except Conflict as error:
                PROGRESS.info("%s %s: version %s stays: %s", self.title, made.id, number, error.what)
            else:
                PROGRESS.info("%s %s: version %s pruned", self.title, made.id, number)

    def _newest_mark(self, service: NumberedService, live: LiveNumbered) -> Mark | None:
        """The mark of the newest version that has one: a version made in the portal needn't."""
        found = mark_of(service.newest(live).metadata)
        if found is not None:
            return found
        marks = (mark_of(service.version(live.id, number).metadata) for number in service.versions(live.id))
        return next((mark for mark in marks if mark is not None), None)

    def _outs(self, news: Props, live: LiveNumbered, mark: Mark, definition: Any) -> dict[str, Any]:
        return {
            **outputs(news, INPUTS, mark),
            "definition": definition,
            "defaultVersion": _said(live, news.get("defaultVersion")),
            self.output: live.id,
            "version": live.default,
            "latestVersion": live.latest,
            "appliedDefault": news.get("defaultVersion"),
        }


def _said(live: LiveNumbered, declared: Any) -> str:
    """Which version the name stands for, in the words of a declaration."""
    if declared == live.default:
        return live.default
    return LATEST if live.default == live.latest else live.default


def _standing_for(service: NumberedService, live: LiveNumbered, number: str) -> LiveNumbered:
    return live if live.default == number else service.set_default(live.id, number)


def _unmarked(version: LiveNumberedVersion) -> dict[str, Any]:
    return {**version.definition, "metadata": without_mark(version.metadata)}
