"""What somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SHOWN = 12
_CLOSE = 0.66
_AS_CLOSE = 0.1
_LONGEST = 63


def is_near(word: str, known: Iterable[str]) -> bool:
    """Whether the word looks like a misspelling of a known one."""
    return bool(difflib.get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=_CLOSE))


def _closest(word: str, known: Iterable[str]) -> list[str]:
    """The closest known word, and the next one if it is nearly as close."""
    close = difflib.get_close_matches(word, known, n=2, cutoff=_CLOSE)
    return [one for one in close if _likeness(word, one) >= _likeness(word, close[0]) - _AS_CLOSE]


def _likeness(word: str, other: str) -> float:
    # The known word first, as difflib has it: the measure isn't symmetric.
    return difflib.SequenceMatcher(None, other, word).ratio()


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def meant(word: str, known: Iterable[str], *, none: str, have: str, in_order: bool = False) -> str:
    """The advice for an unknown word: the closest known ones, else what there is.

    `have` opens the list of what there is (`the Environment has`); `none` is the advice when there is nothing. With
    `in_order` the known words come from the most important one on, else they are sorted.
    """
    names = list(known) if in_order else sorted(known)
    if not names:
        return none
    lowered = {name.lower(): name for name in names}
    close = _closest(word.lower(), lowered)
    if close:
        return f"did you mean {' or '.join(f'`{lowered[name]}`' for name in close)}?"
    shown = ", ".join(_short(name) for name in names[:_SHOWN])
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{have}: {shown}{rest}"
