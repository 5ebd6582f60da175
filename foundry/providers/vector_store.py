"""The Pulumi resource of a vector store, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class VectorStoreProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:VectorStore`."""

    kind = "vector_store"


class VectorStore(Resource, module="foundry", name="VectorStore"):
    """A vector store of an Azure AI Foundry project. Its Pulumi id is the store's id at the service."""

    provider_class: ClassVar[type[Doorway]] = VectorStoreProvider

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
        dialect: pulumi.Input[str] = "classic",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a vector store.

        The arguments are those of `Agent`. `definition` has name, metadata, expires_after_days, chunking_strategy and
        either files ([{path, sha256, file_id}]) or data_sources ([{type, uri}]).
        """
        given = {
            "owner": owner,
            "name": name,
            "dialect": dialect,
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle if lifecycle is not None else {},
            "definition": definition,
        }
        props = inputs(given, "vectorStoreId", "fileCounts", "incarnation", "applied", "adopted")
        super().__init__(self.provider_class(), resource_name, props, opts)

    @property
    def vector_store_id(self) -> pulumi.Output[str]:
        """The store's id. In references prefer `id`: Pulumi keeps it known while the store is updated."""
        return cast("pulumi.Output[str]", pulumi.get(self, "vectorStoreId"))

    @property
    def file_counts(self) -> pulumi.Output[Mapping[str, int]]:
        """How many files are completed, failed, in_progress, cancelled, and in total."""
        return cast("pulumi.Output[Mapping[str, int]]", pulumi.get(self, "fileCounts"))
