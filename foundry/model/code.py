"""The code of a hosted agent as the service takes it: one zip, which is the same for the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Final

LARGEST_CODE: Final = 250 * 1024 * 1024
"""Bytes in a zip of code, at most (azure-ai-projects 2.10, `create_version_from_code`)."""

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
