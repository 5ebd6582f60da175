"""What the six functions of a kind return, and what all kinds have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from foundry.diff import Change, Op, changes
from foundry.model import UNKNOWN, Owner
from foundry.reconcile.marks import Mark

Props = Mapping[str, Any]

REPORT: Final = "report"
DRIFT_SINCE: Final = "driftSince"
_DIALECTS: Final = ("classic", "versioned")


@dataclass(frozen=True)
class Problem:
    """What is wrong with an input: its path, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """What would change; `replaces` names the inputs that can't change without another object."""

    changes: tuple[Change, ...] = ()
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Made:
    """A made or adopted object: its id at the service, and the outputs."""

    id: str
    outs: dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """A live object: outputs as they are live, and the inputs that would make it so."""

    outs: dict[str, Any]
    inputs: dict[str, Any]


def owner_of(props: Props) -> Owner:
    """The owner as it stands in inputs."""
    owner = props["owner"]
    return Owner(str(owner["project"]), str(owner["stack"]), str(owner["stackId"]))


def owner_props(owner: Owner | None) -> dict[str, str]:
    """The owner as it stands in inputs and outputs; {} for nobody."""
    if owner is None:
        return {}
    return {"project": owner.project, "stack": owner.stack, "stackId": owner.stack_id}


def lifecycle_of(props: Props) -> Props:
    """What is declared of the lifecycle."""
    lifecycle = props.get("lifecycle")
    return lifecycle if isinstance(lifecycle, Mapping) else {}


def is_versioned(props: Props) -> bool:
    """Whether it is an object of the versioned dialect."""
    return props.get("dialect") == "versioned"


def is_let_go(props: Props) -> bool:
    """Whether removing the declaration leaves the object: an adopted one by default, any other on request."""
    on_remove = lifecycle_of(props).get("onRemove")
    return on_remove == "retain" or (bool(props.get("adopted")) and on_remove != "delete")


def only_reports(props: Props) -> bool:
    """Whether drift is shown and left alone."""
    return lifecycle_of(props).get("onDrift") == REPORT


def with_age_of_drift(props: Props, kind: str, definition: Any, now: float) -> dict[str, Any]:
    """The outputs of a read, with the time at which drift that is only reported was seen first (UTC, ISO 8601).

    Without drift there is none. It lasts as long as runs save it: an up or a refresh does, a preview doesn't.
    """
    outs = {key: value for key, value in props.items() if key != DRIFT_SINCE}
    applied = props.get("applied")
    if only_reports(props) and changes(kind, applied, definition, applied):
        seen = datetime.fromtimestamp(int(now), UTC).isoformat()
        outs[DRIFT_SINCE] = props.get(DRIFT_SINCE) or seen
    return outs


def kept_age_of_drift(olds: Props, news: Props, told: Any) -> dict[str, Any]:
    """What an update keeps of it: the time, while drift is reported and still there."""
    if only_reports(news) and olds.get(DRIFT_SINCE) and told != news.get("definition"):
        return {DRIFT_SINCE: olds[DRIFT_SINCE]}
    return {}


def content(kind: str, olds: Props, news: Props) -> tuple[Change, ...]:
    """Changes of the definition. Where drift is only reported, the declaration is compared with the last one applied."""
    applied = olds.get("applied")
    base = applied if only_reports(news) else olds.get("definition")
    return changes(kind, base, news.get("definition"), applied)


def outputs(news: Props, inputs: Sequence[str], mark: Mark) -> dict[str, Any]:
    """What every kind that is marked records: the inputs, what was applied, and the marks of the object that has it."""
    return {
        **{key: news[key] for key in inputs if key in news},
        "incarnation": mark.incarnation,
        "applied": news["definition"],
        "adopted": mark.adopted,
    }


def moved(olds: Props, news: Props, place: str) -> tuple[str, ...]:
    """The inputs that say the object lives elsewhere now: the place, unknown or different, and the dialect."""
    there, here = news.get(place), olds.get(place)
    gone = there is UNKNOWN or str(there).casefold() != str(here).casefold()
    dialect = news.get("dialect") is not UNKNOWN and news.get("dialect") != olds.get("dialect")
    return (*([place] if gone else []), *(["dialect"] if dialect else []))


def handling(olds: Props, news: Props, keys: Sequence[str]) -> Iterator[Change]:
    """Changes of what isn't the definition. An unknown endpoint is none: state already says how to reach the object."""
    for key in keys:
        old, new = olds.get(key) or None, news.get(key) or None
        if new is not UNKNOWN and old != new:
            yield Change(key, old, new, Op.ADD if old is None else Op.REMOVE if new is None else Op.CHANGE)


def needs(news: Props, *keys: str) -> Iterator[Problem]:
    """One problem for each input that is missing or of no use."""
    for key in keys:
        value = news.get(key)
        if value is UNKNOWN:
            continue
        if not isinstance(value, str) or not value:
            yield Problem(key, "is missing; give it a text")
    owner = news.get("owner")
    for part in ("project", "stack", "stackId"):
        value = owner.get(part) if isinstance(owner, Mapping) else None
        if value is not UNKNOWN and (not isinstance(value, str) or not value or " " in value):
            yield Problem(f"owner.{part}", "is missing or has spaces; give it a text without spaces")
    lifecycle = news.get("lifecycle")
    if lifecycle is not None and not isinstance(lifecycle, Mapping):
        yield Problem("lifecycle", "isn't a mapping; leave it out or give it adopt, onRemove or onDrift")
    elif isinstance(lifecycle, Mapping):
        yield from _lifecycle(lifecycle)
    if news.get("dialect") not in (*_DIALECTS, UNKNOWN):
        yield Problem("dialect", f"{news.get('dialect')!r} means nothing; write {' or '.join(_DIALECTS)}")


def _lifecycle(lifecycle: Props) -> Iterator[Problem]:
    for key, words in (("onRemove", ("delete", "retain")), ("onDrift", ("repair", "report"))):
        if lifecycle.get(key) is not None and lifecycle[key] not in words:
            yield Problem(f"lifecycle.{key}", f"{lifecycle[key]!r} means nothing; write {' or '.join(words)}")
    adopt = lifecycle.get("adopt")
    if adopt is not None and not (
        isinstance(adopt, Mapping) and isinstance(word := adopt.get("id") or adopt.get("name"), str) and word
    ):
        yield Problem("lifecycle.adopt", "has neither id nor name; give one of the live object")


def metadata_problems(metadata: Any, mark_key: str) -> Iterator[Problem]:
    """The limits of the service: sixteen pairs of texts, of which one is ours; key 64, value 512 characters."""
    if metadata is None or metadata is UNKNOWN:
        return
    if not isinstance(metadata, Mapping):
        yield Problem("definition.metadata", "isn't a mapping; write pairs of texts")
        return
    if len(metadata) > 15:
        yield Problem(
            "definition.metadata", f"has {len(metadata)} pairs; 15 is the most, the sixteenth is the mark"
        )
    for key, value in metadata.items():
        path = f"definition.metadata.{key}"
        if key == mark_key:
            yield Problem(path, "is the mark of this tool; choose another key")
        if len(key) > 64:
            yield Problem(path, "is longer than 64 characters; shorten the key")
        if value is UNKNOWN:
            continue
        if not isinstance(value, str):
            yield Problem(path, f"is {value!r}, not a text; write it in quotes")
        elif len(value) > 512:
            yield Problem(path, "is longer than 512 characters; shorten the value")
