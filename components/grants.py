"""Who gets which role in an environment.

Source of the roles: Azure docs, "Standard agent setup" and "Role-based access control" of Foundry, and foundry-samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from foundry import model

from .access import Grant, Principal, Scope, identity_of
from .account import Account
from .monitoring import Monitoring
from .project import Project
from .search import Search
from .storage import Storage
from .thread_store import ThreadStore

DEPLOYER = "deployer"
SEARCH_IDENTITY = "search-identity"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_CONTAINER_NAME = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]"


@dataclass(frozen=True)
class Parts:
    """The parts of an environment that roles are given on, and those that are given roles."""

    environment: model.Environment
    account: Account
    projects: Mapping[str, Project]
    storage: Storage | None
    search: Search | None
    thread_store: ThreadStore | None
    monitoring: Monitoring | None
    blobs_are_indexed: bool = False
    evaluated: frozenset[str] = frozenset()
    """Declared names of the projects whose agents' answers are evaluated."""


def before_host(
    identity: Principal, *, storage: Storage, search: Search, thread_store: ThreadStore
) -> tuple[Grant, ...]:
    """What a project's identity needs before its capability host is made.

    Azure's samples give Storage Blob Data Contributor, its documentation Storage Account Contributor: both are given.
    """
    stored = Scope("storage", storage.id)
    return (
        Grant(identity, "Storage Blob Data Contributor", stored),
        Grant(identity, "Storage Account Contributor", stored),
        Grant(identity, "Cosmos DB Operator", Scope("threads", thread_store.id)),
        *_on_search(identity, search),
    )


def after_host(identity: Principal, storage: Storage, internal_id: pulumi.Output[str | None]) -> Grant:
    """What a project's identity needs on the containers that its capability host has made."""
    return Grant(
        identity,
        "Storage Blob Data Owner",
        Scope("storage", storage.id),
        condition=internal_id.apply(containers_of),
    )


def containers_of(guid: str | None) -> str:
    """The condition that narrows Storage Blob Data Owner to one project's containers; without its GUID, to any project's.

    It holds for reading, finding and writing blobs by tag only: so Azure's own sample writes it.
    """
    suffix = f"{_CONTAINER_NAME} StringLikeIgnoreCase '*-azureml-agent'"
    prefix = f"{_CONTAINER_NAME} StringStartsWithIgnoreCase '{guid}' AND " if guid else ""
    actions = " AND ".join(
        f"!(ActionMatches{{'{_BLOBS}/{action}'}})" for action in ("tags/read", "filter/action", "tags/write")
    )
    return f"(({actions}) OR ({prefix}{suffix}))"


def of_deployer(parts: Parts, object_id: str, principal_type: str) -> tuple[Grant, ...]:
    """What the deploying identity needs to manage agents and indexes: Owner and Contributor have no data actions."""
    deployer = Principal(DEPLOYER, object_id, principal_type)
    grants = [
        Grant(deployer, "Foundry User", Scope(key, project.id)) for key, project in parts.projects.items()
    ]
    if parts.search is not None:
        grants += _on_search(deployer, parts.search)
        # Documents without vectors get theirs from an embedding deployment while they are loaded.
        if parts.environment.deployments:
            grants.append(
                Grant(deployer, "Cognitive Services OpenAI User", Scope("account", parts.account.id))
            )
    return tuple(grants)


def of_services(parts: Parts) -> tuple[Grant, ...]:
    """What the services' own identities need of each other, beside what a capability host asks for."""
    identities = [identity_of(project, key) for key, project in parts.projects.items()]
    # Evaluation rules ask it of the project's identity: Azure docs, "Set up continuous and scheduled evaluation".
    grants = [
        Grant(identity_of(project, key), "Foundry User", Scope(key, project.id))
        for key, project in parts.projects.items()
        if key in parts.evaluated
    ]
    if parts.storage is not None and parts.storage.queue_names:
        queues = Scope("storage", parts.storage.id)
        grants += [Grant(identity, "Storage Queue Data Contributor", queues) for identity in identities]
    if parts.search is not None and parts.thread_store is None:
        grants += [grant for identity in identities for grant in _on_search(identity, parts.search)]
    if parts.monitoring is not None:
        traces = Scope("insights", parts.monitoring.component_id)
        grants += [Grant(identity, "Monitoring Metrics Publisher", traces) for identity in identities]
    if parts.search is not None and parts.search.resource is not None:
        indexing = Principal(SEARCH_IDENTITY, parts.search.principal_id, "ServicePrincipal")
        # Vectorizers call models, and indexers read blobs, with the search service's own identity.
        if parts.environment.deployments:
            account = Scope("account", parts.account.id)
            grants.append(Grant(indexing, "Cognitive Services OpenAI User", account))
        if parts.blobs_are_indexed and parts.storage is not None:
            stored = Scope("storage", parts.storage.id)
            grants.append(Grant(indexing, "Storage Blob Data Reader", stored))
    return tuple(grants)


def declared(parts: Parts, deployer_id: str) -> tuple[Grant, ...]:
    """The `access` section of an environment.

    One principal under two names, or one that is the deployer, keeps one key, so that no triple comes twice. Raises FoundryError for
    roles on what the environment doesn't have.
    """
    keys = {deployer_id.lower(): DEPLOYER}
    grants: list[Grant] = []
    for entry in parts.environment.access:
        key = keys.setdefault(entry.object_id.lower(), entry.name)
        principal = Principal(key, entry.object_id, entry.principal_type)
        for scope, roles in entry.roles.items():
            places = _scopes(parts, scope)
            if not places:
                raise model.FoundryError(
                    f"{entry.name} has roles on `{scope}`, which this environment doesn't have",
                    fix=f"declare `{scope}`, or remove those roles",
                )
            grants += [Grant(principal, role, place) for role in roles for place in places]
    return tuple(grants)


def _on_search(principal: Principal, search: Search) -> tuple[Grant, ...]:
    scope = Scope("search", search.id)
    return (
        Grant(principal, "Search Index Data Contributor", scope),
        Grant(principal, "Search Service Contributor", scope),
    )


def _scopes(parts: Parts, declared_scope: str) -> Sequence[Scope]:
    match declared_scope:
        case "project":
            return [Scope(key, project.id) for key, project in parts.projects.items()]
        case "account":
            return [Scope("account", parts.account.id)]
        case "storage" if parts.storage is not None:
            return [Scope("storage", parts.storage.id)]
        case "search" if parts.search is not None:
            return [Scope("search", parts.search.id)]
        case "monitoring" if parts.monitoring is not None:
            return [
                Scope("logs", parts.monitoring.workspace_id),
                Scope("insights", parts.monitoring.component_id),
            ]
        case _:
            return []
