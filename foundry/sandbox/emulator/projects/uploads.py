"""Uploads of datasets: a container in the project's storage, and a URL that lets its bearer write to it."""

from typing import Any, Final
from urllib.parse import urlsplit

from foundry.sandbox.emulator.arm.ids import parse
from foundry.sandbox.emulator.arm.kinds import lookup, uuid_for
from foundry.sandbox.emulator.arm.store import Resource
from foundry.sandbox.emulator.http import Call, Problem, Reply
from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.projects.errors import absent, invalid
from foundry.sandbox.emulator.projects.platform import visible
from foundry.sandbox.emulator.shapes import nullable, one_of, record, text
from foundry.sandbox.emulator.storage.shared import issued
from foundry.sandbox.emulator.storage.store import account_named

Body = dict[str, Any]

_CATEGORIES: Final = ("azurestorageaccount", "azureblob")
_LIFE: Final = 3_600.0
_shape: Final = record(
    {"pendingUploadType": one_of("BlobReference", "TemporaryBlobReference")},
    {"pendingUploadId": nullable(text()), "connectionName": nullable(text())},
)


def begin(call: Call) -> Reply:
    """A container for the files of a dataset version that is to be; 501 where no storage runs."""
    asked = call.object()
    _shape(asked, "")
    account = _account(call, asked.get("connectionName"))
    _require_storage(call)
    identity = asked.get("pendingUploadId") or new_id("upload-")
    version = f"{call.params['name']}/{call.params['version']}"
    container = f"dataset-{uuid_for(project_id(call), version, identity)}"
    target = parse(f"{account.target.id}/blobServices/default/containers/{container}")
    assert target is not None
    if call.world.arm.get(target.key) is None:
        call.world.arm.write(
            target, {"properties": {}}, call.now, principal=None, state="", outcome="Succeeded", delay=None
        )
    told = {
        "blobReference": _reference(call, account, container, "rcwl"),
        "pendingUploadId": identity,
        "pendingUploadType": asked["pendingUploadType"],
        "version": call.params["version"],
    }
    return Reply(body=told)


def credentials(call: Call, dataset: Body) -> Reply:
    """A URL that lets its bearer read the files of a dataset that lie in storage of this sandbox."""
    parts = urlsplit(dataset["dataUri"]).path.split("/")
    ours = urlsplit(dataset["dataUri"]).netloc == urlsplit(call.world.base_url).netloc
    account = account_named(call.world.arm, parts[2]) if ours and parts[1:2] == ["storage"] else None
    if account is None or len(parts) < 5:
        raise invalid(f"'{dataset['dataUri']}' is in no storage account of this sandbox.", "dataUri")
    return Reply(body={"blobReference": _reference(call, account, parts[4], "rl")})


def _reference(call: Call, account: Resource, container: str, permissions: str) -> Body:
    uri = f"{call.world.base_url}/storage/{account.target.name}/blob/{container}"
    query = issued(call.world, account, container, permissions, call.now + _LIFE)
    return {
        "blobUri": uri,
        "storageAccountArmId": account.target.id,
        "credential": {"type": "SAS", "sasUri": f"{uri}?{query}"},
    }


def _account(call: Call, connection: str | None) -> Resource:
    """The storage account behind a connection of the project; behind its first one when none is named."""
    among = [
        item
        for item in visible(call.world.arm, project_id(call))
        if str(lookup(item.body, "properties.category")).lower() in _CATEGORIES
    ]
    if connection is not None:
        among = [item for item in among if item.target.name.lower() == connection.lower()]
        if not among:
            raise absent("Storage connection", connection)
    for item in among:
        held = call.world.arm.get(str(lookup(item.body, "properties.metadata.ResourceId") or "")) or (
            account_named(
                call.world.arm, _name_in(str(lookup(item.body, "properties.target")), call.world.base_url)
            )
        )
        if held is not None:
            return held
    raise invalid("The project has no connection to a storage account of this sandbox.", "connectionName")


def _name_in(url: str, base_url: str) -> str:
    parts = urlsplit(url).path.split("/")
    return parts[2] if url.startswith(f"{base_url}/storage/") and len(parts) > 2 else ""


def _require_storage(call: Call) -> None:
    try:
        call.world.storage.azurite()
    except OutsideError as error:
        raise Problem(Reply(501, {"error": {"code": "NotImplemented", "message": str(error)}})) from error
