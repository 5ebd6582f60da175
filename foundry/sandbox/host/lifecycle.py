"""Start, stop, status, erase: what may be done with a sandbox, each safe to repeat and safe against a second run."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final

import psutil

from foundry.sandbox.host import health, ports, processes, storage
from foundry.sandbox.host.record import (
    RECORD,
    SUBSCRIPTION,
    Sandbox,
    SandboxError,
    Worker,
    load,
    save,
    write_whole,
)

_LOCK_SECONDS: Final = 120.0
_PAUSE_SECONDS: Final = 0.05
_EPHEMERAL_PREFIX: Final = "fac-sandbox-"
_EPHEMERAL_TRIES: Final = 3
_LOCK_FILE: Final = "lock"
_BEFORE_THE_RECORD: Final = frozenset({_LOCK_FILE, "state", "azurite"})
"""What a start that was killed may leave without a record."""
# The emulator reads its identity header here.
_HEADER_FILE: Final = "identity-header"


class Health(Enum):
    """How one of the processes is."""

    RUNNING = "running"
    SILENT = "running, but it doesn't answer"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Status:
    """How a sandbox is.

    Attributes:
        sandbox: The record, or None when the folder has no sandbox.
        emulator: Health of the emulator.
        provider: Health of the azure-native provider.
        storage: Health of Azurite, without which the rest works.
    """

    sandbox: Sandbox | None
    emulator: Health
    provider: Health
    storage: Health = Health.STOPPED

    @property
    def healthy(self) -> bool:
        """Whether everything but storage, which is optional, runs and answers."""
        return self.emulator is self.provider is Health.RUNNING


@dataclass(frozen=True)
class Programs:
    """What is run, and how long it may take.

    Attributes:
        emulator: Module of the emulator; it is given the command line of the real one.
        provider: Module of the azure-native provider, likewise.
        ready_seconds: How long each may take until it answers.
        stop_seconds: How long each may take to end after it was asked to.
    """

    emulator: str = "foundry.sandbox.emulator"
    provider: str = "foundry.sandbox.azure_native"
    ready_seconds: float = 60.0
    stop_seconds: float = 10.0


_REAL: Final = Programs()


def _quiet(_: str) -> None:
    """Says nothing."""


def start(
    home: Path,
    *,
    port: int | None = None,
    with_storage: bool = False,
    on_event: Callable[[str], None] = _quiet,
    programs: Programs = _REAL,
) -> Sandbox:
    """Makes sure that the sandbox of a folder runs, and returns it.

    What runs and answers is left alone; what has ended is started again on its port with its data. A port that was asked for or
    is on record must be free; without either, 8443 and 8444 are taken or the next free pair. Azurite is started where it is found.

    Args:
        home: The sandbox's folder; made when it isn't there.
        port: Port of the emulator; the provider takes the next one.
        with_storage: Install Azurite where it isn't found, and fail when it can't be started.
        on_event: Is told, in a sentence each, what happens.
        programs: What to run.

    Raises:
        SandboxError: A port is taken, a process doesn't start or doesn't get ready, or the folder can't be used.
    """
    home = _make(home)
    with ExitStack() as held:
        held.enter_context(_locked(home))
        recorded = load(home)
        if recorded is None:
            if port is None:
                held.enter_context(_choosing_ports())
            sandbox = _new(home, port, on_event)
        elif port is not None and port != recorded.emulator_port:
            if processes.alive(recorded.emulator) or processes.alive(recorded.provider):
                raise SandboxError(
                    f"the sandbox in {home} runs on port {recorded.emulator_port}: stop it first to move it to {port}"
                )
            sandbox = replace(
                recorded, emulator_port=port, provider_port=port + 1, emulator=None, provider=None
            )
        else:
            sandbox = recorded
        azurite = storage.find(home)
        if azurite is None and with_storage:
            azurite = storage.install(home, on_event)
        fresh = processes.alive(sandbox.emulator) is None
        sandbox = _bring_up(sandbox, programs, on_event, azurite)
        if with_storage and sandbox.storage is None:
            raise SandboxError(
                f"storage doesn't run; the rest of the sandbox does. See {sandbox.log('storage')}"
            )
        if azurite is None and fresh:
            on_event(storage.missing(home))
        return sandbox


def stop(home: Path, *, programs: Programs = _REAL) -> bool:
    """Ends the processes of a folder's sandbox and returns whether any was running. Data, ports and certificates stay.

    A process is ended only if it is the one on record, or says itself on its command line that it belongs to the folder.

    Raises:
        SandboxError: A process doesn't end.
    """
    home = home.absolute()
    if not home.exists():
        return False
    with _locked(home):
        sandbox = load(home)
        running: dict[int, psutil.Process] = {}
        if sandbox is not None:
            for worker in (sandbox.provider, sandbox.emulator, sandbox.storage):
                process = processes.alive(worker)
                if process is not None:
                    running[process.pid] = process
        for module in (programs.provider, programs.emulator, storage.mark(home)):
            running.update({process.pid: process for process in processes.strays(module, home)})
        for process in running.values():
            processes.end(process, patience=programs.stop_seconds)
        if sandbox is not None:
            save(replace(sandbox, emulator=None, provider=None, storage=None))
        storage.forget(home)
    return bool(running)


def status(home: Path) -> Status:
    """How the sandbox of a folder is; asks both processes.

    Raises:
        SandboxError: The record can't be read.
    """
    sandbox = load(home)
    if sandbox is None:
        return Status(None, Health.STOPPED, Health.STOPPED)
    return Status(
        sandbox,
        _health(sandbox, sandbox.emulator, health.emulator_answers),
        _health(sandbox, sandbox.provider, health.provider_answers),
        _health(sandbox, sandbox.storage, lambda known: (known.home / storage.RECORD).exists()),
    )


def erase(home: Path, *, programs: Programs = _REAL) -> None:
    """Stops the sandbox of a folder and deletes the folder with all its data.

    Raises:
        SandboxError: A process doesn't end, or the folder holds something that isn't a sandbox.
    """
    home = home.absolute()
    if not home.exists():
        return
    if _others(home):
        raise SandboxError(
            f"{home} isn't a sandbox's folder: it has files but no {RECORD}, so nothing was deleted"
        )
    stop(home, programs=programs)
    try:
        shutil.rmtree(home)
    except OSError as error:
        raise SandboxError(f"{home} can't be deleted: {error.strerror}") from None


@contextmanager
def ephemeral(*, on_event: Callable[[str], None] = _quiet, programs: Programs = _REAL) -> Iterator[Sandbox]:
    """A throw-away sandbox in a temporary folder on free ports, gone with everything in it at the end.

    Those of runs that were killed are cleared away first.

    Raises:
        SandboxError: It doesn't start.
    """
    _sweep(programs)
    home = Path(tempfile.mkdtemp(prefix=f"{_EPHEMERAL_PREFIX}{psutil.Process().pid}-"))
    try:
        yield _bring_up_anywhere(home, programs, on_event)
    finally:
        erase(home, programs=programs)


def _bring_up_anywhere(home: Path, programs: Programs, on_event: Callable[[str], None]) -> Sandbox:
    for attempt in range(1, _EPHEMERAL_TRIES + 1):
        emulator_port, provider_port = ports.any_pair()
        sandbox = Sandbox(home, emulator_port, provider_port, secrets.token_hex(16))
        try:
            with _locked(home):
                return _bring_up(sandbox, programs, on_event)
        except SandboxError:
            lost = not (ports.is_free(emulator_port) and ports.is_free(provider_port))
            if attempt == _EPHEMERAL_TRIES or not lost:
                raise
            # Somebody took a port between our look at it and its use.
    raise AssertionError("unreachable: the last attempt returns or raises")


def _others(home: Path) -> list[str]:
    """What stands in a folder that no sandbox has made, if there is none in it yet."""
    if (home / RECORD).exists() or not home.is_dir():
        return []
    names = {entry.name for entry in home.iterdir() if not entry.name.startswith(f".{RECORD}.")}
    return sorted(names - _BEFORE_THE_RECORD)


def _make(home: Path) -> Path:
    home = home.absolute()
    others = _others(home)
    if others:
        raise SandboxError(
            f"{home} has files that are no sandbox's ({', '.join(others[:3])}), which go with a sandbox that is erased: "
            "name a folder of its own (FAC_SANDBOX_HOME)"
        )
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
    except OSError as error:
        raise SandboxError(f"{home} can't be used as the sandbox's folder: {error.strerror}") from None
    return home


def _new(home: Path, port: int | None, on_event: Callable[[str], None]) -> Sandbox:
    if port is None:
        emulator_port, provider_port = ports.default_pair()
        if emulator_port != ports.DEFAULT:
            on_event(
                f"port {ports.DEFAULT} or {ports.DEFAULT + 1} is in use: taking {emulator_port} and {provider_port}"
            )
    else:
        emulator_port, provider_port = port, port + 1
    return Sandbox(home, emulator_port, provider_port, secrets.token_hex(16))


def _bring_up(
    sandbox: Sandbox, programs: Programs, on_event: Callable[[str], None], azurite: Path | None = None
) -> Sandbox:
    """Starts what doesn't run and waits until all answer. The folder must be locked."""
    emulator_runs = _serves(sandbox, sandbox.emulator, health.emulator_answers)
    provider_runs = _serves(sandbox, sandbox.provider, health.provider_answers)
    if emulator_runs and provider_runs:
        sandbox = _begin_storage(sandbox, azurite, programs, on_event)
        return _await_storage(sandbox, azurite, programs, on_event)
    if not emulator_runs:
        _clear(sandbox.emulator, programs.emulator, sandbox.home, programs)
        ports.require(sandbox.emulator_port)
    if not provider_runs:
        _clear(sandbox.provider, programs.provider, sandbox.home, programs)
        ports.require(sandbox.provider_port)
    sandbox.state.mkdir(mode=0o700, exist_ok=True)
    # On record before anything runs: the ports stay the same whatever happens from here on.
    save(sandbox)
    write_whole(sandbox.home / _HEADER_FILE, sandbox.identity_header)
    storage_runs = processes.alive(sandbox.storage) is not None
    sandbox = _begin_storage(sandbox, azurite, programs, on_event)
    if not emulator_runs:
        on_event(f"starting the emulator on port {sandbox.emulator_port} in {sandbox.home}")
        sandbox = replace(sandbox, emulator=_launch_emulator(sandbox, programs))
        save(sandbox)
    if not provider_runs:
        on_event(f"starting the azure-native provider on port {sandbox.provider_port}")
        sandbox = replace(sandbox, provider=_launch_provider(sandbox, programs))
        save(sandbox)
    try:
        _await("emulator", sandbox, sandbox.emulator, health.emulator_answers, programs.ready_seconds)
        _await("provider", sandbox, sandbox.provider, health.provider_answers, programs.ready_seconds)
    except SandboxError:
        # Half a sandbox is no use, and would keep the ports from the next try.
        if not emulator_runs:
            _clear(sandbox.emulator, programs.emulator, sandbox.home, programs)
        if not provider_runs:
            _clear(sandbox.provider, programs.provider, sandbox.home, programs)
        if not storage_runs:
            _clear(sandbox.storage, storage.mark(sandbox.home), sandbox.home, programs)
        raise
    sandbox = _await_storage(sandbox, azurite, programs, on_event)
    on_event("the sandbox is ready")
    return sandbox


def _begin_storage(
    sandbox: Sandbox, azurite: Path | None, programs: Programs, on_event: Callable[[str], None]
) -> Sandbox:
    """Starts Azurite, so that it comes up beside the others, unless it runs or isn't there."""
    if azurite is None or processes.alive(sandbox.storage) is not None:
        return sandbox
    _clear(None, storage.mark(sandbox.home), sandbox.home, programs)
    on_event("starting Azurite for queues and blobs")
    sandbox = replace(sandbox, storage=storage.launch(sandbox, azurite))
    save(sandbox)
    return sandbox


def _await_storage(
    sandbox: Sandbox, azurite: Path | None, programs: Programs, on_event: Callable[[str], None]
) -> Sandbox:
    """Waits for Azurite where it is being started. The sandbox works without it, so its failure is told and no more."""
    if azurite is None or (sandbox.home / storage.RECORD).exists():
        return sandbox
    try:
        storage.await_ready(sandbox, programs.ready_seconds)
    except SandboxError as error:
        _clear(sandbox.storage, storage.mark(sandbox.home), sandbox.home, programs)
        on_event(f"queues and blobs are not served: {error}")
        sandbox = replace(sandbox, storage=None)
        save(sandbox)
    return sandbox


def _launch_emulator(sandbox: Sandbox, programs: Programs) -> Worker:
    return processes.launch(
        (
            *("-P", "-m", programs.emulator),
            *("--port", str(sandbox.emulator_port)),
            *("--home", str(sandbox.home)),
        ),
        home=sandbox.home,
        log=sandbox.log("emulator"),
        variables={"PYTHONPATH": _package_root()},
    )


def _launch_provider(sandbox: Sandbox, programs: Programs) -> Worker:
    return processes.launch(
        (
            *("-P", "-m", programs.provider),
            *("--port", str(sandbox.provider_port)),
            *("--arm", sandbox.url),
            *("--identity-endpoint", sandbox.identity_endpoint),
            *("--ca", str(sandbox.authority)),
            *("--subscription", SUBSCRIPTION),
        ),
        home=sandbox.home,
        log=sandbox.log("provider"),
        variables={
            "IDENTITY_HEADER": sandbox.identity_header,
            "PYTHONPATH": _package_root(),
            "NO_PROXY": "localhost,127.0.0.1",
        },
    )


def _package_root() -> str:
    """Where this very package is imported from, so that the processes run the same code."""
    return str(Path(__file__).resolve().parents[3])


def _serves(sandbox: Sandbox, worker: Worker | None, answers: Callable[[Sandbox], bool]) -> bool:
    return processes.alive(worker) is not None and answers(sandbox)


def _health(sandbox: Sandbox, worker: Worker | None, answers: Callable[[Sandbox], bool]) -> Health:
    if processes.alive(worker) is None:
        return Health.STOPPED
    return Health.RUNNING if answers(sandbox) else Health.SILENT


def _clear(worker: Worker | None, module: str, home: Path, programs: Programs) -> None:
    """Ends what is left of a process: one that hangs, or one that a killed run didn't note down."""
    process = processes.alive(worker)
    if process is not None:
        processes.end(process, patience=programs.stop_seconds)
    for stray in processes.strays(module, home):
        processes.end(stray, patience=programs.stop_seconds)


def _await(
    name: str, sandbox: Sandbox, worker: Worker | None, answers: Callable[[Sandbox], bool], seconds: float
) -> None:
    until = time.monotonic() + seconds
    log = sandbox.log(name)
    while True:
        if processes.alive(worker) is None:
            raise SandboxError(
                f"the {name} ended right after its start{processes.ending(worker)}. The end of {log}:\n{processes.last_lines(log)}"
            )
        if answers(sandbox):
            return
        if time.monotonic() > until:
            raise SandboxError(
                f"the {name} didn't answer within {seconds:.0f} s. The end of {log}:\n{processes.last_lines(log)}"
            )
        time.sleep(_PAUSE_SECONDS)


def _sweep(programs: Programs) -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_EPHEMERAL_PREFIX}*-*"):
        owner = folder.name.removeprefix(_EPHEMERAL_PREFIX).split("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            try:
                erase(folder, programs=programs)
            except (SandboxError, OSError):
                # Somebody else's, or being cleared by another run: it isn't what this run is about.
                continue


@contextmanager
def _choosing_ports() -> Iterator[None]:
    """Keeps another folder's first start of this user's from taking the same free ports: they are only taken once they are listened on."""
    folder = Path(tempfile.gettempdir()) / f"foundry-sandbox-of-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SandboxError(f"{folder} can't be made: {error.strerror}") from None
    with _locked(folder):
        yield


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Keeps a second run of this program off the folder."""
    until = time.monotonic() + _LOCK_SECONDS
    try:
        stream = (home / _LOCK_FILE).open("a")
    except OSError as error:
        raise SandboxError(f"{home} can't be written to: {error.strerror}") from None
    with stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise SandboxError(
                        f"another run has been starting or stopping the sandbox in {home} for {_LOCK_SECONDS:.0f} s:"
                        " wait for it or end it"
                    ) from None
                time.sleep(_PAUSE_SECONDS)
        yield
