"""Adoption, hand-over, and what is refused."""

import pytest

from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile import agent
from foundry.reconcile.marks import KEY, mark_of


def adopting(world, agent_id, source=None, owner=None, **more):
    inputs = world.agent("taken", owner) if owner else world.agent("taken")
    adopt = {"id": agent_id, **({"from": source} if source else {})}
    return {**inputs, "lifecycle": {"adopt": adopt, **more}}


def test_an_agent_made_by_hand_is_adopted_under_its_id_and_brought_to_the_declaration(world):
    by_hand = world.official().create_agent(
        model="gpt", name="old", instructions="Old.", metadata={"portal": "x"}
    )

    made = agent.create(world.session(), adopting(world, by_hand.id))

    live = world.official().get_agent(by_hand.id)
    assert (made.id, made.outs["adopted"]) == (by_hand.id, True)
    assert (live.name, live.instructions, live.metadata["portal"]) == ("taken", "Be brief.", "x")
    assert " taken " in live.metadata[KEY]


def test_an_adopted_agent_is_let_go_when_its_declaration_goes(world):
    by_hand = world.official().create_agent(model="gpt", metadata={"portal": "x"})
    made = agent.create(world.session(), adopting(world, by_hand.id))

    agent.delete(world.session(), made.id, made.outs)

    live = world.official().get_agent(by_hand.id)
    assert live.metadata == {"portal": "x"}
    assert live.instructions == "Be brief."


def test_an_adopted_agent_is_deleted_when_that_is_declared(world):
    by_hand = world.official().create_agent(model="gpt")
    made = agent.create(world.session(), adopting(world, by_hand.id, onRemove="delete"))

    agent.delete(world.session(), made.id, made.outs)

    assert list(world.official().list_agents()) == []


def test_what_we_made_is_kept_when_that_is_declared(world):
    inputs = {**world.agent(), "lifecycle": {"onRemove": "retain"}}
    made = agent.create(world.session(), inputs)

    agent.delete(world.session(), made.id, made.outs)

    assert KEY not in world.official().get_agent(made.id).metadata


def test_an_adopted_agent_stays_adopted_after_updates_and_a_lost_state(world):
    by_hand = world.official().create_agent(model="gpt")
    inputs = adopting(world, by_hand.id)
    made = agent.create(world.session(), inputs)

    assert agent.update(world.session(), made.id, made.outs, inputs)["adopted"] is True
    assert agent.create(world.session(), inputs).outs["adopted"] is True


def test_an_adopted_agent_stays_adopted_when_the_word_adopt_is_taken_out_again(world):
    by_hand = world.official().create_agent(model="gpt")
    made = agent.create(world.session(), adopting(world, by_hand.id))

    outs = agent.update(world.session(), made.id, made.outs, world.agent("taken"))
    agent.delete(world.session(), made.id, outs)

    assert [live.id for live in world.official().list_agents()] == [by_hand.id]


def test_an_agent_that_isn_t_there_can_t_be_adopted(world):
    with pytest.raises(FoundryError, match="asst_none, which 'taken' is to adopt, isn't in this project"):
        agent.create(world.session(), adopting(world, "asst_none"))


def test_an_agent_is_adopted_by_a_name_that_is_the_only_one_of_its_kind(world):
    by_hand = world.official().create_agent(model="gpt", name="Order desk")
    inputs = {**world.agent("taken"), "lifecycle": {"adopt": {"name": "Order desk"}}}
    assert agent.check({}, inputs) == []

    made = agent.create(world.session(), inputs)

    assert (made.id, made.outs["adopted"]) == (by_hand.id, True)
    # Its name at the service is the declared one now, and the state knows the id.
    assert agent.update(world.session(), made.id, made.outs, inputs)["adopted"] is True


@pytest.mark.parametrize("names", [[], ["Order desk", "Order desk"]])
def test_a_name_that_nothing_or_more_than_one_agent_has_is_refused(world, names):
    ids = sorted(world.official().create_agent(model="gpt", name=name).id for name in names)
    inputs = {**world.agent("taken"), "lifecycle": {"adopt": {"name": "Order desk"}}}
    with pytest.raises(FoundryError) as refused:
        agent.create(world.session(), inputs)
    assert "can't adopt by name" in str(refused.value)
    assert all(identifier in str(refused.value) for identifier in ids)
    assert len(list(world.official().list_agents())) == len(names)


def test_nothing_is_adopted_while_this_stack_has_another_agent_under_that_name(world):
    ours = agent.create(world.session(), {**world.agent(), "name": "taken"})
    by_hand = world.official().create_agent(model="gpt")

    with pytest.raises(FoundryError, match=f"can't be adopted as 'taken': this stack already has {ours.id}"):
        agent.create(world.session(), adopting(world, by_hand.id))

    assert world.official().get_agent(by_hand.id).metadata == {}


def test_another_stack_s_agent_is_refused_and_its_owner_named(world):
    theirs = agent.create(world.session(), world.agent(owner=world.other))

    with pytest.raises(FoundryError, match=r"belongs to shop/dev \(stack id 22222222") as raised:
        agent.create(world.session(), adopting(world, theirs.id))

    assert "from: shop/dev" in raised.value.fix
    assert mark_of(world.official().get_agent(theirs.id).metadata).incarnation == theirs.outs["incarnation"]


def test_a_mark_that_can_t_be_read_is_somebody_s_all_the_same(world):
    strange = world.official().create_agent(model="gpt", metadata={KEY: "v9 something new"})

    with pytest.raises(FoundryError, match="unreadable mark"):
        agent.create(world.session(), adopting(world, strange.id, source="an unreadable mark/x"))


def test_another_stack_s_agent_is_taken_over_when_it_is_named_as_the_source(world):
    theirs = agent.create(world.session(), world.agent(owner=world.other))

    made = agent.create(world.session(), adopting(world, theirs.id, source="shop/dev"))
    agent.delete(world.session(), theirs.id, theirs.outs)

    live = world.official().get_agent(made.id)
    assert made.id == theirs.id
    assert mark_of(live.metadata).owner.stack_id == "11111111-1111-4111-8111-111111111111"


def test_an_agent_taken_over_in_the_meantime_isn_t_changed_by_its_former_stack(world):
    theirs = agent.create(world.session(), world.agent(owner=world.other))
    agent.create(world.session(), adopting(world, theirs.id, source="shop/dev"))

    with pytest.raises(FoundryError, match="not to this stack"):
        agent.update(world.session(), theirs.id, theirs.outs, world.agent(owner=world.other))


def test_a_state_that_moved_to_another_stack_hands_the_mark_over(world):
    made = agent.create(world.session(), world.agent(owner=world.other))

    seen = agent.read(world.session(), made.id, made.outs)
    assert [change.path for change in agent.diff(made.id, seen.outs, world.agent()).changes] == ["owner"]
    outs = agent.update(world.session(), made.id, seen.outs, world.agent())

    assert mark_of(world.official().get_agent(made.id).metadata).owner.stack_id == outs["owner"]["stackId"]
    assert outs["incarnation"] == made.outs["incarnation"]


def test_a_replacement_takes_the_live_agent_over_and_its_predecessor_s_delete_does_nothing(world):
    old = agent.create(world.session(), world.agent())
    session = world.session()

    new = agent.create(session, world.agent())
    agent.delete(session, old.id, old.outs)

    assert new.id == old.id
    assert world.official().get_agent(new.id).name == "desk"


def test_a_state_that_is_older_than_the_last_taking_over_gets_an_incarnation_of_its_own(world):
    inputs = world.agent()
    older = agent.create(world.session(), inputs)
    newer = agent.create(world.session(), inputs)

    outs = agent.update(world.session(), older.id, older.outs, inputs)

    assert outs["incarnation"] not in (older.outs["incarnation"], newer.outs["incarnation"])
    for left_behind in (older, newer):
        agent.delete(world.session(), older.id, left_behind.outs)
    assert [live.id for live in world.official().list_agents()] == [older.id]


def test_a_new_logical_name_is_written_into_the_mark_in_place(world):
    made = agent.create(world.session(), world.agent())

    agent.update(world.session(), made.id, made.outs, {**world.agent(), "name": "front"})

    assert mark_of(world.official().get_agent(made.id).metadata).name == "front"


def test_deleting_is_repeatable(world):
    made = agent.create(world.session(), world.agent())

    agent.delete(world.session(), made.id, made.outs)
    agent.delete(world.session(), made.id, made.outs)

    assert list(world.official().list_agents()) == []


def test_a_sub_agent_in_use_isn_t_deleted_and_its_users_are_named(world):
    desk = agent.create(world.session(), world.agent())
    tool = {"name": "order_desk", "type": "connected_agent", "agent_id": desk.id, "description": "Orders"}
    front = agent.create(world.session(), world.agent("front", tools=[tool]))

    with pytest.raises(FoundryError, match=rf"used by agent front \({front.id}\)"):
        agent.delete(world.session(), desk.id, desk.outs)

    session = world.session()
    agent.delete(session, front.id, front.outs)
    agent.delete(session, desk.id, desk.outs)
    assert list(world.official().list_agents()) == []


def test_seventeen_pairs_of_metadata_don_t_fit(world):
    by_hand = world.official().create_agent(model="gpt", metadata={f"k{number}": "v" for number in range(16)})

    with pytest.raises(FoundryError, match="17 pairs, of which 16 fit"):
        agent.create(world.session(), adopting(world, by_hand.id))


def difference(world, olds, **news):
    return agent.diff(
        "asst_1", {**world.agent(), "applied": world.agent()["definition"], **olds}, {**world.agent(), **news}
    )


def test_only_a_project_that_is_unknown_or_another_makes_a_replacement(world):
    assert difference(world, {}, project=UNKNOWN).replaces == ("project",)
    assert difference(world, {}, project=f"{world.project}-2").replaces == ("project",)
    assert difference(world, {}, project=world.project.upper()).replaces == ()
    unknown = {**world.agent()["definition"], "model": UNKNOWN}
    assert difference(world, {}, definition=unknown, name=UNKNOWN, owner=UNKNOWN).replaces == ()


def test_an_endpoint_that_isn_t_known_yet_is_no_change_and_another_one_is(world):
    assert difference(world, {}, endpoint=UNKNOWN).changes == ()
    assert [one.path for one in difference(world, {}, endpoint="https://elsewhere").changes] == ["endpoint"]
    assert difference(world, {}, endpoint="https://elsewhere").replaces == ()


def test_two_diffs_in_a_row_are_equal(world):
    assert difference(world, {"definition": {}}) == difference(world, {"definition": {}})
