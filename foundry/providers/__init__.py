"""Pulumi's doorway: agents, vector stores, files and search indexes as dynamic resources.

The module paths of the provider classes are part of every state file and are never renamed; neither are the type tokens
`pulumi-python:dynamic/foundry:Agent`, `VectorStore`, `File` and `SearchIndex`.
"""

from foundry.providers.agent import Agent, AgentProvider
from foundry.providers.file import File, FileProvider
from foundry.providers.search_index import SearchIndex, SearchIndexProvider
from foundry.providers.vector_store import VectorStore, VectorStoreProvider

__all__ = [
    "Agent",
    "AgentProvider",
    "File",
    "FileProvider",
    "SearchIndex",
    "SearchIndexProvider",
    "VectorStore",
    "VectorStoreProvider",
]
