"""A run from start to end: state in, lock, refresh, program, deletions, state out."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from foundry.sandbox.engine import backend, history, lock, monitor, pending, phases
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.deployment import Deployment
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.events import Diagnostic, Event, RunFinished, RunStarted, StillUnderWay
from foundry.sandbox.engine.options import Operation, Options, Outcome
from foundry.sandbox.engine.program import Program
from foundry.sandbox.engine.project import (
    ConfigValue,
    load_project,
    load_settings,
    resolve_config,
    write_salt,
)
from foundry.sandbox.engine.registry import DYNAMIC, INTERNAL, Registry, attached_providers
from foundry.sandbox.engine.secrets import Crypter, new_salt, open_salt, passphrase
from foundry.sandbox.engine.snapshot import Snapshot
from foundry.sandbox.engine.state import (
    Deployment as StoredDeployment,
)
from foundry.sandbox.engine.state import PendingOperation, Resource, has_ciphertext, with_secrets_opened
from foundry.sandbox.engine.steps import Planner
from foundry.sandbox.engine.values import Properties, secret

__all__ = ["Operation", "Options", "Outcome", "run"]

_SILENCE_SECONDS = 10.0  # a CI log that stands still longer looks dead


def run(operation: Operation, options: Options, sink: Callable[[Event], None]) -> Outcome:
    """Carry out one operation on a stack, telling `sink` everything as it happens.

    Raises EngineError for what stands in the way of a run at all (a lock, an unreadable state or project, a wrong passphrase); what goes
    wrong in the run is told as diagnostics and makes the outcome unsuccessful. From the main thread, the first SIGINT or SIGTERM lets
    what is under way finish, the second ends it.
    """
    return asyncio.run(_Runner(operation, options, sink).run())


def default_parallel() -> int:
    """The CLI's own default: four operations a core."""
    return 4 * (os.cpu_count() or 1)


class _Runner:
    def __init__(self, operation: Operation, options: Options, sink: Callable[[Event], None]) -> None:
        self._operation = operation
        self._options = options
        self._sink = sink
        self._told = time.monotonic()
        self._work = options.of if operation is Operation.PREVIEW else operation
        self._is_preview = operation is Operation.PREVIEW
        self._cancelled = False
        self._crypter: Crypter | None = None
        self._salt = ""
        self._began = time.monotonic()
        self._project = load_project(options.root)
        self._stack = backend.open_stack(options.backend_url, self._project.name, options.stack)
        self._settings = load_settings(options.config_file or self._project.settings_file(self._stack.name))
        self._program = Program(project=self._project, tell=self._tell)
        # Until there is something to stop, an interrupt is only noted.
        self._stop: Callable[[], None] = _nothing
        self._stop_at_once: Callable[[], Coroutine[Any, Any, None]] = _nothing_at_once

    async def run(self) -> Outcome:
        with contextlib.ExitStack() as held:
            held.enter_context(self._interruptible())
            if not self._is_preview:
                backend.initialise(self._stack)
                held.enter_context(lock.held(self._stack.locks, self._say))
            stored = backend.load(self._stack) or StoredDeployment()
            registry = Registry(
                project=self._project,
                backend_url=self._options.backend_url,
                is_preview=self._is_preview,
                attached=attached_providers(self._options.debug_providers),
                engine=asyncio.get_running_loop().create_future(),
                said=self._pass_on_line,
            )
            try:
                if self._work is Operation.UP:
                    self._program.launch()
                opening = asyncio.create_task(self._open_secrets(stored))
                if not self._has_secret_providers(stored):
                    _prelaunch(registry, stored.resources)
                await opening
                return await self._run(stored, registry)
            finally:
                await self._program.close()
                await registry.close()

    def _tell(self, event: Event) -> None:
        self._told = time.monotonic()
        self._sink(event)

    async def _remind(self) -> None:
        """Say every now and then that the run goes on, where nothing else is told."""
        while True:
            await asyncio.sleep(_SILENCE_SECONDS - (time.monotonic() - self._told))
            if time.monotonic() - self._told >= _SILENCE_SECONDS:
                self._tell(StillUnderWay(seconds=time.monotonic() - self._began))

    def _pass_on_line(self, text: str, is_error: bool) -> None:
        severity = "info#err" if is_error else "info"
        self._tell(Diagnostic(severity=severity, text=text, is_status=not is_error))

    def _say(self, text: str) -> None:
        self._tell(Diagnostic(severity="info", text=text))

    async def _open_secrets(self, stored: StoredDeployment) -> None:
        """Make the crypter, which takes a moment of another core, and a salt if there is none."""
        self._salt = self._settings.salt or stored.salt
        phrase = passphrase()
        if phrase is None:
            raise EngineError(
                "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables"
            )
        if self._salt:
            self._crypter = await asyncio.to_thread(open_salt, self._salt, phrase)
        else:
            self._salt, self._crypter = await asyncio.to_thread(new_salt, phrase)
            write_salt(self._settings.file, self._salt)

    def _known_crypter(self) -> Crypter:
        assert self._crypter is not None
        return self._crypter

    def _has_secret_providers(self, stored: StoredDeployment) -> bool:
        """Whether a provider's configuration may hold something that must be decrypted first."""
        return "secure" in json.dumps(dict(self._settings.values), default=str) or any(
            r.is_provider and has_ciphertext(r.inputs) for r in stored.resources
        )

    async def _run(self, stored: StoredDeployment, registry: Registry) -> Outcome:
        config = resolve_config(self._project, self._settings, self._known_crypter)
        stored.resources = [with_secrets_opened(r, self._crypter) for r in stored.resources]
        stored.pending = [
            PendingOperation(resource=with_secrets_opened(p.resource, self._crypter), kind=p.kind)
            for p in stored.pending
        ]
        snapshot = (
            None if self._is_preview else Snapshot(self._stack, stored, self._known_crypter, salt=self._salt)
        )
        deployment = Deployment(
            planner=Planner(
                stack=self._stack.name,
                project=self._project.name,
                resources=stored.resources,
                targets=frozenset(self._options.targets),
            ),
            registry=registry,
            snapshot=snapshot,
            tell=self._tell,
            parallel=self._options.parallel or default_parallel(),
            config=lambda package: _package_config(config, package),
        )
        self._tell(
            RunStarted(
                kind=self._work,
                project=self._project.name,
                stack=self._stack.name,
                is_preview=self._is_preview,
                config={k: "[secret]" if v.is_secret else v.text for k, v in config.items()},
            )
        )
        old_outputs = _stack_outputs(stored.resources)
        if snapshot is not None:
            if self._options.targets:
                snapshot.may_be_untidy()
            backend.back_up(self._stack)
            snapshot.start()
        server, address = await monitor.serve(deployment, self._tell)
        registry.engine.set_result(address)
        reminding = asyncio.create_task(self._remind())
        self._stop = functools.partial(_stop, deployment)
        self._stop_at_once = registry.stop
        if self._cancelled:
            self._stop()
        try:
            await self._work_through(deployment, stored, config, address)
        finally:
            deployment.finish_stack()
            await self._save(deployment, snapshot)
            await server.stop(grace=None)
            reminding.cancel()
        succeeded = not deployment.failed and not self._cancelled
        outputs = _stack_outputs(snapshot.resources()) if snapshot is not None else deployment.stack_outputs()
        if snapshot is not None:
            await asyncio.to_thread(self._remember, deployment, succeeded=succeeded)
        self._tell(
            RunFinished(
                kind=self._work,
                is_preview=self._is_preview,
                succeeded=succeeded,
                counts=dict(deployment.counts),
                seconds=time.monotonic() - self._began,
                outputs=outputs,
                old_outputs=old_outputs,
                was_cancelled=self._cancelled,
            )
        )
        return Outcome(
            succeeded=succeeded,
            counts=dict(deployment.counts),
            outputs=outputs,
            was_cancelled=self._cancelled,
        )

    def _remember(self, deployment: Deployment, *, succeeded: bool) -> None:
        history.record(
            self._stack,
            kind="update" if self._work is Operation.UP else self._work.value,
            began=int(time.time() - (time.monotonic() - self._began)),
            succeeded=succeeded,
            counts=deployment.counts,
            root=self._options.root,
        )

    async def _save(self, deployment: Deployment, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        try:
            await snapshot.close()
        except EngineError as error:
            if not deployment.failed or "the state can't be written" not in str(error):
                deployment.fail(str(error))

    async def _work_through(
        self,
        deployment: Deployment,
        stored: StoredDeployment,
        config: Mapping[str, ConfigValue],
        address: str,
    ) -> None:
        if not self._is_preview:
            await pending.settle(
                deployment,
                stored,
                imports=self._options.import_pending_creates,
                clear_all=self._options.clear_pending_creates,
            )
        refreshes = self._work is Operation.REFRESH
        if self._options.refresh if self._options.refresh is not None else self._project.refresh_always:
            refreshes = True
        runs_program = self._work is Operation.UP and not deployment.stop_reason
        program: asyncio.Task[None] | None = None
        if runs_program:
            parallel = self._options.parallel or default_parallel()
            program = asyncio.create_task(
                self._program.run(deployment, config=config, address=address, parallel=parallel)
            )
        try:
            asks = any(r.refresh_before_update for r in deployment.planner.resources)
            if (refreshes or asks) and not deployment.stop_reason:
                phase = phases.refresh(
                    deployment, counts=self._work is Operation.REFRESH, only_what_asks=not refreshes
                )
                await self._or_fail(deployment, phase)
            deployment.ready.set()
            if program is not None:
                await program
            if self._work is not Operation.REFRESH and not deployment.stop_reason and not deployment.failed:
                await self._or_fail(deployment, phases.delete_the_rest(deployment))
        finally:
            if program is not None and not program.done():
                program.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await program

    @staticmethod
    async def _or_fail(deployment: Deployment, phase: Awaitable[None]) -> None:
        try:
            await phase
        except EngineError as error:
            deployment.fail(str(error))

    # Interruption.

    @contextlib.contextmanager
    def _interruptible(self) -> Any:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        stopping: list[asyncio.Task[None]] = []

        def interrupt() -> None:
            if self._cancelled:
                self._tell(
                    Diagnostic(
                        severity="error", text="stopped at once; what was under way is recorded as pending"
                    )
                )
                stopping.append(asyncio.create_task(self._stop_at_once()))
                self._program.kill()
                return
            self._cancelled = True
            self._tell(
                Diagnostic(
                    severity="info",
                    text="stopping: what is under way finishes, nothing new begins (again: stop at once)",
                )
            )
            self._stop()

        signals = (signal.SIGINT, signal.SIGTERM)
        for each in signals:
            loop.add_signal_handler(each, interrupt)
        try:
            yield
        finally:
            for each in signals:
                loop.remove_signal_handler(each)


def _nothing() -> None: ...


async def _nothing_at_once() -> None: ...


def _stop(deployment: Deployment) -> None:
    deployment.stop("cancelled")
    deployment.ready.set()


def _prelaunch(registry: Registry, resources: list[Resource]) -> None:
    """Start the dynamic provider beside the program, where the state says that it will be needed."""
    for resource in resources:
        if (
            resource.type == urns.PROVIDER_PREFIX + DYNAMIC
            and not resource.delete
            and not resource.inputs.get(INTERNAL)
        ):
            registry.prelaunch(DYNAMIC, resource.inputs)


def _package_config(config: Mapping[str, ConfigValue], package: str) -> Properties:
    """A default provider's inputs: the settings in its namespace; dynamic providers get all, with whole keys, as from the CLI."""
    result: Properties = {}
    for key, value in config.items():
        namespace, _, name = key.partition(":")
        if package == DYNAMIC:
            result[key] = secret(value.text) if value.is_secret else value.text
        elif namespace == package:
            result[name] = secret(value.text) if value.is_secret else value.text
    return result


def _stack_outputs(resources: list[Resource]) -> Properties:
    return next((r.outputs for r in resources if r.type == urns.STACK_TYPE and not r.delete), {})
