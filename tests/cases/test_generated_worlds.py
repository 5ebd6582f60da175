"""Any generated worlds one after the other: from each to the next is one `up`, after which a preview is empty.

The live set is what is declared, a definition that two worlds share makes no version, and destroying leaves nothing. So it is
when the run to the next world ends at any request, or loses any answer, and another one follows. FAC_TEST_WORLDS=500 tries so
many, others at each run, where `make test` tries the same few.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cases.harness.live import assert_live_is_declared, assert_live_is_held, sweep
from tests.cases.harness.worlds import BASE, OURS, histories
from tests.cases.test_interrupted import declare, ended_at

MANY = int(os.environ.get("FAC_TEST_WORLDS", "0"))
pytestmark = [pytest.mark.timeout(0)] if MANY else []


def generated(few):
    return settings(
        max_examples=MANY or few,
        deadline=None,
        derandomize=not MANY,
        database=None,
        # Making an example smaller would make dozens of worlds.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@generated(12)
@given(history=histories())
def test_from_any_world_to_any_other_leaves_nothing_to_change(new_stack, project_of_standard_setup, history):
    stack = project_of_standard_setup(new_stack())
    sweep(stack, ours=OURS)
    for world in history:
        declare(stack, world.files(), BASE)
        before = {key: held.outs.get("version") for key, held in stack.state.items()}
        planned = stack.preview()
        stack.up()
        assert_live_is_declared(stack, ours=OURS)
        for key, held in stack.state.items():
            if key in before and key not in planned:
                assert held.outs.get("version") == before[key]
    stack.destroy()
    assert_live_is_held(stack, ours=OURS)


@generated(8)
@given(history=histories(), nth=st.integers(1, 150), end=st.sampled_from(["killed", "lost"]))
def test_whatever_request_the_way_to_another_world_ends_at_the_next_run_puts_it_right(
    new_stack, project_of_standard_setup, history, nth, end
):
    stack = project_of_standard_setup(new_stack())
    sweep(stack, ours=OURS)
    *before, last = history
    for world in before:
        declare(stack, world.files(), BASE)
        stack.up()
    declare(stack, last.files(), BASE)
    ended_at(stack, nth, end)
    assert_live_is_declared(stack, ours=OURS)
    stack.destroy()
    assert_live_is_held(stack, ours=OURS)
