"""Search indexes, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foundry.model.findings import Position
from foundry.model.knowledge import KnowledgeFile
from foundry.model.lifecycle import Lifecycle
from foundry.model.values import Json


@dataclass(frozen=True)
class SearchIndex:
    """An AI Search index. `definition` is the service's own body, without `name` (that is `service_name`).

    `rebuild` says what a change does that can't be made in place: `forbid` or `behind_alias`.
    `documents` are JSON Lines files whose documents are merged in by key.
    """

    name: str
    service_name: str
    definition: Mapping[str, Json]
    alias: str | None = None
    rebuild: str = "forbid"
    documents: tuple[KnowledgeFile, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None
