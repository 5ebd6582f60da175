"""Ownership marks: whose a live object is, written on the object itself, so that a lost state finds it again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from foundry.model import FoundryError, Owner

KEY: Final = "foundry-as-code"
NO_DIGEST: Final = "-"
"""What stands in place of a digest where a kind needs none."""
_VERSION: Final = "v1"
_ADOPTED: Final = "adopted"
_VERSIONED: Final = "versioned"
_STRANGE: Final = Owner("an unreadable mark", "of another version", "")
_IN_TEXT: Final = re.compile(r" ?\(foundry-as-code: (?P<owner>\S+) (?P<rest>[^()]*)\)$")
_MOST_PAIRS: Final = 16


@dataclass(frozen=True)
class Mark:
    """Whose an object is.

    `digest` stands for the declaration that was applied; its form is the kind's own business. `incarnation` is a random
    word, new with every create and every adoption: the state that has it speaks of this very object. `versioned` tells the
    two objects apart that one declaration has in a service where stores of both dialects are seen through either.
    """

    owner: Owner
    name: str
    digest: str
    incarnation: str
    adopted: bool = False
    versioned: bool = False

    @property
    def source(self) -> str:
        """`project/stack`, as people write it."""
        return f"{self.owner.project}/{self.owner.stack}"

    def belongs_to(self, owner: Owner, name: str, *, versioned: bool = False) -> bool:
        """Whether it is this stack's mark for this logical name in this dialect."""
        return (self.owner.stack_id, self.name, self.versioned) == (owner.stack_id, name, versioned)

    def text(self) -> str:
        """The compact text, of at most 512 characters."""
        parts = [_VERSION, self.source, self.owner.stack_id, self.name, self.digest, self.incarnation]
        words = ((_ADOPTED, self.adopted), (_VERSIONED, self.versioned))
        return " ".join([*parts, *(word for word, said in words if said)])

    def in_description(self, description: str | None) -> str:
        """A description that ends with the mark: for an object with no metadata of its own."""
        parts = [self.source, self.owner.stack_id, self.name, self.digest, self.incarnation]
        told = " ".join([*parts, *([_ADOPTED] if self.adopted else [])])
        return f"{description} ({KEY}: {told})" if description else f"({KEY}: {told})"


def mark_of(metadata: Mapping[str, str]) -> Mark | None:
    """The mark among metadata; None when there is none. A mark that can't be read is somebody's all the same."""
    text = metadata.get(KEY)
    if text is None:
        return None
    version, _, rest = text.partition(" ")
    return _read(rest) if version == _VERSION else Mark(_STRANGE, "", "", "")


def mark_in(description: str | None) -> tuple[str, Mark | None]:
    """A description without its mark, and the mark."""
    text = description or ""
    found = _IN_TEXT.search(text)
    if found is None:
        return text, None
    return text[: found.start()], _read(f"{found['owner']} {found['rest']}")


def marked(
    mark: Mark, live: Mapping[str, str], declared: Mapping[str, Any], applied: Mapping[str, Any]
) -> dict[str, str]:
    """All metadata of an object: the mark, what is declared, and what others put there and nobody declared.

    Raises FoundryError when that is more than sixteen pairs.
    """
    foreign = {key: value for key, value in live.items() if key not in applied and key != KEY}
    pairs = {**foreign, **{key: str(value) for key, value in declared.items()}, KEY: mark.text()}
    if len(pairs) > _MOST_PAIRS:
        extra = ", ".join(sorted(key for key in foreign if key not in declared))
        raise FoundryError(
            f"metadata would have {len(pairs)} pairs, of which 16 fit; not declared are: {extra}",
            fix="declare fewer pairs, or delete those that somebody else added",
        )
    return pairs


def without_mark(metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata that people gave."""
    return {key: value for key, value in metadata.items() if key != KEY}


def refuse_unless_ours(
    what: str,
    mark: Mark | None,
    owner: Owner,
    adopt: Mapping[str, Any] | None,
    *,
    incarnation: str | None = None,
) -> None:
    """Raises FoundryError if the object is another stack's and nothing says that it was handed over.

    Handed over means: the state we hold has its incarnation (`pulumi state move`), or `adopt.from` names its owner.
    """
    if mark is None or mark.owner.stack_id == owner.stack_id:
        return
    if incarnation is not None and mark.incarnation == incarnation:
        return
    if adopt is not None and adopt.get("from") == mark.source and mark.source:
        return
    raise FoundryError(
        f"{what} belongs to {mark.source} (stack id {mark.owner.stack_id or 'unknown'}), not to this stack",
        fix=f"leave it there, or take it over with lifecycle.adopt: {{id: …, from: {mark.source}}} "
        "once that stack lets it go (retain_on_delete)",
    )


@lru_cache(maxsize=4096)  # each create looks through the marks of all that is live
def _read(text: str) -> Mark:
    parts = text.split(" ")
    source = parts[0].split("/")
    if len(parts) < 5 or len(source) != 2:
        return Mark(_STRANGE, "", "", "")
    owner = Owner(source[0], source[1], parts[1])
    said = parts[5:]
    return Mark(owner, parts[2], parts[3], parts[4], adopted=_ADOPTED in said, versioned=_VERSIONED in said)
