"""Refusals of AI Search."""

from foundry.sandbox.emulator.http import Malformed, Problem, Reply


def search_problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Problem:
    """The service's OData error envelope."""
    return Problem(Reply(status, {"error": {"code": code, "message": message}}, headers or {}))


def malformed(fault: Malformed) -> Problem:
    """A malformed request in the service's words."""
    return search_problem(400, "", f"The request is invalid. Details: {fault.text}")


def invalid(message: str) -> Problem:
    """A definition or query that can't be."""
    return search_problem(400, "InvalidRequestParameter", f"The request is invalid. Details: {message}")


def not_allowed(message: str) -> Problem:
    """A change that an existing index doesn't take."""
    return search_problem(400, "OperationNotAllowed", message)


def not_found(what: str, name: str, service: str) -> Problem:
    """An index or alias that isn't in the service."""
    return search_problem(
        404, "ResourceNotFound", f"No {what} with the name '{name}' was found in service '{service}'."
    )


def exists(what: str, name: str) -> Problem:
    """A POST on a name in use."""
    message = f"Cannot create {what} '{name}' because it already exists."
    return search_problem(409, "ResourceNameAlreadyInUse", message)


def precondition_failed() -> Problem:
    """If-Match or If-None-Match doesn't hold."""
    message = "The precondition given in one of the request headers evaluated to false. No change was made to the resource from this request."
    return search_problem(412, "PreconditionFailed", message)


def too_large(most: int) -> Problem:
    """A request that writes more than fits into one; the official client then halves what it sends."""
    return search_problem(413, "RequestEntityTooLarge", f"The request is larger than {most} bytes.")
