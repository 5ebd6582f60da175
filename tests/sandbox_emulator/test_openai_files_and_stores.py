"""The OpenAI client of azure-ai-projects, unmodified, against files and vector stores below `/openai/v1`."""

from typing import Any

import openai
import pytest
from azure.ai.agents import AgentsClient
from openai import OpenAI

from foundry.sandbox.emulator import Settings, serve

from .conftest import ACCOUNT, DEVELOPER, Wire

BASE = "/accounts/contoso/api/projects/support"


@pytest.fixture
def file(client: OpenAI) -> Any:
    text = (
        b"# Returns\n\nGoods may be returned within thirty days.\n\n# Shipping\n\nParcels leave on Mondays.\n"
    )
    return client.files.create(file=("policy.md", text), purpose="assistants")


def store_of(client: OpenAI, *files: str, **more: Any) -> Any:
    store = client.vector_stores.create(name="s", file_ids=list(files), **more)
    return client.vector_stores.retrieve(store.id)


def test_a_file_comes_back_and_its_listing_ends(client: OpenAI, file: Any) -> None:
    read = client.files.retrieve(file.id)
    assert read == file
    assert (read.filename, read.purpose, read.status, read.object) == (
        "policy.md",
        "assistants",
        "processed",
        "file",
    )
    more = [client.files.create(file=("x.txt", b"x"), purpose="user_data").id for _ in range(3)]
    assert [item.id for item in client.files.list(limit=2)] == [*more[::-1], file.id]
    assert [item.id for item in client.files.list(limit=1, order="asc")] == [file.id, *more]
    assert [item.id for item in client.files.list(purpose="assistants")] == [file.id]


def test_the_life_of_a_file_is_told(client: OpenAI) -> None:
    made = client.files.create(
        file=("a.txt", b"x"), purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert made.expires_at == made.created_at + 3600
    with pytest.raises(openai.BadRequestError, match="between 3600 and 2592000"):
        client.files.create(
            file=("a.txt", b"x"), purpose="user_data", expires_after={"anchor": "created_at", "seconds": 1}
        )


def test_content_of_an_upload_for_assistants_is_refused(client: OpenAI, file: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="Not allowed to download files of purpose: assistants"):
        client.files.content(file.id)
    batch = client.files.create(file=("b.jsonl", b"{}\n"), purpose="batch")
    assert client.files.content(batch.id).read() == b"{}\n"


def test_a_deleted_file_is_gone_from_stores(client: OpenAI, file: Any) -> None:
    store = store_of(client, file.id)
    gone = client.files.delete(file.id)
    assert (gone.id, gone.deleted, gone.object) == (file.id, True, "file")
    assert client.vector_stores.retrieve(store.id).file_counts.total == 0
    with pytest.raises(openai.NotFoundError, match="doesn't exist"):
        client.files.retrieve(file.id)


def test_a_setting_keeps_the_dialects_apart(tmp_path: Any) -> None:
    settings = Settings(operation_delay=0.01, store_delay=0.0, separate_dialects=True)
    with serve(tmp_path / "apart", settings=settings) as serving:
        wire = Wire(serving)
        wire.make_project()
        wire.allow()
        body = {"sku": {"name": "S"}, "properties": {"model": {"format": "OpenAI", "name": "m"}}}
        wire.put(f"{ACCOUNT}/deployments/m", body)
        classic = wire.data("POST", "/vector_stores", {"name": "classic"}).json()["id"]
        form = {"purpose": (None, "assistants"), "file": ("policy.md", b"Goods may be returned.")}
        file = wire.send("POST", f"{BASE}/openai/v1/files", "https://ai.azure.com", files=form).json()["id"]
        store = wire.data("POST", "/openai/v1/vector_stores", {"file_ids": [file]}).json()["id"]
        assert wire.data("GET", f"/openai/v1/vector_stores/{store}").json()["status"] == "completed"
        assert [item["id"] for item in wire.data("GET", "/vector_stores").json()["data"]] == [classic]
        assert wire.data("GET", "/files").json()["data"] == []
        tools = [{"type": "file_search", "vector_store_ids": [classic]}]
        definition = {"kind": "prompt", "model": "m", "tools": tools}
        assert wire.data("POST", "/agents/a/versions", {"definition": definition}).status_code == 400
        tools[0]["vector_store_ids"] = [store]
        assert wire.data("POST", "/agents/a/versions", {"definition": definition}).status_code == 200
        asked = {
            "input": "What may be returned?",
            "agent_reference": {"type": "agent_reference", "name": "a"},
        }
        answer = wire.data("POST", "/openai/v1/responses", asked).json()["output"][-1]["content"][0]["text"]
        assert answer.startswith("Goods may be returned.")


@pytest.mark.parametrize(
    ("name", "content", "purpose"), [("a.txt", b"", "assistants"), ("a.txt", b"x", "made_up")]
)
def test_uploads_the_service_does_not_take_are_refused(
    client: OpenAI, name: str, content: bytes, purpose: Any
) -> None:
    with pytest.raises(openai.BadRequestError):
        client.files.create(file=(name, content), purpose=purpose)


def test_a_store_is_filled_changed_and_emptied(client: OpenAI, file: Any) -> None:
    store = store_of(client, file.id, metadata={"k": "v"}, description="for tests")
    assert (store.status, store.file_counts.completed, store.metadata) == ("completed", 1, {"k": "v"})
    changed = client.vector_stores.update(
        store.id, name="t", metadata={}, expires_after={"anchor": "last_active_at", "days": 3}
    )
    assert (changed.name, changed.metadata, changed.expires_at) == (
        "t",
        {},
        changed.last_active_at + 3 * 86400,
    )
    assert client.vector_stores.update(store.id, expires_after=None).expires_after is None
    detached = client.vector_stores.files.delete(file.id, vector_store_id=store.id)
    assert (detached.deleted, detached.object) == (True, "vector_store.file.deleted")
    assert list(client.vector_stores.files.list(store.id)) == []
    assert client.files.retrieve(file.id).id == file.id
    assert client.vector_stores.delete(store.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.retrieve(store.id)


def test_files_of_a_store_have_attributes_and_chunking_of_their_own(client: OpenAI, file: Any) -> None:
    store = store_of(client)
    chunking = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}}
    made = client.vector_stores.files.create_and_poll(
        file.id,
        vector_store_id=store.id,
        attributes={"key": "policy", "year": 2026, "live": True},
        chunking_strategy=chunking,  # type: ignore[arg-type]
        poll_interval_ms=10,
    )
    assert made.status == "completed"
    assert made.attributes == {"key": "policy", "year": 2026, "live": True}
    assert made.chunking_strategy.static.max_chunk_size_tokens == 200  # type: ignore[union-attr]
    client.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"key": "other"})
    assert client.vector_stores.files.retrieve(file.id, vector_store_id=store.id).attributes == {
        "key": "other"
    }
    content = client.vector_stores.files.content(file.id, vector_store_id=store.id).data[0]
    assert content.text is not None
    assert "thirty days" in content.text
    with pytest.raises(openai.BadRequestError, match="attributes"):
        client.vector_stores.files.update(
            file.id,
            vector_store_id=store.id,
            attributes={str(number): 1.0 for number in range(17)},
        )


def test_batches_take_ids_or_members(client: OpenAI, file: Any) -> None:
    other = client.files.create(file=("b.bin", b"\x00\x01"), purpose="assistants")
    store = store_of(client)
    batch = client.vector_stores.file_batches.create_and_poll(
        store.id,
        files=[{"file_id": file.id, "attributes": {"n": 1}}, {"file_id": other.id}],
        poll_interval_ms=10,
    )
    assert (batch.status, batch.file_counts.completed, batch.file_counts.failed) == ("completed", 1, 1)
    listed = {item.id: item for item in client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id)}  # fmt: skip
    assert listed[file.id].attributes == {"n": 1}
    assert listed[other.id].last_error.code == "unsupported_file"  # type: ignore[union-attr]
    assert [item.id for item in client.vector_stores.files.list(store.id, filter="failed")] == [other.id]
    with pytest.raises(openai.BadRequestError, match="Exactly one of"):
        client.vector_stores.file_batches.create(store.id, file_ids=[file.id], files=[{"file_id": file.id}])
    with pytest.raises(openai.BadRequestError, match="maximum length 500"):
        client.vector_stores.file_batches.create(store.id, file_ids=[file.id] * 501)


def test_search_finds_passages_of_files_whose_attributes_fit(client: OpenAI, file: Any) -> None:
    store = store_of(client)
    client.vector_stores.files.create(store.id, file_id=file.id, attributes={"year": 2026})
    client.vector_stores.files.poll(file.id, vector_store_id=store.id, poll_interval_ms=10)
    first = next(iter(client.vector_stores.search(store.id, query="When may goods be returned?")))
    assert (first.file_id, first.filename, first.attributes) == (file.id, "policy.md", {"year": 2026})
    assert "thirty days" in first.content[0].text
    for value, count in ((2026, 1), (2025, 0)):
        found = client.vector_stores.search(
            store.id, query="goods returned", filters={"type": "eq", "key": "year", "value": value}
        )
        assert len(list(found)) == count


def test_both_dialects_see_the_same_files_and_stores(client: OpenAI, agents: AgentsClient, file: Any) -> None:
    store = store_of(client, file.id)
    assert agents.vector_stores.get(store.id).file_counts.completed == 1
    assert agents.files.get(file.id).filename == "policy.md"
    made = agents.vector_stores.create_and_poll(name="classic", polling_interval=0.01)
    assert [item.id for item in client.vector_stores.list(limit=1)] == [made.id, store.id]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"surprise": 1}, "surprise"),
    ({"name": 1}, "name"),
    ({"expires_after": {"anchor": "last_active_at", "days": 0}}, "expires_after.days"),
    ({"metadata": {"k": 1}}, "metadata.k"),
    ({"configuration": {}}, "configuration"),
]  # fmt: skip


def test_what_a_store_does_not_take_is_refused_by_its_field(project: Wire) -> None:
    path = "/accounts/contoso/api/projects/support/openai/v1/vector_stores"
    for body, param in REFUSED:
        reply = project.send("POST", path, "https://ai.azure.com", json=body)
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, param), body


def test_a_call_needs_a_token_and_a_role_and_no_version_of_the_api(project: Wire) -> None:
    path = "/accounts/contoso/api/projects/support/openai/v1/vector_stores"
    assert project.send("GET", path, "https://ai.azure.com").status_code == 200
    assert project.send("GET", path, None).status_code == 401
    assert project.send("GET", path, "https://search.azure.com").status_code == 401
    assert Wire(project.serving, DEVELOPER).send("GET", path, "https://ai.azure.com").status_code == 401
    reply = project.send("GET", path, "https://ai.azure.com", params={"api-version": "2024-10-21"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "UnsupportedApiVersion")
