"""An agent is made once, whatever happens to the answers, and found again by its mark."""

from foundry.reconcile import agent


def test_an_agent_is_made_with_what_is_declared_and_a_mark(world):
    made = agent.create(world.session(), world.agent(description="Answers", metadata={"team": "support"}))

    live = world.official().get_agent(made.id)
    assert (live.name, live.model, live.instructions, live.description) == ("desk", "chat", "Be brief.", "Answers")
    assert live.metadata["team"] == "support"
    assert "shop/dev 11111111-1111-4111-8111-111111111111 desk" in live.metadata["foundry-as-code"]


def test_a_diff_after_an_apply_is_empty(world):
    inputs = world.agent(temperature=0.2, tools=[{"name": "run", "type": "code_interpreter", "file_ids": []}])
    made = agent.create(world.session(), inputs)

    seen = agent.read(world.session(), made.id, made.outs)

    assert seen is not None
    assert agent.diff(made.id, seen.outs, inputs).changes == ()
    assert seen.inputs == inputs
