"""Diff: property by property, with what forces a replacement."""

from __future__ import annotations

import pytest
from pulumi.runtime.proto import provider_pb2

from foundry.sandbox.azure_native.wire import UNKNOWN, Secret

ACCOUNT = "cognitiveservices:Account"
OLD = {
    "resourceGroupName": "g",
    "accountName": "a",
    "location": "eastus",
    "kind": "AIServices",
    "tags": {"x": "1"},
    "properties": {"networkAcls": {"ipRules": [{"value": "1"}, {"value": "2"}]}},
}


def kinds(response):
    return {
        path: provider_pb2.PropertyDiff.Kind.Name(diff.kind) for path, diff in response.detailedDiff.items()
    }


def test_equal_inputs_are_no_change(engine):
    response = engine.diff(ACCOUNT, OLD, OLD)
    assert response.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert not response.deleteBeforeReplace
    assert kinds(response) == {}


def test_each_changed_property_is_named_by_its_path(engine):
    new = {
        **OLD,
        "tags": {"x": "2", "a.b": "3"},
        "properties": {"networkAcls": {"ipRules": [{"value": "1"}]}, "disableLocalAuth": True},
        "kind": "OpenAI",
        "sku": {"name": "S0"},
    }
    response = engine.diff(ACCOUNT, OLD, new)
    assert response.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert kinds(response) == {
        "kind": "UPDATE",
        "sku": "ADD",
        'tags["a.b"]': "ADD",
        "tags.x": "UPDATE",
        "properties.disableLocalAuth": "ADD",
        "properties.networkAcls.ipRules[1]": "DELETE",
    }
    assert all(diff.inputDiff for diff in response.detailedDiff.values())
    assert list(response.diffs) == ["kind", "properties", "sku", "tags"]
    assert list(response.replaces) == []


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces"),
    [
        (ACCOUNT, OLD, {**OLD, "accountName": "b"}, ["accountName"]),
        (ACCOUNT, OLD, {**OLD, "resourceGroupName": "h"}, ["resourceGroupName"]),
        (ACCOUNT, OLD, {**OLD, "location": "westus"}, ["location"]),
        (ACCOUNT, OLD, {**OLD, "kind": "OpenAI"}, []),
        ("storage:StorageAccount", {"isHnsEnabled": False}, {"isHnsEnabled": True}, ["isHnsEnabled"]),
        ("storage:Queue", {"accountName": "a"}, {"accountName": UNKNOWN}, ["accountName"]),
        ("authorization:RoleAssignment", {"principalId": "p"}, {"principalId": "q"}, ["principalId"]),
        ("authorization:RoleAssignment", {"scope": "/a"}, {"scope": "/b"}, ["scope"]),
        ("authorization:RoleAssignment", {"roleDefinitionId": "p"}, {"roleDefinitionId": "q"}, []),
        ("network:PrivateEndpoint", {"subnet": {"id": "1"}}, {"subnet": {"id": "2"}}, ["subnet"]),
        (
            "cognitiveservices:AccountCapabilityHost",
            {"capabilityHostProperties": {"customerSubnet": "1"}},
            {"capabilityHostProperties": {"customerSubnet": "2"}},
            [],
        ),
    ],
)
def test_what_cannot_change_replaces_and_the_old_one_goes_first(engine, token, old, new, replaces):
    response = engine.diff(token, old, new)
    assert list(response.replaces) == replaces
    assert response.deleteBeforeReplace is bool(replaces)
    assert {kind for path, kind in kinds(response).items()} == {"UPDATE_REPLACE" if replaces else "UPDATE"}


def test_two_spellings_of_a_location_are_one_place(engine):
    assert (
        engine.diff(ACCOUNT, OLD, {**OLD, "location": "East US"}).changes
        == provider_pb2.DiffResponse.DIFF_NONE
    )


def test_secrets_are_compared_by_value(engine):
    kept = engine.diff(ACCOUNT, {**OLD, "kind": Secret("k")}, {**OLD, "kind": "k"})
    changed = engine.diff(ACCOUNT, {**OLD, "kind": Secret("k")}, {**OLD, "kind": Secret("l")})
    assert kept.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert kinds(changed) == {"kind": "UPDATE"}
