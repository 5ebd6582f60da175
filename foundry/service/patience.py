"""How long is waited for what, and by which clock."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from foundry.model import FoundryError


@dataclass(frozen=True)
class Timing:
    """Clock (seconds, monotonic), sleep, and a number between 0 and 1 for jitter."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


@dataclass(frozen=True)
class Patience:
    """Bounds of every wait, in seconds.

    retry_budget: repetitions of one request. authorisation: 401 and 403 after a role was assigned. processing: files in
    a vector store. look_up: a listing that may lag behind a create whose answer was lost. `pending` says that an earlier
    run was killed in the middle, so the first look-up of a create is repeated as well.
    """

    retry_budget: float = 120.0
    authorisation: float = 600.0
    processing: float = 900.0
    look_up: float = 10.0
    pending: bool = False
    timing: Timing = field(default_factory=Timing)

    @staticmethod
    def from_environment(env: Mapping[str, str] | None = None) -> Patience:
        """Reads the bounds from the environment (the process's by default), with the class's values where unset.

        FAC_RETRY_BUDGET_SECONDS, FAC_AUTHORISATION_WAIT_SECONDS, FAC_PROCESSING_WAIT_SECONDS and
        FAC_LOOK_UP_WAIT_SECONDS are numbers; FAC_PENDING_OPERATIONS=1 sets `pending`. Raises FoundryError otherwise.
        """
        given = os.environ if env is None else env
        return Patience(
            retry_budget=_seconds(given, "FAC_RETRY_BUDGET_SECONDS", 120.0),
            authorisation=_seconds(given, "FAC_AUTHORISATION_WAIT_SECONDS", 600.0),
            processing=_seconds(given, "FAC_PROCESSING_WAIT_SECONDS", 900.0),
            look_up=_seconds(given, "FAC_LOOK_UP_WAIT_SECONDS", 10.0),
            pending=given.get("FAC_PENDING_OPERATIONS") == "1",
        )


def _seconds(env: Mapping[str, str], key: str, default: float) -> float:
    text = env.get(key)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if value < 0:
        raise FoundryError(f"{key} is {text!r}", fix="give it a number of seconds, 0 or more")
    return value
