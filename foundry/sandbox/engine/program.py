"""The program's process: started before it is known what to tell it, so that it imports the SDK while the run is made ready."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from foundry.sandbox.engine import children
from foundry.sandbox.engine.deployment import Deployment
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.events import Diagnostic, Event
from foundry.sandbox.engine.project import ConfigValue, Project

_ENDS_WITHIN_SECONDS = 10.0  # after a failure: it only has to notice that its registrations are refused


@dataclass(kw_only=True)
class Program:
    """One run of a project's program. Launch it, run it, close it; closing ends one that never ran."""

    project: Project
    tell: Callable[[Event], None]
    _launching: asyncio.Task[children.Child] | None = None
    _child: children.Child | None = None

    def launch(self) -> None:
        """Begin to start the process, which waits for `run` then."""
        self._launching = asyncio.create_task(
            children.start(
                children.interpreter(self.project),
                ["script", str(Path(__file__).with_name("language_host.py"))],
                folder=self.project.root,
                env=os.environ,
                is_told=True,
            )
        )

    async def run(
        self, deployment: Deployment, *, config: Mapping[str, ConfigValue], address: str, parallel: int
    ) -> None:
        """Run the program to its end; what goes wrong is told and fails the deployment.

        Raises EngineError if the process can't be started.
        """
        assert self._launching is not None
        child = self._child = await self._launching
        told = {
            "program": str(self.project.program),
            "root": str(self.project.root),
            "project": self.project.name,
            "stack": deployment.planner.stack,
            "engine": address,
            "parallel": parallel,
            "dry_run": deployment.is_preview,
            "config": {k: v.text for k, v in config.items()},
            "secret_keys": [k for k, v in config.items() if v.is_secret],
        }
        printed = asyncio.gather(
            self._pass_on(child.process.stdout, "info"), self._pass_on(child.process.stderr, "info#err")
        )
        try:
            await _write(child.process.stdin, json.dumps(told) + "\n")
            status = await _wait_for(child, deployment)
        finally:
            await child.close(within_seconds=1.0)
            await printed
            await deployment.settled()
        if status != 0 and not deployment.failed and not deployment.stop_reason:
            deployment.fail(f"the program ended with exit status {status}")
        elif status != 0:
            deployment.failed = True
            deployment.stop("failed")

    async def _pass_on(self, stream: asyncio.StreamReader | None, severity: str) -> None:
        if stream is None:
            return
        async for line in stream:
            self.tell(Diagnostic(severity=severity, text=line.decode(errors="replace").rstrip("\n")))

    def kill(self) -> None:
        """End it at once."""
        if self._child is not None:
            self._child.kill()

    async def close(self) -> None:
        """End the process, if it runs."""
        if self._launching is None:
            return
        with contextlib.suppress(EngineError):  # told by `run`, if it came to that
            child = await self._launching
            child.kill()
            await child.close()


async def _write(stream: asyncio.StreamWriter | None, text: str) -> None:
    assert stream is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # its exit status says more
        stream.write(text.encode())
        await stream.drain()
        stream.close()


async def _wait_for(child: children.Child, deployment: Deployment) -> int:
    """Wait for the program's end; once the run has stopped it gets a bounded time for it."""
    waiting = asyncio.create_task(child.process.wait())
    while not waiting.done():
        await asyncio.wait({waiting}, timeout=0.25)
        if deployment.stop_reason and not waiting.done():
            done, _ = await asyncio.wait({waiting}, timeout=_ENDS_WITHIN_SECONDS)
            if not done:
                child.kill()
    return await waiting
