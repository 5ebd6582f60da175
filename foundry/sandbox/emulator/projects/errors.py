"""How the versioned side of the data plane refuses: the envelope of azure-ai-projects 2.10 (`ApiErrorResponse`)."""

import uuid

from foundry.sandbox.emulator.http import Malformed, Problem, Reply


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    param: str | None = None,
    sort: str = "invalid_request_error",
) -> Problem:
    """A refusal; the request id in its body is the one in its header."""
    request = str(uuid.uuid4())
    error: dict[str, object] = {
        "code": code,
        "message": message,
        "param": param,
        "type": sort,
        "details": [],
        "additionalInfo": {"request_id": request},
    }
    return Problem(Reply(status, {"error": error}, {"x-ms-request-id": request}))


def malformed(fault: Malformed) -> Problem:
    """A malformed request, naming the field."""
    return refusal(400, "invalid_payload", fault.text, param=fault.where or None)


def invalid(message: str, param: str) -> Problem:
    """A request that is well formed and asks for something impossible."""
    return refusal(400, "invalid_payload", message, param=param)


def absent(what: str, name: str) -> Problem:
    """An object that isn't in the project."""
    return refusal(404, "not_found", f"{what} '{name}' doesn't exist.")


def clash(message: str) -> Problem:
    """Something that can't be done to the object as it is now."""
    return refusal(409, "conflict", message)


def preview_required(what: str, features: str) -> Problem:
    """A preview operation without the header that opts in to it (text as azure-ai-projects 2.10 quotes it)."""
    message = (
        f"{what} is in preview. This operation requires the following opt-in preview feature(s): {features}. "
        f"Include the 'Foundry-Features: {features}' header in your request."
    )
    return refusal(403, "preview_feature_required", message, param="Foundry-Features")
