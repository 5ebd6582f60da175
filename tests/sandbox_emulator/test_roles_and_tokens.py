"""Who may do what: tokens, role assignments, data actions; azure-mgmt-authorization unmodified."""

from collections.abc import Iterator

import pytest
from azure.ai.agents import AgentsClient
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError
from azure.identity import DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import RoleAssignmentCreateParameters

from .conftest import (
    ACCOUNT,
    DEPLOYER,
    DEVELOPER,
    DEVELOPERS,
    FOUNDRY_USER,
    GROUP,
    PROJECT,
    SUBSCRIPTION,
    Wire,
)

NAME = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def role(guid: str) -> str:
    return f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


@pytest.fixture
def authorization(azure: None, wire: Wire) -> Iterator[AuthorizationManagementClient]:
    with AuthorizationManagementClient(
        DefaultAzureCredential(),
        SUBSCRIPTION.rpartition("/")[2],
        base_url=wire.serving.url,
        credential_scopes=["https://management.azure.com/.default"],
    ) as client:
        yield client


def create(
    client: AuthorizationManagementClient, name: str, guid: str = READER, principal: str = DEVELOPERS
) -> str:
    parameters = RoleAssignmentCreateParameters(
        role_definition_id=role(guid), principal_id=principal, principal_type="Group"
    )
    return str(client.role_assignments.create(GROUP, name, parameters).id)


def test_the_official_client_assigns_lists_and_deletes(
    authorization: AuthorizationManagementClient, wire: Wire
) -> None:
    wire.put(GROUP, {"location": "westus"})
    made = create(authorization, NAME)
    assert create(authorization, NAME) == made
    with pytest.raises(ResourceExistsError) as caught:
        create(authorization, OTHER)
    assert caught.value.error.code == "RoleAssignmentExists"
    with pytest.raises(HttpResponseError) as changed:
        create(authorization, NAME, FOUNDRY_USER)
    assert changed.value.error.code == "RoleAssignmentUpdateNotPermitted"
    mine = authorization.role_assignments.list_for_scope(GROUP, filter=f"principalId eq '{DEVELOPERS}'")
    assert [item.name for item in mine] == [NAME]
    through_group = authorization.role_assignments.list_for_scope(GROUP, filter=f"assignedTo('{DEVELOPER}')")
    assert [item.name for item in through_group] == [NAME]
    above = authorization.role_assignments.list_for_subscription(filter="atScope()")
    assert [item.principal_id for item in above] == [DEPLOYER]
    assert authorization.role_assignments.delete(GROUP, NAME).name == NAME
    assert authorization.role_assignments.delete(GROUP, NAME) is None


def test_role_definitions_are_found_by_name_and_by_id(authorization: AuthorizationManagementClient) -> None:
    found = list(authorization.role_definitions.list(SUBSCRIPTION, filter="roleName eq 'Foundry User'"))
    assert [item.name for item in found] == [FOUNDRY_USER]
    assert found[0].permissions[0].data_actions == ["Microsoft.CognitiveServices/*"]
    assert authorization.role_definitions.get_by_id(role(READER)).role_name == "Reader"
    assert len(list(authorization.role_definitions.list(SUBSCRIPTION))) > 40


def test_a_managed_identity_is_no_user(project: Wire) -> None:
    principal = project.get(PROJECT)["identity"]["principalId"]
    reply = project.assign(GROUP, READER, principal, NAME, principalType="User")
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "UnmatchedPrincipalType")
    assert project.assign(GROUP, READER, principal, NAME, principalType="ServicePrincipal").status_code == 201


def test_a_role_that_is_not_there_is_not_assigned(project: Wire) -> None:
    reply = project.assign(GROUP, OTHER, DEPLOYER, NAME)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "RoleDefinitionDoesNotExist")


def test_an_owner_has_no_data_actions_until_a_role_gives_them(azure: None, wire: Wire) -> None:
    wire.make_project()
    with AgentsClient(wire.project_endpoint, DefaultAzureCredential()) as client:
        with pytest.raises(ClientAuthenticationError, match="lacks the required data action") as caught:
            client.create_agent(model="m")
        assert caught.value.error.code == "PermissionDenied"
        wire.allow()
        client.create_agent(model="m")


@pytest.mark.parametrize("scope", [PROJECT, ACCOUNT, GROUP, SUBSCRIPTION])
def test_a_group_role_at_any_scope_above_reaches_its_members(wire: Wire, scope: str) -> None:
    wire.make_project()
    developer = Wire(wire.serving, "sandbox-developer")
    stranger = Wire(wire.serving, "sandbox-stranger")
    assert developer.data("GET", "/assistants").status_code == 401
    assert wire.assign(scope, FOUNDRY_USER, DEVELOPERS, NAME, principalType="Group").status_code == 201
    assert developer.data("GET", "/assistants").status_code == 200
    assert stranger.data("GET", "/assistants").json()["error"]["code"] == "PermissionDenied"


def test_a_role_beside_the_project_does_not_reach_it(wire: Wire) -> None:
    wire.make_project()
    wire.put(f"{PROJECT}2", {"location": "westus", "identity": {"type": "SystemAssigned"}})
    assert wire.assign(f"{PROJECT}2", FOUNDRY_USER, DEPLOYER, NAME).status_code == 201
    assert wire.data("GET", "/assistants").status_code == 401


def test_arm_asks_for_a_role_too(wire: Wire) -> None:
    wire.put(GROUP, {"location": "westus"})
    developer = Wire(wire.serving, "sandbox-developer")
    reply = developer.arm("GET", GROUP)
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert wire.assign(GROUP, READER, DEVELOPERS, NAME, principalType="Group").status_code == 201
    assert developer.arm("GET", GROUP).status_code == 200
    assert developer.arm("DELETE", GROUP).status_code == 403


def test_roles_may_be_late(project: Wire) -> None:
    project.control("PUT", "/faults", [{"action": {"late_roles": 3600}}])
    assert project.data("GET", "/assistants").status_code == 401
    project.control("POST", "/clock", {"advance": 3601})
    assert project.data("GET", "/assistants").status_code == 200


def test_the_token_endpoint_asks_for_its_header(wire: Wire) -> None:
    query = {"api-version": "2019-08-01", "resource": "https://ai.azure.com"}
    url = f"{wire.serving.url}/identity/token"
    assert wire.session.get(url, params=query).status_code == 401
    assert wire.session.get(url, params=query, headers={"X-IDENTITY-HEADER": "wrong"}).status_code == 401


def test_a_token_is_good_for_its_audience_and_its_time_only(project: Wire) -> None:
    path = "/accounts/contoso/api/projects/support/assistants"
    query = {"api-version": "v1"}
    for audience in ("https://management.azure.com/", "https://search.azure.com", None):
        reply = project.send("GET", path, audience, params=query)
        assert reply.status_code == 401
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    wrong = project.send("GET", GROUP, "https://ai.azure.com", params={"api-version": "2024-03-01"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "InvalidAuthenticationTokenAudience")
    token = project.token("https://ai.azure.com")
    headers = {"Authorization": f"Bearer {token}"}
    assert project.send("GET", path, None, params=query, headers=headers).status_code == 200
    forged = {"Authorization": f"Bearer {token[:-3]}AAA"}
    assert project.send("GET", path, None, params=query, headers=forged).status_code == 401
    project.control("POST", "/clock", {"advance": 90_000})
    assert project.send("GET", path, None, params=query, headers=headers).status_code == 401
