"""Azurite beside the sandbox, with the official storage clients and azure-ai-agents as witnesses."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.agents.models import AzureFunctionStorageQueue, AzureFunctionTool
from azure.ai.projects import AIProjectClient
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient
from azure.search.documents.indexes.models import (
    SearchableField,
    SearchFieldDataType,
    SearchIndex,
    SearchIndexer,
    SearchIndexerDataContainer,
    SearchIndexerDataSourceConnection,
    SimpleField,
)
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueServiceClient

from foundry.sandbox.host import SandboxError, environment, start, status, stop, storage
from foundry.sandbox.host.lifecycle import Health
from foundry.testing.cloud import DEPLOYER, SUBSCRIPTION, Cloud

GROUP = f"{SUBSCRIPTION}/resourceGroups/sandbox"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosodata"
QUEUE_DATA = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
BLOB_DATA = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
WORKER = Path(__file__).parents[2] / "docs" / "samples" / "queue_worker.py"

AZURITE = storage.find(Path(sys.prefix))
with_azurite = pytest.mark.skipif(
    AZURITE is None,
    reason="no Azurite: `make test` installs it where Node.js is; or put `azurite` on PATH or into FAC_AZURITE",
)


@pytest.fixture(scope="module", autouse=True)
def azurite():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAC_AZURITE", str(AZURITE))
        yield


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory, module_port):
    home = tmp_path_factory.mktemp("storage") / "sandbox"
    yield start(home, port=module_port)
    stop(home)


@pytest.fixture(scope="module")
def cloud(sandbox):
    cloud = Cloud(sandbox.url, sandbox.identity_header, sandbox.authority)
    cloud.arm("PUT", GROUP, {"location": "westus"})
    make_account(cloud, ACCOUNT)
    return cloud


def make_account(cloud, account, **properties):
    sku = {"name": "Standard_LRS"}
    body = {"location": "westus", "kind": "StorageV2", "sku": sku, "properties": properties}
    cloud.arm("PUT", account, body)
    for number, role in enumerate((QUEUE_DATA, BLOB_DATA)):
        definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        name = f"00000000-0000-4000-8000-0000000000{number:02}"
        body = {"properties": {"roleDefinitionId": definition, "principalId": DEPLOYER}}
        cloud.arm("PUT", f"{account}/providers/Microsoft.Authorization/roleAssignments/{name}", body)
    until = time.monotonic() + 20
    while cloud.arm("GET", account)["properties"]["provisioningState"] != "Succeeded":
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def azure(monkeypatch, sandbox):
    for name, value in environment(sandbox).items():
        monkeypatch.setenv(name, value)


def endpoint(cloud, service, account=ACCOUNT):
    return cloud.arm("GET", account)["properties"]["primaryEndpoints"][service]


@pytest.fixture
def queues(azure, cloud):
    with QueueServiceClient(endpoint(cloud, "queue"), DefaultAzureCredential(), retry_total=0) as client:
        yield client


@pytest.fixture
def blobs(azure, cloud):
    with BlobServiceClient(endpoint(cloud, "blob"), DefaultAzureCredential(), retry_total=0) as client:
        yield client


@with_azurite
def test_a_queue_made_through_arm_is_there_and_the_other_way_round(queues, cloud):
    path = f"{ACCOUNT}/queueServices/default/queues"
    cloud.arm("PUT", f"{path}/from-arm", {"properties": {}})
    assert "from-arm" in [queue.name for queue in queues.list_queues()]
    queues.get_queue_client("from-arm").send_message("hello")
    assert [item.content for item in queues.get_queue_client("from-arm").receive_messages()] == ["hello"]
    queues.create_queue("from-client")
    assert "from-client" in [item["name"] for item in cloud.arm("GET", path)["value"]]
    queues.delete_queue("from-client")
    assert "from-client" not in [item["name"] for item in cloud.arm("GET", path)["value"]]
    cloud.arm("DELETE", f"{path}/from-arm")
    until = time.monotonic() + 20
    while "from-arm" in [queue.name for queue in queues.list_queues()]:
        assert time.monotonic() < until


@with_azurite
def test_blobs_are_written_read_listed_and_deleted(blobs, cloud):
    path = f"{ACCOUNT}/blobServices/default/containers"
    cloud.arm("PUT", f"{path}/papers", {"properties": {}})
    container = blobs.get_container_client("papers")
    content = bytes(range(256)) * 20
    container.upload_blob("a folder/näme.bin", content, metadata={"colour": "blue"})
    assert container.download_blob("a folder/näme.bin").readall() == content
    assert container.download_blob("a folder/näme.bin", offset=3, length=2).readall() == b"\x03\x04"
    found = container.get_blob_client("a folder/näme.bin").get_blob_properties()
    assert (found.size, found.metadata) == (len(content), {"colour": "blue"})
    assert [item.name for item in container.list_blobs()] == ["a folder/näme.bin"]
    container.delete_blob("a folder/näme.bin")
    assert list(container.list_blobs()) == []
    assert "papers" in [item["name"] for item in cloud.arm("GET", path)["value"]]


@with_azurite
def test_the_account_key_works_until_the_account_forbids_it(azure, cloud):
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/keyed"
    make_account(cloud, account)
    (key, _) = cloud.arm("POST", f"{account}/listKeys")["keys"]
    credential = {"account_name": "keyed", "account_key": key["value"]}
    address = endpoint(cloud, "queue", account)
    with QueueServiceClient(address, credential, retry_total=0) as client:
        queue = client.create_queue("by-key", metadata={"a": "b"})
        queue.send_message("hello")
        assert queue.get_queue_properties().approximate_message_count == 1
    wrong = credential | {"account_key": "AAAA"}
    with pytest.raises(ClientAuthenticationError):
        list(QueueServiceClient(address, wrong, retry_total=0).list_queues())
    cloud.arm("PATCH", account, {"properties": {"allowSharedKeyAccess": False}})
    with pytest.raises(HttpResponseError, match="Key based authentication is not permitted"):
        list(QueueServiceClient(address, credential, retry_total=0).list_queues())


@with_azurite
def test_a_principal_without_a_data_role_is_refused(azure, cloud):
    stranger = ManagedIdentityCredential(client_id="sandbox-stranger")
    client = QueueServiceClient(endpoint(cloud, "queue"), stranger, retry_total=0)
    with pytest.raises(HttpResponseError) as caught:
        client.create_queue("forbidden")
    assert (caught.value.status_code, caught.value.error_code) == (403, "AuthorizationPermissionMismatch")


@with_azurite
def test_an_account_that_comes_back_is_empty(azure, cloud):
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fleeting"
    make_account(cloud, account)
    with QueueServiceClient(
        endpoint(cloud, "queue", account), DefaultAzureCredential(), retry_total=0
    ) as client:
        client.create_queue("kept")
        cloud.arm("DELETE", account)
        make_account(cloud, account)
        assert list(client.list_queues()) == []


@with_azurite
def test_a_function_behind_queues_is_answered_by_the_sample_worker(queues, sandbox, cloud):
    where = cloud.make_project(project="functions")
    account_id = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso"
    for owner in (account_id, f"{account_id}/projects/functions"):
        host = {"properties": {"capabilityHostKind": "Agents"}}
        cloud.arm("PUT", f"{owner}/capabilityHosts/caphost", host)
    address = endpoint(cloud, "queue")
    for name in ("quotes-in", "quotes-out"):
        cloud.arm("PUT", f"{ACCOUNT}/queueServices/default/queues/{name}", {"properties": {}})
    # An answer for somebody else, which has to stay.
    queues.get_queue_client("quotes-out").send_message('{"Value": "no", "CorrelationId": "another"}')
    tool = AzureFunctionTool(
        name="get_quote",
        description="A quote for an order",
        parameters={"type": "object", "properties": {"order_id": {"type": "string"}}},
        input_queue=AzureFunctionStorageQueue(queue_name="quotes-in", storage_service_endpoint=address),
        output_queue=AzureFunctionStorageQueue(queue_name="quotes-out", storage_service_endpoint=address),
    )
    worker = subprocess.Popen(
        [sys.executable, str(WORKER), address, "quotes-in", "quotes-out"], stdout=subprocess.PIPE, text=True
    )
    try:
        with AgentsClient(where, DefaultAzureCredential()) as agents:
            agent = agents.create_agent(model="gpt-4.1", name="quotes", tools=tool.definitions)
            thread = agents.threads.create(
                messages=[{"role": "user", "content": "A quote for the order A-7, please"}]
            )
            run = agents.runs.create_and_process(thread_id=thread.id, agent_id=agent.id, polling_interval=0.1)
            assert run.status == "completed", run.last_error
            (said, *_) = agents.messages.list(thread.id)
    finally:
        worker.terminate()
        told, _ = worker.communicate(timeout=20)
    text = said.text_messages[0].text.value
    assert text == 'The function get_quote answered: answered for {"order_id": "A-7"}'
    assert "answered call_" in told
    until = time.monotonic() + 20
    while not (left := list(queues.get_queue_client("quotes-out").peek_messages(max_messages=5))):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert [item.content for item in left] == ['{"Value": "no", "CorrelationId": "another"}']


@with_azurite
def test_what_is_in_storage_survives_a_stop_and_azurite_ends_with_the_sandbox(home, free_port, monkeypatch):
    first = start(home, port=free_port)
    assert status(home).storage is Health.RUNNING
    for name, value in environment(first).items():
        monkeypatch.setenv(name, value)
    cloud = Cloud(first.url, first.identity_header, first.authority)
    cloud.arm("PUT", GROUP, {"location": "westus"})
    make_account(cloud, ACCOUNT)
    address = endpoint(cloud, "queue")
    with QueueServiceClient(address, DefaultAzureCredential(), retry_total=0) as client:
        client.create_queue("kept").send_message("still here")
        stop(home)
        assert status(home).storage is Health.STOPPED
        second = start(home)
        assert second.storage != first.storage
        kept = client.get_queue_client("kept")
        assert [item.content for item in kept.peek_messages()] == ["still here"]


def test_without_azurite_everything_else_works_and_one_line_says_what_is_missing(
    home, free_port, monkeypatch, tmp_path
):
    monkeypatch.setenv("FAC_AZURITE", str(tmp_path / "nothing"))
    told = []
    started = start(home, port=free_port, on_event=told.append)
    assert [line for line in told if "queues and blobs are not served" in line] == [told[-1]]
    found = status(home)
    assert (found.healthy, found.storage) == (True, Health.STOPPED)
    cloud = Cloud(started.url, started.identity_header, started.authority)
    cloud.arm("PUT", GROUP, {"location": "westus"})
    make_account(cloud, ACCOUNT)
    for name, value in environment(started).items():
        monkeypatch.setenv(name, value)
    client = QueueServiceClient(endpoint(cloud, "queue"), DefaultAzureCredential(), retry_total=0)
    with pytest.raises(HttpResponseError, match="--with-storage") as caught:
        list(client.list_queues())
    assert caught.value.status_code == 501


def test_storage_that_was_asked_for_and_cannot_be_had_is_an_error(home, free_port, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"Node\.js with npm"):
        start(home, port=free_port, with_storage=True)


@with_azurite
def test_an_indexer_fills_an_index_from_blobs(blobs, cloud):
    service = f"{GROUP}/providers/Microsoft.Search/searchServices/shelf"
    sku, identity = {"name": "basic"}, {"type": "SystemAssigned"}
    body = {"location": "westus", "sku": sku, "identity": identity, "properties": {"disableLocalAuth": True}}
    cloud.arm("PUT", service, body)
    until = time.monotonic() + 20
    while cloud.arm("GET", service)["properties"]["provisioningState"] != "succeeded":
        assert time.monotonic() < until
    cloud.assign("Search Service Contributor", service)
    cloud.assign("Search Index Data Contributor", service)
    principal = cloud.arm("GET", service)["identity"]["principalId"]
    cloud.assign("Storage Blob Data Reader", ACCOUNT, principal)
    blobs.create_container("shelf")
    blobs.get_blob_client("shelf", "a b/boots.md").upload_blob(b"Boots last a year.")
    shelf = f"{cloud.url}/search/shelf"
    with SearchIndexClient(shelf, DefaultAzureCredential()) as indexes:
        key = SimpleField(name="id", type=SearchFieldDataType.STRING, key=True)
        indexes.create_index(SearchIndex(name="shelf", fields=[key, SearchableField(name="content")]))
    with SearchIndexerClient(shelf, DefaultAzureCredential()) as indexers:
        container = SearchIndexerDataContainer(name="shelf")
        source = SearchIndexerDataSourceConnection(
            name="shelf", type="azureblob", connection_string=f"ResourceId={ACCOUNT};", container=container
        )
        indexers.create_data_source_connection(source)
        indexers.create_indexer(
            SearchIndexer(name="shelf", data_source_name="shelf", target_index_name="shelf")
        )
        result = indexers.get_indexer_status("shelf").last_result
    assert (result.error_message, result.item_count) == (None, 1)
    with SearchClient(shelf, "shelf", DefaultAzureCredential()) as documents:
        assert [item["content"] for item in documents.search("boots")] == ["Boots last a year."]


@with_azurite
def test_a_folder_becomes_a_dataset_in_the_storage_of_a_project(azure, cloud, tmp_path):
    endpoint = cloud.make_project(project="files")
    project = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso/projects/files"
    connection = {
        "authType": "AAD",
        "category": "AzureStorageAccount",
        "target": f"{cloud.url}/storage/contosodata/blob/",
        "metadata": {"ResourceId": ACCOUNT},
    }
    cloud.arm("PUT", f"{project}/connections/storage", {"properties": connection})
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "x.txt").write_text("hello")
    with AIProjectClient(endpoint, DefaultAzureCredential()) as client:
        made = client.datasets.upload_folder(name="texts", version="1", folder=str(tmp_path))
        assert made.type == "uri_folder"
        given = client.datasets.get_credentials("texts", "1").blob_reference
    container = ContainerClient.from_container_url(given.credential.sas_uri)
    assert [item.name for item in container.list_blobs()] == ["a b/x.txt"]
    assert container.download_blob("a b/x.txt").readall() == b"hello"
