"""Live objects: what a service has, in the fields of a declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class LiveAgent:
    """An agent as the service has it. `definition` has the fields of the declaration, its metadata included.

    `body` is the service's own answer.
    """

    id: str
    created_at: int
    definition: Mapping[str, Any]
    metadata: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveVersion:
    """A version of a versioned agent; `created_at` in Unix seconds. `status` is creating, active, failed, deleting or deleted."""

    version: str
    created_at: int
    metadata: Mapping[str, str]
    status: str = "active"


@dataclass(frozen=True)
class LiveVersionedAgent(LiveAgent):
    """A versioned agent: its id is its name, its definition and metadata are those of the newest version.

    `serving` is what belongs to the agent and to no version: enabled, protocols, authorization, traffic, card.
    """

    version: str = ""
    status: str = "active"
    serving: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveStore:
    """A vector store as the service has it; its members are told by `list_members`.

    `file_counts` has completed, failed, in_progress, cancelled and total.
    """

    id: str
    created_at: int
    name: str
    status: str
    metadata: Mapping[str, str]
    expires_after_days: int | None
    file_counts: Mapping[str, int]


@dataclass(frozen=True)
class StoreMember:
    """A file in a vector store. `reason` is the service's word on a failure.

    `chunking` is how it was cut, in the declaration's form; None where the service doesn't tell. `attributes` are texts,
    numbers and booleans by name: of the versioned dialect alone.
    """

    file_id: str
    status: str
    reason: str | None = None
    chunking: Mapping[str, Any] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveFile:
    """An uploaded file; `size` in bytes."""

    id: str
    created_at: int
    filename: str
    size: int
    purpose: str
    status: str


@dataclass(frozen=True)
class LiveNumbered:
    """A toolbox or a skill; its id is its name.

    `latest` is the number of its newest version, `default` of the one that its name stands for. `body` is the service's answer.
    """

    id: str
    latest: str
    default: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveNumberedVersion:
    """One version of a toolbox or a skill. `definition` has the fields of the declaration, its metadata included."""

    version: str
    definition: Mapping[str, Any]
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class LiveMemoryStore:
    """A memory store as the service has it; its id is its name. `definition` has the fields of the declaration."""

    id: str
    created_at: int
    definition: Mapping[str, Any]
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class LiveEval:
    """An eval as the service has it. `definition` has the fields of the declaration: name, testing_criteria."""

    id: str
    created_at: int
    definition: Mapping[str, Any]
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class LiveRule:
    """An evaluation rule as the service has it. `definition` has the fields of the declaration, `body` is the service's answer."""

    id: str
    definition: Mapping[str, Any]
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveIndexAsset:
    """One version of an index asset. `definition` has the fields of the declaration without its tags; `asset_id` is the service's."""

    name: str
    version: str
    asset_id: str
    definition: Mapping[str, Any]
    tags: Mapping[str, str]

    @property
    def id(self) -> str:
        """What agents call it: `<name>/versions/<version>`."""
        return f"{self.name}/versions/{self.version}"
