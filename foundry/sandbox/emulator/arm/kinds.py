"""What ARM knows of the types an environment is made of: what they require, what they compute, how long they take.

A type that isn't in the table is stored as it was sent and finishes at once.
"""

import copy
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from foundry.sandbox.emulator.arm.store import Resource
from foundry.sandbox.emulator.settings import TENANT

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

Body = dict[str, Any]
Poll = Literal["none", "async", "location", "state"]


def uuid_for(*parts: str) -> str:
    """The id a service makes for something: always the same for the same something."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts).lower()))


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Body:
    """Two objects as one, recursively; `over` wins."""
    result: Body = dict(under)
    for key, value in over.items():
        held = result.get(key)
        result[key] = (
            merged(held, value)
            if isinstance(held, dict) and isinstance(value, dict)
            else copy.deepcopy(value)
        )
    return result


def lookup(body: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def timestamp(seconds: float) -> str:
    """A time as ARM writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource type.

    Attributes:
        poll: How a write is followed: at once, by Azure-AsyncOperation, by Location, or by reading the state.
        slow_delete: Whether a delete is a long-running operation too.
        required: Dotted paths a PUT must hold.
        defaults: What the service fills in.
        computed: Outputs worked out from the resource, over the stored body.
        hidden: Dotted paths that are never returned (null instead).
        taken: Error code when the name is used elsewhere; empty when names need not be unique.
        states: Provisioning states while creating, updating and deleting, and once done.
        system_data: Whether the type reports who made it and when.
        created: Status of a PUT that makes one; the official management client of the type takes no other.
        deleted: Status of a DELETE that is done at once, likewise.
        patched_at_once: Whether an update is done when its reply comes, though a PUT is followed.
    """

    poll: Poll = "none"
    slow_delete: bool = False
    required: tuple[str, ...] = ()
    defaults: Body = field(default_factory=dict)
    computed: "Callable[[Resource, World], Body] | None" = None
    hidden: tuple[str, ...] = ()
    taken: str = ""
    states: tuple[str, str, str, str] = ("Creating", "Updating", "Deleting", "Succeeded")
    system_data: bool = False
    created: int = 201
    deleted: int = 200
    patched_at_once: bool = False


def subdomain_of(resource: Resource) -> str:
    """The first label of an account's host names, which is its folder in the emulator's URL space."""
    return str(lookup(resource.body, "properties.customSubDomainName") or resource.target.name)


def _account(resource: Resource, world: "World") -> Body:
    endpoint = f"{world.base_url}/accounts/{subdomain_of(resource)}/"
    return {
        "etag": f'"{uuid_for(resource.target.key, str(resource.changed))}"',
        "properties": {
            "endpoint": endpoint,
            "endpoints": {
                "AI Foundry API": endpoint,
                "OpenAI Language Model Instance API": endpoint,
                "Azure AI Model Inference API": endpoint,
            },
            "internalId": uuid_for(resource.target.key, "account").replace("-", ""),
            "dateCreated": timestamp(resource.made),
            "isMigrated": False,
        },
    }


def _project(resource: Resource, world: "World") -> Body:
    parent = resource.target.parent
    assert parent is not None
    account = world.arm.get(parent.key)
    folder = subdomain_of(account) if account else parent.name
    first = world.arm.nested(parent.key, resource.target.kind)
    return {
        "properties": {
            "endpoints": {
                "AI Foundry API": f"{world.base_url}/accounts/{folder}/api/projects/{resource.target.name}"
            },
            "internalId": uuid_for(resource.target.key, "project").replace("-", ""),
            "isDefault": bool(first) and first[0].target.key == resource.target.key,
        },
    }


def _deployment(resource: Resource, _world: "World") -> Body:
    return {
        "etag": f'"{uuid_for(resource.target.key, str(resource.changed))}"',
        "properties": {"currentCapacity": lookup(resource.body, "sku.capacity") or 1},
    }


def _storage(resource: Resource, world: "World") -> Body:
    base = f"{world.base_url}/storage/{resource.target.name}"
    return {
        "properties": {
            "primaryEndpoints": {
                part: f"{base}/{part}/" for part in ("blob", "queue", "table", "file", "dfs", "web")
            },
            "primaryLocation": resource.body.get("location"),
            "statusOfPrimary": "available",
            "creationTime": timestamp(resource.made),
        }
    }


def _search(resource: Resource, world: "World") -> Body:
    return {
        "properties": {
            "endpoint": f"{world.base_url}/search/{resource.target.name}",
            "status": "running" if resource.state == "succeeded" else "provisioning",
            "statusDetails": "",
        }
    }


def _cosmos(resource: Resource, world: "World") -> Body:
    return {
        "properties": {
            "documentEndpoint": f"{world.base_url}/cosmos/{resource.target.name}/",
            "instanceId": uuid_for(resource.target.key, "cosmos"),
        }
    }


def _workspace(resource: Resource, _world: "World") -> Body:
    return {
        "properties": {
            "customerId": uuid_for(resource.target.key, "workspace"),
            "createdDate": timestamp(resource.made),
            "modifiedDate": timestamp(resource.changed),
        }
    }


def _component(resource: Resource, world: "World") -> Body:
    key = uuid_for(resource.target.key, "instrumentation")
    app = uuid_for(resource.target.key, "application")
    name = resource.target.name
    connection = f"InstrumentationKey={key};IngestionEndpoint={world.base_url}/insights/;ApplicationId={app}"
    return {
        "properties": {
            "AppId": app,
            "ApplicationId": name,
            "ConnectionString": connection,
            "CreationDate": timestamp(resource.made),
            "InstrumentationKey": key,
            "Name": name,
            "TenantId": TENANT,
        }
    }


def _user_identity(resource: Resource, _world: "World") -> Body:
    key = resource.target.key
    return {
        "properties": {
            "principalId": uuid_for(key, "principal"),
            "clientId": uuid_for(key, "client"),
            "tenantId": TENANT,
        }
    }


def _vault(resource: Resource, world: "World") -> Body:
    return {"properties": {"vaultUri": f"{world.base_url}/vaults/{resource.target.name}/"}}


def _site(resource: Resource, _world: "World") -> Body:
    return {"properties": {"defaultHostName": f"{resource.target.name}.sites.localhost", "state": "Running"}}


_LOWER = ("provisioning", "provisioning", "deleting", "succeeded")
_HOST = Kind(poll="async", slow_delete=True, system_data=True)
_CONNECTION = Kind(
    required=("properties.authType", "properties.category", "properties.target"),
    defaults={"properties": {"isSharedToAll": False, "sharedUserList": [], "metadata": {}}},
    hidden=("properties.credentials",),
    system_data=True,
    created=200,
)

KINDS: Final[Mapping[str, Kind]] = {
    "microsoft.resources/resourcegroups": Kind(slow_delete=True, required=("location",)),
    "microsoft.cognitiveservices/accounts": Kind(
        poll="async",
        slow_delete=True,
        required=("location", "kind", "sku.name"),
        defaults={"properties": {"publicNetworkAccess": "Enabled", "allowProjectManagement": False}},
        computed=_account,
        taken="CustomDomainInUse",
        system_data=True,
    ),
    "microsoft.cognitiveservices/accounts/projects": Kind(
        poll="async", slow_delete=True, required=("location",), computed=_project, system_data=True
    ),
    "microsoft.cognitiveservices/accounts/deployments": Kind(
        poll="async",
        slow_delete=True,
        required=("sku.name", "properties.model.format", "properties.model.name"),
        defaults={
            "sku": {"capacity": 1},
            "properties": {
                "versionUpgradeOption": "OnceNewDefaultVersionAvailable",
                "raiPolicyName": "Microsoft.DefaultV2",
            },
        },
        computed=_deployment,
        system_data=True,
    ),
    "microsoft.cognitiveservices/accounts/capabilityhosts": _HOST,
    "microsoft.cognitiveservices/accounts/projects/capabilityhosts": _HOST,
    "microsoft.cognitiveservices/accounts/connections": _CONNECTION,
    "microsoft.cognitiveservices/accounts/projects/connections": _CONNECTION,
    "microsoft.cognitiveservices/accounts/raipolicies": Kind(
        defaults={"properties": {"type": "UserManaged", "mode": "Blocking"}},
        system_data=True,
        deleted=204,
    ),
    "microsoft.storage/storageaccounts": Kind(
        poll="location",
        required=("location", "kind", "sku.name"),
        defaults={"properties": {"supportsHttpsTrafficOnly": True, "accessTier": "Hot"}},
        computed=_storage,
        taken="StorageAccountAlreadyTaken",
        patched_at_once=True,
    ),
    "microsoft.storage/storageaccounts/queueservices/queues": Kind(created=200, deleted=204),
    "microsoft.search/searchservices": Kind(
        poll="state",
        required=("location", "sku.name"),
        defaults={
            "properties": {
                "replicaCount": 1,
                "partitionCount": 1,
                "hostingMode": "default",
                "publicNetworkAccess": "enabled",
                "disableLocalAuth": False,
            }
        },
        computed=_search,
        taken="ServiceNameUnavailable",
        states=_LOWER,
    ),
    "microsoft.documentdb/databaseaccounts": Kind(
        poll="async",
        slow_delete=True,
        required=("location", "properties.databaseAccountOfferType", "properties.locations"),
        defaults={"kind": "GlobalDocumentDB", "properties": {"publicNetworkAccess": "Enabled"}},
        computed=_cosmos,
        taken="BadRequest",
        created=200,
    ),
    "microsoft.documentdb/databaseaccounts/sqlroleassignments": Kind(created=200),
    "microsoft.operationalinsights/workspaces": Kind(
        required=("location",),
        defaults={"properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}},
        computed=_workspace,
    ),
    "microsoft.insights/components": Kind(
        required=("location", "kind"),
        defaults={"properties": {"IngestionMode": "LogAnalytics", "RetentionInDays": 90}},
        computed=_component,
        created=200,
    ),
    "microsoft.insights/diagnosticsettings": Kind(created=200),
    "microsoft.managedidentity/userassignedidentities": Kind(required=("location",), computed=_user_identity),
    "microsoft.keyvault/vaults": Kind(
        required=("location", "properties.tenantId"), computed=_vault, taken="VaultAlreadyExists"
    ),
    "microsoft.web/sites": Kind(required=("location",), computed=_site),
}

#: Children that exist as soon as their parent does, and are never written.
IMPLICIT: Final = frozenset(
    f"microsoft.storage/storageaccounts/{part}services" for part in ("blob", "queue", "table", "file")
)


def kind_of(kind: str) -> Kind:
    """The table's entry for a type; a plain one for every other type."""
    return KINDS.get(kind, Kind())


def principal_of(key: str, kind: str, body: Mapping[str, Any]) -> str | None:
    """Object id of the managed identity a resource has of its own, or None."""
    if kind == "microsoft.managedidentity/userassignedidentities":
        return uuid_for(key, "principal")
    sort = str(lookup(body, "identity.type") or "")
    return uuid_for(key, "identity") if "systemassigned" in sort.lower() else None


def _identity(resource: Resource) -> Body | None:
    given = resource.body.get("identity")
    if not isinstance(given, dict):
        return None
    shown: Body = {"type": given.get("type", "None")}
    principal = principal_of(resource.target.key, "", resource.body)
    if principal:
        shown |= {"principalId": principal, "tenantId": TENANT}
    users = given.get("userAssignedIdentities")
    if isinstance(users, dict):
        shown["userAssignedIdentities"] = {
            user: {"principalId": uuid_for(user, "principal"), "clientId": uuid_for(user, "client")}
            for user in users
        }
    return shown


def rendered(resource: Resource, world: "World") -> Body:
    """The resource as ARM returns it."""
    kind = kind_of(resource.target.kind)
    extra = kind.computed(resource, world) if kind.computed else {}
    shown = merged(
        {"id": resource.target.id, "name": resource.target.name, "type": resource.target.type},
        merged(resource.body, {"properties": {"provisioningState": resource.state}}),
    )
    shown = merged(shown, extra)
    identity = _identity(resource)
    if identity is not None:
        shown["identity"] = identity
    for path in kind.hidden:
        holder, _, leaf = path.rpartition(".")
        lookup(shown, holder)[leaf] = None
    if kind.system_data:
        shown["systemData"] = {
            "createdBy": "sandbox",
            "createdByType": "Application",
            "createdAt": timestamp(resource.made),
            "lastModifiedBy": "sandbox",
            "lastModifiedByType": "Application",
            "lastModifiedAt": timestamp(resource.changed),
        }
    return shown
