"""What a manifest, an agent, a tool, a store and an index *are*. Values only: no file, no network, no Pulumi."""

from foundry.model.agent import Agent, ModelElsewhere, SkillReference, Tool
from foundry.model.check import Attachment, Check, Conversation, Expectation, Image
from foundry.model.environment import (
    AccessGrant,
    Account,
    Connection,
    ContentFilter,
    Credential,
    Deployment,
    Dialect,
    Environment,
    Existing,
    FilterRule,
    KeyVaultSecret,
    Monitoring,
    Owner,
    Project,
    ResourceGroup,
    Search,
    SecretConfig,
    Setup,
    Storage,
    ThreadStore,
)
from foundry.model.errors import Failure, FoundryError, ServiceError
from foundry.model.evaluation import Evaluation, Evaluator
from foundry.model.findings import Finding, Position, Severity
from foundry.model.knowledge import KnowledgeFile, MemoryStore, VectorStore
from foundry.model.lifecycle import Adopt, Lifecycle
from foundry.model.manifest import Manifest
from foundry.model.numbered import Skill, Toolbox, toolbox_address
from foundry.model.recorded import packed, unpacked
from foundry.model.search import IndexAsset, SearchIndex, SearchObject
from foundry.model.values import UNKNOWN, Json, QueueUrl, Template, Text, Unknown

__all__ = [
    "UNKNOWN",
    "AccessGrant",
    "Account",
    "Adopt",
    "Agent",
    "Attachment",
    "Check",
    "Connection",
    "ContentFilter",
    "Conversation",
    "Credential",
    "Deployment",
    "Dialect",
    "Environment",
    "Evaluation",
    "Evaluator",
    "Existing",
    "Expectation",
    "Failure",
    "FilterRule",
    "Finding",
    "FoundryError",
    "Image",
    "IndexAsset",
    "Json",
    "KeyVaultSecret",
    "KnowledgeFile",
    "Lifecycle",
    "Manifest",
    "MemoryStore",
    "ModelElsewhere",
    "Monitoring",
    "Owner",
    "Position",
    "Project",
    "QueueUrl",
    "ResourceGroup",
    "Search",
    "SearchIndex",
    "SearchObject",
    "SecretConfig",
    "ServiceError",
    "Setup",
    "Severity",
    "Skill",
    "SkillReference",
    "Storage",
    "Template",
    "Text",
    "ThreadStore",
    "Tool",
    "Toolbox",
    "Unknown",
    "VectorStore",
    "packed",
    "toolbox_address",
    "unpacked",
]
