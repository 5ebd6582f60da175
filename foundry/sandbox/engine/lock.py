"""The stack's lock, as the CLI's file backend keeps it: one JSON file per holder below `.pulumi/locks/organization/PROJECT/STACK`.

Either engine respects the other's file. Unlike the CLI, a lock whose process is gone on this host is removed, and said so.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from foundry.sandbox.engine.errors import EngineError, StackLockedError

_CLOCK_SLACK_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lock, from its file."""

    file: Path
    pid: int
    username: str
    hostname: str
    timestamp: str

    def is_gone(self) -> bool:
        """Whether the process certainly no longer runs: only ever true for a process of this host."""
        if self.hostname != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return _has_ended(self.pid) or _started_after(self.pid, self.timestamp)


def _has_ended(pid: int) -> bool:
    """Whether the process is dead and only not yet waited for (told from /proc, where there is one)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except (OSError, ValueError, IndexError):
        return False


def _started_after(pid: int, timestamp: str) -> bool:
    """Whether the process with that id is a younger one that got the same number (told from /proc, where there is one)."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
        boot = next(
            int(s.split()[1])
            for s in Path("/proc/stat").read_text(encoding="ascii").splitlines()
            if s.startswith("btime")
        )
        locked = datetime.fromisoformat(timestamp[:19] + "+00:00" if timestamp.endswith("Z") else timestamp)
    except (OSError, ValueError, IndexError, StopIteration):
        return False
    started = boot + ticks / os.sysconf("SC_CLK_TCK")
    # Both are times of a clock that may have been set in between; a lock too many is told by name, a lock broken is two ups at once.
    return started > locked.timestamp() + _CLOCK_SLACK_SECONDS


def holders(folder: Path) -> list[Holder]:
    """The locks in a stack's lock folder. Raises EngineError for a file that isn't a lock."""
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            found.append(
                Holder(
                    file=file,
                    pid=int(content["pid"]),
                    username=str(content["username"]),
                    hostname=str(content["hostname"]),
                    timestamp=str(content["timestamp"]),
                )
            )
        except FileNotFoundError:
            continue  # released while we looked
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(
                f"{file} is not a readable lock; if no run is under way, remove it with `fac cancel`"
            ) from error
    return found


def _locked(others: list[Holder]) -> StackLockedError:
    lines = [
        (
            f"the stack is currently locked by {len(others)} lock(s). Either wait for the other process(es) to end or, where they are "
            "certainly gone, delete the lock file with `fac cancel` or `pulumi cancel`."
        )
    ]
    lines += [
        f"  {h.file.as_uri()}: created by {h.username}@{h.hostname} (pid {h.pid}) at {h.timestamp}"
        for h in others
    ]
    return StackLockedError("\n".join(lines))


def clear_dead(folder: Path, say: Callable[[str], None]) -> None:
    """Remove the locks of processes that are gone on this host, with a line for each."""
    for holder in holders(folder):
        if holder.is_gone():
            holder.file.unlink(missing_ok=True)
            _forget_attributes(holder.file)
            say(
                f"removed a lock left behind at {holder.timestamp} by process {holder.pid}, which no longer runs on this host"
            )


def _forget_attributes(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.with_name(file.name + ".attrs").unlink(missing_ok=True)


@contextlib.contextmanager
def held(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the stack's lock. Raises StackLockedError naming every other holder; dead ones on this host are removed first."""
    clear_dead(folder, say)
    others = holders(folder)
    if others:
        raise _locked(others)
    file = folder / f"{uuid.uuid4()}.json"
    content = {
        "pid": os.getpid(),
        "username": getpass.getuser(),
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
    except OSError as error:
        file.unlink(missing_ok=True)
        raise EngineError(f"the stack can't be locked: {file}: {error.strerror}") from error
    try:
        # Two runs may have passed the first look at once: then both see each other here, and both step back.
        others = [h for h in holders(folder) if h.file != file]
        if others:
            raise _locked(others)
        yield
    finally:
        file.unlink(missing_ok=True)


def cancel(folder: Path) -> int:
    """Remove every lock, whoever holds it → how many there were."""
    files = list(folder.glob("*.json"))
    for file in files:
        file.unlink(missing_ok=True)
        _forget_attributes(file)
    return len(files)
