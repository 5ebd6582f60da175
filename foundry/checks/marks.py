"""How things that checks make are marked, so that what a killed run left is found and nothing else is taken for it.

Threads, stores and agents carry a pair of metadata; a file has none, so its name carries twelve hexadecimal digits that
are the same for every run of one stack and no content's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from foundry.model import Owner

KEY: Final = "foundry-as-code-check"
_DIGITS: Final = 12


def mark(owner: Owner) -> dict[str, str]:
    """The metadata that marks a thing as made for this stack's checks."""
    return {KEY: f"{owner.project}/{owner.stack} {owner.stack_id}"}


def filename(owner: Owner, name: str) -> str:
    """The name under which a file is uploaded."""
    path = PurePosixPath(name)
    return f"{path.stem}.{_digits(owner)}{path.suffix}"


def is_ours(owner: Owner, metadata: Mapping[str, str] | None, name: str | None) -> bool:
    """Whether a thing carries this stack's mark, in its metadata or in its name."""
    told = (metadata or {}).get(KEY, "")
    if told.rpartition(" ")[2] == owner.stack_id:
        return True
    return name is not None and re.search(rf"\.{_digits(owner)}(\.[^.]*)?$", name) is not None


def _digits(owner: Owner) -> str:
    return hashlib.sha256(f"check:{owner.stack_id}".encode()).hexdigest()[:_DIGITS]
