"""The rules of Microsoft.CognitiveServices that a generic store can't know: projects, connections, capability hosts.

Sources: Azure docs on capability hosts and standard agent setup, and the errors people report.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.access.roles import BLOB_CONTRIBUTOR, BLOB_OWNER, COSMOS_OPERATOR
from foundry.sandbox.emulator.arm.errors import (
    account_unsettled,
    arm_problem,
    nested_resources,
    request_conflict,
)
from foundry.sandbox.emulator.arm.ids import Target
from foundry.sandbox.emulator.arm.kinds import lookup, principal_of, subdomain_of
from foundry.sandbox.emulator.arm.store import Resource

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

ACCOUNT: Final = "microsoft.cognitiveservices/accounts"
PROJECT: Final = ACCOUNT + "/projects"
HOSTS: Final = (ACCOUNT + "/capabilityhosts", PROJECT + "/capabilityhosts")

_LISTS: Final = {
    "threadStorageConnections": ("CosmosDB",),
    "vectorStoreConnections": ("CognitiveSearch",),
    "storageConnections": ("AzureStorageAccount",),
}
_SECRET: Final = {
    "ApiKey": "key",
    "AccountKey": "key",
    "CustomKeys": "keys",
    "SAS": "sas",
    "PAT": "pat",
}


def account_of(target: Target) -> str | None:
    """Id of the Foundry account a resource is or is nested in, or None."""
    if not (target.kind + "/").startswith(ACCOUNT + "/"):
        return None
    return Target(target.scope, target.namespace, target.types[:1], target.names[:1]).id


def check_free(target: Target, world: "World") -> None:
    """Refuses a write on an account or below it while another one is under way."""
    account = account_of(target)
    if account is None:
        return
    held = world.arm.get(account)
    if held is not None and held.busy and held.target.key != target.key:
        raise account_unsettled(held.target.name, held.state)
    if (held is not None and held.busy) or world.arm.busy_below(account):
        raise request_conflict(account)


def check_delete(target: Target, world: "World") -> None:
    """Refuses to delete an account with projects, and an account's capability host before its projects' hosts."""
    if target.kind == ACCOUNT:
        projects = world.arm.nested(target.key, PROJECT)
        if projects:
            raise nested_resources([item.target.id for item in projects])
    if target.kind == HOSTS[0] and target.parent is not None:
        used = world.arm.of_kind(HOSTS[1], target.parent.id)
        if used:
            raise nested_resources([item.target.id for item in used])


def _account(target: Target, body: Mapping[str, Any], _old: Resource | None, world: "World") -> None:
    name = str(lookup(body, "properties.customSubDomainName") or target.name).lower()
    for other in world.arm.of_kind(ACCOUNT):
        if other.target.key != target.key and subdomain_of(other).lower() == name:
            message = f"Please pick a different name. The subdomain name '{name}' is not available as it's already used by a resource."
            raise arm_problem(409, "CustomDomainInUse", message)


def _project(target: Target, body: Mapping[str, Any], _old: Resource | None, world: "World") -> None:
    account = world.arm.get(target.owner)
    if account is None or not lookup(account.body, "properties.allowProjectManagement"):
        message = (
            "Projects can't be created under an account whose property allowProjectManagement is not true."
        )
        raise arm_problem(400, "BadRequest", message)
    if not lookup(account.body, "properties.customSubDomainName"):
        raise arm_problem(400, "BadRequest", "Projects need an account with a custom subdomain name.")
    if "assigned" not in str(lookup(body, "identity.type") or "").lower():
        raise arm_problem(400, "BadRequest", "A project needs a managed identity.")


def _deployment(target: Target, body: Mapping[str, Any], old: Resource | None, world: "World") -> None:
    policy = str(lookup(body, "properties.raiPolicyName") or "")
    known = {item.target.name.lower() for item in world.arm.nested(target.owner, ACCOUNT + "/raipolicies")}
    if policy and not policy.lower().startswith("microsoft.") and policy.lower() not in known:
        raise arm_problem(
            400, "InvalidRaiPolicy", f"The RAI policy '{policy}' does not exist in the account."
        )
    if old is not None:
        for part in ("properties.model.format", "properties.model.name"):
            if lookup(old.body, part) != lookup(body, part):
                message = f"The {part.rpartition('.')[2]} of the model of a deployment can't be changed."
                raise arm_problem(400, "InvalidResourceProperties", message)


def check_connection(body: Mapping[str, Any]) -> None:
    """Refuses a connection whose authentication type needs credentials it doesn't bring."""
    auth = str(lookup(body, "properties.authType"))
    needed = _SECRET.get(auth)
    if needed and not lookup(body, f"properties.credentials.{needed}"):
        raise arm_problem(
            400, "ValidationError", f"A connection with authType {auth} needs credentials.{needed}."
        )


def _host(target: Target, body: Mapping[str, Any], old: Resource | None, world: "World") -> None:
    if old is not None:
        asked, held = body.get("properties") or {}, old.body.get("properties") or {}
        if any(asked.get(part) != held.get(part) for part in {*asked, *held} - {"provisioningState"}):
            message = "Update of capability host is not currently supported. Please delete and recreate with the new configuration."
            raise arm_problem(400, "BadRequest", message)
        return
    for other in world.arm.nested(target.owner, target.kind):
        message = (
            f"There is an existing Capability Host with name: {other.target.name}, provisioning state: {other.state} "
            f"for workspace: {target.owner}, cannot create a new Capability Host with name: {target.name} for the same ClientId."
        )
        raise arm_problem(409, "Conflict", message)
    if target.kind == HOSTS[1]:
        _project_host(target, world)
    _connections(target, body, world)


def _project_host(target: Target, world: "World") -> None:
    project = target.parent
    assert project is not None
    above = world.arm.nested(project.owner, HOSTS[0])
    if not above or above[0].state != "Succeeded":
        message = f"The account '{project.owner}' needs a capability host in state Succeeded before one of its projects can have one."
        raise arm_problem(400, "BadRequest", message)


def _visible(target: Target, world: "World") -> dict[str, Resource]:
    """Connections a capability host may name: those of its scope and, for a project, the shared ones of the account."""
    scope = target.parent
    assert scope is not None
    found = {item.target.name: item for item in world.arm.nested(scope.key, scope.kind + "/connections")}
    if scope.kind == PROJECT:
        for item in world.arm.nested(scope.owner, ACCOUNT + "/connections"):
            found.setdefault(item.target.name, item)
    return found


def _connections(target: Target, body: Mapping[str, Any], world: "World") -> None:
    properties = body.get("properties") or {}
    given = {part: properties.get(part) or [] for part in _LISTS}
    if not any(given.values()):
        return
    found = _visible(target, world)
    for part, categories in _LISTS.items():
        names = given[part]
        if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str) or not names[0]:
            raise arm_problem(
                400, "BadRequest", f"CapabilityHost supports a single, non empty value for {part} property."
            )
        connection = found.get(names[0])
        if connection is None:
            raise arm_problem(
                400, "BadRequest", f"The connection '{names[0]}' named by {part} does not exist."
            )
        category = str(lookup(connection.body, "properties.category"))
        if category.lower() not in {item.lower() for item in categories}:
            message = f"The connection '{names[0]}' named by {part} is of category {category}, expected {categories[0]}."
            raise arm_problem(400, "BadRequest", message)


def host_failure(target: Target, body: Mapping[str, Any], world: "World") -> dict[str, str] | None:
    """Why a project's capability host will end as Failed: roles its identity should have had before; None when fine."""
    if target.kind != HOSTS[1] or not world.settings.check_host_roles:
        return None
    project = world.arm.get(target.owner)
    principal = principal_of(project.target.key, project.target.kind, project.body) if project else None
    if principal is None:
        return None
    wanted = {
        "storageConnections": ("Storage Blob Data Contributor", (BLOB_CONTRIBUTOR, BLOB_OWNER)),
        "threadStorageConnections": ("Cosmos DB Operator", (COSMOS_OPERATOR,)),
    }
    missing = []
    found = _visible(target, world)
    for part, (title, roles) in wanted.items():
        for name in (body.get("properties") or {}).get(part) or []:
            resource = str(lookup(found[name].body, "properties.metadata.ResourceId") or "")
            if resource and not world.access.holds(principal, resource, roles):
                missing.append(f"{title} on {resource}")
    if not missing:
        return None
    message = f"Capability host operation failed. The identity {principal} of the project lacks: {'; '.join(missing)}."
    return {"code": "CapabilityHostProvisioningFailed", "message": message}


def injected_host(target: Target, body: Mapping[str, Any]) -> Target | None:
    """The capability host the service makes by itself for an account with agent network injection, or None."""
    injections = lookup(body, "properties.networkInjections")
    if target.kind != ACCOUNT or not isinstance(injections, list):
        return None
    if not any(isinstance(item, dict) and item.get("scenario") == "agent" for item in injections):
        return None
    types, names = (*target.types, "capabilityHosts"), (*target.names, f"{target.name}@aml_aiagentservice")
    return Target(target.scope, target.namespace, types, names)


Check = Callable[[Target, Mapping[str, Any], Resource | None, "World"], None]

CHECKS: Final[Mapping[str, Check]] = {
    ACCOUNT: _account,
    PROJECT: _project,
    ACCOUNT + "/deployments": _deployment,
    HOSTS[0]: _host,
    HOSTS[1]: _host,
}
