"""Resources of any type: read, written, merged, deleted, and listed by tag."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from foundry.sandbox.emulator.arm.errors import (
    arm_problem,
    group_not_found,
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
from foundry.sandbox.emulator.arm.guard import authorise
from foundry.sandbox.emulator.arm.ids import Target, parse
from foundry.sandbox.emulator.arm.kinds import (
    IMPLICIT,
    Kind,
    kind_of,
    lookup,
    merged,
    principal_of,
    rendered,
)
from foundry.sandbox.emulator.arm.store import Operation, Resource
from foundry.sandbox.emulator.http import Call, Malformed, Reply, not_implemented
from foundry.sandbox.emulator.settings import SUBSCRIPTION

_READ_ONLY = ("id", "name", "type", "systemData", "etag")
_BY_TAG = re.compile(r"tagName eq '(?P<name>[^']+)'(?: and tagValue eq '(?P<value>[^']*)')?")
_UNEVALUATED = ("microsoft.resources/deployments", "microsoft.authorization/roledefinitions")


def target_of(call: Call) -> Target:
    """What a request is about. Raises `not_implemented` for an address that is none of a resource."""
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


def existing(target: Target, call: Call) -> Resource:
    """The resource of an address. Raises what Azure answers where it, or its group, isn't there."""
    found = call.world.arm.get(target.key)
    if found is not None:
        return found
    if target.kind == "microsoft.resources/resourcegroups":
        raise group_not_found(target.name)
    if target.group and call.world.arm.get("/".join(target.scope.split("/")[:5])) is None:
        raise group_not_found(target.group)
    raise resource_not_found(target.type, "/".join(target.names), target.group)


def get(call: Call) -> Reply:
    """Get a resource, or list a collection."""
    target = target_of(call)
    authorise(call, f"{target.type}/read", target.owner if target.is_collection else target.id)
    if target.is_collection:
        wanted = tag_filter(call)
        items = (rendered(item, call.world) for item in _listed(target, call))
        return Reply(body={"value": [item for item in items if wanted(item)]})
    implied = _implied(target, call)
    return Reply(body=implied or rendered(existing(target, call), call.world))


def _listed(target: Target, call: Call) -> list[Resource]:
    if target.parent is None:
        if target.group and call.world.arm.get("/".join(target.scope.split("/")[:5])) is None:
            raise group_not_found(target.group)
        return call.world.arm.of_kind(target.kind, target.scope)
    if call.world.arm.get(target.parent.key) is None and _implied(target.parent, call) is None:
        raise resource_not_found(target.parent.type, "/".join(target.parent.names), target.group)
    return call.world.arm.nested(target.parent.key, target.kind)


def head(call: Call) -> Reply:
    """Whether there is such a resource."""
    target = target_of(call)
    authorise(call, f"{target.type}/read", target.id)
    return Reply(204 if call.world.arm.get(target.key) else 404)


def put(call: Call) -> Reply:
    """Create or replace a resource."""
    target = target_of(call)
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


def patch(call: Call) -> Reply:
    """Merge into a resource."""
    target = target_of(call)
    if target.is_collection:
        raise not_implemented(f"{call.method} {call.path}")
    authorise(call, f"{target.type}/write", target.id)
    old = existing(target, call)
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


def delete(call: Call) -> Reply:
    """Delete a resource with everything below it."""
    target = target_of(call)
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


def tag_filter(call: Call) -> Callable[[Mapping[str, Any]], bool]:
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
