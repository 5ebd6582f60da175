"""The service takes agents and stores without a name; a declaration has one, and an import says that it is new."""

from __future__ import annotations

import pytest

from foundry.service.live import LiveAgent, LiveStore
from foundry.transfer.declared import agent_declaration
from foundry.transfer.declared_stores import store_declaration
from foundry.transfer.names import Names


@pytest.mark.parametrize("name", [None, ""])
def test_an_agent_without_a_name_gets_one_with_a_note(name: str | None) -> None:
    live = LiveAgent("asst_1", 0, {"name": name, "model": "chat"}, {})
    made = agent_declaration("agent", live, Names(), adopt="asst_1")
    assert "service_name" not in made.tree
    assert made.notes == (
        "name: the live one has none, and a declaration has one: taking it up gives it this name",
    )


def test_a_store_without_a_name_gets_one_with_a_note() -> None:
    live = LiveStore("vs_1", 0, "", "completed", {}, None, {})
    made = store_declaration("store", live, {"../a.md": {}}, adopt="vs_1")
    assert "service_name" not in made.tree
    assert [note.partition(":")[0] for note in made.notes] == ["name"]


def test_what_has_a_name_is_told_without_a_note() -> None:
    live = LiveAgent("asst_1", 0, {"name": "Desk", "model": "chat"}, {})
    made = agent_declaration("desk", live, Names(), adopt="asst_1")
    assert made.tree["service_name"] == "Desk"
    assert made.notes == ()
