"""`fac import --from` and `fac export --to`: an agent's way through another tool's file, told with what is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.day_two.conftest import git

CLERK = """\
kind: prompt
name: Invoice Clerk
model: {id: chat, provider: azure, options: {temperature: 0.2}}
instructions: |
  Use only the attached invoices.
  Say ${nothing} else.
tools:
  - {name: docs, kind: mcp, serverName: docs, connection: {kind: anonymous, endpoint: "https://learn.microsoft.com/api/mcp"}, approvalMode: {kind: never}}
"""


@pytest.fixture
def cleaned(up: Any) -> Iterator[Any]:
    yield up
    git(up, "checkout", "-q", "--", "stacks")
    git(up, "clean", "-fdq", "--", "stacks")


def test_a_file_of_another_tool_becomes_a_declaration_that_is_sound(cleaned: Any, tmp_path: Path) -> None:
    (tmp_path / "clerk.yaml").write_text(CLERK)
    told = cleaned.fac("import", "--from", str(tmp_path / "clerk.yaml"))
    assert "as AgentSchema" in told
    assert "not translated: model.provider" in told
    assert "Agent  invoice-clerk  stacks/sandbox/agents/invoice-clerk.yaml" in told
    prompt = cleaned.root / "stacks/sandbox/prompts/invoice-clerk.md"
    assert prompt.read_text() == "Use only the attached invoices.\nSay ${nothing} else.\n"
    assert (
        "service_name: Invoice Clerk"
        in (cleaned.root / "stacks/sandbox/agents/invoice-clerk.yaml").read_text()
    )
    assert "is fine: 9 agents" in cleaned.fac("validate")
    again = cleaned.fac("import", "--from", str(tmp_path / "clerk.yaml"))
    assert "invoice-clerk-2" in again


def test_a_misspelt_field_is_told_with_its_place_and_nothing_is_written(cleaned: Any, tmp_path: Path) -> None:
    (tmp_path / "clerk.yaml").write_text(CLERK.replace("serverName", "serverNam"))
    code, printed = cleaned.run("import", "--from", str(tmp_path / "clerk.yaml"))
    assert code == 1
    assert "clerk.yaml:8:" in printed
    assert "did you mean `serverName`" in printed
    assert git(cleaned, "status", "--porcelain", "--", "stacks") == ""


def test_an_agent_is_written_with_the_ids_that_the_stack_made(up: Any, tmp_path: Path) -> None:
    told = up.fac("export", "customer-care", "--to", "vscode", "-o", str(tmp_path / "care.yaml"))
    assert "not translated: tools.handbook.max_num_results" in told
    assert up.outputs()["vectorStores"]["handbook"] in (tmp_path / "care.yaml").read_text()
    up.fac("export", "parcel-tracker", "--to", "agentschema", "-o", str(tmp_path / "parcels.yaml"))
    spec = json.loads((tmp_path / "parcel-tracker-parcels.openapi.json").read_text())
    assert spec["servers"] == [{"url": "https://parcels.sandbox.harrowmoor.example/v1"}]


def test_the_body_for_the_official_client_makes_the_same_agent(up: Any, tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    up.fac("export", "quote-desk", "--to", "sdk", "-o", str(path))
    made = up.python(f"""
import json, os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
live = next(agent for agent in client.list_agents() if agent.name == "quote-desk")
copy = client.create_agent(body=json.load(open({str(path)!r})))
client.delete_agent(copy.id)
print([key for key in ("model", "instructions", "temperature", "tools", "tool_resources") if live.as_dict().get(key) != copy.as_dict().get(key)])
""")
    assert made.strip() == "[]"


def test_a_format_that_needs_files_beside_it_needs_a_place(up: Any) -> None:
    code, printed = up.run("export", "parcel-tracker", "--to", "agentschema")
    assert code == 1
    assert "-o FILE" in printed
