"""The last step of a migration: a classic agent goes only when the checks pass on the versioned one that takes its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from foundry.cli.project import Project
from foundry.model import Dialect, FoundryError

if TYPE_CHECKING:
    from foundry.cli.engines import Run
    from foundry.model import Agent, Manifest

OVERRIDE: Final = "--unchecked"


def require_checks(project: Project, run: Run, manifest: Manifest, say: Callable[[str], None]) -> None:
    """Hold the checks of each agent whose classic form the next `up` deletes, on its versioned form.

    Raises:
        FoundryError: one fails, or there is no versioned form yet that could be checked.
    """
    from foundry.checks import report
    from foundry.cli.check import check

    moving = [agent for agent in manifest.agents if _is_moving(agent)]
    if not moving:
        return
    classic, versioned = _held(run)
    leaving = [agent.name for agent in moving if agent.name in classic]
    early = [name for name in leaving if name not in versioned]
    if early:
        raise FoundryError(
            f"the classic {_these(early)} would go before {_form(early)} was ever checked",
            fix=f"bring up `dialect: both` first; or say `{OVERRIDE}`",
        )
    if not leaving:
        return
    say(f"The classic {_these(leaving)} will be deleted: the checks are held on the versioned form first.")
    results = check(project, run.stack, manifest, only=leaving, dialects=(Dialect.VERSIONED.value,), say=say)
    failed = [report.title(result) for result in results if not result.is_good]
    if failed:
        raise FoundryError(
            f"nothing was changed, because these checks failed: {', '.join(failed)}",
            fix=f"keep `dialect: both` until they pass; or say `{OVERRIDE}`",
        )


def _is_moving(agent: Agent) -> bool:
    return agent.dialect is Dialect.VERSIONED and bool(agent.checks) and not agent.lifecycle.retain_on_delete


def _held(run: Run) -> tuple[set[str], set[str]]:
    from foundry.cli.conversing import agents_of
    from foundry.cli.standing import NothingYetError, Standing, exported

    try:
        stands = Standing(run, {}, exported(run))
    except NothingYetError:
        # A stack that was never brought up has nothing to move.
        return set(), set()
    places = {name: {one.place.dialect for one in found} for name, found in agents_of(stands).items()}
    return (
        {name for name, dialects in places.items() if Dialect.CLASSIC in dialects},
        {name for name, dialects in places.items() if Dialect.VERSIONED in dialects},
    )


def _these(names: list[str]) -> str:
    return f"agent {names[0]}" if len(names) == 1 else f"agents {', '.join(names)}"


def _form(names: list[str]) -> str:
    return "its versioned form" if len(names) == 1 else "their versioned form"
