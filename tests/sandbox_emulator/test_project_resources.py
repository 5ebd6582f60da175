"""azure-ai-projects, unmodified, against connections, deployments and other resources of a project."""

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import (
    AzureAISearchIndex,
    ConnectionType,
    FieldMapping,
    FileDatasetVersion,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from .conftest import ACCOUNT, PROJECT, Wire


@pytest.fixture
def connected(project: Wire) -> Wire:
    """Two connections to searches, one with keys, and a shared one to storage."""

    def connect(scope: str, name: str, category: str, auth: str, **more: object) -> None:
        properties = {"category": category, "authType": auth, "target": f"https://{name}.example.com", **more}
        project.put(f"{scope}/connections/{name}", {"properties": properties})

    connect(PROJECT, "search", "CognitiveSearch", "AAD", metadata={"ResourceId": "/r", "ApiType": "Azure"})
    connect(PROJECT, "other", "CognitiveSearch", "ApiKey", credentials={"key": "k1"})
    connect(PROJECT, "tools", "CustomKeys", "CustomKeys", credentials={"keys": {"x-token": "secret"}})
    connect(ACCOUNT, "shared", "AzureStorageAccount", "AAD")
    connect(ACCOUNT, "search", "AzureOpenAI", "AAD")
    return project


def test_connections_of_arm_are_listed_and_found_by_name(projects: AIProjectClient, connected: Wire) -> None:
    listed = {item.name: item for item in projects.connections.list()}
    assert {name: item.type for name, item in listed.items()} == {
        "search": "CognitiveSearch",
        "other": "CognitiveSearch",
        "tools": "CustomKeys",
        "shared": "AzureStorageAccount",
    }
    assert listed["shared"].id == f"{ACCOUNT}/connections/shared"
    read = projects.connections.get("search")
    assert (read.id, read.target, read.metadata, read.credentials.type) == (
        f"{PROJECT}/connections/search",
        "https://search.example.com",
        {"ResourceId": "/r", "ApiType": "Azure"},
        "AAD",
    )
    with pytest.raises(ResourceNotFoundError, match="Connection 'none' doesn't exist"):
        projects.connections.get("none")


def test_connections_are_filtered_by_type_and_default(projects: AIProjectClient, connected: Wire) -> None:
    searches = projects.connections.list(connection_type=ConnectionType.AZURE_AI_SEARCH)
    assert sorted(item.name for item in searches) == ["other", "search"]
    default = projects.connections.get_default(ConnectionType.AZURE_AI_SEARCH)
    others = projects.connections.list(
        connection_type=ConnectionType.AZURE_AI_SEARCH, default_connection=False
    )
    assert {default.name, *(item.name for item in others)} == {"search", "other"}


def test_secrets_come_only_by_the_call_for_them(projects: AIProjectClient, connected: Wire) -> None:
    assert projects.connections.get("other").credentials.as_dict() == {"type": "ApiKey"}
    held = projects.connections.get("other", include_credentials=True).credentials
    assert held.as_dict() == {"type": "ApiKey", "key": "k1"}
    custom = projects.connections.get("tools", include_credentials=True).credentials
    assert custom.credential_keys == {"x-token": "secret"}  # type: ignore[attr-defined]


def test_where_traces_go_is_read_from_the_connection_to_application_insights(
    projects: AIProjectClient, project: Wire
) -> None:
    with pytest.raises(ResourceNotFoundError):
        projects.telemetry.get_application_insights_connection_string()
    told = "InstrumentationKey=k;IngestionEndpoint=https://localhost"
    properties = {
        "category": "AppInsights",
        "authType": "ApiKey",
        "target": f"{PROJECT}/providers/Microsoft.Insights/components/traces",
        "credentials": {"key": told},
    }
    project.put(f"{PROJECT}/connections/traces", {"properties": properties})
    assert projects.telemetry.get_application_insights_connection_string() == told


def test_deployments_of_the_account_are_listed(projects: AIProjectClient, project: Wire) -> None:
    for name, model in (("chat", "gpt-4.1"), ("embed", "text-embedding-3-large")):
        properties = {"model": {"format": "OpenAI", "name": model, "version": "1"}}
        sku = {"name": "GlobalStandard", "capacity": 10}
        project.put(f"{ACCOUNT}/deployments/{name}", {"sku": sku, "properties": properties})
    assert sorted(item.name for item in projects.deployments.list()) == ["chat", "embed"]
    read = projects.deployments.get("chat")
    assert (read.model_name, read.model_publisher, read.sku.capacity) == ("gpt-4.1", "OpenAI", 10)  # type: ignore[attr-defined]
    assert [item.name for item in projects.deployments.list(model_name="gpt-4.1")] == ["chat"]
    assert list(projects.deployments.list(model_publisher="Meta")) == []
    with pytest.raises(ResourceNotFoundError):
        projects.deployments.get("none")


def search_index(**more: object) -> AzureAISearchIndex:
    fields = FieldMapping(content_fields=["text"], title_field="title")
    return AzureAISearchIndex(connection_name="search", index_name="products", field_mapping=fields, **more)


def test_tags_of_an_index_asset_are_changed_by_a_merge_patch(projects: AIProjectClient) -> None:
    projects.indexes.create_or_update(
        "products", "1", search_index(description="d", tags={"a": "1", "b": "2"})
    )

    patch = {"type": "AzureSearch", "description": None, "tags": {"a": None, "c": "3"}}
    projects.indexes.create_or_update("products", "1", patch)

    read = projects.indexes.get("products", "1")
    assert (read.description, read.tags) == (None, {"b": "2", "c": "3"})


def test_an_index_asset_is_made_changed_and_deleted(projects: AIProjectClient) -> None:
    made = projects.indexes.create_or_update("products", "1", search_index(description="d"))
    assert (made.name, made.version, made.type, made.description) == ("products", "1", "AzureSearch", "d")
    assert made.id.endswith("/indexes/products/versions/1")  # type: ignore[union-attr]
    changed = projects.indexes.create_or_update("products", "1", search_index(tags={"k": "v"}))
    assert (changed.tags, changed.description) == ({"k": "v"}, "d")
    other = AzureAISearchIndex(connection_name="search", index_name="other")
    with pytest.raises(HttpResponseError, match="'indexName' of a version that exists can't be changed"):
        projects.indexes.create_or_update("products", "1", other)
    projects.indexes.create_or_update("products", "2", other)
    assert [item.version for item in projects.indexes.list()] == ["2"]
    assert [item.version for item in projects.indexes.list_versions("products")] == ["2", "1"]
    projects.indexes.delete("products", "2")
    assert [item.version for item in projects.indexes.list()] == ["1"]
    projects.indexes.delete("products", "1")
    assert list(projects.indexes.list()) == []
    with pytest.raises(ResourceNotFoundError):
        projects.indexes.get("products", "1")


def test_a_dataset_asset_is_made_and_read(projects: AIProjectClient) -> None:
    dataset = FileDatasetVersion(
        data_uri="https://s.blob.core.windows.net/c/f.csv", connection_name="storage"
    )
    made = projects.datasets.create_or_update("questions", "1", dataset)
    assert (made.is_reference, made.type) == (True, "uri_file")
    assert projects.datasets.get("questions", "1").as_dict() == made.as_dict()
    projects.datasets.delete("questions", "1")
    assert list(projects.datasets.list()) == []


def test_fields_an_asset_does_not_have_are_refused(project: Wire) -> None:
    body = {"type": "AzureSearch", "connectionName": "c", "indexName": "i", "surprise": 1}
    reply = project.data("PATCH", "/indexes/a/versions/1", body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "surprise")
