"""Parts that are somebody else's."""

from __future__ import annotations

import pytest
from declared import agent, basic, manifest, standard, store

from foundry import model

_THEIRS = "/subscriptions/s/resourceGroups/theirs/providers"


def test_a_resource_group_that_exists_is_used_and_not_made(stand_up):
    group = model.ResourceGroup(id="/subscriptions/s/resourceGroups/theirs")
    world = stand_up(basic(resource_group=group))

    assert world.of("ResourceGroup") == []
    assert world.one("Account").inputs["resourceGroupName"] == "theirs"


def test_an_account_that_exists_gets_our_projects_in_its_own_resource_group(stand_up):
    theirs = model.Account(id=f"{_THEIRS}/Microsoft.CognitiveServices/accounts/shared")
    world = stand_up(basic(account=theirs))

    assert world.of("Account") == []
    project = world.one("Project").inputs
    assert (project["accountName"], project["resourceGroupName"]) == ("shared", "theirs")


@pytest.mark.parametrize(
    ("part", "kind", "value"),
    [
        ("storage", "StorageAccount", model.Storage(id=f"{_THEIRS}/Microsoft.Storage/storageAccounts/x")),
        ("search", "Service", model.Search(id=f"{_THEIRS}/Microsoft.Search/searchServices/x")),
        (
            "thread_store",
            "DatabaseAccount",
            model.ThreadStore(id=f"{_THEIRS}/Microsoft.DocumentDB/databaseAccounts/x"),
        ),
    ],
)
def test_a_store_that_exists_is_connected_and_not_made(stand_up, part, kind, value):
    world = stand_up(standard(**{part: value}))

    assert world.of(kind) == []
    connected = {
        each.inputs["properties"]["metadata"]["ResourceId"] for each in world.of("ProjectConnection")
    }
    assert value.id in connected


def test_on_somebody_else_s_platform_only_agents_and_stores_are_made(stand_up):
    endpoint = "https://theirs.ai.example/api/projects/support"
    existing = basic(existing=model.Existing(project_endpoint=endpoint), projects={}, deployments=())
    searching = agent("care", model.Tool("h", "file_search", {"vector_stores": ["handbook"]}))
    world = stand_up(manifest(existing, agents=(searching,), vector_stores=(store("handbook", "a.md"),)))

    assert {each.kind for each in world.resources} == {"FoundryEnvironment", "File", "VectorStore", "Agent"}
    assert world.reads == []
    made = world.one("Agent")
    assert (made.inputs["endpoint"], made.inputs["project"]) == (endpoint, endpoint)
    assert made.options.deletedWith == ""
    assert world.outputs["projectEndpoint"] == endpoint


def test_a_connection_of_somebody_else_s_project_is_looked_up_by_its_name(stand_up):
    existing = basic(existing=model.Existing(project_endpoint="https://x"), projects={}, deployments=())
    grounded = agent("care", model.Tool("web", "bing_grounding", {"connection": "bing"}))

    world = stand_up(manifest(existing, agents=(grounded,)))

    assert world.one("Agent").inputs["definition"]["tools"][0]["connection_id"] == "https://x bing"


def test_a_queue_of_another_stack_is_taken_from_its_outputs(stand_up):
    existing = basic(existing=model.Existing(stack="us/platform/prod"), projects={}, deployments=())
    ends = {"input_queue": "orders", "output_queue": "answers"}
    asking = agent("care", model.Tool("ask", "azure_function", {"parameters": {}, **ends}))

    world = stand_up(manifest(existing, agents=(asking,)))

    assert world.one("Agent").inputs["definition"]["tools"][0]["input_queue"] == {
        "endpoint": "https://q.example",
        "queue_name": "orders",
    }


def test_what_the_stack_does_not_make_is_told_by_its_name(stand_up):
    existing = basic(existing=model.Existing(project_endpoint="https://x"), projects={}, deployments=())
    ends = {"input_queue": "orders", "output_queue": "answers"}
    asking = agent("care", model.Tool("ask", "azure_function", {"parameters": {}, **ends}))

    with pytest.raises(model.FoundryError, match=r"this stack makes no queue called orders; declare"):
        stand_up(manifest(existing, agents=(asking,)))
