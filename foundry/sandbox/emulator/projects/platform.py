"""What a project shows of its platform: connections and model deployments, both made through ARM and read here."""

from collections.abc import Iterator
from typing import Any, Final

from foundry.sandbox.emulator.arm.foundry import ACCOUNT, PROJECT
from foundry.sandbox.emulator.arm.ids import parse
from foundry.sandbox.emulator.arm.kinds import lookup
from foundry.sandbox.emulator.arm.store import ArmStore, Resource
from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.project.guard import PREFIX, project_id
from foundry.sandbox.emulator.projects.errors import absent, malformed
from foundry.sandbox.emulator.projects.guard import guard
from foundry.sandbox.emulator.projects.paging import linked
from foundry.sandbox.emulator.shapes import one_of

Body = dict[str, Any]


def visible(arm: ArmStore, project_key: str) -> list[Resource]:
    """A project's own connections, then those of its account that aren't hidden by one of the same name."""
    project = parse(project_key)
    assert project is not None
    own = arm.nested(project.key, PROJECT + "/connections")
    names = {item.target.name.lower() for item in own}
    shared = arm.nested(project.owner, ACCOUNT + "/connections")
    return [*own, *(item for item in shared if item.target.name.lower() not in names)]


def _visible(call: Call) -> list[Resource]:
    return visible(call.world.arm, project_id(call))


def _credentials(connection: Resource) -> Body:
    return {"type": str(lookup(connection.body, "properties.authType"))}


def _secret(call: Call, connection: Resource) -> Body:
    shown = _credentials(connection)
    held = call.world.vault.get(connection.target.id)
    match shown["type"]:
        case "ApiKey" | "AccountKey":
            shown["key"] = held.get("key")
        case "SAS":
            shown["SAS"] = held.get("sas")
        case "CustomKeys":
            shown |= held.get("keys") or {}
    return shown


def _category(connection: Resource) -> str:
    return str(lookup(connection.body, "properties.category"))


def _shown(connection: Resource, among: list[Resource]) -> Body:
    category = _category(connection)
    first = next(item for item in among if _category(item) == category)
    return {
        "name": connection.target.name,
        "id": connection.target.id,
        "type": category,
        "target": lookup(connection.body, "properties.target"),
        "isDefault": first.target.key == connection.target.key,
        "credentials": _credentials(connection),
        "metadata": lookup(connection.body, "properties.metadata") or {},
    }


def _list_connections(call: Call) -> Reply:
    among = _visible(call)
    found = [_shown(item, among) for item in among]
    if sort := call.query.get("connectionType"):
        found = [item for item in found if item["type"] == sort]
    if "defaultConnection" in call.query:
        found = [item for item in found if item["isDefault"] == call.flag("defaultConnection")]
    return linked(call, found)


def _named(call: Call, among: list[Resource]) -> Resource:
    for item in among:
        if item.target.name.lower() == call.params["name"].lower():
            return item
    raise absent("Connection", call.params["name"])


def _get_connection(call: Call) -> Reply:
    among = _visible(call)
    return Reply(body=_shown(_named(call, among), among))


def _get_with_credentials(call: Call) -> Reply:
    among = _visible(call)
    found = _named(call, among)
    return Reply(body=_shown(found, among) | {"credentials": _secret(call, found)})


def _deployments(call: Call) -> Iterator[Body]:
    project = parse(project_id(call))
    assert project is not None
    for item in call.world.arm.nested(project.owner, ACCOUNT + "/deployments"):
        if item.state != "Succeeded":
            continue
        model = lookup(item.body, "properties.model") or {}
        sku = item.body.get("sku") or {}
        embeds = "embedding" in str(model.get("name"))
        yield {
            "type": "ModelDeployment",
            "name": item.target.name,
            "modelName": model.get("name"),
            "modelVersion": model.get("version") or "",
            "modelPublisher": model.get("publisher") or model.get("format"),
            "capabilities": {"embeddings" if embeds else "chat_completion": "true"},
            "sku": {
                "capacity": sku.get("capacity") or 1,
                **{part: sku.get(part) or "" for part in ("family", "name", "size", "tier")},
            },
        }


def _list_deployments(call: Call) -> Reply:
    found = list(_deployments(call))
    for parameter, part in (("modelPublisher", "modelPublisher"), ("modelName", "modelName")):
        if wanted := call.query.get(parameter):
            found = [item for item in found if item[part] == wanted]
    if sort := call.query.get("deploymentType"):
        one_of("ModelDeployment")(sort, "deploymentType")
    return linked(call, found)


def _get_deployment(call: Call) -> Reply:
    for item in _deployments(call):
        if item["name"].lower() == call.params["name"].lower():
            return Reply(body=item)
    raise absent("Deployment", call.params["name"])


_CONNECTION: Final = "/connections/{name}"

FAMILY = Family(
    name="platform",
    title="Connections and deployments",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "What stands in ARM: the project's connections, those of its account, and the account's deployments that succeeded. "
        "Read-only. `type` is the category of ARM. The oldest connection of a type is the default one (unconfirmed for "
        "the service). `capabilities` of a deployment are guessed from its model's name. Lists come in pages of 100 (unconfirmed for the service)."
    ),
    routes=(
        Route("GET", "/connections", "list connections", _list_connections),
        Route("GET", _CONNECTION, "get a connection", _get_connection),
        Route(
            "POST",
            _CONNECTION + "/getConnectionWithCredentials",
            "get a connection with its credentials",
            _get_with_credentials,
        ),
        Route("GET", "/deployments", "list deployments", _list_deployments),
        Route("GET", "/deployments/{name}", "get a deployment", _get_deployment),
    ),
)
