"""Files of the project that a declaration listed, read when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foundry.model import FoundryError


def content_of(root: Path, file: Mapping[str, Any]) -> bytes:
    """The content of a declared file: `source` is its path below `root`, `sha256` what it had when it was declared.

    Raises:
        FoundryError: it is gone, or has changed since.
    """
    source = str(file["source"])
    try:
        content = (root / source).read_bytes()
    except OSError as error:
        raise FoundryError(f"{source} can't be read: {error.strerror}", fix="put the file back") from None
    if hashlib.sha256(content).hexdigest() != file.get("sha256"):
        raise FoundryError(f"{source} has changed since it was declared", fix="run the command again")
    return content
