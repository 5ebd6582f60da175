"""Property values on the wire, paths into them, secrets in the passphrase provider's format, and diffs with the options' effect."""

from __future__ import annotations

from typing import Any

import pytest
from engine_scenarios import PASSPHRASE, SALT
from hypothesis import given
from hypothesis import strategies as st

from foundry.sandbox.engine import paths
from foundry.sandbox.engine.diff import Diff, PropertyDiff, by_inputs, with_replace_on_changes
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.monitor import duration_seconds
from foundry.sandbox.engine.secrets import new_salt, open_salt
from foundry.sandbox.engine.state import opened, sealed
from foundry.sandbox.engine.values import (
    RESOURCE,
    SIGNATURE,
    UNKNOWN,
    copy_secretness,
    for_provider,
    from_struct,
    has_secret,
    has_unknown,
    plain,
    secret,
    to_struct,
)

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(UNKNOWN)
values = st.recursive(
    scalars,
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3) | part.map(secret)
    ),
    max_leaves=8,
)
properties = st.dictionaries(st.text(max_size=5), values, max_size=4)


@given(properties)
def test_values_come_back_from_the_wire_as_they_went(given_: dict[str, Any]) -> None:
    assert from_struct(to_struct(given_)) == given_


@given(properties)
def test_plain_values_hold_no_secret_and_lose_nothing_else(given_: dict[str, Any]) -> None:
    assert not has_secret(plain(given_))
    assert has_unknown(plain(given_)) == has_unknown(given_)


def test_a_provider_without_secrets_gets_plain_values_and_its_answers_become_secret_again() -> None:
    inputs = {"a": secret("x"), "b": {"c": secret(1), "d": 2}, "e": [secret(3)], "f": 4}
    assert for_provider(inputs, secrets=False, resources=True) == {
        "a": "x",
        "b": {"c": 1, "d": 2},
        "e": [3],
        "f": 4,
    }
    answered = copy_secretness({"a": "x", "b": {"c": 1, "d": 2}, "e": [3], "f": 4, "g": 5}, inputs)
    assert answered == {"a": secret("x"), "b": {"c": secret(1), "d": 2}, "e": secret([3]), "f": 4, "g": 5}


def test_a_provider_without_references_gets_ids_or_urns() -> None:
    by_id = {SIGNATURE: RESOURCE, "urn": "urn:x", "id": "i"}
    component = {SIGNATURE: RESOURCE, "urn": "urn:x"}
    assert for_provider({"a": [by_id], "b": component}, secrets=True, resources=False) == {
        "a": ["i"],
        "b": "urn:x",
    }


@pytest.fixture(scope="module")
def crypter() -> Any:
    return open_salt(SALT, PASSPHRASE)


def test_a_salt_of_the_real_cli_opens_and_another_passphrase_does_not(crypter: Any) -> None:
    assert crypter.decrypt(SALT.split(":", 2)[2]) == "pulumi"
    with pytest.raises(EngineError, match="incorrect passphrase"):
        open_salt(SALT, "another")


def test_our_salt_opens_with_its_passphrase_only() -> None:
    salt, crypter = new_salt("mine")
    assert open_salt(salt, "mine").decrypt(crypter.encrypt("x")) == "x"
    with pytest.raises(EngineError, match="incorrect passphrase"):
        open_salt(salt, "yours")


def test_stored_secrets_keep_their_ciphertext_while_they_stay_the_same(crypter: Any) -> None:
    stored = sealed({"a": [secret({"b": "hush"})]}, crypter, "urn:1")
    assert "hush" not in str(stored)
    assert opened(stored, crypter, "urn:1") == {"a": [secret({"b": "hush"})]}
    assert sealed({"a": [secret({"b": "hush"})]}, crypter, "urn:1") == stored
    assert sealed({"a": [secret({"b": "hush"})]}, crypter, "urn:2") != stored


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('a["odd.key"].b', ("a", "odd.key", "b")),
        ("a[*].b", ("a", "*", "b")),
        ("", None),
        ("a[", None),
    ],
)
def test_property_paths(text: str, path: paths.Path | None) -> None:
    assert paths.parse(text) == path


@pytest.mark.parametrize(
    ("ignored", "result"),
    [
        (["a"], {"a": 1, "t": {"x": 2, "y": 2}, "l": [{"n": 2}]}),
        (["t.x"], {"a": 2, "t": {"x": 1, "y": 2}, "l": [{"n": 2}]}),
        (["l[0].n"], {"a": 2, "t": {"x": 2, "y": 2}, "l": [{"n": 1}]}),
        (["l[*].n"], {"a": 2, "t": {"x": 2, "y": 2}, "l": [{"n": 1}]}),
        (["t.y"], {"a": 2, "t": {"x": 2}, "l": [{"n": 2}]}),
        (["nowhere", "a["], {"a": 2, "t": {"x": 2, "y": 2}, "l": [{"n": 2}]}),
    ],
)
def test_ignored_changes_put_the_old_value_back(ignored: list[str], result: dict[str, Any]) -> None:
    old = {"a": 1, "t": {"x": 1}, "l": [{"n": 1}]}
    new = {"a": 2, "t": {"x": 2, "y": 2}, "l": [{"n": 2}]}
    assert paths.keep_old(new, old, ignored) == result
    assert new == {"a": 2, "t": {"x": 2, "y": 2}, "l": [{"n": 2}]}, "what was given is left alone"


def test_replace_on_changes_turns_changed_properties_into_replacements() -> None:
    diff = Diff(changes=True, changed=("tags", "size"), detailed={"tags.x": PropertyDiff(kind="update")})
    replaced = with_replace_on_changes(diff, ["tags"])
    assert replaced.replaces == ("tags",)
    assert replaced.detailed == {"tags.x": PropertyDiff(kind="update-replace")}
    assert not with_replace_on_changes(diff, ["zone"]).is_replacement


def test_the_engines_own_comparison_does_not_mind_secretness() -> None:
    assert not by_inputs({"a": secret("x")}, {"a": "x"}).changes
    assert by_inputs({"a": 1, "b": 1}, {"a": 2, "c": 1}).changed == ("a", "b", "c")


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5)])
def test_durations(text: str, seconds: float) -> None:
    assert duration_seconds(text) == seconds


def test_a_duration_that_is_none_is_refused() -> None:
    with pytest.raises(EngineError, match="expected a duration"):
        duration_seconds("soon")
