"""Who may do what: role assignments."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pulumi
from pulumi_azure_native import authorization, cosmosdb, resources

from foundry.model import FoundryError
from foundry.model.roles import near_roles, role_id

from .arm import ArmId, fixed_name
from .project import Project
from .thread_store import ThreadStore

_NAMESPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
_COSMOS_DATA_CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"


@dataclass(frozen=True)
class Principal:
    """Somebody who gets roles. `key` stands for them in names; `type` is User, Group or ServicePrincipal."""

    key: str
    object_id: pulumi.Input[str]
    type: str


@dataclass(frozen=True)
class Scope:
    """Where a role holds. `key` stands for it in names; `id` is an ARM id."""

    key: str
    id: pulumi.Input[str]


@dataclass(frozen=True)
class Grant:
    """One role of one principal at one scope; `condition` is an Azure attribute-based one, version 2.0."""

    principal: Principal
    role: str
    scope: Scope
    condition: pulumi.Input[str] | None = None


@dataclass(frozen=True)
class AccessArgs:
    """The grants, and what must exist before they can be made."""

    subscription_id: str
    grants: tuple[Grant, ...]
    after: tuple[pulumi.Resource, ...] = ()


class Access(pulumi.ComponentResource):
    """Role assignments.

    Makes one `authorization.RoleAssignment` for each different triple of principal, role and scope: Azure refuses a second one whatever
    its name. The name is a UUID made from the triple, so that a stack whose state was lost meets its own assignment again. The type of
    the principal is always told: without it Azure looks a new identity up before it has arrived. Source: Azure docs, "Troubleshoot
    Azure RBAC".

    Raises FoundryError for a role name that `foundry.model.roles` doesn't know.
    """

    assignments: tuple[authorization.RoleAssignment, ...]
    _grants: tuple[Grant, ...]

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("foundry:components:Access", name, None, opts)
        distinct = {(grant.principal.key, _guid(grant.role), grant.scope.key): grant for grant in args.grants}
        self._grants = tuple(distinct.values())
        self.assignments = tuple(self._assign(grant, args) for grant in self._grants)
        self.register_outputs({})

    def of(self, *principals: str) -> tuple[authorization.RoleAssignment, ...]:
        """The assignments of some principals, by their keys."""
        pairs = zip(self._grants, self.assignments, strict=True)
        return tuple(made for grant, made in pairs if grant.principal.key in principals)

    def _assign(self, grant: Grant, args: AccessArgs) -> authorization.RoleAssignment:
        role = _guid(grant.role)
        return authorization.RoleAssignment(
            f"{grant.principal.key}-{grant.role.lower().replace(' ', '-')}-on-{grant.scope.key}",
            role_assignment_name=assignment_name(grant.scope.id, grant.principal.object_id, role),
            principal_id=grant.principal.object_id,
            principal_type=grant.principal.type,
            role_definition_id=(
                f"/subscriptions/{args.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
            ),
            scope=grant.scope.id,
            condition=grant.condition,
            condition_version="2.0" if grant.condition is not None else None,
            opts=fixed_name(self, args.after),
        )


@dataclass(frozen=True)
class ThreadStoreAccessArgs:
    """Whose identities may read and write threads, and what must exist before (the database is made by the host)."""

    store: ThreadStore
    principals: tuple[Principal, ...]
    after: tuple[pulumi.Resource, ...] = ()


class ThreadStoreAccess(pulumi.ComponentResource):
    """Cosmos DB's own data roles; they aren't Azure role assignments.

    Makes one `cosmosdb.SqlResourceSqlRoleAssignment` (Built-in Data Contributor) for each principal, one after another, on the whole
    database `enterprise_memory`: the service adds containers to it later. Source: Azure docs, "Standard agent setup".
    """

    assignments: tuple[pulumi.Resource, ...]

    def __init__(
        self, name: str, args: ThreadStoreAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("foundry:components:ThreadStoreAccess", name, None, opts)
        scope = pulumi.Output.concat(args.store.id, "/dbs/enterprise_memory")
        last = args.after
        made: list[pulumi.Resource] = []
        for principal in args.principals:
            assignment = cosmosdb.SqlResourceSqlRoleAssignment(
                f"{principal.key}-cosmos-db-data-contributor",
                role_assignment_id=assignment_name(scope, principal.object_id, _COSMOS_DATA_CONTRIBUTOR),
                account_name=args.store.name,
                resource_group_name=args.store.resource_group_name,
                role_definition_id=pulumi.Output.concat(
                    args.store.id, "/sqlRoleDefinitions/", _COSMOS_DATA_CONTRIBUTOR
                ),
                principal_id=principal.object_id,
                scope=scope,
                opts=fixed_name(self, last),
            )
            made.append(assignment)
            last = (assignment,)
        self.assignments = tuple(made)
        self.register_outputs({})


def identity_of(project: Project, key: str) -> Principal:
    """A project's own identity; `key` is the project's declared name."""
    return Principal(f"{key}-identity", project.principal_id, "ServicePrincipal")


def internal_id(project: Project) -> pulumi.Output[str | None]:
    """The GUID that begins the names of a project's containers, or None where the service doesn't tell.

    It is in no published type (`properties.internalId`), so the project is read generically.
    """
    arm = project.id.apply(ArmId)
    read = resources.get_resource_output(
        api_version="2025-06-01",
        resource_group_name=arm.apply(lambda known: known.resource_group),
        resource_provider_namespace="Microsoft.CognitiveServices",
        parent_resource_path=arm.apply(lambda known: f"accounts/{known.text.split('/')[8]}"),
        resource_type="projects",
        resource_name=arm.apply(lambda known: known.name),
    )
    return read.apply(lambda found: _as_guid((found.properties or {}).get("internalId")))


def assignment_name(scope: pulumi.Input[str], principal: pulumi.Input[str], role: str) -> pulumi.Output[str]:
    """The UUID of an assignment: the same for the same scope, principal (object id) and role (GUID)."""
    return pulumi.Output.all(scope, principal).apply(
        lambda both: str(uuid.uuid5(_NAMESPACE, f"{both[0]}|{both[1]}|{role}".lower()))
    )


def settled(
    assignments: Sequence[authorization.RoleAssignment], seconds: float
) -> pulumi.Input[list[pulumi.Resource]]:
    """The assignments, once the newest of them is `seconds` old: what `depends_on` of a capability host takes.

    A role takes effect some time after it was assigned, and a host that is made too early fails for good. Azure's samples wait 60 to 90
    seconds. Nothing waits in a preview, nor when the assignments have long been there.
    """
    everything: list[pulumi.Resource] = list(assignments)
    if pulumi.runtime.is_dry_run() or not assignments:
        return everything

    async def rest(created: Sequence[str | None]) -> list[pulumi.Resource]:
        left = time_to_settle(created, datetime.now(UTC), seconds)
        if left > 0:
            pulumi.log.info(
                f"waiting {left:.0f} s until the new role assignments hold, before a capability host is made"
            )
            await asyncio.sleep(left)
        return everything

    return pulumi.Output.all(*(assignment.created_on for assignment in assignments)).apply(rest)


def time_to_settle(created: Sequence[str | None], now: datetime, seconds: float) -> float:
    """Seconds until the newest of some assignments is `seconds` old; `created` are Azure's ISO times, None means now."""
    ages = [(now - datetime.fromisoformat(time)).total_seconds() if time else 0.0 for time in created]
    return min(max(seconds - min(ages), 0.0), seconds)


def _guid(role: str) -> str:
    known = role_id(role)
    if known is None:
        near = near_roles(role)
        raise FoundryError(
            f"no role is called {role!r}",
            fix=f"write one of {', '.join(near)}" if near else "write the name of an Azure built-in role",
        )
    return known


def _as_guid(digits: str | None) -> str | None:
    return str(uuid.UUID(digits)) if digits else None
