"""Refusals of the vector store operations."""

from foundry.sandbox.emulator.http import Problem
from foundry.sandbox.emulator.project.errors import agent_problem, not_found


def no_store(identity: str) -> Problem:
    """No vector store of that id."""
    return not_found("vector store", identity)


def no_store_file(identity: str) -> Problem:
    """The file isn't in the store."""
    return not_found("vector store file", identity)


def no_batch(identity: str) -> Problem:
    """No batch of that id in the store."""
    return not_found("vector store file batch", identity)


def missing_file(identity: str, param: str) -> Problem:
    """A file to be attached that was never uploaded."""
    return agent_problem(404, f"No file found with id '{identity}'.", param=param)


def batch_settled(status: str) -> Problem:
    """A batch that can no longer be cancelled."""
    return agent_problem(400, f"Cannot cancel a file batch with status '{status}'.", code="invalid_request")
