"""What an earlier run left under way when it died, and what becomes of it.

A pending create of the Python dynamic provider is simply done again: such providers adopt what they find by their mark. For others the
front end is asked: the id under which the object would stand, if it came to be, is looked up and taken into the state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.deployment import Deployment
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.events import Diagnostic
from foundry.sandbox.engine.registry import DYNAMIC
from foundry.sandbox.engine.snapshot import now
from foundry.sandbox.engine.state import Deployment as StoredDeployment
from foundry.sandbox.engine.state import PendingOperation


@dataclass(frozen=True)
class ImportId:
    """Look the object up under this id; take it into the state if it is there, forget the operation if it isn't."""

    id: str


@dataclass(frozen=True)
class Clear:
    """Forget the operation: nothing came of it."""


@dataclass(frozen=True)
class Keep:
    """Leave it pending."""


Resolution = ImportId | Clear | Keep


async def settle(
    deployment: Deployment,
    stored: StoredDeployment,
    *,
    resolve: Callable[[PendingOperation], Resolution] | None,
    clear_all: bool,
) -> None:
    """Go through the pending operations of the state, with a line for each."""
    snapshot = deployment.snapshot
    assert snapshot is not None
    for operation in stored.pending:
        urn = operation.resource.urn
        if operation.kind != "creating":
            _say(
                deployment,
                urn,
                f"an earlier run was interrupted while {operation.kind} it; it is taken up from the state before",
            )
        elif clear_all:
            snapshot.resolve(operation)
            _say(deployment, urn, "an earlier run was interrupted while creating it; forgotten, as asked")
        elif urns.package_of(operation.resource.type) == DYNAMIC:
            _say(
                deployment,
                urn,
                "an earlier run was interrupted while creating it; create is called again and adopts what is there",
            )
        else:
            await _resolve(deployment, stored, operation, resolve(operation) if resolve else Keep())


async def _resolve(
    deployment: Deployment, stored: StoredDeployment, operation: PendingOperation, resolution: Resolution
) -> None:
    snapshot = deployment.snapshot
    assert snapshot is not None
    urn = operation.resource.urn
    match resolution:
        case Clear():
            snapshot.resolve(operation)
            _say(deployment, urn, "an earlier run was interrupted while creating it; nothing came of it")
        case Keep():
            text = "an earlier run was interrupted while creating it; whether it exists isn't known, and it stays recorded as pending"
            deployment.tell(Diagnostic(severity="warning", text=text, urn=urn))
        case ImportId(id=id_):
            await _import(deployment, stored, operation, id_)


async def _import(
    deployment: Deployment, stored: StoredDeployment, operation: PendingOperation, id_: str
) -> None:
    snapshot = deployment.snapshot
    assert snapshot is not None
    resource = operation.resource.copy()
    resource.id = id_
    try:
        made = await deployment.look_up(resource)
    except EngineError as error:
        deployment.fail(
            f"an earlier run was interrupted while creating it, and {id_} can't be looked up: {error}",
            resource.urn,
        )
        return
    if not made.id:
        snapshot.resolve(operation)
        _say(
            deployment,
            resource.urn,
            f"an earlier run was interrupted while creating it; there is no {id_}, so it is created again",
        )
        return
    resource.id, resource.outputs = made.id, made.outputs
    if made.inputs:
        resource.inputs = made.inputs
    resource.created = resource.modified = now()
    stored.resources.append(resource)
    deployment.planner.rebase(stored.resources)
    snapshot.rebase(stored.resources)
    snapshot.resolve(operation)
    _say(
        deployment,
        resource.urn,
        f"an earlier run was interrupted while creating it; {made.id} exists and was taken into the state",
    )


def _say(deployment: Deployment, urn: str, text: str) -> None:
    deployment.tell(Diagnostic(severity="info", text=text, urn=urn))
