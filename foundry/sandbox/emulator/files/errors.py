"""Refusals of the files operations."""

from foundry.sandbox.emulator.http import Problem
from foundry.sandbox.emulator.project.errors import agent_problem, invalid, not_found


def no_file(identity: str) -> Problem:
    """No file of that id."""
    return not_found("file", identity)


def empty_file(name: str) -> Problem:
    """An upload without a single byte."""
    return invalid(
        f"The file '{name}' is empty. Upload a file with at least one byte.", "file", "invalid_file"
    )


def file_too_large(most: int) -> Problem:
    """An upload over the limit."""
    return agent_problem(
        400, f"The file exceeds the maximum size of {most} bytes.", code="file_size_exceeded", param="file"
    )


def not_downloadable() -> Problem:
    """The content of a file that somebody uploaded; only what agents make comes back."""
    return agent_problem(400, "Not allowed to download files of purpose: assistants", code="invalid_request")
