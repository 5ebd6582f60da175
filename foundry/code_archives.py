"""The code of a hosted agent as the service takes it: one zip, which is the same for the same files."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final

from foundry.model import FoundryError

LARGEST_CODE: Final = 250 * 1024 * 1024
"""Bytes in a zip of code, at most: "250 MB" in azure-ai-projects 2.10 (`create_version_from_code`).

Taken as the larger of what that may mean, so that nothing is refused here which the service takes.
"""

IN_MEMORY: Final = 16 * 1024 * 1024
"""Bytes of a zip that is made in memory; a larger one is made in a temporary file."""

_PIECE: Final = 1 << 20
_MOST_UNPACKED: Final = 4 * LARGEST_CODE
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16
_AROUND_A_FILE: Final = 30 + 46
_END: Final = 22
"""Bytes of a zip that are no file's: the two headers of each, which have its name too, and the end (PKWARE APPNOTE 4.3)."""


def zip_into(target: IO[bytes], files: Mapping[str, Callable[[], IO[bytes]]]) -> str:
    """Writes the zip of files by name, forward slashes in the names, and returns its SHA-256 in hex.

    Neither order, times nor modes of the files come into it, and nothing is compressed: what a compressor makes of the same
    bytes differs from one machine to the next.

    Args:
        target: where it is written, from its start; it must be empty, and be one that seeks and reads. It stands at its start
            afterwards.
        files: what opens each file. They are read in pieces, one after the other, and closed.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            with files[name]() as source, archive.open(entry, "w") as into:
                shutil.copyfileobj(source, into, _PIECE)
    target.seek(0)
    digest = hashlib.sha256()
    while piece := target.read(_PIECE):
        digest.update(piece)
    target.seek(0)
    return digest.hexdigest()


def unpackable(folder: str, error: OSError) -> FoundryError:
    """What is told of code that can't be packed: a file broke off, or there is no room for the zip."""
    return FoundryError(
        f"the code in {folder} can't be packed: {error.strerror}",
        fix="make its files readable, and room for the zip in the folder for temporary files (TMPDIR)",
    )


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The zip of `zip_into` for files that are in memory."""
    made = io.BytesIO()
    zip_into(made, {name: partial(io.BytesIO, content) for name, content in files.items()})
    return made.getvalue()


def zipped_size(sizes: Mapping[str, int]) -> int:
    """Bytes in the zip of files of these sizes, by name."""
    return _END + sum(_AROUND_A_FILE + 2 * len(name.encode()) + size for name, size in sizes.items())


def unzipped(packed: bytes) -> dict[str, bytes]:
    """The files of a zip by name, folders left out.

    Raises:
        ValueError: it is no zip, or a file in it has a name that leads elsewhere, or they are too much to unpack.
    """
    with _archive(io.BytesIO(packed)) as archive:
        return {entry.filename: archive.read(entry) for entry in _entries(archive)}


def unzip_into(folder: Path, packed: IO[bytes]) -> dict[str, Path]:
    """Writes the files of a zip into a folder, in pieces, and returns where they are, by name; folders are left out.

    Raises:
        ValueError: as `unzipped`.
        OSError: there is no room for them.
    """
    written: dict[str, Path] = {}
    with _archive(packed) as archive:
        for entry in _entries(archive):
            path = folder / entry.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, path.open("wb") as into:
                shutil.copyfileobj(source, into, _PIECE)
            written[entry.filename] = path
    return written


@contextmanager
def _archive(packed: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(packed) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise ValueError(f"it can't be unpacked ({type(error).__name__})") from None


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    for entry in entries:
        name = entry.filename
        parts = name.split("/")
        if "\\" in name or ":" in name or not name.isprintable() or {"", ".", ".."} & set(parts):
            raise ValueError(f"{name!a} can't be the name of a file here")
    if sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise ValueError(f"its files have more than {_MOST_UNPACKED:,} bytes")
    return entries


def stays_out(name: str) -> bool:
    """Whether a file or folder is no part of the code that is uploaded: it is hidden, or compiled Python."""
    return any(
        part.startswith(".") or part == "__pycache__" or part.endswith(".pyc") for part in name.split("/")
    )
