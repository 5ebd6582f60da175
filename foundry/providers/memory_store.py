"""The Pulumi resource of a memory store, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class MemoryStoreProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:MemoryStore`."""

    kind = "memory_store"


class MemoryStore(Resource, module="foundry", name="MemoryStore"):
    """What versioned agents remember. Its Pulumi id is the store's name at the service."""

    def __init__(
        self,
        resource_name: str,
        *,
        owner: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        name: pulumi.Input[str],
        project: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        definition: pulumi.Input[Mapping[str, Any]],
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a memory store.

        The arguments are those of `Agent`. `definition` has name, chat_model, embedding_model, description, options and
        metadata.
        """
        given = {
            "owner": owner,
            "name": name,
            "dialect": "versioned",
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle if lifecycle is not None else {},
            "definition": definition,
        }
        outputs = ("memoryStoreName", "incarnation", "applied", "adopted")
        super().__init__(MemoryStoreProvider(), resource_name, inputs(given, *outputs), opts)
