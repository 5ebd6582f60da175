"""An agent that the state holds and whose live mark is another stack's by now: nothing stops it, and nothing of it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.day_two.conftest import git

TAKE_OVER = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
agents = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()).agents
latest = agents.get("helper").versions.latest
words = latest.metadata["foundry-as-code"].split(" ")
words[1], words[2], words[5] = "theirs/prod", "11111111-1111-4111-8111-111111111111", "0" * 16
metadata = {**latest.metadata, "foundry-as-code": " ".join(words)}
definition = {**latest.definition.as_dict(), "instructions": "Theirs."}
print(agents.create_version("helper", definition=definition, metadata=metadata).version)
"""
GIVE_BACK = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
agents = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()).agents
print(agents.get("helper").as_dict()["state"])
agents.delete_version("helper", "VERSION")
"""


@pytest.fixture
def taken_over(up: Any) -> Iterator[Any]:
    version = up.python(TAKE_OVER).strip()
    yield up
    assert up.python(GIVE_BACK.replace("VERSION", version)).strip() == "enabled"


@pytest.mark.parametrize("command", ["disable", "enable", "pull"])
def test_an_agent_of_another_stack_is_neither_switched_nor_pulled(taken_over: Any, command: str) -> None:
    code, printed = taken_over.run(command, "helper")
    assert code == 1
    assert (
        "agent helper belongs to theirs/prod (stack id 11111111-1111-4111-8111-111111111111), not to this stack"
        in printed
    )
    assert git(taken_over, "status", "--porcelain", "--", "stacks") == ""
