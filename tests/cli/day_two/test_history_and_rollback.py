"""`fac history` tells what was applied by which commit; `fac rollback` writes the declaration of then into the files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.day_two.conftest import git

SERVED = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
client = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
agent = client.agents.get("helper").as_dict()
rules = (agent.get("agent_endpoint") or {}).get("version_selector", {}).get("version_selection_rules", [])
print(agent["state"], [(rule["agent_version"], rule["traffic_percentage"]) for rule in rules])
"""


def test_what_a_commit_applied_is_told_and_can_be_taken_back_in_the_files(up: Any) -> None:
    before = git(up, "rev-parse", "HEAD").strip()
    up.change("stacks/base/agents/customer-care.yaml", "temperature: 0.1", "temperature: 0.3")
    up.change("stacks/base/prompts/quote-desk.md", "\n", "\nNew first line.\n")
    prompt = up.root / "stacks/base/prompts/customer-care.md"
    prompt.write_text(prompt.read_text() + "- Be warm.\n")
    up.change("stacks/sandbox/agents/helper.yaml", "Help. ", "Help warmly. ")
    git(up, "commit", "-q", "-a", "-m", "Warmer answers")
    after = git(up, "rev-parse", "HEAD").strip()
    up.fac("up", "--yes")
    try:
        newest, oldest = json.loads(up.fac("history", "customer-care", "--json"))
        assert newest["changed"] == ["instructions", "temperature"]
        assert (newest["commit"], newest["subject"]) == (after, "Warmer answers")
        assert oldest["changed"] == ["made"]
        assert oldest["commit"] == before
        assert newest["id"] == oldest["id"] == up.outputs()["agents"]["customer-care"]
        assert "instructions, temperature" in up.fac("history", "customer-care").splitlines()[0]

        printed = up.fac("rollback", "customer-care", "--to", "previous")
        assert "wrote temperature  stacks/base/agents/customer-care.yaml" in printed
        assert git(up, "diff", "--stat", before, "--", "stacks/base/agents", str(prompt)) == ""
        assert "New first line." in (up.root / "stacks/base/prompts/quote-desk.md").read_text()
        # Places in a prompt stay places, and a run can be named by its commit too.
        up.fac("rollback", "quote-desk", "--to", before[:8])
        assert git(up, "diff", "--stat", before, "--", "stacks/base") == ""

        # A versioned agent keeps its versions: the way back is the traffic, and stopping it is a switch.
        newest, oldest = json.loads(up.fac("history", "helper", "--json"))
        assert (newest["version"], newest["changed"]) == ("2", ["instructions"])
        assert (oldest["version"], oldest["changed"]) == ("1", ["made"])
        assert "All traffic goes to version 1" in up.fac("rollback", "helper", "--to", before[:8])
        assert up.python(SERVED).split()[0] == "enabled"
        assert "Agent helper is disabled." in up.fac("disable", "helper")
        assert up.python(SERVED).split()[0] == "disabled"
        declared = (up.root / "stacks/sandbox/agents/helper.yaml").read_text()
        assert declared.endswith(
            'instructions: Help warmly.     # short\nendpoint:\n  traffic:\n    "1": 100\nenabled: false\n'
        )
        up.fac("up", "--yes")
        assert up.python(SERVED).strip() == "disabled [('1', 100)]"
        assert json.loads(up.fac("history", "helper", "--json"))[0]["version"] == "2"
    finally:
        up.fac("enable", "helper")
        git(up, "checkout", "-q", before, "--", "stacks")
        git(up, "commit", "-q", "-m", "As it was")
        up.fac("up", "--yes")


def test_a_classic_agent_cannot_be_stopped_and_the_refusal_says_what_to_do(up: Any) -> None:
    code, printed = up.run("disable", "customer-care")
    assert code == 1
    assert "omit: true" in printed
    assert "dialect versioned" in printed
    assert git(up, "status", "--porcelain", "--", "stacks") == ""


@pytest.mark.parametrize("wanted", ["99", "beef", "yesterday"])
def test_a_run_that_is_not_kept_is_refused(up: Any, wanted: str) -> None:
    code, printed = up.run("rollback", "customer-care", "--to", wanted)
    assert code == 1
    assert "fac history" in printed
    assert "Traceback" not in printed


def test_an_agent_that_was_never_applied_has_no_history(up: Any) -> None:
    code, printed = up.run("history", "nobody")
    assert code == 1
    assert "nobody" in printed
