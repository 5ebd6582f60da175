"""One run at work: registrations become steps, which are carried out.

Everything here runs on one event loop, so a decision made without `await` is made alone. Where a decision itself needs a provider
(delete-before-replace asks how dependents would change), `_deciding` keeps the others waiting.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from foundry.sandbox.engine import paths
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.diff import Diff, by_inputs, with_replace_on_changes
from foundry.sandbox.engine.errors import EngineError, ProtectedError
from foundry.sandbox.engine.events import Diagnostic
from foundry.sandbox.engine.execution import Execution, StepError, StoppedError
from foundry.sandbox.engine.goal import Goal
from foundry.sandbox.engine.provider import CheckFailed
from foundry.sandbox.engine.registry import outward, with_version
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.steps import Match, Op, Step, deletes_first, dependents_in_way
from foundry.sandbox.engine.values import UNKNOWN, Properties, is_secret

_SEED_BYTES = 32
_LONGEST_VALUE = 100  # of a property that a provider refuses: the reason behind it must still be found


@dataclass(kw_only=True)
class Deployment(Execution):
    """A run of a program. Nothing is registered before `ready` is set, so that the program may start while a refresh is under way."""

    config: Callable[[str], Properties]
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _deciding: asyncio.Lock = field(default_factory=asyncio.Lock)
    _registered: dict[str, tuple[Goal, Step]] = field(default_factory=dict)
    _early_deletes: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _defaults: dict[str, asyncio.Task[str]] = field(default_factory=dict)
    _stack_outputs: tuple[str, Properties] | None = None
    _under_way: set[asyncio.Task[Resource]] = field(default_factory=set)

    async def to_the_end(self, work: Coroutine[Any, Any, Resource]) -> Resource:
        """Do the work even if whoever asked for it goes away: a program that ends must not cut a create short."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._over)
        return await asyncio.shield(task)

    def _over(self, task: asyncio.Task[Resource]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen, or asyncio would complain where nobody waited any more

    async def settled(self) -> None:
        """Wait until nothing is under way any more."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def register(self, goal: Goal) -> Resource:
        """Bring one resource to its goal → as it is then. Raises StoppedError, also after telling an error of its own."""
        await self.ready.wait()
        self.go_on()
        urn = urns.make(self.planner.stack, self.planner.project, goal.parent, goal.type, goal.name)
        try:
            goal = self._inherited(goal)
            return await self._register(goal)
        except EngineError as error:
            self.fail(str(error), urn)
            raise StoppedError from None
        except StepError:
            raise StoppedError from None

    def _inherited(self, goal: Goal) -> Goal:
        if not goal.parent:
            return goal
        if goal.parent not in self.planner.seen:
            raise EngineError(f"could not find parent resource {goal.parent}")
        known = self._registered.get(goal.parent)
        if known is None:
            return goal
        parent = known[0]
        return replace(
            goal,
            deleted_with=goal.deleted_with or parent.deleted_with,
            protect=parent.protect if goal.protect is None else goal.protect,
            retain_on_delete=parent.retain_on_delete
            if goal.retain_on_delete is None
            else goal.retain_on_delete,
        )

    async def _register(self, goal: Goal) -> Resource:
        urn, match = self.planner.match(goal)
        if match.alias and self.snapshot is not None:
            self.snapshot.rename(match.alias, urn)
        new = goal.resource(urn, match.old, match.alias)
        self._registered[urn] = (goal, Step(op=Op.SAME, new=new))
        steps = await self._plan(goal, new, match)
        for step in steps:
            if step.new is new or step.is_untargeted:
                self._registered[urn] = (goal, step)
        await self._carry_out(steps, urn)
        for step in steps:
            if step.is_untargeted and step.new is not None:
                return step.new
        return new

    async def _plan(self, goal: Goal, new: Resource, match: Match) -> list[Step]:
        old = match.old
        if not self.planner.is_targeted(new.urn, new.type):
            return self.planner.untargeted(new, old)
        while True:
            recreating = self.planner.is_recreated(new.urn)
            anew = old is None or old.external or recreating
            await self._check(goal, new, None if anew else old)
            forced = None if anew else await self._forced(new, old)
            diff = forced or (None if anew or old is None else await self._diff(goal, new, old))
            async with self._deciding:
                if self.planner.is_recreated(new.urn) != recreating:
                    continue  # something it depended on was replaced meanwhile, and took it along
                self.go_on()
                return await self._decide(goal, new, old, diff)

    async def _decide(self, goal: Goal, new: Resource, old: Resource | None, diff: Diff | None) -> list[Step]:
        if old is not None and self.planner.is_recreated(new.urn):
            return self.planner.recreate(new, old)
        if old is None or old.external or diff is None:
            return self.planner.create(new, old)
        diff = with_replace_on_changes(diff, goal.replace_on_changes)
        dependents: list[tuple[Resource, tuple[str, ...]]] = []
        if (diff.changes and diff.is_replacement) or old.pending_replacement:
            if self.is_preview or not (new.protect and old.protect):
                await self._check(goal, new, None)  # a replacement shares nothing with the old object
            if deletes_first(goal, diff):
                dependents = await self._dependents(old)
        try:
            return self.planner.decide(goal, new, old, diff, dependents)
        except ProtectedError as error:
            if not self.is_preview:
                raise
            self.tell(Diagnostic(severity="error", text=str(error), urn=new.urn))
            self.failed = True
            return self.planner.decide(goal, new, old, diff, dependents, ignores_protection=True)

    async def _check(self, goal: Goal, new: Resource, old: Resource | None) -> None:
        if not new.custom:
            return
        news = goal.inputs if old is None else paths.keep_old(goal.inputs, old.inputs, goal.ignore_changes)
        olds = old.inputs if old else {}
        if new.is_provider:
            inputs, faults = await self.registry.check(new.urn, olds, news)
        else:
            provider = await self.provider(new.provider)
            seed = random.randbytes(_SEED_BYTES)  # noqa: S311 - for names, not for keys
            inputs, faults = await provider.check(new.urn, olds, news, seed=seed, is_preview=self.is_preview)
        if faults:
            raise EngineError("\n".join(_fault_text(new, f) for f in faults))
        new.inputs = inputs

    async def _forced(self, new: Resource, old: Resource | None) -> Diff | None:
        if old is None:
            return None
        forced = self.planner.forced_replacement(new)
        if forced or not old.custom or old.provider == new.provider:
            return forced
        if not old.provider or not new.provider:
            return Diff(changes=True, replaces=("provider",))
        return await self._provider_change(old.provider, new.provider)

    async def _provider_change(self, old_reference: str, new_reference: str) -> Diff | None:
        """A replacement, if the new provider manages another world than the old one did."""
        old_urn = urns.parse_reference(old_reference)[0]
        new_urn = urns.parse_reference(new_reference)[0]
        old = self.planner.olds.get(old_urn)
        known = self._registered.get(new_urn)
        if self.planner.taken.get(old_urn) == new_urn or old is None or known is None:
            return None
        new = known[1].resource
        diff = await self.registry.get(new_reference).diff_config(new_urn, old, outward(new.inputs), ())
        return Diff(changes=True, replaces=("provider",)) if diff.is_replacement else None

    async def _diff(self, goal: Goal, new: Resource, old: Resource) -> Diff:
        if not new.custom:
            return by_inputs(old.inputs, new.inputs) if old.inputs != new.inputs else Diff(changes=False)
        if new.is_provider:
            return await self.registry.diff(new.urn, old, outward(new.inputs), goal.ignore_changes)
        return await self.ask_diff(new.urn, old, new.inputs, new.provider, goal.ignore_changes)

    async def _dependents(self, root: Resource) -> list[tuple[Resource, tuple[str, ...]]]:
        """Resources that must go before `root` because its replacement replaces them too, with the keys that say so."""
        going = {root.urn}
        result: list[tuple[Resource, tuple[str, ...]]] = []
        for candidate in dependents_in_way(self.planner.resources, root, self.planner.settled()):
            keys = await self._replaced_by(candidate, going)
            if keys is not None:
                going.add(candidate.urn)
                result.append((candidate, keys))
        chosen = {id(r) for r, _ in result}
        for other in self.planner.olds.values():
            tied = root.urn in other.replace_with or other.deleted_with == root.urn
            if tied and id(other) not in chosen and other.urn not in self.planner.settled():
                result.append((other, ()))
        return result

    async def _replaced_by(self, resource: Resource, going: set[str]) -> tuple[str, ...] | None:
        if not resource.custom or resource.external:
            return None
        if resource.provider and urns.parse_reference(resource.provider)[0] in going:
            return ()
        if resource.deleted_with in going:
            return ()
        news = {
            k: UNKNOWN if any(d in going for d in resource.property_dependencies.get(k, ())) else v
            for k, v in resource.inputs.items()
        }
        if all(news[k] is v for k, v in resource.inputs.items()):
            return None
        if resource.is_provider:
            await self.registry.same(resource)
            diff = await self.registry.diff(resource.urn, resource, outward(news), resource.ignore_changes)
        else:
            diff = await self.ask_diff(
                resource.urn, resource, news, resource.provider, resource.ignore_changes
            )
        diff = with_replace_on_changes(diff, resource.replace_on_changes)
        return diff.replaces if diff.is_replacement else None

    async def default_provider(self, package: str, version: str) -> str:
        """The reference of the provider that serves a package where the program names none."""
        key = f"{package}@{version}"
        task = self._defaults.get(key)
        if task is None:
            task = self._defaults[key] = asyncio.create_task(self._make_default(package, version))
        return await asyncio.shield(task)

    async def _make_default(self, package: str, version: str) -> str:
        suffix = "_" + version.replace(".", "_").replace("-", "_").replace("+", "_") if version else ""
        inputs = with_version(self.config(package), version)
        made = await self.register(
            Goal(type=urns.PROVIDER_PREFIX + package, name=f"default{suffix}", custom=True, inputs=inputs)
        )
        return urns.reference(made.urn, made.id or UNKNOWN)

    async def read(self, goal: Goal, id_: str) -> Resource:
        """Look a resource up that somebody else manages → as it is. Raises StoppedError after telling what went wrong."""
        await self.ready.wait()
        self.go_on()
        try:
            urn, match = self.planner.match(goal)
            new = goal.resource(urn, match.old, match.alias)
            new.external, new.id = True, id_
            old = match.old
            self.planner.read.add(urn)
            if old is not None and not old.external and old.id != id_:
                steps = [
                    Step(op=Op.READ_REPLACEMENT, old=old, new=new, condemns=True),
                    Step(op=Op.REPLACE, old=old, new=new),
                ]
            else:
                steps = [Step(op=Op.READ, old=old, new=new)]
            await self._carry_out(steps, urn)
        except EngineError as error:
            self.fail(str(error))
            raise StoppedError from None
        except StepError:
            raise StoppedError from None
        return new

    async def register_outputs(self, urn: str, outputs: Properties) -> None:
        """The outputs of a component; those of the stack count at the end of the run."""
        await self.ready.wait()
        known = self._registered.get(urn)
        if known is None:
            raise EngineError(f"cannot complete a resource '{urn}' whose registration isn't pending")
        if urns.qualified_type(urn) == urns.STACK_TYPE:
            self._stack_outputs = (urn, outputs)
            return
        self._finish_component(known[1], outputs)

    def _finish_component(self, step: Step, outputs: Properties) -> None:
        if step.is_skipped or step.new is None:
            return
        step.new.outputs = outputs
        if self.snapshot is not None:
            self.snapshot.update(step.new)
        self.tell_finished(step, step.op)

    def finish_stack(self) -> None:
        """Give the stack its outputs; those of before stay beside them when the run failed."""
        if self._stack_outputs is None:
            return
        urn, outputs = self._stack_outputs
        old = self.planner.olds.get(urn)
        if self.stop_reason and old is not None:
            outputs = {**old.outputs, **outputs}
        self._finish_component(self._registered[urn][1], outputs)

    def stack_outputs(self) -> Properties:
        """The outputs the program gave the stack so far."""
        return self._stack_outputs[1] if self._stack_outputs else {}

    async def _carry_out(self, steps: list[Step], urn: str) -> None:
        early = [s for s in steps if s.op in (Op.DELETE_REPLACED, Op.DELETE)]
        if early:
            done = asyncio.create_task(self._all(early))
            self._early_deletes |= {s.urn: done for s in early}
            await asyncio.shield(done)
        elif urn in self._early_deletes:
            await asyncio.shield(self._early_deletes[urn])
        await self._all([s for s in steps if s not in early])

    async def _all(self, steps: list[Step]) -> None:
        for step in steps:
            await self.execute(step)


def _fault_text(resource: Resource, fault: CheckFailed) -> str:
    name = urns.name_of(resource.urn)
    if not fault.property:
        return f"{resource.type} resource '{name}' has a problem: {fault.reason}"
    value = resource.inputs.get(fault.property)
    shown = "<nil>" if value is None else "[secret]" if is_secret(value) else str(value)
    if len(shown) > _LONGEST_VALUE:
        shown = f"{shown[:_LONGEST_VALUE]}…"
    return f"{resource.type} resource '{name}': property {fault.property} value {{{shown}}} has a problem: {fault.reason}"
