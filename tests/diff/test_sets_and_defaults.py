"""Lists whose order means nothing, words that mean the same as none, and values that states hold for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from foundry.diff import Change, Op, changes, digest


def at(path: str, value: Any) -> Any:
    """`value` at the end of the keys of `path`."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def tool(kind: str, path: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {"name": "x", "tools": [{"name": "it", "type": kind, **at(path, value)}]}


def field(path: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {"name": "x", **at(path, value)}


def suggester(path: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {"name": "x", "suggesters": [{"name": "s", **at(path, value)}]}


SETS = {
    ("Agent", "file_search"): tool("file_search", "vector_store_ids"),
    ("Agent", "code_interpreter"): tool("code_interpreter", "file_ids"),
    ("Agent", "openapi"): tool("openapi", "default_params"),
    ("Agent", "mcp"): tool("mcp", "allowed_tools"),
    ("VectorStore", "data_sources"): field("data_sources"),
    ("SearchIndex", "corsOptions"): field("corsOptions.allowedOrigins"),
    ("SearchIndex", "suggesters"): suggester("sourceFields"),
    ("VersionedAgent", "code_interpreter"): tool("code_interpreter", "file_ids"),
    ("VersionedAgent", "network_policy"): tool("code_interpreter", "network_policy.allowed_domains"),
    ("VersionedAgent", "function"): tool("function", "allowed_callers"),
    ("VersionedAgent", "web_search"): tool("web_search", "allowed_domains"),
    ("VersionedAgent", "languages"): field("voice.audio.input.transcription.languages"),
    ("VersionedAgent", "output_modalities"): field("voice.output_modalities"),
    ("VersionedAgent", "include"): field("voice.include"),
    ("VersionedAgent", "triggers"): field("voice.interim_response.triggers"),
    ("Skill", "allowed_tools"): field("allowed_tools"),
    ("Serving", "protocols"): field("protocols"),
    ("Serving", "authorization"): field("authorization"),
}


@pytest.mark.parametrize(("kind", "name"), SETS)
def test_the_order_of_a_set_is_no_change_and_its_members_are(kind: str, name: str) -> None:
    made = SETS[kind, name]
    assert changes(kind, made(["b", "a"]), made(["a", "b"]), made(["b", "a"])) == ()
    assert [change.op for change in changes(kind, made(["a"]), made(["a", "b"]), made(["a"]))] == [Op.CHANGE]


SAME_AS_NONE = {
    ("Agent", "require_approval", "always"): tool("mcp", "require_approval"),
    ("Agent", "auth", "anonymous"): tool("openapi", "auth.type"),
    ("Agent", "response_format", "auto"): field("response_format"),
    ("VectorStore", "chunking_strategy", "auto"): lambda value: {
        "name": "x",
        **({"chunking_strategy": {"type": value}} if value else {}),
    },
    ("SearchIndex", "searchMode", "analyzingInfixMatching"): suggester("searchMode"),
    ("SearchObject", "format", "solr"): field("format"),
    ("SearchObject", "disabled", False): field("disabled"),
    ("VersionedAgent", "tool_choice", "auto"): field("tool_choice"),
    ("VersionedAgent", "async", False): tool("function", "async"),
    ("VersionedAgent", "response_scheduling", "when_idle"): tool("mcp", "response_scheduling"),
    ("VersionedAgent", "gain", 1): field("voice.soundscape.working.gain"),
    ("VersionedAgent", "delay_ms", 1000): field("voice.soundscape.working.delay_ms"),
    ("VersionedAgent", "output_modalities", ("audio",)): field("voice.output_modalities"),
    ("VersionedAgent", "store", False): field("voice.store"),
    ("EvaluationRule", "action", "continuousEvaluation"): field("action"),
    ("EvaluationRule", "event_type", "responseCompleted"): field("event_type"),
}
OTHER = {bool: True, str: "other", int: 7, tuple: ["text"]}


@pytest.mark.parametrize(("kind", "name", "word"), SAME_AS_NONE)
def test_a_word_that_means_the_same_as_none_is_no_change_and_another_is(
    kind: str, name: str, word: Any
) -> None:
    made = SAME_AS_NONE[kind, name, word]
    told = list(word) if isinstance(word, tuple) else word
    assert changes(kind, made(told), made(None), made(None)) == ()
    assert changes(kind, made(None), made(told), made(told)) == ()
    assert changes(kind, made(told), made(OTHER[type(word)]), made(told)) != ()


def test_tools_of_one_type_are_told_apart_by_what_they_lead_to() -> None:
    def agent(*tools: dict[str, Any]) -> dict[str, Any]:
        return {"name": "x", "tools": [{"name": "it", **one} for one in tools]}

    for kind, key in (
        ("a2a", "connection_id"),
        ("memory_search", "memory_store_name"),
        ("toolbox", "toolbox_name"),
    ):
        both = agent({"type": kind, key: "a"}, {"type": kind, key: "b"})
        (gone,) = changes("VersionedAgent", both, agent({"type": kind, key: "b"}), both)
        assert (gone.path, gone.op) == (f"tools[{kind}:a]", Op.REMOVE)
    raw = agent({"type": "raw", "body": {"type": "new_one"}}, {"type": "raw", "body": {"type": "other_one"}})
    (gone,) = changes("VersionedAgent", raw, agent({"type": "raw", "body": {"type": "other_one"}}), raw)
    assert (gone.path, gone.op) == ("tools[raw:new_one]", Op.REMOVE)


def test_a_change_tells_both_values_and_nothing_where_there_was_none() -> None:
    old, new = (
        {"name": "x", "instructions": "a", "model": "m"},
        {"name": "x", "model": "n", "description": "d"},
    )
    assert changes("Agent", old, new, old) == (
        Change("description", None, "d", Op.ADD),
        Change("instructions", "a", None, Op.REMOVE),
        Change("model", "m", "n", Op.CHANGE),
    )


def test_a_digest_is_what_marks_and_states_hold_already() -> None:
    assert digest({}) == "44136fa355b3678a"
    assert digest({"b": [1, 2.0, None], "a": "Größe", "c": None}) == "0216eb2ffbb09369"
