"""What was applied to an object over time, from the states that runs left behind."""

from __future__ import annotations

from typing import Any

from foundry.transfer.history import Applied, Run, applied_over_time, found, is_still


def run(
    number: int,
    definition: dict[str, Any] | None,
    *,
    id_: str = "asst_1",
    commit: str = "",
    called: str = "desk",
    adopted: bool = False,
) -> Run:
    resources = (
        [
            {
                "type": "pulumi-python:dynamic/foundry:Agent",
                "urn": f"urn:pulumi:dev::shop::pulumi-python:dynamic/foundry:Agent::{called}",
                "id": id_,
                "outputs": {"applied": {"name": "desk", "model": "chat", **definition}, "adopted": adopted},
            }
        ]
        if definition is not None
        else []
    )
    return Run(number, "update", number * 100, commit or f"{number}{'a' * 39}", "", False, True, resources)


def told(*runs: Run) -> list[tuple[int, tuple[str, ...]]]:
    return [(entry.run.number, entry.changed) for entry in applied_over_time(runs, "Agent", "desk")]


def test_only_runs_that_changed_the_object_are_told_with_its_fields() -> None:
    assert told(
        run(1, None),
        run(2, {"temperature": 0.1}),
        run(3, {"temperature": 0.1}),
        run(4, {"temperature": 0.2, "instructions": "x"}),
        run(5, None),
        run(6, None),
        run(7, {"temperature": 0.2}),
    ) == [(2, ("made",)), (4, ("instructions", "temperature")), (5, ("removed",)), (7, ("made",))]


def test_what_was_there_before_is_adopted_and_not_made() -> None:
    assert told(run(1, {}, adopted=True), run(2, {"temperature": 0.1}, adopted=True)) == [
        (1, ("adopted",)),
        (2, ("temperature",)),
    ]


def test_an_object_that_was_made_anew_is_told_even_if_it_says_the_same() -> None:
    assert told(run(1, {}), run(2, {}, id_="asst_2")) == [(1, ("made",)), (2, ("made anew",))]


def test_what_was_applied_under_an_earlier_name_is_part_of_the_history() -> None:
    assert told(
        run(1, {}, called="counter"),
        run(2, {"temperature": 0.1}, called="counter"),
        run(3, {"temperature": 0.1}),
        run(4, {"temperature": 0.2}),
    ) == [(1, ("made",)), (2, ("temperature",)), (4, ("temperature",))]


def test_another_object_that_had_an_id_of_its_own_is_no_part_of_the_history() -> None:
    assert told(run(1, {}, called="counter", id_="asst_9"), run(2, {})) == [(2, ("made",))]


def test_a_run_is_found_by_number_by_commit_and_as_the_previous_one() -> None:
    entries = applied_over_time(
        [
            run(1, {"temperature": 0}),
            run(2, {"temperature": 1}, commit="beef" + "0" * 36),
            run(3, {"temperature": 2}),
        ],
        "Agent",
        "desk",
    )
    assert [found(entries, word) for word in ("1", "beef", "previous", "3")] == [
        entries[0],
        entries[1],
        entries[1],
        entries[2],
    ]
    assert found(entries, "9") is None
    assert found(entries, "bee") is None
    assert found(entries[:1], "previous") is None


def test_a_version_that_a_name_stands_for_is_part_of_a_skill_s_history() -> None:
    def run(number: int, text: str, latest: str, default: str, pin: str) -> Run:
        outputs = {
            "applied": {"name": "returns", "instructions": text},
            "latestVersion": latest,
            "version": default,
            "appliedDefault": pin,
        }
        urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/foundry:Skill::returns"
        resource = {
            "type": "pulumi-python:dynamic/foundry:Skill",
            "urn": urn,
            "id": "returns",
            "outputs": outputs,
        }
        return Run(number, "update", 0, "", "", False, True, [resource])

    runs = [
        run(1, "a", "1", "1", "latest"),
        run(2, "b", "2", "2", "latest"),
        run(3, "b", "2", "1", "1"),
        run(4, "b", "2", "1", "1"),
    ]

    told = applied_over_time(runs, "Skill", "returns")

    assert [(one.run.number, one.changed, one.version, one.default_version) for one in told] == [
        (1, ("made",), "1", "1"),
        (2, ("instructions",), "2", "2"),
        (3, ("default_version",), "2", "1"),
    ]


def test_a_version_is_the_one_of_then_only_if_the_object_was_not_made_again_since() -> None:
    def left(number: int, version: str, incarnation: str) -> Applied:
        made = Run(number, "update", 0, "", "", False, True, [])
        return Applied(made, "desk", {}, ("x",), version, None, incarnation)

    first, second, again, third = entries = (
        left(1, "1", "a"),
        left(2, "2", "a"),
        left(3, "1", "b"),
        left(4, "2", "b"),
    )

    def still(entry: Applied, version: str, live: str | None) -> bool:
        return is_still(entries, entry, version, live, today="b")

    assert still(third, "2", "b")
    assert still(third, "1", "b")
    assert not still(second, "2", "b"), "it is the second of another object"
    assert not still(first, "1", "b")
    assert not still(again, "1", None), "somebody made it by hand"
    # A version that no run made may be told by a default that was set to it.
    assert still(third, "9", None)
    assert not still(first, "9", None)
