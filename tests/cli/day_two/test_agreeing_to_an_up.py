"""`fac up` on a terminal: the review comes before the question, and what is done is what was said yes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.day_two.conftest import forget, on_a_terminal, small_stack

AGENT = """\
kind: Agent
name: night-desk
model: chat
instructions: {instructions}
"""
LIVE = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
agents = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()).list_agents()
print([agent.instructions for agent in agents if agent.name == "night-desk"])
"""
CHANGE = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
agents = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
desk = next(agent for agent in agents.list_agents() if agent.name == "night-desk")
agents.update_agent(desk.id, body={"instructions": "Sleep."})
"""
QUESTION = "Do this to stack asked? yes/no:"


@pytest.fixture(params=["embedded", pytest.param("pulumi", marks=pytest.mark.pulumi_cli)])
def desk(up: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    folder = small_stack(up, "asked", "88888888-8888-4888-8888-888888888888")
    (folder / "agents/night-desk.yaml").write_text(AGENT.format(instructions="Answer at night."))
    yield replace(up, engine=request.param)
    forget(up, "asked")


def document(desk: Any) -> Path:
    return Path(desk.root, "stacks/asked/agents/night-desk.yaml")


def live(desk: Any) -> str:
    return str(desk.python(LIVE).strip())


def test_what_changed_before_the_yes_is_reviewed_and_asked_about_again(desk: Any) -> None:
    def edit() -> str:
        assert live(desk) == "[]"
        document(desk).write_text(AGENT.format(instructions="Answer by day."))
        return "yes\n"

    code, printed = on_a_terminal(desk, [edit, lambda: "yes\n"], "up", "-s", "asked")

    assert code == 0
    first, second, done = printed.split(QUESTION)
    assert "night-desk: create" in first
    assert "Answer at night." in first
    assert "has changed since that review was begun: looking again" in second
    assert "Answer by day." in second
    assert "created" in done
    assert live(desk) == "['Answer by day.']"


def test_what_somebody_changes_at_the_service_before_the_yes_is_shown_and_asked_about(desk: Any) -> None:
    desk.fac("up", "-s", "asked", "--yes")
    document(desk).write_text(AGENT.format(instructions="Answer by day."))

    def change() -> str:
        desk.python(CHANGE)
        return "yes\n"

    code, printed = on_a_terminal(desk, [change, lambda: "no\n"], "up", "-s", "asked")

    assert code == 1
    first, second, end = printed.split(QUESTION)
    assert "Drift" not in first
    assert "Changed outside since that review was begun: night-desk. Looking again." in second
    assert "Answer at night. → Sleep." in second
    assert "Nothing was changed." in end
    assert live(desk) == "['Sleep.']"
