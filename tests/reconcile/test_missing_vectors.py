"""Documents that come without vectors get them from the deployment that the field's vectorizer names."""

import hashlib
import json

import pytest
from azure.search.documents import SearchClient
from openai import AzureOpenAI

from foundry.model import ServiceError
from foundry.reconcile import search_index

from .conftest import ACCOUNT, arm

DIMENSIONS = 64


@pytest.fixture
def openai_endpoint(world):
    """The account with an embedding deployment, and the role to use it."""
    body = {
        "sku": {"name": "Standard", "capacity": 1},
        "properties": {"model": {"format": "OpenAI", "name": "m"}},
    }
    arm(world.serving, f"{ACCOUNT}/deployments/embeddings", body, "2025-06-01")
    return f"{world.serving.url}/accounts/contoso/"


@pytest.fixture
def inputs(world, search_endpoint, openai_endpoint):
    def make(*rows, deployment="embeddings"):
        path = world.root / "products.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        fields = [
            {"name": "id", "type": "Edm.String", "key": True},
            {"name": "title", "type": "Edm.String", "searchable": True},
            {"name": "uses", "type": "Collection(Edm.String)", "searchable": True},
            {"name": "secret", "type": "Edm.String", "searchable": False},
            {
                "name": "vector",
                "type": "Collection(Edm.Single)",
                "searchable": True,
                "retrievable": True,
                "dimensions": DIMENSIONS,
                "vectorSearchProfile": "p",
            },
        ]
        parameters = {
            "resourceUri": openai_endpoint,
            "deploymentId": deployment,
            "modelName": "text-embedding-3-small",
        }
        return {
            "owner": world.agent()["owner"],
            "name": "products",
            "dialect": "classic",
            "service": world.search,
            "endpoint": search_endpoint,
            "lifecycle": {},
            "rebuild": "forbid",
            "documents": [
                {"path": "products.jsonl", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            ],
            "definition": {
                "name": f"products-{world.name}",
                "fields": fields,
                "vectorSearch": {
                    "algorithms": [{"name": "a", "kind": "hnsw"}],
                    "profiles": [{"name": "p", "algorithm": "a", "vectorizer": "v"}],
                    "vectorizers": [
                        {"name": "v", "kind": "azureOpenAI", "azureOpenAIParameters": parameters}
                    ],
                },
            },
        }

    return make


@pytest.fixture
def official(world, openai_endpoint):
    token = world.credential().get_token("https://cognitiveservices.azure.com/.default").token
    return AzureOpenAI(azure_endpoint=openai_endpoint, api_version="2024-10-21", azure_ad_token=token)


def test_a_document_without_a_vector_gets_the_one_of_its_searchable_text(
    world, search_endpoint, inputs, official
):
    own = [0.5] * DIMENSIONS
    made = search_index.create(
        world.session(),
        inputs(
            {"id": "1", "title": "Crimson boots", "uses": ["rain", "snow"], "secret": "margin"},
            {"id": "2", "title": "Navy shirt", "vector": own},
            {"id": "3", "secret": "nothing to search in"},
        ),
    )

    client = SearchClient(search_endpoint, made.id, world.credential())
    text = "Crimson boots\nrain, snow"
    expected = official.embeddings.create(
        model="embeddings", input=text, dimensions=DIMENSIONS, encoding_format="float"
    )
    assert client.get_document("1")["vector"] == expected.data[0].embedding
    assert client.get_document("2")["vector"] == own
    assert not client.get_document("3").get("vector")


def test_many_documents_are_embedded_a_few_at_a_time_and_stay_in_order(
    world, search_endpoint, inputs, official
):
    rows = [{"id": str(number), "title": f"number{number}"} for number in range(40)]
    made = search_index.create(world.session(), inputs(*rows))

    client = SearchClient(search_endpoint, made.id, world.credential())
    expected = official.embeddings.create(
        model="embeddings", input="number37", dimensions=DIMENSIONS, encoding_format="float"
    )
    assert client.get_document("37")["vector"] == expected.data[0].embedding


def test_a_deployment_that_isn_t_there_is_named(world, inputs):
    with pytest.raises(ServiceError, match="make embeddings with deployment missing"):
        search_index.create(world.session(), inputs({"id": "1", "title": "Boots"}, deployment="missing"))
