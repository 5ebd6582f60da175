"""Evaluation rules and the evals that they run: made, changed, watched, left to their owners, and taken away."""

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import ContinuousEvaluationRuleAction, EvaluationRule, EvaluationRuleFilter
from azure.core.exceptions import ResourceNotFoundError

from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile import evaluation, evaluation_rule
from foundry.reconcile.marks import mark_in, mark_of

RELEVANCE = {
    "name": "relevance",
    "evaluator_name": "builtin.relevance",
    "initialization_parameters": {"model": "chat"},
}
VIOLENCE = {"name": "violence", "evaluator_name": "builtin.violence"}


def eval_inputs(world, *criteria, name="desk evaluation", lifecycle=None, owner=None):
    base = world.agent("desk", **({"owner": owner} if owner else {}))
    definition = {"name": name, "testing_criteria": list(criteria or (RELEVANCE,))}
    return {**base, "dialect": "versioned", "lifecycle": lifecycle or {}, "definition": definition}


def rule_inputs(world, eval_id="eval_1", *, lifecycle=None, owner=None, **more):
    base = world.agent("desk", **({"owner": owner} if owner else {}))
    told = {"id": "desk-continuous", "agent_name": "desk", "eval_id": eval_id, "enabled": True, **more}
    definition = {key: value for key, value in told.items() if value is not None}
    return {**base, "dialect": "versioned", "lifecycle": lifecycle or {}, "definition": definition}


@pytest.fixture
def client(world):
    return AIProjectClient(world.endpoint, world.credential())


@pytest.fixture
def evals(client):
    return client.get_openai_client().evals


@pytest.fixture
def rules(client):
    return client.evaluation_rules


def by_hand(rules, rule_id="desk-continuous", **more):
    action = ContinuousEvaluationRuleAction(eval_id="eval_theirs")
    told = {
        "event_type": "responseCompleted",
        "enabled": True,
        "filter": EvaluationRuleFilter(agent_name="desk"),
    }
    return rules.create_or_update(rule_id, EvaluationRule(action=action, **told, **more))


def test_a_rule_is_made_with_a_mark_and_changed_in_place_and_deleted(world, rules):
    first = rule_inputs(world, max_hourly_runs=10, sampling_rate=25.0, description="To the point?")
    made = evaluation_rule.create(world.session(), first)
    live = rules.get("desk-continuous")
    description, mark = mark_in(live.description)
    assert (description, mark.name, live.action.max_hourly_runs) == ("To the point?", "desk", 10)

    seen = evaluation_rule.read(world.session(), made.id, made.outs)
    assert seen.inputs == first
    assert evaluation_rule.diff(made.id, seen.outs, first).changes == ()
    second = rule_inputs(world, "eval_2", enabled=False, display_name="Desk")
    difference = evaluation_rule.diff(made.id, seen.outs, second)
    assert [change.path for change in difference.changes] == [
        "description",
        "display_name",
        "enabled",
        "eval_id",
        "max_hourly_runs",
        "sampling_rate",
    ]
    assert difference.replaces == ()
    outs = evaluation_rule.update(world.session(), made.id, seen.outs, second)
    live = rules.get("desk-continuous")
    assert (live.enabled, live.display_name, live.action.as_dict()) == (
        False,
        "Desk",
        {"type": "continuousEvaluation", "evalId": "eval_2"},
    )
    seen = evaluation_rule.read(world.session(), made.id, outs)
    assert evaluation_rule.diff(made.id, seen.outs, second).changes == ()

    evaluation_rule.delete(world.session(), made.id, seen.outs)
    with pytest.raises(ResourceNotFoundError):
        rules.get("desk-continuous")
    assert evaluation_rule.read(world.session(), made.id, seen.outs) is None
    evaluation_rule.delete(world.session(), made.id, seen.outs)


def test_an_eval_of_evaluators_that_the_project_does_not_have_is_refused_before_it_is_made(world, evals):
    misspelt = {"name": "relevance", "evaluator_name": "builtin.relevence"}
    newer = {**VIOLENCE, "evaluator_version": "7"}
    with pytest.raises(FoundryError) as refused:
        evaluation.create(world.session(), eval_inputs(world, misspelt, VIOLENCE, newer))
    assert refused.value.what == (
        "the project has no evaluator `builtin.relevence` and no version `7` of the evaluator `builtin.violence`"
    )
    assert list(evals.list()) == []


def test_a_rule_that_somebody_changed_is_seen_and_put_right(world, rules):
    inputs = rule_inputs(world, sampling_rate=25.0)
    made = evaluation_rule.create(world.session(), inputs)
    live = rules.get("desk-continuous")
    live.enabled, live.event_type, live.action.max_hourly_runs = False, "manual", 3
    rules.create_or_update("desk-continuous", live)

    seen = evaluation_rule.read(world.session(), made.id, made.outs)
    changes = evaluation_rule.diff(made.id, seen.outs, inputs).changes
    # How many runs an hour isn't declared: that is the service's, or somebody else's, choice.
    assert [change.path for change in changes] == ["enabled", "event_type"]
    evaluation_rule.update(world.session(), made.id, seen.outs, inputs)

    assert (rules.get("desk-continuous").enabled, rules.get("desk-continuous").event_type) == (
        True,
        "responseCompleted",
    )


def test_drift_of_a_rule_that_is_only_to_be_reported_stays(world, rules):
    inputs = rule_inputs(world, lifecycle={"onDrift": "report"})
    made = evaluation_rule.create(world.session(), inputs)
    live = rules.get("desk-continuous")
    live.enabled = False
    rules.create_or_update("desk-continuous", live)
    seen = evaluation_rule.read(world.session(), made.id, made.outs)

    assert evaluation_rule.diff(made.id, seen.outs, inputs).changes == ()
    assert "driftSince" in seen.outs
    outs = evaluation_rule.update(world.session(), made.id, seen.outs, {**inputs, "name": "front"})
    assert (outs["driftSince"], outs["definition"]["enabled"]) == (seen.outs["driftSince"], False)

    live = rules.get("desk-continuous")
    assert (live.enabled, mark_in(live.description)[1].name) == (False, "front")
    edited = rule_inputs(world, lifecycle={"onDrift": "report"}, max_hourly_runs=5)
    outs = evaluation_rule.update(world.session(), made.id, outs, edited)
    live = rules.get("desk-continuous")
    assert (live.enabled, live.action.max_hourly_runs) == (False, 5)
    assert outs["driftSince"] == seen.outs["driftSince"]


def test_a_rule_of_somebody_else_is_refused_and_left_alone(world, rules):
    by_hand(rules, description="Somebody's")
    with pytest.raises(FoundryError, match=r"this tool didn't make it.*another `rule_id`"):
        evaluation_rule.create(world.session(), rule_inputs(world))
    assert rules.get("desk-continuous").description == "Somebody's"

    rules.delete("desk-continuous")
    theirs = evaluation_rule.create(world.session(), rule_inputs(world, owner=world.other))
    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        evaluation_rule.create(world.session(), rule_inputs(world))
    assert mark_in(rules.get("desk-continuous").description)[1].incarnation == theirs.outs["incarnation"]


def test_a_rule_is_taken_over_with_its_agent_and_let_go_with_it(world, rules):
    by_hand(rules, description="Somebody's")
    inputs = rule_inputs(world, lifecycle={"adopt": {"id": "desk-continuous"}})

    made = evaluation_rule.create(world.session(), inputs)
    live = rules.get("desk-continuous")
    assert (made.outs["adopted"], mark_in(live.description)[0], live.action.eval_id) == (True, "", "eval_1")
    evaluation_rule.delete(world.session(), made.id, made.outs)

    assert mark_in(rules.get("desk-continuous").description)[1] is None


def test_a_rule_that_its_adopted_agent_did_not_have_is_made_and_is_ours(world, rules):
    inputs = rule_inputs(world, lifecycle={"adopt": {"id": "desk-continuous"}})
    made = evaluation_rule.create(world.session(), inputs)

    outs = evaluation_rule.update(
        world.session(),
        made.id,
        made.outs,
        {**inputs, "definition": {**inputs["definition"], "enabled": False}},
    )
    evaluation_rule.delete(world.session(), made.id, outs)

    assert (made.outs["adopted"], list(rules.list())) == (False, [])


def test_a_lost_answer_and_a_lost_state_leave_one_rule(world, rules):
    world.faults(
        {"match": {"method": "PUT", "path": "/evaluationrules/", "nth": 1}, "action": {"drop": "after"}}
    )
    first = evaluation_rule.create(world.session(), rule_inputs(world))

    second = evaluation_rule.create(world.session(), rule_inputs(world))
    evaluation_rule.delete(world.session(), first.id, first.outs)

    assert [rule.id for rule in rules.list()] == ["desk-continuous"]
    assert second.outs["incarnation"] != first.outs["incarnation"]


def test_a_rule_that_is_let_go_stays_without_the_mark(world, rules):
    made = evaluation_rule.create(world.session(), rule_inputs(world, lifecycle={"onRemove": "retain"}))

    evaluation_rule.delete(world.session(), made.id, made.outs)

    assert mark_in(rules.get("desk-continuous").description) == ("", None)


def test_another_id_or_project_is_another_rule_and_an_unknown_eval_is_a_change(world):
    props = {**rule_inputs(world), "applied": rule_inputs(world)["definition"]}

    assert evaluation_rule.diff("x", props, rule_inputs(world, id="other")).replaces == ("definition",)
    elsewhere = {**rule_inputs(world), "project": UNKNOWN}
    assert evaluation_rule.diff("x", props, elsewhere).replaces == ("project",)
    unknown = evaluation_rule.diff("x", props, rule_inputs(world, UNKNOWN))
    assert ([change.path for change in unknown.changes], unknown.replaces) == (["eval_id"], ())


def test_inputs_of_a_rule_that_lack_something_are_told(world):
    problems = evaluation_rule.check({}, rule_inputs(world, agent_name=None, enabled=None))

    assert [problem.path for problem in problems] == ["definition.agent_name", "definition.enabled"]


def test_an_eval_is_made_with_a_mark_and_renamed_in_place_and_deleted(world, evals):
    first = eval_inputs(world, RELEVANCE, VIOLENCE)
    made = evaluation.create(world.session(), first)
    assert mark_of(evals.retrieve(made.id).metadata).name == "desk"

    seen = evaluation.read(world.session(), made.id, made.outs)
    assert seen.inputs == first
    assert evaluation.diff(made.id, seen.outs, first).changes == ()
    second = eval_inputs(world, VIOLENCE, RELEVANCE, name="other")
    difference = evaluation.diff(made.id, seen.outs, second)
    assert ([change.path for change in difference.changes], difference.replaces) == (["name"], ())
    outs = evaluation.update(world.session(), made.id, seen.outs, second)
    assert evals.retrieve(made.id).name == "other"
    seen = evaluation.read(world.session(), made.id, outs)
    assert evaluation.diff(made.id, seen.outs, second).changes == ()

    evaluation.delete(world.session(), made.id, seen.outs)
    assert list(evals.list()) == []
    assert evaluation.read(world.session(), made.id, seen.outs) is None


def test_other_evaluators_are_another_eval_and_the_old_one_stays_while_a_rule_runs_it(world, evals):
    old = evaluation.create(world.session(), eval_inputs(world, RELEVANCE))
    rule = evaluation_rule.create(world.session(), rule_inputs(world, old.id))
    changed = eval_inputs(world, RELEVANCE, VIOLENCE)
    assert evaluation.diff(old.id, old.outs, changed).replaces == ("definition",)

    session = world.session()
    new = evaluation.create(session, changed)
    assert {one.id for one in evals.list()} == {old.id, new.id}
    with pytest.raises(
        FoundryError, match=f"eval {old.id} isn't deleted: it is run by evaluation rule desk-c"
    ):
        evaluation.delete(session, old.id, old.outs)
    evaluation_rule.update(session, rule.id, rule.outs, rule_inputs(world, new.id))
    evaluation.delete(session, old.id, old.outs)

    assert [one.id for one in evals.list()] == [new.id]


def test_a_lost_answer_and_a_lost_state_leave_one_eval(world, evals):
    world.faults(
        {"match": {"method": "POST", "path": "/openai/v1/evals$", "nth": 1}, "action": {"drop": "after"}}
    )
    first = evaluation.create(world.session(), eval_inputs(world))

    second = evaluation.create(world.session(), eval_inputs(world))
    evaluation.delete(world.session(), first.id, first.outs)

    assert [one.id for one in evals.list()] == [second.id] == [first.id]


def test_an_eval_of_another_stack_is_nobody_elses_to_take(world, evals):
    theirs = evaluation.create(world.session(), eval_inputs(world, owner=world.other))

    ours = evaluation.create(world.session(), eval_inputs(world))

    assert {one.id for one in evals.list()} == {theirs.id, ours.id}
    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        evaluation.update(world.session(), theirs.id, {"incarnation": "x"}, eval_inputs(world))


def test_two_evals_with_the_same_mark_are_told(world, evals):
    made = evaluation.create(world.session(), eval_inputs(world))
    live = evals.retrieve(made.id).to_dict(warnings=False)
    told = {key: live[key] for key in ("name", "metadata", "data_source_config", "testing_criteria")}
    twin = evals.create(**told)

    with pytest.raises(FoundryError, match=f"2 evals carry this stack's mark for 'desk': .*{twin.id}"):
        evaluation.create(world.session(), eval_inputs(world))


def test_an_eval_that_is_let_go_stays_without_the_mark(world, evals):
    made = evaluation.create(world.session(), eval_inputs(world, lifecycle={"onRemove": "retain"}))

    evaluation.delete(world.session(), made.id, made.outs)

    assert evals.retrieve(made.id).metadata == {}


def test_an_eval_that_a_rule_without_a_mark_runs_is_let_go_with_it(world, evals, rules):
    made = evaluation.create(world.session(), eval_inputs(world))
    by_hand(rules, rule_id="theirs")
    live = rules.get("theirs")
    live.action.eval_id = made.id
    rules.create_or_update("theirs", live)

    evaluation.delete(world.session(), made.id, made.outs)

    assert evals.retrieve(made.id).metadata == {}


def test_an_eval_is_taken_over_only_from_the_stack_that_hands_it_over(world, evals):
    theirs = evaluation.create(world.session(), eval_inputs(world, owner=world.other))
    handed = {"adopt": {"name": "desk evaluation", "from": "shop/dev"}}

    other = evaluation.create(world.session(), eval_inputs(world, VIOLENCE, lifecycle=handed))
    ours = evaluation.create(world.session(), eval_inputs(world, name="desk evaluation", lifecycle=handed))

    assert ours.id == theirs.id != other.id
    assert ours.outs["adopted"] is True
    evaluation.delete(world.session(), theirs.id, theirs.outs)
    assert mark_of(evals.retrieve(ours.id).metadata).incarnation == ours.outs["incarnation"]


def test_inputs_of_an_eval_that_lack_something_are_told(world):
    nothing = eval_inputs(world)
    nothing["definition"]["testing_criteria"] = []
    nameless = eval_inputs(world, {"name": "x"}, name="")

    assert [one.path for one in evaluation.check({}, nothing)] == ["definition.testing_criteria"]
    assert [one.path for one in evaluation.check({}, nameless)] == ["definition.name"]
    assert [one.path for one in evaluation.check({}, eval_inputs(world, {"name": "x"}))] == [
        "definition.testing_criteria[0].evaluator_name"
    ]
