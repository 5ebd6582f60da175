"""What test_interrupted.py holds for the classic dialect, for search indexes with what stands beside them, and for memory stores."""

import pytest
from azure.ai.projects import AIProjectClient
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient

from tests.cases.test_interrupted import ended_at, some
from tests.cases.test_interrupted_versioned import begun, changing

INDEX = """\
kind: SearchIndex
name: products
service_name: cut-products
alias: cut-current
rebuild: behind_alias
documents: [data/products.jsonl]
synonym_maps: {cut-colours: {synonyms: "red, crimson"}}
definition:
  fields:
    - {name: id, type: Edm.String, key: true}
    - {name: title, type: Edm.String, searchable: true, synonymMaps: [cut-colours]}
    - {name: price, type: Edm.Double, filterable: true}
"""
FILLED = """\
kind: SearchIndex
name: manuals
service_name: cut-manuals
definition: {fields: [{name: id, type: Edm.String, key: true}, {name: text, type: Edm.String, searchable: true}]}
data_source: {type: azureblob, container: {name: manuals}}
skillset:
  skills:
    - name: language
      "@odata.type": "#Microsoft.Skills.Text.LanguageDetectionSkill"
      inputs: [{name: text, source: /document/content}]
      outputs: [{name: languageCode, targetName: language}]
indexer: {schedule: {interval: PT2H}}
"""
MEMORY = """\
kind: MemoryStore
name: people
service_name: cut-people
chat_model: chat
embedding_model: research
description: Who they are
"""
BEFORE = {
    "data/products.jsonl": '{"id": "1", "title": "Boots", "price": 20}\n{"id": "2", "title": "Tents", "price": 90}\n',
    "products.yaml": INDEX,
    "manuals.yaml": FILLED,
    "people.yaml": MEMORY,
}
AFTER = {
    "data/products.jsonl": '{"id": "1", "title": "Boots"}\n{"id": "3", "title": "Ropes"}\n',
    "products.yaml": INDEX.replace(
        "{name: price, type: Edm.Double", "{name: price, type: Edm.String"
    ).replace("red, crimson", "red, scarlet"),
    "manuals.yaml": FILLED.replace("PT2H", "P1D").replace("name: manuals}", "name: papers}"),
    "people.yaml": MEMORY.replace("Who they are", "Who they were"),
}
IN_PLACE = {**AFTER, "products.yaml": INDEX.replace("filterable: true", "filterable: true, facetable: true")}
SCENARIOS = {
    "first": ({}, BEFORE),
    "changed": (BEFORE, AFTER),
    "changed in place": (BEFORE, IN_PLACE),
    "ended": (AFTER, {}),
}
DOCUMENTS = {"first": {"1", "2"}, "changed": {"1", "3"}, "changed in place": {"1", "2", "3"}}


def ours(named):
    """Names of this test's, on a search service that all tests share."""
    return sorted(one.name for one in named if one.name.startswith("cut-"))


def assert_live_is_declared(stack, scenario):
    """The live set, as the official clients see it, is the declared one, and nothing is left to do."""
    credential = stack.world.credential()
    indexes = SearchIndexClient(stack.search, credential)
    indexers = SearchIndexerClient(stack.search, credential)
    declared = {one.name: one for one in stack.manifest().search_indexes}
    beside = [one for index in declared.values() for one in index.beside]

    def named(family):
        return sorted(one.name for one in beside if one.family == family)

    live = {key[1]: held.id for key, held in stack.state.items() if key[0] == "SearchIndex"}
    assert set(live) == set(declared)
    assert ours(indexes.list_indexes()) == sorted(live.values())
    aliases = {one.name: one.indexes for one in indexes.list_aliases() if one.name.startswith("cut-")}
    assert aliases == ({"cut-current": [live["products"]]} if declared else {})
    assert ours(indexes.get_synonym_maps()) == named("synonymmaps")
    assert ours(indexers.get_data_source_connections()) == named("datasources")
    assert ours(indexers.get_skillsets()) == named("skillsets")
    assert ours(indexers.get_indexers()) == named("indexers")
    if declared:
        with SearchClient(stack.search, "cut-current", credential) as documents:
            assert {one["id"] for one in documents.search("*")} == DOCUMENTS[scenario]
    memories = AIProjectClient(stack.world.endpoint, credential, allow_preview=True).beta.memory_stores.list()
    assert ours(memories) == [one.service_name for one in stack.manifest().memory_stores]
    assert stack.preview() == {}


@pytest.mark.parametrize("end", ["killed", "lost"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_whatever_request_a_run_ends_at_the_next_one_puts_it_right(stack, new_stack, scenario, end):
    before, after = SCENARIOS[scenario]
    moments = changing(stack, before, after)
    assert_live_is_declared(stack, scenario)
    stack.destroy()
    assert len(moments) > 3
    for nth in some(moments, 2 if end == "killed" else 6):
        one = begun(new_stack(), before, after)
        ended_at(one, nth, end)
        assert_live_is_declared(one, scenario)
        one.destroy()
