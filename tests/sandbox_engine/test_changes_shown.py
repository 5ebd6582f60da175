"""Differences as people read them: only what changed, line by line in long texts, item by item in lists."""

from __future__ import annotations

from typing import Any

import pytest

from foundry.sandbox.engine.changes import between
from foundry.sandbox.engine.values import UNKNOWN, secret


def shown(old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[str]:
    return [f"{'  ' * line.depth}{line.sign} {line.text}" for line in between(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["~ a: 1 => 2"]),
        ({"a": 1}, {}, ["- a: 1"]),
        ({}, {"a": {"b": [1, "x"]}}, ["+ a:", "  + b:", "    + [0]: 1", '    + [1]: "x"']),
        ({"a": 1}, {"a": True}, ["~ a: 1 => true"]),
        ({"a": "x"}, {"a": UNKNOWN}, ['~ a: "x" => output<string>']),
        ({"a": secret("x")}, {"a": secret("y")}, ["~ a: [secret] => [secret]"]),
        ({"a": "x"}, {"a": secret("x")}, ['~ a: "x" => [secret]']),
        ({"odd key": 1}, {"odd key": 2}, ['~ "odd key": 1 => 2']),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 1}}, ["~ a:", "  ~ b: 1 => 2"]),
        ({"a": [1, 2, 3]}, {"a": [0, 1, 2, 3]}, ["~ a:", "  + [0]: 0"]),
        ({"a": [1, 2, 3]}, {"a": [1, 3]}, ["~ a:", "  - [1]: 2"]),
        ({"a": [{"n": 1}]}, {"a": [{"n": 2}]}, ["~ a:", "  ~ [0]:", "    ~ n: 1 => 2"]),
        (
            {"a": [{"name": "x", "n": 1}, {"name": "y", "n": 1}]},
            {"a": [{"name": "y", "n": 2}, {"name": "z", "n": 1}]},
            [
                "~ a:",
                "  ~ [y]:",
                "    ~ n: 1 => 2",
                "  + [z]:",
                "    + n: 1",
                '    + name: "z"',
                "  - [x]:",
                "    - n: 1",
                '    - name: "x"',
            ],
        ),
        (
            {"a": [{"path": "x"}, {"path": "y"}]},
            {"a": [{"path": "y"}, {"path": "x"}]},
            ["~ a:", "  ~ (only the order differs)"],
        ),
        (
            {"a": [{"name": "x"}, {"name": "x"}]},
            {"a": [{"name": "x"}]},
            ["~ a:", "  - [1]:", '    - name: "x"'],
        ),
        ({"a": "x\n"}, {"a": "x"}, ["~ a:", "  ~ (only the line ending at the end differs)"]),
    ],
)
def test_a_change_shows_what_changed_and_no_more(
    old: dict[str, Any], new: dict[str, Any], lines: list[str]
) -> None:
    assert shown(old, new) == lines


def test_a_long_text_shows_changed_lines_with_two_around_them() -> None:
    before = [f"line {n}" for n in range(20)]
    after = [*before[:10], "another", *before[11:]]
    assert shown({"t": "\n".join(before)}, {"t": "\n".join(after)}) == [
        "~ t:",
        "   ...",
        "   line 8",
        "   line 9",
        "  - line 10",
        "  + another",
        "   line 11",
        "   line 12",
    ]


def test_no_secret_is_ever_shown() -> None:
    deep = {"a": [{"b": secret({"c": "hush"})}], "d": secret("hush")}
    for old, new in ((None, deep), (deep, None), (deep, {"a": [{"b": secret({"c": "hush!"})}], "d": "x"})):
        assert "hush" not in "".join(shown(old, new))
