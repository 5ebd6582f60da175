"""What takes its time in a project, by its official clients: batches, memories of conversations, files that expire; and long lists."""

import json
from typing import Any

import openai
import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import (
    AzureAISearchIndex,
    MemorySearchOptions,
    MemoryStoreDefaultDefinition,
    MemoryStoreDefaultOptions,
    PromptAgentDefinition,
)
from openai import OpenAI

from .conftest import PROJECT, Wire


@pytest.fixture(scope="module")
def wire(wire_of_module: Wire) -> Wire:
    return wire_of_module


@pytest.fixture(scope="module")
def project(project_of_module: Wire) -> Wire:
    return project_of_module


def requests_file(client: OpenAI, *bodies: dict[str, Any]) -> str:
    lines = [
        json.dumps({"custom_id": f"r{number}", "method": "POST", "url": "/v1/responses", "body": body})
        for number, body in enumerate(bodies)
    ]
    return client.files.create(file=("requests.jsonl", "\n".join(lines).encode()), purpose="batch").id


def lines_of(client: OpenAI, identity: str | None) -> list[dict[str, Any]]:
    assert identity is not None
    return [json.loads(line) for line in client.files.content(identity).text.splitlines()]


def test_a_batch_answers_its_requests_in_files(client: OpenAI, projects: AIProjectClient) -> None:
    projects.agents.create_version("echo", definition=PromptAgentDefinition(model="gpt-4.1"))
    agent = {"type": "agent_reference", "name": "echo"}
    file = requests_file(
        client, {"input": "Hello", "agent_reference": agent}, {"input": "Hello", "model": "gpt-9"}
    )
    made = client.batches.create(
        input_file_id=file, endpoint="/v1/responses", completion_window="24h", metadata={"team": "a"}
    )
    assert (made.status, made.metadata) == ("validating", {"team": "a"})
    done = client.batches.retrieve(made.id)
    assert done.status == "completed"
    assert done.request_counts is not None
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (2, 1, 1)
    (answer,) = lines_of(client, done.output_file_id)
    assert (answer["custom_id"], answer["response"]["status_code"]) == ("r0", 200)
    assert answer["response"]["body"]["output"][0]["content"][0]["text"].startswith("I am echo")
    (refusal,) = lines_of(client, done.error_file_id)
    assert refusal["custom_id"] == "r1"
    assert refusal["response"]["body"]["error"]["code"] == "DeploymentNotFound"
    client.batches.create(input_file_id=file, endpoint="/v1/responses", completion_window="24h")
    assert len(list(client.batches.list(limit=1))) == 2


def test_a_batch_is_cancelled_or_fails_with_its_lines_named(client: OpenAI) -> None:
    file = requests_file(client, {"input": "Hello", "model": "gpt-4.1"})
    broken = client.files.create(file=("b.jsonl", b'{"custom_id": "a"}\nno json\n'), purpose="batch").id

    def batch(identity: str, endpoint: Any = "/v1/responses") -> Any:
        return client.batches.create(input_file_id=identity, endpoint=endpoint, completion_window="24h")

    failed = client.batches.retrieve(batch(broken).id)
    assert failed.status == "failed"
    assert [item.line for item in failed.errors.data] == [1, 2]
    ended = client.batches.retrieve(batch(file).id)
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a batch with status 'completed'"):
        client.batches.cancel(ended.id)
    with pytest.raises(openai.InternalServerError, match="A batch for /v1/embeddings is not implemented"):
        client.with_options(max_retries=0).batches.create(
            input_file_id=file, endpoint="/v1/embeddings", completion_window="24h"
        )
    other = client.files.create(file=("a.md", b"text"), purpose="assistants").id
    with pytest.raises(openai.BadRequestError, match="purpose"):
        batch(other)
    with pytest.raises(openai.NotFoundError):
        batch("assistant-absent")


def test_input_tokens_are_counted_with_what_was_said_before(
    client: OpenAI, projects: AIProjectClient
) -> None:
    definition = PromptAgentDefinition(model="gpt-4.1", instructions="Be very brief")
    projects.agents.create_version("terse", definition=definition)
    reference = {"agent_reference": {"type": "agent_reference", "name": "terse"}}
    alone = client.responses.input_tokens.count(input="one two", extra_body=reference)
    assert (alone.object, alone.input_tokens) == ("response.input_tokens", 5)
    conversation = client.conversations.create(
        items=[{"type": "message", "role": "user", "content": "a b c"}]
    )
    longer = client.responses.input_tokens.count(
        input="one two", conversation=conversation.id, extra_body=reference
    )
    assert longer.input_tokens == 8
    with pytest.raises(openai.BadRequestError, match="Unknown parameter: 'colour'"):
        client.responses.input_tokens.count(input="one", extra_body={"colour": "red"})


def test_a_file_goes_when_its_time_is_over(client: OpenAI, project: Wire) -> None:
    file = client.files.create(
        file=("a.md", b"text"),
        purpose="assistants",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    store = client.vector_stores.create(file_ids=[file.id])
    assert client.files.retrieve(file.id).expires_at == file.created_at + 3600
    project.control("POST", "/clock", {"advance": 3601})
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)
    assert client.vector_stores.retrieve(store.id).file_counts.total == 0
    assert file.id not in [item.id for item in client.files.list()]


def test_memories_are_made_of_a_conversation_and_found_again(
    projects: AIProjectClient, project: Wire
) -> None:
    stores = projects.beta.memory_stores
    options = MemoryStoreDefaultOptions(user_profile_enabled=True, chat_summary_enabled=False)
    definition = MemoryStoreDefaultDefinition(chat_model="c", embedding_model="e", options=options)
    stores.create(name="talks", definition=definition)
    poller = stores.begin_update_memories(
        "talks",
        scope="u",
        items=[
            {"role": "user", "type": "message", "content": "I drink green tea"},
            {"role": "assistant", "type": "message", "content": "Noted"},
            {"role": "user", "type": "message", "content": "My bicycle is red"},
        ],
        update_delay=0,
        polling_interval=0,
    )
    operations = poller.result().memory_operations
    assert [item.memory_item.content for item in operations] == ["I drink green tea", "My bicycle is red"]
    found = stores.search_memories("talks", scope="u", items="Which tea do I drink?")
    assert [item.memory_item.content for item in found.memories] == ["I drink green tea"]
    some = stores.search_memories("talks", scope="u", options=MemorySearchOptions(max_memories=1))
    assert len(some.memories) == 1
    assert stores.search_memories("talks", scope="other", items="tea").memories == []
    first = project_update(project, "I live in Delft")
    later = project_update(project, "I live in Ghent")
    assert project_update_state(project, first)["status"] == "superseded"
    assert project_update_state(project, later)["status"] == "queued"
    project.control("POST", "/clock", {"advance": 301})
    done = project_update_state(project, later)
    told = [item["memory_item"]["content"] for item in done["result"]["memory_operations"]]
    assert (done["status"], told) == ("completed", ["I live in Delft", "I live in Ghent"])


FEATURE = {"Foundry-Features": "MemoryStores=V1Preview"}
BASE = "/accounts/contoso/api/projects/support/memory_stores/talks"


def project_update(project: Wire, said: str) -> str:
    """An update with the delay of five minutes that one has without asking."""
    body = {"scope": "u", "items": said}
    reply = project.send(
        "POST",
        f"{BASE}:update_memories",
        "https://ai.azure.com",
        params={"api-version": "v1"},
        json=body,
        headers=FEATURE,
    )
    assert (reply.status_code, reply.json()["status"]) == (202, "queued")
    return str(reply.json()["update_id"])


def project_update_state(project: Wire, update: str) -> dict[str, Any]:
    reply = project.send(
        "GET",
        f"{BASE}/updates/{update}",
        "https://ai.azure.com",
        params={"api-version": "v1"},
        headers=FEATURE,
    )
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_long_lists_come_page_by_page(projects: AIProjectClient, project: Wire) -> None:
    for number in range(101):
        connection = {"authType": "AAD", "category": "CognitiveSearch", "target": "https://example.com"}
        reply = project.arm("PUT", f"{PROJECT}/connections/c{number}", {"properties": connection})
        assert reply.status_code == 200
    index = AzureAISearchIndex(connection_name="c0", index_name="i")
    for number in range(101):
        projects.indexes.create_or_update("parts", str(number), index)
    assert len(list(projects.connections.list(connection_type="CognitiveSearch"))) == 101
    assert len({item.version for item in projects.indexes.list_versions("parts")}) == 101
    project.control("DELETE", "/requests")
    assert len(list(projects.connections.list())) == 101
    asked = [
        item["query"] for item in project.control("GET", "/requests").json() if "connections" in item["path"]
    ]
    assert len(asked) == 2
    assert len(list(projects.connections.list(default_connection=True))) == 1
