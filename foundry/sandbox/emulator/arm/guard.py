"""What every ARM call must bring: a token for ARM, an api-version, and a role that allows the action."""

import re
from typing import TYPE_CHECKING

from foundry.sandbox.emulator.arm.errors import arm_problem, forbidden, subscription_not_found, unauthorised
from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.identity.store import TokenError
from foundry.sandbox.emulator.settings import SUBSCRIPTION

if TYPE_CHECKING:
    from foundry.sandbox.emulator.identity.store import Principal

_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")


def authenticate(call: Call) -> None:
    """Sets the principal; raises 401 without a good token, 400 without a good api-version."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorised(
            "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
        )
    try:
        call.principal = call.world.identity.verify(token, _AUDIENCES, call.now)
    except TokenError as error:
        if error.reason == "expired":
            raise unauthorised("ExpiredAuthenticationToken", "The access token has expired.") from error
        if error.reason == "audience":
            message = f"The access token has been obtained for the wrong audience or resource. It should exactly match one of the allowed audiences {', '.join(_AUDIENCES)}."
            raise unauthorised("InvalidAuthenticationTokenAudience", message) from error
        raise unauthorised("InvalidAuthenticationToken", "The access token is invalid.") from error
    version = call.query.get("api-version")
    if version is None:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise arm_problem(400, "MissingApiVersionParameter", message)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(-[A-Za-z]+)?", version):
        raise arm_problem(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
    subscription = (
        call.path.split("/")[2] if call.path.lower().startswith("/subscriptions/") else SUBSCRIPTION
    )
    if subscription != SUBSCRIPTION:
        raise subscription_not_found(subscription)
    call.world.arm.settle(call.now)


def caller(call: Call) -> "Principal":
    """The principal that the guard has set."""
    assert call.principal is not None
    return call.principal


def authorise(call: Call, action: str, scope: str) -> None:
    """Raises 403 when no role of the principal allows the action at the scope."""
    principal = caller(call)
    if not call.world.access.allows(principal.ids, scope, action, data=False, before=call.now):
        raise forbidden(principal.name, principal.oid, action, scope)
