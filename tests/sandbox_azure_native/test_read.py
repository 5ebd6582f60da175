"""Read: refresh carries over what changed and nothing else; import describes what is there."""

from __future__ import annotations

import grpc
import pytest

from foundry.sandbox.azure_native.wire import Secret

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/g"
ACCOUNT = "cognitiveservices:Account"
ACCOUNT_ID = GROUP + "/providers/Microsoft.CognitiveServices/accounts/a"
INPUTS = {
    "resourceGroupName": "g",
    "accountName": "a",
    "location": "East US",
    "tags": {"x": "1"},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/i/1"]},
    "properties": {
        "disableLocalAuth": True,
        "networkAcls": {"ipRules": [{"value": "1.1.1.1"}, {"value": "2.2.2.2"}]},
    },
}


@pytest.fixture
def state(engine, arm):
    """The outputs of a created account, which the service shows in its own way."""
    engine.create(ACCOUNT, INPUTS)
    live = arm.documents[ACCOUNT_ID.lower()]
    live["location"] = "eastus"
    live["properties"].update(publicNetworkAccess="Enabled", endpoint="https://a")
    _, outputs, _ = engine.read(ACCOUNT, ACCOUNT_ID, {"name": "a"}, {})
    return outputs


def test_what_the_service_fills_in_or_respells_is_not_drift(engine, state):
    assert engine.read(ACCOUNT, ACCOUNT_ID, state, INPUTS) == (ACCOUNT_ID, state, INPUTS)


def test_each_kind_of_drift_reaches_the_inputs(engine, arm, state):
    live = arm.documents[ACCOUNT_ID.lower()]
    live["tags"] = {"x": "2", "by": "hand"}
    live["identity"]["userAssignedIdentities"] = {"/i/2": {}, "/i/1": {}}
    live["properties"].update(publicNetworkAccess="Disabled", endpoint="https://b")
    live["properties"]["networkAcls"]["ipRules"][1]["value"] = "3.3.3.3"
    del live["properties"]["disableLocalAuth"]
    _, outputs, inputs = engine.read(ACCOUNT, ACCOUNT_ID, state, INPUTS)
    assert outputs["properties"]["endpoint"] == "https://b"
    assert inputs == {
        **INPUTS,
        "tags": {"x": "2", "by": "hand"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/i/1", "/i/2"]},
        "properties": {
            "publicNetworkAccess": "Disabled",
            "networkAcls": {"ipRules": [{"value": "1.1.1.1"}, {"value": "3.3.3.3"}]},
        },
    }


def test_a_list_of_another_length_is_taken_over_whole(engine, arm, state):
    arm.documents[ACCOUNT_ID.lower()]["properties"]["networkAcls"]["ipRules"] = [{"value": "9.9.9.9"}]
    _, _, inputs = engine.read(ACCOUNT, ACCOUNT_ID, state, INPUTS)
    assert inputs["properties"]["networkAcls"] == {"ipRules": [{"value": "9.9.9.9"}]}


def test_a_secret_that_the_service_never_shows_stays_as_declared(engine, arm):
    token = "cognitiveservices:AccountConnection"
    identifier = ACCOUNT_ID + "/connections/c"
    inputs = {
        "resourceGroupName": "g",
        "accountName": "a",
        "connectionName": "c",
        "properties": {"authType": "ApiKey", "target": "t", "credentials": Secret({"key": "k"})},
    }
    live = arm.put(identifier, {"properties": {"authType": "ApiKey", "target": "t"}})
    _, outputs, _ = engine.read(token, identifier, {"name": "c"}, inputs)
    live["properties"]["target"] = "elsewhere"
    _, _, followed = engine.read(token, identifier, outputs, inputs)
    assert followed["properties"] == {
        "authType": "ApiKey",
        "target": "elsewhere",
        "credentials": Secret({"key": "k"}),
    }


def test_what_is_gone_has_no_id(engine):
    assert engine.read(ACCOUNT, ACCOUNT_ID, {"name": "a"}, INPUTS) == ("", {}, {})


def test_another_answer_than_gone_is_an_error(engine, arm):
    arm.answers.append((403, {}, {"error": {"code": "AuthorizationFailed", "message": "No."}}))
    with pytest.raises(grpc.RpcError) as error:
        engine.read(ACCOUNT, ACCOUNT_ID, {"name": "a"}, INPUTS)
    assert 'Status=403 Code="AuthorizationFailed"' in error.value.details()


def test_an_import_writes_the_inputs_from_the_live_object_and_its_id(engine, arm, state):
    _, outputs, inputs = engine.read(ACCOUNT, ACCOUNT_ID)
    assert outputs == state
    assert inputs == {
        "resourceGroupName": "g",
        "accountName": "a",
        "location": "eastus",
        "tags": {"x": "1"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/i/1"]},
        "properties": {**INPUTS["properties"], "publicNetworkAccess": "Enabled"},
    }
    assert engine.check(ACCOUNT, inputs)[1] == {}


def test_an_import_of_another_kind_is_refused(engine, arm):
    arm.put("/subscriptions/s/resourceGroups/g", {"location": "eastus"})
    with pytest.raises(grpc.RpcError) as error:
        engine.read(ACCOUNT, "/subscriptions/s/resourceGroups/g")
    assert "isn't the id of a Account" in error.value.details()
