"""What an earlier run left under way when it died, and what becomes of it.

A pending create of the Python dynamic provider is simply done again: such providers adopt what they find by their mark. For others the
front end is asked: the id under which the object would stand, if it came to be, is looked up and taken into the state.
"""

from __future__ import annotations

from collections.abc import Mapping

from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.deployment import Deployment
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.events import Diagnostic
from foundry.sandbox.engine.registry import DYNAMIC
from foundry.sandbox.engine.snapshot import now
from foundry.sandbox.engine.state import Deployment as StoredDeployment
from foundry.sandbox.engine.state import PendingOperation


async def settle(
    deployment: Deployment,
    stored: StoredDeployment,
    *,
    imports: Mapping[str, str],
    clear_all: bool,
) -> None:
    """Go through the pending operations of the state, with a line for each.

    Args:
        deployment: the run.
        stored: the state that it began with.
        imports: URN → id under which the object would stand, looked up and taken into the state if it is there.
        clear_all: forget every other pending create.
    """
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
            continue
        if urn in imports:
            await _import(deployment, stored, operation, imports[urn])
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
            text = "an earlier run was interrupted while creating it; whether it exists isn't known, and it stays recorded as pending"
            deployment.tell(Diagnostic(severity="warning", text=text, urn=urn))


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
