"""Stacks and their settings."""

from __future__ import annotations

import pytest

from foundry.manifest import Setting, load

STACK_ID = "5f0cbb6e-6c1f-4a1e-9d3a-5be1f9a4c001"


class Given(dict):
    """Settings that a program hands over."""


def given(**changes):
    values = {
        "foundry:stackId": Setting(STACK_ID),
        "foundry:developersGroup": Setting("7d9e2b1a-1111-4222-8333-444455556666"),
        "foundry:parcelKey": Setting("", secret=True),
    }
    return Given({key: value for key, value in {**values, **changes}.items() if value is not None})


def findings(project, stack="dev", **changes):
    return [str(finding) for finding in load(project.root, stack, settings=given(**changes)).findings]


def test_an_unknown_stack_is_a_finding_that_lists_those_there_are(project):
    project.write("stacks/Pulumi.prod.yaml", "config: {}\n")
    assert project.findings("staging") == [
        "stacks/Pulumi.staging.yaml:1:1: there is no stack `staging`; the stacks are: dev, prod"
    ]
    assert project.findings("prd") == [
        "stacks/Pulumi.prd.yaml:1:1: there is no stack `prd`; did you mean `prod`?"
    ]


@pytest.mark.parametrize("stack", ["../outside", "a/b", "", "dev\0", "."])
def test_a_name_that_is_no_stack_is_never_a_path(project, stack):
    (finding,) = load(project.root, stack).findings
    assert "there is no stack" in finding.what


def test_a_folder_without_a_project_is_a_finding(tmp_path):
    assert [str(finding) for finding in load(tmp_path, "dev").findings] == [
        "Pulumi.yaml:1:1: there is no Pulumi.yaml here; run this in the folder of the Pulumi project"
    ]


def test_a_stack_with_a_folder_and_no_settings_is_known(project):
    (project.root / "stacks/qa").mkdir()
    told = project.findings("qa")
    assert told[0].startswith("stacks/Pulumi.qa.yaml:1:1: `foundry:stackId` is not set")


def test_settings_that_a_program_hands_over_take_the_place_of_the_file(project):
    (project.root / "stacks/Pulumi.dev.yaml").write_text("config: {}\n", encoding="utf-8")
    loaded = load(project.root, "dev", settings=given())
    assert loaded.findings == ()
    assert (loaded.manifest.owner.project, loaded.manifest.owner.stack, loaded.manifest.owner.stack_id) == (
        "shop",
        "dev",
        STACK_ID,
    )


def test_a_placeholder_in_any_setting_is_refused_by_name(project):
    told = findings(project, **{"azure-native:subscriptionId": Setting("<subscription id>")})
    assert len(told) == 1
    assert "`azure-native:subscriptionId` still holds the placeholder <subscription id>" in told[0]


def test_a_stack_id_must_be_a_uuid(project):
    assert "`foundry:stackId` is not a UUID" in findings(project, **{"foundry:stackId": Setting("one")})[0]


@pytest.mark.parametrize("layers", ['["base"]', "base"])
def test_layers_are_a_json_list_or_names_with_commas(project, layers):
    project.write("stacks/dev/desk.yaml", "{kind: Agent, name: desk, omit: true}\n")
    loaded = load(project.root, "dev", settings=given(**{"foundry:layers": Setting(layers)}))
    assert [agent.name for agent in loaded.manifest.agents] == ["desk"]


@pytest.mark.parametrize("layers", ["{}", "[1]", "[]", '["base", "base"]', '["../.."]'])
def test_layers_that_are_no_list_of_folders_are_a_finding(project, layers):
    assert any(
        "foundry:layers" in told or "there is no layer" in told
        for told in findings(project, **{"foundry:layers": Setting(layers)})
    )


def test_a_malformed_settings_file_is_a_finding(project):
    project.write("stacks/Pulumi.dev.yaml", "config: [\n")
    assert any(told.startswith("stacks/Pulumi.dev.yaml:2:1: malformed YAML") for told in project.findings())


def test_numbers_in_settings_are_the_text_that_was_written(project):
    project.change("stacks/Pulumi.dev.yaml", "config:\n", "config:\n  foundry:floor: 0042\n")
    project.change("stacks/base/agents/desk.yaml", "{team: service}", '{floor: "${config.floor}"}')
    assert project.load().manifest.agents[0].metadata == {"floor": "0042"}
