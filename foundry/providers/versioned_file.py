"""The Pulumi resource of an uploaded file of the versioned dialect, and its provider."""

from __future__ import annotations

from typing import ClassVar

from foundry.providers.doorway import Doorway
from foundry.providers.file import File


class VersionedFileProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:VersionedFile`."""

    kind = "file"
    type = "VersionedFile"


class VersionedFile(File, module="foundry", name="VersionedFile"):
    """A local file, uploaded for versioned agents. Its arguments are those of `File`."""

    provider_class: ClassVar[type[Doorway]] = VersionedFileProvider
