"""What agents do in a run without a language model: rules, tools that are really called, a model behind a URL."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.agents.models import (
    AzureFunctionStorageQueue,
    AzureFunctionTool,
    CodeInterpreterTool,
    ConnectedAgentTool,
    FilePurpose,
    FileSearchTool,
    FunctionToolDefinition,
    OpenApiAnonymousAuthDetails,
    OpenApiConnectionAuthDetails,
    OpenApiConnectionSecurityScheme,
    OpenApiManagedAuthDetails,
    OpenApiManagedSecurityScheme,
    OpenApiTool,
    RunStep,
    ThreadRun,
)

from foundry.sandbox.emulator import Settings, serve

from .conftest import ACCOUNT, PROJECT, Wire


@pytest.fixture(scope="module")
def wire(wire_of_module: Wire) -> Wire:
    """One emulator for the module: what the tests make doesn't get in each other's way, and rules are cleared."""
    return wire_of_module


@pytest.fixture(scope="module")
def project(project_of_module: Wire) -> Wire:
    return project_of_module


@pytest.fixture(autouse=True)
def no_rules(wire: Wire) -> Iterator[None]:
    yield
    wire.control("DELETE", "/rules")


def ask(agents: AgentsClient, agent: str, question: str) -> tuple[ThreadRun, str, list[RunStep]]:
    """The run, the answer's text, the steps in order."""
    thread = agents.threads.create(messages=[{"role": "user", "content": question}])
    run = agents.runs.create_and_process(thread_id=thread.id, agent_id=agent, polling_interval=0.02)
    said = [item for item in agents.messages.list(thread.id) if item.role == "assistant"]
    steps = list(agents.run_steps.list(thread.id, run.id, order="asc"))
    return run, said[0].text_messages[0].text.value if said else "", steps


def tools_of(steps: list[RunStep]) -> list[dict[str, Any]]:
    return [dict(step.step_details.tool_calls[0]) for step in steps if step.type == "tool_calls"]


def write_rules(wire: Wire, agent: str, rules: Any) -> None:
    reply = wire.control("PUT", f"/rules/{agent}", {"rules": rules})
    assert reply.status_code == 204, reply.text


@contextmanager
def server(answer: Any) -> Iterator[tuple[str, list[Any]]]:
    """A server on loopback that notes requests (method, path, headers, body) and answers with `answer(path, body)`."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(content) if content else None
            seen.append((self.command, self.path, dict(self.headers), body))
            status, reply = answer(self.path, body)
            data = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_address[1]}", seen
        finally:
            running.shutdown()
            thread.join()


def document(base: str, **more: Any) -> dict[str, Any]:
    order = {
        "operationId": "getOrder",
        "summary": "Status of an order",
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "detail", "in": "query", "schema": {"$ref": "#/components/schemas/Detail"}},
        ],
    }
    components = {"schemas": {"Detail": {"type": "string", "enum": ["short", "long"]}}, **more}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Orders", "version": "1"},
        "servers": [{"url": base + "/api"}],
        "paths": {"/orders/{id}": {"get": order}},
        "components": components,
    }


# Rules


def test_the_first_rule_that_fits_answers_and_fills_in_its_text(agents: AgentsClient, project: Wire) -> None:
    agent = agents.create_agent(model="gpt-4.1", name="echo").id
    rules = [
        {"when": {"contains": ["weather", "today"]}, "say": "sunny"},
        {"when": {"matches": r"order (?P<id>[A-Z]-\d+)"}, "say": "${match.id} of: ${question}"},
        {"when": {"any": ["hi", "hello"]}, "say": "Hello."},
    ]
    write_rules(project, "echo", rules)
    assert ask(agents, agent, "How is the weather today?")[1] == "sunny"
    assert ask(agents, agent, "order A-7, please")[1] == "A-7 of: order A-7, please"
    assert ask(agents, agent, "Hello there")[1] == "Hello."
    assert "stand-in for a model" in ask(agents, agent, "Something else")[1]
    assert project.control("DELETE", "/rules/echo").status_code == 204
    assert "stand-in for a model" in ask(agents, agent, "Hello there")[1]


def test_rules_lie_in_a_file_that_may_change_between_runs(agents: AgentsClient, project: Wire) -> None:
    agent = agents.create_agent(model="gpt-4.1", name="filed").id
    folder = project.serving.home / "rules"
    folder.mkdir(exist_ok=True)
    for text in ("one", "two"):
        (folder / "filed.yaml").write_text(f"rules:\n  - say: {text}\n", encoding="utf-8")
        assert ask(agents, agent, "anything")[1] == text


def test_calls_feed_each_other_and_what_was_found_is_cited(agents: AgentsClient, project: Wire) -> None:
    content = b"# Returns\n\nShipped orders may be sent back within thirty days."
    file = agents.files.upload_and_poll(file=content, purpose=FilePurpose.AGENTS, filename="returns.md")
    store = agents.vector_stores.create_and_poll(file_ids=[file.id], polling_interval=0.01)
    search = FileSearchTool([store.id])
    function = {"name": "get_order", "parameters": {"type": "object", "properties": {}}}
    agent = agents.create_agent(
        model="gpt-4.1",
        name="clerk",
        tools=[*search.definitions, FunctionToolDefinition({"type": "function", "function": function})],
        tool_resources=search.resources,
    ).id
    calls = [
        {"function": "get_order", "arguments": {"id": "${match.1}"}},
        {"file_search": "sent back ${output.status}"},
    ]
    say = "Order ${match.1} is ${output.1.status}."
    write_rules(project, "clerk", [{"when": {"matches": r"order (\w+)"}, "calls": calls, "say": say}])
    thread = agents.threads.create(messages=[{"role": "user", "content": "Where is order A7?"}])
    run = agents.runs.create(thread_id=thread.id, agent_id=agent)
    run = agents.runs.get(thread.id, run.id)
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert json.loads(call.function.arguments) == {"id": "A7"}
    output = {"tool_call_id": call.id, "output": '{"status": "shipped"}'}
    assert agents.runs.submit_tool_outputs(thread.id, run.id, tool_outputs=[output]).status == "in_progress"
    assert agents.runs.get(thread.id, run.id).status == "completed"
    (said, *_) = agents.messages.list(thread.id)
    text = said.text_messages[0].text
    assert text.value == "Order A7 is shipped. 【4:0†returns.md】"
    assert text.annotations[0].file_citation.file_id == file.id
    assert "thirty days" in text.annotations[0].file_citation.quote


def test_functions_can_be_asked_for_all_at_once(agents: AgentsClient, project: Wire) -> None:
    tools = [
        FunctionToolDefinition(
            {
                "type": "function",
                "function": {"name": name, "parameters": {"type": "object", "properties": {}}},
            }
        )
        for name in ("first", "second")
    ]
    agent = agents.create_agent(model="gpt-4.1", name="both", tools=tools).id
    rule = {
        "calls": [{"function": "first"}, {"function": "second"}],
        "together": True,
        "say": "${output.1} and ${output.2}",
    }
    write_rules(project, "both", [rule])
    thread = agents.threads.create(messages=[{"role": "user", "content": "go"}])
    run = agents.runs.create(thread_id=thread.id, agent_id=agent)
    calls = agents.runs.get(thread.id, run.id).required_action.submit_tool_outputs.tool_calls
    assert [call.function.name for call in calls] == ["first", "second"]
    outputs = [{"tool_call_id": call.id, "output": call.function.name.upper()} for call in calls]
    missing = project.data(
        "POST", f"/threads/{thread.id}/runs/{run.id}/submit_tool_outputs", {"tool_outputs": outputs[:1]}
    )
    assert (missing.status_code, missing.json()["error"]["param"]) == (400, "tool_outputs")
    agents.runs.submit_tool_outputs(thread.id, run.id, tool_outputs=outputs)
    assert agents.runs.get(thread.id, run.id).status == "completed"
    (said, *_) = agents.messages.list(thread.id)
    assert said.text_messages[0].text.value == "FIRST and SECOND"


def test_a_connected_agent_follows_rules_of_its_own(agents: AgentsClient, project: Wire) -> None:
    poet = agents.create_agent(model="gpt-4.1", name="poet").id
    link = ConnectedAgentTool(id=poet, name="poet", description="Writes verse")
    desk = agents.create_agent(model="gpt-4.1", name="desk", tools=link.definitions).id
    write_rules(project, "poet", [{"when": {"contains": "verse"}, "say": "Roses are ${question}."}])
    write_rules(
        project, "desk", [{"calls": [{"connected_agent": "poet", "arguments": {"question": "verse"}}]}]
    )
    run, text, steps = ask(agents, desk, "anything")
    assert (run.status, text) == ("completed", "Roses are verse.")
    (call,) = tools_of(steps)
    assert call["connected_agent"] | {"run_id": "", "thread_id": ""} == {
        "name": "poet",
        "arguments": '{"question": "verse"}',
        "output": "Roses are verse.",
        "assistant_id": poet,
        "run_id": "",
        "thread_id": "",
    }


def test_a_rule_can_end_a_run_badly(agents: AgentsClient, project: Wire) -> None:
    agent = agents.create_agent(model="gpt-4.1", name="frail").id
    rules = [
        {"when": {"contains": "long"}, "incomplete": "max_completion_tokens"},
        {"fail": {"code": "rate_limit_exceeded", "message": "Too many: ${question}"}},
    ]
    write_rules(project, "frail", rules)
    run, _, _ = ask(agents, agent, "now")
    assert (run.status, run.last_error.code, run.last_error.message) == (
        "failed",
        "rate_limit_exceeded",
        "Too many: now",
    )
    run, _, _ = ask(agents, agent, "long story")
    assert (run.status, run.incomplete_details.reason) == ("incomplete", "max_completion_tokens")


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"rules": [{"sayy": "x"}]}, "rules[0].sayy"),
        ({"rules": [{"calls": [{}]}]}, "rules[0].calls[0] must name one tool"),
        ({"rules": [{"when": {"matches": "("}}]}, "no regular expression"),
        ({"rules": [{"calls": [{"function": "f", "files": {"a": "b"}}]}]}, "only code_interpreter makes"),
        ({}, "rules"),
    ],
)
def test_rules_that_make_no_sense_are_refused_with_their_place(wire: Wire, rules: Any, told: str) -> None:
    reply = wire.control("PUT", "/rules/any", rules)
    assert reply.status_code == 400
    assert told in reply.json()["error"]["message"]


def test_a_broken_file_of_rules_fails_the_run_by_name(agents: AgentsClient, project: Wire) -> None:
    agent = agents.create_agent(model="gpt-4.1", name="broken").id
    folder = project.serving.home / "rules"
    folder.mkdir(exist_ok=True)
    (folder / "broken.yaml").write_text("rules: [", encoding="utf-8")
    run, _, _ = ask(agents, agent, "anything")
    assert run.status == "failed"
    assert run.last_error.message.startswith("broken.yaml: no YAML")


def test_a_rule_for_a_tool_the_agent_lacks_fails_the_run(agents: AgentsClient, project: Wire) -> None:
    agent = agents.create_agent(model="gpt-4.1", name="bare").id
    write_rules(project, "bare", [{"calls": [{"function": "get_order"}]}])
    run, _, _ = ask(agents, agent, "anything")
    assert "a rule calls function, which the agent doesn't have" in run.last_error.message


@pytest.mark.parametrize("name", ["..%2Fsecret", ".hidden"])
def test_rules_never_leave_their_folder(wire: Wire, name: str) -> None:
    assert wire.control("PUT", f"/rules/{name}", {"rules": []}).status_code in (400, 404, 501)
    assert not (wire.serving.home / "secret.yaml").exists()


# Tools


def test_code_interpreter_lists_its_files(agents: AgentsClient, project: Wire) -> None:
    ids = [
        agents.files.upload_and_poll(file=b"x", purpose=FilePurpose.AGENTS, filename=name).id
        for name in ("photo.png", "notes.txt")
    ]
    tool = CodeInterpreterTool(ids)
    agent = agents.create_agent(
        model="gpt-4.1", name="data", tools=tool.definitions, tool_resources=tool.resources
    ).id
    write_rules(project, "data", [{"calls": [{"code_interpreter": True}]}])
    _, text, steps = ask(agents, agent, "What have you got?")
    # The client's tool keeps its files in a set.
    assert text in ("My files are photo.png, notes.txt.", "My files are notes.txt, photo.png.")
    (call,) = tools_of(steps)
    assert call["code_interpreter"]["outputs"] == [{"type": "logs", "logs": text}]


def test_a_file_that_an_agent_makes_can_be_downloaded(
    agents: AgentsClient, project: Wire, tmp_path: Path
) -> None:
    agent = agents.create_agent(model="gpt-4.1", name="maker", tools=CodeInterpreterTool().definitions).id
    call = {"code_interpreter": True, "files": {"report.csv": "question\n${question}\n"}}
    write_rules(project, "maker", [{"calls": [call], "say": "Here it is:"}])
    thread = agents.threads.create(messages=[{"role": "user", "content": "how many?"}])
    run = agents.runs.create_and_process(thread_id=thread.id, agent_id=agent, polling_interval=0.02)
    assert run.status == "completed"
    (said, *_) = agents.messages.list(thread.id)
    assert said.text_messages[0].text.value == "Here it is: sandbox:/mnt/data/report.csv"
    (made,) = said.file_path_annotations
    file = agents.files.get(made.file_path.file_id)
    assert (file.filename, file.purpose) == ("report.csv", "assistants_output")
    assert b"".join(agents.files.get_content(file.id)) == b"question\nhow many?\n"
    agents.files.save(file_id=file.id, file_name="copy.csv", target_dir=tmp_path)
    assert (tmp_path / "copy.csv").read_bytes() == b"question\nhow many?\n"


def test_an_operation_of_a_loopback_server_is_called(agents: AgentsClient) -> None:
    with server(lambda _path, _body: (200, {"status": "shipped"})) as (base, seen):
        tool = OpenApiTool("orders", "Orders of customers", document(base), OpenApiAnonymousAuthDetails())
        agent = agents.create_agent(model="gpt-4.1", name="o", tools=tool.definitions).id
        run, text, steps = ask(agents, agent, "What is the status of order A-7, the long form?")
    assert run.status == "completed"
    assert text == 'getOrder answered: {"status": "shipped"}'
    ((method, path, headers, _),) = seen
    assert (method, path) == ("GET", "/api/orders/A-7?detail=long")
    assert "Authorization" not in headers
    assert steps[0].step_details.tool_calls[0].open_api["output"] == '{"status": "shipped"}'


@pytest.mark.parametrize(("place", "name"), [("header", "X-Key"), ("query", "code")])
def test_a_connection_brings_the_key_where_the_document_wants_it(
    agents: AgentsClient, project: Wire, place: str, name: str
) -> None:
    connection = f"{PROJECT}/connections/orders"
    project.put(
        connection,
        {
            "properties": {
                "category": "CustomKeys",
                "target": "http://localhost",
                "authType": "CustomKeys",
                "credentials": {"keys": {name: "s3cret"}},
            }
        },
    )
    scheme = {"key": {"type": "apiKey", "in": place, "name": name}}
    auth = OpenApiConnectionAuthDetails(
        security_scheme=OpenApiConnectionSecurityScheme(connection_id=connection)
    )
    with server(lambda _path, _body: (200, {})) as (base, seen):
        tool = OpenApiTool("orders", "Orders", document(base, securitySchemes=scheme), auth)
        agent = agents.create_agent(model="gpt-4.1", name="o", tools=tool.definitions).id
        run, _, steps = ask(agents, agent, "status of order A-7")
    assert run.status == "completed", run.last_error
    ((_, path, headers, _),) = seen
    assert (headers.get(name) if place == "header" else path.partition("code=")[2]) == "s3cret"
    assert "s3cret" not in json.dumps([step.as_dict() for step in steps])


def test_a_managed_identity_brings_a_token_for_the_audience(agents: AgentsClient) -> None:
    auth = OpenApiManagedAuthDetails(security_scheme=OpenApiManagedSecurityScheme(audience="api://orders"))
    with server(lambda _path, _body: (200, {})) as (base, seen):
        tool = OpenApiTool("orders", "Orders", document(base), auth)
        agent = agents.create_agent(model="gpt-4.1", name="o", tools=tool.definitions).id
        ask(agents, agent, "status of order A-7")
    assert seen[0][2]["Authorization"].startswith("Bearer ey")


@pytest.mark.parametrize(("status", "told"), [(500, "answered 500"), (302, "answered 302")])
def test_a_server_that_refuses_fails_the_run(agents: AgentsClient, status: int, told: str) -> None:
    with server(lambda _path, _body: (status, {})) as (base, seen):
        tool = OpenApiTool("orders", "Orders", document(base), OpenApiAnonymousAuthDetails())
        agent = agents.create_agent(model="gpt-4.1", name="o", tools=tool.definitions).id
        run, _, steps = ask(agents, agent, "status of order A-7")
    assert (run.status, run.last_error.code) == ("failed", "tool_user_error")
    assert told in run.last_error.message
    assert (steps[0].status, len(seen)) == ("failed", 1)


def test_a_question_fills_arguments_as_far_as_it_goes(agents: AgentsClient) -> None:
    properties = {
        "sku": {"type": "string"},
        "count": {"type": "integer"},
        "speed": {"type": "string", "enum": ["slow", "fast"]},
        "text": {"type": "string"},
        "note": {"type": "string"},
        "reason": {"type": "string"},
    }
    parameters = {"type": "object", "properties": properties, "required": ["reason"]}
    function = {"name": "order_boots", "parameters": parameters, "description": "Orders boots fast"}
    tool = FunctionToolDefinition({"type": "function", "function": function})
    agent = agents.create_agent(model="gpt-4.1", tools=[tool]).id
    question = "Order 12 boots B-77 fast"
    thread = agents.threads.create(messages=[{"role": "user", "content": question}])
    run = agents.runs.create(thread_id=thread.id, agent_id=agent)
    (call,) = agents.runs.get(thread.id, run.id).required_action.submit_tool_outputs.tool_calls
    assert json.loads(call.function.arguments) == {
        "sku": "B-77",
        "count": 12,
        "speed": "fast",
        "text": question,
        "reason": question,
    }


def test_a_run_can_be_cancelled_while_a_server_is_slow(agents: AgentsClient) -> None:
    hold = threading.Event()

    def answer(_path: str, _body: Any) -> tuple[int, Any]:
        hold.wait(20)
        return 200, {}

    with server(answer) as (base, seen):
        tool = OpenApiTool("orders", "Orders", document(base), OpenApiAnonymousAuthDetails())
        agent = agents.create_agent(model="gpt-4.1", name="o", tools=tool.definitions).id
        thread = agents.threads.create(messages=[{"role": "user", "content": "status of order A-7"}])
        run = agents.runs.create(thread_id=thread.id, agent_id=agent)
        assert agents.runs.get(thread.id, run.id).status == "in_progress"
        while not seen:
            hold.wait(0.01)
        assert agents.runs.cancel(thread.id, run.id).status == "cancelled"
        hold.set()
    (step,) = agents.run_steps.list(thread.id, run.id)
    assert (step.status, agents.runs.get(thread.id, run.id).status) == ("cancelled", "cancelled")


def test_a_run_goes_on_though_nobody_looks_at_it(agents: AgentsClient) -> None:
    asked = threading.Event()

    def answer(_path: str, _body: Any) -> tuple[int, Any]:
        asked.set()
        return 200, {}

    with server(answer) as (base, _):
        tool = OpenApiTool("orders", "Orders", document(base), OpenApiAnonymousAuthDetails())
        agent = agents.create_agent(model="gpt-4.1", name="o", tools=tool.definitions).id
        thread = agents.threads.create(messages=[{"role": "user", "content": "status of order A-7"}])
        agents.runs.create(thread_id=thread.id, agent_id=agent)
        assert asked.wait(20)


def test_a_server_that_is_not_there_fails_the_run(agents: AgentsClient) -> None:
    with server(lambda _path, _body: (200, {})) as (base, _):
        pass
    tool = OpenApiTool("orders", "Orders", document(base), OpenApiAnonymousAuthDetails())
    agent = agents.create_agent(model="gpt-4.1", name="o", tools=tool.definitions).id
    run, _, _ = ask(agents, agent, "status of order A-7")
    assert "can't be reached" in run.last_error.message


@pytest.mark.parametrize(
    "base", ["https://example.com", "http://localhost.example.com", "http://10.0.0.1", ""]
)
def test_nothing_but_loopback_is_ever_called(agents: AgentsClient, project: Wire, base: str) -> None:
    tool = OpenApiTool("orders", "Orders", document(base), OpenApiAnonymousAuthDetails())
    agent = agents.create_agent(model="gpt-4.1", name="o", tools=tool.definitions).id
    write_rules(project, "o", [{"calls": [{"openapi": "getOrder", "arguments": {"id": "1"}}]}])
    run, text, _ = ask(agents, agent, "anything")
    assert run.status == "completed"
    assert "no calls to the outside" in text


def test_without_storage_a_function_behind_queues_fails_and_says_what_is_missing(
    agents: AgentsClient, project: Wire
) -> None:
    for owner in (ACCOUNT, PROJECT):
        project.put(f"{owner}/capabilityHosts/caphost", {"properties": {"capabilityHostKind": "Agents"}})
    account = f"{PROJECT.partition('/providers/')[0]}/providers/Microsoft.Storage/storageAccounts/contosodata"
    made = project.put(
        account,
        {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}},
    )
    endpoint = made["properties"]["primaryEndpoints"]["queue"]
    queues = [
        AzureFunctionStorageQueue(queue_name=name, storage_service_endpoint=endpoint)
        for name in ("quotes-in", "quotes-out")
    ]
    tool = AzureFunctionTool(
        name="get_quote",
        description="A quote for an order",
        parameters={"type": "object", "properties": {"query": {"type": "string"}}},
        input_queue=queues[0],
        output_queue=queues[1],
    )
    agent = agents.create_agent(model="gpt-4.1", name="q", tools=tool.definitions).id
    run, _, _ = ask(agents, agent, "A quote for an order, please")
    assert run.status == "failed"
    assert "fac sandbox start --with-storage" in run.last_error.message


# MCP, as the preview client's models have it


def mcp_agent(wire: Wire, approval: Any) -> str:
    tool = {
        "type": "mcp",
        "server_label": "docs",
        "server_url": "https://mcp.example.com",
        "allowed_tools": ["search_docs"],
    }
    resources = {"mcp": [{"server_label": "docs", "headers": {}, "require_approval": approval}]}
    body = {"model": "gpt-4.1", "name": "m", "tools": [tool], "tool_resources": resources}
    reply = wire.data("POST", "/assistants", body, **{"api-version": "2025-05-15-preview"})
    assert reply.status_code == 200, reply.text
    return str(reply.json()["id"])


def run_mcp(wire: Wire, agent: str) -> tuple[str, dict[str, Any]]:
    version = {"api-version": "2025-05-15-preview"}
    body = {"assistant_id": agent, "thread": {"messages": [{"role": "user", "content": "search the docs"}]}}
    run = wire.data("POST", "/threads/runs", body, **version).json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    return path, wire.data("GET", path, **version).json()


@pytest.mark.parametrize(("approve", "said"), [(True, "page 3"), (False, "The call was not approved.")])
def test_mcp_asks_for_approval_and_goes_on_as_it_is_told(project: Wire, approve: bool, said: str) -> None:
    agent = mcp_agent(project, "always")
    write_rules(project, "m", [{"calls": [{"mcp": "search_docs", "output": "page 3"}], "say": "${output}"}])
    path, run = run_mcp(project, agent)
    assert run["status"] == "requires_action"
    assert run["required_action"]["type"] == "submit_tool_approval"
    (call,) = run["required_action"]["submit_tool_approval"]["tool_calls"]
    assert (call["type"], call["name"], call["server_label"]) == ("mcp", "search_docs", "docs")
    version = {"api-version": "2025-05-15-preview"}
    body = {"tool_approvals": [{"tool_call_id": call["id"], "approve": approve}]}
    assert project.data("POST", f"{path}/submit_tool_outputs", body).status_code == 400
    assert project.data("POST", f"{path}/submit_tool_outputs", body, **version).status_code == 200
    assert project.data("GET", path, **version).json()["status"] == "completed"
    (message, *_) = project.data("GET", f"{path.rpartition('/runs/')[0]}/messages").json()["data"]
    assert message["content"][0]["text"]["value"] == said


def test_mcp_tools_that_need_no_approval_go_on_at_once(project: Wire) -> None:
    agent = mcp_agent(project, {"never": {"tool_names": ["search_docs"]}})
    write_rules(project, "m", [{"calls": [{"mcp": "search_docs", "output": "page 3"}], "say": "${output}"}])
    _, run = run_mcp(project, agent)
    assert run["status"] == "completed"


# A model


def test_a_model_behind_a_url_answers_with_the_agents_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_path: str, body: Any) -> tuple[int, Any]:
        results = [item for item in body["messages"] if item["role"] == "tool"]
        if not results:
            function = {"name": "file_search", "arguments": '{"query": "opening hours"}'}
            message: Any = {"tool_calls": [{"id": "c1", "type": "function", "function": function}]}
        else:
            cite = json.loads(results[0]["content"])[0]["cite"]
            message = {"content": f"At nine, says the page {cite}."}
        return 200, {"choices": [{"message": {"role": "assistant", **message}}]}

    with server(answer) as (base, seen):
        settings = Settings(
            operation_delay=0.01,
            store_delay=0.0,
            model_url=base + "/v1",
            model_name="tiny",
            model_key="k",  # pragma: allowlist secret
        )
        with serve(tmp_path, settings=settings) as serving:
            wire = Wire(serving)
            wire.make_project()
            wire.allow()
            for name, value in serving.environment.items():
                monkeypatch.setenv(name, value)
            from azure.identity import DefaultAzureCredential

            with AgentsClient(wire.project_endpoint, DefaultAzureCredential()) as agents:
                file = agents.files.upload_and_poll(
                    file=b"Opening hours: from nine.", purpose=FilePurpose.AGENTS, filename="hours.md"
                )
                store = agents.vector_stores.create_and_poll(file_ids=[file.id], polling_interval=0.01)
                tool = FileSearchTool([store.id])
                agent = agents.create_agent(
                    model="gpt-4.1",
                    instructions="Be brief.",
                    tools=tool.definitions,
                    tool_resources=tool.resources,
                )
                run, text, steps = ask(agents, agent.id, "When do you open?")
    assert (run.status, text) == ("completed", "At nine, says the page 【4:0†hours.md】.")
    assert [step.type for step in steps] == ["tool_calls", "message_creation"]
    _, path, headers, body = seen[0]
    assert (path, headers["Authorization"], body["model"]) == ("/v1/chat/completions", "Bearer k", "tiny")
    assert [item["role"] for item in body["messages"]] == ["system", "user"]
    assert [item["role"] for item in seen[1][3]["messages"]] == ["system", "user", "assistant", "tool"]


def test_a_model_that_is_not_there_fails_the_run(tmp_path: Path) -> None:
    with server(lambda _path, _body: (200, {})) as (base, _):
        pass
    with serve(tmp_path, settings=Settings(operation_delay=0.01, model_url=base)) as serving:
        wire = Wire(serving)
        wire.make_project()
        wire.allow()
        agent = wire.data("POST", "/assistants", {"model": "gpt-4.1"}).json()["id"]
        body = {"assistant_id": agent, "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
        run = wire.data("POST", "/threads/runs", body).json()
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        while run["status"] in ("queued", "in_progress"):
            run = wire.data("GET", path).json()
    assert run["status"] == "failed"
    assert "gave no answer" in run["last_error"]["message"]


def test_a_folder_of_ones_own_is_read_and_never_written_to(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    text = "rules:\n  - say: from the folder\n"
    (own / "echo.yaml").write_text(text, encoding="utf-8")
    with serve(tmp_path / "home", settings=Settings(operation_delay=0.01, rules=own)) as serving:
        wire = Wire(serving)
        wire.make_project()
        wire.allow()
        body = {"sku": {"name": "Standard"}, "properties": {"model": {"format": "OpenAI", "name": "m"}}}
        wire.put(f"{ACCOUNT}/deployments/m", body)
        agent = wire.data("POST", "/assistants", {"model": "m", "name": "echo"}).json()["id"]

        def said() -> str:
            thread = {"messages": [{"role": "user", "content": "Hello"}]}
            run = wire.data("POST", "/threads/runs", {"assistant_id": agent, "thread": thread}).json()
            (answer, _) = wire.data("GET", f"/threads/{run['thread_id']}/messages").json()["data"]
            return str(answer["content"][0]["text"]["value"])

        assert said() == "from the folder"
        write_rules(wire, "echo", [{"say": "from the call"}])
        assert said() == "from the call"
        assert wire.control("DELETE", "/rules").status_code == 204
        assert said() == "from the folder"
    assert (own / "echo.yaml").read_text(encoding="utf-8") == text
