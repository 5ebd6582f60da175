"""The Pulumi resource of a vector store of the versioned dialect, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.of_a_project import OfAProject


class VersionedVectorStoreProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:VersionedVectorStore`."""

    kind = "vector_store"
    type = "VersionedVectorStore"


class VersionedVectorStore(OfAProject, module="foundry", name="VersionedVectorStore"):
    """A vector store for versioned agents. Its `definition` is that of `VectorStore`."""

    provider_class = VersionedVectorStoreProvider
