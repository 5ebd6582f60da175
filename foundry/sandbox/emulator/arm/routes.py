"""Azure Resource Manager: one generic resource store with the rules of the types an environment needs."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from foundry.sandbox.emulator.arm.errors import (
    arm_problem,
    group_not_found,
    malformed,
    parent_not_found,
    resource_not_found,
)
from foundry.sandbox.emulator.arm.foundry import (
    ACCOUNT,
    CHECKS,
    check_connection,
    check_delete,
    check_free,
    host_failure,
    injected_host,
)
from foundry.sandbox.emulator.arm.guard import authenticate, authorise
from foundry.sandbox.emulator.arm.ids import Target, parse
from foundry.sandbox.emulator.arm.kinds import (
    IMPLICIT,
    Kind,
    kind_of,
    lookup,
    merged,
    principal_of,
    rendered,
    timestamp,
    uuid_for,
)
from foundry.sandbox.emulator.arm.store import Operation, Resource
from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route, not_implemented
from foundry.sandbox.emulator.settings import SUBSCRIPTION, TENANT

_READ_ONLY = ("id", "name", "type", "systemData", "etag")
_BY_TAG = re.compile(r"tagName eq '(?P<name>[^']+)'(?: and tagValue eq '(?P<value>[^']*)')?")
_UNEVALUATED = ("microsoft.resources/deployments", "microsoft.authorization/roledefinitions")


# Resources


def _target(call: Call) -> Target:
    target = parse(call.path)
    if target is None:
        raise not_implemented(f"{call.method} {call.path}")
    return target


def _require_scope(target: Target, call: Call) -> None:
    """Every container of the target must exist: the group, the resource it extends, the parent."""
    world = call.world
    if target.group and world.arm.get("/".join(target.scope.split("/")[:5])) is None:
        raise group_not_found(target.group)
    extended = parse(target.scope)
    if extended is not None and not extended.is_collection and world.arm.get(extended.key) is None:
        raise parent_not_found(extended.id, target.type)
    parent = target.parent
    while parent is not None and parent.kind in IMPLICIT and parent.name.lower() == "default":
        parent = parent.parent
    if parent is not None and world.arm.get(parent.key) is None:
        raise parent_not_found(parent.id, target.type)


def _implied(target: Target, call: Call) -> dict[str, Any] | None:
    """A child that exists without ever having been written, or None."""
    parent = target.parent
    if target.kind not in IMPLICIT or target.name.lower() != "default" or parent is None:
        return None
    if call.world.arm.get(parent.key) is None:
        return None
    return {"id": target.id, "name": "default", "type": target.type, "properties": {}}


def _existing(target: Target, call: Call) -> Resource:
    found = call.world.arm.get(target.key)
    if found is not None:
        return found
    if target.kind == "microsoft.resources/resourcegroups":
        raise group_not_found(target.name)
    if target.group and call.world.arm.get("/".join(target.scope.split("/")[:5])) is None:
        raise group_not_found(target.group)
    raise resource_not_found(target.type, "/".join(target.names), target.group)


def _get(call: Call) -> Reply:
    target = _target(call)
    authorise(call, f"{target.type}/read", target.owner if target.is_collection else target.id)
    if target.is_collection:
        wanted = _tag_filter(call)
        items = (rendered(item, call.world) for item in _listed(target, call))
        return Reply(body={"value": [item for item in items if wanted(item)]})
    implied = _implied(target, call)
    return Reply(body=implied or rendered(_existing(target, call), call.world))


def _listed(target: Target, call: Call) -> list[Resource]:
    if target.parent is None:
        if target.group and call.world.arm.get("/".join(target.scope.split("/")[:5])) is None:
            raise group_not_found(target.group)
        return call.world.arm.of_kind(target.kind, target.scope)
    if call.world.arm.get(target.parent.key) is None and _implied(target.parent, call) is None:
        raise resource_not_found(target.parent.type, "/".join(target.parent.names), target.group)
    return call.world.arm.nested(target.parent.key, target.kind)


def _head(call: Call) -> Reply:
    target = _target(call)
    authorise(call, f"{target.type}/read", target.id)
    return Reply(204 if call.world.arm.get(target.key) else 404)


def _put(call: Call) -> Reply:
    target = _target(call)
    if target.is_collection:
        raise not_implemented(f"{call.method} {call.path}")
    if target.kind in _UNEVALUATED or target.kind in IMPLICIT:
        raise not_implemented(f"PUT of {target.type}")
    authorise(call, f"{target.type}/write", target.id)
    _require_scope(target, call)
    asked = {key: value for key, value in call.object().items() if key not in _READ_ONLY}
    if not isinstance(asked.get("properties", {}), dict | None):
        raise Malformed("properties", "type", "The property 'properties' must be an object.")
    if asked.get("properties") is None:
        asked.pop("properties", None)
    return _write(call, target, asked, call.world.arm.get(target.key))


def _patch(call: Call) -> Reply:
    target = _target(call)
    if target.is_collection:
        raise not_implemented(f"{call.method} {call.path}")
    authorise(call, f"{target.type}/write", target.id)
    old = _existing(target, call)
    asked = {key: value for key, value in call.object().items() if key not in _READ_ONLY}
    return _write(
        call, target, merged(old.body, asked) | ({"tags": asked["tags"]} if "tags" in asked else {}), old
    )


def _write(call: Call, target: Target, asked: dict[str, Any], old: Resource | None) -> Reply:
    kind = kind_of(target.kind)
    _check(call, target, kind, asked, old)
    body = merged(kind.defaults, asked)
    (body.get("properties") or {}).pop("provisioningState", None)
    if old is None or call.method == "PUT":
        check = CHECKS.get(target.kind)
        if check is not None:
            check(target, body, old, call.world)
        if target.kind.startswith(ACCOUNT) and target.types[-1].lower() == "connections":
            check_connection(body)
    for path in kind.hidden:
        holder, _, leaf = path.rpartition(".")
        secret = (lookup(body, holder) or {}).pop(leaf, None)
        if secret is not None:
            call.world.vault.keep(target.key, secret)
    failure = host_failure(target, body, call.world)
    creating, updating, _, done = kind.states
    at_once = kind.poll == "none" or (call.method == "PATCH" and kind.patched_at_once)
    delay = None if at_once else call.world.settings.operation_delay
    call.world.arm.write(
        target,
        body,
        call.now,
        principal=principal_of(target.key, target.kind, body),
        state=creating if old is None else updating,
        outcome="Failed" if failure else done,
        delay=delay,
    )
    host = injected_host(target, body)
    if host is not None and call.world.arm.get(host.key) is None:
        properties = {"properties": {"capabilityHostKind": "Agents"}}
        call.world.arm.write(
            host, properties, call.now, principal=None, state=creating, outcome=done, delay=delay
        )
    return _written(call, target, kind, failure, delay, created=old is None)


def _check(call: Call, target: Target, kind: Kind, asked: dict[str, Any], old: Resource | None) -> None:
    for path in kind.required:
        if lookup(asked, path) in (None, "", []):
            code = "LocationRequired" if path == "location" else "InvalidRequestContent"
            raise arm_problem(400, code, f"The {path} property is required for this definition.")
    if old is not None and lookup(asked, "location") and lookup(old.body, "location"):
        was, now = (str(item["location"]).replace(" ", "").lower() for item in (old.body, asked))
        if was != now:
            message = (
                f"The resource '{target.name}' already exists in location '{was}' in resource group '{target.group}'. "
                f"A resource with the same name cannot be created in location '{now}'. Please select a new resource name."
            )
            raise arm_problem(409, "InvalidResourceLocation", message)
    if kind.taken and old is None:
        for other in call.world.arm.of_kind(target.kind):
            if other.target.name.lower() == target.name.lower():
                raise arm_problem(409, kind.taken, f"The name '{target.name}' is already taken.")
    if kind.poll != "none" and old is not None and old.busy and not target.kind.startswith(ACCOUNT):
        message = f"Another operation on '{target.id}' is in progress; its state is {old.state}."
        raise arm_problem(409, "AnotherOperationInProgress", message)
    check_free(target, call.world)
    keyless = lookup(asked, "properties.disableLocalAuth")
    if (
        target.kind == "microsoft.search/searchservices"
        and keyless
        and lookup(asked, "properties.authOptions")
    ):
        raise arm_problem(400, "BadRequest", "authOptions can't be set when disableLocalAuth is true.")


def _written(
    call: Call,
    target: Target,
    kind: Kind,
    failure: dict[str, Any] | None,
    delay: float | None,
    *,
    created: bool,
) -> Reply:
    stored = call.world.arm.get(target.key)
    assert stored is not None
    body = rendered(stored, call.world)
    if delay is None or kind.poll == "state":
        return Reply(kind.created if created else 200, body)
    operation = call.world.arm.begin_operation(target.key, call.now, delay, failure)
    if kind.poll == "location":
        return Reply(202, None, _pointers(call, target, operation, only_location=True))
    return Reply(kind.created if created else 200, body, _pointers(call, target, operation))


def _pointers(
    call: Call, target: Target, operation: Operation, *, only_location: bool = False
) -> dict[str, str]:
    """The headers a poller follows. `Retry-After` counts whole seconds, so a short delay goes by the finer header."""
    delay = call.world.settings.operation_delay
    base = f"{call.world.base_url}/subscriptions/{SUBSCRIPTION}/providers/{target.namespace}/locations/global"
    version = f"?api-version={call.query['api-version']}"
    headers = {
        "Location": f"{base}/operationResults/{operation.id}{version}",
        "x-ms-retry-after-ms": str(max(1, round(delay * 1000))),
    }
    if delay >= 1:
        headers["Retry-After"] = str(math.ceil(delay))
    if not only_location:
        headers["Azure-AsyncOperation"] = f"{base}/operationStatuses/{operation.id}{version}"
    return headers


def _delete(call: Call) -> Reply:
    target = _target(call)
    if target.is_collection:
        raise not_implemented(f"{call.method} {call.path}")
    authorise(call, f"{target.type}/delete", target.id)
    held = call.world.arm.get(target.key)
    if held is None:
        if target.kind == "microsoft.resources/resourcegroups":
            raise group_not_found(target.name)
        return Reply(204)
    check_delete(target, call.world)
    check_free(target, call.world)
    kind = kind_of(target.kind)
    if not kind.slow_delete:
        call.world.arm.remove(target.key)
        return Reply(kind.deleted)
    delay = call.world.settings.operation_delay
    call.world.arm.begin_removal(target.key, call.now, delay, kind.states[2])
    operation = call.world.arm.begin_operation(target.key, call.now, delay)
    only_location = target.kind == "microsoft.resources/resourcegroups"
    return Reply(202, None, _pointers(call, target, operation, only_location=only_location))


# Long-running operations


def _operation(call: Call) -> Operation:
    found = call.world.arm.operation(call.params["operation"])
    if found is None:
        raise arm_problem(
            404, "OperationNotFound", f"The operation '{call.params['operation']}' could not be found."
        )
    return found


def _operation_status(call: Call) -> Reply:
    operation = _operation(call)
    running = call.now < operation.due
    status = "InProgress" if running else "Failed" if operation.error else "Succeeded"
    body: dict[str, Any] = {
        "id": call.path,
        "name": operation.id,
        "status": status,
        "startTime": timestamp(operation.started),
    }
    if not running:
        body["endTime"] = timestamp(operation.due)
        if operation.error:
            body["error"] = operation.error
    headers = (
        {"x-ms-retry-after-ms": str(max(1, round((operation.due - call.now) * 1000)))} if running else {}
    )
    return Reply(200, body, headers)


def _operation_result(call: Call) -> Reply:
    operation = _operation(call)
    if call.now < operation.due:
        wait = str(max(1, round((operation.due - call.now) * 1000)))
        target = f"{call.world.base_url}{call.path}?api-version={call.query['api-version']}"
        return Reply(202, None, {"Location": target, "x-ms-retry-after-ms": wait})
    if operation.error:
        raise arm_problem(409, operation.error["code"], operation.error["message"])
    stored = call.world.arm.get(operation.key)
    return Reply(200, rendered(stored, call.world)) if stored else Reply(200)


# Subscriptions and providers


def _subscription_body() -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "Sandbox",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


def _subscriptions(_call: Call) -> Reply:
    return Reply(body={"value": [_subscription_body()]})


def _subscription(_call: Call) -> Reply:
    return Reply(body=_subscription_body())


def _provider(call: Call) -> Reply:
    name = call.params["namespace"]
    return Reply(
        body={
            "id": f"/subscriptions/{SUBSCRIPTION}/providers/{name}",
            "namespace": name,
            "registrationState": "Registered",
            "registrationPolicy": "RegistrationRequired",
            "resourceTypes": [],
        }
    )


def _resources(call: Call) -> Reply:
    scope = call.path.rpartition("/")[0]
    authorise(call, "Microsoft.Resources/subscriptions/resources/read", scope)
    found = [
        item
        for item in call.world.arm.below(scope)
        if len(item.target.types) == 1 and item.target.kind != "microsoft.resources/resourcegroups"
    ]
    wanted = _tag_filter(call)
    shown = ("id", "name", "type", "location", "tags", "kind", "sku", "identity")
    value = []
    for item in found:
        body = rendered(item, call.world)
        if wanted(body):
            value.append({key: body[key] for key in shown if key in body})
    return Reply(body={"value": value})


def _tag_filter(call: Call) -> Callable[[Mapping[str, Any]], bool]:
    """`$filter` by tag; every other filter is refused. Source: Azure docs, "Resources - List" of Resource Manager."""
    text = call.query.get("$filter")
    if not text:
        return lambda _body: True
    found = _BY_TAG.fullmatch(text.strip())
    if found is None:
        raise not_implemented(f"the $filter {text!r}")
    name, value = found["name"].casefold(), found["value"]

    def carries(body: Mapping[str, Any]) -> bool:
        tags = {key.casefold(): tag for key, tag in (body.get("tags") or {}).items()}
        return name in tags and (value is None or tags[name] == value)

    return carries


# Keys


def _keyed(call: Call, action: str) -> Resource:
    target = parse(call.path.rpartition("/")[0])
    if target is None or target.is_collection:
        raise not_implemented(f"{call.method} {call.path}")
    authorise(call, f"{target.type}/{action}", target.id)
    return _existing(target, call)


def _secret(call: Call, resource: Resource, which: str, size: int = 32) -> str:
    return call.world.identity.secret_for(resource.target.key, which, size=size)


def _account_keys(call: Call) -> Reply:
    resource = _keyed(call, "listKeys/action")
    if lookup(resource.body, "properties.disableLocalAuth"):
        raise arm_problem(400, "BadRequest", "Failed to list key. disableLocalAuth is set to be true")
    return Reply(body={"key1": _secret(call, resource, "key1"), "key2": _secret(call, resource, "key2")})


def _storage_keys(call: Call) -> Reply:
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


def _search_admin_keys(call: Call) -> Reply:
    resource = _keyed(call, "listAdminKeys/action")
    return Reply(
        body={
            "primaryKey": _secret(call, resource, "admin1"),
            "secondaryKey": _secret(call, resource, "admin2"),
        }
    )


def _search_query_keys(call: Call) -> Reply:
    resource = _keyed(call, "listQueryKeys/action")
    return Reply(body={"value": [{"name": None, "key": _secret(call, resource, "query")}], "nextLink": None})


def _cosmos_keys(call: Call) -> Reply:
    resource = _keyed(call, "listKeys/action")
    names = (
        "primaryMasterKey",
        "secondaryMasterKey",
        "primaryReadonlyMasterKey",
        "secondaryReadonlyMasterKey",
    )
    return Reply(body={name: _secret(call, resource, name, 64) for name in names})


def _workspace_keys(call: Call) -> Reply:
    resource = _keyed(call, "sharedKeys/action")
    names = ("primarySharedKey", "secondarySharedKey")
    return Reply(body={name: _secret(call, resource, name, 64) for name in names})


# Cloud metadata


def _metadata(call: Call) -> Reply:
    base = call.world.base_url
    cloud = {
        "name": "FoundrySandbox",
        "portal": base,
        "authentication": {
            "loginEndpoint": f"{base}/",
            "audiences": ["https://management.azure.com/", "https://management.core.windows.net/"],
            "tenant": TENANT,
            "identityProvider": "AAD",
        },
        "resourceManager": f"{base}/",
        "microsoftGraphResourceId": f"{base}/graph/",
        "graph": f"{base}/graph/",
        "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
        "id": uuid_for(base),
    }
    return Reply(body=cloud if call.query.get("api-version") == "2022-09-01" else [cloud])


def _open(call: Call) -> None:
    """Cloud metadata is public."""
    call.world.arm.settle(call.now)


_LOCATED = "/subscriptions/{subscription}/providers/{namespace}/locations/{location}"
_CS = "/{scope*}/providers/Microsoft.CognitiveServices/accounts/{name}"

CLOUD = Family(
    name="arm",
    title="Cloud metadata",
    prefix="/metadata",
    guard=_open,
    refuse=malformed,
    note="Public, without a token. Token endpoints of Entra ID are not part of it: use the managed-identity endpoint.",
    routes=(Route("GET", "/endpoints", "endpoints of this cloud", _metadata),),
)

FAMILY = Family(
    name="arm",
    title="Azure Resource Manager",
    prefix="",
    guard=authenticate,
    refuse=malformed,
    any_case=True,
    note=(
        "A generic store: any type under a resource group, a subscription or another resource is kept as it was sent, "
        "with the outputs and rules of the types an environment needs. The body of a type without such rules is not "
        "checked. Every api-version that looks like one is accepted and means the same. Only the fixed subscription "
        "exists. Names of accounts, storage accounts, search services, Cosmos DB accounts and vaults are unique. "
        "Deleted accounts are purged at once; there is no soft delete. Quotas, policies, locks and the model catalogue "
        "are not enforced. A project's capability host needs Storage Blob Data Contributor (or Owner) on its storage "
        "and Cosmos DB Operator on its Cosmos DB account; the roles on the search service may follow."
    ),
    routes=(
        Route("GET", "/subscriptions", "list subscriptions", _subscriptions),
        Route("GET", "/subscriptions/{subscription}", "get a subscription", _subscription),
        Route(
            "GET",
            _LOCATED + "/operationStatuses/{operation}",
            "status of a long-running operation",
            _operation_status,
        ),
        Route(
            "GET",
            _LOCATED + "/operationResults/{operation}",
            "result of a long-running operation",
            _operation_result,
        ),
        Route(
            "GET",
            "/subscriptions/{subscription}/providers/{namespace}",
            "get a resource provider",
            _provider,
            "Always registered.",
        ),
        Route(
            "POST",
            "/subscriptions/{subscription}/providers/{namespace}/register",
            "register a resource provider",
            _provider,
            "Always registered.",
        ),
        Route(
            "GET",
            "/subscriptions/{subscription}/resources",
            "list resources of the subscription",
            _resources,
            "`$filter` by tag only.",
        ),
        Route(
            "GET",
            "/subscriptions/{subscription}/resourceGroups/{group}/resources",
            "list resources of a group",
            _resources,
            "`$filter` by tag only.",
        ),
        Route("POST", _CS + "/listKeys", "list keys of an account", _account_keys),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.Storage/storageAccounts/{name}/listKeys",
            "list keys of a storage account",
            _storage_keys,
        ),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.Search/searchServices/{name}/listAdminKeys",
            "list admin keys of a search service",
            _search_admin_keys,
        ),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.Search/searchServices/{name}/listQueryKeys",
            "list query keys of a search service",
            _search_query_keys,
        ),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.DocumentDB/databaseAccounts/{name}/listKeys",
            "list keys of a Cosmos DB account",
            _cosmos_keys,
        ),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.OperationalInsights/workspaces/{name}/sharedKeys",
            "list keys of a workspace",
            _workspace_keys,
        ),
        Route("POST", _CS + "/regenerateKey", "regenerate a key of an account"),
        Route("PUT", "/{scope*}/providers/Microsoft.Resources/deployments/{name}", "deploy a template"),
        Route("HEAD", "/subscriptions/{rest*}", "does a resource group or resource exist", _head),
        Route(
            "GET",
            "/subscriptions/{rest*}",
            "get or list resource groups, resources, extension resources",
            _get,
            "Lists come in one page; `$filter` by tag only, `$top` and `$expand` are ignored.",
        ),
        Route(
            "PUT",
            "/subscriptions/{rest*}",
            "create or replace a resource group, resource or extension resource",
            _put,
        ),
        Route(
            "PATCH",
            "/subscriptions/{rest*}",
            "update a resource group or resource",
            _patch,
            "Objects are merged, lists and tags replaced.",
        ),
        Route(
            "DELETE",
            "/subscriptions/{rest*}",
            "delete a resource group or resource with everything below it",
            _delete,
        ),
        Route("POST", "/subscriptions/{rest*}", "any other action of a resource"),
    ),
)
