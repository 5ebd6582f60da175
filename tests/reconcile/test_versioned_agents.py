"""Versioned agents: made once, a version only when something differs, never another's, and changed in place where they can be."""

import pytest
from azure.ai.projects import AIProjectClient
from azure.core.exceptions import ResourceNotFoundError

from foundry.model import FoundryError
from foundry.reconcile import vector_store
from foundry.reconcile import versioned_agent as agent
from foundry.reconcile.marks import KEY, mark_of

MAKES = {"method": "POST", "path": "/agents/desk/versions$"}


def inputs(world, name="desk", *, serving=None, keep=None, lifecycle=None, service_name=None, **more):
    told = {key: value for key, value in more.items() if key != "owner"}
    told = {"model": "chat", "instructions": "Be brief.", "metadata": {}, "tools": [], **told}
    return {
        **world.agent(name, **({"owner": more["owner"]} if "owner" in more else {})),
        "dialect": "versioned",
        "lifecycle": lifecycle or {},
        "definition": {"name": service_name or name, **told},
        "serving": serving or {},
        **({"keepVersions": keep} if keep else {}),
    }


@pytest.fixture
def client(world):
    return AIProjectClient(world.endpoint, world.credential())


def versions(client, name="desk"):
    return [one.version for one in client.agents.list_versions(name, order="asc")]


def state(world, made, wanted):
    """What a refresh leaves in the state."""
    seen = agent.read(world.session(), made.id, made.outs)
    assert seen is not None
    return seen


def test_an_agent_is_made_with_what_is_declared_and_a_mark(world, client):
    made = agent.create(world.session(), inputs(world, description="Answers", metadata={"team": "support"}))

    latest = client.agents.get("desk").versions.latest
    assert (made.id, made.outs["agentName"], made.outs["version"]) == ("desk", "desk", "1")
    assert (latest.definition.model, latest.definition.instructions, latest.description) == (
        "chat",
        "Be brief.",
        "Answers",
    )
    assert latest.metadata["team"] == "support"
    assert " shop/dev 11111111-1111-4111-8111-111111111111 desk " in latest.metadata[KEY]
    assert len(latest.metadata[KEY]) <= 512
    assert [one["version"] for one in made.outs["versions"]] == ["1"]


def test_a_diff_after_an_apply_is_empty_and_an_unchanged_definition_makes_no_version(world, client):
    wanted = inputs(world, temperature=0.2, tools=[{"name": "run", "type": "code_interpreter"}])
    made = agent.create(world.session(), wanted)

    seen = state(world, made, wanted)
    agent.update(world.session(), made.id, seen.outs, wanted)

    assert agent.diff(made.id, seen.outs, wanted).changes == ()
    assert seen.inputs == wanted
    assert versions(client) == ["1"]


def test_a_changed_definition_makes_one_version_and_a_changed_lifecycle_none(world, client):
    made = agent.create(world.session(), inputs(world))
    wanted = inputs(world, instructions="Be kind.")

    outs = agent.update(world.session(), made.id, made.outs, wanted)
    again = agent.update(
        world.session(),
        made.id,
        outs,
        inputs(world, instructions="Be kind.", lifecycle={"onRemove": "delete"}),
    )

    assert versions(client) == ["1", "2"]
    assert (outs["version"], again["version"]) == ("2", "2")
    assert [one["version"] for one in outs["versions"]] == ["2", "1"]
    assert outs["incarnation"] == made.outs["incarnation"]
    assert client.agents.get("desk").versions.latest.definition.instructions == "Be kind."


@pytest.mark.parametrize("changed", [{"description": "Answers"}, {"metadata": {"team": "support"}}])
def test_description_and_metadata_belong_to_the_version(world, client, changed):
    made = agent.create(world.session(), inputs(world))

    outs = agent.update(world.session(), made.id, made.outs, inputs(world, **changed))

    assert outs["version"] == "2"


def test_a_version_made_by_hand_is_drift_and_the_next_one_takes_it_back(world, client):
    from azure.ai.projects.models import PromptAgentDefinition

    wanted = inputs(world)
    made = agent.create(world.session(), wanted)
    live = client.agents.get("desk").versions.latest
    client.agents.create_version(
        "desk",
        definition=PromptAgentDefinition(model="chat", instructions="Be rude."),
        metadata={**live.metadata, "logo": "x"},
    )

    seen = state(world, made, wanted)
    found = agent.diff(made.id, seen.outs, wanted)
    agent.update(world.session(), made.id, seen.outs, wanted)

    assert [(change.path, change.old, change.new) for change in found.changes] == [
        ("instructions", "Be rude.", "Be brief.")
    ]
    latest = client.agents.get("desk").versions.latest
    assert (latest.version, latest.definition.instructions, latest.metadata["logo"]) == (
        "3",
        "Be brief.",
        "x",
    )


def test_drift_that_is_only_reported_stays_and_the_declarations_own_changes_are_made(world, client):
    from azure.ai.projects.models import PromptAgentDefinition

    report = {"onDrift": "report"}
    made = agent.create(world.session(), inputs(world, lifecycle=report))
    live = client.agents.get("desk").versions.latest
    client.agents.create_version(
        "desk",
        definition=PromptAgentDefinition(model="chat", instructions="Be rude."),
        metadata=live.metadata,
    )
    seen = state(world, made, None)
    assert agent.diff(made.id, seen.outs, inputs(world, lifecycle=report)).changes == ()

    agent.update(world.session(), made.id, seen.outs, inputs(world, lifecycle=report, temperature=0.5))

    latest = client.agents.get("desk").versions.latest
    assert (latest.definition.instructions, latest.definition.temperature) == ("Be rude.", 0.5)


def test_a_default_that_was_declared_goes_back_when_it_isn_t_any_more(world, client):
    made = agent.create(world.session(), inputs(world, temperature=0.2))

    outs = agent.update(world.session(), made.id, made.outs, inputs(world))

    assert outs["version"] == "2"
    assert client.agents.get("desk").versions.latest.definition.temperature != 0.2


def test_a_lost_answer_makes_no_second_version(world, client):
    world.faults({"match": {**MAKES, "nth": 1}, "action": {"drop": "after"}})

    made = agent.create(world.session(), inputs(world))
    world.faults({"match": {**MAKES, "nth": 1}, "action": {"drop": "after"}})
    outs = agent.update(world.session(), made.id, made.outs, inputs(world, instructions="Be kind."))

    assert outs["version"] == "2"
    assert versions(client) == ["1", "2"]


@pytest.mark.parametrize("trouble", [{"drop": "before"}, {"status": 500}, {"status": 503, "retry_after": 1}])
def test_a_create_that_never_arrived_is_asked_for_again(world, client, trouble):
    world.faults({"match": {**MAKES, "first": 2}, "action": trouble})

    agent.create(world.session(), inputs(world))

    assert versions(client) == ["1"]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_role_or_a_project_that_doesn_t_act_yet_is_waited_for(world, client, status):
    world.faults(
        {"match": {"path": "/agents", "first": 4}, "action": {"status": status, "message": "Not yet."}}
    )

    agent.create(world.session(), inputs(world))

    assert versions(client) == ["1"]


def test_a_lost_state_is_found_again_and_makes_no_version(world, client):
    first = agent.create(world.session(), inputs(world))

    second = agent.create(world.session(), inputs(world))

    assert versions(client) == ["1"]
    assert second.outs["incarnation"] == first.outs["incarnation"]
    agent.delete(world.session(), second.id, second.outs)
    with pytest.raises(ResourceNotFoundError):
        client.agents.get("desk")


def test_a_replacement_survives_the_deletion_of_what_it_replaced(world, client):
    wanted = inputs(world)
    made = agent.create(world.session(), wanted)
    session = world.session()
    seen = agent.read(session, made.id, made.outs)

    again = agent.create(session, wanted)
    agent.delete(session, made.id, seen.outs)
    # Also when the run died in between: the next process knows only the two states.
    agent.delete(world.session(), made.id, seen.outs)

    assert client.agents.get("desk").versions.latest.version == "2"
    assert agent.diff(again.id, again.outs, wanted).changes == ()


def test_a_replacement_without_a_refresh_survives_in_the_same_run(world, client):
    wanted = inputs(world)
    made = agent.create(world.session(), wanted)
    session = world.session()

    agent.create(session, wanted)
    agent.delete(session, made.id, made.outs)

    assert versions(client) == ["1"]


def test_a_new_declared_name_for_the_same_agent_takes_it_over(world, client):
    made = agent.create(world.session(), inputs(world, "desk"))

    again = agent.create(world.session(), inputs(world, "orders", service_name="desk"))
    agent.delete(world.session(), made.id, made.outs)

    assert again.id == "desk"
    assert mark_of(client.agents.get("desk").versions.latest.metadata).name == "orders"


def test_an_agent_that_this_tool_didn_t_make_is_refused_unless_it_is_to_be_adopted(world, client):
    from azure.ai.projects.models import PromptAgentDefinition

    client.agents.create_version(
        "desk", definition=PromptAgentDefinition(model="chat"), metadata={"by": "hand"}
    )

    with pytest.raises(FoundryError, match=r"has an agent 'desk' already.*lifecycle.adopt: desk"):
        agent.create(world.session(), inputs(world))
    made = agent.create(world.session(), inputs(world, lifecycle={"adopt": {"id": "desk"}}))

    assert (made.outs["adopted"], made.outs["version"]) == (True, "2")
    assert client.agents.get("desk").versions.latest.metadata["by"] == "hand"


def test_another_stacks_agent_is_refused_and_handed_over_by_its_name(world, client):
    agent.create(world.session(), inputs(world))

    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        agent.create(world.session(), inputs(world, owner=world.other))
    handed = {"adopt": {"id": "desk", "from": "shop/dev"}}
    agent.create(world.session(), inputs(world, owner=world.other, lifecycle=handed))

    assert (
        mark_of(client.agents.get("desk").versions.latest.metadata).owner.stack_id == world.other["stackId"]
    )


def test_adopting_under_another_name_says_why_it_can_t_be(world):
    with pytest.raises(FoundryError, match=r"can't be renamed.*service_name: other"):
        agent.create(world.session(), inputs(world, lifecycle={"adopt": {"id": "other"}}))


def test_an_adopted_agent_stays_an_adopted_one_under_another_declared_name(world, client):
    from azure.ai.projects.models import PromptAgentDefinition

    client.agents.create_version("desk", definition=PromptAgentDefinition(model="chat"))
    agent.create(world.session(), inputs(world, lifecycle={"adopt": {"id": "desk"}}))

    again = agent.create(world.session(), inputs(world, "orders", service_name="desk"))

    assert again.outs["adopted"] is True
    other = inputs(world, "orders", service_name="desk", lifecycle={"adopt": {"id": "front"}})
    with pytest.raises(FoundryError, match=r"can't be renamed.*service_name: front"):
        agent.update(world.session(), again.id, again.outs, other)


def test_an_adopted_agent_is_let_go_with_its_versions(world, client):
    from azure.ai.projects.models import PromptAgentDefinition

    client.agents.create_version("desk", definition=PromptAgentDefinition(model="chat"))
    made = agent.create(world.session(), inputs(world, lifecycle={"adopt": {"id": "desk"}}))

    agent.delete(world.session(), made.id, made.outs)

    latest = client.agents.get("desk").versions.latest
    assert KEY not in latest.metadata
    assert latest.definition.instructions == "Be brief."


def test_a_version_without_a_mark_doesn_t_hide_whose_the_agent_is(world, client):
    from azure.ai.projects.models import PromptAgentDefinition

    made = agent.create(world.session(), inputs(world))
    client.agents.create_version("desk", definition=PromptAgentDefinition(model="chat", instructions="Hm."))

    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        agent.create(world.session(), inputs(world, owner=world.other))
    agent.delete(world.session(), made.id, made.outs)

    with pytest.raises(ResourceNotFoundError):
        client.agents.get("desk")


def test_an_agent_that_is_gone_reads_as_gone(world, client):
    made = agent.create(world.session(), inputs(world))
    client.agents.delete("desk")

    assert agent.read(world.session(), made.id, made.outs) is None
    agent.delete(world.session(), made.id, made.outs)


def test_a_refresh_of_many_agents_is_one_listing_a_hundred(world):
    session = world.session()
    made = [agent.create(session, inputs(world, f"desk-{number}")) for number in range(101)]
    world.control("DELETE", "/requests")

    fresh = world.session()
    assert all(agent.read(fresh, one.id, one.outs) for one in made)

    asked = [
        one for one in world.control("GET", "/requests").json() if one["path"].startswith(world.data_path)
    ]
    assert [one["path"] for one in asked] == [f"{world.data_path}/agents"] * 2


# ---- what is changed in place


def test_endpoint_and_card_are_changed_in_place_and_what_isn_t_declared_stays(world, client):
    serving = {
        "protocols": ["responses", "a2a"],
        "authorization": ["Entra"],
        "card": {"version": "1.0", "skills": {"prices": {"name": "Prices", "description": "By region"}}},
    }
    made = agent.create(world.session(), inputs(world, serving=serving))
    seen = state(world, made, None)
    assert agent.diff(made.id, seen.outs, inputs(world, serving=serving)).changes == ()

    fewer = {"protocols": ["responses"]}
    outs = agent.update(world.session(), made.id, seen.outs, inputs(world, serving=fewer))

    live = client.agents.get("desk")
    assert outs["version"] == "1"
    assert live.agent_endpoint.protocol_configuration.responses is not None
    assert live.agent_endpoint.protocol_configuration.a2a is None
    assert live.agent_card.skills[0].id == "prices"


def test_changes_in_place_are_shown_apart_from_the_definition(world):
    made = agent.create(world.session(), inputs(world))

    found = agent.diff(
        made.id, made.outs, inputs(world, instructions="Be kind.", serving={"traffic": {"1": 100}})
    )

    assert [change.path for change in found.changes] == ["instructions", "serving.traffic"]


def test_traffic_pins_a_version_and_going_back_makes_none(world, client):
    made = agent.create(world.session(), inputs(world))
    pinned = {"traffic": {"1": 100}}
    outs = agent.update(
        world.session(), made.id, made.outs, inputs(world, instructions="New.", serving=pinned)
    )
    assert outs["version"] == "2"

    outs = agent.update(
        world.session(),
        made.id,
        outs,
        inputs(world, instructions="New.", serving={"traffic": {"1": 10, "2": 90}}),
    )
    outs = agent.update(world.session(), made.id, outs, inputs(world, instructions="New.", serving=pinned))

    rules = client.agents.get("desk").agent_endpoint.version_selector.version_selection_rules
    assert [(rule.agent_version, rule.traffic_percentage) for rule in rules] == [("1", 100)]
    assert versions(client) == ["1", "2"]


def test_traffic_goes_to_the_newest_version_whichever_it_is(world, client):
    wanted = {"traffic": {"1": 90, "latest": 10}}
    made = agent.create(world.session(), inputs(world, serving=wanted))
    outs = agent.update(
        world.session(), made.id, made.outs, inputs(world, instructions="New.", serving=wanted)
    )

    rules = client.agents.get("desk").agent_endpoint.version_selector.version_selection_rules
    assert [(rule.agent_version, rule.traffic_percentage) for rule in rules] == [("1", 90), ("@latest", 10)]
    assert outs["version"] == "2"
    seen = agent.read(world.session(), made.id, outs)
    assert agent.diff(made.id, seen.outs, inputs(world, instructions="New.", serving=wanted)).changes == ()


def test_traffic_to_a_version_that_isn_t_there_is_told_with_those_that_are(world):
    with pytest.raises(FoundryError, match=r"no version 7 to send traffic to.*: 1"):
        agent.create(world.session(), inputs(world, serving={"traffic": {"7": 100}}))


def test_traffic_that_doesn_t_come_to_a_hundred_is_a_problem(world):
    problems = agent.check({}, inputs(world, serving={"traffic": {"1": 50, "2": 40}}))

    assert [(one.path, one.reason) for one in problems] == [
        ("serving.traffic", "comes to 90 percent; make it 100")
    ]


def test_an_agent_is_stopped_and_started_without_a_version(world, client):
    made = agent.create(world.session(), inputs(world, serving={"enabled": False}))
    assert client.agents.get("desk").state == "disabled"

    agent.update(world.session(), made.id, made.outs, inputs(world, serving={"enabled": True}))

    assert client.agents.get("desk").state == "enabled"
    assert versions(client) == ["1"]


def test_an_agent_stopped_by_hand_is_started_again_where_that_is_declared(world, client):
    wanted = inputs(world, serving={"enabled": True})
    made = agent.create(world.session(), wanted)
    client.agents.disable("desk")

    seen = state(world, made, wanted)
    agent.update(world.session(), made.id, seen.outs, wanted)

    assert [change.path for change in agent.diff(made.id, seen.outs, wanted).changes] == ["serving.enabled"]
    assert client.agents.get("desk").state == "enabled"


def test_versions_that_another_stack_made_stay_when_old_ones_are_pruned(world, client):
    agent.create(world.session(), {**inputs(world), "owner": world.other})
    taken = {"adopt": {"id": "desk", "from": "shop/dev"}}
    outs = agent.create(world.session(), inputs(world, instructions="Take 1.", lifecycle=taken)).outs
    for take in (2, 3):
        wanted = inputs(world, instructions=f"Take {take}.", lifecycle=taken, keep=1)
        outs = agent.update(world.session(), "desk", outs, wanted)

    assert versions(client) == ["1", "4"]


def test_old_versions_are_pruned_but_never_one_in_use_or_anothers(world, client):
    from azure.ai.projects.models import PromptAgentDefinition

    made = agent.create(world.session(), inputs(world, serving={"traffic": {"1": 100}}))
    client.agents.create_version("desk", definition=PromptAgentDefinition(model="chat", instructions="Hand."))
    outs = made.outs
    for number in range(4):
        wanted = inputs(world, instructions=f"Take {number}.", serving={"traffic": {"1": 100}})
        outs = agent.update(world.session(), made.id, outs, wanted)
    assert versions(client) == ["1", "2", "3", "4", "5", "6"]

    outs = agent.update(
        world.session(),
        made.id,
        outs,
        inputs(world, instructions="Take 3.", serving={"traffic": {"1": 100}}, keep=2),
    )

    assert versions(client) == ["1", "2", "5", "6"]
    assert world.requests("DELETE", "/agents/desk/versions/1") == []  # it isn't left to the service to refuse
    assert len(world.requests("DELETE", "/agents/desk/versions/3")) == 1
    assert [one["version"] for one in outs["versions"]] == ["6", "5", "1"]


def test_what_a_pinned_version_uses_is_kept(world):
    store = vector_store.create(world.session(), {**world.store(), "dialect": "versioned"})
    tool = {"name": "policies", "type": "file_search", "vector_store_ids": [store.id]}
    pinned = {"serving": {"traffic": {"1": 100}}}
    made = agent.create(world.session(), inputs(world, tools=[tool], **pinned))
    outs = agent.update(world.session(), made.id, made.outs, inputs(world, **pinned))

    with pytest.raises(FoundryError, match=r"isn't deleted: it is used by agent desk"):
        vector_store.delete(world.session(), store.id, store.outs)
    agent.update(world.session(), made.id, outs, inputs(world, serving={"traffic": {"2": 100}}))
    vector_store.delete(world.session(), store.id, store.outs)


def test_a_renamed_agent_is_another_agent(world):
    made = agent.create(world.session(), inputs(world))

    assert agent.diff(made.id, made.outs, inputs(world, service_name="front")).replaces == ("definition",)
    assert agent.diff(made.id, made.outs, inputs(world, service_name="Desk")).replaces == ()


# ---- kinds beside prompts


def test_a_workflow_is_opted_into_by_itself(world, client):
    wanted = inputs(world)
    wanted["definition"] = {"name": "desk", "workflow": "kind: workflow\n", "metadata": {}, "tools": []}

    made = agent.create(world.session(), wanted)

    seen = state(world, made, wanted)
    assert agent.diff(made.id, seen.outs, wanted).changes == ()
    assert client.agents.get("desk").versions.latest.definition.workflow == "kind: workflow\n"


def test_an_agent_that_runs_elsewhere_keeps_the_id_that_the_service_gives_it(world, client):
    def with_id(**told):
        return {
            **inputs(world),
            "definition": {"name": "desk", "external": told, "metadata": {}, "tools": []},
        }

    wanted = with_id()
    made = agent.create(world.session(), wanted)

    assert client.agents.get("desk").versions.latest.definition.otel_agent_id == "desk"
    seen = state(world, made, wanted)
    assert agent.diff(made.id, seen.outs, wanted).changes == ()
    outs = agent.update(world.session(), made.id, seen.outs, with_id(otel_agent_id="desk-eu"))
    (change,) = agent.diff(made.id, outs, wanted).changes
    assert change.path == "external.otel_agent_id"


def test_what_is_turned_off_for_a_voice_agent_stays_so_and_by_hand_is_drift(world, client):
    off = {"model_type": "managed", "model": "m", "audio": {"input": {"turn_detection": {"type": "none"}}}}
    wanted = inputs(world)
    wanted["definition"] = {"name": "desk", "voice": off, "metadata": {}, "tools": []}

    made = agent.create(world.session(), wanted)

    told = client.agents.get("desk").versions.latest
    assert told.definition["audio"]["input"] == {"turn_detection": None}
    assert agent.diff(made.id, state(world, made, wanted).outs, wanted).changes == ()
    by_hand = {**told.definition.as_dict(), "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}
    client.agents.create_version(
        "desk",
        {"definition": by_hand, "metadata": told.metadata},
        headers={"Foundry-Features": "VoiceAgents=V1Preview"},
    )
    (change,) = agent.diff(made.id, state(world, made, wanted).outs, wanted).changes
    assert change.path == "voice.audio.input.turn_detection.type"


def test_an_agent_becomes_one_of_another_kind_and_back_without_a_rest(world, client):
    told = [
        {"model": "chat", "instructions": "Be kind.", "temperature": 0.5},
        {"external": {}},
        {"voice": {"model_type": "managed", "model": "m"}, "instructions": "Be brief."},
        {"workflow": "kind: workflow\n"},
        {"model": "chat"},
    ]
    wanted = [
        {**inputs(world), "definition": {"name": "desk", **one, "metadata": {}, "tools": []}} for one in told
    ]
    made = agent.create(world.session(), wanted[0])
    outs, kinds = made.outs, []
    for one in wanted[1:]:
        assert agent.diff(made.id, outs, one).changes
        agent.update(world.session(), made.id, outs, one)
        outs = agent.read(world.session(), made.id, {**outs, **one, "applied": one["definition"]}).outs
        assert agent.diff(made.id, outs, one).changes == ()
        kinds.append(client.agents.get("desk").versions.latest.definition.kind)

    assert kinds == ["external", "voice", "workflow", "prompt"]


def test_a_hosted_agent_is_waited_for(world, client):
    hosted = {"image": "contoso.azurecr.io/desk:1", "cpu": "1", "memory": "2Gi"}
    wanted = inputs(world)
    wanted["definition"] = {"name": "desk", "hosted": hosted, "metadata": {}, "tools": []}

    made = agent.create(world.session(), wanted)

    assert client.agents.get("desk").versions.latest.status == "active"
    assert agent.diff(made.id, state(world, made, wanted).outs, wanted).changes == ()
