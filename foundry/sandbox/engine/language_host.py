"""Runs a Pulumi program for the engine: `__main__.py` of the project, unmodified, inside the SDK's `run_in_stack`.

    guard.py PID FD script language_host.py

What to run comes as a line of JSON on stdin, after the SDK is imported: program, root, project, stack, engine (the address of both its
services), parallel, dry_run, config, secret_keys. Runs in the project's interpreter and imports only the SDK. Exit status: 0, 1 for a
RunError, 32 where an unhandled exception has been told to the engine.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi import runtime
from pulumi.runtime import resource as resources
from pulumi.runtime import stack as stacks
from pulumi.runtime.proto import source_pb2

if TYPE_CHECKING:
    from asyncio import Future

TOLD_THE_ENGINE = 32
THREADS_PER_OPERATION = 4  # the SDK blocks one for each call to the engine that is under way
PATIENCE_SECONDS = 0.25


def of_the_program(error: BaseException, program: str) -> str:
    """The traceback from the program's first line on; ours and the SDK's above it help nobody."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = str(Path(program).resolve())
    first = next((n for n, f in enumerate(frames) if str(Path(f.filename).resolve()).startswith(inside)), 0)
    shown = traceback.format_list(frames[first:]) + traceback.format_exception_only(error)
    return "Program failed with an unhandled exception:\nTraceback (most recent call last):\n" + "".join(
        shown
    )


def spare_the_sdk() -> None:
    """Leave out what the SDK does for thousands of resources and nobody sees. What a version of it lacks stays as it is."""
    # Four debug lines a resource, each a call; the engine shows none.
    pulumi.log.debug = lambda *_args, **_options: None
    # The whole stack of every registration; the engine keeps its innermost frame.
    if "_get_stack_trace" in vars(resources):
        vars(resources)["_get_stack_trace"] = declaring_frame
    # At the end the SDK waits for the first of all outputs again and again, each time asking every one of them.
    if vars(stacks).get("asyncio") is asyncio:
        vars(stacks)["asyncio"] = Patient()


class Patient:
    """asyncio, but a wait for the first of many waits a little for more, unless one fails."""

    def __getattr__(self, name: str) -> object:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(
        tasks: list[Future[object]], return_when: str
    ) -> tuple[set[Future[object]], set[Future[object]]]:
        """As asyncio.wait, which may always return more than one."""
        if return_when == asyncio.FIRST_COMPLETED:
            done, others = await asyncio.wait(
                tasks, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_EXCEPTION
            )
            if done:
                return done, others
        return await asyncio.wait(tasks, return_when=return_when)


def declaring_frame() -> source_pb2.StackTrace:
    """The frame that calls a resource's class: outside the third `__init__` of the stack, as the SDK counts."""
    frame = inspect.currentframe()
    inits = 0
    while frame is not None:
        inits += frame.f_code.co_name == "__init__"
        outer = frame.f_back
        if inits == 3 and outer is not None:
            position = source_pb2.SourcePosition(
                uri=Path(outer.f_code.co_filename).absolute().as_uri(), line=outer.f_lineno
            )
            return source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=position)])
        frame = outer
    return source_pb2.StackTrace()


def main() -> int:
    """Run the program → exit status."""
    line = sys.stdin.readline()
    if not line:
        return 1  # the run ended before it began
    told = json.loads(line)
    program, parallel = told["program"], told["parallel"]
    # Where the SDK looks for them, in this process and in what the program starts.
    os.environ["PULUMI_CONFIG"] = json.dumps(told["config"])
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(told["secret_keys"])
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(
        runtime.Settings(
            monitor=told["engine"],
            engine=told["engine"],
            project=told["project"],
            stack=told["stack"],
            parallel=parallel,
            dry_run=told["dry_run"],
            organization="organization",
            root_directory=told["root"],
        )
    )
    spare_the_sdk()
    sys.argv = [program]
    logging.getLogger("asyncio").setLevel(
        logging.CRITICAL
    )  # resources that a failed run never awaited are no news
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * THREADS_PER_OPERATION)
    loop.set_default_executor(executor)
    status = 1

    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(runtime.run_in_stack(run))
        status = 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception as error:
        pulumi.log.error(of_the_program(error, program))
        status = TOLD_THE_ENGINE
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return status


if __name__ == "__main__":
    sys.exit(main())
