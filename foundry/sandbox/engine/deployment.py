"""One run at work: registrations become steps, steps are carried out, the snapshot follows.

Everything here runs on one event loop, so a decision made without `await` is made alone. Where a decision itself needs a provider
(delete-before-replace asks how dependents would change), `_deciding` keeps the others waiting.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from foundry.sandbox.engine import paths
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.diff import Diff, by_inputs, decided, with_replace_on_changes
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.events import Diagnostic, Event, StepFailed, StepFinished, StepStarted
from foundry.sandbox.engine.goal import Goal
from foundry.sandbox.engine.graph import needed_by_failed, without_gone
from foundry.sandbox.engine.provider import CheckFailed, Made, Provider
from foundry.sandbox.engine.registry import INTERNAL, Registry
from foundry.sandbox.engine.snapshot import Snapshot, now
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.steps import Match, Op, Planner, Step, deletes_first, dependents_in_way, unprotect_first
from foundry.sandbox.engine.values import UNKNOWN, Properties, is_secret, secret

_SEED_BYTES = 32
_KINDS = {
    Op.CREATE: "creating",
    Op.CREATE_REPLACEMENT: "creating",
    Op.UPDATE: "updating",
    Op.DELETE: "deleting",
    Op.DELETE_REPLACED: "deleting",
    Op.READ: "reading",
    Op.READ_REPLACEMENT: "reading",
}


class StoppedError(Exception):
    """The run takes nothing new on, because something failed or the user asked."""


class _StepError(Exception):
    """A step failed, and everybody knows."""


@dataclass(kw_only=True)
class Deployment:
    """A run over one old state. `snapshot` is None in a preview, which changes nothing."""

    planner: Planner
    registry: Registry
    snapshot: Snapshot | None
    tell: Callable[[Event], None]
    parallel: int
    config: Callable[[str], Properties]
    counts: Counter[str] = field(default_factory=Counter)
    failed: bool = False
    stop_reason: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _slots: asyncio.Semaphore = field(init=False)
    _deciding: asyncio.Lock = field(default_factory=asyncio.Lock)
    _registered: dict[str, tuple[Goal, Step]] = field(default_factory=dict)
    _early_deletes: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _defaults: dict[str, asyncio.Task[str]] = field(default_factory=dict)
    _stack_outputs: tuple[str, Properties] | None = None
    _started: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.parallel)

    @property
    def is_preview(self) -> bool:
        """Whether nothing is to be changed."""
        return self.snapshot is None

    # Stopping and telling.

    def stop(self, reason: str) -> None:
        """Take nothing new on; what is under way goes on to its end."""
        self.stop_reason = self.stop_reason or reason

    def fail(self, text: str, urn: str = "") -> None:
        """Tell an error and stop."""
        self.tell(Diagnostic(severity="error", text=text, urn=urn))
        self.failed = True
        self.stop("failed")

    def _go_on(self) -> None:
        if self.stop_reason:
            raise StoppedError

    # Registration.

    async def register(self, goal: Goal) -> Resource:
        """Bring one resource to its goal → as it is then. Raises StoppedError, also after telling an error of its own."""
        await self.ready.wait()
        self._go_on()
        urn = urns.make(self.planner.stack, self.planner.project, goal.parent, goal.type, goal.name)
        try:
            goal = self._inherited(goal)
            return await self._register(goal)
        except EngineError as error:
            self.fail(str(error), urn)
            raise StoppedError from None
        except _StepError:
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
            retain_on_delete=parent.retain_on_delete if goal.retain_on_delete is None else goal.retain_on_delete,
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
                self._go_on()
                return await self._decide(goal, new, old, diff)

    async def _decide(self, goal: Goal, new: Resource, old: Resource | None, diff: Diff | None) -> list[Step]:
        if old is not None and self.planner.is_recreated(new.urn):
            return self.planner.recreate(new, old)
        if old is None or old.external or diff is None:
            return self.planner.create(new, old)
        diff = with_replace_on_changes(diff, goal.replace_on_changes)
        dependents: list[tuple[Resource, tuple[str, ...]]] = []
        if (diff.changes and diff.is_replacement) or old.pending_replacement:
            if not (new.protect and old.protect):
                await self._check(goal, new, None)  # a replacement shares nothing with the old object
            if deletes_first(goal, diff):
                dependents = await self._dependents(old)
        return self.planner.decide(goal, new, old, diff, dependents)

    async def _check(self, goal: Goal, new: Resource, old: Resource | None) -> None:
        if not new.custom:
            return
        news = goal.inputs if old is None else paths.keep_old(goal.inputs, old.inputs, goal.ignore_changes)
        olds = old.inputs if old else {}
        if new.is_provider:
            inputs, faults = await self.registry.check(new.urn, olds, news)
        else:
            provider = await self._provider(new.provider)
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
        diff = await self.registry.get(new_reference).diff_config(new_urn, old, _outward(new.inputs), ())
        return Diff(changes=True, replaces=("provider",)) if diff.is_replacement else None

    async def _diff(self, goal: Goal, new: Resource, old: Resource) -> Diff:
        if not new.custom:
            return by_inputs(old.inputs, new.inputs) if old.inputs != new.inputs else Diff(changes=False)
        if new.is_provider:
            return await self.registry.diff(new.urn, old, _outward(new.inputs), goal.ignore_changes)
        return await self._ask_diff(new.urn, old, new.inputs, new.provider, goal.ignore_changes)

    async def _ask_diff(self, urn: str, old: Resource, news: Properties, provider: str, ignore: tuple[str, ...]) -> Diff:
        found = await (await self._provider(provider)).diff(urn, old.id, old.inputs, old.outputs, news, ignore)
        return decided(found, old.inputs, news, ignore)

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
            diff = await self.registry.diff(resource.urn, resource, _outward(news), resource.ignore_changes)
        else:
            diff = await self._ask_diff(resource.urn, resource, news, resource.provider, resource.ignore_changes)
        diff = with_replace_on_changes(diff, resource.replace_on_changes)
        return diff.replaces if diff.is_replacement else None

    async def _provider(self, reference: str) -> Provider:
        """The provider, made ready from the state if the program hasn't registered it."""
        if not self.registry.has(reference):
            urn, id_ = urns.parse_reference(reference)
            known = next((r for r in self.planner.resources if r.urn == urn and r.id == id_), None)
            if known is None:
                raise EngineError(f"unknown provider {reference!r}")
            await self.registry.same(known)
        return self.registry.get(reference)

    async def default_provider(self, package: str, version: str) -> str:
        """The reference of the provider that serves a package where the program names none."""
        key = f"{package}@{version}"
        task = self._defaults.get(key)
        if task is None:
            task = self._defaults[key] = asyncio.create_task(self._make_default(package, version))
        return await asyncio.shield(task)

    async def _make_default(self, package: str, version: str) -> str:
        suffix = "_" + version.replace(".", "_").replace("-", "_").replace("+", "_") if version else ""
        inputs = dict(self.config(package))
        if version:
            inputs["version"] = version
        made = await self.register(
            Goal(type=urns.PROVIDER_PREFIX + package, name=f"default{suffix}", custom=True, inputs=inputs)
        )
        return urns.reference(made.urn, made.id or UNKNOWN)

    async def read(self, goal: Goal, id_: str) -> Resource:
        """Look a resource up that somebody else manages → as it is. Raises StoppedError after telling what went wrong."""
        await self.ready.wait()
        self._go_on()
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
        except _StepError:
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
        self._tell_finished(step, step.op)

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

    # Steps.

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

    async def execute(self, step: Step) -> None:
        """Carry one step out. Raises _StepError after telling what went wrong, StoppedError if nothing new may begin."""
        async with self._slots:
            self._go_on()
            self._tell_of(step, StepStarted(step=step, op=step.op, urn=step.urn, old=_copy(step.old), new=_copy(step.new)))
            began = self._started[id(step)] = time.monotonic()
            token = await self._begin(step)
            try:
                faults, result = await self._apply(step)
            except EngineError as error:
                self._end(step, token, succeeded=False)
                self._failed(step, str(error), time.monotonic() - began, may_go_on=_is_protected(step))
                raise _StepError from None
            if step.new is not None and step.op is not Op.REPLACE:
                _keep_secret(step.new)
            self._end(step, token, succeeded=True)
            if faults:
                self._failed(step, "\n".join(faults), time.monotonic() - began, may_go_on=False)
                raise _StepError
            if step.is_logical and not step.is_hidden:
                self.counts[step.op] += 1
            if step.resource.custom or step.op in (Op.DELETE, Op.DELETE_REPLACED, Op.REPLACE, Op.REFRESH):
                self._tell_finished(step, result)

    def _tell_finished(self, step: Step, op: Op) -> None:
        seconds = time.monotonic() - self._started.get(id(step), time.monotonic())
        self._tell_of(step, StepFinished(step=step, op=op, urn=step.urn, old=_copy(step.old), new=_copy(step.new), seconds=seconds))

    def _tell_of(self, step: Step, event: Event) -> None:
        if not step.is_hidden:
            self.tell(event)

    def _failed(self, step: Step, text: str, seconds: float, *, may_go_on: bool) -> None:
        self.tell(StepFailed(step=step, op=step.op, urn=step.urn, seconds=seconds))
        self.tell(Diagnostic(severity="error", text=text, urn=step.urn))
        self.failed = True
        if not may_go_on:
            self.stop("failed")

    async def _begin(self, step: Step) -> int:
        kind = _KINDS.get(step.op)
        if self.snapshot is None or kind is None:
            return 0
        token = self.snapshot.begin(kind, step.resource)
        if kind == "creating" and step.resource.custom and not step.resource.is_provider:
            try:
                await self.snapshot.durable()
            except EngineError as error:
                self.fail(str(error))
                raise StoppedError from None
        return token

    def _end(self, step: Step, token: int, *, succeeded: bool) -> None:
        if self.snapshot is None:
            return
        if token:
            self.snapshot.end(token)
        if succeeded:
            self._record(self.snapshot, step)

    def _record(self, snapshot: Snapshot, step: Step) -> None:
        old, new = step.old, step.new
        match step.op:
            case Op.SAME if new is not None and not step.is_skipped:
                snapshot.put(new, instead_of=old)
            case Op.CREATE | Op.CREATE_REPLACEMENT if new is not None:
                snapshot.put(new, instead_of=old if old is not None and old.pending_replacement else None)
                if old is not None and not old.pending_replacement:
                    old.delete = True
                    snapshot.update(old)
                for operation in snapshot.inherited:
                    if operation.resource.urn == new.urn:
                        snapshot.resolve(operation)
            case Op.UPDATE | Op.READ if new is not None:
                snapshot.put(new, instead_of=old)
            case Op.READ_REPLACEMENT if new is not None:
                snapshot.put(new)
                if old is not None:
                    snapshot.update(old)
            case Op.DELETE | Op.DELETE_REPLACED | Op.READ_DISCARD | Op.DISCARD_REPLACED if old is not None:
                if old.pending_replacement:
                    snapshot.update(old)
                else:
                    snapshot.remove(old)
            case Op.REMOVE_PENDING_REPLACE if old is not None:
                snapshot.remove(old)
            case _:
                return

    async def _apply(self, step: Step) -> tuple[tuple[str, ...], Op]:
        """Do the step's work → faults of a partial failure, and what came of it."""
        match step.op:
            case Op.SAME:
                await self._keep(step)
            case Op.CREATE | Op.CREATE_REPLACEMENT:
                return await self._create(step), step.op
            case Op.UPDATE:
                return await self._update(step), step.op
            case Op.DELETE | Op.DELETE_REPLACED | Op.READ_DISCARD | Op.DISCARD_REPLACED:
                await self._delete(step)
            case Op.READ | Op.READ_REPLACEMENT:
                await self._look_up(step)
            case _:
                pass
        return (), step.op

    async def _keep(self, step: Step) -> None:
        old, new = step.old, step.new
        if old is None or new is None:
            return
        new.id, new.outputs = old.id, old.outputs
        new.created, new.modified = old.created, old.modified
        if new.is_provider:
            as_stored = new.copy()
            as_stored.inputs = old.inputs
            await self.registry.same(as_stored)

    async def _create(self, step: Step) -> tuple[str, ...]:
        new = step.new
        assert new is not None  # noqa: S101 - a create has it
        faults: tuple[str, ...] = ()
        if new.is_provider:
            new.id = await self.registry.create(new)
            new.outputs = _outward(new.inputs)
        elif new.custom:
            made = await (await self._provider(new.provider)).create(new, is_preview=self.is_preview)
            faults = self._take(new, made)
            new.id = made.id
        new.created = new.modified = now()
        if step.condemns and step.old is not None:
            step.old.delete = True
        return faults

    async def _update(self, step: Step) -> tuple[str, ...]:
        old, new = step.old, step.new
        assert old is not None  # noqa: S101 - an update has both
        assert new is not None  # noqa: S101
        new.id = old.id
        if new.is_provider:
            await self.registry.update(new, new.id)
            new.outputs = _outward(new.inputs)
        elif new.custom:
            provider = await self._provider(new.provider)
            made = await provider.update(old, new, step.ignore_changes, is_preview=self.is_preview)
            faults = self._take(new, made)
            new.modified = now()
            return faults
        return ()

    @staticmethod
    def _take(new: Resource, made: Made) -> tuple[str, ...]:
        new.outputs = made.outputs
        new.refresh_before_update = made.refresh_before_update
        new.init_errors = made.faults
        return made.faults

    async def _delete(self, step: Step) -> None:
        old = step.old
        assert old is not None  # noqa: S101 - a delete has it
        if _is_protected(step):
            raise unprotect_first(old.urn, "delete")
        stays = old.external or old.retain_on_delete or self.planner.is_deleted_with(old) or old.is_provider
        if not self.is_preview and old.custom and not stays:
            await (await self._provider(old.provider)).delete(old)
        if step.awaits_replacement:
            old.pending_replacement = True

    async def _look_up(self, step: Step) -> None:
        new = step.new
        assert new is not None  # noqa: S101 - a read has it
        if new.id == UNKNOWN:
            return
        made = await (await self._provider(new.provider)).read(new, state=new.inputs)
        if not made.id:
            raise EngineError(f"resource '{new.id}' does not exist")
        new.id, new.outputs, new.init_errors = made.id, made.outputs, made.faults
        if step.condemns and step.old is not None:
            step.old.delete = True

    async def look_up(self, resource: Resource) -> Made:
        """What its provider finds under the resource's id."""
        return await (await self._provider(resource.provider)).read(resource, state={})

    # Before the program: refresh. After it: deletions.

    async def refresh(self, *, counts: bool) -> None:
        """Read every resource and plan over what is there from now on. Failures are told; all reads are made first."""
        found: dict[int, Resource | None] = {}
        wanted = [r for r in self.planner.resources if not self.planner.targets or r.urn in self.planner.targets]
        await asyncio.gather(*(self._refresh_one(r, found, counts=counts) for r in wanted))
        left = [found.get(id(r), r) for r in self.planner.resources]
        resources = without_gone([r for r in left if r is not None])
        self.planner.rebase(resources)
        if self.snapshot is not None:
            self.snapshot.rebase(resources)

    async def _refresh_one(self, old: Resource, found: dict[int, Resource | None], *, counts: bool) -> None:
        async with self._slots:
            if self.stop_reason and not self.failed:
                return
            step = Step(op=Op.REFRESH, old=old, new=old)
            self._tell_of(step, StepStarted(step=step, op=Op.REFRESH, urn=old.urn, old=_copy(old), new=_copy(old)))
            began = time.monotonic()
            try:
                new, diff = await self._read_live(old)
            except EngineError as error:
                self._failed(step, str(error), time.monotonic() - began, may_go_on=False)
                return
            found[id(old)] = new
            result = Op.DELETE if new is None else Op.UPDATE if diff.changes else Op.SAME
            if counts and not step.is_hidden:
                self.counts[result] += 1
            done = Step(op=Op.REFRESH, old=old, new=new, diff=diff)
            seconds = time.monotonic() - began
            shown = result if counts else Op.REFRESH
            finished = StepFinished(step=done, op=shown, urn=old.urn, old=_copy(old), new=_copy(new), seconds=seconds)
            self._tell_of(step, finished)

    async def _read_live(self, old: Resource) -> tuple[Resource | None, Diff]:
        if not old.custom or old.is_provider or old.pending_replacement:
            return old, Diff(changes=False)
        made = await (await self._provider(old.provider)).read(old, state=old.outputs)
        if not made.id:
            return None, Diff(changes=True)
        if made.faults:
            text = "Refreshed resource is in an unhealthy state:\n* " + "\n* ".join(made.faults)
            self.tell(Diagnostic(severity="warning", text=text, urn=old.urn))
        new = old.copy()
        new.id, new.outputs, new.init_errors = made.id, made.outputs, made.faults
        new.refresh_before_update = made.refresh_before_update
        if made.inputs is not None:
            new.inputs = made.inputs
        if (new.inputs, new.outputs) != (old.inputs, old.outputs):
            new.modified = now()
        if old.external:
            return new, Diff(changes=old.outputs != new.outputs)
        diff = await self._ask_diff(new.urn, new, old.inputs, old.provider, old.ignore_changes)
        return new, diff.inverted()

    async def delete_the_rest(self) -> None:
        """Delete what the program no longer has, dependents first."""
        groups = self.planner.deletions()
        self._refuse_half_deletions([s for g in groups for s in g])
        failed: list[Resource] = []
        for group in groups:
            if self.stop_reason:
                return
            stays = needed_by_failed(self.planner.resources, failed)
            steps = [s for s in group if id(s.resource) not in stays]
            results = await asyncio.gather(*(self.execute(s) for s in steps), return_exceptions=True)
            for step, result in zip(steps, results, strict=True):
                if isinstance(result, _StepError):
                    failed.append(step.resource)
                elif isinstance(result, BaseException) and not isinstance(result, StoppedError):
                    raise result

    def _refuse_half_deletions(self, steps: list[Step]) -> None:
        """A targeted deletion must not leave anything behind that needs what goes."""
        if not self.planner.targets:
            return
        going = {s.urn for s in steps}
        for resource in self.planner.resources:
            if resource.urn in going or self.planner.is_operated_on(resource.urn):
                continue
            if going & {resource.parent, *resource.references()}:
                raise EngineError(
                    f"Resource '{resource.urn}' will be destroyed but was not specified in --target list; name it there too"
                )


def _is_protected(step: Step) -> bool:
    return step.op is Op.DELETE and step.resource.protect


def _copy(resource: Resource | None) -> Resource | None:
    return None if resource is None else resource.copy()


def _outward(inputs: Mapping[str, object]) -> Properties:
    """A provider's inputs without what the engine keeps among them for itself."""
    return {k: v for k, v in inputs.items() if k != INTERNAL}


def _keep_secret(resource: Resource) -> None:
    outputs = resource.outputs
    changed = {k: secret(outputs[k]) for k in resource.additional_secret_outputs if k in outputs and k != "id"}
    for key, value in outputs.items():
        if key not in changed and not is_secret(value) and is_secret(resource.inputs.get(key)):
            changed[key] = secret(value)
    if changed:
        resource.outputs = {**outputs, **changed}


def _fault_text(resource: Resource, fault: CheckFailed) -> str:
    name = urns.name_of(resource.urn)
    if not fault.property:
        return f"{resource.type} resource '{name}' has a problem: {fault.reason}"
    value = resource.inputs.get(fault.property)
    shown = "<nil>" if value is None else "[secret]" if is_secret(value) else value
    return f"{resource.type} resource '{name}': property {fault.property} value {{{shown}}} has a problem: {fault.reason}"

