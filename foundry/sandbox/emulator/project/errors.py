"""How the data plane of a project refuses: the agent service's error envelope."""

from foundry.sandbox.emulator.http import Malformed, Problem, Reply

_CODES = {
    "unknown": "unknown_parameter",
    "missing": "missing_required_parameter",
    "type": "invalid_type",
    "value": "invalid_value",
    "limit": "invalid_value",
    "json": "invalid_json",
}


def agent_problem(
    status: int,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    sort: str = "invalid_request_error",
) -> Problem:
    """The envelope of azure-ai-agents 1.1 (`AgentV1Error`)."""
    return Problem(Reply(status, {"error": {"message": message, "type": sort, "param": param, "code": code}}))


def platform_problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Problem:
    """The shorter envelope of refusals that come from the platform before the agent service is reached."""
    return Problem(Reply(status, {"error": {"code": code, "message": message}}, headers or {}))


def malformed(fault: Malformed) -> Problem:
    """A malformed request, naming the field."""
    return agent_problem(400, fault.text, code=_CODES[fault.sort], param=fault.where or None)


def invalid(message: str, param: str, code: str = "invalid_value") -> Problem:
    """A request that is well formed and asks for something impossible."""
    return agent_problem(400, message, code=code, param=param)


def not_found(what: str, identity: str) -> Problem:
    """An object that isn't in the project."""
    return agent_problem(404, f"No {what} found with id '{identity}'.")
