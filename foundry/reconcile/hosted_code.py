"""The zip of a hosted agent's code: packed from the project's files, or the one that the service holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foundry.model import FoundryError, zipped
from foundry.service.protocols import LiveVersionedAgent, VersionedService


def code_of(
    root: Path, definition: Mapping[str, Any], service: VersionedService, live: LiveVersionedAgent | None
) -> bytes | None:
    """The zip that a definition's version is made from; None for one that isn't made from code.

    A declared definition lists the files below `root`. One that was read from the service lists none: then it is the zip of
    `live`, which it was read from.

    Raises:
        FoundryError: a file is gone, or differs from what was declared.
        ServiceError: the service doesn't give the zip.
    """
    code = (definition.get("hosted") or {}).get("code_configuration")
    if not code:
        return None
    if "files" not in code and live is not None:
        return service.download_code(live.id, live.version)
    folder = str(code.get("folder"))
    try:
        packed = zipped(
            {
                str(one["path"]): (root / folder / str(one["path"])).read_bytes()
                for one in code.get("files") or ()
            }
        )
    except OSError as error:
        raise FoundryError(
            f"the code in {folder} can't be read: {error.strerror}", fix="put the files back"
        ) from None
    if hashlib.sha256(packed).hexdigest() != code.get("content_hash"):
        raise FoundryError(
            f"the code in {folder} has changed since it was declared", fix="run the command again"
        )
    return packed
