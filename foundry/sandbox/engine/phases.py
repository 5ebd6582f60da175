"""What surrounds a program's run: the refresh before it and the deletions after it."""

from __future__ import annotations

import asyncio
import time

from foundry.sandbox.engine.diff import Diff
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.events import Diagnostic, StepFinished, StepStarted
from foundry.sandbox.engine.execution import Execution, StepError, StoppedError, copied
from foundry.sandbox.engine.graph import needed_by_failed, without_gone
from foundry.sandbox.engine.snapshot import now
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.steps import Op, Step


async def refresh(run: Execution, *, counts: bool, only_what_asks: bool = False) -> None:
    """Read every resource and plan over what is there from now on. Failures are told; all reads are made first.

    With `only_what_asks` only resources whose provider wants to be asked before each update are read. Raises EngineError for a target that isn't in the state, if the refresh is all there is (`counts`).
    """
    if counts:
        _find_targets(run)
    found: dict[int, Resource | None] = {}
    wanted = [
        r
        for r in run.planner.resources
        if (not run.planner.targets or r.urn in run.planner.targets)
        and (r.refresh_before_update or not only_what_asks)
    ]
    await asyncio.gather(*(_refresh_one(run, r, found, counts=counts) for r in wanted))
    left = [found.get(id(r), r) for r in run.planner.resources]
    resources = without_gone([r for r in left if r is not None])
    run.planner.rebase(resources)
    if run.snapshot is not None:
        run.snapshot.rebase(resources)


async def _refresh_one(
    run: Execution, old: Resource, found: dict[int, Resource | None], *, counts: bool
) -> None:
    async with run.slots:
        if run.stop_reason and not run.failed:
            return
        step = Step(op=Op.REFRESH, old=old, new=old)
        run.tell_of(
            step, StepStarted(step=step, op=Op.REFRESH, urn=old.urn, old=copied(old), new=copied(old))
        )
        began = time.monotonic()
        try:
            new, diff = await _read_live(run, old)
        except EngineError as error:
            run.tell_failed(step, str(error), time.monotonic() - began, may_go_on=False)
            return
        found[id(old)] = new
        result = Op.DELETE if new is None else Op.UPDATE if diff.changes else Op.SAME
        if counts and not step.is_hidden:
            run.counts[result] += 1
        done = Step(op=Op.REFRESH, old=old, new=new, diff=diff)
        seconds = time.monotonic() - began
        shown = result if counts else Op.REFRESH
        finished = StepFinished(
            step=done, op=shown, urn=old.urn, old=copied(old), new=copied(new), seconds=seconds
        )
        run.tell_of(step, finished)


async def _read_live(run: Execution, old: Resource) -> tuple[Resource | None, Diff]:
    if not old.custom or old.is_provider or old.pending_replacement:
        return old, Diff(changes=False)
    made = await (await run.provider(old.provider)).read(old, state=old.outputs)
    if not made.id:
        return None, Diff(changes=True)
    if made.faults:
        text = "Refreshed resource is in an unhealthy state:\n* " + "\n* ".join(made.faults)
        run.tell(Diagnostic(severity="warning", text=text, urn=old.urn))
    new = old.copy()
    new.id, new.outputs, new.init_errors = made.id, made.outputs, made.faults
    new.refresh_before_update = made.refresh_before_update
    if made.inputs is not None:
        new.inputs = made.inputs
    if (new.inputs, new.outputs) != (old.inputs, old.outputs):
        new.modified = now()
    if old.external:
        return new, Diff(changes=old.outputs != new.outputs)
    diff = await run.ask_diff(new.urn, new, old.inputs, old.provider, old.ignore_changes)
    return new, diff.inverted()


async def delete_the_rest(run: Execution) -> None:
    """Delete what the program no longer has, dependents first. Raises EngineError for targets that can't be kept to."""
    _find_targets(run)
    left_alone = run.planner.left_alone()
    groups = run.planner.deletions()
    _refuse_half_deletions(run, [s for g in groups for s in g])
    for step in left_alone:
        await run.execute(step)
    failed: list[Resource] = []
    for group in groups:
        if run.stop_reason:
            return
        stays = needed_by_failed(run.planner.resources, failed)
        steps = [s for s in group if id(s.resource) not in stays]
        results = await asyncio.gather(*(run.execute(s) for s in steps), return_exceptions=True)
        for step, result in zip(steps, results, strict=True):
            if isinstance(result, StepError):
                failed.append(step.resource)
            elif isinstance(result, BaseException) and not isinstance(result, StoppedError):
                raise result


def _find_targets(run: Execution) -> None:
    """Raise EngineError for targets that neither the state nor the program knows."""
    unknown = sorted(run.planner.targets - run.planner.olds.keys() - run.planner.seen)
    if unknown:
        raise EngineError(
            "\n".join(
                f"Target '{urn}' could not be found in the stack. Did you forget to escape $ in your shell?"
                for urn in unknown
            )
        )


def _refuse_half_deletions(run: Execution, steps: list[Step]) -> None:
    """A targeted deletion must not leave anything behind that needs what goes."""
    if not run.planner.targets:
        return
    going = {s.urn for s in steps}
    for resource in run.planner.resources:
        if resource.urn in going or run.planner.is_operated_on(resource.urn):
            continue
        if going & {resource.parent, *resource.references()}:
            raise EngineError(
                f"Resource '{resource.urn}' will be destroyed but was not specified in --target list; name it there too"
            )
