"""Keys of accounts and services, made up from the resource's id."""

from foundry.sandbox.emulator.arm.errors import (
    arm_problem,
)
from foundry.sandbox.emulator.arm.guard import authorise
from foundry.sandbox.emulator.arm.ids import parse
from foundry.sandbox.emulator.arm.kinds import (
    lookup,
    timestamp,
)
from foundry.sandbox.emulator.arm.resources import existing
from foundry.sandbox.emulator.arm.store import Resource
from foundry.sandbox.emulator.http import Call, Reply, not_implemented


def _keyed(call: Call, action: str) -> Resource:
    target = parse(call.path.rpartition("/")[0])
    if target is None or target.is_collection:
        raise not_implemented(f"{call.method} {call.path}")
    authorise(call, f"{target.type}/{action}", target.id)
    return existing(target, call)


def _secret(call: Call, resource: Resource, which: str, size: int = 32) -> str:
    return call.world.identity.secret_for(resource.target.key, which, size=size)


def account_keys(call: Call) -> Reply:
    """Keys of an AI services account, unless local authentication is off."""
    resource = _keyed(call, "listKeys/action")
    if lookup(resource.body, "properties.disableLocalAuth"):
        raise arm_problem(400, "BadRequest", "Failed to list key. disableLocalAuth is set to be true")
    return Reply(body={"key1": _secret(call, resource, "key1"), "key2": _secret(call, resource, "key2")})


def storage_keys(call: Call) -> Reply:
    """Keys of a storage account."""
    resource = _keyed(call, "listKeys/action")
    keys = [
        {
            "keyName": name,
            "value": _secret(call, resource, name, 64),
            "permissions": "FULL",
            "creationTime": timestamp(resource.made),
        }
        for name in ("key1", "key2")
    ]
    return Reply(body={"keys": keys})


def search_admin_keys(call: Call) -> Reply:
    """Admin keys of a search service."""
    resource = _keyed(call, "listAdminKeys/action")
    return Reply(
        body={
            "primaryKey": _secret(call, resource, "admin1"),
            "secondaryKey": _secret(call, resource, "admin2"),
        }
    )


def search_query_keys(call: Call) -> Reply:
    """Query keys of a search service."""
    resource = _keyed(call, "listQueryKeys/action")
    return Reply(body={"value": [{"name": None, "key": _secret(call, resource, "query")}], "nextLink": None})


def cosmos_keys(call: Call) -> Reply:
    """Keys of a Cosmos DB account."""
    resource = _keyed(call, "listKeys/action")
    names = (
        "primaryMasterKey",
        "secondaryMasterKey",
        "primaryReadonlyMasterKey",
        "secondaryReadonlyMasterKey",
    )
    return Reply(body={name: _secret(call, resource, name, 64) for name in names})


def workspace_keys(call: Call) -> Reply:
    """Keys of a Log Analytics workspace."""
    resource = _keyed(call, "sharedKeys/action")
    names = ("primarySharedKey", "secondarySharedKey")
    return Reply(body={name: _secret(call, resource, name, 64) for name in names})
