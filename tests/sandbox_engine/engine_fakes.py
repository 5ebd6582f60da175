"""A run without processes, wire or disk: the real planner, execution and snapshot over a cloud in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foundry.sandbox.engine import phases
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.backend import Stack
from foundry.sandbox.engine.deployment import Deployment
from foundry.sandbox.engine.diff import Diff
from foundry.sandbox.engine.errors import EngineError, ProviderError
from foundry.sandbox.engine.events import Event, StepStarted
from foundry.sandbox.engine.execution import StoppedError
from foundry.sandbox.engine.goal import Goal
from foundry.sandbox.engine.provider import Made
from foundry.sandbox.engine.snapshot import Snapshot
from foundry.sandbox.engine.state import Deployment as Stored
from foundry.sandbox.engine.state import Resource, read_deployment
from foundry.sandbox.engine.steps import Planner

STACK = Stack(folder=Path("nowhere"), project="proj", name="dev")
TYPE = "fake:index:Thing"
PROVIDER_TYPE = "pulumi:providers:fake"


class KilledError(BaseException):
    """The run is dead: nothing of it acts any more."""


@dataclass
class Cloud:
    """Objects by id. `fails` holds `call name` pairs that raise, each once; an object with a `home` stands on the object of that id.

    The run dies at the call that `kills_after` counts down to, before it acts, or with `kills_late` after; `orphans` are objects that a
    dead run may have made without anyone knowing, which a create of their name adopts.
    """

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    made: int = 0
    refuses_homeless: bool = False
    kills_after: int = -1
    kills_late: bool = False
    is_dead: bool = False
    orphans: set[str] = field(default_factory=set)

    def _call(self, call: str, name: str) -> None:
        if self.is_dead:
            raise KilledError
        self.kills_after -= 1
        if self.kills_after == 0 and not self.kills_late:
            self.is_dead = True
            raise KilledError
        self.calls.append(f"{call} {name}")
        if f"{call} {name}" in self.fails:
            self.fails.discard(f"{call} {name}")
            raise ProviderError(f"{call} {name} was told to fail")

    def create(self, name: str, inputs: dict[str, Any]) -> str:
        self._call("create", name)
        id_ = next((o for o in sorted(self.orphans) if o.startswith(f"{name}-")), "")
        if not id_:
            self.made += 1
            id_ = f"{name}-{self.made}"
        self.orphans.discard(id_)
        self.objects[id_] = dict(inputs)
        self._acted()
        return id_

    def update(self, id_: str, name: str, inputs: dict[str, Any]) -> None:
        self._call("update", name)
        assert id_ in self.objects, f"{id_} is updated after it is gone"
        self.objects[id_] = dict(inputs)
        self._acted()

    def _acted(self) -> None:
        if self.kills_after == 0 and self.kills_late:
            self.is_dead = True
            raise KilledError

    def delete(self, id_: str, name: str) -> None:
        self._call("delete", name)
        assert id_ in self.objects, f"{id_} is deleted twice"
        if self.refuses_homeless:
            assert all(o.get("home") != id_ for o in self.objects.values()), (
                f"{id_} is deleted under what stands on it"
            )
        del self.objects[id_]
        self._acted()


class FakeProvider:
    """`zone` and `home` replace; a `first` input asks for delete-before-replace."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def check(
        self, _urn: str, _olds: Any, news: dict[str, Any], **_: Any
    ) -> tuple[dict[str, Any], list[Any]]:
        await asyncio.sleep(0)
        return dict(news), []

    async def diff(self, _urn: str, old: Resource, news: dict[str, Any], _ignore: Sequence[str]) -> Diff:
        await asyncio.sleep(0)
        changed = [k for k in {*old.inputs, *news} if old.inputs.get(k) != news.get(k)]
        replaces = tuple(k for k in sorted(changed) if k in ("home", "zone"))
        return Diff(changes=bool(changed), replaces=replaces, delete_before_replace=bool(news.get("first")))

    async def create(self, resource: Resource, *, is_preview: bool) -> Made:
        await asyncio.sleep(0)
        if is_preview:
            return Made(id="", outputs=resource.inputs)
        id_ = self._cloud.create(urns.name_of(resource.urn), resource.inputs)
        return Made(id=id_, outputs={**resource.inputs, "made": id_})

    async def update(self, old: Resource, new: Resource, _ignore: Sequence[str], *, is_preview: bool) -> Made:
        await asyncio.sleep(0)
        if not is_preview:
            self._cloud.update(old.id, urns.name_of(new.urn), new.inputs)
        return Made(id=old.id, outputs={**new.inputs, "made": old.id})

    async def delete(self, resource: Resource) -> None:
        await asyncio.sleep(0)
        self._cloud.delete(resource.id, urns.name_of(resource.urn))

    async def read(self, resource: Resource, *, state: dict[str, Any]) -> Made:
        await asyncio.sleep(0)
        self._cloud._call("read", urns.name_of(resource.urn))
        live = self._cloud.objects.get(resource.id)
        if live is None:
            return Made(id="", outputs={})
        return Made(id=resource.id, outputs={**live, "made": resource.id}, inputs=dict(live))


class FakeRegistry:
    """One provider, whatever the reference."""

    def __init__(self, cloud: Cloud) -> None:
        self._provider = FakeProvider(cloud)

    def get(self, _reference: str) -> FakeProvider:
        return self._provider

    def has(self, _reference: str) -> bool:
        return True

    async def check(self, _urn: str, _olds: Any, news: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        return dict(news), []

    async def diff(self, _urn: str, old: Resource, news: dict[str, Any], _ignore: tuple[str, ...]) -> Diff:
        return Diff(changes=old.inputs != news)

    async def create(self, _resource: Resource) -> str:
        return "the-provider"

    async def update(self, _resource: Resource, _id: str) -> None:
        return None

    async def same(self, _resource: Resource) -> None:
        return None


class InMemory(Snapshot):
    """A snapshot whose disk always works at once, and may lag behind up to what a create waited for: `states` is what it may hold."""

    def __init__(self, base: Stored, cloud: Cloud) -> None:
        super().__init__(STACK, base, lambda: None, salt="")
        self._cloud = cloud
        self.states = [self.render()]

    def _changed(self) -> None:
        super()._changed()
        asyncio.get_running_loop().call_soon(self._look)  # as the writer does, which never sees half a change

    def _look(self) -> None:
        if not self._cloud.is_dead:
            self.states.append(self.render())

    async def durable(self) -> None:
        self._look()
        await asyncio.sleep(0)
        if not self._cloud.is_dead:
            del self.states[:-1]


@dataclass(frozen=True)
class Played:
    """What came of a run: the state as it would be read back from disk, and the steps in the order they began."""

    stored: Stored
    steps: list[tuple[str, str]]
    succeeded: bool
    counts: dict[str, int]


async def _play(
    stored: Stored,
    cloud: Cloud,
    program: Callable[[Deployment], Any],
    *,
    refresh: bool,
    targets: frozenset[str],
    is_preview: bool,
    lag: int,
) -> Played:
    events: list[Event] = []
    snapshot = None if is_preview else InMemory(stored, cloud)
    planner = Planner(stack="dev", project="proj", resources=stored.resources, targets=targets)
    deployment = Deployment(
        planner=planner,
        registry=FakeRegistry(cloud),  # type: ignore[arg-type]
        snapshot=snapshot,
        tell=events.append,
        parallel=4,
        config=lambda _package: {},
    )
    try:
        if refresh:
            await phases.refresh(deployment, counts=False)
        deployment.ready.set()
        if not deployment.stop_reason:
            await program(deployment)
        if not deployment.stop_reason and not deployment.failed:
            try:
                await phases.delete_the_rest(deployment)
            except EngineError as error:
                deployment.fail(str(error))
        deployment.finish_stack()
    except KilledError:
        deployment.failed = True
    after = stored
    if snapshot is not None and cloud.is_dead:
        on_disk = snapshot.states[min(lag, len(snapshot.states) - 1)]
        after = read_deployment(json.loads(on_disk)["checkpoint"]["latest"], "the state that was left")
    elif snapshot is not None:
        after = read_deployment(json.loads(snapshot.render())["checkpoint"]["latest"], "the state written")
    steps = [(str(e.op), urns.name_of(e.urn)) for e in events if isinstance(e, StepStarted)]
    return Played(after, steps, not deployment.failed, dict(deployment.counts))


def play(
    stored: Stored,
    cloud: Cloud,
    goals: Sequence[Goal],
    *,
    refresh: bool = False,
    targets: frozenset[str] = frozenset(),
    is_preview: bool = False,
    needs: Callable[[Goal], Sequence[str]] = lambda _goal: (),
    lag: int = 0,
) -> Played:
    """Register the goals as a program does: each as soon as what it `needs` (names) is there, with those resources' ids filled in.

    An input `{"id of": NAME}` becomes that resource's id. Of the states that the disk may hold when the run is killed, it holds the one
    with the number `lag`, or the last.
    """

    async def program(deployment: Deployment) -> None:
        tasks: dict[str, asyncio.Task[Resource]] = {}

        async def one(goal: Goal) -> Resource:
            ids = {name: await tasks[name] for name in needs(goal)}
            inputs = {
                k: (ids[v["id of"]].id or "04da6b54-80e4-46f7-96ec-b56ff0331ba9")
                if isinstance(v, dict)
                else v
                for k, v in goal.inputs.items()
            }
            reference = await deployment.default_provider("fake", "") if goal.custom else ""
            from dataclasses import replace

            return await deployment.register(replace(goal, inputs=inputs, provider=reference))

        for goal in goals:
            tasks[goal.name] = asyncio.create_task(one(goal))
        results = await asyncio.gather(*tasks.values(), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, StoppedError):
                raise result

    return asyncio.run(
        _play(stored, cloud, program, refresh=refresh, targets=targets, is_preview=is_preview, lag=lag)
    )
