"""azure-search-documents, unmodified, against a search service of the sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.identity import DefaultAzureCredential
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient
from azure.search.documents.indexes.models import (
    HnswAlgorithmConfiguration,
    SearchableField,
    SearchAlias,
    SearchField,
    SearchFieldDataType,
    SearchIndex,
    SemanticConfiguration,
    SemanticField,
    SemanticPrioritizedFields,
    SemanticSearch,
    SimpleField,
    VectorSearch,
    VectorSearchProfile,
)
from azure.search.documents.models import VectorizedQuery

from .conftest import DEPLOYER, GROUP, Wire

SERVICE = f"{GROUP}/providers/Microsoft.Search/searchServices/shelf"
DEFINITIONS = "7ca78c08-252a-4471-8644-bb5ff32d4ba0"
DOCUMENTS = "8ebe5a00-799e-43f5-93ac-243d3dce84a7"


def make_service(wire: Wire, **properties: Any) -> str:
    wire.put(GROUP, {"location": "westus"})
    wire.arm("PUT", SERVICE, {"location": "westus", "sku": {"name": "basic"}, "properties": properties})
    for _ in range(1_000):
        service = wire.get(SERVICE)
        if service["properties"]["provisioningState"] == "succeeded":
            return str(service["properties"]["endpoint"])
    raise AssertionError("the service never came up")


def allow(wire: Wire, role: str, number: int) -> None:
    assert (
        wire.assign(SERVICE, role, DEPLOYER, f"00000000-0000-4000-8000-00000000ee0{number}").status_code
        == 201
    )


@pytest.fixture
def endpoint(azure: None, wire: Wire) -> str:
    endpoint = make_service(wire, disableLocalAuth=True)
    allow(wire, DEFINITIONS, 1)
    allow(wire, DOCUMENTS, 2)
    return endpoint


@pytest.fixture
def indexes(endpoint: str) -> Iterator[SearchIndexClient]:
    with SearchIndexClient(endpoint, DefaultAzureCredential()) as client:
        yield client


def definition(name: str = "parts", *more: SearchField) -> SearchIndex:
    return SearchIndex(
        name=name,
        fields=[
            SimpleField(name="id", type=SearchFieldDataType.STRING, key=True),
            SearchableField(name="title", filterable=True, sortable=True),
            SearchableField(name="text"),
            SimpleField(name="price", type=SearchFieldDataType.DOUBLE, filterable=True, sortable=True),
            SearchField(
                name="vector",
                type=SearchFieldDataType.Collection(SearchFieldDataType.SINGLE),
                searchable=True,
                vector_search_dimensions=2,
                vector_search_profile_name="p",
            ),
            *more,
        ],
        vector_search=VectorSearch(
            algorithms=[HnswAlgorithmConfiguration(name="h")],
            profiles=[VectorSearchProfile(name="p", algorithm_configuration_name="h")],
        ),
        semantic_search=SemanticSearch(
            configurations=[
                SemanticConfiguration(
                    name="s",
                    prioritized_fields=SemanticPrioritizedFields(
                        title_field=SemanticField(field_name="title"),
                        content_fields=[SemanticField(field_name="text")],
                    ),
                )
            ]
        ),
    )


def test_an_index_comes_back_with_every_attribute(indexes: SearchIndexClient, wire: Wire) -> None:
    indexes.create_index(definition())
    raw = wire.send(
        "GET",
        "/search/shelf/indexes('parts')",
        "https://search.azure.com",
        params={"api-version": "2026-04-01"},
    )
    body = raw.json()
    assert raw.headers["ETag"] == body["@odata.etag"]
    assert [field["name"] for field in body["fields"]] == ["id", "title", "text", "price", "vector"]
    assert body["fields"][0] == {
        "name": "id",
        "type": "Edm.String",
        "key": True,
        "retrievable": True,
        "stored": True,
        "searchable": False,
        "filterable": False,
        "sortable": False,
        "facetable": False,
        "analyzer": None,
        "indexAnalyzer": None,
        "searchAnalyzer": None,
        "normalizer": None,
        "dimensions": None,
        "vectorSearchProfile": None,
        "vectorEncoding": None,
        "synonymMaps": [],
    }
    assert body["vectorSearch"]["algorithms"][0]["hnswParameters"] == {
        "metric": "cosine",
        "m": 4,
        "efConstruction": 400,
        "efSearch": 500,
    }
    assert (body["suggesters"], body["corsOptions"], body["scoringProfiles"]) == ([], None, [])


def test_what_was_read_can_be_written_back_unchanged(indexes: SearchIndexClient) -> None:
    indexes.create_index(definition())
    read = indexes.get_index("parts")
    written = indexes.create_or_update_index(read)
    assert written.as_dict() | {"@odata.etag": 0} == read.as_dict() | {"@odata.etag": 0}
    assert written.e_tag != read.e_tag


def test_a_name_in_use_and_a_missing_name_are_told_apart(indexes: SearchIndexClient) -> None:
    indexes.create_index(definition())
    with pytest.raises(ResourceExistsError):
        indexes.create_index(definition())
    with pytest.raises(ResourceNotFoundError):
        indexes.get_index("nothing")
    assert list(indexes.list_index_names()) == ["parts"]
    indexes.delete_index("parts")
    indexes.delete_index("parts")
    assert list(indexes.list_indexes()) == []


def test_a_stale_etag_is_refused(indexes: SearchIndexClient) -> None:
    first = indexes.create_index(definition())
    changed = indexes.get_index("parts")
    changed.description = "changed"
    indexes.create_or_update_index(changed, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError):
        indexes.create_or_update_index(first, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceExistsError):
        indexes.create_or_update_index(definition(), match_condition=MatchConditions.IfMissing)
    with pytest.raises(ResourceModifiedError):
        indexes.delete_index(first, match_condition=MatchConditions.IfNotModified)


def test_fields_may_be_added_but_not_changed_or_removed(indexes: SearchIndexClient) -> None:
    indexes.create_index(definition())
    indexes.create_or_update_index(definition("parts", SimpleField(name="more", type="Edm.Int32")))
    with pytest.raises(HttpResponseError, match="Existing field 'more' cannot be deleted"):
        indexes.create_or_update_index(definition())
    changed = definition("parts", SimpleField(name="more", type="Edm.Int64"))
    with pytest.raises(HttpResponseError, match="Existing field 'more' cannot be changed"):
        indexes.create_or_update_index(changed)


def test_a_new_analyzer_needs_consent_to_downtime(indexes: SearchIndexClient) -> None:
    indexes.create_index(definition())
    changed = indexes.get_index("parts").as_dict()
    changed["analyzers"] = [{"@odata.type": "#Microsoft.Azure.Search.StopAnalyzer", "name": "mine"}]
    with pytest.raises(HttpResponseError, match="allowIndexDowntime"):
        indexes.create_or_update_index(changed)
    assert indexes.create_or_update_index(changed, allow_index_downtime=True).analyzers


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Upper"}, "Invalid index name"),
        ({"colour": "red"}, "'colour' does not exist"),
        ({"fields": [{"name": "a", "type": "Edm.String"}]}, "exactly one key"),
        ({"fields": [{"name": "a", "type": "Edm.Text", "key": True}]}, "unknown type"),
        ({"defaultScoringProfile": "none"}, "not defined"),
        ({"vectorSearch": {"algorithms": [], "profiles": []}}, "not defined"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(
    indexes: SearchIndexClient, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(HttpResponseError, match=message) as caught:
        indexes.create_index({**definition().as_dict(), **change})  # type: ignore[arg-type]
    assert caught.value.status_code == 400


def test_documents_are_written_counted_searched_filtered_and_deleted(
    indexes: SearchIndexClient, endpoint: str
) -> None:
    indexes.create_index(definition())
    with SearchClient(endpoint, "parts", DefaultAzureCredential()) as client:
        results = client.upload_documents(
            [
                {
                    "id": "1",
                    "title": "Brake pad",
                    "text": "Stops the bike in rain.",
                    "price": 12.5,
                    "vector": [1, 0],
                },
                {
                    "id": "2",
                    "title": "Chain",
                    "text": "Carries power to the wheel.",
                    "price": 30,
                    "vector": [0, 1],
                },
                {"id": "3", "title": "Bell", "text": "Rings.", "price": 5, "vector": [0.9, 0.1]},
            ]
        )
        assert [result.status_code for result in results] == [201, 201, 201]
        assert client.get_document_count() == 3
        assert client.get_document("2")["title"] == "Chain"
        found = client.search("what stops in the rain?", select=["id"], include_total_count=True)
        assert [(item["id"], "title" in item) for item in found] == [("1", False)]
        assert found.get_count() == 1
        cheap = client.search("*", filter="price lt 20 and title ne 'Bell'")
        assert [item["id"] for item in cheap] == ["1"]
        assert [item["id"] for item in client.search(order_by=["price desc"], top=2)] == ["2", "1"]
        near = VectorizedQuery(vector=[1.0, 0.0], k_nearest_neighbors=2, fields="vector")
        assert [item["id"] for item in client.search(vector_queries=[near])] == ["1", "3"]
        assert "vector" not in next(iter(client.search("bell")))
        client.merge_documents([{"id": "2", "price": 31}])
        assert client.get_document("2") == {
            "id": "2",
            "title": "Chain",
            "text": "Carries power to the wheel.",
            "price": 31,
        }
        client.delete_documents([{"id": "2"}])
        assert client.get_document_count() == 2
        with pytest.raises(HttpResponseError, match="not a filterable field"):
            list(client.search("*", filter="text eq 'x'"))
        with pytest.raises(HttpResponseError, match="'colour' does not exist"):
            client.upload_documents([{"id": "4", "colour": "red"}])
        with pytest.raises(HttpResponseError) as lacking:
            list(client.search("*", query_type="full"))
        assert lacking.value.status_code == 501
    assert indexes.get_index_statistics("parts").document_count == 2


def test_long_results_come_in_pages(indexes: SearchIndexClient, endpoint: str) -> None:
    indexes.create_index(definition())
    with SearchClient(endpoint, "parts", DefaultAzureCredential()) as client:
        client.upload_documents([{"id": str(number)} for number in range(120)])
        assert len({item["id"] for item in client.search("*")}) == 120


def test_what_is_too_large_for_a_request_is_refused_and_the_client_halves_it(
    indexes: SearchIndexClient, endpoint: str
) -> None:
    indexes.create_index(definition())
    with SearchClient(endpoint, "parts", DefaultAzureCredential()) as client:
        client.upload_documents([{"id": str(number), "text": "x" * 8_400_000} for number in (1, 2)])
        assert client.get_document_count() == 2
        with pytest.raises(HttpResponseError) as caught:
            client.upload_documents([{"id": "3", "text": "x" * 17_000_000}])
    assert caught.value.status_code == 413


def test_an_alias_leads_to_its_index_and_keeps_it(indexes: SearchIndexClient, endpoint: str) -> None:
    indexes.create_index(definition())
    indexes.create_index(definition("parts-2"))
    indexes.create_alias(SearchAlias(name="current", indexes=["parts"]))
    with SearchClient(endpoint, "current", DefaultAzureCredential()) as client:
        client.upload_documents([{"id": "1"}])
        assert client.get_document_count() == 1
        with pytest.raises(HttpResponseError):
            indexes.delete_index("parts")
        indexes.create_or_update_alias(SearchAlias(name="current", indexes=["parts-2"]))
        assert client.get_document_count() == 0
    indexes.delete_index("parts")
    assert [alias.indexes for alias in indexes.list_aliases()] == [["parts-2"]]


def test_values_are_counted_and_words_marked(indexes: SearchIndexClient, endpoint: str) -> None:
    tags = SearchField(name="tags", type="Collection(Edm.String)", facetable=True, filterable=True)
    indexes.create_index(definition("parts", tags))
    with SearchClient(endpoint, "parts", DefaultAzureCredential()) as client:
        client.upload_documents(
            [
                {"id": "1", "text": "Red helmets are here. Lights are not.", "tags": ["red", "head"]},
                {"id": "2", "text": "A helmet for children", "tags": ["head"]},
                {"id": "3", "text": "A bell", "tags": ["red"]},
            ]
        )
        found = client.search("helmet", facets=["tags,count:1"], highlight_fields="text")
        assert found.get_facets() == {"tags": [{"value": "head", "count": 2}]}
        marked = {item["id"]: item["@search.highlights"]["text"] for item in found}
        assert marked == {
            "1": ["Red <em>helmets</em> are here."],
            "2": ["A <em>helmet</em> for children"],
        }
        own = client.search(
            "bell", highlight_fields="text", highlight_pre_tag="[", highlight_post_tag="]", facets=["tags"]
        )
        assert [item["@search.highlights"] for item in own] == [{"text": ["A [bell]"]}]
        with pytest.raises(HttpResponseError, match="not facetable"):
            list(client.search("*", facets=["text"]))
        with pytest.raises(HttpResponseError, match="facet option 'interval:5'"):
            list(client.search("*", facets=["tags,interval:5"]))


def test_an_owner_without_search_roles_is_refused(azure: None, wire: Wire) -> None:
    endpoint = make_service(wire, authOptions={"aadOrApiKey": {"aadAuthFailureMode": "http403"}})
    with SearchIndexClient(endpoint, DefaultAzureCredential()) as client:
        with pytest.raises(HttpResponseError) as caught:
            list(client.list_indexes())
        assert caught.value.status_code == 403
        allow(wire, DEFINITIONS, 1)
        assert list(client.list_indexes()) == []


def test_a_service_that_takes_keys_only_takes_no_token(azure: None, wire: Wire) -> None:
    endpoint = make_service(wire)
    allow(wire, DEFINITIONS, 1)
    with SearchIndexClient(endpoint, DefaultAzureCredential()) as client, pytest.raises(HttpResponseError):
        list(client.list_indexes())
    key = wire.arm("POST", f"{SERVICE}/listAdminKeys").json()["primaryKey"]
    with SearchIndexClient(endpoint, AzureKeyCredential(key)) as client:
        client.create_index(definition())
        assert list(client.list_index_names()) == ["parts"]
    with SearchIndexClient(endpoint, AzureKeyCredential("wrong")) as client, pytest.raises(HttpResponseError):
        list(client.list_indexes())


def test_what_the_service_held_goes_with_the_service(indexes: SearchIndexClient, wire: Wire) -> None:
    indexes.create_index(definition())
    wire.delete(SERVICE)
    make_service(wire, disableLocalAuth=True)
    allow(wire, DEFINITIONS, 3)
    assert list(indexes.list_index_names()) == []


def test_operations_that_are_not_there_say_so_by_name(indexes: SearchIndexClient) -> None:
    with pytest.raises(HttpResponseError, match="is not implemented by the emulator") as caught:
        indexes.get_service_statistics()
    assert caught.value.status_code == 501
