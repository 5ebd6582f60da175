"""Carrying steps out: the provider is called, the snapshot follows, whoever watches is told.

All on one event loop; how many steps run at once is bounded by `parallel`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.diff import Diff, decided
from foundry.sandbox.engine.errors import EngineError, ProviderGoneError
from foundry.sandbox.engine.events import Diagnostic, Event, StepFailed, StepFinished, StepStarted
from foundry.sandbox.engine.provider import Made, Provider
from foundry.sandbox.engine.registry import Registry, outward
from foundry.sandbox.engine.snapshot import Snapshot, now
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.steps import Op, Planner, Step, unprotect_first
from foundry.sandbox.engine.values import UNKNOWN, Properties, is_secret, secret

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


class StepError(Exception):
    """A step failed, and everybody knows."""


@dataclass(kw_only=True)
class Execution:
    """A run over one old state. `snapshot` is None in a preview, which changes nothing."""

    planner: Planner
    registry: Registry
    snapshot: Snapshot | None
    tell: Callable[[Event], None]
    parallel: int
    counts: Counter[str] = field(default_factory=Counter)
    failed: bool = False
    stop_reason: str = ""
    slots: asyncio.Semaphore = field(init=False)
    _started: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.parallel)

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

    def go_on(self) -> None:
        """Raise StoppedError if nothing new may begin."""
        if self.stop_reason:
            raise StoppedError

    async def provider(self, reference: str) -> Provider:
        """The provider, made ready from the state if the program hasn't registered it."""
        if not self.registry.has(reference):
            urn, id_ = urns.parse_reference(reference)
            known = next((r for r in self.planner.resources if r.urn == urn and r.id == id_), None)
            if known is None:
                raise EngineError(f"unknown provider {reference!r}")
            await self.registry.same(known)
        return self.registry.get(reference)

    async def ask_diff(
        self, urn: str, old: Resource, news: Properties, provider: str, ignore: tuple[str, ...]
    ) -> Diff:
        """How a resource would change, with the engine's own word where the provider has none."""
        found = await (await self.provider(provider)).diff(urn, old, news, ignore)
        return decided(found, old.inputs, news, ignore)

    async def execute(self, step: Step) -> None:
        """Carry one step out. Raises StepError after telling what went wrong, StoppedError if nothing new may begin."""
        async with self.slots:
            self.go_on()
            self.tell_of(
                step,
                StepStarted(step=step, op=step.op, urn=step.urn, old=copied(step.old), new=copied(step.new)),
            )
            began = self._started[id(step)] = time.monotonic()
            token = await self._begin(step)
            try:
                faults, result = await self._apply(step)
            except EngineError as error:
                if not isinstance(error, ProviderGoneError):  # else the operation stays on record as pending
                    self._end(step, token, succeeded=False)
                self.tell_failed(step, str(error), time.monotonic() - began, may_go_on=_is_protected(step))
                raise StepError from None
            if step.new is not None and step.op is not Op.REPLACE:
                _keep_secret(step.new)
            self._end(step, token, succeeded=True)
            if faults:
                self.tell_failed(step, "\n".join(faults), time.monotonic() - began, may_go_on=False)
                raise StepError
            if step.is_logical and not step.is_hidden and not _found_what_it_knew(step):
                self.counts[step.op] += 1
            if step.resource.custom or step.op in (Op.DELETE, Op.DELETE_REPLACED, Op.REPLACE, Op.REFRESH):
                self.tell_finished(step, result)

    def tell_finished(self, step: Step, op: Op) -> None:
        """Tell that a step is done, and what came of it."""
        seconds = time.monotonic() - self._started.get(id(step), time.monotonic())
        self.tell_of(
            step,
            StepFinished(
                step=step, op=op, urn=step.urn, old=copied(step.old), new=copied(step.new), seconds=seconds
            ),
        )

    def tell_of(self, step: Step, event: Event) -> None:
        """Tell something about a step, if people are told about it at all."""
        if not step.is_hidden:
            self.tell(event)

    def tell_failed(self, step: Step, text: str, seconds: float, *, may_go_on: bool) -> None:
        """Tell that a step failed, and why; the run stops unless it may go on."""
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
        assert new is not None
        faults: tuple[str, ...] = ()
        if new.is_provider:
            new.id = await self.registry.create(new)
            new.outputs = outward(new.inputs)
        elif new.custom:
            made = await (await self.provider(new.provider)).create(new, is_preview=self.is_preview)
            faults = self._take(new, made)
            new.id = made.id
        new.created = new.modified = now()
        if step.condemns and step.old is not None:
            step.old.delete = True
        return faults

    async def _update(self, step: Step) -> tuple[str, ...]:
        old, new = step.old, step.new
        assert old is not None
        assert new is not None
        new.id = old.id
        if new.is_provider:
            await self.registry.update(new, new.id)
            new.outputs = outward(new.inputs)
        elif new.custom:
            provider = await self.provider(new.provider)
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
        assert old is not None
        if _is_protected(step):
            raise unprotect_first(old.urn, "delete")
        stays = old.external or old.retain_on_delete or self.planner.is_deleted_with(old) or old.is_provider
        if not self.is_preview and old.custom and not stays:
            await (await self.provider(old.provider)).delete(old)
        if step.awaits_replacement:
            old.pending_replacement = True

    async def _look_up(self, step: Step) -> None:
        new = step.new
        assert new is not None
        if new.id == UNKNOWN:
            return
        made = await (await self.provider(new.provider)).read(new, state=new.inputs)
        if not made.id:
            raise EngineError(f"resource '{new.id}' does not exist")
        new.id, new.outputs, new.init_errors = made.id, made.outputs, made.faults
        if step.condemns and step.old is not None:
            step.old.delete = True

    async def look_up(self, resource: Resource) -> Made:
        """What its provider finds under the resource's id."""
        return await (await self.provider(resource.provider)).read(resource, state={})


def _is_protected(step: Step) -> bool:
    return step.op is Op.DELETE and step.resource.protect


def _found_what_it_knew(step: Step) -> bool:
    """Whether a read found nothing new, or nothing to compare with: the CLI doesn't count it."""
    if step.op is not Op.READ:
        return False
    old, new = step.old, step.new
    return old is None or new is None or old.outputs == new.outputs


def copied(resource: Resource | None) -> Resource | None:
    """The resource as it is at this moment."""
    return None if resource is None else resource.copy()


def _keep_secret(resource: Resource) -> None:
    outputs = resource.outputs
    changed = {
        k: secret(outputs[k]) for k in resource.additional_secret_outputs if k in outputs and k != "id"
    }
    for key, value in outputs.items():
        if key not in changed and not is_secret(value) and is_secret(resource.inputs.get(key)):
            changed[key] = secret(value)
    if changed:
        resource.outputs = {**outputs, **changed}
