"""Files and the vector stores that make them searchable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foundry.model.environment import Dialect
from foundry.model.findings import Position
from foundry.model.lifecycle import Lifecycle
from foundry.model.values import Json


@dataclass(frozen=True, order=True)
class KnowledgeFile:
    """A local file. `path` is relative to the project root, with forward slashes; `size` is in bytes."""

    path: str
    sha256: str
    size: int

    @property
    def filename(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class MemoryStore:
    """What versioned agents remember. `options` has the declared ones; neither they nor the models can change later."""

    name: str
    service_name: str
    project: str
    chat_model: str
    embedding_model: str
    description: str | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None


@dataclass(frozen=True)
class VectorStore:
    """A vector store: local `files`, or `data_sources` that stay in the customer's storage.

    `expires_after_days` is counted from the last use. `chunking_strategy` is the declared mapping, or None. `attributes` are those
    of files, by path: texts, numbers and booleans by name.
    """

    name: str
    service_name: str
    project: str
    dialect: Dialect
    files: tuple[KnowledgeFile, ...] = ()
    attributes: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    data_sources: tuple[Mapping[str, Json], ...] = ()
    chunking_strategy: Mapping[str, Json] | None = None
    expires_after_days: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None
