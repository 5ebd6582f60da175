"""Every tool of the versioned dialect: what is live becomes a declaration that asks for just that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from foundry.diff import changes
from foundry.service.protocols import LiveAgent
from foundry.transfer.declared import Names, agent_declaration
from foundry.transfer.yaml_text import yaml_text
from tests.cases.harness.case import cases
from tests.cases.harness.stack import Stack

VERSIONED = Path(__file__).resolve().parents[1] / "cases/versioned"
BY_HAND = {"workflow", "hosted"}


def live_agents(case: Path, project: str) -> dict[str, Any]:
    """The definitions that are read back, by declared name."""
    told = json.loads((case / "live.json").read_text().replace("<project>", project))
    return {
        key.split(" ", 1)[1]: definition
        for key, definition in told.items()
        if key.startswith("VersionedAgent ")
    }


@pytest.mark.parametrize(
    "case",
    [case for case in cases(VERSIONED) if case.name not in BY_HAND and live_agents(case, "")],
    ids=lambda case: case.name,
)
def test_a_live_agent_becomes_a_declaration_that_asks_for_just_that(
    stack: Stack, case: Path, tmp_path: Path
) -> None:
    found = live_agents(case, stack.world.project)
    layer = tmp_path / "imported"
    (layer / "agents").mkdir(parents=True)
    for name, definition in found.items():
        made = agent_declaration(
            name, LiveAgent(name, 0, definition, definition.get("metadata") or {}), Names(), adopt=None
        )
        assert made.lost == ()
        (layer / "agents" / f"{name}.yaml").write_text(yaml_text(made.tree))
        for path, text in made.materials.items():
            (layer / path).parent.mkdir(exist_ok=True)
            (layer / path).write_text(text)
    stack.declare(VERSIONED / "_base", layer)
    asked = dict(stack.goal({}))
    for name, definition in found.items():
        assert changes("VersionedAgent", definition, asked["VersionedAgent", name]["definition"], {}) == ()


@pytest.mark.parametrize("kind", sorted(BY_HAND))
def test_what_is_no_prompt_agent_is_told_as_lost(kind: str) -> None:
    definition = {"name": "x", kind: {"any": "thing"}}
    made = agent_declaration("x", LiveAgent("x", 0, definition, {}), Names(), adopt=None)
    assert made.lost == (f"{kind}: a declaration of this kind is written by hand",)
