"""The providers of a run: provider resources, and the connections behind them.

A provider is found where PULUMI_DEBUG_PROVIDERS says it listens, or is the Python dynamic provider, which is started in the project's
folder. Others are the CLI's business.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from foundry.sandbox.engine import builtin, children
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.diff import Diff
from foundry.sandbox.engine.errors import EngineError, NotSupportedError
from foundry.sandbox.engine.project import Project
from foundry.sandbox.engine.provider import CheckFailed, Provider
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.values import UNKNOWN, Properties

DYNAMIC = "pulumi-python"
INTERNAL = "__internal"
_STARTS_WITHIN_SECONDS = 60.0  # importing the SDK takes 0.3 s idle; a loaded machine needs patience


def outward(inputs: Properties) -> Properties:
    """A provider's inputs without what the engine keeps among them for itself."""
    return {k: v for k, v in inputs.items() if k != INTERNAL}


def with_version(inputs: Properties, version: str) -> Properties:
    """A provider's inputs that ask for a version, as the CLI writes them: with its own key beside it, even if empty."""
    return {**inputs, "version": version, INTERNAL: {}} if version else inputs


def attached_providers(value: str) -> dict[str, str]:
    """PULUMI_DEBUG_PROVIDERS (`name:port,name:port`) → package to port. Raises EngineError."""
    found = {}
    for part in filter(None, (p.strip() for p in value.split(","))):
        name, _, port = part.partition(":")
        if not name or not port.isdigit():
            raise EngineError(f"PULUMI_DEBUG_PROVIDERS: {part!r} is not NAME:PORT")
        found[name] = port
    return found


@dataclass(kw_only=True)
class Registry:
    """Providers by reference (`URN::ID`). Close it to end them.

    `engine` becomes the address of the engine's service; `said` is told each line that a provider prints, and whether as an error.
    """

    project: Project
    backend_url: str
    is_preview: bool
    attached: dict[str, str]
    engine: asyncio.Future[str]
    said: Callable[[str, bool], None]
    _ready: dict[str, Provider] = field(default_factory=dict)
    _checked: dict[str, Provider] = field(default_factory=dict)
    _by_config: dict[tuple[str, str], asyncio.Task[Provider]] = field(default_factory=dict)
    _children: list[children.Child] = field(default_factory=list)
    _output: list[asyncio.Task[None]] = field(default_factory=list)

    def get(self, reference: str) -> Provider:
        """A provider that is ready. Raises EngineError if the reference is to none."""
        try:
            return self._ready[reference]
        except KeyError:
            raise EngineError(f"unknown provider {reference!r}") from None

    def has(self, reference: str) -> bool:
        """Whether the provider is ready."""
        return reference in self._ready

    async def check(
        self, urn: str, olds: Properties, news: Properties
    ) -> tuple[Properties, list[CheckFailed]]:
        """Check the inputs of a provider resource."""
        if news.get(INTERNAL):
            raise NotSupportedError(f"a parameterized provider, or one with a download URL ({urn})")
        provider = await self._load(urns.provider_package(urns.type_of(urn)), news)
        inputs, faults = await provider.check_config(urn, outward(olds), outward(news))
        inputs = dict(inputs)
        for key in ("version", INTERNAL):
            if key in news:
                inputs.setdefault(key, news[key])
        self._checked[urn] = provider
        return inputs, faults

    async def diff(self, urn: str, old: Resource, news: Properties, ignore: tuple[str, ...]) -> Diff:
        """Compare a provider resource with its inputs of before."""
        provider = self._checked.get(urn) or self._ready[urns.reference(urn, old.id)]
        before = old.copy()
        before.inputs, before.outputs = outward(old.inputs), outward(old.outputs)
        diff = await provider.diff_config(urn, before, news, ignore)
        if diff.changes is None:
            return Diff(changes=old.outputs != news, replaces=diff.replaces)
        return diff

    async def create(self, resource: Resource) -> str:
        """Make a provider resource ready → its id, random as the CLI's are."""
        id_ = UNKNOWN if self.is_preview else str(uuid.uuid4())
        await self._configure(resource.urn, id_, resource.inputs)
        return id_

    async def update(self, resource: Resource, id_: str) -> None:
        """Make a provider resource ready with new inputs."""
        await self._configure(resource.urn, id_, resource.inputs)

    async def same(self, resource: Resource) -> None:
        """Make a provider resource ready as the state has it, unless it is."""
        if urns.reference(resource.urn, resource.id) not in self._ready:
            await self._configure(resource.urn, resource.id, resource.inputs)

    async def _configure(self, urn: str, id_: str, inputs: Properties) -> None:
        provider = await self._load(urns.provider_package(urns.type_of(urn)), inputs)
        await provider.configure(urn, id_, outward(inputs))
        self._ready[urns.reference(urn, id_)] = provider

    def prelaunch(self, package: str, inputs: Properties) -> None:
        """Begin to start a provider that will be needed, without waiting for it."""
        self._start_loading(package, inputs)

    async def _load(self, package: str, inputs: Properties) -> Provider:
        return await asyncio.shield(self._start_loading(package, inputs))

    def _start_loading(self, package: str, inputs: Properties) -> asyncio.Task[Provider]:
        """One connection for equal inputs: a run that refreshes and then updates keeps to one process."""
        key = (package, json.dumps(inputs, sort_keys=True))
        task = self._by_config.get(key)
        if task is None:
            task = self._by_config[key] = asyncio.create_task(self._connect(package))
        return task

    async def _connect(self, package: str) -> Provider:
        if package in self.attached:
            provider = Provider(package, f"127.0.0.1:{self.attached[package]}")
            await provider.attach(await self.engine)
            return provider
        if package == builtin.PACKAGE:
            return builtin.Builtin(self.backend_url, self.project.name)
        if package == DYNAMIC:
            return Provider(package, f"127.0.0.1:{await self._start_dynamic()}")
        raise NotSupportedError(
            f"the provider {package!r} (PULUMI_DEBUG_PROVIDERS doesn't name it, and only {DYNAMIC} comes with the SDK)"
        )

    async def _start_dynamic(self) -> int:
        env = {**os.environ, "PULUMI_PROJECT": self.project.name}
        python = children.interpreter(self.project)
        child = await children.start(python, ["module", "pulumi.dynamic"], folder=self.project.root, env=env)
        self._children.append(child)
        stdout, stderr = child.process.stdout, child.process.stderr
        assert stdout is not None
        assert stderr is not None
        try:
            line = await asyncio.wait_for(stdout.readline(), _STARTS_WITHIN_SECONDS)
        except TimeoutError:
            raise EngineError(
                f"the provider {DYNAMIC} didn't start within {_STARTS_WITHIN_SECONDS:.0f} s"
            ) from None
        if not line.strip().isdigit():
            said = (await stderr.read()).decode(errors="replace").strip() or line.decode(
                errors="replace"
            ).strip()
            raise EngineError(
                f"the provider {DYNAMIC} doesn't start with {python}: {said.splitlines()[-1] if said else 'no reason given'}"
            )
        self._output += [
            asyncio.create_task(self._pass_on(stdout, is_error=False)),
            asyncio.create_task(self._pass_on(stderr, is_error=True)),
        ]
        return int(line)

    async def _pass_on(self, stream: asyncio.StreamReader, *, is_error: bool) -> None:
        async for line in stream:
            self.said(line.decode(errors="replace").rstrip("\n"), is_error)

    async def close(self) -> None:
        """End every provider that was started here, and leave attached ones running."""
        for task in self._by_config.values():
            if task.done() and not task.cancelled() and task.exception() is None:
                await task.result().close()
            else:
                task.cancel()
        for child in self._children:
            await child.close()
        await asyncio.gather(*self._output)

    async def stop(self) -> None:
        """End the started providers at once, and leave the attached ones after asking them to stop."""
        for child in self._children:
            child.kill()
        await asyncio.gather(*(p.stop() for p in self._ready.values() if p.package in self.attached))
