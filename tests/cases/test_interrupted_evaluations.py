"""What test_interrupted.py holds for the classic dialect, for evaluation rules and the evals that they run."""

import pytest
from azure.ai.projects import AIProjectClient

from tests.cases.test_interrupted import dying_at, ended_at
from tests.cases.test_interrupted_versioned import begun, changing

EVALUATED = {
    "desk.yaml": """\
kind: Agent
name: desk
model: chat
evaluation: {rule: continuous, evaluators: {relevance: {model: chat}}, sampling_rate: 50}
"""
}
OTHERWISE = {
    "desk.yaml": """\
kind: Agent
name: desk
model: chat
evaluation: {rule: continuous, evaluators: {coherence: {model: chat}}}
"""
}
NOT_ANY_MORE = {"desk.yaml": "kind: Agent\nname: desk\nmodel: chat\n"}
WORLDS = {"first": ({}, EVALUATED), "changed": (EVALUATED, OTHERWISE), "ended": (EVALUATED, NOT_ANY_MORE)}


def assert_live_is_declared(stack):
    """Each declared rule is live and runs an eval of the declared evaluators; there is no other rule or eval."""
    client = AIProjectClient(stack.world.endpoint, stack.world.credential())
    evals = {one.id: one for one in client.get_openai_client().evals.list()}
    rules = {rule.id: rule for rule in client.evaluation_rules.list()}
    declared = {one.evaluation.rule_id: one for one in stack.manifest().agents if one.evaluation}
    assert set(rules) == set(declared)
    assert {rule.action.eval_id for rule in rules.values()} == set(evals)
    for rule_id, agent in declared.items():
        rule = rules[rule_id]
        assert (rule.filter.agent_name, rule.action.sampling_rate) == (
            agent.service_name,
            agent.evaluation.sampling_rate,
        )
        measured = [one.name for one in evals[rule.action.eval_id].testing_criteria]
        assert measured == [one.name for one in agent.evaluation.evaluators]
    assert stack.preview() == {}


@pytest.mark.parametrize("end", ["killed", "lost"])
@pytest.mark.parametrize("scenario", WORLDS)
def test_whatever_request_a_run_ends_at_the_next_one_puts_it_right(stack, new_stack, scenario, end):
    before, after = WORLDS[scenario]
    moments = changing(stack, before, after)
    assert_live_is_declared(stack)
    for nth in moments:
        one = begun(new_stack(), before, after)
        ended_at(one, nth, end)
        assert_live_is_declared(one)


def test_a_run_that_was_cut_off_and_then_declared_otherwise_leaves_no_eval_behind(new_stack):
    one = begun(new_stack(), {}, EVALUATED)
    with dying_at(changing(new_stack(), {}, EVALUATED)[1]):
        one.up()

    begun(one, {}, OTHERWISE).up(one.world.session(pending=True, look_up=1.0))

    assert_live_is_declared(one)
