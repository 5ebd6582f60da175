"""A small program of one file, one vector store and one agent, run by the real Pulumi CLI.

A run of the CLI takes seconds, so each test takes one stack through several of them; `unchanged` fails on any change.
"""

import pytest

pytestmark = pytest.mark.pulumi_cli

AGENT = "urn:pulumi:dev::shop::pulumi-python:dynamic/foundry:Agent::order-desk"


def test_a_stack_through_its_life(stack):
    stack.up()
    made = stack.outputs()
    client = stack.official()
    live = client.get_agent(made["agent"])
    assert live.instructions == "Answer from the handbook."
    assert live.tool_resources.file_search.vector_store_ids == [made["store"]]
    stack.unchanged()

    # Drift is shown by a plain preview and repaired by up.
    client.update_agent(made["agent"], instructions="Edited in the portal.")
    assert "Edited in the portal." in stack.preview()
    stack.up()
    assert client.get_agent(made["agent"]).instructions == "Answer from the handbook."

    # A changed file is swapped inside the store, and the old one deleted.
    (stack.folder / "knowledge/returns.md").write_text("Returns within 60 days.\n")
    stack.up()
    assert stack.outputs() == made
    files = client.files.list().data
    assert [one.id for one in client.vector_store_files.list(made["store"])] == [file.id for file in files]
    assert len(files) == 1

    # What was deleted outside is made again.
    client.delete_agent(made["agent"])
    stack.up()
    assert stack.outputs()["agent"] != made["agent"]
    stack.unchanged()

    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert [*client.list_agents(), *client.vector_stores.list(), *client.files.list().data] == []


def test_the_live_object_outlives_replacements_renames_and_moves(stack):
    stack.up()
    agent = stack.outputs()["agent"]
    client = stack.official()

    def is_the_same() -> None:
        assert stack.outputs()["agent"] == agent
        assert [one.id for one in client.list_agents()] == [agent]
        stack.unchanged()

    stack.up("--replace", AGENT)
    is_the_same()

    stack.told["room"] = "upstairs"
    stack.up()
    is_the_same()

    stack.told |= {"name": "front-desk", "previous_names": ["order-desk"]}
    stack.up()
    is_the_same()
    assert " front-desk " in client.get_agent(agent).metadata["foundry-as-code"]

    # Without an alias it is another agent: the new one stays, the old one goes.
    stack.told |= {"name": "back-desk", "previous_names": []}
    stack.up()
    assert [one.id for one in client.list_agents()] == [stack.outputs()["agent"]]
    stack.unchanged()


def test_a_versioned_agent_outlives_replacements_renames_and_moves(stack):
    """Its name is its identity, so whatever replaces it is the same agent, and must outlive the deletion of what it replaced."""
    stack.told["dialect"] = "versioned"
    stack.up()
    client = stack.projects()
    assert client.agents.get("desk").versions.latest.version == "1"

    stack.up("--replace", AGENT.replace("Agent::", "VersionedAgent::"))
    assert [one.name for one in client.agents.list()] == ["desk"]

    # A new declared name and a new parent at once, without an alias.
    stack.told |= {"room": "upstairs", "name": "back-desk"}
    stack.up()
    stack.unchanged()
    assert stack.outputs()["agent"] == "desk"
    assert " back-desk " in client.agents.get("desk").versions.latest.metadata["foundry-as-code"]

    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert list(client.agents.list()) == []
    # The emulator shows stores and files of both dialects to either.
    assert [*stack.official().vector_stores.list(), *stack.official().files.list().data] == []


def test_a_failed_up_shows_the_service_error_and_no_traceback(stack):
    refusal = {"status": 400, "code": "invalid_request", "message": "The model is on holiday."}
    plan = [{"match": {"method": "POST", "path": "/assistants$"}, "action": refusal}]
    stack.control("PUT", "/faults", plan)

    shown = stack.up(fails=True)

    assert "The model is on holiday." in shown
    assert "create agent desk" in shown
    assert "status 400" in shown
    assert "Traceback" not in shown
