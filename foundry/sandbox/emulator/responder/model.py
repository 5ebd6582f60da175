"""A real model in place of the look-up, behind any URL that speaks OpenAI's chat completions."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.responder import openapi
from foundry.sandbox.emulator.responder.frames import Body, Do, Frame, RunFailedError, Say, Turn

_LONGEST_REPLY: Final = 4_000_000
_MOST_ROUNDS: Final = 12
_QUERY: Final = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
_QUESTION: Final = {
    "type": "object",
    "properties": {"question": {"type": "string"}},
    "required": ["question"],
}


@dataclass(frozen=True, slots=True)
class Model:
    """Where the model is.

    Attributes:
        url: Base URL, as `http://localhost:11434/v1`.
        key: API key, or "".
        name: The model's name there; "" takes the one the agent names.
        seconds: How long an answer may take.
    """

    url: str
    key: str
    name: str
    seconds: float

    def asked(self, frame: Frame, agent: Body, *, may_hand_over: bool) -> Callable[[], Body]:
        """The work of asking it what comes next; raises `RunFailedError` when it goes round in circles."""
        if len(frame.rounds) >= _MOST_ROUNDS:
            raise RunFailedError(
                "server_error", f"the model called tools {_MOST_ROUNDS} times without an answer"
            )
        body: Body = {"model": self.name or agent["model"], "messages": _messages(frame, agent)}
        tools = [
            {
                "type": "function",
                "function": {"name": offer[0], "description": offer[3], "parameters": offer[4]},
            }
            for offer in _offers(agent, may_hand_over=may_hand_over)
        ]
        if tools:
            body["tools"] = tools
        for option in ("temperature", "top_p"):
            if agent.get(option) is not None:
                body[option] = agent[option]
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(  # noqa: S310 - the URL is the user's own setting
            f"{self.url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers
        )

        def work() -> Body:
            try:
                with urllib.request.urlopen(request, timeout=self.seconds) as reply:  # noqa: S310 - as above
                    found: Body = json.loads(reply.read(_LONGEST_REPLY))["choices"][0]["message"]
                    return found
            except urllib.error.HTTPError as error:
                raise OutsideError(f"the model at {self.url} answered {error.code}") from error
            except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
                raise OutsideError(f"the model at {self.url} gave no answer: {error}") from error

        return work

    @staticmethod
    def decide(frame: Frame, agent: Body, message: Body, *, may_hand_over: bool) -> Say | Do:
        """What its message means: tools to call, or the answer."""
        offers = {offer[0]: offer for offer in _offers(agent, may_hand_over=may_hand_over)}
        turns = []
        for call in message.get("tool_calls") or []:
            name = call["function"]["name"]
            if name not in offers:
                raise RunFailedError(
                    "server_error", f"the model called '{name}', which is none of the agent's tools"
                )
            try:
                arguments = json.loads(call["function"]["arguments"] or "{}")
            except ValueError as error:
                raise RunFailedError(
                    "server_error", f"the model's arguments for '{name}' are no JSON"
                ) from error
            _, sort, own_name, _, _ = offers[name]
            turn = Turn(sort, own_name, arguments)
            if sort == "mcp":
                turn.details = {"server_label": name.partition("__")[0]}
            turns.append(turn)
        if turns:
            frame.rounds.append(len(turns))
            return Do(tuple(turns))
        text = message.get("content") or ""
        cited = {item.marker: item for turn in frame.turns for item in turn.citations if item.marker in text}
        return Say(text, tuple(cited.values()))


def _offers(agent: Body, *, may_hand_over: bool) -> Iterator[tuple[str, str, str, str, Body]]:
    """Name for the model, type, own name, description and parameters of everything an agent can call."""
    for tool in agent["tools"]:
        sort = tool["type"]
        match sort:
            case "function" | "custom":
                given = tool["function"]
                yield given["name"], sort, given["name"], given.get("description") or "", given["parameters"]
            case "azure_function":
                given = tool[sort]["function"]
                yield given["name"], sort, given["name"], given.get("description") or "", given["parameters"]
            case "openapi":
                for item in openapi.operations(tool["openapi"]["spec"]):
                    yield item.name, sort, item.name, item.description, item.parameters
            case "connected_agent" if may_hand_over:
                link = tool["connected_agent"]
                yield link["name"], sort, link["name"], link["description"], _QUESTION
            case "file_search" | "azure_ai_search":
                yield (
                    sort,
                    sort,
                    sort,
                    "Searches the agent's documents; cite what you use by its `cite` text.",
                    _QUERY,
                )
            case "code_interpreter":
                yield sort, sort, sort, "Lists and summarises the agent's data files.", _QUERY
            case "mcp" if "offers" in tool:
                for item in tool["offers"]:
                    name = f"{tool['server_label']}__{item['name']}"
                    yield name, sort, item["name"], item["description"], item["input_schema"]
            case "mcp":
                for name in tool.get("allowed_tools") or []:
                    parameters: Body = {"type": "object", "properties": {}}
                    yield (
                        f"{tool['server_label']}__{name}",
                        sort,
                        name,
                        f"{name} of {tool['server_label']}",
                        parameters,
                    )


def _messages(frame: Frame, agent: Body) -> list[Body]:
    found: list[Body] = []
    if agent["instructions"]:
        found.append({"role": "system", "content": agent["instructions"]})
    found += [{"role": role, "content": text} for role, text in frame.history]
    found.append({"role": "user", "content": frame.question})
    turns: list[Turn] = list(frame.turns)
    for count in frame.rounds:
        asked, turns = turns[:count], turns[count:]
        calls: list[dict[str, Any]] = [
            {
                "id": turn.id,
                "type": "function",
                "function": {"name": _name(turn), "arguments": json.dumps(turn.arguments)},
            }
            for turn in asked
        ]
        found.append({"role": "assistant", "content": None, "tool_calls": calls})
        found += [{"role": "tool", "tool_call_id": turn.id, "content": turn.output or ""} for turn in asked]
    return found


def _name(turn: Turn) -> str:
    return f"{turn.details['server_label']}__{turn.name}" if turn.sort == "mcp" else turn.name
