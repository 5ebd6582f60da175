"""What was expected, held against what came: pure, one sentence for each thing that is amiss."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from foundry.model import Expectation, Tool
from foundry.service.conversation import Call, Transcript
from foundry.service.evaluators import Score

_NAMED: Final = frozenset(("function", "openapi", "azure_function", "connected_agent", "mcp", "custom"))
"""Tools of which an agent may have several: their calls are told apart by name."""

_FENCE: Final = re.compile(r"^```(?:json)?\s*\n(.*)\n```$", re.DOTALL)


def amiss(
    expect: Expectation,
    came: Transcript,
    *,
    tools: Sequence[Tool],
    agent: str | None,
    scores: Mapping[str, Score] | None = None,
) -> tuple[str, ...]:
    """What is not as expected, in the order of the declaration's fields; nothing when all is well.

    Args:
        expect: what was expected.
        came: what came of the conversation.
        tools: the tools that the agent declares.
        agent: the agent's id, so that a connected agent's calls don't count as its own; None counts every call.
        scores: what evaluators gave, by their names.
    """
    return (
        *_texts(expect, came),
        *_json(expect, came),
        *_tools(expect, came, tools, agent),
        *_cites(expect, came),
        *_budget(expect, came),
        *_scores(expect, scores or {}),
    )


def _texts(expect: Expectation, came: Transcript) -> Iterator[str]:
    said = _folded(came.plain)
    for text in expect.contains:
        if _folded(text) not in said:
            yield f"the answer does not contain {text!r}"
    for pattern in expect.matches:
        if not re.search(pattern, came.plain):
            yield f"the answer does not match {pattern!r}"


def _folded(text: str) -> str:
    # Answers are broken into lines as the model likes; what is looked for is not.
    return " ".join(text.casefold().split())


def _json(expect: Expectation, came: Transcript) -> Iterator[str]:
    if expect.json_schema is None:
        return
    fenced = _FENCE.match(came.plain)
    try:
        value = json.loads(fenced.group(1) if fenced else came.plain)
    except ValueError as error:
        yield f"the answer is not JSON: {error}"
        return
    schema: Any = expect.json_schema
    fault = best_match(Draft202012Validator(schema).iter_errors(value))
    if fault is not None:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault.absolute_path)
        where = f" at `{path.lstrip('.')}`" if path else ""
        yield f"the answer does not fit the JSON Schema{where}: {fault.message}"


def _tools(expect: Expectation, came: Transcript, tools: Sequence[Tool], agent: str | None) -> Iterator[str]:
    own = [call for call in came.calls if agent is None or call.agent in {None, agent}]
    declared = {tool.name: tool for tool in tools}
    for name in expect.tools:
        tool = declared.get(name)
        if tool is None or not any(_is_call_of(tool, call, tools) for call in own):
            used = ", ".join(dict.fromkeys(_told(call) for call in own))
            yield f"the tool `{name}` was not used; used: {used or 'none'}"


def _is_call_of(tool: Tool, call: Call, tools: Sequence[Tool]) -> bool:
    inside = [(one["type"], one["name"]) for one in tool.settings.get("tools") or ()]
    if inside:
        return (call.type, call.name) in inside
    if call.type != wire_type(tool):
        return False
    twins = [other for other in tools if wire_type(other) in (call.type, "namespace")]
    if call.type not in _NAMED or call.name is None or len(twins) == 1:
        return True
    # An operation of an OpenAPI tool is called by the tool's name with the operation's behind it.
    return call.name == tool.name or (call.type == "openapi" and call.name.startswith(f"{tool.name}_"))


def wire_type(tool: Tool) -> str:
    """The type that a tool's calls have: the format's word for it, but a Logic App is called as a function."""
    return "function" if tool.type == "logic_app" else tool.type


def _told(call: Call) -> str:
    return f"{call.type} {call.name}" if call.name else call.type


def _cites(expect: Expectation, came: Transcript) -> Iterator[str]:
    cited = {text for source in came.sources for text in (source.name, source.url) if text}
    for name in expect.cites:
        if name not in cited:
            told = ", ".join(dict.fromkeys(source.name for source in came.sources))
            yield f"`{name}` is not cited; cited: {told or 'nothing'}"


def _budget(expect: Expectation, came: Transcript) -> Iterator[str]:
    if expect.max_seconds is not None and came.seconds > expect.max_seconds:
        yield f"the answer took {came.seconds:.1f} s, more than {expect.max_seconds:g} s"
    if expect.max_tokens is None:
        return
    if came.tokens is None:
        yield "the service does not say how many tokens it took"
    elif came.tokens > expect.max_tokens:
        yield f"the conversation took {came.tokens} tokens, more than {expect.max_tokens}"


def _scores(expect: Expectation, scores: Mapping[str, Score]) -> Iterator[str]:
    for name, threshold in expect.evaluators.items():
        score = scores.get(name)
        if score is None:
            yield f"the evaluator {name} gave no score"
        elif not score.is_enough:
            why = f": {score.reason}" if score.reason else ""
            yield f"the evaluator {name} gave {score.value} (threshold {threshold:g}){why}"
