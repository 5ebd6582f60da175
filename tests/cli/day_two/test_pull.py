"""`fac pull`: an edit made in the portal becomes a change of the files that own the fields, and nothing else in them changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.day_two.conftest import git

CHANGE = """
import json, os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
before = {}
for agent in list(client.list_agents()):
    body = {key: agent.as_dict().get(key) for key in
            ("description", "instructions", "temperature", "metadata", "tools", "tool_resources", "response_format")}
    before[agent.id] = json.loads(json.dumps(body))
    if agent.name == "customer-care":
        client.update_agent(agent.id, body={
            "instructions": agent.instructions + "- Say ${please}.\\n", "temperature": 0.4, "description": None,
            "metadata": {**agent.metadata, "team": "care"},
            "tools": [{"type": "file_search", "file_search": {"max_num_results": 9}}, {"type": "code_interpreter"}],
        })
    if agent.name == "quote-desk":
        client.update_agent(agent.id, body={
            "instructions": agent.instructions.replace("\\n\\n", "\\n\\nNever promise ${price}.\\n\\n", 1)})
    if agent.name == "parcel-tracker":
        body["response_format"]["json_schema"]["schema"]["properties"]["carrier"] = {"type": "string"}
        body["tools"][0]["openapi"]["spec"]["info"]["title"] = "Parcels and pallets"
        client.update_agent(agent.id, body={"tools": body["tools"], "response_format": body["response_format"]})
print(json.dumps(before))
"""

RESTORE = """
import json, os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
for identifier, body in json.loads(BEFORE).items():
    client.update_agent(identifier, body=body)
"""


@pytest.fixture
def changed_by_hand(up: Any) -> Iterator[Any]:
    before = up.python(CHANGE)
    yield up
    up.python(RESTORE.replace("BEFORE", repr(before)))
    git(up, "checkout", "-q", "--", "stacks")


def changed_lines(up: Any) -> list[str]:
    lines = git(up, "diff", "-U0", "--", "stacks").splitlines()
    return [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))]


def test_what_was_changed_by_hand_is_in_the_files_and_the_next_preview_is_empty(changed_by_hand: Any) -> None:
    up = changed_by_hand
    assert up.fac("show").count("changed outside") == 3
    for agent in ("customer-care", "quote-desk", "parcel-tracker"):
        assert up.fac("pull", agent).startswith("wrote ")
    assert changed_lines(up) == [
        "-description: Answers from the customer handbook - returns, warranty, repairs, delivery, care, prices, privacy",
        "-temperature: 0.1",
        "-metadata: {team: customer-service, audience: customers}",
        "+temperature: 0.4",
        "+metadata: {team: care, audience: customers}",
        "-    max_num_results: 6",
        "+    max_num_results: 9",
        "+  code_interpreter: {type: code_interpreter}",
        "-    }",
        "+    },",
        '+    "carrier": {"type": "string"}',
        "-  title: Harrowmoor parcels",
        "+  title: Parcels and pallets",
        "+- Say ${please}.",
        "+Never promise $${price}.",
        "+",
    ]
    up.fac("preview", "--expect-no-changes")
    assert "changed outside" not in up.fac("show")


def test_an_agent_that_nobody_changed_is_left_alone(up: Any) -> None:
    assert "Nothing was changed on agent front-desk" in up.fac("pull", "front-desk")
    assert changed_lines(up) == []


def test_an_agent_that_is_not_declared_is_refused_with_those_that_are(up: Any) -> None:
    code, printed = up.run("pull", "desk")
    assert code == 1
    assert "front-desk" in printed
