"""The Pulumi resource of a memory store, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.of_a_project import OfAProject


class MemoryStoreProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:MemoryStore`."""

    kind = "memory_store"
    type = "MemoryStore"


class MemoryStore(OfAProject, module="foundry", name="MemoryStore"):
    """What versioned agents remember. Its Pulumi id is the store's name at the service.

    `definition` has name, chat_model, embedding_model, description, options and metadata.
    """

    provider_class = MemoryStoreProvider
