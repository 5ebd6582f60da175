"""A toolbox as an MCP server: by azure-ai-projects, by plain messages, and by an agent that uses it."""

import json
from typing import Any

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import MCPTool, PromptAgentDefinition
from azure.core.exceptions import ResourceNotFoundError
from openai import OpenAI

from .conftest import Wire
from .test_mcp_servers import Server, running
from .test_rules_and_tools import document, server

JSON = "application/json"


@pytest.fixture(scope="module")
def wire(wire_of_module: Wire) -> Wire:
    return wire_of_module


@pytest.fixture(scope="module")
def project(project_of_module: Wire) -> Wire:
    return project_of_module


def invoke(projects: AIProjectClient, toolbox: str, method: str, /, **params: Any) -> Any:
    """The answer to a message by the official client, which hands on what it is given."""
    message: Any = json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    answer = json.loads(projects.toolboxes.invoke_latest_toolbox_mcp(toolbox, message, content_type=JSON))
    assert answer["id"] == 7
    return answer.get("result") or answer["error"]


def make(wire: Wire, name: str, *tools: Any) -> None:
    reply = wire.data("POST", f"/toolboxes/{name}/versions", {"tools": list(tools)})
    assert reply.status_code == 200, reply.text


def test_files_are_searched_through_a_toolbox(
    projects: AIProjectClient, client: OpenAI, project: Wire
) -> None:
    file = client.files.create(file=("a.md", b"Boots last a year."), purpose="assistants")
    store = client.vector_stores.create(file_ids=[file.id])
    make(
        project,
        "library",
        {"type": "file_search", "name": "papers", "vector_store_ids": [store.id]},
        {"type": "web_search"},
    )
    greeting = invoke(projects, "library", "initialize", protocolVersion="2025-06-18", capabilities={})
    assert greeting["serverInfo"]["name"] == "library"
    (tool,) = invoke(projects, "library", "tools/list")["tools"]
    assert (tool["name"], tool["inputSchema"]["required"]) == ("papers", ["query"])
    answer = invoke(
        projects, "library", "tools/call", name="papers", arguments={"query": "How long do boots last?"}
    )
    assert "Boots last a year." in answer["content"][0]["text"]
    assert answer["isError"] is False
    assert "no tool 'web_search'" in invoke(projects, "library", "tools/call", name="web_search")["message"]
    assert invoke(projects, "library", "prompts/list")["code"] == -32601
    with pytest.raises(ResourceNotFoundError):
        invoke(projects, "absent", "tools/list")


def test_operations_and_servers_are_called_through_a_toolbox(
    projects: AIProjectClient, project: Wire
) -> None:
    with server(lambda _path, _body: (200, {"status": "sent"})) as (base, seen), running(Server()) as other:
        api = {"name": "orders", "spec": document(base), "auth": {"type": "anonymous"}}
        make(
            project,
            "desk",
            {"type": "openapi", "openapi": api},
            {"type": "mcp", "server_label": "parcels", "server_url": other.url},
        )
        names = {tool["name"] for tool in invoke(projects, "desk", "tools/list")["tools"]}
        assert {"getOrder", "parcels___order_status", "parcels___weather"} <= names
        answer = invoke(projects, "desk", "tools/call", name="getOrder", arguments={"id": "A-7"})
        assert (answer["content"][0]["text"], seen[0][1]) == ('{"status": "sent"}', "/api/orders/A-7")
        status = {"name": "parcels___order_status", "arguments": {"order_number": "A-7"}}
        answer = invoke(projects, "desk", "tools/call", **status)
        assert answer["content"][0]["text"] == "A-7 is on its way"
        url = other.url
    failed = invoke(projects, "desk", "tools/call", **status)
    assert failed["isError"] is True
    assert url in failed["content"][0]["text"]


def test_the_default_version_and_each_version_have_addresses_of_their_own(project: Wire) -> None:
    make(project, "kit", {"type": "code_interpreter", "name": "first"})
    make(project, "kit", {"type": "code_interpreter", "name": "second"})
    project.data("PATCH", "/toolboxes/kit", {"default_version": "1"})

    def offered(path: str) -> list[str]:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        return [tool["name"] for tool in project.data("POST", path, message).json()["result"]["tools"]]

    assert offered("/toolboxes/kit:invoke_mcp") == ["second"]
    assert offered("/toolboxes/kit/mcp") == ["first"]
    assert offered("/toolboxes/kit/versions/2/mcp") == ["second"]
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert project.data("POST", "/toolboxes/kit/mcp", note).status_code == 202
    assert project.data("POST", "/toolboxes/kit/mcp", {"method": "ping"}).status_code == 400


def test_an_agent_uses_a_toolbox_by_its_address(
    projects: AIProjectClient, client: OpenAI, project: Wire
) -> None:
    with running(Server()) as other:
        make(project, "parcels", {"type": "mcp", "server_label": "dhl", "server_url": other.url})
        tool = MCPTool(
            server_label="box",
            server_url=f"{project.project_endpoint}/toolboxes/parcels/mcp?api-version=v1",
            require_approval="never",
        )
        definition = PromptAgentDefinition(model="gpt-4.1", tools=[tool])
        projects.agents.create_version("courier", definition=definition)
        reference = {"agent_reference": {"type": "agent_reference", "name": "courier"}}
        answer = client.responses.create(input="What is the status of order A-17?", extra_body=reference)
    assert answer.error is None
    assert [item.type for item in answer.output] == ["mcp_list_tools", "mcp_call", "message"]
    assert answer.output[1].output == "A-17 is on its way"  # type: ignore[union-attr]
    stranger = Wire(project.serving, "sandbox-stranger")
    assert stranger.data("POST", "/toolboxes/parcels/mcp", {}).status_code == 401
