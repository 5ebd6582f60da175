"""The Azure side of an environment, in the one order that works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import authorization, resources

from foundry import model

from . import access, connections
from .account import Account, AccountArgs
from .connections import Connections, ConnectionsArgs, Secret
from .deployments import ModelDeployments, ModelDeploymentsArgs
from .filters import ContentFilters, ContentFiltersArgs
from .hosts import CapabilityHosts, CapabilityHostsArgs, HostedProject
from .monitoring import Monitoring, MonitoringArgs
from .naming import Names
from .project import Project, ProjectArgs
from .references import Models, Queue, References
from .search import Search, SearchArgs
from .storage import Storage, StorageArgs
from .thread_store import ThreadStore, ThreadStoreArgs


_SEARCH_IDENTITY = "search-identity"


@dataclass(frozen=True)
class Place:
    """A service in which things live that aren't Azure resources: a project, or the search service.

    `after` must stand before anything can be made there. `owner` takes everything in it along when it is deleted; None when this stack
    doesn't own the service, or the data are kept in somebody else's storage.
    """

    id: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    after: tuple[pulumi.Resource, ...] = ()
    owner: pulumi.Resource | None = None


@dataclass(frozen=True)
class Platform:
    """What agents, stores and indexes need to know of the Azure side. Projects and references go by the project's declared name."""

    projects: Mapping[str, Place]
    references: Mapping[str, References]
    search: Place | None = None
    models: Models = field(default_factory=Models)
    queue_urls: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Deployer:
    """The identity that runs Pulumi. `settle_seconds` is how long a new role assignment is given before a capability host relies on it."""

    principal_type: str = "User"
    settle_seconds: float = 60.0


@dataclass(frozen=True)
class _Stores:
    """The services beside the account; None for what the environment doesn't have."""

    storage: Storage | None
    search: Search | None
    thread_store: ThreadStore | None


def build(
    environment: model.Environment, names: Names, *, deployer: Deployer, secret: Secret, parent: pulumi.Resource
) -> Platform:
    """Make the platform below `parent` and tell what it offers.

    Children of the account are written one after another (account, projects, content filters, deployments, connections, hosts), because
    two writes below one account conflict. Source of the order: Azure docs, "Standard agent setup" of the Foundry Agent Service, and its
    sample in microsoft-foundry/foundry-samples.
    """
    below = pulumi.ResourceOptions(parent=parent)
    client = authorization.get_client_config()
    group = _group(environment, names, below)
    stores = _stores(environment, names, group, below)
    account = Account(
        "account",
        AccountArgs(names.account, group, environment.location, environment.account, environment.tags),
        below,
    )
    last: tuple[pulumi.Resource, ...] = (account.resource,) if account.resource else ()
    projects: dict[str, Project] = {}
    for key, declared in environment.projects.items():
        projects[key] = Project(
            key,
            ProjectArgs(
                declared,
                account.name,
                account.resource_group_name,
                environment.location,
                environment.tags,
                after=last,
            ),
            below,
        )
        last = (projects[key].resource,)
    monitoring = _monitoring(environment, names, group, account, below)

    filters = ContentFilters(
        "filters",
        ContentFiltersArgs(account.name, account.resource_group_name, environment.content_filters, after=last),
        below,
    )
    deployments = ModelDeployments(
        "deployments",
        ModelDeploymentsArgs(
            account.name,
            account.resource_group_name,
            environment.deployments,
            filters.names,
            after=filters.last,
        ),
        below,
    )
    last = deployments.last
    if monitoring is not None:
        last = Connections(
            "account-connections",
            ConnectionsArgs(
                account.name,
                account.resource_group_name,
                {"monitoring": connections.to_monitoring(monitoring)},
                after=last,
            ),
            below,
        ).last
    connected: dict[str, Connections] = {}
    for key, project in projects.items():
        connected[key] = Connections(
            f"{key}-connections",
            ConnectionsArgs(
                account.name,
                account.resource_group_name,
                _project_connections(environment, key, stores, secret),
                project_name=project.name,
                prefix=f"{key}-",
                after=last,
            ),
            below,
        )
        last = connected[key].last

    subscription = client.subscription_id
    data = _standard(environment, stores, subscription, account, projects, connected, last, deployer, below)
    grants = access.Access(
        "access",
        access.AccessArgs(
            subscription,
            (
                *_deployer_grants(environment, client.object_id, deployer, account, projects, stores),
                *_service_grants(environment, account, projects, stores, monitoring),
                *_declared_grants(environment, client.object_id, account, projects, stores, monitoring),
            ),
        ),
        below,
    )
    identities = [access.identity_of(project, key).key for key, project in projects.items()]
    return _offer(
        environment,
        account,
        projects,
        stores,
        deployments,
        connected,
        agents_after=(*data, *grants.of("deployer", *identities)),
        indexes_after=grants.of("deployer", _SEARCH_IDENTITY),
    )


def _group(environment: model.Environment, names: Names, below: pulumi.ResourceOptions) -> pulumi.Output[str]:
    declared = environment.resource_group
    if declared.id is not None:
        return pulumi.Output.from_input(declared.id.rstrip("/").rsplit("/", 1)[-1])
    group = resources.ResourceGroup(
        "group",
        resource_group_name=declared.name or names.resource_group,
        location=environment.location,
        tags=dict(environment.tags),
        opts=below,
    )
    return group.id.apply(lambda known: known.rsplit("/", 1)[-1])


def _stores(
    environment: model.Environment, names: Names, group: pulumi.Input[str], below: pulumi.ResourceOptions
) -> _Stores:
    standard = environment.setup is model.Setup.STANDARD
    storage = environment.storage or (model.Storage() if standard else None)
    search = environment.search or (model.Search() if standard else None)
    threads = environment.thread_store or (model.ThreadStore() if standard else None)
    common = {
        "resource_group_name": group,
        "location": environment.location,
        "public_network_access": environment.account.public_network_access,
        "tags": environment.tags,
    }
    return _Stores(
        storage=Storage("storage", StorageArgs(names.storage, settings=storage, **common), below)
        if storage
        else None,
        search=Search("search", SearchArgs(names.search, settings=search, **common), below) if search else None,
        thread_store=ThreadStore(
            "threads", ThreadStoreArgs(names.thread_store, settings=threads, **common), below
        )
        if threads and standard
        else None,
    )


def _monitoring(
    environment: model.Environment,
    names: Names,
    group: pulumi.Input[str],
    account: Account,
    below: pulumi.ResourceOptions,
) -> Monitoring | None:
    if environment.monitoring is None:
        return None
    return Monitoring(
        "monitoring",
        MonitoringArgs(
            names.workspace,
            names.application_insights,
            group,
            environment.location,
            environment.monitoring,
            watched={"account": account.id},
            tags=environment.tags,
        ),
        below,
    )


def _project_connections(
    environment: model.Environment, project: str, stores: _Stores, secret: Secret
) -> dict[str, connections.Properties]:
    made: dict[str, connections.Properties] = {}
    if stores.thread_store is not None:
        made["cosmos"] = connections.to_thread_store(stores.thread_store, environment.location)
    if stores.storage is not None:
        made["storage"] = connections.to_storage(stores.storage, environment.location)
    if stores.search is not None:
        made["search"] = connections.to_search(stores.search, environment.location)
    for declared in environment.connections:
        if declared.project in (None, project):
            made[declared.name] = connections.declared(declared, secret)
    return made


def _standard(
    environment: model.Environment,
    stores: _Stores,
    subscription: str,
    account: Account,
    projects: Mapping[str, Project],
    connected: Mapping[str, Connections],
    last: tuple[pulumi.Resource, ...],
    deployer: Deployer,
    below: pulumi.ResourceOptions,
) -> tuple[pulumi.Resource, ...]:
    """Roles, capability hosts, and the roles that need what the hosts make; nothing for a basic set-up."""
    storage, search, threads = stores.storage, stores.search, stores.thread_store
    if environment.setup is not model.Setup.STANDARD or not (storage and search and threads):
        return ()
    identities = {key: access.identity_of(project, key) for key, project in projects.items()}
    before = access.Access(
        "access-before-hosts",
        access.AccessArgs(
            subscription,
            tuple(
                grant
                for identity in identities.values()
                for grant in access.before_host(identity, storage=storage, search=search, thread_store=threads)
            ),
        ),
        below,
    )
    hosts = CapabilityHosts(
        "hosts",
        CapabilityHostsArgs(
            account.name,
            account.resource_group_name,
            tuple(
                HostedProject(
                    key,
                    project.name,
                    connected[key].names["cosmos"],
                    connected[key].names["search"],
                    connected[key].names["storage"],
                )
                for key, project in projects.items()
            ),
            after=last,
            roles=access.settled(before.assignments, deployer.settle_seconds),
        ),
        below,
    )
    after = access.Access(
        "access-after-hosts",
        access.AccessArgs(
            subscription,
            tuple(
                grant
                for key, project in projects.items()
                for grant in access.after_host(project, identities[key], storage)
            ),
            after=hosts.last,
        ),
        below,
    )
    threads_access = access.ThreadStoreAccess(
        "threads-access",
        access.ThreadStoreAccessArgs(threads, tuple(identities.values()), after=hosts.last),
        below,
    )
    return (*hosts.hosts, *after.assignments, *threads_access.assignments)


def _deployer_grants(
    environment: model.Environment,
    object_id: str,
    deployer: Deployer,
    account: Account,
    projects: Mapping[str, Project],
    stores: _Stores,
) -> tuple[access.Grant, ...]:
    """What the deploying identity needs to manage agents and indexes: Owner and Contributor have no data actions."""
    principal = access.Principal("deployer", object_id, deployer.principal_type)
    return (
        *(
            access.Grant(principal, "Foundry User", access.Scope(key, project.id))
            for key, project in projects.items()
        ),
        *(access.search_grants(principal, stores.search) if stores.search else ()),
        *(
            [access.Grant(principal, "Cognitive Services OpenAI User", access.Scope("account", account.id))]
            if stores.search and environment.deployments
            else []
        ),
    )


def _service_grants(
    environment: model.Environment,
    account: Account,
    projects: Mapping[str, Project],
    stores: _Stores,
    monitoring: Monitoring | None,
) -> tuple[access.Grant, ...]:
    """What the services' own identities need of each other, beside what a capability host asks for."""
    identities = [access.identity_of(project, key) for key, project in projects.items()]
    grants: list[access.Grant] = []
    if stores.storage is not None and stores.storage.queue_names:
        queues = access.Scope("storage", stores.storage.id)
        grants += [access.Grant(each, "Storage Queue Data Contributor", queues) for each in identities]
    if stores.search is not None and environment.setup is model.Setup.BASIC:
        grants += [grant for each in identities for grant in access.search_grants(each, stores.search)]
    if monitoring is not None:
        traces = access.Scope("insights", monitoring.component_id)
        grants += [access.Grant(each, "Monitoring Metrics Publisher", traces) for each in identities]
    if stores.search is not None and stores.search.resource is not None and environment.deployments:
        vectorizers = access.Principal(_SEARCH_IDENTITY, stores.search.principal_id, "ServicePrincipal")
        models = access.Scope("account", account.id)
        grants.append(access.Grant(vectorizers, "Cognitive Services OpenAI User", models))
    return tuple(grants)


def _declared_grants(
    environment: model.Environment,
    deployer_id: str,
    account: Account,
    projects: Mapping[str, Project],
    stores: _Stores,
    monitoring: Monitoring | None,
) -> tuple[access.Grant, ...]:
    """The `access` section. One principal under two names, or one that is the deployer, keeps one key, so that no triple comes twice."""
    scopes: dict[str, Sequence[access.Scope]] = {
        "project": [access.Scope(key, project.id) for key, project in projects.items()],
        "account": [access.Scope("account", account.id)],
        "storage": [access.Scope("storage", stores.storage.id)] if stores.storage else [],
        "search": [access.Scope("search", stores.search.id)] if stores.search else [],
        "monitoring": [
            access.Scope("logs", monitoring.workspace_id),
            access.Scope("insights", monitoring.component_id),
        ]
        if monitoring
        else [],
    }
    keys = {deployer_id.lower(): "deployer"}
    grants: list[access.Grant] = []
    for declared in environment.access:
        key = keys.setdefault(declared.object_id.lower(), declared.name)
        principal = access.Principal(key, declared.object_id, declared.principal_type)
        for scope, roles in declared.roles.items():
            if not scopes[scope]:
                raise model.FoundryError(
                    f"{declared.name} has roles on `{scope}`, which this environment doesn't have",
                    fix=f"declare `{scope}` or remove those roles",
                )
            grants += [access.Grant(principal, role, each) for role in roles for each in scopes[scope]]
    return tuple(grants)


def _offer(
    environment: model.Environment,
    account: Account,
    projects: Mapping[str, Project],
    stores: _Stores,
    deployments: ModelDeployments,
    connected: Mapping[str, Connections],
    *,
    agents_after: tuple[pulumi.Resource, ...],
    indexes_after: tuple[pulumi.Resource, ...],
) -> Platform:
    queues = _queues(stores.storage)
    search = stores.search
    standard = environment.setup is model.Setup.STANDARD
    foreign_data = standard and any(
        part is not None and part.id is not None
        for part in (environment.storage, environment.search, environment.thread_store)
    )
    return Platform(
        projects={
            key: Place(project.id, project.endpoint, agents_after, None if foreign_data else project.resource)
            for key, project in projects.items()
        },
        references={
            key: References(
                deployments=deployments.names,
                connections=connected[key].ids,
                search_connection=connected[key].ids.get("search"),
                queues=queues,
            )
            for key in projects
        },
        search=Place(search.id, search.endpoint, indexes_after, search.resource) if search else None,
        models=Models(
            account.openai_endpoint,
            deployments.names,
            {deployment.name: deployment.model_name for deployment in environment.deployments},
        ),
        queue_urls=stores.storage.queue_urls if stores.storage else {},
    )


def _queues(storage: Storage | None) -> dict[str, Queue]:
    if storage is None:
        return {}
    return {
        queue: Queue(storage.queue_endpoint, name, storage.queue_urls[queue])
        for queue, name in storage.queue_names.items()
    }
