"""What calls below `/openai/v1` must bring."""

from typing import TYPE_CHECKING, Final

from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.project.guard import PREFIX as PROJECT
from foundry.sandbox.emulator.project.guard import admit, project_id

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

PREFIX: Final = PROJECT + "/openai/v1"


def guard(call: Call) -> None:
    """A token and a role with data actions; no api-version, or `v1`."""
    admit(call, ("", "v1"))


def shelf(world: "World", project: str) -> str:
    """The key under which files and vector stores of the versioned dialect are kept.

    It is the project's own, and so the classic dialect's, unless the settings keep the dialects apart.
    """
    return f"{project}/openai" if world.settings.separate_dialects else project


def shelf_guard(call: Call) -> None:
    """As `guard`, for files and vector stores: what goes for the project below is their shelf."""
    guard(call)
    call.params["project_id"] = shelf(call.world, project_id(call))
