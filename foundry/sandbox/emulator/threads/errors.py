"""Refusals of the threads, messages and runs operations."""

from foundry.sandbox.emulator.http import Problem
from foundry.sandbox.emulator.project.errors import agent_problem, not_found


def no_thread(identity: str) -> Problem:
    """No thread of that id."""
    return not_found("thread", identity)


def no_message(identity: str) -> Problem:
    """No message of that id in the thread."""
    return not_found("message", identity)


def no_run(identity: str) -> Problem:
    """No run of that id in the thread."""
    return not_found("run", identity)


def no_step(identity: str) -> Problem:
    """No step of that id in the run."""
    return not_found("run step", identity)


def thread_busy(thread: str, run: str, *, adding: str) -> Problem:
    """A message or run for a thread on which a run is under way."""
    if adding == "run":
        return agent_problem(400, f"Thread {thread} already has an active run {run}.")
    return agent_problem(400, f"Can't add messages to {thread} while a run {run} is active.")


def wrong_status(what: str, status: str) -> Problem:
    """Something that a run in this status doesn't take."""
    return agent_problem(400, f"{what} with status '{status}'.")


def wrong_outputs(missing: list[str], what: str) -> Problem:
    """Tool outputs or approvals that don't answer the calls."""
    return agent_problem(400, f"Expected tool {what} for call_ids {missing}.", param=f"tool_{what}")
