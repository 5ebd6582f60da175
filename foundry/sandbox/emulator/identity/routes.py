"""The managed-identity endpoint of App Service (protocol 2019-08-01), as azure-identity asks it."""

import hmac

from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.identity.errors import malformed, refused


def _guard(call: Call) -> None:
    if not hmac.compare_digest(
        call.headers.get("x-identity-header", "").encode(), call.world.identity_header.encode()
    ):
        raise refused(401, "The X-IDENTITY-HEADER header is missing or does not match IDENTITY_HEADER.")


def _token(call: Call) -> Reply:
    resource = call.query.get("resource", "")
    if not resource:
        raise refused(400, "The query parameter 'resource' is required.")
    wanted = call.query.get("client_id") or call.query.get("principal_id") or call.query.get("object_id")
    principal = call.world.identity.principal(wanted)
    if principal is None:
        raise refused(
            400,
            f"No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId '{wanted}'.",
        )
    token, ends = call.world.identity.issue(principal, resource, call.now, call.world.settings.token_seconds)
    return Reply(
        body={
            "access_token": token,
            "client_id": principal.client_id,
            "expires_on": str(ends),
            "not_before": str(int(call.now)),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


FAMILY = Family(
    name="identity",
    title="Identity",
    prefix="/identity",
    guard=_guard,
    refuse=malformed,
    note=(
        "The managed-identity endpoint of App Service. Without `client_id` the token is the deployer's; "
        "`sandbox-developer` (member of the developers' group) and `sandbox-stranger` (no role at all) are the others. "
        "Tokens are signed with a key of the emulator's own, not with a public one."
    ),
    routes=(Route("GET", "/token", "get a token", _token),),
)
