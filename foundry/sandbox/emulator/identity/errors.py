"""How the managed-identity endpoint of App Service refuses."""

from foundry.sandbox.emulator.http import Malformed, Problem, Reply


def refused(status: int, message: str) -> Problem:
    """The endpoint's error body."""
    return Problem(Reply(status, {"statusCode": status, "message": message}))


def malformed(fault: Malformed) -> Problem:
    """A malformed request in this endpoint's words."""
    return refused(400, fault.text)
