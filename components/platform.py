"""The Azure side of an environment, in the one order that works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
from pulumi_azure_native import authorization, resources

from foundry import model

from . import access, connections, grants
from .account import Account, AccountArgs
from .arm import fixed_name, name_of
from .connections import Connections, ConnectionsArgs
from .deployments import ModelDeployments, ModelDeploymentsArgs
from .filters import ContentFilters, ContentFiltersArgs
from .grants import Parts
from .hosts import CapabilityHosts, CapabilityHostsArgs, HostedProject
from .monitoring import Monitoring, MonitoringArgs
from .naming import Names
from .place import Deployer, Place, Platform, Secret
from .project import Project, ProjectArgs
from .references import Models, Queue, References
from .search import Search, SearchArgs
from .storage import Storage, StorageArgs
from .thread_store import ThreadStore, ThreadStoreArgs


@dataclass(frozen=True)
class _Frame:
    """What most parts of one environment are made with."""

    environment: model.Environment
    names: Names
    group: pulumi.Input[str]
    below: pulumi.ResourceOptions


def build(
    environment: model.Environment,
    names: Names,
    *,
    deployer: Deployer,
    secret: Secret,
    parent: pulumi.Resource,
    blobs_are_indexed: bool = False,
    evaluated: frozenset[str] = frozenset(),
) -> Platform:
    """Make the platform below `parent` and tell what it offers.

    `blobs_are_indexed`: indexers read the storage account. `evaluated`: declared names of the projects with evaluation rules.

    Children of the account are written one after another (account, projects, content filters, deployments, connections, hosts), because
    two writes below one account conflict. Source of the order: Azure docs, "Standard agent setup" of the Foundry Agent Service, and its
    sample in microsoft-foundry/foundry-samples.

    Raises FoundryError for what can't be made as declared.
    """
    client = authorization.get_client_config()
    environment = replace(environment, tags={**environment.tags, **names.mark})
    frame = _Frame(
        environment, names, _group(environment, names, parent), pulumi.ResourceOptions(parent=parent)
    )
    storage, search, threads = _storage(frame), _search(frame), _thread_store(frame)
    account = Account(
        "account",
        AccountArgs(names.account, frame.group, environment.location, environment.account, environment.tags),
        frame.below,
    )
    projects = _projects(frame, account)
    monitoring = _monitoring(frame, account)
    filters = _filters(frame, account, projects)
    deployments = _deployments(frame, account, filters)
    connected = _connections(
        frame,
        _to_stores(environment, storage, search, threads),
        account=account,
        projects=projects,
        monitoring=monitoring,
        secret=secret,
        after=deployments.so_far,
    )
    parts = Parts(
        environment, account, projects, storage, search, threads, monitoring, blobs_are_indexed, evaluated
    )
    hosted = _hosts(frame, parts, connected, client.subscription_id, deployer.settle_seconds)
    roles = access.Access(
        "access",
        access.AccessArgs(
            client.subscription_id,
            (
                *grants.of_deployer(parts, client.object_id, deployer.principal_type),
                *grants.of_services(parts),
                *grants.declared(parts, client.object_id),
            ),
        ),
        frame.below,
    )
    return Platform(
        projects={
            key: Place(
                project.id,
                project.endpoint,
                after=(*hosted, *roles.of(grants.DEPLOYER, access.identity_of(project, key).key)),
                owner=None if _data_are_elsewhere(environment) else project.resource,
            )
            for key, project in projects.items()
        },
        references={
            key: References(
                deployments=deployments.names,
                connections=connected[key].ids,
                search_connection=connected[key].ids.get("search"),
                queues=_queues(storage),
                content_filters=filters.names,
            )
            for key in projects
        },
        search=_search_place(search, roles),
        storage_id=storage.id if storage else None,
        models=Models(
            account.openai_endpoint,
            deployments.names,
            {deployment.name: deployment.model_name for deployment in environment.deployments},
        ),
        queue_urls=storage.queue_urls if storage else {},
    )


def _group(environment: model.Environment, names: Names, parent: pulumi.Resource) -> pulumi.Output[str]:
    declared = environment.resource_group
    if declared.id is not None:
        return pulumi.Output.from_input(declared.id.rstrip("/").rsplit("/", 1)[-1])
    group = resources.ResourceGroup(
        "group",
        resource_group_name=declared.name or names.resource_group,
        location=environment.location,
        tags=dict(environment.tags),
        opts=fixed_name(parent),
    )
    return name_of(group.id)


def _storage(frame: _Frame) -> Storage | None:
    environment = frame.environment
    standard = environment.setup is model.Setup.STANDARD
    settings = environment.storage or (model.Storage() if standard else None)
    if settings is None:
        return None
    return Storage(
        "storage",
        StorageArgs(
            frame.names.storage,
            frame.group,
            environment.location,
            settings,
            public_network_access=environment.account.public_network_access,
            tags=environment.tags,
        ),
        frame.below,
    )


def _search(frame: _Frame) -> Search | None:
    environment = frame.environment
    standard = environment.setup is model.Setup.STANDARD
    settings = environment.search or (model.Search() if standard else None)
    if settings is None:
        return None
    return Search(
        "search",
        SearchArgs(
            frame.names.search,
            frame.group,
            environment.location,
            settings,
            public_network_access=environment.account.public_network_access,
            tags=environment.tags,
        ),
        frame.below,
    )


def _thread_store(frame: _Frame) -> ThreadStore | None:
    environment = frame.environment
    if environment.setup is not model.Setup.STANDARD:
        return None
    return ThreadStore(
        "threads",
        ThreadStoreArgs(
            frame.names.thread_store,
            frame.group,
            environment.location,
            environment.thread_store or model.ThreadStore(),
            public_network_access=environment.account.public_network_access,
            tags=environment.tags,
        ),
        frame.below,
    )


def _projects(frame: _Frame, account: Account) -> dict[str, Project]:
    projects: dict[str, Project] = {}
    so_far: tuple[pulumi.Resource, ...] = (account.resource,) if account.resource else ()
    for key, declared in frame.environment.projects.items():
        args = ProjectArgs(
            declared,
            account.name,
            account.resource_group_name,
            frame.environment.location,
            frame.environment.tags,
            after=so_far,
        )
        projects[key] = Project(key, args, frame.below)
        so_far = (*so_far, projects[key].resource)
    return projects


def _filters(frame: _Frame, account: Account, projects: Mapping[str, Project]) -> ContentFilters:
    args = ContentFiltersArgs(
        account.name,
        account.resource_group_name,
        frame.environment.content_filters,
        after=tuple(project.resource for project in projects.values()),
    )
    return ContentFilters("filters", args, frame.below)


def _deployments(frame: _Frame, account: Account, filters: ContentFilters) -> ModelDeployments:
    args = ModelDeploymentsArgs(
        account.name,
        account.resource_group_name,
        frame.environment.deployments,
        filters.names,
        after=filters.so_far,
    )
    return ModelDeployments("deployments", args, frame.below)


def _search_place(search: Search | None, roles: access.Access) -> Place | None:
    if search is None:
        return None
    after = roles.of(grants.DEPLOYER, grants.SEARCH_IDENTITY)
    return Place(search.id, search.endpoint, after=after, owner=search.resource)


def _monitoring(frame: _Frame, account: Account) -> Monitoring | None:
    environment = frame.environment
    if environment.monitoring is None:
        return None
    return Monitoring(
        "monitoring",
        MonitoringArgs(
            frame.names.workspace,
            frame.names.application_insights,
            frame.group,
            environment.location,
            environment.monitoring,
            watched={"account": account.id},
            tags=environment.tags,
        ),
        frame.below,
    )


def _to_stores(
    environment: model.Environment,
    storage: Storage | None,
    search: Search | None,
    threads: ThreadStore | None,
) -> dict[str, connections.Properties]:
    """The connections that a setup makes unasked, in every project."""
    made: dict[str, connections.Properties] = {}
    if threads is not None:
        made["cosmos"] = connections.to_thread_store(threads, environment.location)
    if storage is not None:
        made["storage"] = connections.to_storage(storage, environment.location)
    if search is not None:
        made["search"] = connections.to_search(search, environment.location)
    return made


def _connections(
    frame: _Frame,
    own: Mapping[str, connections.Properties],
    *,
    account: Account,
    projects: Mapping[str, Project],
    monitoring: Monitoring | None,
    secret: Secret,
    after: tuple[pulumi.Resource, ...],
) -> dict[str, Connections]:
    """Connections of the account (traces), then of each project: the setup's own, and those that people declare."""
    if monitoring is not None:
        args = ConnectionsArgs(
            account.name,
            account.resource_group_name,
            {"monitoring": connections.to_monitoring(monitoring)},
            after=after,
        )
        after = Connections("account-connections", args, frame.below).so_far
    connected: dict[str, Connections] = {}
    for key, project in projects.items():
        declared = {
            each.name: connections.declared(each, secret)
            for each in frame.environment.connections
            if each.project in {None, key}
        }
        args = ConnectionsArgs(
            account.name,
            account.resource_group_name,
            {**own, **declared},
            project_name=project.name,
            prefix=f"{key}-",
            after=after,
        )
        connected[key] = Connections(f"{key}-connections", args, frame.below)
        after = connected[key].so_far
    return connected


def _hosts(
    frame: _Frame,
    parts: Parts,
    connected: Mapping[str, Connections],
    subscription: str,
    settle_seconds: float,
) -> tuple[pulumi.Resource, ...]:
    """Roles, capability hosts, and the roles on what the hosts make: everything that must stand before an agent; empty in a basic setup."""
    storage, search, threads = parts.storage, parts.search, parts.thread_store
    if threads is None or storage is None or search is None:
        return ()
    identities = {key: access.identity_of(project, key) for key, project in parts.projects.items()}
    before = access.Access(
        "access-before-hosts",
        access.AccessArgs(
            subscription,
            tuple(
                grant
                for identity in identities.values()
                for grant in grants.before_host(
                    identity, storage=storage, search=search, thread_store=threads
                )
            ),
        ),
        frame.below,
    )
    last = [*connected.values()][-1].so_far if connected else ()
    hosts = CapabilityHosts(
        "hosts",
        CapabilityHostsArgs(
            parts.account.name,
            parts.account.resource_group_name,
            tuple(
                HostedProject(
                    key,
                    project.name,
                    *(connected[key].names[each] for each in ("cosmos", "search", "storage")),
                )
                for key, project in parts.projects.items()
            ),
            after=last,
            roles=access.settled(before.assignments, settle_seconds),
        ),
        frame.below,
    )
    after = access.Access(
        "access-after-hosts",
        access.AccessArgs(
            subscription,
            tuple(
                grants.after_host(identities[key], storage, access.internal_id(project))
                for key, project in parts.projects.items()
            ),
            after=hosts.last,
        ),
        frame.below,
    )
    of_threads = access.ThreadStoreAccess(
        "threads-access",
        access.ThreadStoreAccessArgs(threads, tuple(identities.values()), after=hosts.last),
        frame.below,
    )
    return (*hosts.hosts, *after.assignments, *of_threads.assignments)


def _data_are_elsewhere(environment: model.Environment) -> bool:
    """Whether agents' data are kept in a service that this stack doesn't own, so that they outlive the project."""
    stores = (environment.storage, environment.search, environment.thread_store)
    kept = environment.setup is model.Setup.STANDARD
    return kept and any(store is not None and store.id is not None for store in stores)


def _queues(storage: Storage | None) -> dict[str, Queue]:
    if storage is None:
        return {}
    return {
        queue: Queue(storage.queue_endpoint, name, storage.queue_urls[queue])
        for queue, name in storage.queue_names.items()
    }
