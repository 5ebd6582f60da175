"""Refusals of the emulator's own endpoints."""

from foundry.sandbox.emulator.http import Malformed, Problem, Reply


def refused(status: int, code: str, message: str) -> Problem:
    """An error in the shape everything else here uses."""
    return Problem(Reply(status, {"error": {"code": code, "message": message}}))


def malformed(fault: Malformed) -> Problem:
    """A malformed request, naming the field."""
    return refused(400, "InvalidRequest", fault.text)
