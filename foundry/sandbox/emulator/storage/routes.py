"""Blob containers and queues of the storage accounts that ARM knows, kept by Azurite."""

from typing import Final

from foundry.sandbox.emulator.arm.ids import parse
from foundry.sandbox.emulator.http import Call, Family, Later, Reply, Route
from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.storage.azurite import Answer
from foundry.sandbox.emulator.storage.errors import malformed, not_running
from foundry.sandbox.emulator.storage.guard import guard
from foundry.sandbox.emulator.storage.shared import PARAMETERS
from foundry.sandbox.emulator.storage.store import account_named

_DROPPED_IN: Final = (
    "host",
    "authorization",
    "connection",
    "content-length",
    "date",
    "x-ms-date",
    "transfer-encoding",
    "expect",
)
_DROPPED_OUT: Final = ("connection", "keep-alive", "transfer-encoding", "date", "server", "content-type")
_MADE: Final = {"queue": (201, 204), "blob": (201,)}
_UNMADE: Final = {"queue": (204,), "blob": (202,)}


def _forward(call: Call) -> Reply:
    """Hands the request on under Azurite's own account; what it makes or deletes, ARM learns of."""
    world = call.world
    account = account_named(world.arm, call.params["account"])
    assert account is not None
    service = call.path.split("/")[3]
    try:
        azurite = world.storage.azurite()
        slot = world.storage.slot(account.target.key, len(azurite.accounts))
    except OutsideError as error:
        raise not_running(str(error)) from error
    missing = world.storage.unmade(world.arm, account.target.key, service, azurite)
    path = "/" + "/".join(call.raw_path.split("/")[4:])
    headers = {key: value for key, value in call.headers.items() if key.lower() not in _DROPPED_IN}
    method, content = call.method, call.content
    hidden = PARAMETERS if "sig" in call.query else ()
    query = {name: value for name, value in call.query.items() if name not in hidden}
    name = call.params.get("queue") or call.params.get("container")
    whole = name is not None and "comp" not in query and call.path.rstrip("/").count("/") == 4

    def work() -> Reply:
        try:
            for item in missing:
                azurite.make(service, slot, item)
            return _reply(
                azurite.send(service, slot, method, path, query=query, headers=headers, content=content),
                method,
            )
        except OutsideError as error:
            raise not_running(str(error)) from error

    def then(reply: Reply) -> None:
        if not whole or name is None:
            return
        target = parse(f"{account.target.id}/{_CHILD[service]}/{name}")
        assert target is not None
        if method == "PUT" and reply.status in _MADE[service]:
            if world.arm.get(target.key) is None:
                world.arm.write(
                    target,
                    {"properties": {}},
                    call.now,
                    principal=None,
                    state="",
                    outcome="Succeeded",
                    delay=None,
                )
        elif method == "DELETE" and reply.status in _UNMADE[service]:
            world.storage.forget(account.target.key, service, name)
            world.arm.remove(target.key)

    return Reply(later=Later(work, then))


_CHILD: Final = {"queue": "queueServices/default/queues", "blob": "blobServices/default/containers"}


def _reply(answer: Answer, method: str) -> Reply:
    headers = {key: value for key, value in answer.headers.items() if key not in _DROPPED_OUT}
    if method != "HEAD":
        headers.pop("content-length", None)
    return Reply(
        answer.status,
        answer.content or None,
        headers,
        media=answer.headers.get("content-type", "application/octet-stream"),
    )


def _routes() -> tuple[Route, ...]:
    queue, blob = "/queue/{queue}", "/blob/{container}"
    table = (
        ("GET", "/queue", "list queues, service properties"),
        ("GET", "/queue/", "list queues, service properties"),
        ("PUT", "/queue/", "set service properties"),
        ("PUT", queue, "create a queue, set metadata"),
        ("GET", queue, "metadata of a queue"),
        ("HEAD", queue, "metadata of a queue"),
        ("DELETE", queue, "delete a queue"),
        ("POST", queue + "/messages", "put a message"),
        ("GET", queue + "/messages", "get or peek messages"),
        ("DELETE", queue + "/messages", "clear messages"),
        ("PUT", queue + "/messages/{message}", "update a message"),
        ("DELETE", queue + "/messages/{message}", "delete a message"),
        ("GET", "/blob", "list containers, service properties"),
        ("GET", "/blob/", "list containers, service properties, account information"),
        ("HEAD", "/blob/", "account information"),
        ("PUT", "/blob/", "set service properties"),
        ("PUT", blob, "create a container, set metadata, leases"),
        ("GET", blob, "list blobs, properties of a container"),
        ("HEAD", blob, "properties of a container"),
        ("DELETE", blob, "delete a container"),
        ("PUT", blob + "/{blob*}", "put a blob, a block, metadata, properties; copy, lease"),
        ("GET", blob + "/{blob*}", "read a blob, its tags or block list"),
        ("HEAD", blob + "/{blob*}", "properties of a blob"),
        ("DELETE", blob + "/{blob*}", "delete a blob"),
    )
    return tuple(Route(method, path, title, _forward) for method, path, title in table)


FAMILY = Family(
    name="storage",
    title="Storage (queues and blobs)",
    prefix="/storage/{account}",
    guard=guard,
    refuse=malformed,
    note=(
        "The endpoints of the storage accounts that ARM knows. Behind them stands Azurite, the vendor's emulator, where it runs "
        "(`fac sandbox start --with-storage`); otherwise every call answers 501 and says so. Tokens for "
        "`https://storage.azure.com` need a data role (Storage Queue Data Contributor and so on); Shared Key works unless "
        "`allowSharedKeyAccess` is false; shared access signatures answer 501, but for those that uploads of datasets are given. Queues and containers made through ARM are there, "
        "and those made here show in ARM. What Azurite lacks is lacking here. At most 64 accounts. Tables and files: 501."
    ),
    routes=_routes(),
)
