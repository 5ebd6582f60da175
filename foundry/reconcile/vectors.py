"""Vectors for documents of a search index that come without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from foundry.service.protocols import Services

_VECTOR: Final = "Collection(Edm.Single)"
_FIXED_LENGTH: Final = "text-embedding-ada-002"


@dataclass(frozen=True)
class _Vectorized:
    """A vector field whose profile names an Azure OpenAI vectorizer: where its vectors are made."""

    field: str
    endpoint: str
    deployment: str
    dimensions: int | None


def with_vectors(
    services: Services, definition: Mapping[str, Any], documents: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The documents, each with the vectors it lacks.

    A vector stands for all the searchable text of its document, and is made by the deployment that the field's vectorizer names. A
    document without such text stays without.
    """
    made = [dict(document) for document in documents]
    texts = [_text(definition, document) for document in documents]
    for one in _vectorized(definition):
        lacking = [
            number
            for number, document in enumerate(documents)
            if document.get(one.field) is None and texts[number]
        ]
        if not lacking:
            continue
        vectors = services.embeddings(one.endpoint).embed(
            one.deployment, [texts[number] for number in lacking], one.dimensions
        )
        for number, vector in zip(lacking, vectors, strict=True):
            made[number][one.field] = list(vector)
    return list(made)


def _vectorized(definition: Mapping[str, Any]) -> Iterator[_Vectorized]:
    search = definition.get("vectorSearch") or {}
    profiles = {one.get("name"): one for one in search.get("profiles") or ()}
    vectorizers = {one.get("name"): one for one in search.get("vectorizers") or ()}
    for field in definition.get("fields") or ():
        profile = profiles.get(field.get("vectorSearchProfile")) or {}
        parameters = (vectorizers.get(profile.get("vectorizer")) or {}).get("azureOpenAIParameters") or {}
        endpoint, deployment = parameters.get("resourceUri"), parameters.get("deploymentId")
        if field.get("type") == _VECTOR and endpoint and deployment:
            fixed = parameters.get("modelName") == _FIXED_LENGTH
            yield _Vectorized(
                str(field["name"]),
                str(endpoint),
                str(deployment),
                None if fixed else int(field["dimensions"]),
            )


def _text(definition: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for field in definition.get("fields") or ():
        if field.get("key") or field.get("searchable") is False:
            continue
        value = document.get(str(field.get("name")))
        if field.get("type") == "Edm.String" and isinstance(value, str):
            parts.append(value)
        elif field.get("type") == "Collection(Edm.String)" and isinstance(value, list):
            parts.append(", ".join(str(each) for each in value))
    return "\n".join(part for part in parts if part)
