"""Attributes of files in a store of the versioned dialect: given with the file, changed in place, others' left alone."""

import pytest
from azure.ai.projects import AIProjectClient

from foundry.model import FoundryError
from foundry.reconcile import file, vector_store


@pytest.fixture
def client(world):
    return AIProjectClient(world.endpoint, world.credential()).get_openai_client()


@pytest.fixture
def one(world):
    inputs = {**world.file("knowledge/returns.md", "Returns within 30 days.\n"), "dialect": "versioned"}
    made = file.create(world.session(), inputs)
    return {"path": "knowledge/returns.md", "sha256": inputs["sha256"], "file_id": made.id}


def declared(world, one, lifecycle=None, **attributes):
    described = {**one, "attributes": attributes} if attributes else one
    return {**world.store(described), "dialect": "versioned", "lifecycle": lifecycle or {}}


def attributes(client, store_id, one):
    return client.vector_stores.files.retrieve(one["file_id"], vector_store_id=store_id).attributes


def seen(world, made):
    return vector_store.read(world.session(), made.id, made.outs).outs


def paths(difference):
    return [change.path for change in difference.changes]


def test_a_file_comes_into_the_store_with_its_attributes(world, client, one):
    # Pulumi sends whole numbers as floats.
    inputs = declared(world, one, team="returns", year=2026.0, current=True)

    made = vector_store.create(world.session(), inputs)

    live = attributes(client, made.id, one)
    assert live == {"team": "returns", "year": 2026, "current": True}
    assert paths(vector_store.diff(made.id, seen(world, made), inputs)) == []


def test_a_change_is_made_in_place(world, client, one):
    made = vector_store.create(world.session(), declared(world, one, team="returns", year=2026))
    inputs = declared(world, one, team="care", current=1)

    difference = vector_store.diff(made.id, seen(world, made), inputs)
    vector_store.update(world.session(), made.id, made.outs, inputs)

    sha256 = one["sha256"]
    assert paths(difference) == [f"files[{sha256}].attributes.{name}" for name in ("current", "team", "year")]
    assert attributes(client, made.id, one) == {"team": "care", "current": 1}
    assert world.requests("DELETE", f"/openai/v1/vector_stores/{made.id}/files/{one['file_id']}") == []


def test_true_is_not_one(world, client, one):
    made = vector_store.create(world.session(), declared(world, one, current=1))
    inputs = declared(world, one, current=True)

    assert len(paths(vector_store.diff(made.id, seen(world, made), inputs))) == 1
    vector_store.update(world.session(), made.id, made.outs, inputs)

    assert attributes(client, made.id, one)["current"] is True


def test_a_hand_s_change_of_a_declared_attribute_is_drift_and_any_other_stays(world, client, one):
    inputs = declared(world, one, team="returns")
    made = vector_store.create(world.session(), inputs)
    client.vector_stores.files.update(
        one["file_id"], vector_store_id=made.id, attributes={"team": "care", "reviewed": True}
    )

    live = seen(world, made)
    vector_store.update(world.session(), made.id, live, inputs)

    assert paths(vector_store.diff(made.id, live, inputs)) == [f"files[{one['sha256']}].attributes.team"]
    assert attributes(client, made.id, one) == {"team": "returns", "reviewed": True}
    assert paths(vector_store.diff(made.id, seen(world, made), inputs)) == []


def test_drift_that_is_only_reported_is_left(world, client, one):
    inputs = declared(world, one, {"onDrift": "report"}, team="returns")
    made = vector_store.create(world.session(), inputs)
    client.vector_stores.files.update(one["file_id"], vector_store_id=made.id, attributes={"team": "care"})
    renamed = {**inputs, "definition": {**inputs["definition"], "name": "The handbook"}}

    vector_store.update(world.session(), made.id, seen(world, made), renamed)

    assert attributes(client, made.id, one) == {"team": "care"}


def test_more_than_sixteen_with_those_of_others_are_refused_by_name(world, client, one):
    made = vector_store.create(world.session(), declared(world, one, team="returns"))
    theirs = {"team": "returns", **{f"theirs-{number}": number for number in range(15)}}
    client.vector_stores.files.update(one["file_id"], vector_store_id=made.id, attributes=theirs)

    with pytest.raises(
        FoundryError, match=r"returns\.md in vector store handbook .* 17 attributes.*theirs-0"
    ):
        vector_store.update(world.session(), made.id, made.outs, declared(world, one, team="a", current=True))
