"""Embeddings of an Azure OpenAI deployment, for documents that come without vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from foundry.service.wire import Wire

OPENAI_SCOPE: Final = "https://cognitiveservices.azure.com/.default"
_VERSION: Final = {"api-version": "2024-10-21"}
_BATCH: Final = 16
# About 8,000 tokens, the most that an embedding model reads (Azure docs, "Azure OpenAI embeddings").
_LONGEST: Final = 24_000


class AzureEmbeddings:
    """`Embeddings` on the wire."""

    def __init__(self, endpoint: str, wire: Wire) -> None:
        self.endpoint = endpoint
        self._wire = wire

    def embed(
        self, deployment: str, texts: Sequence[str], dimensions: int | None
    ) -> Sequence[Sequence[float]]:
        """See `Embeddings`."""
        wire, vectors = self._wire.waiting_for_roles(), []
        for start in range(0, len(texts), _BATCH):
            body: dict[str, object] = {"input": [text[:_LONGEST] for text in texts[start : start + _BATCH]]}
            if dimensions is not None:
                body["dimensions"] = dimensions
            answer = wire.call(
                "make embeddings with deployment",
                deployment,
                "POST",
                f"/openai/deployments/{quote(deployment, safe='')}/embeddings",
                query=_VERSION,
                body=body,
            )
            made = sorted(answer.body["data"], key=lambda one: int(one["index"]))
            vectors += [one["embedding"] for one in made]
        return vectors
