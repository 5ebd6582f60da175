"""Where agents, stores and indexes live, and who brings them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pulumi

from .references import Models, References

Secret: TypeAlias = Callable[[str], pulumi.Output[str]]
"""Looks a key of the stack's encrypted configuration up."""


@dataclass(frozen=True)
class Place:
    """A service in which things live that aren't Azure resources: a project, or the search service.

    `after` must stand before anything can be made there. `owner` takes everything in it along when it is deleted; None when this stack
    doesn't own the service, or the data are kept in somebody else's storage.
    """

    id: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    after: tuple[pulumi.Resource, ...] = ()
    owner: pulumi.Resource | None = None


@dataclass(frozen=True)
class Platform:
    """What agents, stores and indexes need to know of the Azure side. Projects and references go by the project's declared name."""

    projects: Mapping[str, Place]
    references: Mapping[str, References]
    search: Place | None = None
    storage_id: pulumi.Input[str] | None = None
    models: Models = field(default_factory=Models)
    queue_urls: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Deployer:
    """The identity that runs Pulumi. `settle_seconds` is how long a new role assignment is given before a capability host relies on it."""

    principal_type: str = "User"
    settle_seconds: float = 60.0
