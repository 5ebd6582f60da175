"""Who may use the storage of an account: a token with a role, the account's key, or the signature of an upload."""

from typing import Final

from foundry.sandbox.emulator.arm.kinds import lookup
from foundry.sandbox.emulator.arm.store import Resource
from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.identity.store import TokenError
from foundry.sandbox.emulator.storage.azurite import signature
from foundry.sandbox.emulator.storage.errors import refused
from foundry.sandbox.emulator.storage.shared import check
from foundry.sandbox.emulator.storage.store import account_named

_BASE: Final = "Microsoft.Storage/storageAccounts"
_CONTAINER: Final = {"queue": f"{_BASE}/queueServices/queues", "blob": f"{_BASE}/blobServices/containers"}
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer resource_id=https://storage.azure.com"}


def guard(call: Call) -> None:
    """Admits a token of a principal with a fitting role, and Shared Key while the account allows it."""
    call.world.arm.settle(call.now)
    account = account_named(call.world.arm, call.params["account"])
    if account is None:
        raise refused(404, "ResourceNotFound", f"There is no storage account '{call.params['account']}'.")
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        _token(call, account, given)
    elif scheme == "SharedKey":
        _shared_key(call, account, given)
    elif "sig" in call.query:
        check(call, account)
    else:
        message = "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
        raise refused(401, "NoAuthenticationInformation", message, _CHALLENGE)


def _token(call: Call, account: Resource, token: str) -> None:
    name = account.target.name.lower()
    own = tuple(f"https://{name}.{service}.core.windows.net" for service in ("blob", "queue"))
    try:
        principal = call.world.identity.verify(token, ("https://storage.azure.com", *own), call.now)
    except TokenError as error:
        message = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."
        raise refused(401, "InvalidAuthenticationInfo", message, _CHALLENGE) from error
    call.principal = principal
    before = call.now - call.world.faults.late_roles(call.world.settings.late_roles)
    if not any(
        call.world.access.allows(principal.ids, account.target.id, action, data=data, before=before)
        for action, data in _actions(call)
    ):
        message = "This request is not authorized to perform this operation using this permission."
        raise refused(403, "AuthorizationPermissionMismatch", message)


def _actions(call: Call) -> list[tuple[str, bool]]:
    """Any of these lets the call through. Source: "Permissions for calling data operations" in the docs of Azure Storage."""
    service = call.path.split("/")[3]
    base, reads = _CONTAINER[service], call.method in ("GET", "HEAD")
    plain = "read" if reads else "delete" if call.method == "DELETE" else "write"
    if service == "queue" and "messages" in call.path.split("/")[5:6]:
        taken = call.method == "GET" and call.query.get("peekonly") != "true"
        special = {"POST": "add/action", "DELETE": "process/action", "PUT": "write"}.get(call.method)
        found = [(f"{base}/messages/{special or ('process/action' if taken else 'read')}", True)]
        return (
            [*found, (f"{base}/messages/{plain}", True)]
            if not taken
            else [*found, (f"{base}/messages/delete", True)]
        )
    if service == "blob" and "blob" in call.params:
        return [(f"{base}/blobs/{plain}", True)] + (
            [(f"{base}/blobs/add/action", True)] if plain == "write" else []
        )
    return [(f"{base}/{plain}", False)]


def _shared_key(call: Call, account: Resource, given: str) -> None:
    if lookup(account.body, "properties.allowSharedKeyAccess") is False:
        raise refused(
            403,
            "KeyBasedAuthenticationNotPermitted",
            "Key based authentication is not permitted on this storage account.",
        )
    name, _, signed = given.partition(":")
    headers = {key.lower(): value for key, value in call.headers.items()}
    keys = (call.world.identity.secret_for(account.target.key, which, size=64) for which in ("key1", "key2"))
    if not any(
        signature(key, call.method, headers, account=name, path=call.raw_path, query=call.query) == signed
        for key in keys
    ):
        message = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."
        raise refused(403, "AuthenticationFailed", message)
