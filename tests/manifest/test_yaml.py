"""Scalars mean what they show, after the core schema of YAML 1.2."""

from __future__ import annotations

import pytest

from foundry.manifest.report import Report
from foundry.manifest.yaml12 import read


def value_of(text, **options):
    report = Report()
    reading = read(f"value: {text}\n", "f.yaml", report, **options)
    assert report.sorted() == ()
    return reading.value["value"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("22:30", "22:30"),
        ("1_000", "1_000"),
        ("0042", 42),
        ("0o17", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("3.", 3.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ('"true"', "true"),
        ("'1'", "1"),
        ('"2025-04-14"', "2025-04-14"),
        ("2025-04-14x", "2025-04-14x"),
        ("1.2.3", "1.2.3"),
        ("-", None),
    ],
)
def test_a_scalar_is_read_after_yaml_1_2(written, value):
    if written == "-":
        assert value_of("[-1, --]") == [-1, "--"]
    else:
        assert value_of(written) == value
        assert type(value_of(written)) is type(value)


def test_material_may_hold_dates_and_numbers_as_keys():
    assert value_of("{200: 2026-01-31}", material=True) == {"200": "2026-01-31"}


@pytest.mark.parametrize("text", [".nan", "-.INF", "9" * 5000, "1e999"])
def test_numbers_that_json_can_not_hold_are_findings(text):
    report = Report()
    read(f"value: {text}\n", "f.yaml", report)
    assert ["no number that the service can take" in finding.what for finding in report.sorted()] == [True]


@pytest.mark.parametrize("text", ["[" * 500, "[" * 500 + "]" * 500, "{a: " * 500, "- " * 500])
def test_nesting_has_an_end(text):
    report = Report()
    assert read(text, "f.yaml", report).value is None
    assert len(report.sorted()) == 1


def test_a_character_that_yaml_has_no_place_for_is_found_where_it_stands():
    report = Report()
    read("a: b\nc: d\x07e\n", "f.yaml", report)
    assert [str(finding) for finding in report.sorted()] == [
        "f.yaml:2:5: the character U+0007, which YAML does not allow; remove it"
    ]
