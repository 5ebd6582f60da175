"""What a run is asked to do, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from foundry.sandbox.engine.steps import Op
from foundry.sandbox.engine.values import Properties


class Operation(StrEnum):
    """What a run does."""

    PREVIEW = "preview"
    UP = "up"
    REFRESH = "refresh"
    DESTROY = "destroy"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a run does it. `refresh` None leaves it to Pulumi.yaml; `of` tells what a preview previews.

    `import_pending_creates` gives the id (by URN) of what a create that an earlier run left pending may have made, where its provider
    doesn't adopt by itself.
    """

    root: Path
    stack: str
    backend_url: str
    refresh: bool | None = None
    targets: tuple[str, ...] = ()
    parallel: int = 0
    config_file: Path | None = None
    debug_providers: str = ""
    of: Operation = Operation.UP
    clear_pending_creates: bool = False
    import_pending_creates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended. `outputs` are the stack's, secrets still wrapped; `counts` resources by operation."""

    succeeded: bool
    counts: Mapping[str, int]
    outputs: Properties = field(default_factory=dict)
    was_cancelled: bool = False

    @property
    def has_changes(self) -> bool:
        """Whether anything is, or would be, other than it was."""
        unchanging = (Op.SAME, Op.READ, Op.READ_DISCARD, Op.READ_REPLACEMENT)
        return any(n for op, n in self.counts.items() if op not in unchanging)
