"""What a cloud says of itself: where its services answer."""

from foundry.sandbox.emulator.arm.errors import (
    malformed,
)
from foundry.sandbox.emulator.arm.kinds import (
    uuid_for,
)
from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.settings import TENANT


def _metadata(call: Call) -> Reply:
    base = call.world.base_url
    cloud = {
        "name": "FoundrySandbox",
        "portal": base,
        "authentication": {
            "loginEndpoint": f"{base}/",
            "audiences": ["https://management.azure.com/", "https://management.core.windows.net/"],
            "tenant": TENANT,
            "identityProvider": "AAD",
        },
        "resourceManager": f"{base}/",
        "microsoftGraphResourceId": f"{base}/graph/",
        "graph": f"{base}/graph/",
        "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
        "id": uuid_for(base),
    }
    return Reply(body=cloud if call.query.get("api-version") == "2022-09-01" else [cloud])


def _open(call: Call) -> None:
    """Cloud metadata is public."""
    call.world.arm.settle(call.now)


FAMILY = Family(
    name="arm",
    title="Cloud metadata",
    prefix="/metadata",
    guard=_open,
    refuse=malformed,
    note="Public, without a token. Token endpoints of Entra ID are not part of it: use the managed-identity endpoint.",
    routes=(Route("GET", "/endpoints", "endpoints of this cloud", _metadata),),
)
