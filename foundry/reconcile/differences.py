"""What would change, as far as all kinds have it in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from foundry.diff import Change, Op, changes
from foundry.model import UNKNOWN
from foundry.reconcile.inputs import only_reports
from foundry.reconcile.shapes import Props


def content(kind: str, olds: Props, news: Props) -> tuple[Change, ...]:
    """Changes of the definition. Where drift is only reported, the declaration is compared with the last one applied."""
    applied = olds.get("applied")
    base = applied if only_reports(news) else olds.get("definition")
    return changes(kind, base, news.get("definition"), applied)


def handling(olds: Props, news: Props, keys: Sequence[str]) -> Iterator[Change]:
    """Changes of what isn't the definition. An unknown endpoint is none: state already says how to reach the object."""
    for key in keys:
        old, new = olds.get(key) or None, news.get(key) or None
        if new is not UNKNOWN and old != new:
            yield Change(key, old, new, Op.ADD if old is None else Op.REMOVE if new is None else Op.CHANGE)


def moved(olds: Props, news: Props, place: str) -> tuple[str, ...]:
    """The inputs that say the object lives elsewhere now: the place, unknown or different, and the dialect."""
    there, here = news.get(place), olds.get(place)
    gone = there is UNKNOWN or str(there).casefold() != str(here).casefold()
    dialect = news.get("dialect") is not UNKNOWN and news.get("dialect") != olds.get("dialect")
    return (*([place] if gone else []), *(["dialect"] if dialect else []))


def only_edits(
    kind: str, live: Mapping[str, Any], declared: Mapping[str, Any], applied: Props
) -> dict[str, Any]:
    """What is live with what was edited in the declaration since it was applied: drift is left alone."""
    edited = {change.field for change in changes(kind, applied, declared, applied)}
    return {
        **{key: value for key, value in live.items() if key not in edited},
        **{key: declared[key] for key in edited if key in declared},
    }
