"""How things that checks make are marked, so that what a killed run left is found and nothing else is taken for it.

Threads, stores and agents carry a pair of metadata. A file has none, so its name carries twelve hexadecimal digits: eight
that are the same for every run of one stack, and four of the run. Either tells the run that made the thing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from foundry.model import Owner

KEY: Final = "foundry-as-code-check"
_OF_STACK: Final = 8
_OF_RUN: Final = 4


def mark(owner: Owner, run: str) -> dict[str, str]:
    """The metadata that marks a thing as made for this stack's checks. `run` is hexadecimal."""
    return {KEY: f"{owner.project}/{owner.stack} {owner.stack_id} {run}"}


def filename(owner: Owner, run: str, name: str) -> str:
    """The name under which a file is uploaded."""
    path = PurePosixPath(name)
    return f"{path.stem}.{_digits(owner)}{run[:_OF_RUN]}{path.suffix}"


def run_of(owner: Owner, metadata: Mapping[str, str] | None, name: str | None) -> str | None:
    """The run that made a thing, or its first digits; None for what doesn't carry this stack's mark."""
    match (metadata or {}).get(KEY, "").split():
        case [*_, stack_id, run] if stack_id == owner.stack_id:
            return run
    found = re.search(rf"\.{_digits(owner)}([0-9a-f]{{{_OF_RUN}}})(\.[^.]*)?$", name or "")
    return found.group(1) if found else None


def _digits(owner: Owner) -> str:
    return hashlib.sha256(f"check:{owner.stack_id}".encode()).hexdigest()[:_OF_STACK]
