"""azure-search-documents, unmodified: indexers that fill an index from blobs, and synonym maps in queries.

What Azurite would hold is held here by a server that speaks as much of its wire as an indexer asks for.
"""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient
from azure.search.documents.indexes.models import (
    FieldMapping,
    FieldMappingFunction,
    IndexingParameters,
    IndexingParametersConfiguration,
    SearchableField,
    SearchField,
    SearchFieldDataType,
    SearchIndex,
    SearchIndexer,
    SearchIndexerDataContainer,
    SearchIndexerDataSourceConnection,
    SearchIndexerStatus,
    SimpleField,
    SynonymMap,
)

from foundry.sandbox.emulator import Settings, serve

from .conftest import GROUP, Wire
from .test_search_with_the_official_client import DEFINITIONS, DOCUMENTS, SERVICE, allow

STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosodata"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"


@dataclass
class Blobs:
    """The blobs of an account, whatever container they are in."""

    held: dict[str, bytes] = field(default_factory=dict)
    url: str = ""

    def listing(self, prefix: str) -> bytes:
        told = "".join(
            f"<Blob><Name>{name}</Name><Properties><Last-Modified>Wed, 01 Apr 2026 10:00:00 GMT</Last-Modified>"
            "<Content-Type>text/plain</Content-Type></Properties></Blob>"
            for name in sorted(self.held)
            if name.startswith(prefix)
        )
        return f"<EnumerationResults><Blobs>{told}</Blobs><NextMarker/></EnumerationResults>".encode()


@pytest.fixture(scope="module")
def blobs() -> Iterator[Blobs]:
    store = Blobs()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            assert self.headers["Authorization"].startswith("SharedKey devstoreaccount1:")
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            _, account, container, *rest = unquote(parts.path).split("/", 3)
            assert account == "devstoreaccount1"
            assert container == "papers" or container.startswith("dataset-")
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command == "PUT" and rest:
                assert "sig" not in query
                store.held[rest[0]] = content
                self._answer(201, b"")
            elif self.command == "PUT":
                self._answer(409, b"")
            elif rest:
                self._answer(200, store.held[rest[0]])
            else:
                self._answer(200, store.listing(query.get("prefix", "")))

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        store.url = f"http://127.0.0.1:{running.server_address[1]}"
        yield store
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    home = tmp_path_factory.mktemp("indexers") / "sandbox"
    with serve(home, settings=Settings(operation_delay=0.01)) as serving:
        yield Wire(serving)


@pytest.fixture(scope="module")
def endpoint(wire: Wire, blobs: Blobs) -> str:
    """A search service whose identity may read the blobs of a storage account."""
    wire.put(GROUP, {"location": "westus"})
    wire.put(STORAGE, {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    wire.put(f"{STORAGE}/blobServices/default/containers/papers", {})
    service = {
        "location": "westus",
        "sku": {"name": "basic"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"disableLocalAuth": True},
    }
    wire.arm("PUT", SERVICE, service)
    while wire.get(SERVICE)["properties"]["provisioningState"] != "succeeded":
        pass
    allow(wire, DEFINITIONS, 1)
    allow(wire, DOCUMENTS, 2)
    key = base64.b64encode(b"key").decode()
    record = {"blob": blobs.url, "queue": blobs.url, "accounts": [["devstoreaccount1", key]]}
    (wire.serving.home / "storage.json").write_text(json.dumps(record), encoding="utf-8")
    return str(wire.get(SERVICE)["properties"]["endpoint"])


@pytest.fixture(autouse=True)
def may_read(wire: Wire, endpoint: str) -> None:
    identity = wire.get(SERVICE)["identity"]["principalId"]
    wire.assign(STORAGE, READER, identity, "00000000-0000-4000-8000-00000000ee09")


@pytest.fixture
def indexers(azure: None, endpoint: str) -> Iterator[SearchIndexerClient]:
    with SearchIndexerClient(endpoint, DefaultAzureCredential()) as client:
        yield client


@pytest.fixture
def indexes(azure: None, endpoint: str) -> Iterator[SearchIndexClient]:
    with SearchIndexClient(endpoint, DefaultAzureCredential()) as client:
        yield client


def filled(
    indexers: SearchIndexerClient,
    indexes: SearchIndexClient,
    name: str,
    *fields: SearchField,
    folder: str,
    mappings: list[FieldMapping] | None = None,
    **configuration: Any,
) -> SearchIndexerStatus:
    """An index, a data source and an indexer of a name; how the indexer's first run went."""
    key = SimpleField(name="id", type=SearchFieldDataType.STRING, key=True)
    indexes.create_or_update_index(SearchIndex(name=name, fields=[key, *fields]))
    indexers.create_or_update_data_source_connection(
        SearchIndexerDataSourceConnection(
            name=name,
            type="azureblob",
            connection_string=f"ResourceId={STORAGE};",
            container=SearchIndexerDataContainer(name="papers", query=folder),
        )
    )
    parameters = IndexingParameters(configuration=IndexingParametersConfiguration(**configuration))
    indexers.create_indexer(
        SearchIndexer(
            name=name,
            data_source_name=name,
            target_index_name=name,
            parameters=parameters,
            field_mappings=mappings,
        )
    )
    return indexers.get_indexer_status(name)


def documents(endpoint: str, name: str) -> dict[str, Any]:
    with SearchClient(endpoint, name, DefaultAzureCredential()) as client:
        return {item["id"]: item for item in client.search("*")}


def test_texts_become_documents_as_soon_as_an_indexer_is_made(
    indexers: SearchIndexerClient, indexes: SearchIndexClient, endpoint: str, blobs: Blobs
) -> None:
    blobs.held |= {"notes/a.md": b"Boots last a year.", "notes/b.log": b"nothing", "other.md": b"not this"}
    status = filled(
        indexers,
        indexes,
        "notes",
        SearchableField(name="content"),
        SearchableField(name="title"),
        folder="notes/",
        mappings=[FieldMapping(source_field_name="metadata_storage_name", target_field_name="title")],
        excluded_file_name_extensions=".log",
    )
    assert status.last_result is not None
    assert (status.last_result.status, status.last_result.item_count) == ("success", 1)
    ((key, document),) = documents(endpoint, "notes").items()
    assert (document["content"], document["title"]) == ("Boots last a year.", "a.md")
    path = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
    assert path.endswith("/storage/contosodata/blob/papers/notes/a.md")
    blobs.held["notes/c.md"] = b"Tents too."
    indexers.run_indexer("notes")
    assert len(documents(endpoint, "notes")) == 2
    assert len(indexers.get_indexer_status("notes").execution_history) == 2
    indexers.reset_indexer("notes")
    assert indexers.get_indexer_status("notes").last_result.status == "reset"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("mode", "content", "more"),
    [
        ("json", b'{"sku": "A1", "about": {"price": 3}}', {}),
        ("jsonArray", b'{"rows": [{"sku": "A1", "about": {"price": 3}}]}', {"document_root": "/rows"}),
        ("jsonLines", b'{"sku": "A1", "about": {"price": 3}}\n', {}),
    ],
)
def test_json_is_read_by_the_parsing_mode(
    indexers: SearchIndexerClient,
    indexes: SearchIndexClient,
    endpoint: str,
    blobs: Blobs,
    mode: str,
    content: bytes,
    more: dict[str, str],
) -> None:
    name = mode.lower()
    blobs.held[f"{name}/x.json"] = content
    status = filled(
        indexers,
        indexes,
        name,
        SimpleField(name="price", type=SearchFieldDataType.DOUBLE),
        folder=f"{name}/",
        mappings=[
            FieldMapping(source_field_name="sku", target_field_name="id"),
            FieldMapping(source_field_name="/about/price", target_field_name="price"),
        ],
        parsing_mode=mode,
        **more,
    )
    assert status.last_result is not None
    assert status.last_result.error_message is None
    assert documents(endpoint, name)["A1"]["price"] == 3


def test_rows_of_csv_are_typed_by_their_fields_and_functions_are_applied(
    indexers: SearchIndexerClient, indexes: SearchIndexClient, endpoint: str, blobs: Blobs
) -> None:
    blobs.held["rows/x.csv"] = b"sku;pieces\nred boot;3\nblue boot;4\n"
    second = FieldMappingFunction(name="extractTokenAtPosition", parameters={"delimiter": " ", "position": 0})
    filled(
        indexers,
        indexes,
        "rows",
        SimpleField(name="pieces", type=SearchFieldDataType.INT32),
        folder="rows/",
        mappings=[FieldMapping(source_field_name="sku", target_field_name="id", mapping_function=second)],
        parsing_mode="delimitedText",
        delimited_text_delimiter=";",
    )
    assert {key: item["pieces"] for key, item in documents(endpoint, "rows").items()} == {"red": 3, "blue": 4}


def test_what_can_not_be_read_is_in_the_status(
    indexers: SearchIndexerClient, indexes: SearchIndexClient, blobs: Blobs, wire: Wire
) -> None:
    blobs.held |= {"broken/a.json": b"no json", "broken/b.json": b"{}"}
    status = filled(indexers, indexes, "broken", folder="broken/", parsing_mode="json")
    result = status.last_result
    assert result is not None
    assert (result.status, result.failed_item_count, result.item_count) == ("transientFailure", 1, 2)
    assert result.errors[0].key.endswith("/broken/a.json")
    assert "it is no JSON" in result.errors[0].error_message
    skillset = {"@odata.type": "#Microsoft.Skills.Text.SplitSkill", "inputs": [], "outputs": []}
    wire_put(wire, "skillsets('cut')", {"name": "cut", "skills": [skillset]})
    held = indexers.get_indexer("broken")
    held.skillset_name = "cut"
    indexers.create_or_update_indexer(held)
    indexers.run_indexer("broken")
    (warning,) = indexers.get_indexer_status("broken").last_result.warnings  # type: ignore[union-attr]
    assert "The skillset 'cut' isn't executed" in warning.message


def wire_put(wire: Wire, path: str, body: Any) -> None:
    version = {"api-version": "2026-04-01"}
    reply = wire.send("PUT", f"/search/shelf/{path}", "https://search.azure.com", params=version, json=body)
    assert reply.status_code in (200, 201), reply.text


def test_what_an_indexer_needs_and_lacks_is_in_the_status(
    indexers: SearchIndexerClient, indexes: SearchIndexClient, wire: Wire
) -> None:
    filled(indexers, indexes, "needy", folder="none/")

    def trouble() -> str:
        indexers.run_indexer("needy")
        result = indexers.get_indexer_status("needy").last_result
        assert result is not None
        assert result.status == "transientFailure"
        return str(result.error_message)

    wire.delete(
        f"{STORAGE}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-00000000ee09"
    )
    assert "lacks Storage Blob Data Reader" in trouble()
    wire.assign(
        STORAGE, READER, wire.get(SERVICE)["identity"]["principalId"], "00000000-0000-4000-8000-00000000ee09"
    )
    record = wire.serving.home / "storage.json"
    held = record.read_text(encoding="utf-8")
    record.unlink()
    assert "fac sandbox start --with-storage" in trouble()
    record.write_text(held, encoding="utf-8")
    source = indexers.get_data_source_connection("needy")
    source.type = "azuresql"
    indexers.create_or_update_data_source_connection(source)
    assert trouble() == "data sources of type 'azuresql' are not read by the emulator"
    with pytest.raises(ResourceNotFoundError):
        indexers.run_indexer("absent")


def test_synonyms_find_what_is_called_otherwise(
    indexes: SearchIndexClient, endpoint: str, azure: None
) -> None:
    rules = ["shoe, boot, hiking boot", "trainers => shoe"]
    indexes.create_or_update_synonym_map(SynonymMap(name="words", synonyms=rules))
    fields = [
        SimpleField(name="id", type=SearchFieldDataType.STRING, key=True),
        SearchableField(name="text", synonym_map_names=["words"]),
        SearchableField(name="plain"),
    ]
    indexes.create_or_update_index(SearchIndex(name="synonyms", fields=fields))
    with SearchClient(endpoint, "synonyms", DefaultAzureCredential()) as client:
        client.upload_documents(
            [
                {"id": "1", "text": "A hiking boot of leather"},
                {"id": "2", "text": "A tent", "plain": "boot"},
                {"id": "3", "text": "Trainers for the track"},
            ]
        )

        def found(text: str, **more: Any) -> list[str]:
            return sorted(item["id"] for item in client.search(text, **more))

        assert found("shoe") == ["1"]
        assert found("boot", search_fields=["text"]) == ["1"]
        assert found("trainers", search_fields=["text"]) == ["1"]
        assert found("boot", search_fields=["plain"]) == ["2"]
