"""`fac history` tells what was applied by which commit; `fac rollback` writes the declaration of then into the files."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.day_two.conftest import forget, git, small_stack

SERVED = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
client = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
agent = client.agents.get("stack-helper").as_dict()
rules = (agent.get("agent_endpoint") or {}).get("version_selector", {}).get("version_selection_rules", [])
print(agent["state"], [(rule["agent_version"], rule["traffic_percentage"]) for rule in rules])
"""

ENABLE = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()).agents.enable("stack-helper")
"""

CARE = """\
kind: Agent
name: care
model: chat
instructions: {file: ../prompts/care.md, interpolate: true}
temperature: 0.1    # cool
"""
HELPER = """\
kind: Agent
name: stack-helper
dialect: versioned
model: chat
instructions: Help.     # short
"""
SKILL = """\
kind: Skill
name: told-returns
description: How a return is handled
instructions: Ask for the number.
"""
STANDS = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
skill = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential(), allow_preview=True).beta.skills.get("told-returns")
print(skill.default_version, skill.latest_version)
"""
PROMPT = "You answer for the stack ${stack}.\nBe brief.\n"


@pytest.fixture
def told(up: Any) -> Iterator[Path]:
    folder = small_stack(up, "told", "66666666-6666-4666-8666-666666666666")
    (folder / "prompts").mkdir()
    (folder / "prompts/care.md").write_text(PROMPT)
    (folder / "agents/care.yaml").write_text(CARE)
    (folder / "agents/stack-helper.yaml").write_text(HELPER)
    (folder / "skills").mkdir()
    (folder / "skills/told-returns.yaml").write_text(SKILL)
    git(up, "add", "-A")
    git(up, "commit", "-q", "-m", "Two agents")
    yield folder
    forget(up, "told")
    git(up, "add", "-A")
    git(up, "commit", "-q", "-m", "As it was")


def test_what_a_commit_applied_is_told_and_can_be_taken_back_in_the_files(up: Any, told: Path) -> None:
    before = git(up, "rev-parse", "HEAD").strip()
    up.fac("up", "--yes", "-s", "told")
    (told / "agents/care.yaml").write_text(CARE.replace("0.1 ", "0.3 "))
    (told / "prompts/care.md").write_text(PROMPT.replace("Be brief.", "Be warm."))
    (told / "agents/stack-helper.yaml").write_text(HELPER.replace("Help.", "Help warmly."))
    (told / "skills/told-returns.yaml").write_text(SKILL.replace("number", "name"))
    git(up, "commit", "-q", "-a", "-m", "Warmer answers")
    after = git(up, "rev-parse", "HEAD").strip()
    up.fac("up", "--yes", "-s", "told")

    newest, oldest = json.loads(up.fac("history", "care", "--json", "-s", "told"))
    assert newest["changed"] == ["instructions", "temperature"]
    assert (newest["commit"], newest["subject"], newest["uncommittedChanges"]) == (
        after,
        "Warmer answers",
        False,
    )
    assert (oldest["commit"], oldest["changed"]) == (before, ["made"])
    assert newest["id"] == oldest["id"]
    assert "instructions, temperature" in up.fac("history", "care", "-s", "told").splitlines()[0]
    printed = up.fac("rollback", "care", "--to", "previous", "-s", "told")
    assert "wrote temperature  stacks/told/agents/care.yaml" in printed
    # Places in a prompt stay places, and comments stay where they are.
    assert (told / "agents/care.yaml").read_text() == CARE
    assert (told / "prompts/care.md").read_text() == PROMPT
    printed = up.fac("rollback", "care", "--to", "previous", "-s", "told")
    assert "wrote" not in printed
    assert "says so already instructions  stacks/told/prompts/care.md" in printed
    assert "The files already say what was applied in run 1" in printed
    assert (told / "prompts/care.md").read_text() == PROMPT

    # A versioned agent keeps its versions: the way back is the traffic, and stopping it is a switch.
    newest, oldest = json.loads(up.fac("history", "stack-helper", "--json", "-s", "told"))
    assert (newest["version"], newest["changed"]) == ("2", ["instructions"])
    assert (oldest["version"], oldest["changed"]) == ("1", ["made"])
    printed = up.fac("rollback", "stack-helper", "--to", before[:8], "-s", "told")
    assert "All traffic goes to version 1" in printed
    assert up.python(SERVED).split()[0] == "enabled"
    assert "is disabled." in up.fac("disable", "stack-helper", "-s", "told")
    assert up.python(SERVED).split()[0] == "disabled"
    assert (told / "agents/stack-helper.yaml").read_text() == HELPER.replace("Help.", "Help warmly.") + (
        'endpoint:\n  traffic:\n    "1": 100\nenabled: false\n'
    )

    # So does a skill: its name goes back, and nothing new is made.
    newest, oldest = json.loads(up.fac("history", "told-returns", "--json", "-s", "told"))
    assert (newest["version"], newest["changed"]) == ("2", ["instructions"])
    printed = up.fac("rollback", "told-returns", "--to", "previous", "-s", "told")
    assert "wrote default_version  stacks/told/skills/told-returns.yaml" in printed
    assert "Skill told-returns stands for version 1, as of run 1, once it is up" in printed
    code, printed = up.run("disable", "told-returns", "-s", "told")
    assert code == 1
    assert "told-returns is a skill, which the service can't stop; take it out of the agents" in printed

    up.fac("up", "--yes", "-s", "told")
    assert up.python(SERVED).strip() == "disabled [('1', 100)]"
    assert up.python(STANDS).strip() == "1 2"
    listed = up.fac("history", "told-returns", "-s", "told").splitlines()
    assert "version 2, standing for 1: default_version" in listed[0]
    printed = up.fac("rollback", "told-returns", "--to", "previous", "-s", "told")
    assert "stands for version 2, as of run 2" in printed
    assert (told / "skills/told-returns.yaml").read_text() == SKILL.replace("number", "name")

    # Somebody lets callers reach it again: that shows, and can be kept.
    up.python(ENABLE)
    assert "enabled: false => true" in up.fac("show", "-s", "told")
    assert "wrote enabled  stacks/told/agents/stack-helper.yaml" in up.fac(
        "pull", "stack-helper", "-s", "told"
    )
    assert (told / "agents/stack-helper.yaml").read_text().endswith("\nenabled: true\n")
    assert "enabled: false => true" not in up.fac("show", "-s", "told")

    # An agent that moved to the other dialect has the history of the one that stands, and its way back.
    (told / "agents/care.yaml").write_text(CARE + "dialect: versioned\n")
    up.fac("up", "--yes", "--unchecked", "-s", "told")
    (told / "agents/care.yaml").write_text(CARE.replace("0.1 ", "0.3 ") + "dialect: versioned\n")
    up.fac("up", "--yes", "-s", "told")
    entries = json.loads(up.fac("history", "care", "--json", "-s", "told"))
    assert [(entry["version"], entry["changed"]) for entry in entries] == [
        ("2", ["temperature"]),
        ("1", ["made"]),
    ]
    assert "All traffic goes to version 1" in up.fac("rollback", "care", "--to", "previous", "-s", "told")


ZSTD = bytes.fromhex("28b52ffd")


def compressed(path: Path, suffix: str, data: bytes) -> None:
    path.with_name(path.name + suffix).write_bytes(data)
    path.unlink()


def test_a_history_that_pulumi_compressed_is_read_as_any_other(up: Any) -> None:
    folder = up.root / ".sandbox/state/.pulumi/history/foundry-as-code/sandbox"
    files = {path: path.read_bytes() for path in folder.iterdir()}
    told = up.fac("history", "customer-care", "--json")
    try:
        # Only the first run's checkpoint stays as it is: the CLI copies it as it finds it.
        first, *rest = sorted(files)
        first.rename(first.with_name(first.name + ".gz"))
        for path in rest:
            compressed(path, ".gz", gzip.compress(files[path]))
        assert up.fac("history", "customer-care", "--json") == told
        for path in list(folder.iterdir()):
            path.rename(path.with_suffix(".zst")).write_bytes(ZSTD)
        code, printed = up.run("history", "customer-care")
        assert code == 1
        assert "compressed with zstd" in printed
        assert "PULUMI_DIY_BACKEND_GZIP" in printed
    finally:
        shutil.rmtree(folder)
        folder.mkdir()
        for path, data in files.items():
            path.write_bytes(data)


@pytest.mark.pulumi_cli
def test_a_history_compressed_by_the_real_cli_is_read(up: Any, told: Path) -> None:
    def pulumi(verb: str) -> None:
        command = ["pulumi", verb, "--yes", "--skip-preview", "--stack", "told"]
        environment = {**up.environment, **up.variables(), "PULUMI_DIY_BACKEND_GZIP": "true"}
        subprocess.run(command, cwd=up.root, env=environment, check=True, capture_output=True)

    up.fac("preview", "-s", "told")
    pulumi("up")
    kept = list((up.root / ".sandbox/state/.pulumi/history/foundry-as-code/told").glob("*.gz"))
    assert len(kept) == 2
    (entry,) = json.loads(up.fac("history", "care", "--json", "-s", "told"))
    assert entry["changed"] == ["made"]
    pulumi("destroy")


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
