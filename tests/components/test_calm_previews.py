"""While an Azure resource is updated, a preview knows its id and nothing that it computes."""

from __future__ import annotations

from declared import agent, manifest, standard, store
from pulumi.runtime import rpc
from pulumi_recorder import World

from foundry import model


def _unknowns(value):
    if isinstance(value, dict):
        return any(_unknowns(each) for each in value.values())
    if isinstance(value, list):
        return any(_unknowns(each) for each in value)
    return value == rpc.UNKNOWN or type(value).__name__ == "Unknown"


def _everything() -> model.Manifest:
    tools = (
        model.Tool("handbook", "file_search", {"vector_stores": ["handbook"]}),
        model.Tool("stock", "azure_ai_search", {"index": "products"}),
        model.Tool("quote", "azure_function", {"input_queue": "quote-in", "output_queue": "quote-out"}),
    )
    vectorizer = {"name": "v", "kind": "azureOpenAI", "azureOpenAIParameters": {"deploymentId": "embeddings"}}
    index = model.SearchIndex("products", "products", {"vectorSearch": {"vectorizers": [vectorizer]}})
    told = model.Template(("Answer to ", model.QueueUrl("quote-out")))
    return manifest(
        standard(),
        agents=(agent("care", *tools, instructions=told),),
        vector_stores=(store("handbook", "a.md"),),
        search_indexes=(index,),
    )


def test_nothing_becomes_unknown_because_azure_resources_are_updated(stand_up):
    world = stand_up(_everything(), world=World(updating=True), preview=True)

    assert world.one("Agent").inputs["endpoint"].startswith("https://")
    disturbed = {
        f"{each.kind} {each.name}: {key}"
        for each in world.resources
        for key, value in each.inputs.items()
        if _unknowns(value)
    }
    assert disturbed == set()
