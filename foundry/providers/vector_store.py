"""The Pulumi resource of a vector store, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.of_a_project import OfAProject


class VectorStoreProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:VectorStore`."""

    kind = "vector_store"
    type = "VectorStore"


class VectorStore(OfAProject, module="foundry", name="VectorStore"):
    """A vector store of an Azure AI Foundry project. Its Pulumi id is the store's id at the service.

    `definition` has name, metadata, expires_after_days, chunking_strategy and
    either files ([{path, sha256, file_id}]) or data_sources ([{type, uri}]).
    """

    provider_class = VectorStoreProvider
