"""A program, not a test: one round of each asynchronous official client, with paging and streaming.

    python async_clients.py ENDPOINT SEARCH_ENDPOINT ARM_ENDPOINT

Its transport makes up its mind about certificates when it is imported, so it runs in a process of its own that has the sandbox's variables
from the start. Prints a JSON object: for each scenario "ok" or the traceback of what failed.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from azure.ai.agents.aio import AgentsClient
from azure.ai.agents.models import AsyncAgentEventHandler, AsyncFunctionTool, FilePurpose, FileSearchTool
from azure.ai.projects.aio import AIProjectClient
from azure.ai.projects.models import FileSearchTool as VersionedFileSearchTool
from azure.ai.projects.models import PromptAgentDefinition
from azure.core.exceptions import ResourceNotFoundError
from azure.identity.aio import DefaultAzureCredential
from azure.mgmt.cognitiveservices.aio import CognitiveServicesManagementClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.search.documents.aio import SearchClient
from azure.search.documents.indexes.aio import SearchIndexClient
from azure.search.documents.indexes.models import (
    SearchableField,
    SearchFieldDataType,
    SearchIndex,
    SimpleField,
)

ENDPOINT, SEARCH, ARM = sys.argv[1:]
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
POLICY = b"Goods may be returned within thirty days."
SCENARIOS: dict[str, Callable[[DefaultAzureCredential], Awaitable[None]]] = {}


def scenario(
    work: Callable[[DefaultAzureCredential], Awaitable[None]],
) -> Callable[[DefaultAzureCredential], Awaitable[None]]:
    SCENARIOS[work.__name__] = work
    return work


class Heard(AsyncAgentEventHandler[None]):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.ended: list[str] = []

    async def on_message_delta(self, delta: Any) -> None:
        self.text += delta.text

    async def on_done(self) -> None:
        self.ended.append("done")


async def get_order(order: str) -> str:
    """Looks an order up.

    :param order: Its number.
    """
    await asyncio.sleep(0)
    return json.dumps({"status": f"{order} was sent"})


@scenario
async def agents_with_paging_streams_and_functions(credential: DefaultAzureCredential) -> None:
    async with (
        AgentsClient(ENDPOINT, credential) as client,
    ):
        file = await client.files.upload_and_poll(
            file=POLICY, filename="policy.md", purpose=FilePurpose.AGENTS, polling_interval=0
        )
        store = await client.vector_stores.create_and_poll(file_ids=[file.id], polling_interval=0)
        tool = FileSearchTool([store.id])
        made = [
            await client.create_agent(
                model="gpt-4.1", name=f"a{number}", tools=tool.definitions, tool_resources=tool.resources
            )
            for number in range(3)
        ]
        assert {agent.id async for agent in client.list_agents(limit=1)} >= {item.id for item in made}
        thread = await client.threads.create(
            messages=[{"role": "user", "content": "When may goods be returned?"}]
        )
        heard = Heard()
        async with await client.runs.stream(
            thread_id=thread.id, agent_id=made[0].id, event_handler=heard
        ) as stream:
            await stream.until_done()
        assert (heard.text.startswith("Goods may be returned"), heard.ended) == (True, ["done"])
        (run,) = [item async for item in client.runs.list(thread.id)]
        steps = [step.type async for step in client.run_steps.list(thread.id, run.id, limit=1)]
        assert steps == ["message_creation", "tool_calls"]
        await client.delete_agent(made[0].id)
        try:
            await client.get_agent(made[0].id)
        except ResourceNotFoundError:
            return
        raise AssertionError("the deleted agent is still there")


@scenario
async def asynchronous_functions_are_called_automatically(credential: DefaultAzureCredential) -> None:
    async with (
        AgentsClient(ENDPOINT, credential) as client,
    ):
        tool = AsyncFunctionTool({get_order})
        client.enable_auto_function_calls({get_order})
        agent = await client.create_agent(model="gpt-4.1", name="async-clerk", tools=tool.definitions)
        thread = await client.threads.create(messages=[{"role": "user", "content": "order A-7"}])
        run = await client.runs.create_and_process(thread_id=thread.id, agent_id=agent.id, polling_interval=0)
        assert run.status == "completed"
        (answer, _) = [item async for item in client.messages.list(thread.id, limit=1)]
        assert answer.text_messages[0].text.value == "A-7 was sent"


@scenario
async def versioned_agents_with_responses_files_and_stores(credential: DefaultAzureCredential) -> None:
    async with (
        AIProjectClient(ENDPOINT, credential) as client,
        client.get_openai_client() as openai,
    ):
        file = await openai.files.create(file=("policy.md", POLICY), purpose="assistants")
        assert file.id in [item.id async for item in openai.files.list(limit=1)]
        store = await openai.vector_stores.create(name="policies")
        batch = await openai.vector_stores.file_batches.create_and_poll(
            store.id, file_ids=[file.id], poll_interval_ms=10
        )
        assert batch.file_counts.completed == 1
        tools = [VersionedFileSearchTool(vector_store_ids=[store.id])]
        for _ in range(3):
            await client.agents.create_version(
                "async-librarian", definition=PromptAgentDefinition(model="gpt-4.1", tools=tools)
            )
        versions = [item.version async for item in client.agents.list_versions("async-librarian", limit=1)]
        assert versions == ["3", "2", "1"]
        reference = {"agent_reference": {"type": "agent_reference", "name": "async-librarian"}}
        conversation = await openai.conversations.create()
        text = ""
        heard = await openai.responses.create(
            input="When may goods be returned?",
            conversation=conversation.id,
            extra_body=reference,
            stream=True,
        )
        async for event in heard:
            text += event.delta if event.type == "response.output_text.delta" else ""
        assert text.startswith("Goods may be returned")
        items = [item.type async for item in openai.conversations.items.list(conversation.id, limit=1)]
        assert items == ["message", "file_search_call", "message"]
        found = [item.name async for item in client.connections.list()]
        assert found == ["search"]
        assert [item.name async for item in client.deployments.list()] == ["gpt-4.1"]


@scenario
async def search_indexes_and_documents(credential: DefaultAzureCredential) -> None:
    parts = SearchIndex(
        name="parts",
        fields=[
            SimpleField(name="id", type=SearchFieldDataType.STRING, key=True),
            SearchableField(name="title"),
            SimpleField(name="price", type=SearchFieldDataType.DOUBLE, filterable=True),
        ],
    )
    async with SearchIndexClient(SEARCH, credential) as indexes:
        await indexes.create_index(parts)
        assert [item.name async for item in indexes.list_indexes()] == ["parts"]
    async with SearchClient(SEARCH, "parts", credential) as documents:
        many = [{"id": str(number), "title": "A helmet", "price": number} for number in range(60)]
        assert all(item.succeeded for item in await documents.upload_documents(many))
        results = await documents.search("helmet", filter="price ge 4", include_total_count=True)
        assert await results.get_count() == 56
        assert len([item async for item in results]) == 56
        assert (await documents.get_document("7"))["price"] == 7


@scenario
async def management_clients_poll(credential: DefaultAzureCredential) -> None:
    place: dict[str, Any] = {
        "base_url": ARM,
        "credential_scopes": ["https://management.azure.com/.default"],
        "polling_interval": 0,
    }
    async with (
        ResourceManagementClient(credential, SUBSCRIPTION, **place) as resources,
        CognitiveServicesManagementClient(credential, SUBSCRIPTION, **place) as foundry,
    ):
        await resources.resource_groups.create_or_update("other", {"location": "westus"})
        account = {"location": "westus", "kind": "AIServices", "sku": {"name": "S0"}, "properties": {}}
        poller = await foundry.accounts.begin_create("other", "fabrikam", account)
        assert (await poller.result()).properties.provisioning_state == "Succeeded"
        await (await foundry.accounts.begin_delete("other", "fabrikam")).result()
        left = [item.name async for item in foundry.accounts.list_by_resource_group("other")]
        assert left == []


async def main() -> None:
    told = {}
    async with DefaultAzureCredential() as credential:
        for name, work in SCENARIOS.items():
            try:
                await work(credential)
                told[name] = "ok"
            except Exception:
                told[name] = traceback.format_exc()
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main())
