"""The OpenAI client of azure-ai-projects, unmodified, against conversations and responses of agents."""

import json
import threading
import typing
from pathlib import Path
from typing import Any

import openai
import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import (
    AgentEndpointConfig,
    AutoCodeInterpreterToolParam,
    AzureAISearchIndex,
    AzureAISearchTool,
    AzureAISearchToolResource,
    CodeInterpreterTool,
    ComputerUsePreviewTool,
    CustomToolParam,
    FileSearchTool,
    FixedRatioVersionSelectionRule,
    FunctionTool,
    FunctionToolParam,
    MCPTool,
    NamespaceToolParam,
    OpenApiAnonymousAuthDetails,
    OpenApiFunctionDefinition,
    OpenApiTool,
    PromptAgentDefinition,
    StructuredInputDefinition,
    Tool,
    VersionSelector,
    WorkflowAgentDefinition,
)
from openai import OpenAI
from openai.types.responses.response_create_params import ResponseCreateParamsBase

from foundry.sandbox.emulator import Settings, serve

from .conftest import PROJECT, Wire
from .test_rules_and_tools import document, server, write_rules

POLICY = (
    b"# Returns\n\nGoods may be returned within thirty days.\n\n# Shipping\n\nParcels leave on Mondays.\n"
)
CLIENTS_PAGE = Path(__file__).parents[2] / "docs" / "emulator-clients.md"
ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}


@pytest.fixture(autouse=True)
def deployed_model(project: Wire) -> None:
    project.deploy()


@pytest.fixture
def make(projects: AIProjectClient) -> Any:
    def agent(*tools: Tool, name: str = "helper", **more: Any) -> dict[str, Any]:
        definition = PromptAgentDefinition(model="gpt-4.1", tools=list(tools) or None, **more)
        version = projects.agents.create_version(name, definition=definition).version
        return {"agent_reference": {"type": "agent_reference", "name": name, "version": version}}

    return agent


@pytest.fixture
def librarian(client: OpenAI, make: Any) -> dict[str, Any]:
    file = client.files.create(file=("policy.md", POLICY), purpose="assistants")
    store = client.vector_stores.create(file_ids=[file.id])
    client.vector_stores.files.poll(file.id, vector_store_id=store.id, poll_interval_ms=10)
    made: dict[str, Any] = make(FileSearchTool(vector_store_ids=[store.id]))
    return made


@pytest.fixture
def clerk(make: Any) -> dict[str, Any]:
    tool = FunctionTool(name="order_status", description="Status of an order", parameters=ORDER, strict=True)
    made: dict[str, Any] = make(tool)
    return made


def types(response: Any) -> list[str]:
    return [item.type for item in response.output]


# What agents answer


def test_an_agent_searches_its_files_and_cites_them(client: OpenAI, librarian: dict[str, Any]) -> None:
    made = client.responses.create(input="When may goods be returned?", extra_body=librarian)
    assert (made.status, types(made)) == ("completed", ["file_search_call", "message"])
    assert made.output_text.startswith("Goods may be returned within thirty days.")
    (citation,) = made.output[1].content[0].annotations  # type: ignore[union-attr]
    assert (citation.type, citation.filename) == ("file_citation", "policy.md")  # type: ignore[union-attr]
    assert made.output[0].results is None  # type: ignore[union-attr]
    assert made.agent_reference == librarian["agent_reference"]  # type: ignore[attr-defined]
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens > 0
    read = client.responses.retrieve(made.id, include=["file_search_call.results"])
    (result, *_) = read.output[0].results  # type: ignore[union-attr,misc]
    assert (result.filename, "thirty days" in result.text) == ("policy.md", True)
    assert read.output_text == made.output_text


def test_code_interpreter_reads_its_files(client: OpenAI, make: Any) -> None:
    file = client.files.create(file=("sales.csv", b"month,total\nMay,3\nJune,5\n"), purpose="assistants")
    agent = make(CodeInterpreterTool(container=AutoCodeInterpreterToolParam(file_ids=[file.id])))
    made = client.responses.create(
        input="What is the sum of total?", extra_body=agent, include=["code_interpreter_call.outputs"]
    )
    assert types(made) == ["code_interpreter_call", "message"]
    call = made.output[0]
    assert "sales.csv" in call.code  # type: ignore[union-attr,operator]
    assert "sum 8" in call.outputs[0].logs  # type: ignore[union-attr,index]
    assert "sum 8" in made.output_text


def test_an_agent_searches_its_index(
    client: OpenAI, projects: AIProjectClient, make: Any, project: Wire
) -> None:
    from .test_search_with_the_official_client import DEFINITIONS, DOCUMENTS, SERVICE, allow, make_service

    endpoint = make_service(project, disableLocalAuth=True)
    allow(project, DEFINITIONS, 1)
    allow(project, DOCUMENTS, 2)
    query, audience = {"api-version": "2026-04-01"}, "https://search.azure.com"
    index = {
        "name": "parts",
        "fields": [
            {"name": "id", "type": "Edm.String", "key": True},
            {"name": "title", "type": "Edm.String"},
            {"name": "text", "type": "Edm.String"},
        ],
    }
    project.send("POST", "/search/shelf/indexes", audience, params=query, json=index)
    items = {"value": [{"id": "2", "title": "Bell", "text": "Brass, rings loudly."}]}
    project.send(
        "POST", "/search/shelf/indexes('parts')/docs/search.index", audience, params=query, json=items
    )
    connection = f"{PROJECT}/connections/shelf"
    properties = {"category": "CognitiveSearch", "authType": "AAD", "target": endpoint}
    project.put(connection, {"properties": {**properties, "metadata": {"ResourceId": SERVICE}}})
    indexes = [{"project_connection_id": connection, "index_name": "parts", "query_type": "simple"}]
    agent = make(AzureAISearchTool(azure_ai_search=AzureAISearchToolResource(indexes=indexes)))  # type: ignore[arg-type]
    made = client.responses.create(input="Which bell rings loudly?", extra_body=agent)
    assert types(made) == ["azure_ai_search_call", "azure_ai_search_call_output", "message"]
    found = json.loads(made.output[1].output)["documents"]  # type: ignore[union-attr]
    (citation,) = made.output[2].content[0].annotations  # type: ignore[union-attr]
    assert (found[0]["title"], citation.url) == ("Bell", found[0]["url"])  # type: ignore[union-attr]
    projects.indexes.create_or_update(
        "bells", "1", AzureAISearchIndex(connection_name="shelf", index_name="parts")
    )
    assets: Any = [{"index_asset_id": "bells/versions/1"}]
    agent = make(AzureAISearchTool(azure_ai_search=AzureAISearchToolResource(indexes=assets)))
    other = client.responses.create(input="Which bell rings loudly?", extra_body=agent)
    assert other.output_text == made.output_text


@pytest.mark.parametrize("streamed", [False, True])
def test_an_operation_of_a_loopback_server_is_waited_for(client: OpenAI, make: Any, streamed: bool) -> None:
    with server(lambda _path, _body: (200, {"status": "shipped"})) as (base, seen):
        tool = OpenApiFunctionDefinition(
            name="orders",
            description="Orders of customers",
            spec=document(base),
            auth=OpenApiAnonymousAuthDetails(),
        )
        agent = make(OpenApiTool(openapi=tool))
        made: Any = client.responses.create(
            input="What is the status of order A-7?", extra_body=agent, stream=streamed
        )
        if streamed:
            (*_, last) = made
            made = last.response
    assert len(seen) == 1
    assert types(made) == ["openapi_call", "openapi_call_output", "message"]
    assert made.output_text == 'getOrder answered: {"status": "shipped"}'


def test_an_operation_that_fails_fails_the_response(client: OpenAI, make: Any) -> None:
    with server(lambda _path, _body: (500, {})) as (base, _):
        tool = OpenApiFunctionDefinition(
            name="orders", description="Orders", spec=document(base), auth=OpenApiAnonymousAuthDetails()
        )
        agent = make(OpenApiTool(openapi=tool))
        made = client.responses.create(input="What is the status of order A-7?", extra_body=agent)
    assert made.status == "failed"
    assert made.error is not None
    assert "500" in made.error.message


def test_rules_for_an_agent_hold_here_too(client: OpenAI, make: Any, project: Wire) -> None:
    write_rules(project, "helper", [{"when": {"contains": "hello"}, "say": "Rule: ${question}"}])
    assert client.responses.create(input="hello you", extra_body=make()).output_text == "Rule: hello you"


def test_a_model_answers_without_an_agent(client: OpenAI) -> None:
    made = client.responses.create(model="gpt-4.1", input="Who are you?", instructions="Be brief.")
    assert (made.status, made.model, made.instructions) == ("completed", "gpt-4.1", "Be brief.")
    assert "gpt-4.1" in made.output_text
    with pytest.raises(openai.NotFoundError) as refusal:
        client.responses.create(model="none", input="Who are you?")
    assert refusal.value.code == "DeploymentNotFound"


def test_a_model_behind_a_url_is_told_what_was_said_before(tmp_path: Any) -> None:
    def answer(_path: str, body: Any) -> tuple[int, Any]:
        message = {"role": "assistant", "content": f"answer {len(body['messages'])}"}
        return 200, {"choices": [{"message": message}]}

    with server(answer) as (base, seen):
        settings = Settings(operation_delay=0.01, model_url=base + "/v1")
        with serve(tmp_path / "model", settings=settings) as serving:
            wire = Wire(serving)
            wire.make_project()
            wire.allow()

            def ask(question: str, **more: Any) -> Any:
                body = {"model": "tiny", "input": question, "instructions": "Be brief.", **more}
                return wire.data("POST", "/openai/v1/responses", body).json()

            first = ask("one")
            ask("two", previous_response_id=first["id"])
            conversation = wire.data("POST", "/openai/v1/conversations", {}).json()["id"]
            ask("three", conversation=conversation)
            ask("four", conversation=conversation)
            ask("", input=[{"role": "developer", "content": "rule"}, {"role": "user", "content": "five"}])
            agent = wire.data("POST", "/assistants", {"model": "tiny"}).json()["id"]
            before = [{"role": "user", "content": "six"}, {"role": "assistant", "content": "6"}]
            thread = {"messages": [*before, {"role": "user", "content": "seven"}]}
            run = wire.data("POST", "/threads/runs", {"assistant_id": agent, "thread": thread}).json()
            for _ in range(500):
                if wire.data("GET", f"/threads/{run['thread_id']}/runs/{run['id']}").json()["completed_at"]:
                    break
    told = [[item["content"] for item in body["messages"]] for _, _, _, body in seen]
    assert told == [
        ["Be brief.", "one"],
        ["Be brief.", "one", "answer 2", "two"],
        ["Be brief.", "three"],
        ["Be brief.", "three", "answer 2", "four"],
        ["Be brief.", "rule", "five"],
        ["six", "6", "seven"],
    ]


# Functions and approvals


def test_a_function_is_answered_in_the_next_response(client: OpenAI, clerk: dict[str, Any]) -> None:
    first = client.responses.create(input="What is the status of order A-7?", extra_body=clerk)
    assert (first.status, types(first)) == ("completed", ["function_call"])
    call: Any = first.output[0]
    assert (call.name, json.loads(call.arguments)) == ("order_status", {"order_id": "A-7"})
    answer: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "shipped"}]
    second = client.responses.create(input=answer, previous_response_id=first.id, extra_body=clerk)
    assert second.output_text == "The function answered: shipped"
    wrong: Any = [{"type": "function_call_output", "call_id": "call_none", "output": "x"}]
    with pytest.raises(openai.BadRequestError, match="No tool output found for function call"):
        client.responses.create(input="Well?", previous_response_id=first.id, extra_body=clerk)
    with pytest.raises(openai.BadRequestError, match="No tool call found"):
        client.responses.create(input=[*answer, *wrong], previous_response_id=first.id, extra_body=clerk)


def test_a_function_is_answered_in_its_conversation(client: OpenAI, clerk: dict[str, Any]) -> None:
    conversation = client.conversations.create(metadata={"k": "v"})
    first = client.responses.create(
        input="What is the status of order A-7?", conversation=conversation.id, extra_body=clerk
    )
    answer: Any = [{"type": "function_call_output", "call_id": first.output[0].call_id, "output": "shipped"}]  # type: ignore[union-attr]
    second = client.responses.create(input=answer, conversation=conversation.id, extra_body=clerk)
    assert second.output_text == "The function answered: shipped"
    assert second.conversation is not None
    assert second.conversation.id == conversation.id
    items = client.conversations.items.list(conversation.id, order="asc", limit=2)
    assert [item.type for item in items] == ["message", "function_call", "function_call_output", "message"]


def test_a_function_is_answered_by_sending_everything_again(client: OpenAI, clerk: dict[str, Any]) -> None:
    question: Any = {"role": "user", "content": "What is the status of order A-7?"}
    first = client.responses.create(input=[question], extra_body=clerk, store=False)
    call = first.output[0].to_dict()
    answer = {"type": "function_call_output", "call_id": call["call_id"], "output": "shipped"}
    again: Any = [question, call, answer]
    second = client.responses.create(input=again, extra_body=clerk, store=False)
    assert second.output_text == "The function answered: shipped"
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(second.id)


def test_a_custom_tool_is_called_with_a_text_and_answered(client: OpenAI, make: Any) -> None:
    agent = make(CustomToolParam(name="haggle", description="Haggles about a discount"))
    question: Any = {"role": "user", "content": "Haggle about a discount"}
    first = client.responses.create(input=[question], extra_body=agent)
    call: Any = first.output[0]
    assert (call.type, call.name, call.input) == ("custom_tool_call", "haggle", "Haggle about a discount")
    answer: Any = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "five percent"}
    second = client.responses.create(input=[answer], previous_response_id=first.id, extra_body=agent)
    assert second.output_text == "The function answered: five percent"
    again: Any = [question, call.to_dict(), answer]
    third = client.responses.create(input=again, extra_body=agent, store=False)
    assert third.output_text == "The function answered: five percent"
    told = list(client.responses.create(input=[question], extra_body=agent, stream=True))
    pieces = [event.delta for event in told if event.type == "response.custom_tool_call_input.delta"]
    assert "".join(pieces) == "Haggle about a discount"


def test_a_function_in_a_namespace_is_called_with_its_name(client: OpenAI, make: Any) -> None:
    function = FunctionToolParam(name="order_status", description="Status of an order", parameters=ORDER)
    agent = make(NamespaceToolParam(name="orders", description="Knows orders", tools=[function]))
    first = client.responses.create(input="What is the status of order A-7?", extra_body=agent)
    call: Any = first.output[0]
    assert (call.type, call.namespace, call.name) == ("function_call", "orders", "order_status")


def test_a_call_of_the_computer_is_the_caller_s(client: OpenAI, make: Any, project: Wire) -> None:
    agent = make(ComputerUsePreviewTool(environment="browser", display_width=800, display_height=600))
    write_rules(project, "helper", [{"calls": [{"computer_use_preview": True}], "say": "seen"}])
    first = client.responses.create(input="look", extra_body=agent)
    call: Any = first.output[0]
    assert (call.type, call.action.type, call.pending_safety_checks) == ("computer_call", "screenshot", [])


@pytest.mark.parametrize(("approve", "said"), [(True, "page 3"), (False, "The call was not approved.")])
def test_an_mcp_call_waits_for_approval(
    client: OpenAI, make: Any, project: Wire, approve: bool, said: str
) -> None:
    tool = MCPTool(server_label="docs", server_url="https://example.com/mcp", allowed_tools=["search_docs"])
    agent = make(tool)
    write_rules(
        project, "helper", [{"calls": [{"mcp": "search_docs", "output": "page 3"}], "say": "${output}"}]
    )
    first = client.responses.create(input="search the docs", extra_body=agent)
    request: Any = first.output[0]
    assert (request.type, request.server_label, request.name) == (
        "mcp_approval_request",
        "docs",
        "search_docs",
    )
    answer: Any = [{"type": "mcp_approval_response", "approval_request_id": request.id, "approve": approve}]
    second = client.responses.create(input=answer, previous_response_id=first.id, extra_body=agent)
    assert second.output_text == said
    assert types(second) == (["mcp_call", "message"] if approve else ["message"])
    if approve:
        assert (second.output[0].output, second.output[0].approval_request_id) == ("page 3", request.id)  # type: ignore[union-attr]


def test_structured_inputs_are_asked_for(client: OpenAI, make: Any) -> None:
    inputs = {
        "user": StructuredInputDefinition(required=True),
        "tone": StructuredInputDefinition(default_value="kind"),
    }
    agent = make(instructions="Help {{user}}, be {{tone}}.", structured_inputs=inputs)
    with pytest.raises(openai.BadRequestError, match="needs the structured input 'user'"):
        client.responses.create(input="hi", extra_body=agent)
    with pytest.raises(openai.BadRequestError, match="no structured input 'other'"):
        client.responses.create(input="hi", extra_body=agent | {"structured_inputs": {"other": "x"}})
    made = client.responses.create(input="hi", extra_body=agent | {"structured_inputs": {"user": "Ann"}})
    assert made.status == "completed"


# Events


def test_a_streamed_response_tells_everything_in_order(client: OpenAI, librarian: dict[str, Any]) -> None:
    told = list(
        client.responses.create(input="When may goods be returned?", extra_body=librarian, stream=True)
    )
    assert [event.sequence_number for event in told] == list(range(len(told)))
    names = [event.type for event in told]
    assert names[:7] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.file_search_call.in_progress",
        "response.file_search_call.searching",
        "response.file_search_call.completed",
        "response.output_item.done",
    ]
    assert names[7:9] == ["response.output_item.added", "response.content_part.added"]
    assert names[-5:] == [
        "response.output_text.annotation.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    pieces = [event.delta for event in told if event.type == "response.output_text.delta"]
    last: Any = told[-1]
    assert len(pieces) > 3
    assert "".join(pieces) == last.response.output_text
    assert client.responses.retrieve(last.response.id).output_text == last.response.output_text


def test_the_stream_helper_of_the_client_reads_it(client: OpenAI) -> None:
    tool: Any = {
        "type": "function",
        "name": "order_status",
        "description": "Status of an order",
        "parameters": ORDER,
        "strict": True,
    }
    with client.responses.stream(
        input="What is the status of order A-7?", model="gpt-4.1", tools=[tool]
    ) as stream:
        arguments = "".join(
            event.delta for event in stream if event.type == "response.function_call_arguments.delta"
        )
        final = stream.get_final_response()
    assert arguments == final.output[0].arguments  # type: ignore[union-attr]


def test_a_response_in_the_background_is_polled_and_streamed_again(
    client: OpenAI, librarian: dict[str, Any]
) -> None:
    made = client.responses.create(input="When may goods be returned?", extra_body=librarian, background=True)
    assert (made.status, made.output) == ("queued", [])
    assert client.responses.retrieve(made.id).status == "completed"
    whole = list(client.responses.retrieve(made.id, stream=True))
    rest = list(client.responses.retrieve(made.id, stream=True, starting_after=3))
    assert [event.type for event in rest] == [event.type for event in whole[4:]]
    assert whole[-1].type == "response.completed"
    plain = client.responses.create(input="When?", extra_body=librarian)
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        client.responses.cancel(plain.id)


def test_a_response_in_the_background_goes_on_by_itself_until_it_is_cancelled(
    client: OpenAI, make: Any
) -> None:
    asked, hold = threading.Event(), threading.Event()

    def answer(_path: str, _body: Any) -> tuple[int, Any]:
        asked.set()
        hold.wait(20)
        return 200, {}

    with server(answer) as (base, _):
        function = OpenApiFunctionDefinition(
            name="orders", description="Orders", spec=document(base), auth=OpenApiAnonymousAuthDetails()
        )
        agent = make(OpenApiTool(openapi=function), name="slow")
        made = client.responses.create(input="status of order A-7", extra_body=agent, background=True)
        assert asked.wait(20)
        assert client.responses.retrieve(made.id).status == "in_progress"
        assert client.responses.cancel(made.id).status == "cancelled"
        hold.set()
    assert client.responses.retrieve(made.id).status == "cancelled"


# Keeping


def test_a_response_is_kept_with_its_input_until_it_is_deleted(client: OpenAI, make: Any) -> None:
    items: Any = [
        {"role": "user", "content": "one"},
        {"role": "user", "content": [{"type": "input_text", "text": "two"}]},
    ]
    made = client.responses.create(input=items, extra_body=make(), metadata={"k": "v"})
    assert client.responses.retrieve(made.id).metadata == {"k": "v"}
    listed = client.responses.input_items.list(made.id, limit=1)
    assert [item.content[0].text for item in listed] == ["two", "one"]  # type: ignore[union-attr]
    client.responses.delete(made.id)
    for call in (client.responses.retrieve, client.responses.delete):
        with pytest.raises(openai.NotFoundError):
            call(made.id)


def test_a_conversation_keeps_items_until_it_is_deleted(client: OpenAI) -> None:
    items: Any = [{"type": "message", "role": "user", "content": f"n{number}"} for number in range(3)]
    conversation = client.conversations.create(items=items, metadata={"k": "v"})
    more = client.conversations.items.create(conversation.id, items=items[:1])
    listed = list(client.conversations.items.list(conversation.id, limit=2))
    assert [item.content[0].text for item in listed] == ["n0", "n2", "n1", "n0"]  # type: ignore[union-attr]
    assert listed[0].id == more.data[0].id
    read = client.conversations.items.retrieve(listed[0].id or "", conversation_id=conversation.id)
    assert read == listed[0]
    client.conversations.items.delete(listed[0].id or "", conversation_id=conversation.id)
    assert len(list(client.conversations.items.list(conversation.id))) == 3
    assert client.conversations.update(conversation.id, metadata={"k": "w"}).metadata == {"k": "w"}
    assert client.conversations.retrieve(conversation.id).metadata == {"k": "w"}
    with pytest.raises(openai.BadRequestError, match="maximum length 20"):
        client.conversations.items.create(conversation.id, items=items * 7)
    gone = client.conversations.delete(conversation.id)
    assert (gone.deleted, gone.object) == (True, "conversation.deleted")
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


# Refusals


def test_every_field_of_the_official_client_is_known(project: Wire) -> None:
    names = typing.get_type_hints(ResponseCreateParamsBase)
    assert len(names) > 25
    if f"\n## openai {openai.__version__}\n" not in CLIENTS_PAGE.read_text(encoding="utf-8"):
        pytest.skip("the emulator was written for another version of the client")
    for name in [*names, "made_up"]:
        reply = project.data("POST", "/openai/v1/responses", {"agent_reference": [], name: {"x": []}})
        unknown = f"Unknown parameter: '{name}'." in reply.text
        assert (reply.status_code, unknown) == (400, name == "made_up"), name


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": "gpt-4.1"}, "model"),
    ({"tools": []}, "tools"),
    ({"instructions": "x"}, "instructions"),
    ({"temperature": 1}, "temperature"),
    ({"text": {"format": {"type": "text"}}}, "text"),
    ({"surprise": 1}, "surprise"),
    ({"max_output_tokens": 1}, "max_output_tokens"),
    ({"include": ["everything"]}, "include[0]"),
    ({"input": [{"type": "mcp_list_tools", "id": "x"}]}, "input[0].type"),
    ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
    ({"agent": {"name": "helper"}}, "agent"),
    ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "input"),
    ({"previous_response_id": "resp_none"}, "previous_response_id"),
    ({"previous_response_id": "resp_none", "conversation": "conv_none"}, "previous_response_id"),
]  # fmt: skip


def test_what_a_response_does_not_take_is_refused_by_its_field(client: OpenAI, make: Any) -> None:
    agent = make()
    for body, param in REFUSED:
        with pytest.raises(openai.BadRequestError) as refusal:
            client.responses.create(extra_body={"input": "hi", **agent, **body})
        assert refusal.value.param == param, body


def test_an_agent_that_cannot_answer_says_why(client: OpenAI, preview: AIProjectClient, make: Any) -> None:
    make()
    reference = {"type": "agent_reference", "name": "helper"}
    for change in ({"name": "nobody"}, {"version": "9"}):
        with pytest.raises(openai.NotFoundError):
            client.responses.create(input="hi", extra_body={"agent_reference": reference | change})
    preview.agents.disable("helper")
    with pytest.raises(openai.PermissionDeniedError, match="is disabled"):
        client.responses.create(input="hi", extra_body={"agent_reference": reference})
    preview.agents.create_version("flow", definition=WorkflowAgentDefinition(workflow="kind: workflow"))
    with pytest.raises(openai.InternalServerError, match="an agent of kind 'workflow'"):
        client.with_options(max_retries=0).responses.create(
            input="hi", extra_body={"agent_reference": reference | {"name": "flow"}}
        )


def test_the_endpoint_of_an_agent_answers_with_the_version_it_routes_to(
    preview: AIProjectClient, make: Any
) -> None:
    make()
    make()
    with preview.get_openai_client(agent_name="helper") as client:
        assert client.responses.create(input="hi").agent_reference["version"] == "2"  # type: ignore[attr-defined]
        rules: Any = [FixedRatioVersionSelectionRule(agent_version="1", traffic_percentage=100)]
        endpoint = AgentEndpointConfig(version_selector=VersionSelector(version_selection_rules=rules))
        preview.agents.update_details("helper", agent_endpoint=endpoint)
        assert client.responses.create(input="hi").agent_reference["version"] == "1"  # type: ignore[attr-defined]
        with pytest.raises(openai.BadRequestError, match="Not allowed when agent is specified"):
            client.responses.create(input="hi", model="gpt-4.1")
