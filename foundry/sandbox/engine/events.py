"""What a run tells whoever watches it, in order. A front end turns these into text; the engine never prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.steps import Op, Step


@dataclass(frozen=True, kw_only=True)
class RunStarted:
    """A preview or an operation begins. `config` is the stack's, secrets masked."""

    kind: str
    project: str
    stack: str
    is_preview: bool
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StepStarted:
    """A step begins. `old` and `new` are the resource as it was and as it is meant to be, copied at this moment."""

    step: Step
    op: Op
    urn: str
    old: Resource | None
    new: Resource | None


@dataclass(frozen=True, kw_only=True)
class StepFinished:
    """A step is done. `op` is what came of it: a refresh that found a change says update, one that found nothing there, delete."""

    step: Step
    op: Op
    urn: str
    old: Resource | None
    new: Resource | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class StepFailed:
    """A step failed; the reason comes as a Diagnostic with the same URN."""

    step: Step
    op: Op
    urn: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """A text for people. `severity` is debug, info, info#err (the program's own output), warning or error.

    `is_status` marks one that only tells what is going on at the moment, with a URN why that resource takes its time.
    """

    severity: str
    text: str
    urn: str = ""
    is_status: bool = False


@dataclass(frozen=True, kw_only=True)
class StillUnderWay:
    """Nothing was told for a while, and the run goes on: time to say what it is waiting for."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class RunFinished:
    """The end. `counts` are resources by operation; `outputs` the stack's, secrets still wrapped; `seconds` the whole time."""

    kind: str
    is_preview: bool
    succeeded: bool
    counts: Mapping[str, int]
    seconds: float
    outputs: Mapping[str, Any] = field(default_factory=dict)
    old_outputs: Mapping[str, Any] = field(default_factory=dict)
    was_cancelled: bool = False


Event = RunStarted | StepStarted | StepFinished | StepFailed | Diagnostic | StillUnderWay | RunFinished
