"""Capability hosts: one per scope, never changed, after their connections and roles."""

from typing import Any

import pytest

from .conftest import ACCOUNT, GROUP, PROJECT, Wire

STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosodata"
COSMOS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/contoso-threads"
SEARCH = f"{GROUP}/providers/Microsoft.Search/searchServices/contoso-search"
ACCOUNT_HOST = f"{ACCOUNT}/capabilityHosts/account-host"
PROJECT_HOST = f"{PROJECT}/capabilityHosts/project-host"
AGENTS = {"properties": {"capabilityHostKind": "Agents"}}
LISTS = {
    "threadStorageConnections": ["cosmos"],
    "vectorStoreConnections": ["search"],
    "storageConnections": ["storage"],
}
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
COSMOS_OPERATOR = "230815da-be43-4aae-9cb4-875f7bd000aa"


@pytest.fixture
def standard(project: Wire) -> Wire:
    """A project with its stores and connections, without roles and hosts."""
    west = {"location": "westus"}
    project.put(STORAGE, {**west, "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}})
    locations = [{"locationName": "westus"}]
    project.put(
        COSMOS, {**west, "properties": {"databaseAccountOfferType": "Standard", "locations": locations}}
    )
    project.put(SEARCH, {**west, "sku": {"name": "standard"}})
    for name, category, resource in (
        ("cosmos", "CosmosDB", COSMOS),
        ("search", "CognitiveSearch", SEARCH),
        ("storage", "AzureStorageAccount", STORAGE),
    ):
        properties = {
            "category": category,
            "authType": "AAD",
            "target": "t",
            "metadata": {"ResourceId": resource},
        }
        project.put(f"{PROJECT}/connections/{name}", {"properties": properties})
    return project


def grant(wire: Wire) -> None:
    principal = wire.get(PROJECT)["identity"]["principalId"]
    for number, (scope, role) in enumerate(((STORAGE, BLOB_CONTRIBUTOR), (COSMOS, COSMOS_OPERATOR))):
        name = f"00000000-0000-4000-8000-00000000cc0{number}"
        assert wire.assign(scope, role, principal, name, principalType="ServicePrincipal").status_code == 201


def refused(wire: Wire, path: str, body: Any) -> tuple[int, str]:
    reply = wire.arm("PUT", path, body)
    return reply.status_code, reply.json()["error"]["message"]


def test_a_complete_set_up_succeeds_and_opens_the_standard_tools(standard: Wire) -> None:
    tool = {"model": "m", "tools": [{"type": "azure_ai_search"}]}
    reply = standard.data("POST", "/assistants", tool)
    assert (reply.status_code, reply.json()["error"]["message"]) == (
        400,
        "Invalid tool value(s): azure_ai_search",
    )
    grant(standard)
    standard.put(ACCOUNT_HOST, AGENTS)
    assert standard.put(PROJECT_HOST, {"properties": LISTS})["properties"]["provisioningState"] == "Succeeded"
    assert standard.data("POST", "/assistants", tool).status_code == 200


def test_without_roles_the_host_fails_and_says_which(standard: Wire) -> None:
    standard.put(ACCOUNT_HOST, AGENTS)
    reply = standard.arm("PUT", PROJECT_HOST, {"properties": LISTS})
    assert reply.status_code == 201
    status = standard.follow(reply)
    assert status is not None
    assert status["status"] == "Failed"
    assert "Storage Blob Data Contributor" in status["error"]["message"]
    assert "Cosmos DB Operator" in status["error"]["message"]
    assert standard.get(PROJECT_HOST)["properties"]["provisioningState"] == "Failed"
    standard.delete(PROJECT_HOST)
    grant(standard)
    assert standard.put(PROJECT_HOST, {"properties": LISTS})["properties"]["provisioningState"] == "Succeeded"


def test_the_account_comes_before_the_project(standard: Wire) -> None:
    status, message = refused(standard, PROJECT_HOST, {"properties": LISTS})
    assert status == 400
    assert "needs a capability host" in message
    standard.put(ACCOUNT_HOST, AGENTS)
    grant(standard)
    standard.put(PROJECT_HOST, {"properties": LISTS})
    assert standard.arm("DELETE", ACCOUNT_HOST).status_code == 409
    standard.delete(PROJECT_HOST)
    standard.delete(ACCOUNT_HOST)


def test_there_is_one_host_per_scope_and_it_never_changes(standard: Wire) -> None:
    standard.put(ACCOUNT_HOST, AGENTS)
    assert standard.arm("PUT", ACCOUNT_HOST, AGENTS).status_code == 200
    standard.get(ACCOUNT_HOST)
    status, message = refused(standard, f"{ACCOUNT}/capabilityHosts/other", AGENTS)
    while "another operation" in message:
        status, message = refused(standard, f"{ACCOUNT}/capabilityHosts/other", AGENTS)
    assert status == 409
    assert "existing Capability Host with name: account-host" in message
    status, message = refused(
        standard, ACCOUNT_HOST, {"properties": {"capabilityHostKind": "Agents", "tags": {}}}
    )
    assert status == 400
    assert "not currently supported" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vectorStoreConnections": []}, "single, non empty value for vectorStoreConnections"),
        ({"storageConnections": ["storage", "search"]}, "single, non empty value for storageConnections"),
        ({"storageConnections": ["nothing"]}, "'nothing' named by storageConnections does not exist"),
        ({"storageConnections": ["search"]}, "category CognitiveSearch"),
    ],
)
def test_the_three_lists_go_together_and_name_what_exists(
    standard: Wire, change: dict[str, list[str]], message: str
) -> None:
    standard.put(ACCOUNT_HOST, AGENTS)
    status, text = refused(standard, PROJECT_HOST, {"properties": {**LISTS, **change}})
    assert status == 400
    assert message in text


def test_an_injected_account_makes_its_host_itself(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    injection = {"scenario": "agent", "subnetArmId": "s", "useMicrosoftManagedNetwork": False}
    properties = {"customSubDomainName": "contoso", "networkInjections": [injection]}
    wire.put(
        ACCOUNT, {"location": "westus", "kind": "AIServices", "sku": {"name": "S0"}, "properties": properties}
    )
    hosts = wire.get(f"{ACCOUNT}/capabilityHosts")["value"]
    assert [host["properties"]["capabilityHostKind"] for host in hosts] == ["Agents"]
