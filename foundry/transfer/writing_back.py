"""What it takes to make a declaration say what an agent is, or was: the fields that differ, in the declaration's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from foundry.transfer.edits import REMOVED, Path

# Documents that are written as a whole: their inside is the business of JSON Schema and OpenAPI.
_DOCUMENTS: Final = frozenset({"spec", "parameters", "schema"})


@dataclass(frozen=True)
class Edit:
    """One field: where it stands in the declaration, what it says (`before`), and what it is to say (REMOVED: nothing)."""

    path: Path
    before: Any
    value: Any

    def __str__(self) -> str:
        return ".".join(self.path)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Edit, ...]:
    """The fields of one declaration that make it say the other, in the order of the first."""
    return tuple(_differences((), before, after))


def _differences(path: Path, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Edit]:
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key, REMOVED), after.get(key, REMOVED)
        if old == new:
            continue
        inside = isinstance(old, Mapping) and isinstance(new, Mapping) and key not in _DOCUMENTS
        if inside and old.get("type") == new.get("type"):
            yield from _differences((*path, key), old, new)
        else:
            yield Edit((*path, key), old, new)


def merged_text(raw: str, rendered: str, wanted: str) -> str | None:
    """A text with places (`${…}`), changed line by line; None where the places don't let it.

    Args:
        raw: the text as it stands in its file.
        rendered: the same with its places filled.
        wanted: what it is to say once its places are filled.

    Returns:
        Lines that stay keep their places; lines that change hold their new text, with `$${` for a literal `${`.
    """
    lines, shown, aims = (text.split("\n") for text in (raw, rendered, wanted))
    if len(lines) != len(shown):
        return None
    out: list[str] = []
    for tag, start, end, first, last in SequenceMatcher(a=shown, b=aims, autojunk=False).get_opcodes():
        out += (
            lines[start:end] if tag == "equal" else [line.replace("${", "$${") for line in aims[first:last]]
        )
    return "\n".join(out)


def merged_document(known: Any, wanted: Any) -> Any:
    """The wanted document with its keys in the order in which the known one has them."""
    if isinstance(known, Mapping) and isinstance(wanted, Mapping):
        order = [*(key for key in known if key in wanted), *(key for key in wanted if key not in known)]
        return {key: merged_document(known.get(key), wanted[key]) for key in order}
    return wanted
