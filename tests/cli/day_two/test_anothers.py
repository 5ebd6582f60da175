"""An agent that the state holds and whose live mark is another stack's by now: nothing stops it, and nothing of it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.day_two.conftest import forget, git, small_stack

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


MAKE_AGAIN = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
agents = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()).agents
agents.delete("again")
"""
AGAIN = "kind: Agent\nname: again\ndialect: versioned\nmodel: chat\ninstructions: First.\n"


def test_a_version_of_an_agent_that_was_made_again_is_not_taken_for_the_one_of_then(up: Any) -> None:
    folder = small_stack(up, "again", "88888888-8888-4888-8888-888888888888")
    file = folder / "agents/again.yaml"
    try:
        file.write_text(AGAIN)
        up.fac("up", "--yes", "-s", "again")
        file.write_text(AGAIN.replace("First", "Second"))
        up.fac("up", "--yes", "-s", "again")
        up.python(MAKE_AGAIN)
        up.fac("up", "--yes", "-s", "again")
        said = file.read_text()
        code, printed = up.run("rollback", "again", "--to", "1", "-s", "again")
        assert code == 1
        assert (
            "version 1 of agent again isn't the one that run 1 left: the agent was deleted and made"
            in printed
        )
        code, printed = up.run("rollback", "again", "--to", "2", "-s", "again")
        assert (code, "agent again has no version 2 any more" in printed) == (1, True)
        assert file.read_text() == said
    finally:
        forget(up, "again")
