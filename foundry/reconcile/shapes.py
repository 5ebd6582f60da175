"""What the six functions of a kind take and return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foundry.diff import Change

Props = Mapping[str, Any]
"""Inputs or outputs of a resource, as Pulumi has them."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with an input: its path, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """What would change; `replaces` names the inputs that can't change without another object."""

    changes: tuple[Change, ...] = ()
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Made:
    """A made or adopted object: its id at the service, and the outputs."""

    id: str
    outs: dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """A live object: outputs as they are live, and the inputs that would make it so."""

    outs: dict[str, Any]
    inputs: dict[str, Any]
