"""A program, not a test: what azure-ai-agents 1.2.0b6 does with a project. It runs beside the stable client, in a process of its own.

    python preview_client.py ENDPOINT CONNECTION MCP_URL

Prints a JSON object: for each scenario "ok" or the traceback of what failed. Rules for the agents it makes are laid beforehand.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

from azure.ai.agents import VERSION, AgentsClient
from azure.ai.agents.aio import AgentsClient as AsyncAgentsClient
from azure.ai.agents.models import (
    AgentEventHandler,
    BingCustomSearchTool,
    BrowserAutomationTool,
    ComputerScreenshot,
    ComputerToolOutput,
    ComputerUseTool,
    ConnectedAgentTool,
    DeepResearchTool,
    FabricTool,
    FilePurpose,
    FunctionTool,
    McpTool,
    MessageDeltaChunk,
    RequiredComputerUseToolCall,
    RequiredMcpToolCall,
    RunHandler,
    RunStepActivityDetails,
    RunStepBingCustomSearchToolCall,
    RunStepBrowserAutomationToolCall,
    RunStepConnectedAgentToolCall,
    RunStepDeepResearchToolCall,
    RunStepMcpToolCall,
    RunStepMicrosoftFabricToolCall,
    RunStepSharepointToolCall,
    SharepointTool,
    SubmitToolApprovalAction,
    ToolApproval,
)
from azure.identity import DefaultAzureCredential
from azure.identity.aio import DefaultAzureCredential as AsyncCredential

ENDPOINT, CONNECTION, MCP_URL = sys.argv[1:]
MODEL = "gpt-4.1"
SCENARIOS: dict[str, Callable[[AgentsClient], None]] = {}
TOOLS: tuple[Any, ...] = (
    DeepResearchTool(bing_grounding_connection_id=CONNECTION, deep_research_model="o3-deep-research"),
    BrowserAutomationTool(connection_id=CONNECTION),
    BingCustomSearchTool(connection_id=CONNECTION, instance_name="shops"),
    FabricTool(connection_id=CONNECTION),
    SharepointTool(connection_id=CONNECTION),
)


def scenario(work: Callable[[AgentsClient], None]) -> Callable[[AgentsClient], None]:
    SCENARIOS[work.__name__] = work
    return work


def docs(url: str = "https://mcp.example.com") -> McpTool:
    return McpTool(server_label="docs", server_url=url, allowed_tools=["search_docs"])


def asked(client: AgentsClient, agent: str, question: str = "search the docs", **more: Any) -> Any:
    thread = client.threads.create(messages=[{"role": "user", "content": question}])
    return client.runs.create_and_process(thread_id=thread.id, agent_id=agent, polling_interval=0, **more)


def calls(client: AgentsClient, run: Any) -> list[Any]:
    steps = client.run_steps.list(run.thread_id, run.id, order="asc")
    return [call for step in steps if step.type == "tool_calls" for call in step.step_details.tool_calls]


class Approving(RunHandler):
    def submit_mcp_tool_approval(self, *, run: Any, tool_call: RequiredMcpToolCall, **_: Any) -> ToolApproval:
        return ToolApproval(tool_call_id=tool_call.id, approve=True)


@scenario
def preview_tools_are_kept_as_they_were_given(client: AgentsClient) -> None:
    given = [
        *docs().definitions,
        *ComputerUseTool(800, 600, "browser").definitions,
        *(item for tool in TOOLS for item in tool.definitions),
    ]
    agent = client.create_agent(model=MODEL, name="all", tools=given, tool_resources=docs().resources)
    read = client.get_agent(agent.id)
    assert [type(tool) for tool in read.tools] == [type(tool) for tool in given], read.tools
    assert [tool.as_dict() for tool in read.tools] == [tool.as_dict() for tool in given]
    assert read.tool_resources.mcp[0].server_label == "docs"
    assert client.update_agent(agent.id, tools=given[:1]).tools[0].server_label == "docs"
    client.delete_agent(agent.id)


@scenario
def steps_of_preview_tools_are_read_as_what_they_are(client: AgentsClient) -> None:
    definitions = [item for tool in TOOLS for item in tool.definitions]
    agent = client.create_agent(model=MODEL, name="versatile", tools=definitions)
    run = asked(client, agent.id, "everything")
    assert run.status == "completed", run.last_error
    found = calls(client, run)
    assert [type(call) for call in found] == [
        RunStepDeepResearchToolCall,
        RunStepBrowserAutomationToolCall,
        RunStepBingCustomSearchToolCall,
        RunStepMicrosoftFabricToolCall,
        RunStepSharepointToolCall,
    ], found
    assert (found[0].deep_research.input, found[0].deep_research.output) == ("everything", "a long report")
    assert found[1].browser_automation.steps == []
    assert found[3].microsoft_fabric["output"] == "a table"
    assert found[4].share_point["output"] == "a page"


@scenario
def a_run_handler_approves_mcp_calls(client: AgentsClient) -> None:
    tool = docs()
    agent = client.create_agent(model=MODEL, name="m", tools=tool.definitions, tool_resources=tool.resources)
    run = asked(client, agent.id, run_handler=Approving())
    assert run.status == "completed", run.last_error
    (call,) = calls(client, run)
    assert isinstance(call, RunStepMcpToolCall)
    assert (call.name, call.output, call.server_label) == ("search_docs", "page 3", "docs")


@scenario
def an_mcp_server_on_this_machine_is_called(client: AgentsClient) -> None:
    tool = McpTool(server_label="orders", server_url=MCP_URL)
    tool.set_approval_mode("never")
    agent = client.create_agent(
        model=MODEL, name="unruled", tools=tool.definitions, tool_resources=tool.resources
    )
    run = asked(client, agent.id, "What is the status of order A-17?")
    steps = list(client.run_steps.list(run.thread_id, run.id, order="asc"))
    assert isinstance(steps[0].step_details, RunStepActivityDetails), steps
    (activity,) = steps[0].step_details.activities
    assert "order_number" in activity.tools["order_status"].parameters.properties
    assert steps[1].step_details.tool_calls[0].output == "A-17 is on its way"


@scenario
def the_callers_computer_answers_with_a_screenshot(client: AgentsClient) -> None:
    tool = ComputerUseTool(800, 600, "browser")
    agent = client.create_agent(model=MODEL, name="computer", tools=tool.definitions)
    thread = client.threads.create(messages=[{"role": "user", "content": "click"}])
    run = client.runs.create(thread_id=thread.id, agent_id=agent.id)
    run = client.runs.get(thread.id, run.id)
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert isinstance(call, RequiredComputerUseToolCall), run.required_action
    assert (call.computer_use_preview.action.type, call.computer_use_preview.action.x) == ("click", 3)
    seen = ComputerScreenshot(image_url="data:image/png;base64,AA==")
    output = ComputerToolOutput(tool_call_id=call.id, output=seen)
    client.runs.submit_tool_outputs(thread.id, run.id, tool_outputs=[output])
    assert client.runs.get(thread.id, run.id).status == "completed"
    (made,) = calls(client, run)
    assert made.computer_use_preview.output.image_url == seen.image_url


@scenario
def a_connected_agent_has_a_thread_and_a_run(client: AgentsClient) -> None:
    poet = client.create_agent(model=MODEL, name="poet")
    link = ConnectedAgentTool(id=poet.id, name="poet", description="Writes verse")
    desk = client.create_agent(model=MODEL, name="desk", tools=link.definitions)
    run = asked(client, desk.id, "a verse")
    (call,) = calls(client, run)
    assert isinstance(call, RunStepConnectedAgentToolCall)
    inner = client.runs.get(call.connected_agent.thread_id, call.connected_agent.run_id)
    assert (
        (inner.agent_id, inner.status)
        == (call.connected_agent.agent_id, "completed")
        == (poet.id, "completed")
    )


class Heard(AgentEventHandler):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.action: Any = None
        self.done = False

    def on_message_delta(self, delta: MessageDeltaChunk) -> None:
        self.text += delta.text

    def on_thread_run(self, run: Any) -> None:
        if run.status == "requires_action":
            self.action = run

    def on_error(self, data: str) -> None:
        raise AssertionError(data)

    def on_done(self) -> None:
        self.done = True


def get_order(order: str) -> str:
    """Looks an order up.

    :param order: Its number.
    """
    return json.dumps({"status": f"{order} was sent"})


@scenario
def functions_are_called_in_the_middle_of_a_stream(client: AgentsClient) -> None:
    client.enable_auto_function_calls({get_order})
    agent = client.create_agent(model=MODEL, name="clerk", tools=FunctionTool({get_order}).definitions)
    thread = client.threads.create(messages=[{"role": "user", "content": "order A-7"}])
    heard = Heard()
    with client.runs.stream(thread_id=thread.id, agent_id=agent.id, event_handler=heard) as stream:
        stream.until_done()
    assert (heard.text, heard.done) == ("A-7 was sent", True)
    assert asked(client, agent.id, "order A-8").status == "completed"


@scenario
def an_approval_goes_on_with_the_stream(client: AgentsClient) -> None:
    agent = client.create_agent(model=MODEL, name="m", tools=docs().definitions)
    thread = client.threads.create(messages=[{"role": "user", "content": "search the docs"}])
    heard = Heard()
    with client.runs.stream(
        thread_id=thread.id, agent_id=agent.id, tool_resources=docs().resources, event_handler=heard
    ) as stream:
        stream.until_done()
    assert isinstance(heard.action.required_action, SubmitToolApprovalAction)
    (call,) = heard.action.required_action.submit_tool_approval.tool_calls
    after = Heard()
    client.runs.submit_tool_outputs_stream(
        thread_id=thread.id,
        run_id=heard.action.id,
        tool_approvals=[ToolApproval(tool_call_id=call.id, approve=True)],
        event_handler=after,
    )
    after.until_done()
    assert after.text == "page 3"


@scenario
def listings_come_page_by_page(client: AgentsClient) -> None:
    thread = client.threads.create()
    made = [client.messages.create(thread.id, role="user", content=str(index)).id for index in range(5)]
    listed = [message.id for message in client.messages.list(thread.id, limit=2, order="asc")]
    assert listed == made
    client.messages.delete(thread.id, made[0])
    assert len(list(client.messages.list(thread.id, limit=2))) == 4


@scenario
def files_and_stores_are_waited_for(client: AgentsClient) -> None:
    content = b"Goods may be returned within thirty days."
    file = client.files.upload_and_poll(
        file=content, filename="returns.md", purpose=FilePurpose.AGENTS, polling_interval=0
    )
    store = client.vector_stores.create_and_poll(file_ids=[file.id], polling_interval=0)
    assert (store.status, store.file_counts.completed) == ("completed", 1)
    other = client.files.upload_and_poll(
        file=content, filename="more.md", purpose=FilePurpose.AGENTS, polling_interval=0
    )
    batch = client.vector_store_file_batches.create_and_poll(
        store.id, file_ids=[other.id], polling_interval=0
    )
    assert batch.file_counts.completed == 1
    assert {item.id for item in client.vector_store_files.list(store.id, limit=1)} == {file.id, other.id}


async def _asynchronously() -> None:
    async with AsyncCredential() as credential, AsyncAgentsClient(ENDPOINT, credential) as client:
        tool = docs()
        agent = await client.create_agent(model=MODEL, name="m", tools=tool.definitions)
        thread = await client.threads.create(messages=[{"role": "user", "content": "search the docs"}])
        run = await client.runs.create(thread_id=thread.id, agent_id=agent.id, tool_resources=tool.resources)
        run = await client.runs.get(thread.id, run.id)
        (call,) = run.required_action.submit_tool_approval.tool_calls
        approvals = [ToolApproval(tool_call_id=call.id, approve=True)]
        await client.runs.submit_tool_outputs(thread.id, run.id, tool_approvals=approvals)
        assert (await client.runs.get(thread.id, run.id)).status == "completed"
        assert len([item async for item in client.messages.list(thread.id, limit=1)]) == 2


@scenario
def the_asynchronous_client_approves_too(_client: AgentsClient) -> None:
    asyncio.run(_asynchronously())


def main() -> None:
    assert VERSION == "1.2.0b6", VERSION
    told = {}
    with AgentsClient(ENDPOINT, DefaultAzureCredential()) as client:
        for name, work in SCENARIOS.items():
            try:
                work(client)
                told[name] = "ok"
            except Exception:
                told[name] = traceback.format_exc()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
