"""Refusals of Azure Resource Manager, in its envelope."""

from typing import Final

from foundry.sandbox.emulator.http import Malformed, Problem, Reply
from foundry.sandbox.emulator.settings import TENANT

CHALLENGE: Final = f'Bearer authorization_uri="https://login.windows.net/{TENANT}", error="invalid_token"'


def arm_problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Problem:
    """ARM's error envelope."""
    return Problem(Reply(status, {"error": {"code": code, "message": message}}, headers or {}))


def malformed(fault: Malformed) -> Problem:
    """A malformed request in ARM's words."""
    if fault.sort == "json":
        message = "The request content was invalid and could not be deserialized."
        return arm_problem(400, "InvalidRequestContent", message)
    return arm_problem(400, "InvalidRequestContent", fault.text)


def unauthorised(code: str, message: str) -> Problem:
    """A token that is missing or not accepted."""
    return arm_problem(401, code, message, {"WWW-Authenticate": CHALLENGE})


def forbidden(name: str, oid: str, action: str, scope: str) -> Problem:
    """A principal without a role that allows the action."""
    message = (
        f"The client '{name}' with object id '{oid}' does not have authorization to perform action '{action}' over "
        f"scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    )
    return arm_problem(403, "AuthorizationFailed", message)


def resource_not_found(kind: str, name: str, group: str) -> Problem:
    """GET or PATCH of what isn't there."""
    message = f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    return arm_problem(404, "ResourceNotFound", message)


def parent_not_found(parent: str, child: str) -> Problem:
    """A write below a resource that isn't there."""
    message = f"Failed to perform 'write' on resource(s) of type '{child}', because the parent resource '{parent}' could not be found."
    return arm_problem(404, "ParentResourceNotFound", message)


def group_not_found(name: str) -> Problem:
    """A resource group that isn't there."""
    return arm_problem(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def subscription_not_found(name: str) -> Problem:
    """A subscription that isn't there."""
    return arm_problem(404, "SubscriptionNotFound", f"The subscription '{name}' could not be found.")


def request_conflict(parent: str) -> Problem:
    """A write while another one on the same account is still in flight."""
    message = (
        "Cannot modify resource at this time because another operation is being performed on the parent resource "
        f"'{parent}'. Please retry the operation once it has completed."
    )
    return arm_problem(409, "RequestConflict", message)


def account_unsettled(name: str, state: str) -> Problem:
    """A write below an account that is still being made, changed or removed."""
    return arm_problem(409, "AccountProvisioningStateInvalid", f"Account {name} in state {state}")


def nested_resources(nested: list[str]) -> Problem:
    """A delete refused because of what is inside."""
    shown = ", ".join(f"'{item}'" for item in nested[:5])
    message = (
        "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
        f"{shown}. Please delete all nested resources before deleting this resource."
    )
    return arm_problem(409, "CannotDeleteResource", message)
