"""Long-running operations: how far they are, and what they came to."""

from typing import Any

from foundry.sandbox.emulator.arm.errors import (
    arm_problem,
)
from foundry.sandbox.emulator.arm.kinds import (
    rendered,
    timestamp,
)
from foundry.sandbox.emulator.arm.store import Operation
from foundry.sandbox.emulator.http import Call, Reply


def _operation(call: Call) -> Operation:
    found = call.world.arm.operation(call.params["operation"])
    if found is None:
        raise arm_problem(
            404, "OperationNotFound", f"The operation '{call.params['operation']}' could not be found."
        )
    return found


def operation_status(call: Call) -> Reply:
    """How far an operation is."""
    operation = _operation(call)
    running = call.now < operation.due
    status = "InProgress" if running else "Failed" if operation.error else "Succeeded"
    body: dict[str, Any] = {
        "id": call.path,
        "name": operation.id,
        "status": status,
        "startTime": timestamp(operation.started),
    }
    if not running:
        body["endTime"] = timestamp(operation.due)
        if operation.error:
            body["error"] = operation.error
    headers = (
        {"x-ms-retry-after-ms": str(max(1, round((operation.due - call.now) * 1000)))} if running else {}
    )
    return Reply(200, body, headers)


def operation_result(call: Call) -> Reply:
    """What an operation came to."""
    operation = _operation(call)
    if call.now < operation.due:
        wait = str(max(1, round((operation.due - call.now) * 1000)))
        target = f"{call.world.base_url}{call.path}?api-version={call.query['api-version']}"
        return Reply(202, None, {"Location": target, "x-ms-retry-after-ms": wait})
    if operation.error:
        raise arm_problem(409, operation.error["code"], operation.error["message"])
    stored = call.world.arm.get(operation.key)
    return Reply(200, rendered(stored, call.world)) if stored else Reply(200)
