"""What checks have made and not deleted yet, on disk: a run that is killed leaves its list to the next one.

Each run has a file of its own: a first line that says which process wrote it, then a line for everything made and for
everything deleted. A run that deletes all it made removes its file.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from foundry.checks import marks
from foundry.model import FoundryError, Owner
from foundry.service.conversation import Conversations, Place

_GIVEN_UP_SECONDS: Final = 7 * 86_400.0
_PREFIX: Final = "made-"
ABANDONED_SECONDS: Final = 3_600.0
"""How old a marked thing must be before it counts as left behind, when no journal speaks of it."""


@dataclass(frozen=True)
class Thing:
    """Something that was made."""

    place: Place
    kind: str
    id: str


class Journal:
    """The list of one run. May be used by several threads."""

    def __init__(self, folder: Path, owner: Owner) -> None:
        """Nothing is written before something is made."""
        self.run = secrets.token_hex(6)
        self._path = folder / f"{_PREFIX}{self.run}.jsonl"
        self._owner = owner
        self._lock = threading.Lock()
        self._open: dict[Thing, None] = {}
        self._stream: Any = None

    def keeper(self, place: Place) -> PlaceKeeper:
        """What a conversation at a place tells of what it makes."""
        return PlaceKeeper(self, place, self._owner)

    def note(self, thing: Thing, *, made: bool) -> None:
        """Write down that a thing was made or is gone; on disk when this returns."""
        with self._lock:
            if self._stream is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._path.open("a", encoding="utf-8")
                self._write(_myself())
            if made:
                self._open[thing] = None
            else:
                self._open.pop(thing, None)
            self._write(
                {
                    "made": made,
                    "kind": thing.kind,
                    "id": thing.id,
                    "endpoint": thing.place.endpoint,
                    "dialect": thing.place.dialect,
                }
            )

    def close(self) -> int:
        """Ends the list; the number of things that couldn't be deleted, for which the file stays."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
            if not self._open:
                self._path.unlink(missing_ok=True)
            return len(self._open)

    def _write(self, line: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())


@dataclass(frozen=True)
class PlaceKeeper:
    """A `Keeper` (foundry.service.conversation) that writes into a journal."""

    journal: Journal
    place: Place
    owner: Owner

    @property
    def mark(self) -> Mapping[str, str]:
        """See `Keeper`."""
        return marks.mark(self.owner, self.journal.run)

    def filename(self, name: str) -> str:
        """See `Keeper`."""
        return marks.filename(self.owner, self.journal.run, name)

    def run_of(self, metadata: Mapping[str, str] | None, filename: str | None) -> str | None:
        """See `Keeper`."""
        return marks.run_of(self.owner, metadata, filename)

    def made(self, kind: str, identity: str) -> None:
        """See `Keeper`."""
        self.journal.note(Thing(self.place, kind, identity), made=True)

    def gone(self, kind: str, identity: str) -> None:
        """See `Keeper`."""
        self.journal.note(Thing(self.place, kind, identity), made=False)


@contextmanager
def journal(folder: Path, owner: Owner, say: Callable[[str], None]) -> Iterator[Journal]:
    """A new list in a folder; tells at the end what couldn't be deleted."""
    made = Journal(folder, owner)
    try:
        yield made
    finally:
        left = made.close()
        if left:
            things = "1 thing" if left == 1 else f"{left} things"
            say(f"{things} made for a conversation couldn't be deleted; the next check tries again.")


def sweep(
    folder: Path,
    at: Callable[[Place], Conversations],
    say: Callable[[str], None],
    *,
    now: Callable[[], float] = time.time,
) -> tuple[str, ...]:
    """Delete what runs that are gone have left in their lists. What can't be deleted stays listed, for a week.

    Args:
        folder: where the lists are.
        at: the conversations of a place.
        say: takes a line for a person.
        now: Unix seconds.

    Returns:
        The runs that are gone.
    """
    gone = []
    for path in sorted(folder.glob(f"{_PREFIX}*.jsonl")):
        lines = list(_lines(path))
        if _is_alive(lines[0] if lines else {}, path, now()):
            continue
        gone.append(path.stem.removeprefix(_PREFIX))
        things = _left(lines)
        try:
            for thing in things:
                at(thing.place).delete(thing.kind, thing.id)
        except FoundryError as error:
            if now() - path.stat().st_mtime < _GIVEN_UP_SECONDS:
                say(f"What an earlier check left couldn't be deleted, and is tried again next time: {error}")
                continue
            say(f"Gave up deleting what a check left a week ago: {', '.join(thing.id for thing in things)}")
        else:
            if things:
                say(f"Deleted {_count(things)} left by a check that was killed.")
        path.unlink(missing_ok=True)
    return tuple(gone)


def sweep_marked(
    places: Mapping[Place, Conversations],
    made: Journal,
    say: Callable[[str], None],
    *,
    gone: Collection[str],
    now: float,
) -> None:
    """Delete what carries our mark and stands in no list: killed between making a thing and writing it down, or list lost.

    Args:
        places: where to look.
        made: a journal of the stack whose mark is looked for.
        say: takes a line for a person.
        gone: runs that are known to have ended; of others, only what is older than any check may be is deleted.
        now: Unix seconds.
    """
    for place, conversations in places.items():
        old = [
            left
            for left in conversations.leftovers(made.keeper(place))
            if now - left.created_at > ABANDONED_SECONDS or any(run.startswith(left.run) for run in gone)
        ]
        for left in old:
            conversations.delete(left.kind, left.id)
        if old:
            say(f"Deleted {_count(old)} with the mark of this stack's checks, of a run that has ended.")


def _count(things: list[Any]) -> str:
    kinds = [str(thing.kind) for thing in things]
    return ", ".join(
        f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) > 1)}" for kind in sorted(set(kinds))
    )


def _myself() -> dict[str, Any]:
    process = psutil.Process()
    return {"pid": process.pid, "started": process.create_time(), "host": socket.gethostname()}


def _is_alive(writer: Mapping[str, Any], path: Path, now: float) -> bool:
    if writer.get("host") != socket.gethostname():
        # Nobody can tell from here; a check of another machine that is this old has ended.
        return now - path.stat().st_mtime < ABANDONED_SECONDS
    try:
        process = psutil.Process(int(writer["pid"]))
        # Not to the second: when a process was started is told by a clock that may have been set since.
        same = abs(process.create_time() - float(writer["started"])) < ABANDONED_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            # The last line of a killed process may be half a line.
            continue
        if isinstance(line, dict):
            yield line


def _left(lines: list[dict[str, Any]]) -> list[Thing]:
    left: dict[Thing, None] = {}
    for line in lines:
        if "kind" not in line:
            continue
        thing = Thing(Place(str(line["endpoint"]), str(line["dialect"])), str(line["kind"]), str(line["id"]))
        if line.get("made"):
            left[thing] = None
        else:
            left.pop(thing, None)
    # The latest first: a thread before the store it uses, a store before its files.
    return list(left)[::-1]
