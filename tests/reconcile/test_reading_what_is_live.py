"""Reads tell drift and nothing else, cost one listing, and never mistake a hiccup for a deletion."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from foundry.model import ServiceError
from foundry.reconcile import agent


def paths(difference):
    return [change.path for change in difference.changes]


def test_an_edit_in_the_portal_is_told_and_repaired(world):
    inputs = world.agent(temperature=0.2, tools=[{"name": "run", "type": "code_interpreter", "file_ids": []}])
    made = agent.create(world.session(), inputs)
    world.official().update_agent(made.id, instructions="Edited.", temperature=0.9, tools=[])

    seen = agent.read(world.session(), made.id, made.outs)
    difference = agent.diff(made.id, seen.outs, inputs)
    outs = agent.update(world.session(), made.id, seen.outs, inputs)

    assert seen.inputs["definition"]["instructions"] == "Edited."
    assert paths(difference) == ["instructions", "temperature", "tools[code_interpreter]"]
    assert difference.replaces == ()
    live = world.official().get_agent(made.id)
    assert (live.instructions, live.temperature, len(live.tools)) == ("Be brief.", 0.2, 1)
    assert outs["incarnation"] == made.outs["incarnation"]


def test_what_the_service_fills_in_is_not_drift(world):
    made = agent.create(world.session(), world.agent())
    world.official().update_agent(made.id, top_p=0.5)

    seen = agent.read(world.session(), made.id, made.outs)

    assert agent.diff(made.id, seen.outs, world.agent()).changes == ()


def test_metadata_of_others_is_kept_and_is_not_drift(world):
    inputs = world.agent(metadata={"team": "support"})
    made = agent.create(world.session(), inputs)
    live = world.official().get_agent(made.id)
    world.official().update_agent(made.id, metadata={**live.metadata, "portal": "x"})

    seen = agent.read(world.session(), made.id, made.outs)
    assert agent.diff(made.id, seen.outs, inputs).changes == ()
    changed = world.agent(metadata={"owner": "b"})
    agent.update(world.session(), made.id, seen.outs, changed)

    metadata = world.official().get_agent(made.id).metadata
    assert (metadata["portal"], metadata["owner"], "team" in metadata) == ("x", "b", False)


def test_a_mark_taken_off_by_hand_is_drift_and_comes_back(world):
    made = agent.create(world.session(), world.agent())
    world.official().update_agent(made.id, metadata={})

    seen = agent.read(world.session(), made.id, made.outs)
    assert paths(agent.diff(made.id, seen.outs, world.agent())) == ["owner", "name"]
    agent.update(world.session(), made.id, seen.outs, world.agent())

    assert " desk " in world.official().get_agent(made.id).metadata["foundry-as-code"]


def test_a_default_that_is_no_longer_declared_is_reset_once(world):
    made = agent.create(world.session(), world.agent(temperature=0.2))
    outs = agent.update(world.session(), made.id, made.outs, world.agent())

    seen = agent.read(world.session(), made.id, outs)

    assert world.official().get_agent(made.id).temperature == 1.0
    assert agent.diff(made.id, seen.outs, world.agent()).changes == ()


def test_drift_that_is_only_reported_is_told_and_left_alone(world):
    inputs = {**world.agent(description="d"), "lifecycle": {"onDrift": "report"}}
    made = agent.create(world.session(), inputs)
    world.official().update_agent(made.id, instructions="Incident: say nothing.")

    seen = agent.read(world.session(), made.id, made.outs)
    assert seen.inputs["definition"]["instructions"] == "Incident: say nothing."
    assert agent.diff(made.id, seen.outs, inputs).changes == ()

    changed = {**inputs, "definition": {**inputs["definition"], "description": "new"}}
    assert paths(agent.diff(made.id, seen.outs, changed)) == ["description"]
    outs = agent.update(world.session(), made.id, seen.outs, changed)
    live = world.official().get_agent(made.id)
    assert (live.description, live.instructions) == ("new", "Incident: say nothing.")
    assert agent.diff(made.id, outs, changed).changes == ()


def test_drift_that_is_only_reported_keeps_the_time_at_which_it_was_seen_first(world):
    inputs = {**world.agent(description="d"), "lifecycle": {"onDrift": "report"}}
    made = agent.create(world.session(), inputs)
    assert "driftSince" not in agent.read(world.session(), made.id, made.outs).outs

    world.official().update_agent(made.id, instructions="Incident: say nothing.")
    seen = agent.read(world.session(), made.id, made.outs)
    assert seen.outs["driftSince"].endswith("+00:00")
    earlier = {**seen.outs, "driftSince": "2026-01-01T00:00:00+00:00"}
    assert agent.read(world.session(), made.id, earlier).outs["driftSince"] == "2026-01-01T00:00:00+00:00"
    changed = {**inputs, "definition": {**inputs["definition"], "description": "new"}}
    kept = agent.update(world.session(), made.id, earlier, changed)
    assert kept["driftSince"] == "2026-01-01T00:00:00+00:00"

    world.official().update_agent(made.id, instructions="Be brief.")
    assert "driftSince" not in agent.read(world.session(), made.id, kept).outs


def test_drift_that_is_repaired_has_no_age(world):
    made = agent.create(world.session(), world.agent(description="d"))
    world.official().update_agent(made.id, instructions="Incident: say nothing.")
    assert "driftSince" not in agent.read(world.session(), made.id, made.outs).outs


def test_what_a_process_changed_itself_is_read_as_it_is_now(world):
    made = agent.create(world.session(), world.agent())
    session = world.session()
    seen = agent.read(session, made.id, made.outs)
    outs = agent.update(session, made.id, seen.outs, world.agent(temperature=0.5))

    assert agent.read(session, made.id, outs).outs["definition"]["temperature"] == 0.5


def test_a_deleted_agent_is_gone(world):
    made = agent.create(world.session(), world.agent())
    world.official().delete_agent(made.id)

    assert agent.read(world.session(), made.id, made.outs) is None


def test_a_single_miss_in_a_listing_is_confirmed(world):
    made = agent.create(world.session(), world.agent())
    world.faults({"match": {"method": "GET", "path": "/assistants$"}, "action": {"stale": 3600}})

    assert agent.read(world.session(), made.id, made.outs) is not None


def test_a_deleted_project_is_gone(world, gone):
    made = agent.create(world.session(), world.agent())
    gone(world.project)

    assert agent.read(world.session(), made.id, made.outs) is None
    agent.delete(world.session(), made.id, made.outs)


def test_a_host_without_a_name_is_gone_only_if_azure_says_so(world, gone):
    made = agent.create(world.session(), world.agent())
    moved = {**made.outs, "endpoint": "https://contoso.invalid/api/projects/x"}

    with pytest.raises(ServiceError, match=r"contoso.invalid isn't known.*--refresh=false"):
        agent.read(world.session(), made.id, moved)
    gone(world.project)
    assert agent.read(world.session(), made.id, moved) is None


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_read_that_fails_is_an_error_that_names_the_way_past(world, status):
    made = agent.create(world.session(), world.agent())
    world.faults({"match": {"path": "/assistants"}, "action": {"status": status}})

    with pytest.raises(ServiceError, match=rf"status {status}.*--refresh=false") as raised:
        agent.read(world.session(retry_budget=5), made.id, made.outs)
    assert raised.value.failure.status == status


def test_a_read_never_waits_for_roles(world):
    made = agent.create(world.session(), world.agent())
    world.faults({"match": {"path": "/assistants", "nth": 1}, "action": {"status": 403}})

    with pytest.raises(ServiceError):
        agent.read(world.session(), made.id, made.outs)
    assert world.time.slept == []


def test_two_hundred_and_fifty_agents_are_read_with_three_requests(world):
    client = world.official()
    ids = [client.create_agent(model="chat", name=f"a{number}").id for number in range(250)]
    props = {**world.agent(), "applied": {}}
    world.control("DELETE", "/requests")
    session = world.session()

    with ThreadPoolExecutor(4) as workers:
        seen = list(workers.map(lambda agent_id: agent.read(session, agent_id, props), ids))

    assert all(one is not None for one in seen)
    assert len(world.requests("GET", "/assistants")) == 3
    assert not [entry for agent_id in ids for entry in world.requests("GET", f"/assistants/{agent_id}")][:1]


def test_workers_that_read_at_once_share_one_listing_and_its_failure(world):
    made = agent.create(world.session(), world.agent())
    world.control("DELETE", "/requests")
    world.faults(
        {"match": {"method": "GET", "path": "/assistants$"}, "action": {"status": 403, "delay": 0.3}}
    )
    session = world.session()

    def read(_):
        try:
            agent.read(session, made.id, made.outs)
        except ServiceError as error:
            return error.failure.status
        return None

    with ThreadPoolExecutor(4) as workers:
        assert list(workers.map(read, range(4))) == [403] * 4
    assert len(world.requests("GET", "/assistants")) == 1


def test_a_service_that_cannot_be_asked_is_not_asked_again_for_each_object(world):
    made = agent.create(world.session(), world.agent())
    world.control("DELETE", "/requests")
    world.faults({"match": {"method": "GET", "path": "/assistants$"}, "action": {"status": 500}})
    session = world.session(retry_budget=30)

    with pytest.raises(ServiceError) as first:
        agent.read(session, made.id, made.outs)
    asked, slept = len(world.requests("GET", "/assistants")), list(world.time.slept)
    for _ in range(20):
        with pytest.raises(ServiceError) as again:
            agent.read(session, made.id, made.outs)
        assert str(again.value) == str(first.value)

    assert asked > 1
    assert (len(world.requests("GET", "/assistants")), world.time.slept) == (asked, slept)


@pytest.fixture
def refused(world):
    """An agent, and a session whose first look at it was refused."""
    made = agent.create(world.session(), world.agent())
    world.faults({"match": {"method": "GET", "path": "/assistants$", "nth": 1}, "action": {"status": 403}})
    session = world.session()
    with pytest.raises(ServiceError):
        agent.read(session, made.id, made.outs)
    return made, session


def test_a_service_that_could_not_be_asked_is_asked_again_a_minute_later(world, refused):
    made, session = refused

    world.time.now += 61

    assert agent.read(session, made.id, made.outs).outs["agentId"] == made.id


def test_a_refresh_that_could_not_ask_does_not_keep_anything_from_being_made(world, refused):
    made, session = refused

    assert agent.create(session, world.agent("other")).id != made.id
    assert agent.read(session, made.id, made.outs).outs["agentId"] == made.id


def test_azure_is_asked_once_for_a_place_that_nobody_reaches(world, gone):
    made = agent.create(world.session(), world.agent())
    moved = {**made.outs, "endpoint": "https://contoso.invalid/api/projects/x"}
    gone(world.project)
    world.control("DELETE", "/requests")
    session = world.session()

    assert [agent.read(session, made.id, moved) for _ in range(5)] == [None] * 5

    asked = world.control("GET", "/requests").json()
    assert [entry["method"] for entry in asked if entry["path"].endswith(f"/projects/{world.name}")] == [
        "GET"
    ]
