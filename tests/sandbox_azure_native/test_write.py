"""Create, update and delete: what ARM is sent, and what becomes of its answers."""

from __future__ import annotations

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from foundry.sandbox.azure_native.wire import UNKNOWN, Secret, decode, has_unknown

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/g"
ACCOUNT = "cognitiveservices:Account"
ACCOUNT_ID = GROUP + "/providers/Microsoft.CognitiveServices/accounts/a"
INPUTS = {
    "resourceGroupName": "g",
    "accountName": "a",
    "location": "eastus",
    "kind": "AIServices",
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [GROUP + "/id"]},
    "properties": {"disableLocalAuth": True},
}
FAILED = {"error": {"code": "Broken", "message": "It broke."}}


def refusal(call):
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert error.value.code() is grpc.StatusCode.UNKNOWN
    assert "\n" not in error.value.details()
    return error.value


def bodies(arm):
    return [seen.body for seen in arm.seen if seen.method == "PUT"]


def test_create_looks_first_and_then_puts_with_the_sdks_api_version(engine, arm):
    arm.computed["endpoint"] = "https://a"
    arm.computed["notInTheSdk"] = 1
    identifier, outputs = engine.create(ACCOUNT, INPUTS)
    assert identifier == ACCOUNT_ID
    assert [(seen.method, seen.path, seen.api_version) for seen in arm.seen] == [
        ("GET", ACCOUNT_ID, "2025-06-01"),
        ("PUT", ACCOUNT_ID, "2025-06-01"),
    ]
    assert bodies(arm) == [
        {
            "location": "eastus",
            "kind": "AIServices",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {GROUP + "/id": {}}},
            "properties": {"disableLocalAuth": True},
        }
    ]
    assert outputs == {
        "name": "a",
        "type": "Some.Provider/things",
        "location": "eastus",
        "kind": "AIServices",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {GROUP + "/id": {}}},
        "properties": {"disableLocalAuth": True, "endpoint": "https://a"},
        "azureApiVersion": "2025-06-01",
    }


def test_create_refuses_what_exists_and_changes_nothing(engine, arm):
    arm.put(ACCOUNT_ID, {"location": "eastus"})
    error = refusal(lambda: engine.create(ACCOUNT, INPUTS))
    assert error.details() == f"cannot create already existing resource '{ACCOUNT_ID}'"
    assert arm.methods() == ["GET"]


@pytest.mark.parametrize(
    ("token", "inputs", "path", "body"),
    [
        (
            "storage:StorageAccount",
            {
                "resourceGroupName": "g",
                "accountName": "s",
                "location": "eastus",
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS"},
                "enableHttpsTrafficOnly": True,
                "networkRuleSet": {
                    "defaultAction": "Deny",
                    "ipRules": [{"iPAddressOrRange": "1.2.3.4"}],
                    "virtualNetworkRules": [{"virtualNetworkResourceId": "/v"}],
                },
            },
            GROUP + "/providers/Microsoft.Storage/storageAccounts/s",
            {
                "location": "eastus",
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS"},
                "properties": {
                    "supportsHttpsTrafficOnly": True,
                    "networkAcls": {
                        "defaultAction": "Deny",
                        "ipRules": [{"value": "1.2.3.4"}],
                        "virtualNetworkRules": [{"id": "/v"}],
                    },
                },
            },
        ),
        (
            "storage:Queue",
            {"resourceGroupName": "g", "accountName": "s", "queueName": "q", "metadata": {"a": "b"}},
            GROUP + "/providers/Microsoft.Storage/storageAccounts/s/queueServices/default/queues/q",
            {"properties": {"metadata": {"a": "b"}}},
        ),
        (
            "operationalinsights:Workspace",
            {
                "resourceGroupName": "g",
                "workspaceName": "w",
                "sku": {"name": "PerGB2018"},
                "retentionInDays": 30,
            },
            GROUP + "/providers/Microsoft.OperationalInsights/workspaces/w",
            {"properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}},
        ),
        (
            "applicationinsights:Component",
            {
                "resourceGroupName": "g",
                "resourceName": "i",
                "kind": "web",
                "applicationType": "web",
                "retentionInDays": 30,
            },
            GROUP + "/providers/Microsoft.Insights/components/i",
            {"kind": "web", "properties": {"Application_Type": "web", "RetentionInDays": 30}},
        ),
        (
            "cognitiveservices:ProjectCapabilityHost",
            {
                "resourceGroupName": "g",
                "accountName": "a",
                "projectName": "p",
                "capabilityHostName": "h",
                "projectCapabilityHostProperties": {"storageConnections": ["s"]},
            },
            ACCOUNT_ID + "/projects/p/capabilityHosts/h",
            {"properties": {"storageConnections": ["s"]}},
        ),
        (
            "authorization:RoleAssignment",
            {
                "scope": ACCOUNT_ID,
                "roleAssignmentName": "n",
                "principalId": "p",
                "principalType": "Group",
                "roleDefinitionId": "r",
            },
            ACCOUNT_ID + "/providers/Microsoft.Authorization/roleAssignments/n",
            {"properties": {"principalId": "p", "principalType": "Group", "roleDefinitionId": "r"}},
        ),
        (
            "network:VirtualNetwork",
            {
                "resourceGroupName": "g",
                "virtualNetworkName": "v",
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [
                    {
                        "name": "n",
                        "addressPrefix": "10.0.0.0/24",
                        "delegations": [{"name": "d", "serviceName": "x"}],
                    }
                ],
            },
            GROUP + "/providers/Microsoft.Network/virtualNetworks/v",
            {
                "properties": {
                    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                    "subnets": [
                        {
                            "name": "n",
                            "properties": {
                                "addressPrefix": "10.0.0.0/24",
                                "delegations": [{"name": "d", "properties": {"serviceName": "x"}}],
                            },
                        }
                    ],
                }
            },
        ),
        (
            "managedidentity:UserAssignedIdentity",
            {"resourceGroupName": "g", "resourceName": "u", "location": "eastus"},
            GROUP + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u",
            {"location": "eastus"},
        ),
        (
            "resources:Resource",
            {
                "resourceGroupName": "g",
                "resourceProviderNamespace": "Microsoft.Bing",
                "parentResourcePath": "",
                "resourceType": "accounts",
                "resourceName": "b",
                "apiVersion": "2020-06-10",
                "kind": "Bing.Grounding",
                "properties": {"statisticsEnabled": False},
            },
            GROUP + "/providers/Microsoft.Bing/accounts/b",
            {"kind": "Bing.Grounding", "properties": {"statisticsEnabled": False}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and ":" in value else "",
)
def test_bodies_are_arms_and_outputs_are_the_sdks(engine, arm, token, inputs, path, body):
    identifier, outputs = engine.create(token, inputs)
    assert identifier == path
    assert bodies(arm) == [body]
    echoed = {name: value for name, value in inputs.items() if name in outputs and name != "location"}
    assert {name: outputs[name] for name in echoed} == echoed
    unchanged = engine.read(token, identifier, outputs, inputs)
    assert unchanged == (identifier, outputs, inputs)


def test_a_generic_resource_uses_the_api_version_it_names(engine, arm):
    inputs = {
        "resourceGroupName": "g",
        "resourceProviderNamespace": "A.B",
        "parentResourcePath": "cs/c",
        "resourceType": "ds",
        "resourceName": "d",
        "apiVersion": "2020-06-10",
    }
    identifier, outputs = engine.create("resources:Resource", inputs)
    engine.read("resources:Resource", identifier, outputs, inputs)
    engine.stub.Delete(_delete("resources:Resource", identifier, inputs, engine))
    assert {seen.api_version for seen in arm.seen} == {"2020-06-10"}
    assert arm.documents == {}


def _delete(token, identifier, inputs, engine):
    from foundry.sandbox.azure_native.wire import encode

    return provider_pb2.DeleteRequest(urn=engine.urn(token), id=identifier, old_inputs=encode(inputs))


def test_a_secret_reaches_arm_in_the_clear_and_comes_back_marked(engine, arm):
    inputs = {
        "resourceGroupName": "g",
        "accountName": "a",
        "connectionName": "c",
        "properties": {"authType": "ApiKey", "target": Secret("t"), "credentials": Secret({"key": "k"})},
    }
    _, outputs = engine.create("cognitiveservices:AccountConnection", inputs)
    assert bodies(arm) == [{"properties": {"authType": "ApiKey", "target": "t", "credentials": {"key": "k"}}}]
    assert outputs["properties"] == {
        "authType": "ApiKey",
        "target": Secret("t"),
        "credentials": Secret({"key": "k"}),
    }


def test_a_previewed_create_is_inputs_and_unknowns_and_asks_nobody(engine, arm):
    identifier, outputs = engine.create(ACCOUNT, {**INPUTS, "tags": {"a": Secret("b")}}, preview=True)
    assert identifier == ""
    assert outputs["kind"] == "AIServices"
    assert outputs["tags"] == {"a": Secret("b")}
    assert outputs["name"] is UNKNOWN
    assert outputs["etag"] is UNKNOWN
    assert outputs["properties"]["disableLocalAuth"] is True
    assert outputs["properties"]["endpoint"] is UNKNOWN
    assert outputs["identity"]["principalId"] is UNKNOWN
    assert outputs["identity"]["userAssignedIdentities"] is UNKNOWN
    assert "resourceGroupName" not in outputs
    assert arm.seen == []


def test_a_previewed_update_keeps_name_and_location_and_nothing_else_it_was_not_given(engine, arm):
    old = {
        "name": "a",
        "location": "eastus",
        "etag": "1",
        "kind": "AIServices",
        "properties": {"endpoint": "e"},
    }
    news = {name: value for name, value in INPUTS.items() if name != "location"}
    outputs = engine.update(ACCOUNT, ACCOUNT_ID, old, news, preview=True)
    assert (outputs["name"], outputs["location"]) == ("a", "eastus")
    assert outputs["kind"] == "AIServices"
    assert outputs["etag"] is UNKNOWN
    assert outputs["properties"]["endpoint"] is UNKNOWN
    assert arm.seen == []


def test_update_puts_the_whole_resource(engine, arm):
    _, old = engine.create(ACCOUNT, INPUTS)
    new = engine.update(ACCOUNT, ACCOUNT_ID, old, {**INPUTS, "tags": {"a": "b"}})
    assert new["tags"] == {"a": "b"}
    assert bodies(arm)[-1]["tags"] == {"a": "b"}
    assert bodies(arm)[-1]["properties"] == {"disableLocalAuth": True}
    assert not has_unknown(new)


def test_delete_deletes_and_what_is_gone_is_deleted(engine, arm):
    engine.create(ACCOUNT, INPUTS)
    engine.delete(ACCOUNT, ACCOUNT_ID)
    assert arm.documents == {}
    arm.answers.append((404, {}, {"error": {"code": "ResourceNotFound", "message": "gone"}}))
    engine.delete(ACCOUNT, ACCOUNT_ID)


def test_a_refusal_carries_status_code_and_message(engine, arm):
    arm.answers.extend(
        [
            (0, {}, None),
            (403, {"x-ms-request-id": "r1"}, {"error": {"code": "AuthorizationFailed", "message": "No."}}),
        ]
    )
    error = refusal(lambda: engine.create(ACCOUNT, INPUTS))
    assert (
        error.details()
        == f'PUT {ACCOUNT_ID}: Status=403 Code="AuthorizationFailed" Message="No." [request r1]'
    )


def test_a_conflict_with_another_request_is_not_repeated(engine, arm):
    arm.answers.extend([(0, {}, None), (409, {}, {"error": {"code": "RequestConflict", "message": "Busy."}})])
    error = refusal(lambda: engine.create(ACCOUNT, INPUTS))
    assert 'Code="RequestConflict"' in error.details()
    assert arm.methods() == ["GET", "PUT"]


@pytest.mark.parametrize(
    "passing",
    [
        (429, {"Retry-After": "0"}, None),
        (503, {"Retry-After": "0"}, {"error": {"code": "ServerBusy", "message": ""}}),
        (409, {"Retry-After": "0"}, {"error": {"code": "AnotherOperationInProgress", "message": ""}}),
        (409, {"Retry-After": "0"}, {"error": {"code": "TransientError", "message": ""}}),
    ],
    ids=lambda passing: str(passing[0]),
)
def test_what_passes_is_repeated(engine, arm, passing):
    arm.answers.extend([(0, {}, None), passing])
    engine.create(ACCOUNT, INPUTS)
    assert arm.methods() == ["GET", "PUT", "PUT"]


def test_an_answer_lost_on_the_way_is_asked_for_again(engine, arm):
    arm.answers.extend([(0, {}, None), (-1, {}, None)])
    identifier, _ = engine.create(ACCOUNT, INPUTS)
    assert identifier == ACCOUNT_ID
    assert arm.methods() == ["GET", "PUT", "PUT"]


def test_what_does_not_pass_in_time_is_an_error(engine, arm):
    arm.answers.extend([(0, {}, None), *[(500, {"Retry-After": "0"}, FAILED)] * 9])
    error = refusal(lambda: engine.create(ACCOUNT, INPUTS))
    assert 'Status=500 Code="Broken"' in error.details()
    assert arm.methods().count("PUT") == 5


def accepted(arm, *answers):
    """ARM takes a PUT on and then answers the polls with these."""
    path = "/operations/1"
    document = arm.put(ACCOUNT_ID, {"location": "eastus", "properties": {"provisioningState": "Creating"}})
    del arm.documents[ACCOUNT_ID.lower()]
    arm.answers.extend(
        [(404, {}, None), (201, {"Azure-AsyncOperation": arm.endpoint + path + "?api-version=1"}, document)]
    )
    arm.answers.extend((200, {"Retry-After": "0"}, answer) for answer in answers)


def test_a_long_operation_is_polled_and_its_result_read(engine, arm):
    accepted(arm, {"status": "InProgress"}, {"status": "Running"}, {"status": "Succeeded"})
    arm.answers.append(
        (200, {}, {"name": "a", "properties": {"provisioningState": "Succeeded", "endpoint": "e"}})
    )
    _, outputs = engine.create(ACCOUNT, INPUTS)
    assert outputs["properties"] == {"provisioningState": "Succeeded", "endpoint": "e"}
    assert arm.methods() == ["GET", "PUT", "GET", "GET", "GET", "GET"]


def test_a_location_is_polled_until_it_no_longer_says_accepted(engine, arm):
    arm.answers.extend(
        [
            (404, {}, None),
            (202, {"Location": "/results/1"}, None),
            (202, {"Retry-After": "0"}, None),
            (200, {}, {}),
            (200, {}, {"name": "a"}),
        ]
    )
    assert engine.create(ACCOUNT, INPUTS)[1] == {"name": "a", "azureApiVersion": "2025-06-01"}
    assert [seen.path for seen in arm.seen][2:] == ["/results/1", "/results/1", ACCOUNT_ID]


def test_without_an_operation_the_resource_itself_is_polled_until_it_is_provisioned(engine, arm):
    creating = {"name": "a", "properties": {"provisioningState": "Creating"}}
    done = {"name": "a", "properties": {"provisioningState": "Succeeded"}}
    arm.answers.extend(
        [(404, {}, None), (201, {}, creating), (200, {}, creating), (200, {}, done), (200, {}, done)]
    )
    assert engine.create(ACCOUNT, INPUTS)[1]["properties"]["provisioningState"] == "Succeeded"


def details_of(error):
    metadata = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    details = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(details)
    return details


def test_a_failed_operation_tells_what_it_left_behind(engine, arm):
    accepted(arm, {"status": "Failed", "error": {"code": "Quota", "message": "None left."}})
    arm.answers.append((200, {}, {"name": "a", "properties": {"provisioningState": "Failed"}}))
    error = refusal(lambda: engine.create(ACCOUNT, INPUTS))
    assert error.details() == f'PUT {ACCOUNT_ID}: State=failed Code="Quota" Message="None left."'
    details = details_of(error)
    assert details.id == ACCOUNT_ID
    assert decode(details.properties)["properties"] == {"provisioningState": "Failed"}
    assert decode(details.inputs) == INPUTS
    assert list(details.reasons) == [error.details()]


def test_a_failed_operation_that_left_nothing_is_a_plain_error(engine, arm):
    accepted(arm, {"status": "Failed", "error": {"code": "Quota", "message": "None left."}})
    error = refusal(lambda: engine.create(ACCOUNT, INPUTS))
    assert "grpc-status-details-bin" not in dict(error.trailing_metadata())


def test_waiting_ends_with_the_reason(engine, arm):
    accepted(arm, {"status": "Running"})
    arm.answers.extend([(200, {"Retry-After": "60"}, {"status": "Running"})])
    error = refusal(lambda: engine.create(ACCOUNT, INPUTS, timeout=5))
    assert error.details().startswith(
        f"gave up after 5 s waiting for PUT {ACCOUNT_ID} to finish: its last state is 'running'"
    )


def test_a_delete_is_waited_for(engine, arm):
    arm.answers.extend(
        [
            (202, {"Azure-AsyncOperation": arm.endpoint + "/operations/2"}, None),
            (200, {"Retry-After": "0"}, {"status": "Deleting"}),
            (404, {}, None),
        ]
    )
    engine.delete(ACCOUNT, ACCOUNT_ID)
    assert arm.methods() == ["DELETE", "GET", "GET"]


def test_the_token_is_not_taken_to_another_host(engine, arm):
    arm.answers.extend([(404, {}, None), (201, {"Azure-AsyncOperation": "https://elsewhere.invalid/op"}, {})])
    error = refusal(lambda: engine.create(ACCOUNT, INPUTS))
    assert "the token isn't sent to another host" in error.details()
