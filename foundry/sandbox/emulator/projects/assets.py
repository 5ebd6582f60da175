"""Assets of a project, named and versioned by their makers: indexes and datasets."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.project.guard import PREFIX, project_id
from foundry.sandbox.emulator.project.objects import ObjectStore
from foundry.sandbox.emulator.projects import uploads
from foundry.sandbox.emulator.projects.errors import absent, invalid, malformed
from foundry.sandbox.emulator.projects.guard import guard
from foundry.sandbox.emulator.projects.paging import linked
from foundry.sandbox.emulator.shapes import Shape, array, mapping, nullable, record, tagged, text

Body = dict[str, Any]

_type: Final = text()
_name: Final = text(least=1)
_MUTABLE: Final = {"description": nullable(text()), "tags": nullable(mapping(nullable(text())))}

#: Fields of the models that only the service writes, and that a client sends back.
_ECHOED: Final = {name: nullable(text()) for name in ("id", "name", "version")}

_mapping: Final = record(
    {"contentFields": array(text())},
    {
        **{name: nullable(text()) for name in ("filepathField", "titleField", "urlField")},
        **{name: nullable(array(text())) for name in ("vectorFields", "metadataFields")},
    },
)
_INDEX: Final = tagged(
    {
        "AzureSearch": record(
            {"type": _type, "connectionName": _name, "indexName": _name},
            {"fieldMapping": nullable(_mapping), **_MUTABLE, **_ECHOED},
        ),
        "ManagedAzureSearch": record({"type": _type, "vectorStoreId": _name}, {**_MUTABLE, **_ECHOED}),
        "CosmosDBNoSqlVectorStore": record(
            {
                "type": _type,
                "connectionName": _name,
                "databaseName": _name,
                "containerName": _name,
                "embeddingConfiguration": record({"modelDeploymentName": _name, "embeddingField": _name}),
                "fieldMapping": _mapping,
            },
            {**_MUTABLE, **_ECHOED},
        ),
    }
)
_dataset: Final = record(
    {"type": _type, "dataUri": _name}, {"connectionName": nullable(text()), **_MUTABLE, **_ECHOED}
)
_DATASET: Final = tagged({"uri_file": _dataset, "uri_folder": _dataset})


@dataclass(frozen=True, slots=True)
class _Assets:
    """One sort of assets.

    A name is kept as one object that tells its latest version, so that listing the names needn't look at every version.

    Attributes:
        plural: How they are called in paths and ids.
        title: How one is called in refusals.
        shape: What makes one.
        made: What the service adds to a new one.
    """

    plural: str
    title: str
    shape: Shape
    made: Callable[[Body], Body]

    @property
    def kind(self) -> str:
        """Kind of the names and of the versions."""
        return f"asset.{self.plural}"

    def below(self, name: str) -> str:
        """The parent of a name's versions."""
        return f"{self.kind}:{name}"

    def list_latest(self, call: Call) -> Reply:
        objects, project = call.world.objects, project_id(call)
        heads = objects.all(project, self.kind)
        found = [objects.get(project, self.kind, head["latest"], self.below(head["id"])) for head in heads]
        return linked(call, [_shown(item) for item in found if item is not None])

    def list_versions(self, call: Call) -> Reply:
        found = call.world.objects.all(project_id(call), self.kind, self.below(call.params["name"]))
        return linked(call, [_shown(item) for item in found[::-1]])

    def get(self, call: Call) -> Reply:
        held = self._held(call)
        if held is None:
            raise absent(f"Version '{call.params['version']}' of {self.title}", call.params["name"])
        return Reply(body=_shown(held))

    def _held(self, call: Call) -> Body | None:
        return call.world.objects.get(
            project_id(call), self.kind, call.params["version"], self.below(call.params["name"])
        )

    def patch(self, call: Call) -> Reply:
        held, asked = self._held(call), call.object()
        if held is None:
            return self._create(call, asked)
        self.shape({**held["body"], **asked}, "")
        for name, value in asked.items():
            if name not in _MUTABLE and name not in _ECHOED and value != held["body"].get(name):
                raise invalid(f"'{name}' of a version that exists can't be changed.", name)
        for name in _MUTABLE:
            if name in asked:
                held["body"][name] = _merged(held["body"].get(name), asked[name])
        held["body"] = {name: value for name, value in held["body"].items() if value is not None}
        call.world.objects.put(project_id(call), self.kind, held, self.below(call.params["name"]))
        return Reply(body=_shown(held))

    def _create(self, call: Call, asked: Body) -> Reply:
        self.shape(asked, "")
        name, version = call.params["name"], call.params["version"]
        objects, project = call.world.objects, project_id(call)
        body = {
            key: _merged(None, item) for key, item in asked.items() if item is not None and key not in _ECHOED
        }
        path = f"{call.params['account']}/projects/{call.params['project']}/{self.plural}/{name}"
        told = {
            "id": f"azureai://accounts/{path}/versions/{version}",
            "name": name,
            "version": version,
            **self.made(asked),
        }
        held = {"id": version, "told": told, "body": body}
        objects.add(project, self.kind, held, call.now, self.below(name))
        head = {"id": name, "latest": version}
        if objects.get(project, self.kind, name) is None:
            objects.add(project, self.kind, head, call.now)
        else:
            objects.put(project, self.kind, head)
        return Reply(201, body=_shown(held))

    def delete(self, call: Call) -> Reply:
        name, version = call.params["name"], call.params["version"]
        objects, project = call.world.objects, project_id(call)
        if objects.remove(project, self.kind, version, self.below(name)):
            rest = objects.all(project, self.kind, self.below(name))
            if rest:
                objects.put(project, self.kind, {"id": name, "latest": rest[-1]["id"]})
            else:
                objects.remove(project, self.kind, name)
        return Reply(204)

    def routes(self) -> tuple[Route, ...]:
        one = f"/{self.plural}/{{name}}/versions/{{version}}"
        return (
            Route("GET", f"/{self.plural}", f"list {self.plural}", self.list_latest),
            Route(
                "GET",
                f"/{self.plural}/{{name}}/versions",
                f"list versions of {self.title}",
                self.list_versions,
            ),
            Route("GET", one, f"get a version of {self.title}", self.get),
            Route("PATCH", one, f"create or update a version of {self.title}", self.patch),
            Route(
                "DELETE",
                one,
                f"delete a version of {self.title}",
                self.delete,
                "204 also when there is none (unconfirmed for the service).",
            ),
        )


def _merged(old: Any, new: Any) -> Any:
    """A merge patch (RFC 7396): of an object null takes a member away, and what isn't named stays."""
    if not isinstance(new, dict):
        return new
    kept = {**old, **new} if isinstance(old, dict) else new
    return {key: value for key, value in kept.items() if value is not None}


def _shown(held: Body) -> Body:
    return {**held["body"], **held["told"]}


_INDEXES: Final = _Assets("indexes", "an index", _INDEX, lambda _: {})
_DATASETS: Final = _Assets(
    "datasets", "a dataset", _DATASET, lambda asked: {"isReference": bool(asked.get("connectionName"))}
)

_ASSET_ID: Final = re.compile(r"(?:.*/)?([^/]+)/versions/([^/]+)")


def index_asset(objects: ObjectStore, project: str, identity: str) -> Body | None:
    """The index asset of an id, or of `name/versions/version`; None when there is none."""
    place = _ASSET_ID.fullmatch(identity)
    if place is None:
        return None
    held = objects.get(project, _INDEXES.kind, place.group(2), _INDEXES.below(place.group(1)))
    return None if held is None else _shown(held)


def _credentials(call: Call) -> Reply:
    dataset: Body = _DATASETS.get(call).body
    return uploads.credentials(call, dataset)


FAMILY = Family(
    name="assets",
    title="Indexes and datasets of a project",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "Description and tags of a version can be changed by a merge patch, everything else needs a new version (400 otherwise). What they "
        "refer to is looked up only when an agent answers. Lists come in pages of 100 (unconfirmed for the service); the latest version is the one made last."
    ),
    routes=(
        *_INDEXES.routes(),
        *_DATASETS.routes(),
        Route(
            "POST",
            "/datasets/{name}/versions/{version}/startPendingUpload",
            "begin an upload",
            uploads.begin,
            "Into Azurite; 501 where it doesn't run.",
        ),
        Route(
            "POST",
            "/datasets/{name}/versions/{version}/credentials",
            "credentials of a dataset",
            _credentials,
            "For one in storage of this sandbox.",
        ),
        Route("POST", "/data_generation_jobs", "create a data generation job"),
        Route("GET", "/data_generation_jobs", "list data generation jobs"),
        Route("GET", "/data_generation_jobs/{job}", "get a data generation job"),
        Route("POST", "/data_generation_jobs/{job}:cancel", "cancel a data generation job"),
        Route("DELETE", "/data_generation_jobs/{job}", "delete a data generation job"),
    ),
)
