"""Synonym maps, data sources, skillsets and indexers: made once, never taken from somebody else, never written over blindly."""

import pytest
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient
from azure.search.documents.indexes.models import SynonymMap

from foundry.model import FoundryError
from foundry.reconcile import search_object

STORAGE = "ResourceId=/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a;"


@pytest.fixture
def beside(world, search_endpoint):
    def inputs(family, name, owner=None, **definition):
        return {
            "owner": owner or world.agent()["owner"],
            "name": f"products/{name}",
            "dialect": "classic",
            "service": world.search,
            "endpoint": search_endpoint,
            "lifecycle": {},
            "family": family,
            "definition": {"name": f"{name}-{world.name}", **definition},
        }

    return inputs


@pytest.fixture
def source(beside):
    def inputs(**more):
        told = {
            "type": "azureblob",
            "container": {"name": "exports"},
            "credentials": {"connectionString": STORAGE},
        }
        return beside("datasources", "exports", **{**told, **more})

    return inputs


@pytest.fixture
def colours(beside):
    return lambda synonyms="red, crimson\n", **more: beside(
        "synonymmaps", "colours", format="solr", synonyms=synonyms, **more
    )


@pytest.fixture
def official(world, search_endpoint):
    return SearchIndexerClient(search_endpoint, world.credential())


@pytest.fixture
def maps(world, search_endpoint):
    return SearchIndexClient(search_endpoint, world.credential())


def paths(difference):
    return [change.path for change in difference.changes]


def test_the_official_client_reads_what_was_made(world, source, official):
    made = search_object.create(world.session(), source(description="Nightly exports"))

    live = official.get_data_source_connection(made.id)
    assert (live.type, live.container.name) == ("azureblob", "exports")
    assert live.description.startswith("Nightly exports (foundry-as-code: shop/dev ")
    seen = search_object.read(world.session(), made.id, made.outs)
    assert seen.inputs == source(description="Nightly exports")
    assert search_object.diff(made.id, seen.outs, source(description="Nightly exports")).changes == ()


def test_a_change_by_hand_is_drift_and_put_back(world, source, official):
    made = search_object.create(world.session(), source())
    live = official.get_data_source_connection(made.id)
    live.container.query = "2025"
    official.create_or_update_data_source_connection(live)

    seen = search_object.read(world.session(), made.id, made.outs)
    assert paths(search_object.diff(made.id, seen.outs, source())) == ["container.query"]
    search_object.update(world.session(), made.id, seen.outs, source())

    assert official.get_data_source_connection(made.id).container.query is None


def test_drift_that_is_only_reported_stays_beside_an_edit_and_keeps_its_age(world, source, official):
    def told(**more):
        return {**source(**more), "lifecycle": {"onDrift": "report"}}

    made = search_object.create(world.session(), told())
    assert "driftSince" not in search_object.read(world.session(), made.id, made.outs).outs
    live = official.get_data_source_connection(made.id)
    live.container.query = "2025"
    official.create_or_update_data_source_connection(live)

    seen = search_object.read(world.session(), made.id, made.outs)
    assert search_object.diff(made.id, seen.outs, told()).changes == ()
    edited = told(description="Nightly exports")
    assert paths(search_object.diff(made.id, seen.outs, edited)) == ["description"]
    outs = search_object.update(world.session(), made.id, seen.outs, edited)

    live = official.get_data_source_connection(made.id)
    assert (live.container.query, live.description.startswith("Nightly exports")) == ("2025", True)
    later = search_object.read(world.session(), made.id, outs)
    assert later.outs["driftSince"] == outs["driftSince"] == seen.outs["driftSince"]


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_answer_is_looked_up(world, source, official, lost):
    rule = {"match": {"method": "PUT", "path": "/datasources", "nth": 1}, "action": {"drop": lost}}
    world.control("PUT", "/faults", [rule])

    made = search_object.create(world.session(), source())

    again = search_object.create(world.session(), source())
    assert again.id == made.id
    assert official.get_data_source_connection(made.id).container.name == "exports"


def test_a_synonym_map_that_says_the_same_is_taken_for_ours_and_another_is_refused(world, colours, maps):
    name = colours()["definition"]["name"]
    maps.create_synonym_map(SynonymMap(name=name, synonyms=["red, crimson", ""]))

    assert search_object.create(world.session(), colours()).id == name
    with pytest.raises(FoundryError, match=f"synonymmaps {name} exists already and isn't ours"):
        search_object.create(world.session(), colours("blue, navy\n"))


def test_another_stack_s_object_is_refused_by_name(world, source):
    search_object.create(world.session(), source())

    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        search_object.create(world.session(), {**source(), "owner": world.other})


def test_what_was_taken_over_since_isn_t_deleted(world, source, official):
    old = search_object.create(world.session(), source())
    new = search_object.create(world.session(), source())

    search_object.delete(world.session(), old.id, old.outs)
    assert official.get_data_source_connection(new.id)
    search_object.delete(world.session(), new.id, new.outs)
    search_object.delete(world.session(), new.id, new.outs)

    assert search_object.read(world.session(), new.id, new.outs) is None


def test_a_replacement_in_one_process_doesn_t_delete_the_synonym_map_it_took_over(world, colours, maps):
    session = world.session()
    old = search_object.create(session, colours())
    session = world.session()
    search_object.create(session, colours())

    search_object.delete(session, old.id, old.outs)

    assert maps.get_synonym_map(old.id)


def test_a_run_killed_after_a_synonym_map_moved_is_finished_without_deleting_the_map(world, colours, maps):
    old = search_object.create(world.session(), colours())
    moved = {**colours(), "name": "articles/colours"}
    new = search_object.create(world.session(), moved)

    session = world.session()
    for made in (old, new):
        search_object.read(session, made.id, made.outs)
    search_object.delete(session, old.id, old.outs)
    assert maps.get_synonym_map(new.id)
    search_object.delete(session, new.id, new.outs)

    assert new.id not in maps.get_synonym_map_names()


def test_an_interval_in_other_words_is_no_change(world, beside, source, maps):
    from azure.search.documents.indexes.models import SearchIndex, SimpleField

    index = SearchIndex(name=f"i-{world.name}", fields=[SimpleField(name="id", type="Edm.String", key=True)])
    maps.create_index(index)
    data = search_object.create(world.session(), source())

    def indexer(interval):
        return beside(
            "indexers",
            "nightly",
            dataSourceName=data.id,
            targetIndexName=index.name,
            schedule={"interval": interval},
        )

    made = search_object.create(world.session(), indexer("PT02H00M00S"))

    seen = search_object.read(world.session(), made.id, made.outs)
    assert search_object.diff(made.id, seen.outs, indexer("PT02H00M00S")).changes == ()
    assert search_object.diff(made.id, seen.outs, indexer("PT120M")).changes == ()
    assert paths(search_object.diff(made.id, seen.outs, indexer("PT3H"))) == ["schedule.interval"]


def test_another_name_is_another_object(source):
    before = source()
    after = {**before, "definition": {**before["definition"], "name": "other"}}

    assert search_object.diff("any", before, after).replaces == ("definition",)


def test_bad_inputs_are_told(source):
    problems = search_object.check({}, {**source(), "family": "robots", "definition": {}})

    assert [problem.path for problem in problems] == ["family", "definition.name"]
