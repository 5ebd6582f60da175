"""An agent is made once, whatever happens to the answers, and found again by its mark."""

import pytest

from foundry.model import FoundryError
from foundry.reconcile import agent
from foundry.reconcile.marks import mark_of
from foundry.service.errors import Conflict, Refused, Throttled, Unanswered

MAKES = {"method": "POST", "path": "/assistants$"}


def only_agent(world):
    (one,) = world.official().list_agents()
    return one


def test_an_agent_is_made_with_what_is_declared_and_a_mark(world):
    made = agent.create(world.session(), world.agent(description="Answers", metadata={"team": "support"}))

    live = world.official().get_agent(made.id)
    assert (live.name, live.model, live.instructions, live.description) == (
        "desk",
        "chat",
        "Be brief.",
        "Answers",
    )
    assert live.metadata["team"] == "support"
    assert " shop/dev 11111111-1111-4111-8111-111111111111 desk " in live.metadata["foundry-as-code"]
    assert len(live.metadata["foundry-as-code"]) <= 512


def test_a_diff_after_an_apply_is_empty(world):
    inputs = world.agent(temperature=0.2, tools=[{"name": "run", "type": "code_interpreter", "file_ids": []}])
    made = agent.create(world.session(), inputs)

    seen = agent.read(world.session(), made.id, made.outs)

    assert agent.diff(made.id, seen.outs, inputs).changes == ()
    assert seen.inputs == inputs


def test_a_lost_answer_leaves_no_twin(world):
    world.faults({"match": {**MAKES, "nth": 1}, "action": {"drop": "after"}})

    made = agent.create(world.session(), world.agent())

    assert only_agent(world).id == made.id
    assert len(world.requests("POST", "/assistants")) == 1


def test_a_lost_answer_is_looked_up_for_a_while_because_listings_lag(world):
    world.faults(
        {"match": {**MAKES, "nth": 1}, "action": {"drop": "after"}},
        {"match": {"method": "GET", "path": "/assistants$", "nth": 2}, "action": {"stale": 3600}},
    )

    made = agent.create(world.session(), world.agent())

    assert only_agent(world).id == made.id


@pytest.mark.parametrize("trouble", [{"drop": "before"}, {"status": 500}, {"status": 503, "retry_after": 1}])
def test_a_create_that_never_arrived_is_asked_for_again(world, trouble):
    world.faults({"match": {**MAKES, "first": 2}, "action": trouble})

    made = agent.create(world.session(), world.agent())

    assert only_agent(world).id == made.id
    assert len(world.requests("POST", "/assistants")) == 3


def test_a_create_that_is_never_answered_gives_up_and_the_next_one_finds_nothing_doubled(world):
    world.faults({"match": MAKES, "action": {"status": 500, "message": "Out of order."}})
    with pytest.raises(Unanswered, match="create agent desk: Out of order"):
        agent.create(world.session(retry_budget=5), world.agent())
    world.faults()

    agent.create(world.session(), world.agent())

    assert only_agent(world).name == "desk"


@pytest.mark.parametrize("action", [{"status": 429}, {"status": 429, "retry_after": 30}])
def test_throttling_is_waited_out(world, action):
    world.faults({"match": {**MAKES, "first": 2}, "action": action})

    agent.create(world.session(), world.agent())

    assert only_agent(world).name == "desk"
    assert world.time.now >= 2 * action.get("retry_after", 0.5)


def test_throttling_without_end_is_told(world):
    world.faults({"match": MAKES, "action": {"status": 429, "code": "rate_limit_exceeded"}})

    with pytest.raises(Throttled, match="rate_limit_exceeded"):
        agent.create(world.session(retry_budget=5), world.agent())


@pytest.mark.parametrize("status", [401, 403])
def test_a_role_that_doesn_t_act_yet_is_waited_for(world, status):
    world.faults({"match": {"path": "/assistants", "first": 4}, "action": {"status": status}})

    agent.create(world.session(), world.agent())

    assert only_agent(world).name == "desk"


@pytest.mark.parametrize("status", [401, 403])
def test_a_role_that_never_comes_is_told(world, status):
    world.faults(
        {"match": {"path": "/assistants"}, "action": {"status": status, "message": "No data action."}}
    )

    with pytest.raises(Refused, match=r"No data action.*Foundry User"):
        agent.create(world.session(authorisation=30), world.agent())
    assert world.time.now == pytest.approx(30)


def test_a_project_that_answers_only_after_a_while_is_waited_for(world):
    world.faults(
        {"match": {"path": "/assistants", "first": 3}, "action": {"status": 404, "message": "No project."}}
    )

    agent.create(world.session(), world.agent())

    assert only_agent(world).name == "desk"


def test_a_conflict_is_told(world):
    world.faults({"match": MAKES, "action": {"status": 409, "code": "Taken", "message": "In use."}})

    with pytest.raises(Conflict, match=r"In use\. \(status 409, code Taken"):
        agent.create(world.session(), world.agent())


def test_a_lost_state_is_found_again_and_no_content_changes(world):
    inputs = world.agent(temperature=0.2)
    first = agent.create(world.session(), inputs)
    before = world.official().get_agent(first.id).as_dict()

    second = agent.create(world.session(), inputs)

    after = world.official().get_agent(first.id).as_dict()
    assert second.id == first.id
    assert second.outs["incarnation"] != first.outs["incarnation"]
    assert {**before, "metadata": None} == {**after, "metadata": None}
    assert second.outs["adopted"] is False


def test_an_agent_found_by_its_mark_is_brought_to_the_declaration(world):
    first = agent.create(world.session(), world.agent(description="old"))

    agent.create(world.session(), world.agent(instructions="New."))

    live = world.official().get_agent(first.id)
    assert (live.instructions, live.description) == ("New.", None)


def test_several_agents_with_one_mark_are_an_error_that_lists_them(world):
    made = agent.create(world.session(), world.agent())
    twin = world.official().create_agent(model="chat", metadata=world.official().get_agent(made.id).metadata)

    with pytest.raises(FoundryError) as raised:
        agent.create(world.session(), world.agent())

    assert made.id in str(raised.value)
    assert twin.id in str(raised.value)


def test_after_a_killed_run_the_first_look_up_is_repeated_too(world):
    made = agent.create(world.session(), world.agent())
    world.faults({"match": {"method": "GET", "path": "/assistants$", "nth": 1}, "action": {"stale": 3600}})
    session = world.session(pending=True)

    again = agent.create(session, world.agent())

    assert again.id == made.id


def test_another_stack_with_the_same_names_gets_an_agent_of_its_own(world):

    mine = agent.create(world.session(), world.agent())

    theirs = agent.create(world.session(), world.agent(owner=world.other))

    assert theirs.id != mine.id
    assert mark_of(world.official().get_agent(mine.id).metadata).incarnation == mine.outs["incarnation"]
