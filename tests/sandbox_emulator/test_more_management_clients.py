"""Monitoring, roles, networks and identities by their official management clients: from create to delete, each with its own api-version."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.mgmt.applicationinsights import ApplicationInsightsManagementClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient

from .conftest import DEVELOPER, FOUNDRY_USER, GROUP, SUBSCRIPTION, Wire

Client = Callable[[Any], Any]
PLACE = {"location": "westus"}


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

    make(ResourceManagementClient).resource_groups.create_or_update("rg", PLACE)
    return make


def test_a_workspace_of_log_analytics(client: Client) -> None:
    logs = client(LogAnalyticsManagementClient)
    asked = {**PLACE, "properties": {"sku": {"name": "PerGB2018"}, "workspaceCapping": {"dailyQuotaGb": 1}}}
    made = logs.workspaces.begin_create_or_update("rg", "logs", asked).result()
    assert (made.provisioning_state, made.retention_in_days) == ("Succeeded", 30)
    assert made.workspace_capping.daily_quota_gb == 1
    assert logs.workspaces.get("rg", "logs").customer_id == made.customer_id
    changed = logs.workspaces.update(
        "rg", "logs", {"tags": {"a": "b"}, "properties": {"retentionInDays": 60}}
    )
    assert (changed.tags, changed.retention_in_days, changed.sku.name) == ({"a": "b"}, 60, "PerGB2018")
    assert [item.name for item in logs.workspaces.list_by_resource_group("rg")] == ["logs"]
    assert [item.name for item in logs.workspaces.list()] == ["logs"]
    assert logs.shared_keys.get_shared_keys("rg", "logs").primary_shared_key
    logs.workspaces.begin_delete("rg", "logs").result()
    with pytest.raises(ResourceNotFoundError):
        logs.workspaces.get("rg", "logs")


def test_a_component_of_application_insights(client: Client) -> None:
    insights = client(ApplicationInsightsManagementClient)
    asked = {**PLACE, "kind": "web", "properties": {"Application_Type": "web", "DisableLocalAuth": True}}
    made = insights.components.create_or_update("rg", "traces", asked)
    assert made.connection_string.startswith(f"InstrumentationKey={made.instrumentation_key};")
    assert (made.application_type, made.disable_local_auth) == ("web", True)
    assert insights.components.update_tags("rg", "traces", {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert insights.components.get("rg", "traces").connection_string == made.connection_string
    assert [item.name for item in insights.components.list_by_resource_group("rg")] == ["traces"]
    insights.components.delete("rg", "traces")
    assert list(insights.components.list()) == []


def test_diagnostic_settings_of_another_resource(client: Client) -> None:
    account = {**PLACE, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    client(StorageManagementClient).storage_accounts.begin_create("rg", "contosodata", account).result()
    watched = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosodata"
    settings = client(MonitorManagementClient).diagnostic_settings
    asked = {
        "properties": {
            "workspaceId": f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs",
            "logs": [{"categoryGroup": "allLogs", "enabled": True}],
            "metrics": [{"category": "AllMetrics", "enabled": True}],
        }
    }
    made = settings.create_or_update(watched, "all", asked)
    assert (made.name, made.logs[0].category_group) == ("all", "allLogs")
    assert settings.get(watched, "all").workspace_id.endswith("/workspaces/logs")
    assert [item.name for item in settings.list(watched)] == ["all"]
    settings.delete(watched, "all")
    with pytest.raises(ResourceNotFoundError):
        settings.get(watched, "all")


def test_role_assignments_and_definitions(client: Client) -> None:
    roles = client(AuthorizationManagementClient)
    (found,) = roles.role_definitions.list(GROUP, filter="roleName eq 'Foundry User'")
    assert found.name == FOUNDRY_USER
    name = "00000000-0000-4000-8000-00000000ee01"
    asked = {"properties": {"roleDefinitionId": found.id, "principalId": DEVELOPER, "principalType": "User"}}
    made = roles.role_assignments.create(GROUP, name, asked)
    assert roles.role_assignments.get(GROUP, name).principal_id == made.principal_id == DEVELOPER
    assert roles.role_assignments.get_by_id(made.id).scope == GROUP
    listed = roles.role_assignments.list_for_resource_group("rg", filter=f"principalId eq '{DEVELOPER}'")
    assert name in [item.name for item in listed]
    roles.role_assignments.delete(GROUP, name)
    with pytest.raises(ResourceNotFoundError):
        roles.role_assignments.get(GROUP, name)


def test_data_roles_of_cosmos_db(client: Client) -> None:
    cosmos = client(CosmosDBManagementClient)
    locations = [{"locationName": "westus", "failoverPriority": 0}]
    account = {**PLACE, "properties": {"databaseAccountOfferType": "Standard", "locations": locations}}
    made = cosmos.database_accounts.begin_create_or_update("rg", "contosothreads", account).result()
    assert [item.name for item in cosmos.database_accounts.list()] == ["contosothreads"]
    changed = cosmos.database_accounts.begin_update("rg", "contosothreads", {"tags": {"a": "b"}}).result()
    assert changed.tags == {"a": "b"}
    name = "00000000-0000-4000-8000-00000000ee02"
    asked = {
        "properties": {
            "roleDefinitionId": f"{made.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002",
            "principalId": DEVELOPER,
            "scope": f"{made.id}/dbs/enterprise_memory",
        }
    }
    roles = cosmos.sql_resources
    assigned = roles.begin_create_update_sql_role_assignment(name, "rg", "contosothreads", asked).result()
    assert assigned.principal_id == DEVELOPER
    assert roles.get_sql_role_assignment(name, "rg", "contosothreads").scope.endswith("/enterprise_memory")
    assert [item.name for item in roles.list_sql_role_assignments("rg", "contosothreads")] == [name]
    roles.begin_delete_sql_role_assignment(name, "rg", "contosothreads").result()
    assert list(roles.list_sql_role_assignments("rg", "contosothreads")) == []


def test_what_lives_in_an_account_is_read_listed_and_updated(client: Client) -> None:
    foundry = client(CognitiveServicesManagementClient)
    place = {**PLACE, "identity": {"type": "SystemAssigned"}}
    properties = {"customSubDomainName": "contoso", "allowProjectManagement": True}
    account = {**place, "kind": "AIServices", "sku": {"name": "S0"}, "properties": properties}
    foundry.accounts.begin_create("rg", "contoso", account).result()
    foundry.projects.begin_create("rg", "contoso", "support", {**place, "properties": {}}).result()
    assert [item.name for item in foundry.accounts.list_by_resource_group("rg")] == ["contoso"]
    assert foundry.accounts.list_keys("rg", "contoso").key1
    changed = foundry.projects.begin_update(
        "rg", "contoso", "support", {"properties": {"displayName": "Service"}}
    ).result()
    assert changed.properties.display_name == "Service"
    assert len(list(foundry.projects.list("rg", "contoso"))) == 1
    model = {"format": "OpenAI", "name": "gpt-4.1", "version": "2025-04-14"}
    deployment = {"sku": {"name": "GlobalStandard", "capacity": 5}, "properties": {"model": model}}
    foundry.deployments.begin_create_or_update("rg", "contoso", "chat", deployment).result()
    grown = {"sku": {"name": "GlobalStandard", "capacity": 9}}
    assert foundry.deployments.begin_update("rg", "contoso", "chat", grown).result().sku.capacity == 9
    assert foundry.deployments.get("rg", "contoso", "chat").properties.model.name == "gpt-4.1"
    policy = {"properties": {"mode": "Blocking", "basePolicyName": "Microsoft.DefaultV2"}}
    foundry.rai_policies.create_or_update("rg", "contoso", "strict", policy)
    assert foundry.rai_policies.get("rg", "contoso", "strict").properties.mode == "Blocking"
    assert [item.name for item in foundry.rai_policies.list("rg", "contoso")] == ["strict"]
    foundry.rai_policies.begin_delete("rg", "contoso", "strict").result()
    keyless = {"properties": {"authType": "AAD", "category": "CognitiveSearch", "target": "https://a"}}
    moved = {"properties": {"authType": "AAD", "category": "CognitiveSearch", "target": "https://b"}}
    of_both: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (foundry.project_connections, ("rg", "contoso", "support")),
        (foundry.account_connections, ("rg", "contoso")),
    )
    for connections, scope in of_both:
        connections.create(*scope, "search", keyless)
        assert connections.get(*scope, "search").properties.target == "https://a"
        assert connections.update(*scope, "search", moved).properties.target == "https://b"
        assert [item.name for item in connections.list(*scope)] == ["search"]
        connections.delete(*scope, "search")
        assert list(connections.list(*scope)) == []
    host = {"properties": {"capabilityHostKind": "Agents"}}
    foundry.account_capability_hosts.begin_create_or_update("rg", "contoso", "host", host).result()
    found = foundry.account_capability_hosts.get("rg", "contoso", "host")
    assert found.properties.provisioning_state == "Succeeded"


def test_what_lives_in_a_storage_account_is_read_changed_and_deleted(client: Client) -> None:
    storage = client(StorageManagementClient)
    account = {**PLACE, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    storage.storage_accounts.begin_create("rg", "contosodata", account).result()
    assert storage.storage_accounts.get_properties("rg", "contosodata").status_of_primary == "available"
    assert [item.name for item in storage.storage_accounts.list()] == ["contosodata"]
    assert len(storage.storage_accounts.list_keys("rg", "contosodata").as_dict()["keys"]) == 2
    container = ("rg", "contosodata", "papers")
    storage.blob_containers.create(*container, {"properties": {"metadata": {"a": "b"}}})
    assert storage.blob_containers.get(*container).metadata == {"a": "b"}
    changed = storage.blob_containers.update(*container, {"properties": {"metadata": {"a": "c"}}})
    assert changed.metadata == {"a": "c"}
    storage.blob_containers.delete(*container)
    assert list(storage.blob_containers.list("rg", "contosodata")) == []
    queue = ("rg", "contosodata", "orders")
    storage.queue.create(*queue, {"properties": {"metadata": {"a": "b"}}})
    assert storage.queue.get(*queue).metadata == {"a": "b"}
    assert storage.queue.update(*queue, {"properties": {"metadata": {"a": "c"}}}).metadata == {"a": "c"}
    storage.queue.delete(*queue)
    with pytest.raises(ResourceNotFoundError):
        storage.queue.get(*queue)


def test_a_network_with_a_private_endpoint(client: Client) -> None:
    network = client(NetworkManagementClient)
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    made = network.virtual_networks.begin_create_or_update(
        "rg", "net", {**PLACE, "properties": space}
    ).result()
    assert made.address_space.address_prefixes == ["10.0.0.0/16"]
    delegation = {"name": "agents", "properties": {"serviceName": "Microsoft.App/environments"}}
    subnet = {"properties": {"addressPrefix": "10.0.1.0/24", "delegations": [delegation]}}
    inside = network.subnets.begin_create_or_update("rg", "net", "agents", subnet).result()
    assert inside.delegations[0].service_name == "Microsoft.App/environments"
    assert [item.name for item in network.subnets.list("rg", "net")] == ["agents"]
    endpoint = {**PLACE, "properties": {"subnet": {"id": inside.id}}}
    assert network.private_endpoints.begin_create_or_update("rg", "door", endpoint).result().name == "door"
    zones = {
        "properties": {"privateDnsZoneConfigs": [{"name": "ai", "properties": {"privateDnsZoneId": "z"}}]}
    }
    group = network.private_dns_zone_groups.begin_create_or_update("rg", "door", "default", zones).result()
    assert group.private_dns_zone_configs[0].private_dns_zone_id == "z"
    network.private_endpoints.begin_delete("rg", "door").result()
    assert list(network.private_endpoints.list("rg")) == []
    tagged = network.virtual_networks.update_tags("rg", "net", {"tags": {"a": "b"}})
    assert (tagged.tags, tagged.address_space.address_prefixes) == ({"a": "b"}, ["10.0.0.0/16"])
    network.virtual_networks.begin_delete("rg", "net").result()
    with pytest.raises(ResourceNotFoundError):
        network.virtual_networks.get("rg", "net")


def test_a_managed_identity_with_a_federated_credential(client: Client) -> None:
    identities = client(ManagedServiceIdentityClient)
    made = identities.user_assigned_identities.create_or_update("rg", "ci", PLACE)
    assert made.principal_id != made.client_id
    changed = identities.user_assigned_identities.update("rg", "ci", {"tags": {"a": "b"}})
    assert (changed.tags, changed.principal_id) == ({"a": "b"}, made.principal_id)
    asked = {"properties": {"issuer": "https://ci.example", "subject": "main", "audiences": ["api"]}}
    federated = identities.federated_identity_credentials.create_or_update("rg", "ci", "main", asked)
    assert federated.subject == "main"
    assert [item.name for item in identities.federated_identity_credentials.list("rg", "ci")] == ["main"]
    identities.federated_identity_credentials.delete("rg", "ci", "main")
    identities.user_assigned_identities.delete("rg", "ci")
    assert list(identities.user_assigned_identities.list_by_resource_group("rg")) == []


def test_a_failing_write_reaches_the_client_with_its_code(client: Client) -> None:
    logs = client(LogAnalyticsManagementClient)
    with pytest.raises(HttpResponseError) as refused:
        logs.workspaces.begin_create_or_update("absent", "logs", PLACE)
    assert (refused.value.status_code, refused.value.error.code) == (404, "ResourceGroupNotFound")
