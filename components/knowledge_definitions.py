"""Declared vector stores, memory stores, search indexes and what stands beside these as inputs of the dynamic resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from foundry import model

from .references import Models, References, called, deployed, filled

_WORDS = {
    "targetIndexName": "name of the index",
    "dataSourceName": "name of its data source",
    "skillsetName": "name of its skillset",
}


def store_definition(store: model.VectorStore, to: References, dialect: model.Dialect) -> dict[str, Any]:
    """The `definition` input of a VectorStore in one dialect."""
    attributes = store.attributes if dialect is model.Dialect.VERSIONED else {}
    definition: dict[str, Any] = {
        "name": store.service_name,
        "metadata": dict(store.metadata),
        "files": [
            {
                "path": file.path,
                "sha256": file.sha256,
                "file_id": called(to.files[file.path], f"id of file {file.path}"),
                **({"attributes": filled(attributes[file.path], to)} if file.path in attributes else {}),
            }
            for file in sorted(store.files)
        ],
    }
    if store.expires_after_days is not None:
        definition["expires_after_days"] = store.expires_after_days
    if store.chunking_strategy is not None:
        definition["chunking_strategy"] = filled(store.chunking_strategy, to)
    if store.data_sources:
        definition["data_sources"] = [filled(source, to) for source in store.data_sources]
    return definition


def memory_definition(store: model.MemoryStore, to: References) -> dict[str, Any]:
    """The `definition` input of a MemoryStore."""
    more = {"description": store.description, "options": dict(store.options)}
    return {
        "name": store.service_name,
        "chat_model": deployed(store.chat_model, to),
        "embedding_model": deployed(store.embedding_model, to),
        **{key: value for key, value in more.items() if value},
        "metadata": dict(store.metadata),
    }


def synonym_maps_in(fields: model.Json) -> frozenset[str]:
    """The synonym maps that fields of an index name, and those inside them."""
    names: set[str] = set()
    for field in fields if isinstance(fields, Sequence) else ():
        if isinstance(field, Mapping):
            named = field.get("synonymMaps")
            names |= set(map(str, named)) if isinstance(named, Sequence) else set()
            names |= synonym_maps_in(field.get("fields"))
    return frozenset(names)


def index_definition(index: model.SearchIndex, models: Models) -> dict[str, Any]:
    """The service's body of an index, with address and model of its Azure OpenAI vectorizers filled in where they are absent."""
    body: dict[str, Any] = {**filled(index.definition, References()), "name": index.service_name}
    vectors = body.get("vectorSearch")
    if isinstance(vectors, Mapping) and vectors.get("vectorizers"):
        vectorizers = [_vectorizer(each, models) for each in vectors["vectorizers"]]
        body["vectorSearch"] = {**vectors, "vectorizers": vectorizers}
    return body


def _vectorizer(declared: Mapping[str, Any], models: Models) -> dict[str, Any]:
    parameters = declared.get("azureOpenAIParameters")
    if declared.get("kind") != "azureOpenAI" or not parameters or "deploymentId" not in parameters:
        return dict(declared)
    deployment = parameters["deploymentId"]
    endpoint = called(models.openai_endpoint, "endpoint of the account's models")
    ours: dict[str, Any] = {"resourceUri": endpoint} if endpoint is not None else {}
    if deployment in models.model_names:
        ours["modelName"] = models.model_names[deployment]
    name = models.deployments.get(deployment, deployment)
    made = {"deploymentId": called(name, f"name of deployment {deployment}")}
    return {**declared, "azureOpenAIParameters": {**ours, **parameters, **made}}


def asset_definition(
    asset: model.IndexAsset, *, index_name: pulumi.Input[str], to: References
) -> dict[str, Any]:
    """The `definition` input of an IndexAsset. Raises FoundryError where the project has no connection to the search service."""
    connection = to.search_connection
    if connection is None:
        raise model.FoundryError(
            f"the index asset {asset.name} needs a connection of its project to the search service",
            fix="declare `search` in the environment, or take `asset` out of the index",
        )
    more = {"description": asset.description, "field_mapping": dict(asset.field_mapping)}
    return {
        "name": asset.name,
        "connection_name": called(
            pulumi.Output.from_input(connection).apply(_last_segment), "name of the search connection"
        ),
        "index_name": called(index_name, "name of the index"),
        **{key: value for key, value in more.items() if value},
        "tags": dict(asset.tags),
    }


def _last_segment(arm_id: str) -> str:
    return arm_id.rstrip("/").rsplit("/", 1)[-1]


def search_object_definition(
    one: model.SearchObject, names: Mapping[str, pulumi.Input[str]], storage_id: pulumi.Input[str] | None
) -> dict[str, Any]:
    """The service's body of what stands beside an index.

    An indexer gets the names of what was made before it. A data source without credentials reads `storage_id`, with the
    search service's own identity. Source: Azure docs, "Connect to Azure Storage using a managed identity".
    """
    body: dict[str, Any] = {**filled(one.definition, References()), "name": one.name}
    if one.family == "indexers":
        return {**{key: called(name, _WORDS[key]) for key, name in names.items()}, **body}
    if one.family == "datasources" and "credentials" not in body and storage_id is not None:
        string = pulumi.Output.concat("ResourceId=", storage_id, ";")
        body["credentials"] = {"connectionString": called(string, "connection string of the storage account")}
    return body


def reads_our_blobs(index: model.SearchIndex) -> bool:
    """Whether an indexer of the index reads blobs of the environment's own storage account."""
    return any(
        one.family == "datasources"
        and one.definition.get("type") in ("adlsgen2", "azureblob")
        and "credentials" not in one.definition
        for one in index.beside
    )
