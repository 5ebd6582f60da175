"""azure-ai-agents, unmodified, against files and vector stores."""

from pathlib import Path

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.agents.models import (
    FilePurpose,
    VectorStoreDataSource,
    VectorStoreDataSourceAssetType,
    VectorStoreStaticChunkingStrategyOptions,
    VectorStoreStaticChunkingStrategyRequest,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from .conftest import ACCOUNT, PROJECT, Wire


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    path = tmp_path / "guide.md"
    path.write_text("# Guide\n\nReturns are free for thirty days.\n")
    return path


def upload(agents: AgentsClient, name: str = "notes.txt", content: bytes = b"some text") -> str:
    return str(agents.files.upload(file=content, purpose=FilePurpose.AGENTS, filename=name).id)


def test_a_file_is_named_the_same_by_path_by_bytes_and_by_stream(agents: AgentsClient, guide: Path) -> None:
    by_path = agents.files.upload_and_poll(file_path=str(guide), purpose=FilePurpose.AGENTS)
    by_bytes = agents.files.upload(file=guide.read_bytes(), purpose=FilePurpose.AGENTS, filename="guide.md")
    with guide.open("rb") as stream:
        by_stream = agents.files.upload(file=stream, purpose=FilePurpose.AGENTS, filename="guide.md")
    for file in (by_path, by_bytes, by_stream):
        assert (file.filename, file.bytes, file.purpose, file.status) == (
            "guide.md",
            guide.stat().st_size,
            "assistants",
            "processed",
        )
    assert {file.id for file in agents.files.list().data} == {by_path.id, by_bytes.id, by_stream.id}


def test_binary_content_arrives_whole(agents: AgentsClient) -> None:
    content = bytes(range(256)) * 9 + b"\r\n--boundary\r\n"
    assert agents.files.get(upload(agents, "x.pdf", content)).bytes == len(content)


def test_an_empty_file_is_refused(agents: AgentsClient, tmp_path: Path) -> None:
    empty = tmp_path / "empty.md"
    empty.touch()
    with pytest.raises(HttpResponseError, match="empty") as caught:
        agents.files.upload(file_path=str(empty), purpose=FilePurpose.AGENTS)
    assert caught.value.status_code == 400


def test_a_store_is_complete_after_polling_and_counts_its_files(agents: AgentsClient) -> None:
    ids = [upload(agents), upload(agents, "b.md")]
    store = agents.vector_stores.create_and_poll(
        file_ids=ids, name="docs", metadata={"a": "b"}, polling_interval=0.01
    )
    assert (store.status, store.name, store.metadata) == ("completed", "docs", {"a": "b"})
    assert (store.file_counts.completed, store.file_counts.total) == (2, 2)
    assert store.usage_bytes == 18
    assert {file.id for file in agents.vector_store_files.list(store.id)} == set(ids)


def test_a_file_the_store_cannot_read_fails_and_says_why(agents: AgentsClient) -> None:
    ids = [upload(agents, "p.bmp"), upload(agents, "bad.txt", b"\xff\xff\xfa"), upload(agents, "ok.md")]
    store = agents.vector_stores.create_and_poll(file_ids=ids, polling_interval=0.01)
    assert (store.status, store.file_counts.failed) == ("completed", 2)
    failed = {
        file.id: file.last_error.code for file in agents.vector_store_files.list(store.id, filter="failed")
    }
    assert failed == {ids[0]: "unsupported_file", ids[1]: "invalid_file"}


def test_chunking_shows_on_the_file_only(agents: AgentsClient) -> None:
    options = VectorStoreStaticChunkingStrategyOptions(max_chunk_size_tokens=400, chunk_overlap_tokens=100)
    store = agents.vector_stores.create_and_poll(polling_interval=0.01)
    file = agents.vector_store_files.create_and_poll(
        store.id,
        file_id=upload(agents),
        chunking_strategy=VectorStoreStaticChunkingStrategyRequest(static=options),
        polling_interval=0.01,
    )
    assert file.chunking_strategy.as_dict() == {
        "type": "static",
        "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 100},
    }
    assert "chunking_strategy" not in agents.vector_stores.get(store.id).as_dict()


def test_batches_add_files_and_list_only_their_own(agents: AgentsClient) -> None:
    first = upload(agents)
    store = agents.vector_stores.create_and_poll(file_ids=[first], polling_interval=0.01)
    later = [upload(agents, f"{number}.md") for number in range(3)]
    batch = agents.vector_store_file_batches.create_and_poll(store.id, file_ids=later, polling_interval=0.01)
    assert (batch.status, batch.file_counts.completed) == ("completed", 3)
    listed = agents.vector_store_file_batches.list_files(store.id, batch.id, limit=2)
    assert {file.id for file in listed} == set(later)
    assert agents.vector_stores.get(store.id).file_counts.total == 4


def test_deleting_a_file_takes_it_out_of_its_stores_but_not_the_other_way_round(agents: AgentsClient) -> None:
    kept, gone = upload(agents), upload(agents, "b.md")
    store = agents.vector_stores.create_and_poll(file_ids=[kept, gone], polling_interval=0.01)
    agents.files.delete(gone)
    assert [file.id for file in agents.vector_store_files.list(store.id)] == [kept]
    agents.vector_store_files.delete(store.id, kept)
    assert agents.vector_stores.get(store.id).file_counts.total == 0
    agents.vector_stores.delete(store.id)
    assert agents.files.get(kept).id == kept
    with pytest.raises(ResourceNotFoundError):
        agents.vector_stores.get(store.id)


def test_a_file_that_was_removed_can_be_added_again(agents: AgentsClient) -> None:
    file = upload(agents)
    store = agents.vector_stores.create_and_poll(file_ids=[file], polling_interval=0.01)
    agents.vector_store_files.delete(store.id, file)
    agents.vector_store_files.create_and_poll(store.id, file_id=file, polling_interval=0.01)
    assert [item.id for item in agents.vector_store_files.list(store.id)] == [file]


def test_stores_are_modified_in_part_and_paged(agents: AgentsClient) -> None:
    made = [agents.vector_stores.create(name=f"s{number}").id for number in range(5)]
    agents.vector_stores.modify(made[0], metadata={"x": "y"})
    agents.vector_stores.modify(made[0], body={"name": "renamed"})
    store = agents.vector_stores.get(made[0])
    assert (store.name, store.metadata) == ("renamed", {"x": "y"})
    assert [store.id for store in agents.vector_stores.list(limit=2)] == made[::-1]


def test_data_sources_are_taken_into_stores_threads_and_agents(agents: AgentsClient, project: Wire) -> None:
    source = VectorStoreDataSource(
        asset_identifier="azureml://subscriptions/s/datastores/d/paths/a.md",
        asset_type=VectorStoreDataSourceAssetType.URI_ASSET,
    )
    store = agents.vector_stores.create_and_poll(name="papers", polling_interval=0)
    with pytest.raises(HttpResponseError, match="capability host"):
        agents.vector_store_files.create(store.id, data_source=source)
    host = {"properties": {"capabilityHostKind": "Agents"}}
    project.put(f"{ACCOUNT}/capabilityHosts/host", host)
    project.put(f"{PROJECT}/capabilityHosts/host", host)
    file = agents.vector_store_files.create_and_poll(store.id, data_source=source, polling_interval=0)
    assert file.status == "completed"
    batch = agents.vector_store_file_batches.create_and_poll(
        store.id, data_sources=[source, source], polling_interval=0
    )
    assert batch.file_counts.completed == 2
    assert agents.vector_stores.get(store.id).file_counts.total == 3
    tools = [{"type": "file_search"}]
    attachment = {"data_source": source.as_dict(), "tools": tools}
    message = {"role": "user", "content": "What is in it?", "attachments": [attachment]}
    thread = agents.threads.create(messages=[message])  # type: ignore[list-item]
    (held,) = agents.messages.list(thread.id)
    assert held.attachments[0].data_source.asset_identifier == source.asset_identifier
    wanted = {"name": "own", "configuration": {"data_sources": [source.as_dict()]}}
    agent = agents.create_agent(
        body={"model": "m", "tools": tools, "tool_resources": {"file_search": {"vector_stores": [wanted]}}}
    )
    (made,) = agent.tool_resources.file_search.vector_store_ids
    assert agents.vector_stores.get(made).file_counts.total == 1
    with pytest.raises(HttpResponseError, match="Only one of"):
        agents.vector_store_files.create(
            store.id, body={"file_id": "assistant-a", "data_source": source.as_dict()}
        )
