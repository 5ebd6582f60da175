"""Refusals of Microsoft.Authorization, in ARM's envelope."""

from foundry.sandbox.emulator.arm.errors import arm_problem
from foundry.sandbox.emulator.http import Problem


def assignment_exists(other: str) -> Problem:
    """The tuple of role, principal and scope is taken by an assignment of another name."""
    return arm_problem(
        409,
        "RoleAssignmentExists",
        f"The role assignment already exists. The ID of the conflicting role assignment is {other.replace('-', '')}.",
    )


def update_not_permitted() -> Problem:
    """A PUT that would change role, principal or scope of an assignment."""
    message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
    return arm_problem(400, "RoleAssignmentUpdateNotPermitted", message)


def no_such_role(guid: str) -> Problem:
    """A role definition id that stands for nothing."""
    return arm_problem(
        404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid}' does not exist."
    )


def wrong_principal_type(principal: str, actual: str, given: str) -> Problem:
    """The principal is of another type than the assignment says."""
    message = f"The PrincipalId '{principal}' has type '{actual}' , which is different from specified PrincipalType '{given}'."
    return arm_problem(400, "UnmatchedPrincipalType", message)


def assignment_not_found(name: str) -> Problem:
    """No role assignment of that name at that scope."""
    return arm_problem(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
