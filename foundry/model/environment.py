"""The platform that agents live on: one Azure AI Foundry account, its projects, and what they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from foundry.model.findings import Position


class Dialect(StrEnum):
    """Which generation of the Agent Service's API an agent or a store is kept in."""

    CLASSIC = "classic"
    BOTH = "both"
    VERSIONED = "versioned"

    @property
    def parts(self) -> tuple[Dialect, ...]:
        """The dialects that an object is made in."""
        return (Dialect.CLASSIC, Dialect.VERSIONED) if self is Dialect.BOTH else (self,)


class Setup(StrEnum):
    """Azure's name for where agent data live: Microsoft's storage (basic) or the customer's (standard)."""

    BASIC = "basic"
    STANDARD = "standard"


@dataclass(frozen=True)
class Owner:
    """Whose an object is. `stack_id` is a UUID kept in the stack's settings file, so that two clones differ."""

    project: str
    stack: str
    stack_id: str


@dataclass(frozen=True)
class ResourceGroup:
    """The resource group to make (`name`), or the one that exists (`id`, an ARM id)."""

    name: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Account:
    """The Foundry account: sku, whether keys work beside Entra (`local_auth`), and whether it is reachable publicly."""

    sku: str = "S0"
    local_auth: bool = False
    public_network_access: bool = True
    id: str | None = None


@dataclass(frozen=True)
class Project:
    """A project of the account. `name` is its Azure name."""

    name: str
    display_name: str
    description: str


@dataclass(frozen=True)
class Deployment:
    """A model deployment. `capacity` is in thousands of tokens a minute, or in PTU for provisioned SKUs."""

    name: str
    model_format: str
    model_name: str
    model_version: str | None
    sku: str
    capacity: int
    version_upgrade_option: str
    content_filter: str | None = None


@dataclass(frozen=True)
class FilterRule:
    """One category of a content filter, by source (Prompt, Completion); shields have no severity threshold."""

    category: str
    sources: tuple[str, ...]
    severity_threshold: str | None = None
    blocking: bool = True


@dataclass(frozen=True)
class ContentFilter:
    """A content filter (Azure: RAI policy) of the account."""

    name: str
    base_policy: str
    rules: tuple[FilterRule, ...]


@dataclass(frozen=True)
class Storage:
    """The storage account with its blob containers and queues; or an existing one by ARM id."""

    containers: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    id: str | None = None


@dataclass(frozen=True)
class Search:
    """The AI Search service; or an existing one by ARM id. `semantic_search`: disabled, free or standard."""

    sku: str = "basic"
    semantic_search: str = "free"
    id: str | None = None


@dataclass(frozen=True)
class ThreadStore:
    """Cosmos DB for the threads of a standard setup. The limit is in RU/s: at least 3,000 a project."""

    total_throughput_limit: int = 3000
    id: str | None = None


@dataclass(frozen=True)
class Monitoring:
    """Log Analytics and Application Insights. `daily_quota_gb` None means no cap."""

    retention_in_days: int = 30
    daily_quota_gb: float | None = None


@dataclass(frozen=True)
class SecretConfig:
    """`{secret: KEY}`: a value in the stack's encrypted configuration."""

    key: str


@dataclass(frozen=True)
class KeyVaultSecret:
    """`{key_vault: URI}`: a secret of Azure Key Vault, with its version in the URI."""

    uri: str


Credential = SecretConfig | KeyVaultSecret


@dataclass(frozen=True)
class Connection:
    """A connection of the project that people declare, beside those that a standard setup makes by itself.

    `keys` is for category CustomKeys; `key` for categories with one API key; neither means Entra (AAD).
    """

    name: str
    category: str
    target: str
    key: Credential | None = None
    keys: Mapping[str, Credential] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    project: str | None = None


@dataclass(frozen=True)
class AccessGrant:
    """Who may do what. `roles` maps a scope (project, account, monitoring, storage, search) to role names."""

    name: str
    principal_type: str
    object_id: str
    roles: Mapping[str, tuple[str, ...]]
    position: Position | None = None


@dataclass(frozen=True)
class Existing:
    """Somebody else's platform: its project endpoint, or the Pulumi stack whose outputs tell it."""

    project_endpoint: str | None = None
    stack: str | None = None


@dataclass(frozen=True)
class Environment:
    """One environment: what a stack's `Environment` document says once its layers are merged.

    `tags` and the other mappings are never changed after construction.
    """

    name: str
    location: str
    dialect: Dialect
    setup: Setup
    resource_group: ResourceGroup
    account: Account
    projects: Mapping[str, Project]
    deployments: tuple[Deployment, ...]
    content_filters: tuple[ContentFilter, ...] = ()
    storage: Storage | None = None
    search: Search | None = None
    thread_store: ThreadStore | None = None
    monitoring: Monitoring | None = None
    connections: tuple[Connection, ...] = ()
    access: tuple[AccessGrant, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    existing: Existing | None = None
    position: Position | None = None
