"""The schemas are sound, say what absence means, and agree with what the loader does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from foundry.manifest import schema
from foundry.manifest.docs import ABSENCE, pages
from foundry.manifest.report import Report
from foundry.manifest.schema import FILES, check, schema_of
from foundry.manifest.support import TABLE
from foundry.manifest.yaml12 import read
from foundry.model.roles import ROLES

ROOT = Path(__file__).parents[2]
KINDS = list(FILES)


def fields(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every declared field of a schema: where, its schema, and whether it is required."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            for name, told in node.get("properties", {}).items():
                yield f"{path}.{name}", told, name in node.get("required", [])
        for key, value in node.items():
            yield from fields(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from fields(value, f"{path}/{index}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_valid_draft_2020_12(kind):
    jsonschema.Draft202012Validator.check_schema(schema_of(kind))
    assert schema_of(kind)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_is_and_what_its_absence_means(kind):
    found = list(fields(schema_of(kind)))
    assert len(found) > 20
    for where, told, required in found:
        target = schema_of(kind)["$defs"][told["$ref"].removeprefix("#/$defs/")] if "$ref" in told else told
        if "not" in told:
            continue
        absence = told.get("x-absence", target.get("x-absence"))
        assert absence in ABSENCE, where
        assert told.get("description", target.get("description")), where
        if required:
            assert absence == "required", where


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_a_schema_validate(kind):
    validator = jsonschema.Draft202012Validator(schema_of(kind))
    for example in schema_of(kind)["examples"]:
        assert [error.message for error in validator.iter_errors(example)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_of_a_field_is_a_value_of_it(kind):
    for where, told, _ in fields(schema_of(kind)):
        for value in [told["default"]] if "default" in told else []:
            whole = {**told, "$defs": schema_of(kind)["$defs"]}
            assert jsonschema.Draft202012Validator(whole).is_valid(value), where


def test_a_definition_that_several_schemas_have_is_the_same_in_each():
    seen: dict[str, Any] = {}
    for kind in KINDS:
        for name, told in schema_of(kind)["$defs"].items():
            assert seen.setdefault(name, told) == told, f"{name} in {kind}"


def test_the_roles_are_those_that_can_be_granted():
    assert set(schema_of("Environment")["$defs"]["role"]["enum"]) == set(ROLES)


def test_every_tool_is_told_apart_by_its_type():
    defs = schema_of("Agent")["$defs"]
    for branch in defs["tool"]["oneOf"]:
        name = branch["$ref"].removeprefix("#/$defs/tool_")
        assert defs[f"tool_{name}"]["properties"]["type"]["const"] == name
        assert "type" in defs[f"tool_{name}"]["required"]
    assert len(defs["tool"]["oneOf"]) == 37


def discriminated(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "x-discriminator" in node:
            yield node
        for value in node.values():
            yield from discriminated(value)
    elif isinstance(node, list):
        for value in node:
            yield from discriminated(value)


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_completes_every_word_that_tells_branches_apart(kind):
    """Editors leave out a branch that lacks a required field, so they are told the words beside the branches."""
    for node in discriminated(schema_of(kind)):
        field = node["x-discriminator"]
        (beside,) = node["allOf"]
        told = beside["properties"][field]
        branches = [
            schema_of(kind)["$defs"][one["$ref"].removeprefix("#/$defs/")] if "$ref" in one else one
            for one in node["oneOf"]
        ]
        assert told["enum"] == [
            word for one in branches for word in schema.words_of(one["properties"][field])
        ]
        assert len(told["enumDescriptions"]) == len(told["enum"])
        assert all(told["enumDescriptions"])


def test_what_is_not_supported_is_part_of_the_format():
    for entry in TABLE:
        assert entry.kind in KINDS
        assert entry.path[0] in schema_of(entry.kind)["properties"]


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_reference_pages_are_those_that_the_schemas_give(name):
    committed = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert committed == pages()[name], "run `python -m foundry.manifest.docs`"


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_the_file_of_the_repository(kind):
    assert schema.text_of(kind) == (ROOT / "schemas" / f"{FILES[kind]}.json").read_text(encoding="utf-8")


def documents() -> list[tuple[str, str]]:
    """Declarations, good and bad ones, from the other tests' data."""
    here = Path(__file__).parent
    texts = [
        (path.name, path.read_text(encoding="utf-8"))
        for folder in ("project", "declarations")
        for path in sorted((here / folder).rglob("*.yaml"))
    ]
    for case in sorted((here / "negative").glob("*.txt")):
        for part in case.read_text(encoding="utf-8").split("=== ")[1:]:
            name, _, text = part.partition("\n")
            texts.append((f"{case.stem}: {name}", text))
    return [(name, text) for name, text in texts if _is_declaration(name, text)]


def _is_declaration(name: str, text: str) -> bool:
    tree = read(text, name, Report()).value
    return isinstance(tree, dict) and tree.get("kind") in FILES


@pytest.mark.parametrize(("name", "text"), documents(), ids=lambda value: value if "\n" not in value else "")
def test_our_validation_finds_a_fault_exactly_where_a_plain_validator_does(name, text):
    tree = read(text, name, Report()).value
    plainly = jsonschema.Draft202012Validator(schema_of(tree["kind"])).is_valid(tree)
    report = Report()
    check(tree["kind"], tree, report)
    assert plainly == (not report.failed)
