"""What others changed at the services since a preview read them: one more look, without an engine and without the platform."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from foundry.cli.engines import Run
from foundry.cli.standing import Held, held_in, live_outputs
from foundry.reconcile import Session
from foundry.service.connect import AzureServices
from foundry.service.patience import Patience

# As many as the services are asked at once by an engine that sets no limit of its own for reads.
_AT_ONCE: Final = 16


def changed(run: Run, document: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the agents, stores, files, indexes and the like that aren't any more as a preview read them.

    It costs the requests of a refresh of these, and compares as a refresh does. What the preview didn't read (with
    `--refresh=false`, all of it) isn't looked at, nor are Azure's resources.

    Raises:
        FoundryError: a service couldn't be asked.
    """
    steps = document.get("steps") or ()
    read = {step["urn"] for step in steps if step.get("op") == "refresh"}
    # What a refresh found is what the next step of the same object begins with; the step of the refresh itself needn't have it.
    found = {
        step["urn"]: step["oldState"]
        for step in steps
        if step["urn"] in read and step.get("op") != "refresh" and step.get("oldState")
    }
    seen = list(held_in(found.values()))
    if not seen:
        return ()
    os.environ.update(run.environment)
    patience = Patience.from_environment(run.environment)
    session = Session(AzureServices(env=run.environment, patience=patience), patience, root=run.root)

    def is_another(one: Held) -> bool:
        return live_outputs(session, one) != one.outputs

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(is_another, seen))
    return tuple(one.name for one, is_so in zip(seen, answers, strict=True) if is_so)
