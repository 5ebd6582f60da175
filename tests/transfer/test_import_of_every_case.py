"""Every tool of the classic dialect: an agent made by hand becomes a declaration that changes nothing when it is taken up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from foundry.reconcile.marks import KEY
from foundry.transfer.declared import Names, agent_declaration
from foundry.transfer.yaml_text import yaml_text
from tests.cases.harness.case import cases
from tests.cases.harness.stack import Stack

CLASSIC = Path(__file__).resolve().parents[1] / "cases/classic"
QUEUES = "https://contoso.queue.core.windows.net"


def with_agents() -> list[Path]:
    return [case for case in cases(CLASSIC) if "kind: Agent" in "".join(texts(case))]


def texts(case: Path) -> list[str]:
    return [path.read_text() for path in (case / "declaration").glob("*.yaml")]


def hand_made(stack: Stack) -> None:
    """Take the marks off, as on objects that nobody ever declared."""
    client = stack.world.official()
    for agent in client.list_agents():
        kept = {key: value for key, value in agent.metadata.items() if key != KEY}
        client.update_agent(agent.id, body={"metadata": kept})


def bodies(stack: Stack) -> dict[str, Mapping[str, Any]]:
    service = stack.world.session().services.project(stack.world.endpoint)
    found = {}
    for agent in service.list_agents():
        metadata = {key: value for key, value in agent.metadata.items() if key != KEY}
        found[agent.id] = {**agent.body, "metadata": metadata}
    return found


def write(folder: Path, stack: Stack, case: Path) -> list[str]:
    """The import of everything live, as a layer; returns what it could not say."""
    service = stack.world.session().services.project(stack.world.endpoint)
    agents = {agent.id: f"desk-{number}" for number, agent in enumerate(service.list_agents())}
    indexes = [
        path for path in (case / "declaration").glob("*.yaml") if "kind: SearchIndex" in path.read_text()
    ]
    names = Names(
        agents=agents,
        indexes={"products": "products"} if indexes else {},
        search_connections={f"{stack.world.project}/connections/search".lower()},
        queues={(QUEUES, name): name for name in ("quote-in", "quote-out")},
    )
    lost: list[str] = []
    (folder / "agents").mkdir(parents=True)
    for index in indexes:
        (folder / index.name).write_text(index.read_text())
    for live in service.list_agents():
        made = agent_declaration(agents[live.id], live, names, adopt=live.id)
        lost += made.lost
        (folder / "agents" / f"{made.name}.yaml").write_text(yaml_text(made.tree))
        for path, text in made.materials.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text)
    return lost


@pytest.mark.parametrize("case", with_agents(), ids=lambda case: case.name)
def test_importing_and_taking_up_changes_nothing(
    stack: Stack, standard_setup: Any, case: Path, tmp_path: Path
) -> None:
    standard_setup()
    stack.declare(CLASSIC / "_base", case / "declaration")
    stack.up()
    hand_made(stack)
    before = bodies(stack)
    lost = write(tmp_path / "imported", stack, case)
    assert lost == []

    taken = Stack(stack.world, search=stack.search)
    taken.declare(CLASSIC / "_base", tmp_path / "imported")
    assert {planned.op for planned in taken.preview().values()} == {"create"}
    taken.up()
    assert bodies(stack) == before
    assert taken.preview() == {}
    assert {held.id for (kind, _), held in taken.state.items() if kind == "Agent"} == set(before)
