"""Agents as other formats have them, on their way into a declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Foreign:
    """An agent as another format has it. `fields` are those of a declaration, every text in its place; `id` that of a live one."""

    name: str
    fields: Mapping[str, Any]
    id: str | None = None


@dataclass(frozen=True)
class Document:
    """A file of another format. `environment` has deployments and connections in the fields of an Environment."""

    agents: tuple[Foreign, ...]
    environment: Mapping[str, Any] = field(default_factory=dict)


class Place(str):
    """A text with a setting of the stack in it (`${config.NAME}`), which isn't escaped."""

    __slots__ = ()
