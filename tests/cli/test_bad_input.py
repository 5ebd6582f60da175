"""What is refused, with one line a fault and nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_every_fault_is_told_at_once_and_nothing_is_started(clone: Any) -> None:
    replace(clone.root / "stacks/base/agents/order-analyst.yaml", "model:", "modle:")
    replace(
        clone.root / "stacks/base/agents/customer-care.yaml",
        "vector_stores: [handbook]",
        "vector_stores: [handbok]",
    )
    for command in (["validate"], ["up", "--yes"], ["preview"]):
        code, printed = clone.run(*command)
        assert code == 2
        assert "unknown field `modle`" in printed
        assert "unknown vector store `handbok`" in printed
        assert "Traceback" not in printed
    assert clone.has_started_nothing()


def test_placeholders_of_dev_are_refused_by_name(clone: Any) -> None:
    code, printed = clone.run("validate", "-s", "dev")
    assert code == 2
    for key in ("azure-native:subscriptionId", "foundry:location", "foundry:name", "foundry:developersGroup"):
        assert f"`{key}` still holds the placeholder" in printed


def test_dev_validates_and_previews_offline_once_four_values_are_filled_in(clone: Any) -> None:
    settings = clone.root / "stacks/Pulumi.dev.yaml"
    replace(settings, '"<subscription id>"', "11111111-1111-4111-8111-111111111111")
    replace(settings, '"<region>"', "swedencentral")
    replace(settings, '"<stem of Azure names>"', "acme-care")
    replace(settings, '"<object id of a group in Entra ID>"', "22222222-2222-4222-8222-222222222222")
    before = settings.read_text()
    clone.fac("validate", "-s", "dev")
    assert "73 to create" in clone.fac("preview", "-s", "dev", "--offline")
    assert settings.read_text() == before
    assert clone.has_started_nothing()


def test_down_is_for_stacks_on_the_sandbox_alone(clone: Any) -> None:
    code, printed = clone.run("down", "-s", "dev")
    assert code == 1
    assert "stack dev isn't on the sandbox, and `down` asks nothing" in printed
    assert "fac destroy -s dev" in printed
    code, printed = clone.run("down", "-s", "nowhere")
    assert code == 1
    assert "there is no stack 'nowhere'" in printed
    assert clone.has_started_nothing()


def test_a_cloud_stack_without_the_cli_is_told_how_to_install_it(clone: Any) -> None:
    settings = clone.root / "stacks/Pulumi.sandbox.yaml"
    replace(settings, 'foundry:sandbox: "true"', 'foundry:sandbox: "false"')
    code, printed = clone.run("preview")
    assert code == 1
    assert "install the Pulumi CLI" in printed


def test_a_stack_that_is_not_there_names_those_that_are(clone: Any) -> None:
    code, printed = clone.run("up", "-s", "prod", "--yes")
    assert code == 2
    assert "sandbox" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]"])
def test_a_report_of_what_is_no_preview_says_so(clone: Any, text: str) -> None:
    (clone.root / "p.json").write_text(text)
    code, printed = clone.run("report", "p.json")
    assert code == 1
    assert printed.startswith("fac: ")
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("text", "found"), [("- say: Hello.\n", "a list"), ("", "empty"), ("hello\n", "no mapping")]
)
def test_rules_that_are_no_mapping_are_told_with_their_file(clone: Any, text: str, found: str) -> None:
    (clone.root / "care.yaml").write_text(text)
    code, printed = clone.run("sandbox", "rules", "care.yaml")
    assert code == 1
    assert printed == (
        f"fac: care.yaml is {found}, where a mapping is wanted; write `rules:` and the list of rules below it\n"
    )
    assert clone.has_started_nothing()


def test_outputs_before_the_first_up_say_what_to_do(clone: Any) -> None:
    code, printed = clone.run("output")
    assert code == 1
    assert "fac up" in printed
