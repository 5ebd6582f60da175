"""Refusals of conversations and responses."""

from foundry.sandbox.emulator.http import Problem
from foundry.sandbox.emulator.projects.errors import invalid, refusal


def not_with_agent(field: str) -> Problem:
    """A field that the agent decides about."""
    return invalid("Not allowed when agent is specified.", field)


def no_conversation(identity: str) -> Problem:
    """No conversation of that id."""
    return refusal(404, "not_found", f"Conversation with id '{identity}' not found.")


def no_item(identity: str) -> Problem:
    """No item of that id in the conversation."""
    return refusal(404, "not_found", f"Item with id '{identity}' not found.")


def no_response(identity: str) -> Problem:
    """No response of that id, or one that wasn't stored."""
    return refusal(404, "not_found", f"Response with id '{identity}' not found.")


def no_previous(identity: str) -> Problem:
    """The response that this one should go on from isn't there."""
    message = f"Previous response with id '{identity}' not found."
    return refusal(400, "previous_response_not_found", message, param="previous_response_id")


def no_output(call: str) -> Problem:
    """A function call that is left without an answer."""
    return invalid(f"No tool output found for function call {call}.", "input")


def no_call(call: str) -> Problem:
    """An answer to a function call that nobody made."""
    return invalid(f"No tool call found for function call output with call_id {call}.", "input")


def no_deployment() -> Problem:
    """The model isn't deployed."""
    return refusal(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")


def missing_input(name: str) -> Problem:
    """A structured input that the agent needs."""
    return invalid(f"The agent needs the structured input '{name}'.", f"structured_inputs.{name}")


def disabled(name: str) -> Problem:
    """An agent that was disabled."""
    return refusal(403, "agent_disabled", f"The agent '{name}' is disabled.")
