"""Pulumi components for Azure AI Foundry: an account, its projects, what they stand on, and the agents in them.

`FoundryEnvironment` composes the others; each is usable alone.
"""

from .access import Access, AccessArgs, Grant, Principal, Scope, ThreadStoreAccess, ThreadStoreAccessArgs
from .account import Account, AccountArgs
from .connections import Connections, ConnectionsArgs
from .deployments import ModelDeployments, ModelDeploymentsArgs
from .environment import FoundryEnvironment, FoundryEnvironmentArgs
from .filters import ContentFilters, ContentFiltersArgs
from .hosts import CapabilityHosts, CapabilityHostsArgs, HostedProject
from .monitoring import Monitoring, MonitoringArgs
from .naming import Names
from .platform import Deployer
from .project import Project, ProjectArgs
from .search import Search, SearchArgs
from .storage import Storage, StorageArgs
from .thread_store import ThreadStore, ThreadStoreArgs

__all__ = [
    "Access",
    "AccessArgs",
    "Account",
    "AccountArgs",
    "CapabilityHosts",
    "CapabilityHostsArgs",
    "Connections",
    "ConnectionsArgs",
    "ContentFilters",
    "ContentFiltersArgs",
    "Deployer",
    "FoundryEnvironment",
    "FoundryEnvironmentArgs",
    "Grant",
    "HostedProject",
    "ModelDeployments",
    "ModelDeploymentsArgs",
    "Monitoring",
    "MonitoringArgs",
    "Names",
    "Principal",
    "Project",
    "ProjectArgs",
    "Scope",
    "Search",
    "SearchArgs",
    "Storage",
    "StorageArgs",
    "ThreadStore",
    "ThreadStoreAccess",
    "ThreadStoreAccessArgs",
    "ThreadStoreArgs",
]
