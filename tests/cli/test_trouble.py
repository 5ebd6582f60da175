"""A service in trouble, as a person meets it: one message, nothing lost, and the next up ends what this one began."""

from __future__ import annotations

from typing import Any

import pytest

ENGINES = ["embedded", pytest.param("pulumi", marks=pytest.mark.pulumi_cli)]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_agent_that_is_refused_fails_the_up_alone_and_the_next_one_makes_it(clone: Any) -> None:
    clone.fac("sandbox", "start")
    refused = {"status": 400, "code": "invalid_request_error", "message": "The model is having a rest."}
    clone.plan({"match": {"method": "POST", "path": "/assistants$", "nth": 2}, "action": refused})

    code, printed = clone.run("up", "--yes")

    assert code != 0
    assert "The model is having a rest." in printed
    assert "Traceback" not in printed
    clone.plan()
    clone.fac("up", "--yes")
    clone.assert_whole()


def test_late_roles_and_lost_replies_are_waited_out(clone: Any) -> None:
    clone.fac("sandbox", "start")
    clone.plan(
        {"match": {"path": "/assistants", "first": 2}, "action": {"status": 403}},
        {"match": {"method": "POST", "path": "/assistants$", "nth": 2}, "action": {"drop": "after"}},
        {"match": {"method": "POST", "path": "/files$", "nth": 3}, "action": {"drop": "after"}},
        {"match": {"path": "/vector_stores", "first": 2}, "action": {"status": 429, "retry_after": 1}},
    )
    clone.fac("up", "--yes")
    clone.assert_whole()
    clone.fac("preview", "--expect-no-changes")
