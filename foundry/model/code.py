"""The code of a hosted agent as the service takes it: one zip, which is the same for the same files."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

LARGEST_CODE: Final = 250 * 1024 * 1024
"""Bytes in a zip of code, at most (azure-ai-projects 2.10, `create_version_from_code`)."""

_MOST_UNPACKED: Final = 4 * LARGEST_CODE
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16
_AROUND_A_FILE: Final = 30 + 46
_END: Final = 22
"""Bytes of a zip that are no file's: the two headers of each, which have its name too, and the end (PKWARE APPNOTE 4.3)."""


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The zip of files by name, forward slashes in the names.

    Neither order, times nor modes of the files come into it, and nothing is compressed: what a compressor makes of the same
    bytes differs from one machine to the next.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, files[name])
    return made.getvalue()


def zipped_size(sizes: Mapping[str, int]) -> int:
    """Bytes in the zip of files of these sizes, by name."""
    return _END + sum(_AROUND_A_FILE + 2 * len(name.encode()) + size for name, size in sizes.items())


def unzipped(packed: bytes) -> dict[str, bytes]:
    """The files of a zip by name, folders left out.

    Raises:
        ValueError: it is no zip, or a file in it has a name that leads elsewhere, or they are too much to unpack.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            for entry in entries:
                name = entry.filename
                parts = name.split("/")
                if "\\" in name or ":" in name or not name.isprintable() or {"", ".", ".."} & set(parts):
                    raise ValueError(f"{name!a} can't be the name of a file here")
            if sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
                raise ValueError(f"its files have more than {_MOST_UNPACKED:,} bytes")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise ValueError(f"it can't be unpacked ({type(error).__name__})") from None


def stays_out(name: str) -> bool:
    """Whether a file or folder is no part of the code that is uploaded: it is hidden, or compiled Python."""
    return any(
        part.startswith(".") or part == "__pycache__" or part.endswith(".pyc") for part in name.split("/")
    )
