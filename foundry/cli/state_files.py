"""Files of Pulumi's file backend, as they lie or compressed.

Names and compression: `PULUMI_DIY_BACKEND_GZIP` and `PULUMI_DIY_BACKEND_ZSTD` of the Pulumi CLI (pkg/backend/diy/state.go). What a
file is, its first bytes tell: the CLI copies a checkpoint under the name that its setting asks for, however it was written.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from foundry.model import FoundryError

_SUFFIXES: Final = ("", ".gz", ".zst")
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"


def read(path: Path) -> Any:
    """The JSON of a file.

    Raises:
        OSError: there is no such file, or it can't be read.
        ValueError: it is damaged.
        FoundryError: it is compressed with zstd.
    """
    data = path.read_bytes()
    if data.startswith(_ZSTD):
        raise FoundryError(
            f"{path} is compressed with zstd, which isn't read here",
            fix="unset PULUMI_DIY_BACKEND_ZSTD for this stack, or use PULUMI_DIY_BACKEND_GZIP, and run it once more",
        )
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path} is damaged: {error}") from error
    return json.loads(data)


def all_of(folder: Path, ending: str) -> list[Path]:
    """The files of a folder whose names end so, compressed or not, by name."""
    return sorted(path for suffix in _SUFFIXES for path in folder.glob(f"*{ending}{suffix}"))


def variants(path: Path) -> Iterator[Path]:
    """The file as it lies, and compressed: those of them that there are, the newest first."""
    there = [one for one in (path.with_name(f"{path.name}{suffix}") for suffix in _SUFFIXES) if one.exists()]
    yield from sorted(there, key=lambda one: one.stat().st_mtime_ns, reverse=True)
