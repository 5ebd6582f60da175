"""How an object is looked after: adoption, protection, renames, drift."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Adopt:
    """Take over a live object: its id or, unique among the live ones, its name; `source` (`project/stack`) when another stack owns it."""

    id: str | None = None
    source: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Lifecycle:
    """How an object is looked after: the author's wishes, none of them sent to the service."""

    protect: bool = False
    retain_on_delete: bool = False
    previous_names: tuple[str, ...] = ()
    adopt: Adopt | None = None
    on_remove: str | None = None
    on_drift: str = "repair"
