"""Search indexes, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foundry.model.findings import Position
from foundry.model.knowledge import KnowledgeFile
from foundry.model.lifecycle import Lifecycle
from foundry.model.values import Json


@dataclass(frozen=True)
class SearchObject:
    """What stands beside an index in its search service: a synonym map, a data source, a skillset or an indexer.

    `family` is Azure's word for the collection: synonymmaps, datasources, skillsets or indexers. `definition` is the
    service's own body without `name`, and without the names of what is declared with the same index.
    """

    family: str
    name: str
    definition: Mapping[str, Json]

    @property
    def ending(self) -> str:
        """What stands behind the index's name in its Pulumi name."""
        return f"-{self.name}" if self.family == "synonymmaps" else f"-{self.family[:-1]}"


@dataclass(frozen=True)
class IndexAsset:
    """The index as an asset of a project. `name` is what the project calls it; `field_mapping` has the format's own words.

    `adopt` is the version that is taken over.
    """

    name: str
    project: str
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    field_mapping: Mapping[str, Json] = field(default_factory=dict)
    adopt: str | None = None


@dataclass(frozen=True)
class SearchIndex:
    """An AI Search index. `definition` is the service's own body, without `name` (that is `service_name`).

    `rebuild` says what a change does that can't be made in place: `forbid` or `behind_alias`; `may_go_offline` whether one that
    takes the index offline for some seconds may be made.
    `documents` are JSON Lines files whose documents are merged in by key. `beside` are the index's synonym maps, and what
    fills it, each after those that it refers to.
    """

    name: str
    service_name: str
    definition: Mapping[str, Json]
    alias: str | None = None
    rebuild: str = "forbid"
    may_go_offline: bool = False
    documents: tuple[KnowledgeFile, ...] = ()
    beside: tuple[SearchObject, ...] = ()
    asset: IndexAsset | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None
