"""Which evaluators a project's catalogue has, so that what isn't there is told before anything is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from foundry.service.protocols import EvaluationService

Wanted = tuple[str, str | None]
"""An evaluator's name in the catalogue, and the version that is asked for; None stands for the newest."""


@dataclass(frozen=True)
class Absent:
    """What the catalogue doesn't have, in words, and the names that it has; of an evaluator that is there, its versions."""

    what: str
    there: tuple[str, ...]
    is_version: bool = False


def absent(service: EvaluationService, wanted: Iterable[Wanted]) -> dict[Wanted, Absent]:
    """What of it the catalogue doesn't have.

    Raises:
        ServiceError: the catalogue can't be read.
    """
    known = tuple(service.list_evaluators())
    found: dict[Wanted, Absent] = {}
    for name, version in dict.fromkeys(wanted):
        if name not in known:
            found[name, version] = Absent(f"evaluator `{name}`", known)
        elif version is not None:
            versions = tuple(service.list_evaluator_versions(name))
            if version not in versions:
                what = f"version `{version}` of the evaluator `{name}`"
                found[name, version] = Absent(what, versions, is_version=True)
    return found
