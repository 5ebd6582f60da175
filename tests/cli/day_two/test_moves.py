"""Rename, move to another stack, split of a stack: the live objects stay what they are, and the next previews are empty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.day_two.conftest import forget, small_stack

ORDERS = "kind: Agent\nname: orders\nmodel: chat\ninstructions: Tell about orders.\n"
DESK = """\
kind: Agent
name: desk
model: chat
instructions: Hand over.
tools:
  orders: {type: connected_agent, agent: orders, description: Orders}
"""

LIVE = """
import json, os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
found = {}
for agent in client.list_agents():
    body = agent.as_dict()
    owner = body["metadata"].pop("foundry-as-code", "").split(" ")[1:4:2]
    if agent.name in ("orders", "desk"):
        found[agent.name] = {"owner": owner, "body": body}
print(json.dumps(found))
"""


@pytest.fixture
def two(up: Any) -> Iterator[tuple[Path, Path]]:
    first = small_stack(up, "first", "33333333-3333-4333-8333-333333333333")
    second = small_stack(up, "second", "44444444-4444-4444-8444-444444444444")
    yield first, second
    forget(up, "second")
    forget(up, "first")


def live(up: Any) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Who owns each agent, as stack and logical name; and the agents themselves."""
    told = json.loads(up.python(LIVE))
    return {name: one["owner"] for name, one in told.items()}, {
        name: one["body"] for name, one in told.items()
    }


def test_an_agent_is_renamed_and_then_a_stack_is_split_with_nothing_made_anew(
    up: Any, two: tuple[Path, Path]
) -> None:
    first, second = two
    (first / "agents/orders.yaml").write_text(ORDERS)
    (first / "agents/desk.yaml").write_text(DESK)
    up.fac("up", "--yes", "-s", "first")
    owners, bodies = live(up)
    assert owners == {
        "orders": ["foundry-as-code/first", "orders"],
        "desk": ["foundry-as-code/first", "desk"],
    }

    # A new name for the declaration; what callers see stays.
    renamed = ORDERS.replace("name: orders\n", "name: order-desk\nservice_name: orders\n")
    (first / "agents/orders.yaml").write_text(renamed + "lifecycle: {previous_names: [orders]}\n")
    (first / "agents/desk.yaml").write_text(DESK.replace("agent: orders", "agent: order-desk"))
    up.fac("up", "--yes", "-s", "first")
    owners, after = live(up)
    assert owners["orders"] == ["foundry-as-code/first", "order-desk"]
    assert after == bodies

    # The split: one agent goes to a stack of its own; the one that stays refers to it by id.
    identifier = bodies["orders"]["id"]
    (first / "agents/orders.yaml").unlink()
    (second / "agents/orders.yaml").write_text(
        renamed + f"lifecycle: {{adopt: {{id: {identifier}, from: foundry-as-code/first}}}}\n"
    )
    (first / "agents/desk.yaml").write_text(DESK.replace("agent: orders", f"agent_id: {identifier}"))
    up.fac("up", "--yes", "-s", "second")
    up.fac("up", "--yes", "-s", "first")
    owners, after = live(up)
    assert owners == {
        "orders": ["foundry-as-code/second", "order-desk"],
        "desk": ["foundry-as-code/first", "desk"],
    }
    assert after == bodies
    for stack in ("first", "second"):
        up.fac("preview", "--expect-no-changes", "-s", stack)
        assert "has no orphans" in up.fac("orphans", "-s", stack)


def test_a_preview_says_whose_an_agent_is_that_cannot_be_taken_over(up: Any, two: tuple[Path, Path]) -> None:
    _, second = two
    identifier = up.outputs()["agents"]["front-desk"]
    (second / "agents/taken.yaml").write_text(
        f"kind: Agent\nname: taken\nmodel: chat\nlifecycle: {{adopt: {identifier}}}\n"
    )
    told = up.fac("preview", "-s", "second")
    assert f"Agent  taken  {identifier}: refused, it belongs to foundry-as-code/sandbox" in told
