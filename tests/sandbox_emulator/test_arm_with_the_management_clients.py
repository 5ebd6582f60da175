"""The official management clients of the resource types an environment is made of, unmodified: lives from create to delete."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.resource import ResourceManagementClient
from azure.mgmt.search import SearchManagementClient
from azure.mgmt.storage import StorageManagementClient

from .conftest import SUBSCRIPTION, Wire

Client = Callable[[Any], Any]


@pytest.fixture
def client(azure: None, wire: Wire) -> Client:
    """Makes a management client of a class, with the resource group `rg` there."""

    def make(kind: Any) -> Any:
        return kind(
            DefaultAzureCredential(),
            SUBSCRIPTION.rpartition("/")[2],
            base_url=wire.serving.url,
            credential_scopes=["https://management.azure.com/.default"],
            polling_interval=0,
        )

    make(ResourceManagementClient).resource_groups.create_or_update("rg", {"location": "westus"})
    return make


def test_resource_groups_and_their_resources(client: Client) -> None:
    resources = client(ResourceManagementClient)
    assert resources.resource_groups.check_existence("rg")
    assert [item.name for item in resources.resource_groups.list()] == ["rg"]
    resources.resource_groups.begin_delete("rg").result()
    assert not resources.resource_groups.check_existence("rg")


def test_an_account_with_all_that_lives_in_it(client: Client) -> None:
    foundry = client(CognitiveServicesManagementClient)
    place = {"location": "westus", "identity": {"type": "SystemAssigned"}}
    properties = {"customSubDomainName": "contoso", "allowProjectManagement": True}
    account = {**place, "kind": "AIServices", "sku": {"name": "S0"}, "properties": properties}
    made = foundry.accounts.begin_create("rg", "contoso", account).result()
    assert made.properties.provisioning_state == "Succeeded"
    assert made.identity.principal_id
    project = foundry.projects.begin_create("rg", "contoso", "support", {**place, "properties": {}}).result()
    assert project.properties.endpoints["AI Foundry API"].endswith("/api/projects/support")
    model = {"format": "OpenAI", "name": "gpt-4.1", "version": "2025-04-14"}
    deployment = {"sku": {"name": "GlobalStandard", "capacity": 5}, "properties": {"model": model}}
    foundry.deployments.begin_create_or_update("rg", "contoso", "chat", deployment).result()
    assert [item.sku.capacity for item in foundry.deployments.list("rg", "contoso")] == [5]
    policy = {
        "properties": {"mode": "Blocking", "basePolicyName": "Microsoft.DefaultV2", "contentFilters": []}
    }
    assert foundry.rai_policies.create_or_update("rg", "contoso", "strict", policy).name == "strict"
    connection = {
        "properties": {
            "authType": "ApiKey",
            "category": "CognitiveSearch",
            "target": "https://search.example.com",
            "credentials": {"key": "s3cret"},
        }
    }
    made = foundry.project_connections.create("rg", "contoso", "support", "search", connection)
    assert (made.properties.category, made.properties.credentials) == ("CognitiveSearch", None)
    assert foundry.account_connections.create("rg", "contoso", "shared", connection).name == "shared"
    host = {"properties": {"capabilityHostKind": "Agents"}}
    foundry.account_capability_hosts.begin_create_or_update("rg", "contoso", "host", host).result()
    foundry.project_capability_hosts.begin_create_or_update("rg", "contoso", "support", "host", host).result()
    assert foundry.accounts.begin_update("rg", "contoso", {"tags": {"a": "b"}}).result().tags == {"a": "b"}
    foundry.project_capability_hosts.begin_delete("rg", "contoso", "support", "host").result()
    foundry.account_capability_hosts.begin_delete("rg", "contoso", "host").result()
    foundry.deployments.begin_delete("rg", "contoso", "chat").result()
    foundry.projects.begin_delete("rg", "contoso", "support").result()
    foundry.accounts.begin_delete("rg", "contoso").result()
    with pytest.raises(ResourceNotFoundError):
        foundry.accounts.get("rg", "contoso")


def test_a_storage_account_with_a_container_and_a_queue(client: Client) -> None:
    storage = client(StorageManagementClient)
    account = {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    made = storage.storage_accounts.begin_create("rg", "contosodata", account).result()
    assert made.primary_endpoints.queue.endswith("/storage/contosodata/queue/")
    assert storage.storage_accounts.update("rg", "contosodata", {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert storage.blob_containers.create("rg", "contosodata", "papers", {}).name == "papers"
    assert storage.queue.create("rg", "contosodata", "orders", {}).name == "orders"
    assert [item.name for item in storage.blob_containers.list("rg", "contosodata")] == ["papers"]
    assert [item.name for item in storage.queue.list("rg", "contosodata")] == ["orders"]
    storage.queue.delete("rg", "contosodata", "orders")
    assert list(storage.queue.list("rg", "contosodata")) == []
    storage.storage_accounts.delete("rg", "contosodata")
    assert list(storage.storage_accounts.list_by_resource_group("rg")) == []


def test_a_search_service_and_its_keys(client: Client) -> None:
    search = client(SearchManagementClient)
    service = {"location": "westus", "sku": {"name": "basic"}}
    made = search.services.begin_create_or_update("rg", "contososearch", service).result()
    assert made.status == "running"
    assert search.services.update("rg", "contososearch", {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert search.admin_keys.get("rg", "contososearch").primary_key
    assert len(list(search.query_keys.list_by_search_service("rg", "contososearch"))) == 1
    search.services.delete("rg", "contososearch")
    assert list(search.services.list_by_resource_group("rg")) == []


def test_a_cosmos_db_account(client: Client) -> None:
    cosmos = client(CosmosDBManagementClient)
    locations = [{"locationName": "westus", "failoverPriority": 0}]
    account = {
        "location": "westus",
        "kind": "GlobalDocumentDB",
        "properties": {"databaseAccountOfferType": "Standard", "locations": locations},
    }
    made = cosmos.database_accounts.begin_create_or_update("rg", "contosothreads", account).result()
    assert made.document_endpoint
    assert cosmos.database_accounts.get("rg", "contosothreads").provisioning_state == "Succeeded"
    cosmos.database_accounts.begin_delete("rg", "contosothreads").result()
    with pytest.raises(ResourceNotFoundError):
        cosmos.database_accounts.get("rg", "contosothreads")
