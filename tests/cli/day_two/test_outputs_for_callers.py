"""`fac output --format`: the contract, in three forms, beside the outputs that were always there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[3]


def schema() -> Any:
    return json.loads((ROOT / "schemas/outputs.json").read_text())


def test_the_contract_of_a_stack_that_is_up_is_what_its_schema_describes(up: Any) -> None:
    told = json.loads(up.standard_output("output", "--format", "json"))
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(told)
    exports = up.outputs()
    assert {
        name: agent.get("id") or agent["serviceName"] for name, agent in told["agents"].items()
    } == exports["agents"]
    assert told["agents"]["helper"]["version"] == exports["agentVersions"]["helper"]
    assert {name: store["id"] for name, store in told["vectorStores"].items()} == exports["vectorStores"]
    assert {agent["endpoint"] for agent in told["agents"].values()} == {exports["projectEndpoint"]}
    assert {agent["project"] for agent in told["agents"].values()} == {"service"}
    assert told["queues"] == exports["queues"]
    assert {name: one["mcpEndpoint"] for name, one in told["toolboxes"].items()} == exports["toolboxes"]
    assert {name: one["name"] for name, one in told["skills"].items()} == exports["skills"]
    assert {name: one["name"] for name, one in told["memoryStores"].items()} == exports["memoryStores"]
    assert (told["toolboxes"]["lookups"]["version"], told["skills"]["repairs"]["version"]) == ("1", "1")


def test_a_shell_reads_the_dotenv_form(up: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(up.standard_output("output", "--format", "dotenv"))
    done = subprocess.run(
        ["sh", "-c", f'. "{tmp_path}/.env" && echo "$AGENT_FRONT_DESK_ID $PROJECT_ENDPOINT"'],
        capture_output=True,
        text=True,
        check=True,
    )
    exports = up.outputs()
    assert done.stdout.split() == [exports["agents"]["front-desk"], exports["projectEndpoint"]]


def test_the_github_form_has_one_line_an_output_and_the_whole_contract_in_one(up: Any) -> None:
    lines = up.standard_output("output", "--format", "github").splitlines()
    pairs = dict(line.split("=", 1) for line in lines)
    assert len(pairs) == len(lines)
    assert pairs["agent_front_desk_id"] == up.outputs()["agents"]["front-desk"]
    assert json.loads(pairs["contract"])["version"] == int(pairs["foundry_outputs_version"]) == 1


def test_one_output_in_a_form_is_refused(up: Any) -> None:
    code, printed = up.run("output", "agents", "--format", "json")
    assert code == 1
    assert "leave out either the name or --format" in printed
