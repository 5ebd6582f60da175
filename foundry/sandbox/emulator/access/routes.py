"""Role definitions and role assignments of Microsoft.Authorization, at any scope."""

import re
from typing import Any

from foundry.sandbox.emulator.access.errors import (
    assignment_exists,
    assignment_not_found,
    no_such_role,
    update_not_permitted,
    wrong_principal_type,
)
from foundry.sandbox.emulator.access.roles import BY_GUID, ROLES
from foundry.sandbox.emulator.arm.errors import arm_problem, group_not_found, malformed, resource_not_found
from foundry.sandbox.emulator.arm.guard import authenticate, authorise, caller
from foundry.sandbox.emulator.arm.ids import parse
from foundry.sandbox.emulator.arm.kinds import timestamp
from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.identity.store import DEVELOPERS, PEOPLE

_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TYPE = "Microsoft.Authorization/roleAssignments"


def _scope(call: Call) -> str:
    scope = "/" + call.params["scope"].strip("/")
    target = parse(scope)
    if target is not None and not target.is_collection and call.world.arm.get(target.key) is None:
        if target.kind == "microsoft.resources/resourcegroups":
            raise group_not_found(target.name)
        raise resource_not_found(target.type, "/".join(target.names), target.group)
    return scope


def _id(scope: str, name: str) -> str:
    return f"{scope}/providers/{_TYPE}/{name}"


def _put(call: Call) -> Reply:
    scope, name = _scope(call), call.params["name"]
    if not re.fullmatch(_GUID, name):
        raise arm_problem(
            400,
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.",
        )
    authorise(call, _TYPE + "/write", scope)
    asked = call.object().get("properties")
    if not isinstance(asked, dict):
        raise arm_problem(400, "InvalidRequestContent", "The request body must hold 'properties'.")
    role, principal = str(asked.get("roleDefinitionId") or ""), str(asked.get("principalId") or "")
    guid = role.rpartition("/")[2].lower()
    if guid not in BY_GUID:
        raise no_such_role(guid or role)
    if not re.fullmatch(_GUID, principal):
        raise arm_problem(
            400,
            "InvalidPrincipalId",
            f"A valid principal ID must be provided for role assignment; '{principal}' is none.",
        )
    kind = _principal_type(call, principal, asked.get("principalType"))
    identity = _id(scope, name)
    held = call.world.access.get(identity)
    if held is not None:
        same = held["properties"]["principalId"].lower() == principal.lower()
        same = same and held["properties"]["roleDefinitionId"].lower().endswith(guid)
        if not same:
            raise update_not_permitted()
    twin = call.world.access.twin(identity, scope, principal, guid)
    if twin is not None:
        raise assignment_exists(twin)
    properties = {
        "roleDefinitionId": f"/{role.strip('/')}" if "/" in role else role,
        "principalId": principal,
        "principalType": kind,
        "scope": scope,
        "condition": asked.get("condition"),
        "conditionVersion": asked.get("conditionVersion"),
        "description": asked.get("description"),
        "delegatedManagedIdentityResourceId": asked.get("delegatedManagedIdentityResourceId"),
        "createdOn": held["properties"]["createdOn"] if held else timestamp(call.now),
        "updatedOn": timestamp(call.now),
        "createdBy": caller(call).oid,
        "updatedBy": caller(call).oid,
    }
    call.world.access.put(identity, scope, properties, call.now)
    return Reply(200 if held else 201, call.world.access.get(identity))


def _principal_type(call: Call, principal: str, given: Any) -> str:
    """The type to record; refuses one that contradicts a principal the emulator knows."""
    actual = None
    if call.world.arm.principal_exists(principal):
        actual = "ServicePrincipal"
    elif principal.lower() == DEVELOPERS:
        actual = "Group"
    if actual is not None and given is not None and given != actual:
        raise wrong_principal_type(principal, actual, str(given))
    if any(principal.lower() == person.oid for person in PEOPLE) and given == "Group":
        raise wrong_principal_type(principal, "User", str(given))
    return actual or str(given or "User")


def _get(call: Call) -> Reply:
    scope = _scope(call)
    authorise(call, _TYPE + "/read", scope)
    held = call.world.access.get(_id(scope, call.params["name"]))
    if held is None:
        raise assignment_not_found(call.params["name"])
    return Reply(body=held)


def _delete(call: Call) -> Reply:
    scope = _scope(call)
    authorise(call, _TYPE + "/delete", scope)
    identity = _id(scope, call.params["name"])
    held = call.world.access.get(identity)
    return Reply(200, held) if call.world.access.delete(identity) else Reply(204)


def _list(call: Call) -> Reply:
    scope = _scope(call)
    authorise(call, _TYPE + "/read", scope)
    below, principals = True, []
    for clause in re.split(r"\s+and\s+", call.query.get("$filter", "").strip(), flags=re.IGNORECASE):
        if not clause:
            continue
        if clause.lower() == "atscope()":
            below = False
        elif match := re.fullmatch(r"principalId\s+eq\s+'([^']*)'", clause, re.IGNORECASE):
            principals = [match[1]]
        elif match := re.fullmatch(r"assignedTo\('([^']*)'\)", clause, re.IGNORECASE):
            person = next((item for item in PEOPLE if item.oid == match[1].lower()), None)
            principals = list(person.ids) if person else [match[1]]
        else:
            raise arm_problem(
                400,
                "BadRequestFormat",
                f"The filter '{clause}' is not supported. Supported filters are principalId eq, assignedTo() and atScope().",
            )
    return Reply(body={"value": call.world.access.listed(scope, below=below, principals=principals)})


def _definitions(call: Call) -> Reply:
    scope = _scope(call) if "scope" in call.params else ""
    if scope:
        authorise(call, "Microsoft.Authorization/roleDefinitions/read", scope)
    found = list(ROLES)
    for clause in re.split(r"\s+and\s+", call.query.get("$filter", "").strip(), flags=re.IGNORECASE):
        if match := re.fullmatch(r"roleName\s+eq\s+'([^']*)'", clause, re.IGNORECASE):
            found = [role for role in found if role.name.lower() == match[1].lower()]
        elif match := re.fullmatch(r"type\s+eq\s+'([^']*)'", clause, re.IGNORECASE):
            found = found if match[1].lower() == "builtinrole" else []
        elif clause and clause.lower() not in ("atscope()", "atscopeandbelow()"):
            raise arm_problem(
                400,
                "BadRequestFormat",
                f"The filter '{clause}' is not supported. Supported filters are roleName eq, type eq and atScopeAndBelow().",
            )
    return Reply(body={"value": [role.body(_subscription(scope)) for role in found]})


def _definition(call: Call) -> Reply:
    scope = "/" + call.params["scope"].strip("/") if "scope" in call.params else ""
    role = BY_GUID.get(call.params["name"].lower())
    if role is None:
        raise no_such_role(call.params["name"])
    return Reply(body=role.body(_subscription(scope)))


def _subscription(scope: str) -> str:
    return "/".join(scope.split("/")[:3])


_ASSIGNMENTS = "/{scope*}/providers/Microsoft.Authorization/roleAssignments"
_DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"

FAMILY = Family(
    name="access",
    title="Roles",
    prefix="",
    guard=authenticate,
    refuse=malformed,
    any_case=True,
    note=(
        "Built-in roles only, with permissions as far as the documentation tells them. There is no directory: principals "
        "the emulator doesn't know are accepted with the type they are given (or as `User`), managed identities of its "
        "resources and the developers' group only with their own. Conditions are kept, not evaluated. Role definitions "
        "carry the names of 2026 (Foundry User and so on)."
    ),
    routes=(
        Route(
            "PUT",
            _ASSIGNMENTS + "/{name}",
            "create a role assignment",
            _put,
            "May change description and condition of an existing one.",
        ),
        Route("GET", _ASSIGNMENTS + "/{name}", "get a role assignment", _get),
        Route("DELETE", _ASSIGNMENTS + "/{name}", "delete a role assignment", _delete),
        Route(
            "GET",
            _ASSIGNMENTS,
            "list role assignments at, above and below a scope",
            _list,
            "`$filter`: principalId eq, assignedTo(), atScope().",
        ),
        Route("GET", "/{scope*}" + _DEFINITIONS + "/{name}", "get a role definition", _definition),
        Route(
            "GET",
            "/{scope*}" + _DEFINITIONS,
            "list role definitions",
            _definitions,
            "`$filter`: roleName eq, type eq, atScopeAndBelow().",
        ),
        Route("GET", _DEFINITIONS + "/{name}", "get a role definition of the tenant", _definition),
        Route("GET", _DEFINITIONS, "list role definitions of the tenant", _definitions),
        Route("PUT", "/{scope*}" + _DEFINITIONS + "/{name}", "create a custom role"),
    ),
)
