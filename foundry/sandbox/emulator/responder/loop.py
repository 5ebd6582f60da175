"""One agent at work: asks the responder what comes next, calls tools, until there is an answer or somebody has to act."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.responder import rules
from foundry.sandbox.emulator.responder.frames import (
    Body,
    Do,
    Frame,
    RunFailedError,
    Say,
    Turn,
    Wait,
    Want,
)
from foundry.sandbox.emulator.responder.lookup import Lookup, connected
from foundry.sandbox.emulator.responder.model import Model
from foundry.sandbox.emulator.responder.tools import azure_function_call, mcp_server, openapi_call

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

_LOOKS_UP: Final = ("file_search", "azure_ai_search", "code_interpreter")


def _unheard(_agent: str, _turn: Turn) -> None:
    """Nobody listens."""


def _unlisted(_agent: str, _label: str, _tools: list[Body]) -> None:
    """Nobody listens."""


def _nobody(turn: Turn, _agent: Body) -> Say | Wait | Want:
    """There is no other agent to hand over to."""
    raise RunFailedError("tool_user_error", f"'{turn.name}' can't be handed over to here")


@dataclass(slots=True)
class Loop:
    """Takes a frame as far as it goes.

    Attributes:
        world: Where everything is.
        project: ARM key of the project.
        now: Unix seconds.
        extra_files: Files attached to the thread, searched besides the agent's own.
        begun: Is told an agent's id and a call when it begins.
        ended: Is told the same when its output is there.
        listed: Is told an agent's id, the label of an MCP server and what that offers.
        hand_over: Lets a connected agent answer a call, and says how far it has come.
        shelf: Key under which files and vector stores are kept; "" for the project's.
    """

    world: "World"
    project: str
    now: float
    extra_files: list[str] = field(default_factory=list)
    begun: Callable[[str, Turn], None] = _unheard
    ended: Callable[[str, Turn], None] = _unheard
    listed: Callable[[str, str, list[Body]], None] = _unlisted
    hand_over: Callable[[Turn, Body], Say | Wait | Want] = _nobody
    shelf: str = ""

    def advance(self, frame: Frame, agent: Body, *, depth: int = 0) -> Say | Wait | Want:
        """Goes on with a frame, which it changes.

        `depth` is 1 for an agent that another one has handed over to.

        Raises:
            RunFailedError: A tool or the responder failed for good.
            RunIncompleteError: A rule asks for it.
        """
        lookup = Lookup(self.world, self.project, self.now, self.extra_files, self.shelf or self.project)
        if not frame.turns and frame.rule is None:
            frame.rule = rules.chosen(self.world.rules, agent["name"], frame.question)
        while True:
            stopped = self._outputs(frame, agent, lookup, depth)
            if stopped is not None:
                return stopped
            decision = self._ask_servers(frame, agent) or self._decide(frame, agent, lookup, depth)
            if not isinstance(decision, Do):
                return decision
            for turn in decision.turns:
                frame.turns.append(turn)
                self.begun(agent["id"], turn)

    def _outputs(self, frame: Frame, agent: Body, lookup: Lookup, depth: int) -> Wait | Want | None:
        """Gets the outputs that are missing; None when all are there."""
        wanted: list[Turn] = []
        waiting = False
        for turn in frame.turns:
            if turn.output is not None:
                continue
            stopped = self._perform(turn, agent, lookup, depth)
            if stopped is None:
                self.ended(agent["id"], turn)
            elif isinstance(stopped, Want):
                wanted += stopped.turns
            else:
                waiting = True
        # What can be fetched comes first, so that one act of the caller answers all the rest.
        return Wait() if waiting else Want(tuple(wanted)) if wanted else None

    def _ask_servers(self, frame: Frame, agent: Body) -> Wait | None:
        """Asks MCP servers on this machine what they offer, once a frame; a rule says by itself what is called."""
        waiting = None
        for tool in agent["tools"] if frame.rule is None else ():
            label = tool.get("server_label")
            if tool["type"] != "mcp" or label in frame.listed:
                continue
            server = mcp_server(self.world, self.project, agent, label)
            if server is None:
                continue
            try:
                found = self.world.outside.ask(f"{frame.id}/mcp/{label}", server.tools)
            except OutsideError as error:
                raise RunFailedError("tool_user_error", f"mcp: {error}") from error
            if found is None:
                waiting = Wait()
                continue
            allowed = tool.get("allowed_tools") or []
            offered = [item for item in found.value if not allowed or item["name"] in allowed]
            frame.listed[label] = offered
            self.listed(agent["id"], label, offered)
        return waiting

    def _decide(self, frame: Frame, agent: Body, lookup: Lookup, depth: int) -> Say | Do | Wait:
        if frame.rule is not None:
            return rules.decide(frame, agent)
        settings = self.world.settings
        told = _with_offers(agent, frame)
        if not settings.model_url:
            return lookup.decide(frame, told, may_hand_over=depth == 0)
        model = Model(settings.model_url, settings.model_key, settings.model_name, settings.tool_seconds)
        key = f"{frame.id}/model/{len(frame.rounds)}"
        try:
            found = self.world.outside.ask(key, model.asked(frame, told, may_hand_over=depth == 0))
        except OutsideError as error:
            raise RunFailedError("server_error", str(error)) from error
        return Wait() if found is None else model.decide(frame, told, found.value, may_hand_over=depth == 0)

    def _perform(self, turn: Turn, agent: Body, lookup: Lookup, depth: int) -> Wait | Want | None:
        if "canned" in turn.details and (turn.sort != "mcp" or _allowed(turn, agent)):
            turn.output = turn.details.pop("canned")
            return None
        if turn.sort in _LOOKS_UP:
            lookup.perform(turn, agent)
            return None
        match turn.sort:
            case "function" | "custom" | "computer_use_preview" if depth == 0:
                return Want((turn,))
            case "function" | "custom" | "computer_use_preview":
                raise RunFailedError(
                    "tool_user_error", "A connected agent can't call functions of its caller"
                )
            case "mcp":
                return self._approve(turn, agent) or self._call_server(turn, agent)
            case "connected_agent":
                return self._hand_over(turn, agent, depth)
            case "openapi":
                work = openapi_call(self.world, self.project, turn, agent, self.now)
                return None if work is None else self._outside(turn, work)
            case "azure_function":
                return self._outside(turn, azure_function_call(self.world, turn, agent))
        turn.output = f"The sandbox doesn't call {turn.sort}."
        return None

    def _outside(self, turn: Turn, work: Callable[[], str]) -> Wait | None:
        try:
            found = self.world.outside.ask(turn.id, work)
        except OutsideError as error:
            raise RunFailedError("tool_user_error", f"{turn.sort} '{turn.name}': {error}") from error
        if found is None:
            return Wait()
        turn.output = str(found.value)
        return None

    @staticmethod
    def _approve(turn: Turn, agent: Body) -> Want | None:
        if _allowed(turn, agent):
            return None
        if turn.approved is None:
            return Want((turn,))
        turn.details.pop("canned", None)
        turn.output = "The call was not approved."
        return None

    def _call_server(self, turn: Turn, agent: Body) -> Wait | None:
        if turn.output is not None:
            return None
        server = mcp_server(self.world, self.project, agent, turn.details["server_label"])
        if server is None:
            turn.output = "The sandbox speaks to MCP servers on this machine only; a rule can say what another would answer."
            return None
        arguments = dict(turn.arguments)
        return self._outside(turn, lambda: server.call(turn.name, arguments))

    def _hand_over(self, turn: Turn, agent: Body, depth: int) -> Wait | Want | None:
        links = [tool["connected_agent"] for tool in agent["tools"] if tool["type"] == "connected_agent"]
        link = next((item for item in links if item["name"] == turn.name), None)
        if link is None:
            raise RunFailedError("tool_user_error", f"the agent has no connected agent '{turn.name}'")
        other = connected(self.world, self.project, link)
        if depth > 0:
            raise RunFailedError("tool_user_error", "Assistant Tool Call Depth Error")
        turn.details["agent_id"] = other["id"]
        inner = self.hand_over(turn, other)
        if not isinstance(inner, Say):
            return inner
        turn.output = turn.text = inner.text
        turn.citations = list(inner.citations)
        return None


def _with_offers(agent: Body, frame: Frame) -> Body:
    """The agent with what its MCP servers offer beside each of them."""
    if not frame.listed:
        return agent
    tools = [
        tool | {"offers": frame.listed[tool["server_label"]]}
        if tool["type"] == "mcp" and tool["server_label"] in frame.listed
        else tool
        for tool in agent["tools"]
    ]
    return agent | {"tools": tools}


def _allowed(turn: Turn, agent: Body) -> bool:
    """Whether an MCP call may go on: approved, or of a tool that needs no approval. The default is to ask."""
    if turn.approved is not None:
        return turn.approved
    resources = (agent["tool_resources"].get("mcp") or []) if agent["tool_resources"] else []
    mine = [item for item in resources if item["server_label"] == turn.details["server_label"]]
    asked = mine[0].get("require_approval") if mine else None
    if isinstance(asked, dict):
        return turn.name in ((asked.get("never") or {}).get("tool_names") or [])
    return asked == "never"
