"""How properties lie in Pulumi's state: few of them, of text, and the same properties once they are read."""

import json
import string

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundry.model import UNKNOWN, packed, unpacked
from foundry.providers import Reference
from foundry.providers.declared import inputs

OWNER = {"project": "shop", "stack": "dev", "stackId": "11111111-1111-4111-8111-111111111111"}
LINE = "shop/dev 11111111-1111-4111-8111-111111111111"

words = st.text(string.ascii_letters + string.digits + "-_/.äß", min_size=1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
definitions = st.dictionaries(st.text(max_size=5), values, max_size=4)


@st.composite
def states(draw):
    """Outputs of an agent, with any definition live and any other one applied."""
    live = draw(definitions)
    return {
        "owner": {key: draw(words.filter(lambda word: "/" not in word)) for key in OWNER},
        "name": draw(words),
        "dialect": "classic",
        "project": draw(words),
        "endpoint": draw(words),
        "definition": live,
        "applied": draw(st.just(live) | definitions),
        "incarnation": draw(words),
        "adopted": draw(st.booleans()),
        "agentId": draw(words),
    }


@given(states())
def test_what_is_packed_is_read_as_it_was(state):
    assert as_text(unpacked(packed(state, {}), "Agent")) == as_text(state)


@given(states(), st.lists(words, max_size=3, unique=True))
def test_what_is_packed_like_another_is_read_as_it_was(state, ids):
    """Whatever the one that it is like refers to."""
    like = packed({**state, "definition": {"ids": [f"${{{one}}}" for one in ids]}}, {})
    like["references"] = {one: one.upper() for one in ids}

    for definition in (
        state["definition"],
        {"ids": [one.upper() for one in ids]},
        {"ids": [f"${{{one}}}" for one in ids]},
    ):
        told = {**state, "definition": definition}
        assert as_text(unpacked(packed(told, like), "Agent")) == as_text(told)


def as_text(value):
    """By which true and 1 differ; 1.0 and 1 don't, as on Pulumi's wire."""
    return json.dumps(whole(value), sort_keys=True)


def whole(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


def test_an_agent_is_four_lines_in_the_state():
    state = {
        "owner": OWNER,
        "name": "desk",
        "dialect": "classic",
        "project": "https://host",
        "endpoint": "https://host",
        "definition": {"name": "desk", "instructions": "Grüße."},
        "applied": {"instructions": "Grüße.", "name": "desk"},
        "incarnation": "i",
        "adopted": False,
    }

    assert packed(state, {}) == {
        "owner": f"{LINE} desk",
        "endpoint": "https://host",
        "definition": '{"instructions":"Grüße.","name":"desk"}',
        "recorded": '{"adopted":false,"incarnation":"i"}',
    }


def test_what_has_no_mark_belongs_to_nobody():
    state = {"owner": {}, "name": "", "definition": {}, "dialect": "versioned"}

    assert unpacked(packed(state, {}), "VersionedAgent") == state


def test_an_owner_that_is_no_line_stays_what_it_is():
    for owner in ({**OWNER, "stack": "de v"}, {**OWNER, "stack": "a/b"}, {"project": "shop"}, UNKNOWN):
        assert packed({"owner": owner, "name": "desk"}, {})["owner"] is owner


def test_a_file_has_an_owner_and_no_name():
    file = {"owner": OWNER, "path": "a.md", "dialect": "classic", "project": "p", "endpoint": "e"}

    assert packed(file, {})["owner"] == LINE
    assert unpacked(packed(file, {}), "File") == file


def test_a_definition_says_what_it_takes_from_others_before_that_is_there():
    handbook, orders = pulumi.Output.from_input("vs_1"), pulumi.Output.from_input("https://orders")
    definition = {
        "tools": [
            {"vector_store_ids": [Reference(handbook, "id of vector store handbook")]},
            {
                "again": Reference(handbook, "id of vector store handbook"),
                "model": Reference("chat", "deployment"),
            },
            {"queue": {"url": orders}},
        ]
    }

    told = inputs({"definition": definition})

    assert json.loads(told["definition"]) == {
        "tools": [
            {"vector_store_ids": ["${id of vector store handbook}"]},
            {"again": "${id of vector store handbook}", "model": "chat"},
            {"queue": {"url": "${tools.2.queue.url}"}},
        ]
    }
    assert told["references"] == {"id of vector store handbook": handbook, "tools.2.queue.url": orders}


def test_what_isn_t_known_yet_is_unknown_where_it_stands_and_nowhere_else():
    told = {
        "definition": '{"instructions":"${a}, ${b}","ids":["${a}","${b}"]}',
        "references": {"a": UNKNOWN, "b": "vs_1"},
    }

    assert unpacked(told, "Agent")["definition"] == {"instructions": "${a}, ${b}", "ids": [UNKNOWN, "vs_1"]}


@pytest.mark.parametrize("other", ["one that differs", "a text that looks like it"])
def test_no_two_references_are_called_the_same_nor_like_a_text(other):
    store = pulumi.Output.from_input("vs_1")
    beside = (
        Reference(pulumi.Output.from_input("vs_2"), "store") if other == "one that differs" else "${store}"
    )

    told = inputs({"definition": {"a": beside, "b": Reference(store, "store")}})

    assert told["references"]["store (2)"] is store
    assert json.loads(told["definition"]) == {"a": "${store}", "b": "${store (2)}"}


def test_a_read_speaks_of_other_resources_as_the_declaration_does_while_it_is_the_same_one():
    declared = {
        "definition": '{"ids":["${id of a}","${id of b}"],"name":"desk"}',
        "references": {"id of a": "vs_1", "id of b": "vs_2"},
    }

    same = packed({"definition": {"name": "desk", "ids": ["vs_1", "vs_2"]}}, declared)
    other = packed({"definition": {"name": "desk", "ids": ["vs_1", "vs_9"]}}, declared)

    assert same == declared
    assert other == {
        "definition": '{"ids":["${id of a}","vs_9"],"name":"desk"}',
        "references": {"id of a": "vs_1"},
    }


def test_an_output_that_the_program_speaks_of_has_a_place():
    assert inputs({"definition": {}, "lifecycle": {}, "alias": None}, "version") == {
        "definition": "{}",
        "version": None,
    }
