"""The zip of a hosted agent's code: packed from the project's files, or the one that the service holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from foundry.code_archives import IN_MEMORY, unpackable, zip_into
from foundry.model import FoundryError
from foundry.service.live import LiveVersionedAgent
from foundry.service.protocols import VersionedService


@contextmanager
def code_of(
    root: Path, definition: Mapping[str, Any], service: VersionedService, live: LiveVersionedAgent | None
) -> Iterator[IO[bytes] | None]:
    """The zip that a definition's version is made from, open; None for one that isn't made from code.

    A declared definition lists the files below `root`. One that was read from the service lists none: then it is the zip of
    `live`, which it was read from.

    Raises:
        FoundryError: a file is gone or can't be read, or they differ from what was declared.
        ServiceError: the service doesn't give the zip.
    """
    code = (definition.get("hosted") or {}).get("code_configuration")
    if not code:
        yield None
        return
    if "files" not in code and live is not None:
        with SpooledTemporaryFile(IN_MEMORY) as held:
            service.download_code(live.id, live.version, held)
            yield held
        return
    folder = str(code.get("folder"))
    names = [str(one["path"]) for one in code.get("files") or ()]
    with SpooledTemporaryFile(IN_MEMORY) as packed:
        try:
            found = zip_into(packed, {name: partial(_opened, root, f"{folder}/{name}") for name in names})
        except OSError as error:
            raise unpackable(folder, error) from None
        if found != code.get("content_hash"):
            raise FoundryError(
                f"the code in {folder} has changed since it was declared", fix="run the command again"
            )
        yield packed


def _opened(root: Path, path: str) -> IO[bytes]:
    try:
        return (root / path).open("rb")
    except OSError as error:
        raise FoundryError(f"{path} can't be read: {error.strerror}", fix="put the file back") from None
