"""The Pulumi resource of a vector store of the versioned dialect, and its provider."""

from __future__ import annotations

from typing import ClassVar

from foundry.providers.doorway import Doorway
from foundry.providers.vector_store import VectorStore


class VersionedVectorStoreProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:VersionedVectorStore`."""

    kind = "vector_store"


class VersionedVectorStore(VectorStore, module="foundry", name="VersionedVectorStore"):
    """A vector store for versioned agents. Its arguments and outputs are those of `VectorStore`; `dialect` is versioned."""

    provider_class: ClassVar[type[Doorway]] = VersionedVectorStoreProvider
