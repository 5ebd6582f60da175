"""Checks side by side: results in the order of the declarations, an interrupt that leaves nothing half done."""

from __future__ import annotations

import threading

import pytest

from foundry.checks.running import Case, run
from foundry.model import Check, Conversation, Expectation, FoundryError
from foundry.service.conversation import Place, Transcript

PLACE = Place("https://shop.example/api/projects/service", "classic")


def case(name: str, expected: str = "yes") -> Case:
    check = Check(name, Conversation((name,)), Expectation(contains=(expected,)))
    return Case("desk", "asst_1", PLACE, check, ())


def said(text: str) -> Transcript:
    return Transcript(text, text, (), (), (), 1.0, None)


def test_results_come_in_the_order_of_the_declarations_however_long_each_takes():
    second_is_done = threading.Event()

    def hold(one: Case) -> Transcript:
        if one.check.name == "first":
            assert second_is_done.wait(30)
        return said("yes")

    def done(result: object) -> None:
        told.append(result)
        second_is_done.set()

    told: list[object] = []
    results = run([case("first"), case("second")], hold, lambda *_: {}, parallel=2, done=done)
    assert [result.case.check.name for result in results] == ["first", "second"]
    assert told == [results[1], results[0]]


def test_a_conversation_that_does_not_come_about_is_an_error_and_the_others_go_on():
    def hold(one: Case) -> Transcript:
        if one.check.name == "broken":
            raise FoundryError("the run ended as failed", fix="look at the model")
        return said("no" if one.check.name == "wrong" else "yes")

    results = run([case("broken"), case("wrong"), case("right")], hold, lambda *_: {}, parallel=1)
    assert [result.error for result in results] == ["the run ended as failed; look at the model", None, None]
    assert [result.failures for result in results] == [(), ("the answer does not contain 'yes'",), ()]
    assert [result.is_good for result in results] == [False, False, True]


def test_never_more_conversations_than_asked_for_are_under_way():
    lock, under_way, most = threading.Lock(), [0], [0]
    both = threading.Barrier(2, timeout=30)

    def hold(_: Case) -> Transcript:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        both.wait()
        with lock:
            under_way[0] -= 1
        return said("yes")

    results = run([case(str(number)) for number in range(6)], hold, lambda *_: {}, parallel=2)
    assert (len(results), most[0]) == (6, 2)


def test_an_interrupt_lets_what_is_under_way_end_and_begins_nothing_else():
    begun, ended, stopping = [], [], []
    goes_on = threading.Event()

    def hold(one: Case) -> Transcript:
        begun.append(one.check.name)
        if one.check.name != "first":
            assert goes_on.wait(30)
        ended.append(one.check.name)
        return said("yes")

    def done(_: object) -> None:
        raise KeyboardInterrupt

    def stop() -> None:
        stopping.append(True)
        goes_on.set()

    cases = [case(name) for name in ("first", "second", "third", "fourth", "fifth")]
    with pytest.raises(KeyboardInterrupt):
        run(cases, hold, lambda *_: {}, parallel=2, done=done, stopping=stop)
    assert stopping == [True]
    assert sorted(begun) == sorted(ended)
    assert set(begun) <= {"first", "second", "third"}
