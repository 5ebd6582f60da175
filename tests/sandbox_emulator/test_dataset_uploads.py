"""azure-ai-projects, unmodified: files become datasets by way of the project's storage.

The server that holds the blobs is the one of the indexers' tests.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.ai.projects import AIProjectClient
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient

from foundry.sandbox.emulator import Settings, serve

from .conftest import GROUP, PROJECT, Wire
from .test_indexers_and_synonyms import Blobs, blobs

__all__ = ["blobs"]

STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosodata"


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    with serve(tmp_path / "sandbox", settings=Settings(operation_delay=0.01)) as serving:
        yield Wire(serving)


@pytest.fixture
def storage(project: Wire) -> Wire:
    """A project with a connection to a storage account; nothing runs behind it yet."""
    project.put(STORAGE, {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    connection: dict[str, Any] = {
        "authType": "AAD",
        "category": "AzureStorageAccount",
        "target": f"{project.serving.url}/storage/contosodata/blob/",
        "metadata": {"ResourceId": STORAGE},
    }
    project.put(f"{PROJECT}/connections/files", {"properties": connection})
    return project


def begin(wire: Wire, blobs: Blobs) -> None:
    record = {
        "blob": blobs.url,
        "queue": blobs.url,
        "accounts": [["devstoreaccount1", base64.b64encode(b"key").decode()]],
    }
    (wire.serving.home / "storage.json").write_text(json.dumps(record), encoding="utf-8")


def test_a_file_is_uploaded_and_read_again(
    projects: AIProjectClient, storage: Wire, blobs: Blobs, tmp_path: Path
) -> None:
    begin(storage, blobs)
    file = tmp_path / "orders.csv"
    file.write_text("id,total\n1,2\n", encoding="utf-8")
    made = projects.datasets.upload_file(
        name="orders", version="1", file_path=str(file), connection_name="files"
    )
    assert made.type == "uri_file"
    assert made.data_uri.endswith("/orders.csv")
    assert blobs.held["orders.csv"] == file.read_bytes()
    given = projects.datasets.get_credentials("orders", "1").blob_reference
    assert given.storage_account_arm_id == STORAGE
    container = ContainerClient.from_container_url(given.credential.sas_uri, retry_total=0)
    assert container.get_blob_client("orders.csv").url.startswith(given.blob_uri)
    with pytest.raises(HttpResponseError, match="not authorized"):
        container.upload_blob("other.csv", b"x")
    storage.control("POST", "/clock", {"advance": 3_601})
    with pytest.raises(HttpResponseError, match="not valid any more"):
        container.upload_blob("other.csv", b"x")
    url = urlsplit(given.credential.sas_uri)
    spoiled = url._replace(query=url.query.replace("sp=rl", "sp=rwl")).geturl()
    with pytest.raises(HttpResponseError, match="not implemented by the emulator"):
        ContainerClient.from_container_url(spoiled, retry_total=0).upload_blob("other.csv", b"x")


def test_without_storage_the_refusal_says_how_to_get_it(
    projects: AIProjectClient, storage: Wire, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("id\n", encoding="utf-8")
    with pytest.raises(HttpResponseError, match="fac sandbox start --with-storage") as refused:
        projects.datasets.upload_file(name="orders", version="1", file_path=str(file))
    assert refused.value.status_code == 501
    with pytest.raises(HttpResponseError, match="Storage connection 'other' doesn't exist"):
        projects.datasets.upload_file(
            name="orders", version="1", file_path=str(file), connection_name="other"
        )
