"""Pulumi components for Azure AI Foundry: an account, its projects, what they stand on, and the agents in them.

`FoundryEnvironment` composes the others; each is usable alone. What stands on Azure's own classes is loaded when it is first
asked for: a program on somebody else's platform never asks.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .debug_lines import leave_out_debug_lines
from .environment import FoundryEnvironment, FoundryEnvironmentArgs
from .naming import Names
from .place import Deployer

if TYPE_CHECKING:
    from .access import Access, AccessArgs, Grant, Principal, Scope, ThreadStoreAccess, ThreadStoreAccessArgs
    from .account import Account, AccountArgs
    from .connections import Connections, ConnectionsArgs
    from .deployments import ModelDeployments, ModelDeploymentsArgs
    from .filters import ContentFilters, ContentFiltersArgs
    from .hosts import CapabilityHosts, CapabilityHostsArgs, HostedProject
    from .monitoring import Monitoring, MonitoringArgs
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
    "leave_out_debug_lines",
]


_MODULES = {
    "Access": "access",
    "AccessArgs": "access",
    "Account": "account",
    "AccountArgs": "account",
    "CapabilityHosts": "hosts",
    "CapabilityHostsArgs": "hosts",
    "Connections": "connections",
    "ConnectionsArgs": "connections",
    "ContentFilters": "filters",
    "ContentFiltersArgs": "filters",
    "Grant": "access",
    "HostedProject": "hosts",
    "ModelDeployments": "deployments",
    "ModelDeploymentsArgs": "deployments",
    "Monitoring": "monitoring",
    "MonitoringArgs": "monitoring",
    "Principal": "access",
    "Project": "project",
    "ProjectArgs": "project",
    "Scope": "access",
    "Search": "search",
    "SearchArgs": "search",
    "Storage": "storage",
    "StorageArgs": "storage",
    "ThreadStore": "thread_store",
    "ThreadStoreAccess": "access",
    "ThreadStoreAccessArgs": "access",
    "ThreadStoreArgs": "thread_store",
}


def __getattr__(name: str) -> Any:
    """A component, from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
