"""What can be wrong with inputs of any kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from foundry.model import UNKNOWN
from foundry.reconcile.marks import KEY
from foundry.reconcile.shapes import Problem, Props

_DIALECTS: Final = ("classic", "versioned")


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


def metadata_problems(metadata: Any) -> Iterator[Problem]:
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
        if key == KEY:
            yield Problem(path, "is the mark of this tool; choose another key")
        if len(key) > 64:
            yield Problem(path, "is longer than 64 characters; shorten the key")
        if value is UNKNOWN:
            continue
        if not isinstance(value, str):
            yield Problem(path, f"is {value!r}, not a text; write it in quotes")
        elif len(value) > 512:
            yield Problem(path, "is longer than 512 characters; shorten the value")
