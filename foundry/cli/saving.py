"""Files that people keep, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from foundry.model import FoundryError


def save(path: Path, text: str) -> None:
    """Replace a file in one step, so that a full disk or a kill leaves what was there; its line ends are those of the text.

    A link stays a link, and the mode of a file stays what it was. What is no file, as a pipe, is written to.

    Raises:
        FoundryError: it can't be written.
    """
    target, temporary = path.resolve(), None
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else _mode_of_new_files())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise FoundryError(
            f"{path} can't be written: {error.strerror}; it is as it was",
            fix="make room, or let yourself write into its folder, and run the command again",
        ) from error


def _mode_of_new_files() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
