"""What counts as expected, and the one sentence that each thing amiss gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foundry.checks.expectations import amiss
from foundry.model import Expectation, Tool
from foundry.service.conversation import Call, Source, Transcript

ME = "asst_me"
SAID = Transcript(
    text="You can exchange them [returns.md]",
    plain="You can exchange\nthem",
    calls=(Call("file_search", None, ME), Call("function", "price_of", ME)),
    sources=(Source("returns.md"), Source("Skarn 1100", "https://shop.example/HM-1003")),
    files=(),
    seconds=1.5,
    tokens=90,
)
TOOLS = (
    Tool("handbook", "file_search", {}),
    Tool("price_of", "function", {}),
    Tool("stock_of", "function", {}),
)


def judged(expect: Expectation, came: Transcript = SAID, tools: tuple[Tool, ...] = TOOLS) -> tuple[str, ...]:
    return amiss(expect, came, tools=tools, agent=ME)


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        (Expectation(contains=("exchange",)), None),
        (Expectation(contains=("EXCHANGE THEM",)), None),
        (Expectation(contains=("returns.md",)), "the answer does not contain 'returns.md'"),
        (Expectation(contains=("refund",)), "the answer does not contain 'refund'"),
        (Expectation(matches=(r"^You can \w+$", r"th[ei]m")), "the answer does not match '^You can \\\\w+$'"),
        (Expectation(matches=(r"(?m)^You can \w+$",)), None),
        (Expectation(cites=("returns.md", "Skarn 1100", "https://shop.example/HM-1003")), None),
        (
            Expectation(cites=("warranty.md",)),
            "`warranty.md` is not cited; cited: returns.md, Skarn 1100",
        ),
        (Expectation(tools=("handbook", "price_of")), None),
        (
            Expectation(tools=("stock_of",)),
            "the tool `stock_of` was not used; used: file_search, function price_of",
        ),
        (Expectation(max_seconds=1.5, max_tokens=90), None),
        (Expectation(max_seconds=1.4), "the answer took 1.5 s, more than 1.4 s"),
        (Expectation(max_tokens=89), "the conversation took 90 tokens, more than 89"),
    ],
)
def test_each_expectation_is_met_or_told_amiss(expect, reason):
    assert judged(expect) == (() if reason is None else (reason,))


def test_everything_amiss_is_told_at_once():
    expect = Expectation(contains=("refund",), tools=("stock_of",), max_tokens=1)
    assert len(judged(expect)) == 3


SCHEMA = {
    "type": "object",
    "properties": {
        "state": {"enum": ["on its way", "delivered"]},
        "stops": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["state"],
}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('{"state": "delivered"}', None),
        ('```json\n{"state": "delivered"}\n```', None),
        (
            '{"state": "lost"}',
            "the answer does not fit the JSON Schema at `state`: 'lost' is not one of ['on its way', 'delivered']",
        ),
        (
            '{"state": "delivered", "stops": ["a", 2]}',
            "the answer does not fit the JSON Schema at `stops[1]`: 2 is not of type 'string'",
        ),
        ("{}", "the answer does not fit the JSON Schema: 'state' is a required property"),
        ("It is delivered.", "the answer is not JSON: Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_an_answer_in_a_form_is_held_against_its_schema(answer, reason):
    came = replace(SAID, text=answer, plain=answer)
    assert judged(Expectation(json_schema=SCHEMA), came) == (() if reason is None else (reason,))


def test_tools_that_a_connected_agent_used_are_not_this_agents():
    came = replace(
        SAID, calls=(Call("connected_agent", "clerk", ME), Call("file_search", None, "asst_clerk"))
    )
    tools = (Tool("clerk", "connected_agent", {}), Tool("handbook", "file_search", {}))
    assert judged(Expectation(tools=("clerk",)), came, tools) == ()
    assert judged(Expectation(tools=("handbook",)), came, tools) == (
        "the tool `handbook` was not used; used: connected_agent clerk",
    )


@pytest.mark.parametrize(
    ("called", "used"),
    [("parcels_track", True), ("parcels", True), ("weather_now", False), (None, True)],
)
def test_an_operation_of_an_openapi_tool_is_told_by_the_tools_name(called, used):
    tools = (Tool("parcels", "openapi", {}), Tool("weather", "openapi", {}))
    came = replace(SAID, calls=(Call("openapi", called, ME),))
    assert (judged(Expectation(tools=("parcels",)), came, tools) == ()) is used


def test_the_only_openapi_tool_is_meant_whatever_the_service_calls_its_operation():
    came = replace(SAID, calls=(Call("openapi", "getParcel", ME),))
    assert judged(Expectation(tools=("parcels",)), came, (Tool("parcels", "openapi", {}),)) == ()


def test_a_logic_app_is_called_as_a_function():
    came = replace(SAID, calls=(Call("function", "send_mail", ME),))
    tools = (Tool("send_mail", "logic_app", {}), Tool("price_of", "function", {}))
    assert judged(Expectation(tools=("send_mail",)), came, tools) == ()
    assert judged(Expectation(tools=("price_of",)), came, tools) != ()


def test_tokens_that_the_service_does_not_tell_are_amiss_only_where_they_are_limited():
    came = replace(SAID, tokens=None)
    assert judged(Expectation(max_seconds=9), came) == ()
    assert judged(Expectation(max_tokens=9), came) == ("the service does not say how many tokens it took",)
