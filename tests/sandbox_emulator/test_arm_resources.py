"""Azure Resource Manager: what a client that provisions an environment meets."""

from pathlib import Path
from typing import Any

from foundry.sandbox.emulator import Settings, serve

from .conftest import ACCOUNT, GROUP, PROJECT, SUBSCRIPTION, Wire

STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosodata"
COSMOS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/contoso-threads"


def code(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def make_storage(wire: Wire) -> dict[str, Any]:
    return wire.put(STORAGE, {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}})


def test_a_call_without_api_version_is_refused(wire: Wire) -> None:
    reply = wire.send("GET", SUBSCRIPTION, "https://management.azure.com/")
    assert code(reply) == (400, "MissingApiVersionParameter")


def test_another_subscription_does_not_exist(wire: Wire) -> None:
    reply = wire.arm("GET", "/subscriptions/00000000-0000-4000-8000-00000000dead/resourceGroups/rg")
    assert code(reply) == (404, "SubscriptionNotFound")


def test_a_group_is_created_updated_listed_and_deleted_with_everything_inside(wire: Wire) -> None:
    assert wire.arm("PUT", GROUP, {"location": "westus", "tags": {"a": "b"}}).status_code == 201
    assert wire.arm("PUT", GROUP, {"location": "westus", "tags": {"a": "c"}}).status_code == 200
    assert wire.get(GROUP)["tags"] == {"a": "c"}
    assert wire.arm("HEAD", GROUP).status_code == 204
    make_storage(wire)
    names = [item["name"] for item in wire.get(f"{SUBSCRIPTION}/resourceGroups")["value"]]
    assert names == ["rg"]
    assert [item["name"] for item in wire.get(f"{GROUP}/resources")["value"]] == ["contosodata"]
    wire.delete(GROUP)
    assert wire.arm("HEAD", GROUP).status_code == 404
    assert code(wire.arm("GET", STORAGE)) == (404, "ResourceGroupNotFound")


def test_a_resource_needs_its_group_and_its_parent(wire: Wire) -> None:
    body = {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}}
    assert code(wire.arm("PUT", STORAGE, body)) == (404, "ResourceGroupNotFound")
    wire.put(GROUP, {"location": "westus"})
    queue = f"{STORAGE}/queueServices/default/queues/in"
    assert code(wire.arm("PUT", queue, {})) == (404, "ParentResourceNotFound")
    assert code(wire.arm("GET", STORAGE)) == (404, "ResourceNotFound")
    assert wire.arm("DELETE", STORAGE).status_code == 204


def test_storage_answers_with_endpoints_keys_and_queues(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    endpoints = make_storage(wire)["properties"]["primaryEndpoints"]
    assert endpoints["queue"] == f"{wire.serving.url}/storage/contosodata/queue/"
    wire.put(f"{STORAGE}/queueServices/default/queues/in", {"properties": {"metadata": {"a": "b"}}})
    listed = wire.get(f"{STORAGE}/queueServices/default/queues")["value"]
    assert [(item["name"], item["type"]) for item in listed] == [
        ("in", "Microsoft.Storage/storageAccounts/queueServices/queues")
    ]
    keys = wire.arm("POST", f"{STORAGE}/listKeys").json()["keys"]
    assert [key["keyName"] for key in keys] == ["key1", "key2"]


def test_an_id_means_the_same_in_any_case(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    make_storage(wire)
    shouted = STORAGE.replace("resourceGroups", "resourcegroups").replace("contosodata", "ContosoData")
    assert wire.get(shouted)["id"] == STORAGE


def test_a_slow_write_is_seen_in_progress_and_then_done(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    body = {"location": "westus", "kind": "AIServices", "sku": {"name": "S0"}, "properties": {}}
    reply = wire.arm("PUT", ACCOUNT, body)
    assert reply.status_code == 201
    assert reply.json()["properties"]["provisioningState"] == "Creating"
    assert reply.headers["Azure-AsyncOperation"]
    status = wire.follow(reply)
    assert status is not None
    assert status["status"] == "Succeeded"
    assert wire.get(ACCOUNT)["properties"]["provisioningState"] == "Succeeded"


def test_storage_is_followed_by_its_location(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    reply = wire.arm(
        "PUT", STORAGE, {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}}
    )
    assert (reply.status_code, reply.content) == (202, b"")
    assert "Azure-AsyncOperation" not in reply.headers
    result = wire.follow(reply)
    assert result is not None
    assert result["id"] == STORAGE


def test_an_account_and_a_project_compute_their_outputs(wire: Wire) -> None:
    wire.make_project()
    account, project = wire.get(ACCOUNT), wire.get(PROJECT)
    assert account["properties"]["endpoint"] == f"{wire.serving.url}/accounts/contoso/"
    assert account["identity"]["type"] == "SystemAssigned"
    assert account["identity"]["principalId"] != project["identity"]["principalId"]
    endpoint = project["properties"]["endpoints"]["AI Foundry API"]
    assert endpoint == f"{wire.serving.url}/accounts/contoso/api/projects/support"
    assert len(project["properties"]["internalId"]) == 32
    assert project["properties"]["isDefault"] is True
    wire.delete(PROJECT)
    wire.make_project()
    assert wire.get(PROJECT)["identity"] == project["identity"]


def test_monitoring_and_threads_compute_their_outputs(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    workspace = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    component = f"{GROUP}/providers/Microsoft.Insights/components/traces"
    assert len(wire.put(workspace, {"location": "westus"})["properties"]["customerId"]) == 36
    body = {"location": "westus", "kind": "web", "properties": {"WorkspaceResourceId": workspace}}
    traces = wire.put(component, body)["properties"]
    assert traces["ConnectionString"].startswith(f"InstrumentationKey={traces['InstrumentationKey']};")
    locations = [{"locationName": "westus"}]
    cosmos = {
        "location": "westus",
        "properties": {"databaseAccountOfferType": "Standard", "locations": locations},
    }
    assert wire.put(COSMOS, cosmos)["properties"]["documentEndpoint"].startswith(wire.serving.url)
    assert wire.arm("POST", f"{COSMOS}/listKeys").json()["primaryMasterKey"]


def test_keys_of_an_account_without_local_auth_are_refused(wire: Wire) -> None:
    wire.make_account()
    reply = wire.arm("POST", f"{ACCOUNT}/listKeys")
    assert reply.status_code == 400
    assert "disableLocalAuth" in reply.json()["error"]["message"]


def test_an_account_with_projects_is_not_deleted(wire: Wire) -> None:
    wire.make_project()
    reply = wire.arm("DELETE", ACCOUNT)
    assert code(reply) == (409, "CannotDeleteResource")
    assert PROJECT in reply.json()["error"]["message"]
    wire.delete(PROJECT)
    wire.delete(ACCOUNT)
    assert wire.arm("GET", ACCOUNT).status_code == 404


def test_a_project_needs_an_account_made_for_projects(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    wire.put(ACCOUNT, {"location": "westus", "kind": "AIServices", "sku": {"name": "S0"}, "properties": {}})
    reply = wire.arm("PUT", PROJECT, {"location": "westus", "identity": {"type": "SystemAssigned"}})
    assert reply.status_code == 400
    assert "allowProjectManagement" in reply.json()["error"]["message"]


def test_a_second_write_below_a_busy_account_conflicts(tmp_path: Path) -> None:
    body = {
        "sku": {"name": "GlobalStandard"},
        "properties": {"model": {"format": "OpenAI", "name": "gpt-4.1"}},
    }
    with serve(tmp_path, settings=Settings(operation_delay=3600)) as serving:
        wire = Wire(serving)
        wire.arm("PUT", GROUP, {"location": "westus"})
        account = {"location": "westus", "kind": "AIServices", "sku": {"name": "S0"}, "properties": {}}
        wire.arm("PUT", ACCOUNT, account)
        early = wire.arm("PUT", f"{ACCOUNT}/deployments/a", body)
        assert code(early) == (409, "AccountProvisioningStateInvalid")
        wire.control("POST", "/clock", {"advance": 3601})
        assert wire.arm("PUT", f"{ACCOUNT}/deployments/a", body).status_code == 201
        for path, content in (
            (f"{ACCOUNT}/deployments/b", body),
            (f"{ACCOUNT}/raiPolicies/p", {}),
            (ACCOUNT, account),
        ):
            assert code(wire.arm("PUT", path, content)) == (409, "RequestConflict")
        assert code(wire.arm("DELETE", f"{ACCOUNT}/deployments/a")) == (409, "RequestConflict")
        wire.control("POST", "/clock", {"advance": 3601})
        assert wire.arm("PUT", f"{ACCOUNT}/deployments/b", body).status_code == 201


def test_a_deployment_reports_what_the_service_fills_in(wire: Wire) -> None:
    wire.make_account()
    body = {
        "sku": {"name": "GlobalStandard"},
        "properties": {"model": {"format": "OpenAI", "name": "gpt-4.1"}},
    }
    made = wire.put(f"{ACCOUNT}/deployments/chat", body)
    assert made["sku"] == {"name": "GlobalStandard", "capacity": 1}
    assert made["properties"]["versionUpgradeOption"] == "OnceNewDefaultVersionAvailable"
    wrong = {**body, "properties": {**body["properties"], "raiPolicyName": "strict"}}  # type: ignore[dict-item]
    assert wire.arm("PUT", f"{ACCOUNT}/deployments/chat", wrong).status_code == 400


def test_a_connection_never_gives_its_credentials_back(wire: Wire) -> None:
    wire.make_project()
    path = f"{PROJECT}/connections/traces"
    properties = {"category": "AppInsights", "authType": "ApiKey", "target": "t"}
    assert code(wire.arm("PUT", path, {"properties": properties})) == (400, "ValidationError")
    reply = wire.arm("PUT", path, {"properties": {**properties, "credentials": {"key": "s3cret"}}})
    assert reply.status_code == 200
    assert "s3cret" not in reply.text + wire.arm("GET", path).text
    assert reply.json()["properties"]["credentials"] is None
    assert b"s3cret" not in (wire.serving.home / "emulator.sqlite-wal").read_bytes()


def test_patch_merges_objects_and_replaces_tags(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    make_storage(wire)
    wire.follow(wire.arm("PATCH", STORAGE, {"tags": {"x": "1", "y": "2"}}))
    wire.follow(wire.arm("PATCH", STORAGE, {"tags": {"x": "3"}, "properties": {"accessTier": "Cool"}}))
    read = wire.get(STORAGE)
    assert (read["tags"], read["properties"]["accessTier"], read["sku"]["name"]) == (
        {"x": "3"},
        "Cool",
        "Standard_ZRS",
    )


def test_a_resource_does_not_move_and_its_name_is_not_given_twice(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    make_storage(wire)
    moved = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}}
    assert code(wire.arm("PUT", STORAGE, moved)) == (409, "InvalidResourceLocation")
    wire.put(f"{GROUP}2", {"location": "westus"})
    twin = STORAGE.replace("/rg/", "/rg2/")
    assert code(wire.arm("PUT", twin, moved)) == (409, "StorageAccountAlreadyTaken")


def test_a_type_it_does_not_know_is_kept_as_it_was_sent(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    path = f"{GROUP}/providers/Microsoft.Quantum/workspaces/w/jobs/j"
    wire.put(path.rpartition("/jobs/")[0], {"location": "westus"})
    read = wire.put(path, {"properties": {"shots": 5}})
    assert read["properties"] == {"shots": 5, "provisioningState": "Succeeded"}
    assert read["type"] == "Microsoft.Quantum/workspaces/jobs"


def test_an_extension_resource_goes_with_what_it_extends(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    make_storage(wire)
    path = f"{STORAGE}/providers/Microsoft.Insights/diagnosticSettings/all"
    wire.put(path, {"properties": {"logs": []}})
    assert len(wire.get(path.rpartition("/")[0])["value"]) == 1
    wire.delete(STORAGE)
    make_storage(wire)
    assert wire.arm("GET", path).status_code == 404


def test_an_action_it_lacks_names_itself(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    path = f"{GROUP}/providers/Microsoft.Web/sites/app/restart"
    reply = wire.arm("POST", path)
    assert code(reply) == (501, "NotImplemented")
    assert reply.json()["error"]["message"] == f"POST {path} is not implemented by the emulator"


def test_providers_and_cloud_metadata_answer(wire: Wire) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Search"
    assert wire.arm("POST", f"{path}/register").json()["registrationState"] == "Registered"
    cloud = wire.send("GET", "/metadata/endpoints", None, params={"api-version": "2022-09-01"}).json()
    assert cloud["resourceManager"] == f"{wire.serving.url}/"
    assert cloud["authentication"]["audiences"]
