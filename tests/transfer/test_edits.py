"""One value changed in a document's text: what isn't that value stays, character by character."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundry.manifest.marked import plain
from foundry.manifest.report import Report
from foundry.manifest.yaml12 import read
from foundry.model import FoundryError
from foundry.transfer.edits import REMOVED, edited
from foundry.transfer.yaml_text import yaml_text

DOCUMENT = """\
# The desk
kind: Agent
name: desk          # for life
temperature: 0.2    # cool
instructions: |
  First line
  # not a comment

# about tools
tools:
  policies: {type: file_search, vector_stores: [handbook], max_num_results: 6}   # few
  stock:
    type: azure_ai_search   # by name
    index: products
metadata: {team: "support", since: '2025'}
lifecycle:
  protect: true
"""


def change(path: str, value: Any, old: str, new: str) -> None:
    assert old in DOCUMENT
    assert edited(DOCUMENT, tuple(path.split(".")), value) == DOCUMENT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("temperature", 0.7, "temperature: 0.2 ", "temperature: 0.7 "),
        ("temperature", REMOVED, "temperature: 0.2    # cool\n", ""),
        ("tools.policies.max_num_results", 9, "results: 6}", "results: 9}"),
        ("tools.policies.max_num_results", REMOVED, ", max_num_results: 6}", "}"),
        ("tools.policies.type", REMOVED, "{type: file_search, ", "{"),
        ("tools.policies.ranker", "a, b", "results: 6}", "results: 6, ranker: 'a, b'}"),
        ("tools.stock.type", "raw", "type: azure_ai_search   #", "type: raw   #"),
        ("tools.stock.top_k", 5, "index: products\n", "index: products\n    top_k: 5\n"),
        ("metadata.team", "0042", '"support"', '"0042"'),
        ("metadata.more", "no", "since: '2025'}", "since: '2025', more: 'no'}"),
        ("lifecycle.protect", REMOVED, "lifecycle:\n  protect: true\n", ""),
        ("instructions", "Short", "|\n  First line\n  # not a comment\n", "Short\n"),
        ("instructions", "One\nTwo\n", "First line\n  # not a comment\n", "One\n  Two\n"),
        ("description", "Says: yes", "protect: true\n", "protect: true\ndescription: 'Says: yes'\n"),
        ("tools.web", {"type": "mcp", "allowed_tools": ["a"]}, "index: products\n",
         "index: products\n  web:\n    type: mcp\n    allowed_tools: [a]\n"),
    ],
)  # fmt: skip
def test_a_value_is_changed_in_its_place(path: str, value: Any, old: str, new: str) -> None:
    change(path, value, old, new)


def test_a_value_that_is_there_already_changes_nothing() -> None:
    assert edited(DOCUMENT, ("metadata", "since"), "2025") == DOCUMENT


def test_a_document_that_cannot_be_changed_says_what_to_write() -> None:
    with pytest.raises(FoundryError, match=r"write it there by hand: 1"):
        edited("- a\n- b\n", ("temperature",), 1)


def test_the_first_key_and_a_document_without_a_last_line_end() -> None:
    assert edited("a: 1\nb: 2", ("a",), REMOVED) == "b: 2"
    assert edited("a: 1\nb: 2", ("c",), 3) == "a: 1\nb: 2\nc: 3"


def test_a_null_of_an_overlay_takes_a_value() -> None:
    text = "kind: Agent\nname: desk\ntools:\n  sales: null   # not here\n  more:\n"
    assert "sales: {type: openapi}   # not here" in edited(text, ("tools", "sales"), {"type": "openapi"})
    assert edited(text, ("tools", "more", "type"), "mcp").endswith("  more: {type: mcp}\n")


SCHEMA = """\
{
  "type": "object",
  "required": ["a", "b"],
  "properties": {
    "a": {"type": "string"}, "b": {"type": ["string", "null"]}
  }
}
"""


def test_a_document_in_json_stays_json_with_its_own_lines() -> None:
    def change(path: tuple[str, ...], value: Any, old: str, new: str) -> None:
        made = edited(SCHEMA, path, value, as_json=True)
        assert made == SCHEMA.replace(old, new, 1)
        json.loads(made)

    change(("title",), "no", "}\n}\n", '},\n  "title": "no"\n}\n')
    change(("required",), ["a"], '["a", "b"]', '["a"]')
    change(("properties", "a", "description"), "x", '"string"}, "b"', '"string", "description": "x"}, "b"')
    change(("properties", "b"), REMOVED, ', "b": {"type": ["string", "null"]}', "")


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=20)
keys = st.text("abcxyz", min_size=1, max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
trees = st.dictionaries(keys, values, min_size=1, max_size=4)


def value_of(text: str) -> Any:
    report = Report()
    found = plain(read(text, "x.yaml", report).value)
    assert not report.failed, report.sorted()
    return found


@settings(max_examples=150, deadline=None)
@given(trees)
def test_any_document_reads_back_as_it_was_written(tree: dict[str, Any]) -> None:
    assert value_of(yaml_text(tree)) == tree


@settings(max_examples=150, deadline=None)
@given(trees, st.lists(keys, min_size=1, max_size=3), values)
def test_any_edit_gives_the_value_or_says_that_it_cannot(
    tree: dict[str, Any], path: list[str], value: Any
) -> None:
    text = yaml_text(tree)
    try:
        found = value_of(edited(text, tuple(path), value))
    except FoundryError:
        return
    for step in path:
        found = found[step]
    assert found == value
