"""Refusals of the agents operations."""

from foundry.sandbox.emulator.http import Problem
from foundry.sandbox.emulator.project.errors import agent_problem, not_found


def no_agent(identity: str) -> Problem:
    """No agent of that id."""
    return not_found("assistant", identity)


def needs_capability_host(tool: str) -> Problem:
    """A tool that only works in a standard setup, in a project without a capability host."""
    return agent_problem(400, f"Invalid tool value(s): {tool}", code="invalid_value", param="tools")


def dangling(what: str, identity: str, param: str) -> Problem:
    """A reference to an object that isn't there."""
    return agent_problem(400, f"No {what} found with id '{identity}'.", code="invalid_value", param=param)
