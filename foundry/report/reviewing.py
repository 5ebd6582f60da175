"""What a review says of each object: its edits, its drift with its age, and whether it makes a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from foundry.report.changes import Change, Names, Tool, changes
from foundry.report.markdown import code
from foundry.report.reading import Object, Reading, Verb, read

COLUMNS: Final = (Verb.CREATE, Verb.UPDATE, Verb.REPLACE, Verb.DELETE, Verb.RELEASE)


@dataclass(frozen=True)
class Told:
    """An object with what is to be said of it."""

    one: Object
    edits: tuple[Change, ...]
    drift: tuple[Change, ...]
    age: str = ""
    makes_version: bool = False
    dialect: str = ""
    leaves_drift: bool = False

    @property
    def title(self) -> str:
        """The object's name, with its dialect where the stack has both."""
        return code(self.one.name) + (f" ({self.dialect})" if self.dialect else "")

    @property
    def is_only_drift(self) -> bool:
        """Whether the update does nothing but put back what somebody else changed."""
        return self.one.verb is Verb.UPDATE and bool(self.drift) and not self.edits


@dataclass(frozen=True)
class Review:
    """A preview that was read, with what is to be said of each object. `name` is the stack's, empty where nothing tells it."""

    reading: Reading
    name: str
    names: Names
    told: Sequence[Told]

    @property
    def says_nothing(self) -> bool:
        """Whether nothing changes, drifted or failed."""
        return not self.reading.failed and not any(is_worth_saying(item) for item in self.told)


def reviewed(preview: Mapping[str, Any], stack: str | None, now: datetime | None) -> Review:
    """Reads the JSON of a preview; `stack` is its name where that tells none, `now` the moment that ages are counted to.

    Raises FoundryError for JSON that isn't a preview.
    """
    reading = read(preview)
    names = _names_of(reading)
    moment = now or datetime.now(UTC)
    told = [_tell(one, names, moment) for one in reading.objects]
    if len({one.dialect for one in reading.objects if one.dialect}) > 1:
        told = [replace(item, dialect=item.one.dialect) for item in told]
    return Review(reading, reading.stack or stack or "", names, told)


def _names_of(reading: Reading) -> Names:
    fresh = frozenset(
        one.urn for one in reading.objects if one.verb in (Verb.CREATE, Verb.RECREATE, Verb.REPLACE)
    )
    return Names(reading.names, fresh)


def _tell(one: Object, names: Names, now: datetime) -> Told:
    edits: tuple[Change, ...] = ()
    if one.recorded is not None and one.declared is not None and one.verb is not Verb.RECREATE:
        edits = changes(one, one.recorded, one.declared, names, one.touched)
    drift: tuple[Change, ...] = ()
    reports = _on_drift(one.recorded) == "report"
    if one.recorded is not None and one.live is not None and (one.verb is not Verb.SAME or reports):
        drift = changes(one, one.recorded, one.live, names)
    if drift and one.verb is Verb.UPDATE and one.declared is not None:
        # What somebody made by hand what it is now declared to be needs nothing.
        left = {_place(change) for change in changes(one, one.live or {}, one.declared, names)}
        drift = tuple(change for change in drift if _place(change) in left)
    age = _age(one.drift_since, now) if drift and one.drift_since else ""
    before = one.recorded if reports else one.live or one.recorded
    makes = (
        one.verb is Verb.UPDATE
        and bool(one.newest)
        and bool(changes(one, _fixed(before), _fixed(one.declared), names))
    )
    leaves = (one.verb is Verb.SAME and reports) or _on_drift(one.declared) == "report"
    edits = edits if one.verb is not Verb.SAME else ()
    return Told(one, edits, drift, age, makes, leaves_drift=leaves)


def _place(change: Change) -> tuple[bool, str]:
    """The field, or the tool, that a change is one of."""
    return (True, change.name) if isinstance(change, Tool) else (False, change.path)


def _fixed(side: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a version fixes: the definition, and whose it is."""
    return {key: side[key] for key in ("definition", "name", "owner") if side and key in side}


def _age(since: datetime, now: datetime) -> str:
    days = (now - since).days
    told = "today" if days < 1 else "1 day" if days == 1 else f"{days} days"
    return f", seen since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({told})"


def _on_drift(side: Mapping[str, Any] | None) -> Any:
    lifecycle = (side or {}).get("lifecycle")
    return lifecycle.get("onDrift") if isinstance(lifecycle, Mapping) else None


def is_worth_saying(item: Told) -> bool:
    """Whether a review has anything to say of an object."""
    return item.one.verb is not Verb.SAME or bool(item.drift)


def column(verb: Verb) -> Verb:
    """Where an object is counted: what is made again is made."""
    return Verb.CREATE if verb is Verb.RECREATE else verb
