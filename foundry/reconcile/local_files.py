"""Files of the project that a declaration listed, read when they are needed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from foundry.model import FoundryError


def content_of(root: Path, path: str, sha256: str) -> bytes:
    """The content of a declared file.

    Args:
        root: the folder that `path` starts from.
        path: the file.
        sha256: what the file had when it was declared, in hex.

    Raises:
        FoundryError: it is gone, or has changed since.
    """
    try:
        content = (root / path).read_bytes()
    except OSError as error:
        raise FoundryError(f"{path} can't be read: {error.strerror}", fix="put the file back") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FoundryError(f"{path} has changed since it was declared", fix="run the command again")
    return content
