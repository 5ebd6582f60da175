from __future__ import annotations

from declared import STACK_ID, basic, standard

from foundry import model


def test_no_service_takes_keys(stand_up):
    world = stand_up(standard())

    assert world.one("Account").inputs["properties"]["disableLocalAuth"] is True
    assert world.one("StorageAccount").inputs["allowSharedKeyAccess"] is False
    assert world.one("StorageAccount").inputs["allowBlobPublicAccess"] is False
    assert world.one("Service").inputs["disableLocalAuth"] is True
    assert world.one("DatabaseAccount").inputs["disableLocalAuth"] is True
    assert world.one("Component").inputs["disableLocalAuth"] is True
    assert world.one("Workspace").inputs["features"]["disableLocalAuth"] is True


def test_search_with_keys_off_must_not_say_how_keys_are_answered(stand_up):
    assert "authOptions" not in stand_up(standard()).one("Service").inputs


def test_storage_says_what_happens_to_other_networks_instead_of_leaving_azure_s_default(stand_up):
    rules = stand_up(standard()).one("StorageAccount").inputs["networkRuleSet"]

    assert rules == {"defaultAction": "Allow", "bypass": "AzureServices"}


def test_a_closed_account_closes_its_stores_too(stand_up):
    world = stand_up(standard(account=model.Account(public_network_access=False)))

    assert world.one("Account").inputs["properties"]["networkAcls"]["defaultAction"] == "Deny"
    assert world.one("StorageAccount").inputs["networkRuleSet"]["defaultAction"] == "Deny"
    closed = [world.one(kind) for kind in ("StorageAccount", "Service", "DatabaseAccount")]
    assert {each.inputs["publicNetworkAccess"] for each in closed} == {"Disabled"}


def test_keys_of_the_account_are_a_named_relaxation(stand_up):
    world = stand_up(basic(account=model.Account(local_auth=True)))

    assert world.one("Account").inputs["properties"]["disableLocalAuth"] is False


def test_everything_that_takes_tags_gets_them(stand_up):
    world = stand_up(standard())

    kinds = {
        "ResourceGroup",
        "Account",
        "Project",
        "StorageAccount",
        "Service",
        "DatabaseAccount",
        "Workspace",
        "Component",
    }
    tags = [world.one(kind).inputs["tags"] for kind in kinds]
    assert tags == [{"team": "support", "foundry-as-code": STACK_ID}] * len(kinds)


def test_a_project_s_texts_are_never_empty_because_azure_refuses_to_empty_them(stand_up):
    world = stand_up(basic(projects={"support": model.Project("support", "", "")}))

    assert world.one("Project").inputs["properties"] == {"displayName": "support", "description": "support"}
