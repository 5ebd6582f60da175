"""A review fits into one comment and stays Markdown, whatever the content."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from foundry.report import render
from foundry.report.markdown import code, fenced

PREVIEWS = Path(__file__).parent / "previews"
LIMIT = 65_536


def preview(name: str) -> dict[str, Any]:
    return json.loads((PREVIEWS / f"{name}.json").read_text(encoding="utf-8"))


def many_edits(count: int, lines: int) -> dict[str, Any]:
    """A preview in which `count` agents change every one of their `lines` lines of instructions."""
    source = preview("edits")
    template = next(
        step for step in source["steps"] if step["op"] == "update" and step["urn"].endswith("customer-care")
    )
    for number in range(count):
        step = copy.deepcopy(template)
        step["urn"] = step["oldState"]["urn"] = step["newState"]["urn"] = f"{template['urn']}-{number:04}"
        old = "\n".join(f"old line {line} of agent {number}" for line in range(lines))
        step["oldState"]["outputs"]["applied"]["instructions"] = old
        step["oldState"]["inputs"]["definition"]["instructions"] = old
        step["newState"]["inputs"]["definition"]["instructions"] = old.replace("old", "new")
        source["steps"].append(step)
    return source


def hunks(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(text)
    return [token.content for token in tokens if token.type == "fence" and token.info == "diff"]


@pytest.mark.parametrize(("agents", "lines"), [(3, 2_000), (40, 60), (300, 4), (4_000, 1)])
def test_a_review_never_exceeds_githubs_limit(agents: int, lines: int) -> None:
    assert len(render(many_edits(agents, lines))) <= LIMIT


def test_what_is_left_out_is_said_and_every_diff_that_is_shown_is_whole() -> None:
    text = render(many_edits(3, 2_000))
    assert text.count("Left out for length: `instructions (+2000 −2000 lines)") == 3  # noqa: RUF001
    assert "*Some parts are left out for length. All of it: `fac preview -s dev`*" in text
    for hunk in hunks(text):
        (removed, added) = re.match(r"@@ -\d+,(\d+) \+\d+,(\d+) @@", hunk).groups()
        first = hunk.split("\n@@", 1)[0].splitlines()[1:]
        assert sum(line[:1] in ("-", " ", "") for line in first) == int(removed)
        assert sum(line[:1] in ("+", " ", "") for line in first) == int(added)


def test_small_changes_stay_when_a_big_one_is_left_out() -> None:
    text = render(many_edits(3, 2_000))
    assert "- temperature: `0.3` → `0.5`" in text
    assert "- update cognitiveservices:Deployment `chat`\n  - `sku.capacity`: `50` → `80`" in text


def test_as_many_agents_stay_as_fit() -> None:
    text = render(many_edits(40, 60))
    assert len(hunks(text)) > 5


def test_thousands_of_errors_leave_room_for_the_rest() -> None:
    source = preview("manifest")
    source["diagnostics"] = [
        {"severity": "error", "message": f"error: fault {number} " + "x" * 200} for number in range(2_000)
    ]
    text = render(source)
    assert len(text) <= LIMIT
    assert re.search(r"\d+ more errors, left out for length", text)


def test_one_huge_error_fits() -> None:
    source = preview("manifest")
    source["diagnostics"] = [{"severity": "error", "message": "x" * 200_000}]
    assert len(render(source)) <= LIMIT


TEXTS = st.text(alphabet=st.sampled_from("`~ab \n#<>*_|[]"), min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_code_block_holds_exactly_its_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(fenced(text) + "\n\nafter")
    assert [token.type for token in tokens][:2] == ["fence", "paragraph_open"]
    assert tokens[0].content == f"{text}\n"


@settings(max_examples=200, deadline=None)
@given(TEXTS.filter(lambda text: text.strip()))
def test_a_code_span_holds_exactly_its_text(text: str) -> None:
    inline = MarkdownIt("commonmark").parse(f"x {code(text)} y")[1]
    spans = [child for child in inline.children or [] if child.type == "code_inline"]
    assert len(spans) == 1
    assert spans[0].content.strip() == " ".join(text.split("\n")).strip()


def test_instructions_that_close_a_fence_stay_inside() -> None:
    source = preview("edits")
    for step in source["steps"]:
        if step["urn"].endswith("customer-care") and step["op"] == "update":
            step["newState"]["inputs"]["definition"]["instructions"] += (
                "\n````\n</details>\n# Not a heading\n"
            )
    tokens = MarkdownIt("commonmark").parse(render(source))
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert "Not a heading" not in headings
