"""Check: every fault of the inputs at once, names and locations filled in."""

from __future__ import annotations

import grpc
import pytest

from foundry.sandbox.azure_native.wire import UNKNOWN, Secret

ACCOUNT = "cognitiveservices:Account"


def test_good_inputs_come_back_as_they_were(engine):
    inputs = {
        "resourceGroupName": "g",
        "accountName": "a",
        "location": "swedencentral",
        "sku": {"name": "S0", "capacity": 3},
        "properties": {"disableLocalAuth": True, "networkAcls": {"ipRules": [{"value": "1.2.3.4"}]}},
        "tags": {"cost.center": "7"},
    }
    assert engine.check(ACCOUNT, inputs) == (inputs, {})


def test_every_fault_is_reported_with_its_path_and_a_near_match(engine):
    _, failures = engine.check(
        ACCOUNT,
        {
            "accountName": "a",
            "location": 7,
            "propertis": {},
            "identity": {"type": "SystemAsigned"},
            "tags": {"cost.center": 7},
            "properties": {
                "public_network_access": "Enabled",
                "disableLocalAuth": "yes",
                "networkAcls": {"ipRules": [{"value": "1.2.3.4"}, {"valeu": "x"}]},
            },
        },
    )
    assert failures == {
        "resourceGroupName": "is required by Account and missing",
        "location": "must be a string, got 7",
        "propertis": "isn't a property of Account; did you mean 'properties'?",
        "identity.type": (
            "'SystemAsigned' isn't one of 'None', 'SystemAssigned', 'UserAssigned', 'SystemAssigned, UserAssigned';"
            " did you mean 'SystemAssigned'?"
        ),
        'tags["cost.center"]': "must be a string, got 7",
        "properties.public_network_access": "isn't a property of AccountProperties; did you mean 'publicNetworkAccess'?",
        "properties.disableLocalAuth": "must be true or false, got 'yes'",
        "properties.networkAcls.ipRules[1].valeu": "isn't a property of IpRule; did you mean 'value'?",
        "properties.networkAcls.ipRules[1].value": "is required by IpRule and missing",
    }


@pytest.mark.parametrize(
    ("sku", "path", "reason"),
    [
        ({"name": "S0", "capacity": 1.5}, "sku.capacity", "must be a whole number, got 1.5"),
        ({"name": "S0", "capacity": True}, "sku.capacity", "must be a whole number, got true"),
        ({}, "sku.name", "is required by Sku and missing"),
        (["S0"], "sku", "must be an object, got a list"),
        ("S0", "sku", "must be an object, got 'S0'"),
    ],
)
def test_wrong_types_are_named(engine, sku, path, reason):
    _, failures = engine.check(ACCOUNT, {"resourceGroupName": "g", "location": "x", "sku": sku})
    assert failures == {path: reason}


def test_open_enumerations_take_values_the_sdk_does_not_list(engine):
    inputs = {
        "resourceGroupName": "g",
        "location": "x",
        "properties": {"publicNetworkAccess": "SomethingNew"},
    }
    assert engine.check(ACCOUNT, inputs)[1] == {}


@pytest.mark.parametrize(
    ("properties", "failures"),
    [
        ({"authType": "AAD", "category": "CognitiveSearch", "metadata": {"ApiType": "Azure"}}, {}),
        ({"authType": "ApiKey", "credentials": {"key": "k"}}, {}),
        (
            {"authType": "AAD", "credentials": {"key": "k"}},
            {"properties.credentials": "isn't a property of AADAuthTypeConnectionProperties"},
        ),
        ({"authType": UNKNOWN, "anything": "goes"}, {}),
        ({"auth_type": "AAD"}, {"properties.auth_type": "isn't a property here; did you mean 'authType'?"}),
    ],
)
def test_a_union_is_checked_as_the_member_its_constant_names(engine, properties, failures):
    inputs = {"resourceGroupName": "g", "accountName": "a", "connectionName": "c", "properties": properties}
    assert engine.check("cognitiveservices:AccountConnection", inputs)[1] == failures


@pytest.mark.parametrize(
    ("given", "starts"),
    [({}, "is missing; it must be one of AAD,"), ({"authType": "Magic"}, "is 'Magic', which")],
)
def test_a_union_without_a_known_constant_lists_the_choices(engine, given, starts):
    inputs = {"resourceGroupName": "g", "accountName": "a", "connectionName": "c", "properties": given}
    _, failures = engine.check("cognitiveservices:AccountConnection", inputs)
    assert list(failures) == ["properties.authType"]
    assert failures["properties.authType"].startswith(starts)


def test_secrets_and_unknowns_pass_through(engine):
    inputs = {
        "resourceGroupName": UNKNOWN,
        "accountName": "a",
        "location": "x",
        "tags": {"key": Secret("hidden")},
        "properties": {"customSubDomainName": UNKNOWN},
    }
    assert engine.check(ACCOUNT, inputs) == (inputs, {})


def test_a_secret_is_checked_like_any_value(engine):
    _, failures = engine.check(ACCOUNT, {"resourceGroupName": "g", "location": "x", "kind": Secret(7)})
    assert failures == {"kind": "must be a string, got 7"}


def test_names_are_made_up_with_a_suffix_in_a_group_and_copied_below_a_parent(engine):
    account, _ = engine.check(ACCOUNT, {"resourceGroupName": "g", "location": "x"}, name="acc")
    assert account["accountName"].startswith("acc")
    assert len(account["accountName"]) == len("acc") + 8
    again, _ = engine.check(ACCOUNT, {"resourceGroupName": "g", "location": "x"}, name="acc")
    assert again["accountName"] == account["accountName"]
    other, _ = engine.check(ACCOUNT, {"resourceGroupName": "g", "location": "x"}, name="acc", seed=b"other")
    assert other["accountName"] != account["accountName"]
    group, _ = engine.check("resources:ResourceGroup", {}, name="rg")
    assert group["resourceGroupName"].startswith("rg")
    assert len(group["resourceGroupName"]) == len("rg") + 8
    queue, _ = engine.check("storage:Queue", {"resourceGroupName": "g", "accountName": "a"}, name="tasks")
    assert queue["queueName"] == "tasks"


def test_a_role_assignment_gets_a_uuid(engine):
    inputs = {"principalId": "p", "principalType": "User", "roleDefinitionId": "r", "scope": "/s"}
    checked, failures = engine.check("authorization:RoleAssignment", inputs)
    assert failures == {}
    assert len(checked["roleAssignmentName"].split("-")) == 5


def test_a_name_once_made_up_is_kept(engine):
    checked, _ = engine.check(
        ACCOUNT, {"resourceGroupName": "g", "location": "x"}, {"accountName": "acc1234"}
    )
    assert checked["accountName"] == "acc1234"


def test_the_location_is_the_groups_then_the_configured_one(engine, arm):
    inputs = {"resourceGroupName": "g", "accountName": "a"}
    assert engine.check(ACCOUNT, inputs)[0]["location"] == "westeurope"
    arm.put(
        "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/g", {"location": "norwayeast"}
    )
    assert engine.check(ACCOUNT, inputs)[0]["location"] == "norwayeast"
    assert engine.check(ACCOUNT, inputs, {"location": "eastus"})[0]["location"] == "eastus"
    assert engine.check(ACCOUNT, {**inputs, "location": "uksouth"})[0]["location"] == "uksouth"


def test_the_location_is_unknown_while_the_group_is(engine, arm):
    checked, _ = engine.check(ACCOUNT, {"resourceGroupName": UNKNOWN, "accountName": "a"})
    assert checked["location"] is UNKNOWN
    assert arm.seen == []


def test_kinds_without_a_location_get_none(engine):
    checked, _ = engine.check("storage:Queue", {"resourceGroupName": "g", "accountName": "a"})
    assert "location" not in checked


def test_a_token_that_is_not_served_is_named(engine):
    with pytest.raises(grpc.RpcError) as error:
        engine.check("compute:VirtualMachine", {})
    assert "azure-native:compute:VirtualMachine isn't served" in error.value.details()
    assert "cognitiveservices.Account" in error.value.details()
