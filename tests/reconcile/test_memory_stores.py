"""Memory stores: made once, never replaced, and kept while an agent remembers in them."""

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import MemoryStoreDefaultDefinition
from azure.core.exceptions import ResourceNotFoundError

from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile import memory_store, versioned_agent


def inputs(world, *, lifecycle=None, owner=None, **more):
    base = world.agent("people", **({"owner": owner} if owner else {}))
    definition = {
        "name": "people",
        "chat_model": "chat",
        "embedding_model": "embeddings",
        "metadata": {},
        **more,
    }
    return {**base, "dialect": "versioned", "lifecycle": lifecycle or {}, "definition": definition}


@pytest.fixture
def stores(world):
    return AIProjectClient(world.endpoint, world.credential()).beta.memory_stores


def test_a_store_is_made_changed_in_place_and_deleted(world, stores):
    first = inputs(world, description="Customers", options={"default_ttl_seconds": 60})
    made = memory_store.create(world.session(), first)
    live = stores.get("people")
    assert (live.description, live.definition.chat_model) == ("Customers", "chat")
    assert live.definition.options.user_profile_enabled is True

    seen = memory_store.read(world.session(), made.id, made.outs)
    assert memory_store.diff(made.id, seen.outs, first).changes == ()
    second = inputs(world, metadata={"team": "care"}, options={"default_ttl_seconds": 60})
    outs = memory_store.update(world.session(), made.id, seen.outs, second)
    live = stores.get("people")
    assert (live.description or "", live.metadata["team"]) == ("", "care")
    seen = memory_store.read(world.session(), made.id, outs)
    assert memory_store.diff(made.id, seen.outs, second).changes == ()

    memory_store.delete(world.session(), made.id, seen.outs)
    with pytest.raises(ResourceNotFoundError):
        stores.get("people")


def test_drift_that_is_only_reported_stays_and_keeps_its_age(world, stores):
    told = inputs(world, description="Customers", lifecycle={"onDrift": "report"})
    made = memory_store.create(world.session(), told)
    stores.update("people", description="Nobody")

    seen = memory_store.read(world.session(), made.id, made.outs)
    assert memory_store.diff(made.id, seen.outs, told).changes == ()
    outs = memory_store.update(world.session(), made.id, seen.outs, {**told, "name": "guests"})

    assert outs["driftSince"] == seen.outs["driftSince"]
    assert stores.get("people").description == "Nobody"

    edited = inputs(world, description="Guests", lifecycle={"onDrift": "report"})
    memory_store.update(world.session(), made.id, outs, edited)
    assert stores.get("people").description == "Guests"


def test_a_model_that_is_not_known_yet_and_a_store_of_another_name_break_no_rule(world):
    before = inputs(world)
    assert memory_store.check(before, inputs(world, chat_model=UNKNOWN)) == []
    assert memory_store.check(before, inputs(world, name="guests", chat_model="other")) == []
    assert memory_store.check(before, inputs(world, chat_model="other")) != []


@pytest.mark.parametrize("changed", [{"chat_model": "other"}, {"options": {"chat_summary_enabled": False}}])
def test_what_is_fixed_is_refused_before_anything_is_lost(world, changed):
    before = inputs(world, options={"chat_summary_enabled": True})
    made = memory_store.create(world.session(), before)
    after = inputs(world, **{"options": {"chat_summary_enabled": True}, **changed})

    (problem,) = memory_store.check(made.outs, after)
    assert "can't change once the store is made" in problem.reason
    with pytest.raises(FoundryError, match="can't change once it is made"):
        memory_store.create(world.session(), after)


def test_a_lost_answer_and_a_lost_state_leave_one_store(world, stores):
    makes = {"method": "POST", "path": "/memory_stores$", "nth": 1}
    world.faults({"match": makes, "action": {"drop": "after"}})
    first = memory_store.create(world.session(), inputs(world))

    second = memory_store.create(world.session(), inputs(world))
    memory_store.delete(world.session(), first.id, first.outs)

    assert [one.name for one in stores.list()] == ["people"]
    assert second.outs["incarnation"] != first.outs["incarnation"]


def test_anothers_store_is_refused_unless_it_is_to_be_adopted(world, stores):
    definition = MemoryStoreDefaultDefinition(chat_model="chat", embedding_model="embeddings")
    stores.create(name="people", definition=definition, metadata={"by": "hand"})

    with pytest.raises(FoundryError, match="this tool didn't make it"):
        memory_store.create(world.session(), inputs(world))
    made = memory_store.create(world.session(), inputs(world, lifecycle={"adopt": {"id": "people"}}))
    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        memory_store.create(world.session(), inputs(world, owner=world.other))
    memory_store.delete(world.session(), made.id, made.outs)

    assert dict(stores.get("people").metadata) == {"by": "hand"}


def test_a_store_that_an_agent_remembers_in_is_kept(world, stores):
    made = memory_store.create(world.session(), inputs(world))
    tool = {"name": "m", "type": "memory_search", "memory_store_name": "people", "scope": "user"}
    desk = {
        **inputs(world),
        "name": "desk",
        "definition": {"name": "desk", "model": "chat", "metadata": {}, "tools": [tool]},
    }
    versioned_agent.create(world.session(), desk)

    with pytest.raises(FoundryError, match=r"isn't deleted: it is used by agent desk"):
        memory_store.delete(world.session(), made.id, made.outs)
