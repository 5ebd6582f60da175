"""Shared access signatures that the emulator gives for a container: made and read by itself, so they aren't those of an account's key."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from foundry.sandbox.emulator.arm.store import Resource
from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.storage.errors import not_running, refused

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

#: The parameters of one, which nobody behind the door may see.
PARAMETERS: Final = ("sv", "sr", "sp", "se", "sig")
_VERSION: Final = "2021-12-02"
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_NEEDED: Final = {"GET": "rl", "HEAD": "r", "PUT": "cw", "DELETE": "d"}


def issued(world: "World", account: Resource, container: str, permissions: str, ends: float) -> str:
    """The query of a URL that lets its bearer at a container until `ends` (Unix seconds).

    `permissions` holds letters of r(ead), w(rite), c(reate), d(elete), l(ist).
    """
    time = datetime.fromtimestamp(ends, UTC).strftime(_TIME)
    signed = _signature(world, account, container, permissions, time)
    return urlencode({"sv": _VERSION, "sr": "c", "sp": permissions, "se": time, "sig": signed})


def check(call: Call, account: Resource) -> None:
    """Admits a call by the signature in its query; raises 403, and 501 for a signature made by somebody else."""
    given = {name: call.query.get(name, "") for name in PARAMETERS}
    container = call.params.get("container", "")
    signed = _signature(call.world, account, container, given["sp"], given["se"])
    if not hmac.compare_digest(signed, given["sig"]):
        raise not_running(
            "Shared access signatures other than those of uploads are not implemented by the emulator"
        )
    if datetime.strptime(given["se"], _TIME).replace(tzinfo=UTC).timestamp() <= call.now:
        raise refused(403, "AuthenticationFailed", "The signature is not valid any more.")
    if not set(_NEEDED.get(call.method, "-")) & set(given["sp"]):
        message = "This request is not authorized to perform this operation using this permission."
        raise refused(403, "AuthorizationPermissionMismatch", message)


def _signature(world: "World", account: Resource, container: str, permissions: str, time: str) -> str:
    key = world.identity.secret_for(account.target.key, "signatures")
    return hmac.new(key.encode(), f"{container}\n{permissions}\n{time}".encode(), hashlib.sha256).hexdigest()
