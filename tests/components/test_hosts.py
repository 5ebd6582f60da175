from __future__ import annotations

from datetime import UTC, datetime

import pytest
from declared import standard

from components.access import time_to_settle
from foundry import model

_NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def test_hosts_keep_their_settings_in_bags_of_their_own_names(stand_up):
    world = stand_up(standard())

    account, project = world.one("AccountCapabilityHost").inputs, world.one("ProjectCapabilityHost").inputs
    assert account["capabilityHostProperties"] == {"capabilityHostKind": "Agents"}
    assert project["projectCapabilityHostProperties"] == {
        "threadStorageConnections": ["cosmos"],
        "vectorStoreConnections": ["search"],
        "storageConnections": ["storage"],
    }


def test_a_changed_host_is_replaced_and_the_old_one_goes_first(stand_up):
    world = stand_up(standard())

    for kind, bag in (
        ("AccountCapabilityHost", "capabilityHostProperties"),
        ("ProjectCapabilityHost", "projectCapabilityHostProperties"),
    ):
        options = world.one(kind).options
        assert list(options.replaceOnChanges) == [bag]
        assert options.deleteBeforeReplace


def test_every_azure_resource_goes_before_its_replacement_because_both_have_one_name(stand_up):
    azure = [each for each in stand_up(standard()).resources if each.type.startswith("azure-native:")]

    assert azure
    assert [each.name for each in azure if not each.options.deleteBeforeReplace] == []


def test_another_model_under_a_deployment_s_name_replaces_it(stand_up):
    deployment = stand_up(standard()).one("Deployment", "chat")

    assert list(deployment.options.replaceOnChanges) == ["properties.model.format", "properties.model.name"]


def test_each_project_has_a_host_and_the_account_has_one(stand_up):
    two = {name: model.Project(name, name, name) for name in ("support", "sales")}
    world = stand_up(standard(projects=two))

    assert [each.name for each in world.of("AccountCapabilityHost")] == ["account-host"]
    assert sorted(each.inputs["projectName"] for each in world.of("ProjectCapabilityHost")) == [
        "sales",
        "support",
    ]


@pytest.mark.parametrize(
    ("created", "seconds", "reason"),
    [
        (["2026-03-01T11:59:50Z", "2026-02-01T00:00:00Z"], 50, "the newest assignment counts"),
        (["2026-03-01T11:00:00+00:00"], 0, "an old assignment has long taken effect"),
        ([None], 60, "without a time it may have been made just now"),
        (["2026-03-01T13:00:00Z"], 60, "a clock that runs ahead never makes the wait longer"),
    ],
)
def test_a_host_waits_until_its_roles_have_taken_effect(created, seconds, reason):
    assert time_to_settle(created, _NOW, 60) == seconds, reason
