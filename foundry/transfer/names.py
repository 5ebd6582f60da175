"""What ids stand for in declarations, and the names that declarations get."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

_SLUG: Final = re.compile(r"[^a-z0-9]+")


NAMELESS: Final = "the live one has none, and a declaration has one: taking it up gives it this name"
"""What is told where a name is made up for a live object that has none."""


@dataclass(frozen=True)
class Names:
    """What the ids of a project stand for in declarations. An id that isn't here stays an id.

    `assets` are those of indexes, `<name>/versions/<version>` → the index's declared name. `search_connections` hold ARM ids
    in lower case, `queues` pairs of endpoint and name, `files` file id → path as the document writes it, `memories` a memory
    store's name at the service → its declared name, `toolboxes` the address of a toolbox's MCP endpoint → its declared name.
    `skills` are known by name at the service and version; the version is None for one that is followed.
    """

    stores: Mapping[str, str] = field(default_factory=dict)
    agents: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    assets: Mapping[str, str] = field(default_factory=dict)
    search_connections: Collection[str] = ()
    queues: Mapping[tuple[str, str], str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    memories: Mapping[str, str] = field(default_factory=dict)
    toolboxes: Mapping[str, str] = field(default_factory=dict)
    skills: Mapping[tuple[str, str | None], str] = field(default_factory=dict)


def declared_name(service_name: str, taken: Collection[str], *, otherwise: str) -> str:
    """A name for a declaration: the service's own, as far as the format's pattern lets it, and one that isn't taken."""
    stem = _SLUG.sub("-", service_name.lower()).strip("-")[:60].strip("-") or otherwise
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name
