"""What every call to a project's data plane must bring: a token, a known api-version, a role with data actions."""

from collections.abc import Sequence
from typing import Final

from foundry.sandbox.emulator.arm.foundry import ACCOUNT, HOSTS, PROJECT
from foundry.sandbox.emulator.arm.kinds import principal_of, subdomain_of
from foundry.sandbox.emulator.arm.store import Resource
from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.identity.store import TokenError
from foundry.sandbox.emulator.project.errors import platform_problem

PREFIX: Final = "/accounts/{account}/api/projects/{project}"
PREVIEW: Final = "2025-05-15-preview"
_VERSIONS: Final = ("v1", "2025-05-01", PREVIEW)
_AUDIENCES: Final = ("https://ai.azure.com",)
_ACTIONS: Final = {"GET": "read", "POST": "write", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


def _project(call: Call) -> Resource | None:
    folder, name = call.params["account"].lower(), call.params["project"].lower()
    for account in call.world.arm.of_kind(ACCOUNT):
        if subdomain_of(account).lower() == folder:
            for project in call.world.arm.nested(account.target.key, PROJECT):
                if project.target.name.lower() == name and project.state not in ("Creating", "Deleting"):
                    return project
    return None


def guard(call: Call) -> None:
    """Admits a call of the classic dialect; see `admit`."""
    admit(call, _VERSIONS)


def admit(call: Call, versions: Sequence[str]) -> None:
    """Sets the principal, and the parameter `project_id` to the ARM key of the project.

    `versions` are the api-versions the operation is served under; with "" among them it needs none.
    """
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    try:
        call.principal = call.world.identity.verify(
            token if scheme.lower() == "bearer" else "", _AUDIENCES, call.now
        )
    except TokenError as error:
        message = (
            "Access token is missing, invalid, audience is incorrect (https://ai.azure.com), or have expired."
        )
        raise platform_problem(401, "Unauthorized", message, {"WWW-Authenticate": "Bearer"}) from error
    call.world.settle(call.now)
    project = _project(call)
    if project is None:
        raise platform_problem(404, "NotFound", f"Project '{call.params['project']}' not found.")
    version = call.query.get("api-version", "")
    if version not in versions:
        known = ", ".join(item for item in versions if item)
        message = f"API version '{version}' is not supported. Supported versions: {known}."
        raise platform_problem(400, "UnsupportedApiVersion", message)
    action = f"Microsoft.CognitiveServices/accounts/AIServices/agents/{_ACTIONS[call.method]}"
    before = call.now - call.world.faults.late_roles(call.world.settings.late_roles)
    if not _at_its_own_toolbox(call, project) and not call.world.access.allows(
        call.principal.ids, project.target.id, action, data=True, before=before
    ):
        operation = (
            f"{call.method} /api/projects/{{projectName}}{call.path.partition(call.params['project'])[2]}"
        )
        message = (
            f"The principal `{call.principal.oid}` lacks the required data action `{action}` to perform "
            f"`{operation}` operation. For instructions on granting the necessary permissions, see "
            "https://aka.ms/FoundryPermissions."
        )
        raise platform_problem(401, "PermissionDenied", message)
    call.params["project_id"] = project.target.key


def _at_its_own_toolbox(call: Call, project: Resource) -> bool:
    """Whether a project's own identity calls one of its toolboxes, as the agent service does for agents that use one."""
    own = principal_of(project.target.key, project.target.kind, project.body)
    return (
        call.principal is not None
        and call.principal.oid == own
        and call.path.partition(f"/projects/{call.params['project']}")[2].startswith("/toolboxes/")
        and call.path.endswith("/mcp")
    )


def project_id(call: Call) -> str:
    """The ARM key of the project that the guard has found."""
    return call.params["project_id"]


def has_capability_host(call: Call) -> bool:
    """Whether the project has a capability host that is ready."""
    hosts = call.world.arm.nested(project_id(call), HOSTS[1])
    return bool(hosts) and hosts[0].state == "Succeeded"
