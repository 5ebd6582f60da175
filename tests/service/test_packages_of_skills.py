"""Packages of skills: what is in a zip, in the words of a declaration, whoever made it."""

import io
import zipfile

import pytest

from foundry.model import FoundryError
from foundry.service.skill_bodies import definition_of


def packed(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_md", ".md"), text)
    return buffer.getvalue()


FRONT = """---
name: other
description: >-
  How it
  goes
license: 1.0
allowed-tools: Read Bash(git add:*) Write
metadata:
  version: 1.10
  on: yes
---
# Title

--- no rule
"""


def test_front_matter_is_text_and_the_rest_are_the_instructions():
    assert definition_of("returns", packed(SKILL_md=FRONT)) == {
        "name": "returns",
        "description": "How it goes",
        "instructions": "# Title\n\n--- no rule",
        "license": "1.0",
        "allowed_tools": ["Read", "Bash(git add:*)", "Write"],
        "metadata": {"version": "1.10", "on": "yes"},
    }


def test_a_package_below_a_folder_with_more_files_names_them():
    told = definition_of(
        "returns", packed(returns__SKILL_md=FRONT, returns__more__SKILL_md="x", returns__a_md="y")
    )
    assert told["description"] == "How it goes"
    assert [one["path"] for one in told["files"]] == ["a.md", "more/SKILL.md"]


@pytest.mark.parametrize(
    "whole", ["Ask.", "---\nno end", "---\n[: broken\n---\nAsk.", "---\njust text\n---\nAsk."]
)
def test_a_text_without_readable_front_matter_is_told_with_no_more_than_it_has(whole):
    told = definition_of("returns", packed(SKILL_md=whole))
    assert (told["description"], told["metadata"]) == ("", {})
    assert told["instructions"].endswith(("Ask.", "no end"))


def test_windows_line_ends_and_a_mark_of_byte_order_are_no_part_of_it():
    told = definition_of("returns", packed(SKILL_md="\ufeff---\r\ndescription: d\r\n---\r\n\r\nAsk.\r\n"))
    assert (told["description"], told["instructions"]) == ("d", "Ask.")


@pytest.mark.parametrize("package", [b"no zip", None, packed(README_md="x"), "text"])
def test_what_is_no_package_says_so(package):
    with pytest.raises(FoundryError, match="the package of skill returns can't be read"):
        definition_of("returns", package)
