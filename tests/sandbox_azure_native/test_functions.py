"""Invoke: who am I, keys, and reading what exists."""

from __future__ import annotations

import grpc
import pytest

from foundry.sandbox.azure_native.wire import UNKNOWN

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/g"
ACCOUNT_ID = GROUP + "/providers/Microsoft.CognitiveServices/accounts/a"


def refusal(call):
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value.details()


def test_the_client_is_the_tokens_principal(engine):
    assert engine.invoke("authorization:getClientConfig") == {
        "clientId": "app-00000000-0000-4000-8000-0000000000d1",
        "objectId": "00000000-0000-4000-8000-0000000000d1",
        "subscriptionId": "00000000-0000-4000-8000-000000000001",
        "tenantId": "00000000-0000-4000-8000-0000000000f0",
    }


def test_a_token_can_be_had(engine):
    assert engine.invoke("authorization:getClientToken")["token"].count(".") == 2


@pytest.mark.parametrize(
    ("token", "args", "path", "version"),
    [
        ("cognitiveservices:listAccountKeys", {"accountName": "a"}, ACCOUNT_ID + "/listKeys", "2025-06-01"),
        (
            "storage:listStorageAccountKeys",
            {"accountName": "s"},
            GROUP + "/providers/Microsoft.Storage/storageAccounts/s/listKeys",
            "2024-01-01",
        ),
        (
            "search:listAdminKey",
            {"searchServiceName": "s"},
            GROUP + "/providers/Microsoft.Search/searchServices/s/listAdminKeys",
            "2025-05-01",
        ),
        (
            "search:listQueryKeyBySearchService",
            {"searchServiceName": "s"},
            GROUP + "/providers/Microsoft.Search/searchServices/s/listQueryKeys",
            "2025-05-01",
        ),
        (
            "cosmosdb:listDatabaseAccountKeys",
            {"accountName": "c"},
            GROUP + "/providers/Microsoft.DocumentDB/databaseAccounts/c/listKeys",
            "2025-10-15",
        ),
    ],
)
def test_keys_are_listed_by_a_post_below_the_resource(engine, arm, token, args, path, version):
    assert engine.invoke(token, {"resourceGroupName": "g", **args}) == {"key1": "one", "key2": "two"}
    assert [(seen.method, seen.path, seen.api_version) for seen in arm.seen] == [("POST", path, version)]


def test_a_typed_get_answers_as_the_sdk_shows_the_resource(engine, arm):
    arm.put(
        GROUP + "/providers/Microsoft.Storage/storageAccounts/s",
        {"properties": {"primaryEndpoints": {"blob": "b"}}},
    )
    result = engine.invoke("storage:getStorageAccount", {"resourceGroupName": "g", "accountName": "s"})
    assert result["primaryEndpoints"] == {"blob": "b"}
    assert result["id"] == GROUP + "/providers/Microsoft.Storage/storageAccounts/s"


def test_a_generic_read_shows_properties_that_the_sdk_does_not_know(engine, arm):
    arm.put(ACCOUNT_ID + "/projects/p", {"properties": {"internalId": "i"}})
    result = engine.invoke(
        "resources:getResource",
        {
            "apiVersion": "2025-06-01",
            "resourceGroupName": "g",
            "resourceProviderNamespace": "Microsoft.CognitiveServices",
            "parentResourcePath": "accounts/a",
            "resourceType": "projects",
            "resourceName": "p",
        },
    )
    assert result["properties"] == {"internalId": "i"}
    assert arm.seen[0].api_version == "2025-06-01"


def test_what_is_missing_is_named(engine):
    assert refusal(lambda: engine.invoke("search:listAdminKey")) == (
        "azure-native:search:listAdminKey needs resourceGroupName, searchServiceName"
    )
    args = {"resourceGroupName": "g", "accountName": "a"}
    assert refusal(lambda: engine.invoke("cognitiveservices:getAccount", args)) == (
        f"azure-native:cognitiveservices:getAccount: there is no {ACCOUNT_ID}"
    )
    assert refusal(lambda: engine.invoke("compute:listSkus")) == (
        "azure-native:compute:listSkus isn't served by the local Azure provider"
    )
    unknown = {"resourceGroupName": "g", "accountName": UNKNOWN}
    assert "isn't known yet" in refusal(lambda: engine.invoke("cognitiveservices:getAccount", unknown))
