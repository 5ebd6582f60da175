"""A client of MCP servers on this machine: streamable HTTP, as the specification of 2025-06-18 has it.

A session per question: initialize, then one request. What a server asks for on its own (sampling, elicitation) isn't answered.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.responder.frames import Body

REVISION: Final = "2025-06-18"
_LARGEST_REPLY: Final = 1_000_000
_MOST_PAGES: Final = 10


@dataclass(frozen=True, slots=True)
class Server:
    """One MCP server.

    Attributes:
        label: What the agent calls it.
        url: Its endpoint; must be on this machine.
        headers: Sent with every request.
        seconds: How long each answer may take.
        authority: Certificate of the authority that it is trusted by; None for the public ones.
    """

    label: str
    url: str
    headers: Mapping[str, str]
    seconds: float
    authority: Path | None = None

    def tools(self) -> list[Body]:
        """What it offers: name, description and input schema of each; raises `OutsideError`."""
        session = _Session(self)
        found: list[Body] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = session.ask("tools/list", {"cursor": cursor} if cursor else {})
            found += [
                {
                    "name": str(item["name"]),
                    "description": str(item.get("description") or ""),
                    "input_schema": item.get("inputSchema") or {"type": "object", "properties": {}},
                }
                for item in page.get("tools") or []
            ]
            cursor = page.get("nextCursor")
            if not cursor:
                break
        return found

    def call(self, name: str, arguments: Body) -> str:
        """The text that a tool answers, also when it says that it failed; raises `OutsideError`."""
        answer = _Session(self).ask("tools/call", {"name": name, "arguments": arguments})
        texts = [str(part["text"]) for part in answer.get("content") or [] if part.get("type") == "text"]
        if not texts and "structuredContent" in answer:
            return json.dumps(answer["structuredContent"], ensure_ascii=False)
        return "\n".join(texts)


class _Session:
    """One session: what the server gave for telling it apart goes with every later request."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._given: dict[str, str] = {}
        self._number = 0
        client = {"name": "foundry-sandbox", "version": "1"}
        hello = self.ask(
            "initialize", {"protocolVersion": REVISION, "capabilities": {}, "clientInfo": client}
        )
        self._given["MCP-Protocol-Version"] = str(hello.get("protocolVersion") or REVISION)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"}, None)

    def ask(self, method: str, params: Body) -> Body:
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        answer = self._send(message, self._number)
        if "error" in answer:
            told = answer["error"].get("message") if isinstance(answer["error"], dict) else answer["error"]
            raise OutsideError(f"{self._where(method)} answered: {told}")
        result = answer.get("result")
        if not isinstance(result, dict):
            raise OutsideError(f"{self._where(method)} gave no result")
        return result

    def _where(self, method: str) -> str:
        return f"{method} of {self._server.label} at {self._server.url}"

    def _send(self, message: Body, number: int | None) -> Body:
        where = self._where(message["method"])
        base = urlsplit(self._server.url)
        host, seconds = base.hostname or "", self._server.seconds
        connection: HTTPConnection
        if base.scheme == "https":
            trusted = ssl.create_default_context(
                cafile=str(self._server.authority) if self._server.authority else None
            )
            connection = HTTPSConnection(host, base.port, timeout=seconds, context=trusted)
        else:
            connection = HTTPConnection(host, base.port, timeout=seconds)
        headers = {
            **self._server.headers,
            **self._given,
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        target = (base.path or "/") + (f"?{base.query}" if base.query else "")
        try:
            connection.request("POST", target, json.dumps(message).encode(), headers)
            reply = connection.getresponse()
            if reply.status >= 300:
                raise OutsideError(f"{where} answered {reply.status}")
            if session := reply.headers.get("Mcp-Session-Id"):
                self._given["Mcp-Session-Id"] = session
            return {} if number is None else _answer(reply, number)
        except (OSError, HTTPException, ValueError, LookupError, AttributeError) as error:
            raise OutsideError(f"{where} can't be reached or understood: {error}") from error
        finally:
            connection.close()


def _answer(reply: HTTPResponse, number: int) -> Body:
    """The answer to a request, alone or among the events of a stream."""
    if "text/event-stream" not in (reply.headers.get("Content-Type") or ""):
        return _mine(json.loads(reply.read(_LARGEST_REPLY)), number) or {}
    data, left = "", _LARGEST_REPLY
    while left > 0 and (line := reply.readline(left)):
        left -= len(line)
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text.startswith("data:"):
            data += text[5:].removeprefix(" ")
        elif not text and data:
            found, data = _mine(json.loads(data), number), ""
            if found is not None:
                return found
    raise ValueError("the stream ended without an answer")


def _mine(message: Any, number: int) -> Body | None:
    return message if isinstance(message, dict) and message.get("id") == number else None
