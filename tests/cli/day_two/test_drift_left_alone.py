"""`on_drift: report`: what somebody changed by hand stands in every preview with its age, and no up takes it back."""

from __future__ import annotations

from typing import Any

from tests.cli.day_two.conftest import forget, small_stack

AGENT = """\
kind: Agent
name: night-desk
model: chat
instructions: Help.
temperature: 0.1
lifecycle: {on_drift: report}
"""
CHANGE = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
desk = next(agent for agent in client.list_agents() if agent.name == "night-desk")
client.update_agent(desk.id, body={"temperature": 0.9})
"""


def test_a_change_that_is_only_reported_stands_in_every_preview(up: Any) -> None:
    folder = small_stack(up, "night", "77777777-7777-4777-8777-777777777777")
    (folder / "agents/night-desk.yaml").write_text(AGENT)
    try:
        up.fac("up", "--yes", "-s", "night")
        up.python(CHANGE)
        first = up.fac("preview", "--review", "-s", "night")
        up.fac("up", "--yes", "-s", "night")
        later = up.fac("preview", "-s", "night")
        assert "- temperature: `0.1` → `0.9`" in first
        assert "changed outside, seen since " in later
        assert "left as it is, as its declaration asks (on_drift: report)" in later
        assert "temperature: 0.1 → 0.9" in later
    finally:
        forget(up, "night")
