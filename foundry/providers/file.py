"""The Pulumi resource of an uploaded file, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.declared import inputs
from foundry.providers.doorway import Doorway


class FileProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:File`."""

    kind = "file"
    type = "File"


class File(Resource, module="foundry", name="File"):
    """A local file, uploaded for agents. Its Pulumi id is the file's id at the service."""

    provider_class: ClassVar[type[Doorway]] = FileProvider

    def __init__(
        self,
        resource_name: str,
        *,
        owner: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        project: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        path: pulumi.Input[str],
        filename: pulumi.Input[str],
        sha256: pulumi.Input[str],
        size: pulumi.Input[int],
        purpose: pulumi.Input[str] = "assistants",
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a file.

        `path` is relative to the project root; `sha256` (hex) and `size` (bytes) are its content's; `filename` is what
        people are shown. The other arguments are those of `OfAProject`.
        """
        given = {
            "owner": owner,
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle,
            "path": path,
            "filename": filename,
            "sha256": sha256,
            "size": size,
            "purpose": purpose,
        }
        props = inputs(given)
        super().__init__(self.provider_class(), resource_name, props, opts)
