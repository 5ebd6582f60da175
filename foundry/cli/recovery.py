"""What a killed run left behind, put right before the next one: its lock, its processes, its pending creates."""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import psutil

from foundry.cli import state_files
from foundry.cli.engines import Run
from foundry.model import FoundryError

_PROJECT: Final = "azure-native:cognitiveservices:Project"
DYNAMIC: Final = "pulumi-python:dynamic/foundry:"
"""What the types of agents, stores, files and the like begin with in a state."""
# Both are times of a clock that may have been set in between.
_CLOCK_SLACK_SECONDS: Final = 60.0
_PROVIDERS = ("pulumi.dynamic", "pulumi-language-python", "pulumi-resource-")


@dataclass(frozen=True)
class Lock:
    """A lock of Pulumi's file backend: who holds the stack, on which host, since when (as the file writes it)."""

    path: Path
    pid: int
    host: str
    user: str = ""
    since: str = ""

    @property
    def is_here(self) -> bool:
        """Whether it was made on this host."""
        return self.host == socket.gethostname()

    @property
    def is_held(self) -> bool:
        """Whether the process that made it runs on this host; a younger one with the same number isn't that one."""
        if not self.is_here:
            return False
        try:
            process = psutil.Process(self.pid)
            started = process.create_time()
            return (
                process.status() != psutil.STATUS_ZOMBIE and started <= self._moment() + _CLOCK_SLACK_SECONDS
            )
        except psutil.NoSuchProcess:
            return False

    def _moment(self) -> float:
        try:
            return datetime.fromisoformat(self.since).timestamp()
        except ValueError:
            return math.inf

    def __str__(self) -> str:
        """Who holds it, for a person."""
        who = f"process {self.pid} on {self.host}"
        return who + (f" ({self.user}, since {self.since})" if self.user and self.since else "")


def backend_folder(url: str) -> Path | None:
    """The folder of a `file://` backend; None for every other backend."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def locks(folder: Path, project: str, stack: str) -> Iterator[Lock]:
    """The locks that lie on a stack; what can't be read as one is left to the engine to complain about."""
    for path in sorted((folder / ".pulumi" / "locks" / "organization" / project / stack).glob("*.json")):
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            yield Lock(
                path,
                int(held["pid"]),
                str(held["hostname"]),
                str(held.get("username", "")),
                str(held.get("timestamp", "")),
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue


def release_dead_locks(
    folder: Path, project: str, stack: str, root: Path, say: Callable[[str], None]
) -> None:
    """Remove locks of processes that are gone on this host, once what they left running has been ended."""
    for lock in locks(folder, project, stack):
        if not lock.is_here or lock.is_held:
            continue
        for orphan in _orphans(root):
            say(f"Ended process {orphan.pid}, left over from a run that was killed (process {lock.pid}).")
            orphan.kill()
            orphan.wait(10)
        lock.path.unlink(missing_ok=True)
        # The CLI keeps attributes beside each file that it writes.
        lock.path.with_name(f"{lock.path.name}.attrs").unlink(missing_ok=True)
        say(f"Removed the lock of process {lock.pid} on this host: that process is gone.")


def refuse_locked(folder: Path, project: str, stack: str) -> None:
    """Refuse to begin beside another run: what that one is just making looks like what a killed run left.

    Raises:
        FoundryError: a lock lies on the stack.
    """
    for lock in locks(folder, project, stack):
        raise FoundryError(
            f"stack {stack} is locked by {lock}: another run is under way",
            fix=f"wait for its end; if it is gone, `fac cancel -s {stack}`",
        )


def _orphans(root: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["cmdline", "ppid"]):
        try:
            told = " ".join(process.info["cmdline"] or ())
            if not any(word in told for word in _PROVIDERS) or Path(process.cwd()) != root:
                continue
            if not any(_is_engine(parent) for parent in process.parents()):
                yield process
        except psutil.Error:
            continue


def _is_engine(process: psutil.Process) -> bool:
    return process.name() == "pulumi" or "foundry.sandbox.engine" in process.cmdline()


def refuse_damaged(folder: Path, project: str, stack: str) -> None:
    """Refuse a state that was cut off or edited: the CLI says of it what its parser says.

    Raises:
        FoundryError: it can't be read as a state.
    """
    plain = state_file(folder, project, stack)
    path = next(state_files.variants(plain), plain)
    try:
        state_files.read(path)["checkpoint"]
    except (OSError, FoundryError):
        return
    except (ValueError, KeyError, TypeError):
        backup = next(state_files.variants(plain.with_name(f"{plain.name}.bak")), None)
        raise FoundryError(
            f"the state {path} is damaged"
            + (f"; {backup.name} beside it is the one before" if backup else ""),
            fix=f"copy that over it, then `fac up -s {stack}`: what was done since is found by its marks"
            if backup
            else "take a backup of yours; without one, move it away: `fac up` takes back what is live",
        ) from None


def has_state(folder: Path, project: str, stack: str) -> bool:
    """Whether the state holds any resource, as far as is known: what can't be read is the engine's to tell, and is not empty."""
    plain = state_file(folder, project, stack)
    path = next(state_files.variants(plain), plain)
    if not path.exists():
        return False
    try:
        latest = state_files.read(path)["checkpoint"]["latest"]
    except (OSError, ValueError, KeyError, TypeError):
        return True
    return bool((latest or {}).get("resources"))


def is_empty(folder: Path, project: str, stack: str) -> bool:
    """Whether the state is known to hold no resource, and none that a killed run was just making."""
    return not has_state(folder, project, stack) and not pending_creates(folder, project, stack)


def state_file(folder: Path, project: str, stack: str) -> Path:
    """Where a stack's state lies in the folder of a `file://` backend, if it isn't compressed."""
    return folder / ".pulumi" / "stacks" / project / f"{stack}.json"


def _latest(folder: Path, project: str, stack: str) -> dict[str, Any]:
    plain = state_file(folder, project, stack)
    path = next(state_files.variants(plain), plain)
    try:
        latest = state_files.read(path)["checkpoint"]["latest"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return latest if isinstance(latest, dict) else {}


def pending_creates(folder: Path, project: str, stack: str) -> list[dict[str, Any]]:
    """Resources whose creation was under way when a run was killed, as the state tells them."""
    latest = _latest(folder, project, stack)
    return [
        operation["resource"]
        for operation in latest.get("pending_operations") or ()
        if operation.get("type") == "creating"
    ]


def places_left(
    folder: Path, project: str, stack: str, pending: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Where objects may be left of creations that were under way, once all that the state holds is destroyed: not in a project that goes too.

    Returns:
        Endpoints of projects.
    """
    held = _latest(folder, project, stack).get("resources") or ()
    if any(one.get("type") == _PROJECT for one in held):
        return ()
    told = (_mapping(one.get("inputs")).get("endpoint") for one in pending if _is_of_a_project(one))
    return tuple(dict.fromkeys(str(endpoint) for endpoint in told if endpoint))


def _is_of_a_project(resource: Mapping[str, Any]) -> bool:
    kind = str(resource.get("type"))
    return kind.startswith(DYNAMIC) and not kind.startswith(f"{DYNAMIC}Search")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def resolve_pending(
    run: Run,
    folder: Path,
    project: str,
    exists: Callable[[Mapping[str, Any]], str | None],
    say: Callable[[str], None],
    *,
    comes_back: bool,
) -> int:
    """Settle pending creates before an engine plans anew.

    Agents, stores, files and indexes are simply created again: the create finds what is there by its mark. An Azure
    resource that did come into being is imported by the id that its explicit name gives, because the provider refuses
    to create what exists.

    Args:
        run: the engine set to work on the stack.
        folder: the state's folder.
        project: the Pulumi project's name.
        exists: a resource of the state → ARM id if the resource is there, None otherwise.
        say: takes a line for a person.
        comes_back: whether what was under way is created after this.

    Returns:
        The engine's exit code; 0 when nothing was pending.
    """
    pending = pending_creates(folder, project, run.stack)
    if not pending:
        return 0
    flags: list[str] = []
    for resource in pending:
        found = exists(resource) if str(resource["type"]).startswith("azure-native:") else None
        if found:
            say(
                f"{resource['urn'].rsplit('::', 1)[-1]}: its creation was under way when a run was killed; it is there, and is imported."
            )
            flags += ["--import-pending-creates", resource["urn"], "--import-pending-creates", found]
        else:
            then = "it will be looked up again" if comes_back else "the state doesn't know it"
            say(
                f"{resource['urn'].rsplit('::', 1)[-1]}: its creation was under way when a run was killed; {then}."
            )
    return run.interactive(
        ["refresh", "--stack", run.stack, "--yes", "--skip-preview", "--clear-pending-creates", *flags]
    )
