"""What every call to a search service must bring: a service that exists, a key or a token, a role for the operation."""

import hmac
import re
from typing import Final

from foundry.sandbox.emulator.arm.kinds import lookup
from foundry.sandbox.emulator.arm.store import Resource
from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.identity.store import TokenError
from foundry.sandbox.emulator.search.errors import search_problem

_SERVICES: Final = "microsoft.search/searchservices"
_AUDIENCES: Final = ("https://search.azure.com",)
_QUERIES: Final = ("search.post.search", "$count", "search.stats")


def _action(call: Call) -> str:
    """The data action an operation asks for."""
    base = "Microsoft.Search/searchServices/indexes"
    tail = call.path.rpartition("/")[2]
    if "/docs" in call.path:
        reads = call.method == "GET" or tail in _QUERIES
        return f"{base}/documents/{'read' if reads else 'write'}"
    return f"{base}/{ {'GET': 'read', 'DELETE': 'delete'}.get(call.method, 'write') }"


def _service(call: Call) -> Resource:
    for service in call.world.arm.of_kind(_SERVICES):
        if service.target.name.lower() == call.params["service"].lower() and service.state == "succeeded":
            return service
    raise search_problem(404, "ResourceNotFound", f"There is no search service '{call.params['service']}'.")


def guard(call: Call) -> None:
    """Sets the parameter `service_id` to the ARM key of the service, and the principal when a token was used."""
    call.world.arm.settle(call.now)
    service = _service(call)
    call.params["service_id"] = service.target.key
    version = call.query.get("api-version", "")
    if not re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", version, re.IGNORECASE):
        raise search_problem(400, "InvalidApiVersion", f"The api-version '{version}' is missing or invalid.")
    key = call.headers.get("api-key")
    if key is not None:
        _check_key(call, service, key)
    else:
        _check_token(call, service)


def _check_key(call: Call, service: Resource, key: str) -> None:
    identity = call.world.identity
    admin = [identity.secret_for(service.target.key, name) for name in ("admin1", "admin2")]
    query = identity.secret_for(service.target.key, "query")
    if not lookup(service.body, "properties.disableLocalAuth"):
        if any(hmac.compare_digest(key.encode(), known.encode()) for known in admin):
            return
        if hmac.compare_digest(key.encode(), query.encode()) and _action(call).endswith("documents/read"):
            return
    raise search_problem(403, "Forbidden", "The api-key is wrong, or keys are disabled for this service.")


def _check_token(call: Call, service: Resource) -> None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    try:
        call.principal = call.world.identity.verify(
            token if scheme.lower() == "bearer" else "", _AUDIENCES, call.now
        )
    except TokenError as error:
        message = "The access token is missing, expired, or not for https://search.azure.com."
        raise search_problem(401, "Unauthorized", message, {"WWW-Authenticate": "Bearer"}) from error
    keyless = lookup(service.body, "properties.disableLocalAuth")
    if not keyless and not lookup(service.body, "properties.authOptions.aadOrApiKey"):
        message = "The service takes keys only: set authOptions to aadOrApiKey, or disableLocalAuth to true."
        raise search_problem(403, "Forbidden", message)
    before = call.now - call.world.faults.late_roles(call.world.settings.late_roles)
    action = _action(call)
    if not call.world.access.allows(call.principal.ids, service.target.id, action, data=True, before=before):
        message = f"The principal '{call.principal.oid}' lacks the data action '{action}' on this service."
        raise search_problem(403, "Forbidden", message)


def service_id(call: Call) -> str:
    """The ARM key of the service that the guard has found."""
    return call.params["service_id"]
