"""A toolbox as an MCP server: JSON-RPC over POST, one message per request, no session.

Sources: the operation `:invoke_mcp` of azure-ai-projects 2.10; "Toolbox MCP protocol" in microsoft/azure-skills for the two endpoints, the
names of tools, and that `initialize` may be left out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Feed, Later, Reply
from foundry.sandbox.emulator.openai.agents import agent_of
from foundry.sandbox.emulator.openai.guard import shelf
from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.responder import openapi
from foundry.sandbox.emulator.responder.frames import Frame, RunFailedError, Say, Turn
from foundry.sandbox.emulator.responder.loop import Loop
from foundry.sandbox.emulator.responder.mcp import REVISION
from foundry.sandbox.emulator.responder.tools import mcp_server
from foundry.sandbox.emulator.shapes import anything, mapping, nullable, one_of, record, text

Body = dict[str, Any]

_PARTS: Final = "___"
_NO_METHOD: Final = -32601
_NO_PARAMETERS: Final = -32602
_INTERNAL: Final = -32603
_message: Final = record(
    {"jsonrpc": one_of("2.0"), "method": text(least=1)},
    {"id": anything, "params": nullable(mapping(anything))},
)
_QUERY: Final = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
_LOOKS_UP: Final = {
    "file_search": "Searches the files of the toolbox.",
    "azure_ai_search": "Searches the index of the toolbox.",
    "code_interpreter": "Lists and summarises the data files of the toolbox.",
}


@dataclass(frozen=True, slots=True)
class _Offer:
    """A tool as callers see it, and what it is here.

    Attributes:
        name: What callers call it.
        description: Told to them.
        schema: Of its arguments.
        sort: Type of the tool.
        own: Its name in the responder.
        label: Label of the MCP server it is of; "" for others.
    """

    name: str
    description: str
    schema: Body
    sort: str
    own: str
    label: str = ""

    def shown(self) -> Body:
        """As `tools/list` tells it."""
        return {"name": self.name, "description": self.description, "inputSchema": self.schema}


def answered(call: Call, name: str, tools: list[Body]) -> Reply:
    """The reply to one message for a toolbox of that name with these tools."""
    message = call.object()
    _message(message, "")
    method, number = message["method"], message.get("id")
    if method.startswith("notifications/"):
        return Reply(202)
    if method == "initialize":
        about = {"name": name, "version": "1"}
        return _result(
            number, {"protocolVersion": REVISION, "capabilities": {"tools": {}}, "serverInfo": about}
        )
    if method == "ping":
        return _result(number, {})
    agent = _agent(name, tools)
    if method == "tools/list":
        return _listed(call, agent, tools, number)
    if method == "tools/call":
        return _called(call, agent, tools, message.get("params") or {}, number)
    return _error(number, _NO_METHOD, f"The method '{method}' is not supported.")


def _result(number: Any, result: Body) -> Reply:
    return Reply(body={"jsonrpc": "2.0", "id": number, "result": result})


def _error(number: Any, code: int, message: str) -> Reply:
    return Reply(body={"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}})


def _agent(name: str, tools: list[Body]) -> Body:
    """The toolbox put as the responder reads agents. Whoever calls a tool has approved of the call."""
    whole = [
        {**tool, "vector_store_ids": tool.get("vector_store_ids") or []}
        if tool["type"] == "file_search"
        else {**tool, "require_approval": "never"}
        if tool["type"] == "mcp"
        else tool
        for tool in tools
    ]
    return agent_of(f"toolbox:{name}", name, {"tools": whole, "model": ""}, {})


def _own(tools: list[Body]) -> Iterator[_Offer]:
    """What is offered without asking anybody; of MCP servers, what the toolbox names."""
    for tool in tools:
        sort = tool["type"]
        told = tool.get("description") or ""
        if sort in _LOOKS_UP:
            yield _Offer(tool.get("name") or sort, told or _LOOKS_UP[sort], _QUERY, sort, sort)
        elif sort == "openapi":
            for operation in openapi.operations(tool[sort]["spec"]):
                yield _Offer(
                    operation.name, operation.description, operation.parameters, sort, operation.name
                )
        elif sort == "mcp":
            allowed = tool.get("allowed_tools") or []
            names = allowed.get("tool_names") or [] if isinstance(allowed, dict) else allowed
            for own in names:
                yield _of_server(tool["server_label"], own, told, {"type": "object", "properties": {}})


def _of_server(label: str, own: str, description: str, schema: Body) -> _Offer:
    return _Offer(f"{label}{_PARTS}{own}", description, schema, "mcp", own, label)


def _listed(call: Call, agent: Body, tools: list[Body], number: Any) -> Reply:
    offers = list(_own(tools))
    labels = [tool["server_label"] for tool in agent["tools"] if tool["type"] == "mcp"]
    servers = [
        server for label in labels if (server := mcp_server(call.world, project_id(call), agent, label))
    ]
    if not servers:
        return _result(number, {"tools": [offer.shown() for offer in offers]})

    def work() -> Reply:
        try:
            found = {server.label: server.tools() for server in servers}
        except OutsideError as error:
            return _error(number, _INTERNAL, str(error))
        return _result(number, {"tools": [offer.shown() for offer in _joined(offers, found)]})

    return Reply(later=Later(work))


def _joined(offers: list[_Offer], found: dict[str, list[Body]]) -> list[_Offer]:
    """What servers offer in place of the bare names of it, as far as the toolbox lets it through."""
    kept = [offer for offer in offers if offer.label not in found]
    for label, items in found.items():
        allowed = {offer.own for offer in offers if offer.label == label}
        kept += [
            _of_server(label, item["name"], item["description"], item["input_schema"])
            for item in items
            if not allowed or item["name"] in allowed
        ]
    return kept


def _called(call: Call, agent: Body, tools: list[Body], params: Body, number: Any) -> Reply:
    name, arguments = params.get("name"), params.get("arguments") or {}
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return _error(number, _NO_PARAMETERS, "'name' must be a string and 'arguments' an object.")
    offer = next((item for item in _own(tools) if item.name == name), None) or _foreign(tools, name)
    if offer is None:
        message = f"The toolbox has no tool '{name}', or one that the emulator doesn't run."
        return _error(number, _NO_PARAMETERS, message)
    turn = Turn(offer.sort, offer.own, dict(arguments))
    if offer.label:
        turn.details = {"server_label": offer.label}
    # A rule that wants nothing more: what the call alone gives is the answer.
    frame = Frame(agent["id"], str(arguments.get("query") or ""), turns=[turn], rule={"match": {}})
    world, project = call.world, project_id(call)

    def pull(now: float) -> tuple[list[bytes], bool]:
        loop = Loop(world, project, now, shelf=shelf(world, project))
        try:
            if not isinstance(loop.advance(frame, agent), Say):
                return [], False
        except RunFailedError as error:
            return [_content(number, str(error), failed=True)], True
        return [_content(number, turn.output or "", failed=False)], True

    return Reply(feed=Feed(pull, lambda message: _error(number, _INTERNAL, message).encoded()))


def _foreign(tools: list[Body], name: str) -> _Offer | None:
    """A tool of an MCP server that the toolbox lets through whole."""
    label, parts, own = name.partition(_PARTS)
    for tool in tools:
        if (
            parts
            and tool["type"] == "mcp"
            and tool["server_label"] == label
            and not tool.get("allowed_tools")
        ):
            return _of_server(label, own, "", {})
    return None


def _content(number: Any, said: str, *, failed: bool) -> bytes:
    result = {"content": [{"type": "text", "text": said}], "isError": failed}
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": result}, ensure_ascii=False).encode()
