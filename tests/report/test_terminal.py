"""What an author reads on a terminal: the review's words, whole, without Markdown."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from foundry.model import FoundryError
from foundry.report import lines

PREVIEWS = Path(__file__).parent / "previews"
ALL = sorted(path.stem for path in PREVIEWS.glob("*.json"))


def preview(name: str) -> dict[str, Any]:
    document = json.loads((PREVIEWS / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def text(document: dict[str, Any], *, headline: bool = True) -> str:
    return "\n".join(line.text for line in lines(document, headline=headline))


def with_instructions(new: str) -> dict[str, Any]:
    """`edits`, with other words for the one agent whose instructions it changes."""
    document = copy.deepcopy(preview("edits"))
    (step,) = [
        one
        for one in document["steps"]
        if one["op"] == "update"
        and "instructions" in ((one["newState"].get("inputs") or {}).get("definition") or {})
        and one["newState"]["inputs"]["definition"]["instructions"]
        != one["oldState"]["inputs"]["definition"]["instructions"]
    ]
    step["newState"]["inputs"]["definition"]["instructions"] = new
    return document


@pytest.mark.parametrize("name", ALL)
def test_nothing_of_markdown_is_left_but_in_what_the_authors_wrote(name: str) -> None:
    """Their texts stand in line diffs, six blanks in."""
    told = "\n".join(line.text for line in lines(preview(name)) if not line.text.startswith(" " * 6))
    for sign in ("```", "<details>", "<summary>", "<!--", "| ", "**", "`"):
        assert sign not in told
    assert not any(line.lstrip().startswith("#") for line in told.splitlines())


def test_an_agent_is_told_field_by_field_below_its_name() -> None:
    told = [line.text for line in lines(preview("edits"))]
    at = told.index("Agents")
    assert told[at + 1] == "  quote-desk: create"
    assert told[at + 2].startswith("    ")


def test_lines_that_come_and_go_are_told_apart() -> None:
    told = {line.text.strip(): line.style for line in lines(preview("edits"))}
    assert told["+How we sound, not what we promise:"] == "added"
    assert told["- Cite the document that the answer stands in."] == ""
    (removed,) = [text for text, style in told.items() if style == "removed"]
    assert removed.startswith("-- At most four sentences")


def test_signs_in_an_authors_text_stay_as_they_are() -> None:
    awkward = (
        "Use ``code``, **bold** and `x`.\n```diff\n</details>\n### No heading\n<details><summary>x</summary>"
    )
    told = text(with_instructions(awkward))
    for line in awkward.splitlines():
        assert f"      +{line}" in told.splitlines()


def test_nothing_is_left_out_for_length() -> None:
    many = "\n".join(f"Rule {number} of many that an agent has to keep" for number in range(5_000))
    told = text(with_instructions(many))
    assert "Rule 4999 of many" in told
    assert "left out" not in told


def test_without_a_headline_only_what_changes_is_told() -> None:
    assert text(preview("edits")).startswith("dev: ")
    assert "dev: " not in text(preview("edits"), headline=False)
    assert text(preview("unchanged"), headline=False) == ""
    assert text(preview("unchanged")) == "dev: no changes (16 objects and 2 components)."


def test_what_is_no_preview_is_refused() -> None:
    with pytest.raises(FoundryError):
        lines({"not": "a preview", "steps": 3})
