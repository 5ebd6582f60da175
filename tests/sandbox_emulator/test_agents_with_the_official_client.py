"""azure-ai-agents, unmodified, against the agents of a project."""

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.agents.models import (
    CodeInterpreterTool,
    FilePurpose,
    FileSearchTool,
    FunctionTool,
    ToolResources,
)
from azure.core.exceptions import ResourceNotFoundError


def test_an_agent_comes_back_with_the_defaults_of_the_service(agents: AgentsClient) -> None:
    made = agents.create_agent(model="gpt-4.1", name="helper")
    read = agents.get_agent(made.id)
    assert made.id.startswith("asst_")
    assert read.as_dict() == made.as_dict()
    assert read.as_dict() | {"id": "", "created_at": 0} == {
        "id": "",
        "object": "assistant",
        "created_at": 0,
        "model": "gpt-4.1",
        "name": "helper",
        "description": None,
        "instructions": None,
        "tools": [],
        "tool_resources": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "response_format": "auto",
        "metadata": {},
    }


def test_a_listing_ends_and_holds_every_agent_once_newest_first(agents: AgentsClient) -> None:
    made = [agents.create_agent(model="m", name=f"a{number}").id for number in range(7)]
    assert [agent.id for agent in agents.list_agents(limit=3)] == made[::-1]
    assert [agent.id for agent in agents.list_agents(limit=3, order="asc")] == made


def test_agents_may_be_deleted_while_they_are_listed(agents: AgentsClient) -> None:
    for number in range(5):
        agents.create_agent(model="m", name=f"a{number}")
    for agent in agents.list_agents(limit=2):
        agents.delete_agent(agent.id)
    assert list(agents.list_agents()) == []


def test_an_update_leaves_out_what_it_does_not_name_and_null_clears(agents: AgentsClient) -> None:
    made = agents.create_agent(model="m", name="a", description="d", instructions="i", metadata={"k": "v"})
    agents.update_agent(made.id, body={"instructions": "new", "description": None})
    read = agents.get_agent(made.id)
    assert (read.name, read.description, read.instructions, read.metadata) == ("a", None, "new", {"k": "v"})
    agents.update_agent(made.id, body={"metadata": {"other": "v"}})
    assert agents.get_agent(made.id).metadata == {"other": "v"}


def test_a_deleted_agent_is_gone_for_get_and_for_delete(agents: AgentsClient) -> None:
    made = agents.create_agent(model="m")
    agents.delete_agent(made.id)
    with pytest.raises(ResourceNotFoundError, match="No assistant found with id"):
        agents.get_agent(made.id)
    with pytest.raises(ResourceNotFoundError):
        agents.delete_agent(made.id)


def test_tools_made_by_the_client_are_accepted_and_read_back(agents: AgentsClient) -> None:
    file = agents.files.upload_and_poll(file=b"a,b\n1,2\n", purpose=FilePurpose.AGENTS, filename="t.csv")
    store = agents.vector_stores.create_and_poll(name="s", polling_interval=0.01)
    search, code = FileSearchTool([store.id]), CodeInterpreterTool([file.id])

    def lookup(city: str) -> str:
        """Looks a city up.

        :param city: The city.
        """
        return city

    function = FunctionTool({lookup})
    made = agents.create_agent(
        model="m",
        tools=[*search.definitions, *code.definitions, *function.definitions],
        tool_resources=ToolResources({**search.resources, **code.resources}),
    )
    read = agents.get_agent(made.id)
    assert [tool["type"] for tool in read.tools] == ["file_search", "code_interpreter", "function"]
    assert read.tool_resources.file_search.vector_store_ids == [store.id]
    assert read.tool_resources.code_interpreter.file_ids == [file.id]
    agents.files.delete(file.id)
    assert agents.get_agent(made.id).tool_resources.code_interpreter.file_ids == []
