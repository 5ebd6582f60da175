"""Files that a killed run uploaded, whose content has changed since: nothing else would ever find them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from foundry.cli.engines import Run
from foundry.model import FoundryError, unpacked

if TYPE_CHECKING:
    from foundry.service.protocols import Services

_TYPES: Final = ("pulumi-python:dynamic/foundry:File", "pulumi-python:dynamic/foundry:VersionedFile")


def of_files(pending: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The inputs of the files whose creation was under way, among resources of a state."""
    files = (one for one in pending if one.get("type") in _TYPES and one.get("inputs"))
    return [unpacked(one["inputs"], str(one["type"]).rpartition(":")[2]) for one in files]


def clear(
    run: Run,
    services: Services,
    pending: Sequence[Mapping[str, Any]],
    say: Callable[[str], None],
    *,
    comes_back: bool,
) -> None:
    """Delete the uploads of creations that were under way, unless the next create finds them.

    Args:
        run: the engine set to work on the stack.
        services: the services, reached as the engine reaches them.
        pending: resources of the state whose creation was under way.
        say: takes a line for a person.
        comes_back: whether what was under way is created after this.
    """
    files = of_files(pending)
    if not files:
        return
    from foundry.cli.standing import exported
    from foundry.reconcile import Session
    from foundry.reconcile.file import clear as clear_one
    from foundry.service.patience import Patience

    kept = {str(one["id"]) for one in exported(run) if one.get("id")}
    session = Session(services, Patience.from_environment(run.environment), root=run.root)
    for inputs in files:
        try:
            gone = clear_one(session, inputs, kept, comes_back=comes_back)
        except FoundryError as error:
            say(f"{inputs['path']}: whether a killed run uploaded it can't be asked ({error.what})")
            continue
        for file_id in gone:
            say(f"{inputs['path']}: a killed run had uploaded it; {file_id} is deleted.")
