"""azure-ai-agents, unmodified, reading runs as streams of events."""

from typing import Any

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.agents.models import (
    AgentEventHandler,
    FilePurpose,
    FileSearchTool,
    FunctionTool,
    FunctionToolDefinition,
    MessageDeltaChunk,
    RunStep,
    RunStepDeltaChunk,
    ThreadMessage,
    ThreadRun,
    ToolSet,
)

from .conftest import Wire


@pytest.fixture(scope="module")
def wire(wire_of_module: Wire) -> Wire:
    return wire_of_module


@pytest.fixture(scope="module")
def project(project_of_module: Wire) -> Wire:
    return project_of_module


class Heard(AgentEventHandler[str]):
    """Notes what the official handler makes of the stream."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.annotations: list[Any] = []
        self.runs: list[str] = []
        self.steps: list[tuple[str, str]] = []
        self.messages: list[ThreadMessage] = []
        self.tools: list[str] = []
        self.others: list[str] = []
        self.errors: list[str] = []
        self.done = False

    def on_message_delta(self, delta: MessageDeltaChunk) -> None:
        self.text += delta.text
        self.annotations += delta.delta.content[0].text.annotations or []

    def on_thread_message(self, message: ThreadMessage) -> None:
        self.messages.append(message)

    def on_thread_run(self, run: ThreadRun) -> None:
        self.runs.append(run.status.value)

    def on_run_step(self, step: RunStep) -> None:
        self.steps.append((step.type.value, step.status.value))

    def on_run_step_delta(self, delta: RunStepDeltaChunk) -> None:
        self.tools += [call.type for call in delta.delta.step_details.tool_calls]

    def on_error(self, data: str) -> None:
        self.errors.append(data)

    def on_unhandled_event(self, event_type: str, event_data: Any) -> None:
        self.others.append(event_type)

    def on_done(self) -> None:
        self.done = True


def reader(agents: AgentsClient) -> str:
    content = b"# Hours\n\nThe shop opens at nine on weekdays."
    file = agents.files.upload_and_poll(file=content, purpose=FilePurpose.AGENTS, filename="hours.md")
    store = agents.vector_stores.create_and_poll(file_ids=[file.id], polling_interval=0.01)
    tool = FileSearchTool([store.id])
    made = agents.create_agent(model="gpt-4.1", tools=tool.definitions, tool_resources=tool.resources)
    return str(made.id)


def test_an_event_handler_hears_a_run_from_its_creation_to_done(agents: AgentsClient) -> None:
    agent = reader(agents)
    thread = agents.threads.create()
    agents.messages.create(thread_id=thread.id, role="user", content="When does the shop open?")
    heard = Heard()
    with agents.runs.stream(thread_id=thread.id, agent_id=agent, event_handler=heard) as stream:
        stream.until_done()
    assert heard.runs == ["queued", "queued", "in_progress", "completed"]
    assert heard.steps == [
        ("tool_calls", "in_progress"),
        ("tool_calls", "in_progress"),
        ("tool_calls", "completed"),
        ("message_creation", "in_progress"),
        ("message_creation", "in_progress"),
        ("message_creation", "completed"),
    ]
    assert heard.tools == ["file_search"]
    final = heard.messages[-1]
    assert [item.status.value for item in heard.messages] == ["in_progress", "in_progress", "completed"]
    assert heard.text == final.text_messages[0].text.value
    assert heard.text.startswith("The shop opens at nine on weekdays.")
    assert [item.index for item in heard.annotations] == [0]
    assert (
        heard.annotations[0].file_citation.file_id == final.file_citation_annotations[0].file_citation.file_id
    )
    assert (heard.done, heard.errors, heard.others) == (True, [], [])
    (stored,) = [item for item in agents.messages.list(thread.id) if item.role == "assistant"]
    assert stored.id == final.id


def test_a_stream_can_be_read_as_plain_tuples(agents: AgentsClient) -> None:
    thread = agents.threads.create(messages=[{"role": "user", "content": "Hello"}])
    agent = agents.create_agent(model="gpt-4.1", name="plain")
    with agents.runs.stream(thread_id=thread.id, agent_id=agent.id) as stream:
        names = [name for name, _, _ in stream]
    assert names[0] == "thread.run.created"
    assert names[-2:] == ["thread.run.completed", "done"]


def test_functions_of_the_caller_are_called_while_the_stream_goes_on(agents: AgentsClient) -> None:
    asked: list[str] = []

    def get_weather(city: str) -> str:
        """The weather of a city.

        :param city: The city.
        """
        asked.append(city)
        return "rain"

    functions = FunctionTool({get_weather})
    agents.enable_auto_function_calls({get_weather})
    agent = agents.create_agent(model="gpt-4.1", tools=functions.definitions)
    thread = agents.threads.create(messages=[{"role": "user", "content": "weather city"}])
    heard = Heard()
    with agents.runs.stream(thread_id=thread.id, agent_id=agent.id, event_handler=heard) as stream:
        stream.until_done()
    assert asked == ["weather city"]
    assert heard.text == "The function answered: rain"
    assert heard.runs == ["queued", "queued", "in_progress", "requires_action", "completed"]
    assert ("tool_calls", "completed") in heard.steps


def test_create_and_process_calls_functions_of_a_tool_set(agents: AgentsClient) -> None:
    def add(first: int, second: int) -> str:
        """Adds two numbers.

        :param first: One number.
        :param second: The other number.
        """
        return f"the sum is {first + second}"

    tools = ToolSet()
    tools.add(FunctionTool({add}))
    agents.enable_auto_function_calls(tools)
    agent = agents.create_agent(model="gpt-4.1", toolset=tools)
    thread = agents.threads.create(messages=[{"role": "user", "content": "add the numbers 2 and 40"}])
    run = agents.runs.create_and_process(thread_id=thread.id, agent_id=agent.id, polling_interval=0.01)
    assert run.status == "completed"
    (said, *_) = agents.messages.list(thread.id)
    assert said.text_messages[0].text.value == "The function answered: the sum is 42"


def test_outputs_can_be_submitted_by_hand_and_streamed(agents: AgentsClient) -> None:
    function = {"name": "lookup", "parameters": {"type": "object", "properties": {}}}
    agent = agents.create_agent(
        model="gpt-4.1", tools=[FunctionToolDefinition({"type": "function", "function": function})]
    )
    thread = agents.threads.create(messages=[{"role": "user", "content": "lookup"}])
    run = agents.runs.create(thread_id=thread.id, agent_id=agent.id)
    run = agents.runs.get(thread.id, run.id)
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    heard = Heard()
    agents.runs.submit_tool_outputs_stream(
        thread_id=thread.id,
        run_id=run.id,
        tool_outputs=[{"tool_call_id": call.id, "output": "42"}],
        event_handler=heard,
    )
    heard.until_done()
    assert heard.text == "The function answered: 42"
    assert heard.steps[0] == ("tool_calls", "completed")
    assert heard.runs == ["completed"]


def test_a_failed_run_is_told_as_one(agents: AgentsClient) -> None:
    agent = agents.create_agent(model="gpt-9")
    thread = agents.threads.create(messages=[{"role": "user", "content": "Hello"}])
    heard = Heard()
    with agents.runs.stream(thread_id=thread.id, agent_id=agent.id, event_handler=heard) as stream:
        stream.until_done()
    assert (heard.runs[-1], heard.messages, heard.done) == ("failed", [], True)


def test_thread_and_run_in_one_call_streams_too(agents: AgentsClient, project: Wire) -> None:
    agent = agents.create_agent(model="gpt-4.1", name="plain")
    body = {
        "assistant_id": agent.id,
        "stream": True,
        "thread": {"messages": [{"role": "user", "content": "Hello"}]},
    }
    reply = project.data("POST", "/threads/runs", body)
    assert reply.headers["content-type"].startswith("text/event-stream")
    blocks = reply.text.split("\n\n")
    assert blocks[0].startswith("event: thread.created\ndata: {")
    assert blocks[-2:] == ["event: done\ndata: [DONE]", ""]
    assert "\r" not in reply.text
