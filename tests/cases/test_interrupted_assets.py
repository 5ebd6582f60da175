"""What test_interrupted.py holds for the classic dialect, for index assets and the agents that search by them."""

import pytest
from azure.ai.projects import AIProjectClient

from tests.cases.test_interrupted import dying_at
from tests.cases.test_interrupted_versioned import begun, changing

INDEX = """\
kind: SearchIndex
name: products
service_name: products-interrupted
definition:
  fields:
    - {name: id, type: Edm.String, key: true}
    - {name: title, type: Edm.String, searchable: true}
    - {name: embedding, type: Collection(Edm.Single), searchable: true, dimensions: 3, vectorSearchProfile: p}
  vectorSearch: {algorithms: [{name: h, kind: hnsw}], profiles: [{name: p, algorithm: h}]}
"""
AGENT = """\
kind: Agent
name: desk
model: chat
tools: {stock: {type: azure_ai_search, %s: products}}
"""
REGISTERED = {"index.yaml": f"{INDEX}asset: true\n", "desk.yaml": AGENT % "index_asset"}
MAPPED = {
    "index.yaml": f"{INDEX}asset: {{tags: {{a: b}}, field_mapping: {{content_fields: [title]}}}}\n",
    "desk.yaml": AGENT % "index_asset",
}
NOT_ANY_MORE = {"index.yaml": INDEX, "desk.yaml": AGENT % "index"}
SCENARIOS = {"changed": (REGISTERED, MAPPED), "ended": (MAPPED, NOT_ANY_MORE)}


@pytest.fixture(autouse=True)
def no_index_left(search_endpoint, world):
    """The search service is the same for all tests."""
    yield
    service = world.session().services.search(search_endpoint)
    for body in service.list_indexes():
        if body["name"] == "products-interrupted":
            service.delete_index(body["name"], body["@odata.etag"])


def assert_live_is_declared(stack):
    """There is one version of each declared asset, the agent searches by it, and nothing is left to change."""
    client = AIProjectClient(stack.world.endpoint, stack.world.credential())
    live = {
        f"{one.name}/versions/{one.version}" for one in client.indexes.list_versions("products-interrupted")
    }
    assert live == {held.id for (kind, _), held in stack.state.items() if kind == "IndexAsset"}
    (tool,) = client.agents.get("desk").versions.latest.definition.tools
    named = {one.index_asset_id for one in tool.azure_ai_search.indexes if one.index_asset_id}
    assert named == live
    assert stack.preview() == {}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_whatever_request_a_run_ends_at_the_next_one_puts_it_right(
    stack, new_stack, standard_setup, scenario
):
    standard_setup()
    before, after = SCENARIOS[scenario]
    moments = changing(stack, before, after)
    assert_live_is_declared(stack)
    stack.destroy()
    for nth in moments:
        one = begun(new_stack(), before, after)
        with dying_at(nth):
            one.up()
        one.up(one.world.session(pending=True, look_up=1.0))
        assert_live_is_declared(one)
        one.destroy()
