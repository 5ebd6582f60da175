"""What calls below `/openai/v1` must bring."""

from typing import Final

from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.project.guard import PREFIX as PROJECT
from foundry.sandbox.emulator.project.guard import admit

PREFIX: Final = PROJECT + "/openai/v1"


def guard(call: Call) -> None:
    """A token and a role with data actions; no api-version, or `v1`."""
    admit(call, ("", "v1"))
