"""What each family of resources refuses, in one table: the service's status, and the shape of its errors.

A row names one request that is fine; each column spoils it in one way.
"""

import copy
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from .conftest import ACCOUNT, DEPLOYER, GROUP, SUBSCRIPTION, Wire
from .test_search_with_the_official_client import DEFINITIONS, DOCUMENTS, allow, make_service

BASE = "/accounts/contoso/api/projects/support"
PREVIEW = "2025-05-15-preview"
AI = "https://ai.azure.com"
ARM = "https://management.azure.com/"
SEARCH = "https://search.azure.com"
STORAGE = "https://storage.azure.com"
MODELS = "https://cognitiveservices.azure.com"
Path = tuple[str | int, ...]


def classic(error: dict[str, Any]) -> None:
    assert set(error) == {"message", "type", "param", "code"}


def versioned(error: dict[str, Any]) -> None:
    assert set(error) == {"code", "message", "param", "type", "details", "additionalInfo"}
    assert error["code"]


def short(error: dict[str, Any]) -> None:
    assert set(error) == {"code", "message"}


@dataclass(frozen=True)
class Row:
    """One request that is fine.

    Attributes:
        family: Name of the row.
        method: HTTP method.
        path: Where.
        body: JSON.
        shape: Checks the `error` of a refusal of the body.
        audience: What the token is for.
        version: The api-version; "" for none.
        unknown: Where an unknown field is put; None where such are kept or ignored.
        wrong: A field and a value of a wrong type for it.
        limit: A field and a value beyond its bound; None where none is known.
        missing: A field or, as text, a path with a reference that leads nowhere, and the status.
        stranger: Status for a principal without a role.
        headers: Sent besides.
        entry: Checks the `error` of a refusal at the door, before the family is reached.
        versioned: None where a wrong api-version is told otherwise.
    """

    family: str
    method: str
    path: str
    body: dict[str, Any]
    shape: Callable[[dict[str, Any]], None]
    audience: str = AI
    version: str = "v1"
    unknown: Path | None = ()
    wrong: tuple[Path, Any] | None = None
    limit: tuple[Path, Any] | None = None
    missing: tuple[Path | str, Any, int] | None = None
    stranger: int = 401
    headers: dict[str, str] = field(default_factory=dict)
    entry: Callable[[dict[str, Any]], None] = short
    versioned: bool | None = True


FILE_SEARCH = {"type": "file_search", "vector_store_ids": ["vs_absent"]}
ROWS = (
    Row(
        "agents, classic",
        "POST",
        f"{BASE}/assistants",
        {"model": "m", "tools": [{"type": "code_interpreter"}], "metadata": {"a": "b"}},
        classic,
        wrong=(("temperature",), "hot"),
        limit=(("description",), "x" * 513),
        missing=(("tool_resources",), {"code_interpreter": {"file_ids": ["assistant-absent"]}}, 400),
    ),
    Row(
        "preview tools, classic",
        "POST",
        f"{BASE}/assistants",
        {
            "model": "m",
            "tools": [{"type": "mcp", "server_label": "docs", "server_url": "https://example.com"}],
        },
        classic,
        version=PREVIEW,
        unknown=("tools", 0),
        wrong=(("tools", 0, "allowed_tools"), "all"),
        limit=(("tools",), [{"type": "code_interpreter"}] * 129),
    ),
    Row(
        "threads",
        "POST",
        f"{BASE}/threads",
        {"messages": [{"role": "user", "content": "Hello"}]},
        classic,
        unknown=("messages", 0),
        wrong=(("messages", 0, "content"), 7),
        limit=(("metadata",), {str(number): "x" for number in range(17)}),
        missing=(
            ("messages", 0, "attachments"),
            [{"file_id": "assistant-absent", "tools": [{"type": "file_search"}]}],
            400,
        ),
    ),
    Row(
        "runs",
        "POST",
        f"{BASE}/threads/runs",
        {"assistant_id": "{agent}", "thread": {}},
        classic,
        wrong=(("stream",), "yes"),
        limit=(("temperature",), 2.5),
        missing=(("assistant_id",), "asst_absent", 404),
    ),
    Row(
        "vector stores, classic",
        "POST",
        f"{BASE}/vector_stores",
        {"name": "s"},
        classic,
        wrong=(("expires_after",), {"anchor": "last_active_at", "days": "7"}),
        limit=(("expires_after",), {"anchor": "last_active_at", "days": 0}),
        missing=(("file_ids",), ["assistant-absent"], 404),
    ),
    Row(
        "agents, versioned",
        "POST",
        f"{BASE}/agents/clerk/versions",
        {"definition": {"kind": "prompt", "model": "m", "tools": []}},
        versioned,
        unknown=("definition",),
        wrong=(("definition", "instructions"), ["no", "text"]),
        limit=(("description",), "x" * 513),
        missing=(("definition", "tools"), [FILE_SEARCH], 400),
    ),
    Row(
        "toolboxes",
        "POST",
        f"{BASE}/toolboxes/kit/versions",
        {"tools": [{"type": "code_interpreter"}]},
        versioned,
        unknown=("tools", 0),
        wrong=(("tools",), {"type": "code_interpreter"}),
        limit=(("description",), "x" * 513),
        missing=(("skills",), [{"type": "skill_reference", "name": "absent"}], 400),
    ),
    Row(
        "memory stores",
        "POST",
        f"{BASE}/memory_stores",
        {"name": "talks", "definition": {"kind": "default", "chat_model": "c", "embedding_model": "e"}},
        versioned,
        unknown=("definition",),
        wrong=(("metadata",), ["a"]),
        limit=(("metadata",), {"a": "x" * 513}),
        headers={"Foundry-Features": "MemoryStores=V1Preview"},
    ),
    Row(
        "index assets",
        "PATCH",
        f"{BASE}/indexes/parts/versions/1",
        {"type": "AzureSearch", "connectionName": "c", "indexName": "i"},
        versioned,
        wrong=(("tags",), ["a"]),
        missing=(("type",), "Absent", 400),
    ),
    Row(
        "evaluation rules",
        "PUT",
        f"{BASE}/evaluationrules/nightly",
        {
            "action": {"type": "continuousEvaluation", "evalId": "e"},
            "eventType": "responseCompleted",
            "enabled": True,
        },
        versioned,
        wrong=(("enabled",), "yes"),
        limit=(("action", "maxHourlyRuns"), 0),
    ),
    Row(
        "vector stores, OpenAI",
        "POST",
        f"{BASE}/openai/v1/vector_stores",
        {"name": "s"},
        versioned,
        version="",
        wrong=(("file_ids",), "assistant-1"),
        limit=(("metadata",), {"x" * 65: "y"}),
        missing=(("file_ids",), ["assistant-absent"], 404),
    ),
    Row(
        "conversations",
        "POST",
        f"{BASE}/openai/v1/conversations",
        {"items": [{"type": "message", "role": "user", "content": "Hello"}]},
        versioned,
        version="",
        wrong=(("items",), "Hello"),
        limit=(("items",), [{"type": "message", "role": "user", "content": "Hello"}] * 21),
    ),
    Row(
        "responses",
        "POST",
        f"{BASE}/openai/v1/responses",
        {"model": "m", "input": "Hello"},
        versioned,
        version="",
        wrong=(("input",), 7),
        limit=(("max_output_tokens",), 1),
        missing=(("model",), "absent", 404),
    ),
    Row(
        "batches",
        "POST",
        f"{BASE}/openai/v1/batches",
        {"input_file_id": "{file}", "endpoint": "/v1/responses", "completion_window": "24h"},
        versioned,
        version="",
        wrong=(("completion_window",), 24),
        limit=(("output_expires_after",), {"anchor": "created_at", "seconds": 1}),
        missing=(("input_file_id",), "assistant-absent", 404),
    ),
    Row(
        "search indexes",
        "PUT",
        "/search/shelf/indexes('parts')",
        {"name": "parts", "fields": [{"name": "id", "type": "Edm.String", "key": True}]},
        short,
        audience=SEARCH,
        version="2026-04-01",
        unknown=("fields", 0),
        wrong=(("fields",), "id"),
        limit=(("fields", 0, "name"), "9lives"),
        missing=(("fields", 0, "type"), "Edm.Absent", 400),
        stranger=403,
    ),
    Row(
        "search indexers",
        "PUT",
        "/search/shelf/indexers('filler')",
        {"name": "filler", "dataSourceName": "source", "targetIndexName": "shelf", "disabled": True},
        short,
        audience=SEARCH,
        version="2026-04-01",
        wrong=(("fieldMappings",), "id"),
        limit=(("name",), "Not A Name"),
        missing=(("dataSourceName",), "absent", 404),
        stranger=403,
    ),
    Row(
        "search documents",
        "POST",
        "/search/shelf/indexes('shelf')/docs/search.index",
        {"value": [{"@search.action": "upload", "id": "1"}]},
        short,
        audience=SEARCH,
        version="2026-04-01",
        unknown=("value", 0),
        wrong=(("value", 0, "id"), 7),
        limit=(("value",), [{"id": "1"}] * 1_001),
        missing=("/search/shelf/indexes('absent')/docs/search.index", None, 404),
        stranger=403,
    ),
    Row(
        "resource groups",
        "PUT",
        f"{GROUP}x",
        {"location": "westus"},
        short,
        audience=ARM,
        version="2024-03-01",
        unknown=None,
        wrong=(("properties",), "none"),
        missing=(
            f"{GROUP}absent/providers/Microsoft.Search/searchServices/other",
            {"location": "westus"},
            404,
        ),
        stranger=403,
    ),
    Row(
        "role assignments",
        "PUT",
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-00000000cc01",
        {
            "properties": {
                "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
                "principalId": DEPLOYER,
            }
        },
        short,
        audience=ARM,
        version="2022-04-01",
        unknown=None,
        wrong=(("properties",), "none"),
        missing=(("properties", "roleDefinitionId"), "/x/00000000-0000-4000-8000-00000000dead", 404),
        stranger=403,
    ),
    Row(
        "embeddings",
        "POST",
        "/accounts/contoso/openai/deployments/m/embeddings",
        {"input": "Hello"},
        classic,
        audience=MODELS,
        version="2024-10-21",
        unknown=None,
        wrong=(("input",), {"a": 1}),
        versioned=None,
    ),
)


@pytest.fixture(scope="module")
def wire(wire_of_module: Wire) -> Wire:
    return wire_of_module


@pytest.fixture(scope="module")
def world(wire: Wire) -> dict[str, str]:
    """A project, a search service and what requests refer to; their ids."""
    wire.make_project()
    wire.allow()
    wire.assign(
        ACCOUNT, "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", DEPLOYER, "00000000-0000-4000-8000-00000000ff02"
    )
    body = {"sku": {"name": "S"}, "properties": {"model": {"format": "OpenAI", "name": "embedding"}}}
    wire.put(f"{ACCOUNT}/deployments/m", body)
    make_service(wire, disableLocalAuth=True)
    allow(wire, DEFINITIONS, 1)
    allow(wire, DOCUMENTS, 2)
    version = {"api-version": "2026-04-01"}
    index = {"name": "shelf", "fields": [{"name": "id", "type": "Edm.String", "key": True}]}
    source = {
        "name": "source",
        "type": "azureblob",
        "container": {"name": "c"},
        "credentials": {"connectionString": "AccountName=a;"},
    }
    for path, made in (("indexes('shelf')", index), ("datasources('source')", source)):
        reply = wire.send("PUT", f"/search/shelf/{path}", SEARCH, params=version, json=made)
        assert reply.status_code == 201, reply.text
    agent = wire.data("POST", "/assistants", {"model": "m"}).json()["id"]
    line = b'{"custom_id": "a", "method": "POST", "url": "/v1/responses", "body": {}}'
    file = wire.send(
        "POST", f"{BASE}/openai/v1/files", AI, files={"file": ("b.jsonl", line)}, data={"purpose": "batch"}
    ).json()["id"]
    return {"agent": agent, "file": file}


def filled(value: Any, world: dict[str, str]) -> Any:
    if isinstance(value, str) and value.startswith("{"):
        return world[value.strip("{}")]
    if isinstance(value, dict):
        return {key: filled(item, world) for key, item in value.items()}
    return value


def ask(wire: Wire, row: Row, world: dict[str, str], **changed: Any) -> requests.Response:
    """The row's request, changed in body, path, version, audience or headers."""
    version = changed.get("version", row.version)
    return wire.send(
        row.method,
        changed.get("path", row.path),
        changed.get("audience", row.audience),
        params={"api-version": version} if version else {},
        json=filled(changed.get("body", row.body), world),
        headers={**row.headers, **changed.get("headers", {})},
    )


def spoiled(row: Row, path: Path, value: Any) -> dict[str, Any]:
    body: Any = copy.deepcopy(row.body)
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return dict(body)


def refused(reply: requests.Response, status: int, shape: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert set(reply.json()) == {"error"}
    error = dict(reply.json()["error"])
    shape(error)
    assert isinstance(error["message"], str)
    assert error["message"]
    return error


def rows(column: str) -> Any:
    found = [row for row in ROWS if getattr(row, column) is not None]
    return pytest.mark.parametrize("row", found, ids=[row.family for row in found])


@rows("family")
def test_the_request_is_fine_as_it_is(wire: Wire, world: dict[str, str], row: Row) -> None:
    reply = ask(wire, row, world)
    assert reply.status_code in (200, 201), reply.text


@rows("unknown")
def test_an_unknown_field_is_refused_with_its_name(wire: Wire, world: dict[str, str], row: Row) -> None:
    assert row.unknown is not None
    reply = ask(wire, row, world, body=spoiled(row, (*row.unknown, "colour"), "red"))
    assert "colour" in refused(reply, 400, row.shape)["message"]


@rows("wrong")
def test_a_value_of_a_wrong_type_is_refused(wire: Wire, world: dict[str, str], row: Row) -> None:
    assert row.wrong is not None
    refused(ask(wire, row, world, body=spoiled(row, *row.wrong)), 400, row.shape)


@rows("limit")
def test_a_value_beyond_its_bound_is_refused(wire: Wire, world: dict[str, str], row: Row) -> None:
    assert row.limit is not None
    refused(ask(wire, row, world, body=spoiled(row, *row.limit)), 400, row.shape)


@rows("missing")
def test_a_reference_that_leads_nowhere_is_refused(wire: Wire, world: dict[str, str], row: Row) -> None:
    assert row.missing is not None
    place, value, status = row.missing
    if isinstance(place, str):
        reply = ask(wire, row, world, path=place, body=value or row.body)
    else:
        reply = ask(wire, row, world, body=spoiled(row, place, value))
    refused(reply, status, row.shape)


@rows("versioned")
def test_a_wrong_api_version_is_refused(wire: Wire, world: dict[str, str], row: Row) -> None:
    error = refused(ask(wire, row, world, version="yesterday"), 400, row.entry)
    assert "yesterday" in error["message"]


def test_models_do_not_know_a_wrong_api_version(wire: Wire, world: dict[str, str]) -> None:
    row = ROWS[-1]
    refused(ask(wire, row, world, version="yesterday"), 404, short)
    refused(ask(wire, row, world, version=""), 404, short)


@rows("family")
@pytest.mark.parametrize("token", ["none", "nonsense", "another audience"])
def test_a_token_that_is_none_is_refused(wire: Wire, world: dict[str, str], row: Row, token: str) -> None:
    changed: dict[str, Any] = {"audience": None}
    if token == "nonsense":
        changed["headers"] = {"Authorization": "Bearer nonsense"}
    if token == "another audience":
        changed["audience"] = SEARCH if row.audience in (AI, MODELS) else AI
    reply = ask(wire, row, world, **changed)
    refused(reply, 401, row.entry)
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


@rows("family")
def test_a_principal_without_a_role_is_refused(wire: Wire, world: dict[str, str], row: Row) -> None:
    stranger = Wire(wire.serving, "sandbox-stranger")
    refused(ask(stranger, row, world), row.stranger, row.entry)


@rows("family")
def test_an_expired_token_is_refused(wire: Wire, world: dict[str, str], row: Row) -> None:
    old = Wire(wire.serving)
    old.tokens[row.audience] = expired(wire, row.audience)
    refused(ask(old, row, world), 401, row.entry)


_expired: dict[str, str] = {}


def expired(wire: Wire, audience: str) -> str:
    """A token whose day is over."""
    if not _expired:
        for each in (AI, ARM, SEARCH, STORAGE, MODELS):
            _expired[each] = wire.token(each)
        wire.control("POST", "/clock", {"advance": 86_401})
        wire.tokens.clear()
    return _expired[audience]


@pytest.mark.parametrize(
    ("client", "audience", "status", "code"),
    [
        (None, None, 401, "NoAuthenticationInformation"),
        (None, AI, 401, "InvalidAuthenticationInfo"),
        ("sandbox-stranger", STORAGE, 403, "AuthorizationPermissionMismatch"),
    ],
)
def test_storage_refuses_in_its_own_words(
    wire: Wire, world: dict[str, str], client: str | None, audience: str | None, status: int, code: str
) -> None:
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosodata"
    wire.put(account, {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    reply = Wire(wire.serving, client).send("GET", "/storage/contosodata/queue/orders/messages", audience)
    assert (reply.status_code, reply.headers["x-ms-error-code"]) == (status, code)
    assert ET.fromstring(reply.content).findtext("Code") == code
