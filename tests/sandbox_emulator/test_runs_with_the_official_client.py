"""azure-ai-agents, unmodified, asking agents questions."""

import io
import json
import zipfile

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.agents.models import (
    AzureAISearchTool,
    CodeInterpreterTool,
    ConnectedAgentTool,
    FilePurpose,
    FileSearchTool,
    FunctionToolDefinition,
    ListSortOrder,
    MessageTextContent,
    OpenApiAnonymousAuthDetails,
    OpenApiTool,
    RunStep,
    ThreadMessage,
    ThreadRun,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from .conftest import ACCOUNT, PROJECT, Wire

HANDBOOK = """# Handbook

## Returns

Customers return an unused bicycle within thirty days and get their money back.

## Opening hours

The shop opens at nine on weekdays and at ten on Saturdays.
"""


@pytest.fixture(autouse=True)
def deployed_model(project: Wire) -> None:
    project.deploy()


def librarian(agents: AgentsClient) -> str:
    file = agents.files.upload(file=HANDBOOK.encode(), purpose=FilePurpose.AGENTS, filename="handbook.md")
    store = agents.vector_stores.create_and_poll(file_ids=[file.id], polling_interval=0.01)
    tool = FileSearchTool([store.id])
    agent = agents.create_agent(
        model="gpt-4.1",
        name="librarian",
        description="Answers from the handbook.",
        tools=tool.definitions,
        tool_resources=tool.resources,
    )
    return str(agent.id)


def ask(
    agents: AgentsClient, agent: str, question: str
) -> tuple[ThreadRun, ThreadMessage | None, list[RunStep]]:
    thread = agents.threads.create()
    agents.messages.create(thread_id=thread.id, role="user", content=question)
    run = agents.runs.create_and_process(thread_id=thread.id, agent_id=agent, polling_interval=0.01)
    replies = [item for item in agents.messages.list(thread.id) if item.role == "assistant"]
    steps = list(agents.run_steps.list(thread.id, run.id, order=ListSortOrder.ASCENDING))
    return run, replies[0] if replies else None, steps


def said(message: ThreadMessage | None) -> str:
    assert message is not None
    content = message.content[0]
    assert isinstance(content, MessageTextContent)
    return content.text.value


def test_the_best_paragraph_is_the_answer_and_its_file_is_cited(agents: AgentsClient) -> None:
    run, message, steps = ask(agents, librarian(agents), "When does the shop open on Saturdays?")
    assert run.status == "completed"
    assert said(message).startswith("The shop opens at nine on weekdays and at ten on Saturdays.")
    assert message is not None
    annotation = message.text_messages[0].text.annotations[0]
    cited = agents.files.get(annotation.file_citation.file_id)
    assert cited.filename == "handbook.md"
    assert said(message)[annotation.start_index : annotation.end_index] == annotation.text
    assert [step.type for step in steps] == ["tool_calls", "message_creation"]
    result = steps[0].step_details.tool_calls[0].file_search.results[0]
    assert (result.file_id, result.file_name) == (cited.id, "handbook.md")
    assert steps[1].step_details.message_creation.message_id == message.id
    assert run.usage.total_tokens == run.usage.prompt_tokens + run.usage.completion_tokens


def test_what_the_documents_do_not_tell_is_not_made_up(agents: AgentsClient) -> None:
    run, message, _ = ask(agents, librarian(agents), "What is the capital of Mongolia?")
    assert run.status == "completed"
    assert said(message) == "I found nothing about that in my documents."
    assert message is not None
    assert message.text_messages[0].text.annotations == []


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def office(**parts: str) -> bytes:
    """A package of parts, as Word and PowerPoint write them."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", text)
    return made.getvalue()


def test_the_text_of_office_documents_is_searched(agents: AgentsClient) -> None:
    paragraph = "<w:p><w:r><w:t>Lights cost </w:t></w:r><w:r><w:t>nine euros.</w:t></w:r></w:p>"
    word = f'<w:document xmlns:w="{WORD}"><w:body>{paragraph}</w:body></w:document>'
    slide = f'<s xmlns:a="{DRAWING}"><a:p><a:r><a:t>Bells cost four euros.</a:t></a:r></a:p></s>'
    files = {
        "prices.docx": office(word__document=word),
        "slides.pptx": office(ppt__slides__slide1=slide),
        "broken.docx": b"no package",
    }
    ids = [
        agents.files.upload(file=content, purpose=FilePurpose.AGENTS, filename=name).id
        for name, content in files.items()
    ]
    store = agents.vector_stores.create_and_poll(file_ids=ids, polling_interval=0)
    assert (store.file_counts.completed, store.file_counts.failed) == (2, 1)
    tool = FileSearchTool([store.id])
    agent = agents.create_agent(model="gpt-4.1", tools=tool.definitions, tool_resources=tool.resources).id
    assert said(ask(agents, agent, "What do lights cost?")[1]).startswith("Lights cost nine euros.")
    assert said(ask(agents, agent, "What do bells cost?")[1]).startswith("Bells cost four euros.")


def test_a_front_desk_hands_over_to_the_agent_that_knows(agents: AgentsClient) -> None:
    knows = librarian(agents)
    other = agents.create_agent(model="gpt-4.1", name="poet", description="Writes verse.").id
    desk = agents.create_agent(
        model="gpt-4.1",
        name="desk",
        tools=[
            *ConnectedAgentTool(id=other, name="poet", description="Writes verse").definitions,
            *ConnectedAgentTool(id=knows, name="librarian", description="Knows the handbook").definitions,
        ],
    ).id
    _, message, steps = ask(agents, desk, "How many days do customers have to return a bicycle?")
    assert "within thirty days" in said(message)
    assert message is not None
    assert (
        agents.files.get(message.text_messages[0].text.annotations[0].file_citation.file_id).filename
        == "handbook.md"
    )
    (call,) = [
        (step.agent_id, step.step_details.tool_calls[0]) for step in steps if step.type == "tool_calls"
    ]
    assert (call[0], call[1]["type"]) == (desk, "connected_agent")
    handed = call[1]["connected_agent"]
    assert (handed["name"], handed["assistant_id"]) == ("librarian", knows)
    inner = agents.runs.get(handed["thread_id"], handed["run_id"])
    assert (inner.agent_id, inner.status) == (knows, "completed")
    assert [
        step.step_details.tool_calls[0].type
        for step in agents.run_steps.list(handed["thread_id"], handed["run_id"])
        if step.type == "tool_calls"
    ] == ["file_search"]
    (answer, question) = agents.messages.list(handed["thread_id"])
    assert (question.role, said(answer)) == ("user", handed["output"])


def test_the_thread_of_a_connected_agent_goes_with_the_one_it_was_asked_from(agents: AgentsClient) -> None:
    other = librarian(agents)
    link = ConnectedAgentTool(id=other, name="librarian", description="Knows the handbook")
    desk = agents.create_agent(model="gpt-4.1", name="desk", tools=link.definitions).id
    _, _, steps = ask(agents, desk, "How many days do customers have to return a bicycle?")
    handed = steps[0].step_details.tool_calls[0]["connected_agent"]
    agents.threads.get(handed["thread_id"])
    agents.threads.delete(steps[0].thread_id)
    with pytest.raises(ResourceNotFoundError):
        agents.threads.get(handed["thread_id"])


def test_a_chain_of_three_agents_is_too_deep(agents: AgentsClient) -> None:
    last = librarian(agents)
    middle = agents.create_agent(
        model="gpt-4.1", tools=ConnectedAgentTool(id=last, name="a", description="a").definitions
    ).id
    first = agents.create_agent(
        model="gpt-4.1", tools=ConnectedAgentTool(id=middle, name="b", description="b").definitions
    ).id
    run, _, _ = ask(agents, first, "anything")
    assert (run.status, run.last_error.message) == ("failed", "Assistant Tool Call Depth Error")


def test_a_table_is_counted(agents: AgentsClient) -> None:
    data = b"month,revenue\njan,10\nfeb,20\n"
    file = agents.files.upload(file=data, purpose=FilePurpose.AGENTS, filename="sales.csv")
    tool = CodeInterpreterTool([file.id])
    agent = agents.create_agent(model="gpt-4.1", tools=tool.definitions, tool_resources=tool.resources)
    _, message, steps = ask(agents, agent.id, "What is the total revenue?")
    assert said(message).startswith(
        "sales.csv has 2 rows and the columns month, revenue. revenue: sum 30, mean 15"
    )
    assert steps[0].step_details.tool_calls[0].code_interpreter.outputs[0].logs == said(message)


def test_groups_of_a_table_are_compared(agents: AgentsClient) -> None:
    data = b"category,returned\nboots,yes\nboots,no\ntents,no\ntents,no\nmaps,yes\n"
    file = agents.files.upload(file=data, purpose=FilePurpose.AGENTS, filename="orders.csv")
    tool = CodeInterpreterTool([file.id])
    agent = agents.create_agent(model="gpt-4.1", tools=tool.definitions, tool_resources=tool.resources)
    _, message, _ = ask(agents, agent.id, "Which category is returned most?")
    assert said(message).endswith("returned by category: maps 100.0%, boots 50.0%, tents 0.0%.")


def test_the_row_of_a_table_that_fits_is_the_answer(agents: AgentsClient) -> None:
    text = "# Warranty\n\n| Article | Years |\n|---|---|\n| Tents | five |\n| Stoves and lamps | three |\n"
    file = agents.files.upload(file=text.encode(), purpose=FilePurpose.AGENTS, filename="warranty.md")
    store = agents.vector_stores.create_and_poll(file_ids=[file.id], polling_interval=0.01)
    tool = FileSearchTool([store.id])
    agent = agents.create_agent(model="gpt-4.1", tools=tool.definitions, tool_resources=tool.resources)
    _, message, _ = ask(agents, agent.id, "How long is the warranty on a stove?")
    assert said(message).startswith("Article: Stoves and lamps; Years: three. ")


def test_an_agent_searches_its_index(agents: AgentsClient, project: Wire) -> None:
    from .test_search_with_the_official_client import DEFINITIONS, DOCUMENTS, SERVICE, allow, make_service

    endpoint = make_service(project, disableLocalAuth=True)
    allow(project, DEFINITIONS, 1)
    allow(project, DOCUMENTS, 2)
    fields = [
        {"name": "id", "type": "Edm.String", "key": True},
        {"name": "title", "type": "Edm.String"},
        {"name": "text", "type": "Edm.String"},
    ]
    query = {"api-version": "2026-04-01"}
    audience = "https://search.azure.com"
    project.send(
        "POST", "/search/shelf/indexes", audience, params=query, json={"name": "parts", "fields": fields}
    )
    documents = [
        {"id": "1", "title": "Chain", "text": "Fits nine and ten gears."},
        {"id": "2", "title": "Bell", "text": "Brass, rings loudly."},
    ]
    written = project.send(
        "POST",
        "/search/shelf/indexes('parts')/docs/search.index",
        audience,
        params=query,
        json={"value": documents},
    )
    assert written.status_code == 200, written.text
    connection = f"{PROJECT}/connections/shelf"
    project.put(
        connection,
        {
            "properties": {
                "category": "CognitiveSearch",
                "authType": "AAD",
                "target": endpoint,
                "metadata": {"ResourceId": SERVICE},
            }
        },
    )
    for scope in (ACCOUNT, PROJECT):
        project.put(f"{scope}/capabilityHosts/host", {"properties": {"capabilityHostKind": "Agents"}})
    tool = AzureAISearchTool(index_connection_id=connection, index_name="parts")
    agent = agents.create_agent(model="gpt-4.1", tools=tool.definitions, tool_resources=tool.resources)
    _, message, steps = ask(agents, agent.id, "Which bell rings loudly?")
    assert said(message).startswith("Bell\nBrass, rings loudly.")
    assert message is not None
    citation = message.text_messages[0].text.annotations[0].url_citation
    assert (citation.title, citation.url) == ("Bell", f"{endpoint}/indexes('parts')/docs('2')")
    assert steps[0].step_details.tool_calls[0].azure_ai_search["input"] == "Which bell rings loudly?"


def test_a_function_waits_for_its_output(agents: AgentsClient) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    function = {"name": "get_weather", "description": "The weather of a city.", "parameters": parameters}
    tool = FunctionToolDefinition({"type": "function", "function": function})
    agent = agents.create_agent(model="gpt-4.1", tools=[tool])
    thread = agents.threads.create()
    agents.messages.create(thread_id=thread.id, role="user", content="Weather city?")
    run = agents.runs.create(thread_id=thread.id, agent_id=agent.id)
    assert run.status == "queued"
    run = agents.runs.get(thread.id, run.id)
    assert run.status == "requires_action"
    call = run.required_action.submit_tool_outputs.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == (
        "get_weather",
        {"city": "Weather city?"},
    )
    with pytest.raises(HttpResponseError, match="while a run"):
        agents.messages.create(thread_id=thread.id, role="user", content="more")
    agents.runs.submit_tool_outputs(
        thread.id, run.id, tool_outputs=[{"tool_call_id": call.id, "output": "rain"}]
    )
    assert agents.runs.get(thread.id, run.id).status == "completed"
    assert said(next(iter(agents.messages.list(thread.id)))) == "The function answered: rain"


def test_a_run_that_waits_can_be_cancelled(agents: AgentsClient) -> None:
    function = {"name": "lookup", "parameters": {"type": "object", "properties": {}}}
    tool = FunctionToolDefinition({"type": "function", "function": function})
    agent = agents.create_agent(model="gpt-4.1", tools=[tool])
    run = agents.create_thread_and_run(
        agent_id=agent.id, thread={"messages": [{"role": "user", "content": "lookup"}]}
    )
    assert agents.runs.cancel(run.thread_id, run.id).status == "cancelled"
    with pytest.raises(HttpResponseError, match="Cannot cancel run with status 'cancelled'"):
        agents.runs.cancel(run.thread_id, run.id)


def test_a_tool_that_leaves_the_machine_is_named_not_called(agents: AgentsClient) -> None:
    spec = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/orders": {"get": {"operationId": "list_orders", "summary": "Open orders of a customer"}}},
    }
    tool = OpenApiTool(name="orders", spec=spec, description="Orders", auth=OpenApiAnonymousAuthDetails())
    agent = agents.create_agent(model="gpt-4.1", tools=tool.definitions)
    assert agent.tools[0]["openapi"]["functions"][0]["name"] == "list_orders"
    _, message, steps = ask(agents, agent.id, "Which orders of the customer are open?")
    assert "list_orders" in said(message)
    assert "no calls to the outside" in said(message)
    assert steps[0].step_details.tool_calls[0].open_api["name"] == "list_orders"


def test_an_agent_without_tools_says_what_it_is(agents: AgentsClient) -> None:
    agent = agents.create_agent(model="gpt-4.1", name="plain")
    _, message, steps = ask(agents, agent.id, "Hello")
    assert "stand-in for a model" in said(message)
    assert [step.type for step in steps] == ["message_creation"]


def test_a_run_on_a_model_that_is_not_deployed_fails(agents: AgentsClient) -> None:
    agent = agents.create_agent(model="gpt-9")
    run, message, _ = ask(agents, agent.id, "Hello")
    assert (run.status, message) == ("failed", None)
    assert run.last_error.message == "Failed to resolve model info for: gpt-9"


def test_a_run_whose_store_is_gone_fails(agents: AgentsClient) -> None:
    agent = librarian(agents)
    (store,) = agents.vector_stores.list()
    agents.vector_stores.delete(store.id)
    run, _, _ = ask(agents, agent, "When does the shop open?")
    assert run.status == "failed"
    assert store.id in run.last_error.message


def test_threads_keep_their_messages_and_go_with_them(agents: AgentsClient) -> None:
    thread = agents.threads.create(messages=[{"role": "user", "content": "first"}], metadata={"a": "b"})
    agents.messages.create(thread_id=thread.id, role="user", content=[{"type": "text", "text": "second"}])
    texts = [
        item.text_messages[0].text.value for item in agents.messages.list(thread.id, order="asc", limit=1)
    ]
    assert texts == ["first", "second"]
    assert agents.threads.update(thread.id, metadata={"a": "c"}).metadata == {"a": "c"}
    agents.threads.delete(thread.id)
    assert list(agents.threads.list()) == []
    with pytest.raises(HttpResponseError) as caught:
        list(agents.messages.list(thread.id))
    assert caught.value.status_code == 404
