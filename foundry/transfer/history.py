"""What was applied to an object over time, told from the states that runs left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from foundry.diff import changes
from foundry.model import unpacked

_DYNAMIC: Final = "pulumi-python:dynamic/foundry:"


@dataclass(frozen=True)
class Run:
    """One run of a stack and the resources that its state held afterwards.

    `number` counts from 1, the oldest; `ended` is in Unix seconds; `commit` is empty where the run stood in no repository; `dirty`
    says that files had changes which weren't committed.
    """

    number: int
    kind: str
    ended: int
    commit: str
    subject: str
    dirty: bool
    succeeded: bool
    resources: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Applied:
    """A run that changed what is applied to an object. `changed` are the fields, or `made` and `removed`.

    `version` is the newest one of a versioned agent, a toolbox or a skill; `default_version` the one that the name of a toolbox or a
    skill stood for. `incarnation` is the word that every version has in its mark which was made of this very object.
    """

    run: Run
    id: str | None
    definition: Mapping[str, Any] | None
    changed: tuple[str, ...]
    version: str | None = None
    default_version: str | None = None
    incarnation: str | None = None


def applied_over_time(runs: Iterable[Run], kind: str, name: str) -> tuple[Applied, ...]:
    """The runs that changed one object, the oldest first; what it was called before is told by its id."""
    return tuple(_applied(list(runs), kind, name))


def found(entries: Sequence[Applied], wanted: str) -> Applied | None:
    """The entry that a word means: its number, the start of its commit (the last one of that), or `previous`."""
    standing = [entry for entry in entries if entry.definition is not None]
    if wanted == "previous":
        return standing[-2] if len(standing) > 1 else None
    for entry in reversed(standing):
        commit = entry.run.commit
        if wanted == str(entry.run.number) or (len(wanted) >= 4 and commit.startswith(wanted)):
            return entry
    return None


def is_still(
    entries: Sequence[Applied],
    entry: Applied,
    version: str,
    live: str | None,
    *,
    today: str | None,
) -> bool:
    """Whether a live version is the one that an entry of the history tells: with an object that is made again, numbers begin anew.

    Args:
        entries: the history.
        entry: one of them.
        version: a number that it tells.
        live: the incarnation in the mark of the live version of that number; None for one without a mark.
        today: the incarnation that the state has.
    """
    until = entries[: entries.index(entry) + 1]
    made = next((one for one in reversed(until) if one.version == version), None)
    # No run that is kept made it: somebody else did, or a run that the state has forgotten.
    return entry.incarnation == today if made is None else made.incarnation == live


def resource_of(resources: Sequence[Mapping[str, Any]], kind: str, name: str) -> Mapping[str, Any] | None:
    """The resource of a kind and a Pulumi name in a state; None when there is none."""
    return next(
        (
            one
            for one in resources
            if one.get("type") == f"{_DYNAMIC}{kind}"
            and str(one.get("urn")).rpartition("::")[2] == name
            and not one.get("delete")
        ),
        None,
    )


def _of_id(
    resources: Sequence[Mapping[str, Any]], kind: str, identifier: str | None
) -> Mapping[str, Any] | None:
    wanted = f"{_DYNAMIC}{kind}"
    found = (one for one in resources if one.get("type") == wanted and one.get("id") == identifier)
    return next((one for one in found if identifier and not one.get("delete")), None)


def _applied(runs: Sequence[Run], kind: str, name: str) -> Iterator[Applied]:
    called = (resource_of(run.resources, kind, name) for run in runs)
    first_id = next((str(one["id"]) for one in called if one and one.get("id")), None)
    last: Mapping[str, Any] | None = None
    last_id: str | None = None
    last_pin: Any = None
    for run in runs:
        resource = resource_of(run.resources, kind, name) or _of_id(run.resources, kind, first_id)
        outputs = unpacked((resource or {}).get("outputs") or {}, kind)
        definition: Mapping[str, Any] | None = outputs.get("applied") if resource else None
        identifier = str(resource["id"]) if resource and resource.get("id") else None
        if definition is None and last is None:
            continue
        if definition is None:
            fields: tuple[str, ...] = ("removed",)
        elif last is None:
            fields = ("adopted" if outputs.get("adopted") else "made",)
        else:
            fields = tuple(change.path for change in changes(kind, last, definition, last))
            if identifier != last_id:
                fields = ("made anew", *fields)
            elif outputs.get("appliedDefault") != last_pin:
                fields = (*fields, "default_version")
        if fields:
            newest, stood_for = outputs.get("latestVersion"), outputs.get("version")
            yield Applied(
                run,
                identifier,
                definition,
                fields,
                newest or stood_for,
                stood_for if newest else None,
                outputs.get("incarnation"),
            )
        last, last_id, last_pin = definition, identifier, outputs.get("appliedDefault")
