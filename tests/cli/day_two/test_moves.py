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

RULES = "kind: VectorStore\nname: rules\nfiles: [../knowledge/rules.md]\n"
GUIDE = "kind: Agent\nname: guide\ndialect: versioned\nmodel: chat\ninstructions: Show the way.\n"

LIVE = """
import json, os
from azure.ai.agents import AgentsClient
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
credential = DefaultAzureCredential()
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], credential)
projects = AIProjectClient(os.environ["PROJECT_ENDPOINT"], credential)
found = {}

def tell(name, body):
    if name in ("orders", "desk", "rules", "guide"):
        owner = body["metadata"].pop("foundry-as-code", "").split(" ")[1:4:2]
        found[name] = {"owner": owner, "body": {key: body.get(key) for key in KEYS}}

KEYS = ("id", "name", "model", "instructions", "tools", "tool_resources", "definition", "metadata")
for agent in client.list_agents():
    tell(agent.name, agent.as_dict())
for store in client.vector_stores.list():
    tell(store.name, store.as_dict())
for agent in projects.agents.list():
    tell(agent.name, {**agent.versions.latest.as_dict(), "id": agent.id})
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


def adopting(identifier: str) -> str:
    return f"lifecycle: {{adopt: {{id: {identifier}, from: foundry-as-code/first}}}}\n"


def test_things_are_renamed_and_then_a_stack_is_split_with_nothing_made_anew(
    up: Any, two: tuple[Path, Path]
) -> None:
    first, second = two
    for folder in two:
        for below in ("vector-stores", "knowledge"):
            (folder / below).mkdir()
        (folder / "knowledge/rules.md").write_text("Thirty days.\n")
    searching = ORDERS + "tools: {rules: {type: file_search, vector_stores: [%s]}}\n"
    (first / "vector-stores/rules.yaml").write_text(RULES)
    (first / "agents/orders.yaml").write_text(searching % "rules")
    (first / "agents/desk.yaml").write_text(DESK)
    (first / "agents/guide.yaml").write_text(GUIDE)
    up.fac("up", "--yes", "-s", "first")
    owners, bodies = live(up)
    assert owners == {name: ["foundry-as-code/first", name] for name in ("orders", "desk", "rules", "guide")}

    # New names for the declarations; what callers see stays.
    def renamed(document: str, name: str) -> str:
        return document.replace(f"name: {name}\n", f"name: {name}-now\nservice_name: {name}\n", 1)

    def previously(name: str) -> str:
        return f"lifecycle: {{previous_names: [{name}]}}\n"

    (first / "vector-stores/rules.yaml").write_text(renamed(RULES, "rules") + previously("rules"))
    orders = renamed(searching % "rules-now", "orders")
    (first / "agents/orders.yaml").write_text(orders + previously("orders"))
    (first / "agents/guide.yaml").write_text(renamed(GUIDE, "guide") + previously("guide"))
    (first / "agents/desk.yaml").write_text(DESK.replace("agent: orders", "agent: orders-now"))
    up.fac("up", "--yes", "-s", "first")
    owners, after = live(up)
    assert owners == {
        "desk": ["foundry-as-code/first", "desk"],
        **{name: ["foundry-as-code/first", f"{name}-now"] for name in ("orders", "rules", "guide")},
    }
    assert after == bodies

    # The split: some go to a stack of their own; the agent that stays refers to one of them by id.
    ids = {name: body["id"] for name, body in bodies.items()}
    for path in ("vector-stores/rules.yaml", "agents/orders.yaml", "agents/guide.yaml"):
        (first / path).unlink()
    (second / "vector-stores/rules.yaml").write_text(renamed(RULES, "rules") + adopting(ids["rules"]))
    (second / "agents/orders.yaml").write_text(orders + adopting(ids["orders"]))
    (second / "agents/guide.yaml").write_text(renamed(GUIDE, "guide") + adopting(ids["guide"]))
    (first / "agents/desk.yaml").write_text(DESK.replace("agent: orders", f"agent_id: {ids['orders']}"))
    up.fac("up", "--yes", "-s", "second")
    up.fac("up", "--yes", "-s", "first")
    owners, after = live(up)
    assert owners == {
        "desk": ["foundry-as-code/first", "desk"],
        **{name: ["foundry-as-code/second", f"{name}-now"] for name in ("orders", "rules", "guide")},
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
