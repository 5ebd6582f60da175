"""MCP tools of agents, in both dialects, with a server on this machine that is really asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import MCPTool, PromptAgentDefinition
from openai import OpenAI

from .conftest import Wire

PREVIEW = {"api-version": "2025-05-15-preview"}
TOOLS = [
    {
        "name": "order_status",
        "description": "Status of an order by its number",
        "inputSchema": {"type": "object", "properties": {"order_number": {"type": "string"}}},
    },
    {"name": "weather", "description": "Weather of tomorrow", "inputSchema": {"type": "object"}},
]


@dataclass
class Server:
    """A server of the revision of 2025-06-18 that notes what it is asked."""

    streams: bool = False
    url: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        match message["method"]:
            case "initialize":
                return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {}}
            case "tools/list":
                return {"tools": TOOLS}
            case "tools/call":
                self.calls.append(message["params"])
                number = message["params"]["arguments"].get("order_number")
                return {"content": [{"type": "text", "text": f"{number} is on its way"}]}
        raise AssertionError(message)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.headers.append(dict(self.headers))
            if message["method"] != "initialize":
                assert self.headers["Mcp-Session-Id"] == "s1"
            if "id" not in message:
                self.send_response(202)
                self.end_headers()
                return
            body = {"jsonrpc": "2.0", "id": message["id"], "result": server.answer(message)}
            data, media = json.dumps(body), "application/json"
            if server.streams:
                note = json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
                data, media = (
                    f": hello\n\ndata: {note}\n\nevent: message\ndata: {data}\n\n",
                    "text/event-stream",
                )
            self.send_response(200)
            self.send_header("Content-Type", media)
            self.send_header("Mcp-Session-Id", "s1")
            self.end_headers()
            self.wfile.write(data.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{listening.server_address[1]}/mcp"
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def wire(wire_of_module: Wire) -> Wire:
    return wire_of_module


@pytest.fixture(scope="module")
def project(project_of_module: Wire) -> Wire:
    return project_of_module


def begun(wire: Wire, url: str, **resource: Any) -> str:
    """The path of a run that asks about an order."""
    tool = {"type": "mcp", "server_label": "orders", "server_url": url}
    body = {"model": "gpt-4.1", "tools": [tool]}
    agent = wire.data("POST", "/assistants", body, **PREVIEW).json()["id"]
    asked = {
        "assistant_id": agent,
        "thread": {"messages": [{"role": "user", "content": "What is the status of order A-17?"}]},
        "tool_resources": {"mcp": [{"server_label": "orders", "headers": {}, **resource}]},
    }
    run = wire.data("POST", "/threads/runs", asked, **PREVIEW)
    assert run.status_code == 200, run.text
    assert "headers" not in run.json()["tool_resources"]["mcp"][0]
    return f"/threads/{run.json()['thread_id']}/runs/{run.json()['id']}"


def settled(wire: Wire, path: str) -> dict[str, Any]:
    while (run := wire.data("GET", path, **PREVIEW).json())["status"] in ("queued", "in_progress"):
        pass
    return dict(run)


def said(wire: Wire, path: str) -> str:
    (message, *_) = wire.data("GET", f"{path.rpartition('/runs/')[0]}/messages").json()["data"]
    return str(message["content"][0]["text"]["value"])


def test_an_approved_call_reaches_the_server_with_its_headers(project: Wire) -> None:
    with running(Server()) as server:
        path = begun(project, server.url, headers={"X-Team": "blue"})
        run = settled(project, path)
        assert run["status"] == "requires_action"
        assert server.calls == []
        (call,) = run["required_action"]["submit_tool_approval"]["tool_calls"]
        assert (call["name"], json.loads(call["arguments"])) == ("order_status", {"order_number": "A-17"})
        approval = {"tool_call_id": call["id"], "approve": True, "headers": {"X-Key": "k"}}
        body = {"tool_approvals": [approval]}
        assert project.data("POST", f"{path}/submit_tool_outputs", body, **PREVIEW).status_code == 200
        assert settled(project, path)["status"] == "completed"
        assert server.calls == [{"name": "order_status", "arguments": {"order_number": "A-17"}}]
        assert (server.headers[-1]["X-Team"], server.headers[-1]["X-Key"]) == ("blue", "k")
    assert said(project, path) == "The tool order_status of orders answered: A-17 is on its way"
    steps = project.data("GET", f"{path}/steps", order="asc").json()["data"]
    assert [step["type"] for step in steps] == ["activities", "tool_calls", "message_creation"]
    (activity,) = steps[0]["step_details"]["activities"]
    assert (activity["type"], sorted(activity["tools"])) == ("mcp_list_tools", ["order_status", "weather"])
    assert steps[1]["step_details"]["tool_calls"][0]["output"] == "A-17 is on its way"


def test_a_refused_call_never_reaches_the_server(project: Wire) -> None:
    with running(Server()) as server:
        path = begun(project, server.url)
        (call,) = settled(project, path)["required_action"]["submit_tool_approval"]["tool_calls"]
        body = {"tool_approvals": [{"tool_call_id": call["id"], "approve": False}]}
        project.data("POST", f"{path}/submit_tool_outputs", body, **PREVIEW)
        assert settled(project, path)["status"] == "completed"
        assert server.calls == []


def test_a_server_that_answers_with_a_stream_is_understood(project: Wire) -> None:
    with running(Server(streams=True)) as server:
        path = begun(project, server.url, require_approval="never")
        assert settled(project, path)["status"] == "completed"
    assert "A-17 is on its way" in said(project, path)


def test_a_server_that_is_not_there_fails_the_run(project: Wire) -> None:
    with running(Server()) as server:
        gone = server.url
    run = settled(project, begun(project, gone, require_approval="never"))
    assert (run["status"], run["last_error"]["code"]) == ("failed", "tool_user_error")
    assert "initialize of orders at http://127.0.0.1" in run["last_error"]["message"]


@pytest.fixture
def client(azure: None, projects: AIProjectClient) -> Iterator[OpenAI]:
    with projects.get_openai_client() as client:
        yield client


def test_a_versioned_agent_lists_and_calls_it(client: OpenAI, projects: AIProjectClient) -> None:
    with running(Server()) as server:
        tool = MCPTool(server_label="orders", server_url=server.url, require_approval="never")
        tool["headers"] = {"X-Team": "blue"}
        made = projects.agents.create_version(
            "orders", definition=PromptAgentDefinition(model="gpt-4.1", tools=[tool])
        )
        reference = {"agent_reference": {"type": "agent_reference", "name": made.name}}
        answer = client.responses.create(input="What is the status of order A-17?", extra_body=reference)
        assert [item.type for item in answer.output] == ["mcp_list_tools", "mcp_call", "message"]
        assert [tool.name for tool in answer.output[0].tools] == ["order_status", "weather"]  # type: ignore[union-attr]
        assert answer.output[1].output == "A-17 is on its way"  # type: ignore[union-attr]
        assert server.headers[-1]["X-Team"] == "blue"
        stream = client.responses.create(input="Status of order A-17?", extra_body=reference, stream=True)
        heard = [event.type for event in stream]
    assert "response.mcp_list_tools.completed" in heard
    assert heard[-1] == "response.completed"
