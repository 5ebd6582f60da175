"""Pulumi's doorway: agents, vector stores, files and search indexes as dynamic resources.

Objects of the versioned dialect are resource types of their own, so that neither dialect ever replaces the other.

The module paths of the provider classes are part of every state file and are never renamed; neither are the type tokens
`pulumi-python:dynamic/foundry:Agent`, `VectorStore`, `File`, `SearchIndex`, `SearchObject`, `VersionedAgent`, `VersionedVectorStore` and
`VersionedFile`, and `MemoryStore`, `Toolbox`, `Skill`, `Evaluation` and `EvaluationRule`, which only the versioned dialect has, and `IndexAsset`.
"""

from foundry.providers.agent import Agent, AgentProvider
from foundry.providers.declared import Reference
from foundry.providers.evaluation import Evaluation, EvaluationProvider
from foundry.providers.evaluation_rule import EvaluationRule, EvaluationRuleProvider
from foundry.providers.file import File, FileProvider
from foundry.providers.index_asset import IndexAsset, IndexAssetProvider
from foundry.providers.lookups import connection_id
from foundry.providers.memory_store import MemoryStore, MemoryStoreProvider
from foundry.providers.search_index import SearchIndex, SearchIndexProvider
from foundry.providers.search_object import SearchObject, SearchObjectProvider
from foundry.providers.skill import Skill, SkillProvider
from foundry.providers.toolbox import Toolbox, ToolboxProvider
from foundry.providers.vector_store import VectorStore, VectorStoreProvider
from foundry.providers.versioned_agent import VersionedAgent, VersionedAgentProvider
from foundry.providers.versioned_file import VersionedFile, VersionedFileProvider
from foundry.providers.versioned_vector_store import VersionedVectorStore, VersionedVectorStoreProvider

__all__ = [
    "Agent",
    "AgentProvider",
    "Evaluation",
    "EvaluationProvider",
    "EvaluationRule",
    "EvaluationRuleProvider",
    "File",
    "FileProvider",
    "IndexAsset",
    "IndexAssetProvider",
    "MemoryStore",
    "MemoryStoreProvider",
    "Reference",
    "SearchIndex",
    "SearchIndexProvider",
    "SearchObject",
    "SearchObjectProvider",
    "Skill",
    "SkillProvider",
    "Toolbox",
    "ToolboxProvider",
    "VectorStore",
    "VectorStoreProvider",
    "VersionedAgent",
    "VersionedAgentProvider",
    "VersionedFile",
    "VersionedFileProvider",
    "VersionedVectorStore",
    "VersionedVectorStoreProvider",
    "connection_id",
]
