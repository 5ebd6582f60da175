"""One listing, shared by every worker of a process and kept true by what this process itself changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from foundry.model import ServiceError

T = TypeVar("T")

FAILURE_HOLDS_SECONDS: Final = 60.0
"""How long a refresh takes a service that couldn't be asked for one that still can't: a thousand objects, each with a wait of its own
for a network that isn't there, would keep people for hours."""


class Snapshot(Generic[T]):
    """What a listing said, with our own changes written over it.

    The first caller loads; others wait for that one listing. A failed listing fails all who wait for it and is tried
    again by the next caller; those who only `look` fail with it for a minute. `settled` says that a listing which may lag
    behind a killed run has been waited for.
    """

    def __init__(self, key: Callable[[T], str], clock: Callable[[], float]) -> None:
        self._key = key
        self._clock = clock
        self._failed: tuple[float, ServiceError] | None = None
        self._lock = threading.Lock()
        self._listing: Future[Mapping[str, T]] | None = None
        self._own: dict[str, T | None] = {}
        self.settled = False

    def all(self, load: Callable[[], Sequence[T]]) -> list[T]:
        """Everything there is, as far as this process knows; `load` is called at most once."""
        listing = self._listed(load)
        with self._lock:
            merged: dict[str, T | None] = {**listing, **self._own}
        return [one for one in merged.values() if one is not None]

    def find(self, key: str, load: Callable[[], Sequence[T]]) -> T | None:
        """One of them, or None."""
        listing = self._listed(load)
        with self._lock:
            return self._own[key] if key in self._own else listing.get(key)

    def look(self, key: str, load: Callable[[], Sequence[T]]) -> T | None:
        """`find` for a refresh. Raises ServiceError also where the listing failed within the last minute."""
        with self._lock:
            failed = self._failed
        if failed is not None and self._clock() - failed[0] < FAILURE_HOLDS_SECONDS:
            raise failed[1]
        return self.find(key, load)

    def put(self, one: T) -> None:
        """We made or changed it."""
        with self._lock:
            self._own[self._key(one)] = one

    def drop(self, key: str) -> None:
        """We deleted it, or saw that it is gone."""
        with self._lock:
            self._own[key] = None

    def forget(self) -> None:
        """Makes the next caller list anew."""
        with self._lock:
            self._listing = None

    def _listed(self, load: Callable[[], Sequence[T]]) -> Mapping[str, T]:
        with self._lock:
            listing = self._listing
            mine = listing is None
            if listing is None:
                listing = self._listing = Future()
        if mine:
            try:
                listing.set_result({self._key(one): one for one in load()})
                with self._lock:
                    self._failed = None
            except BaseException as error:
                with self._lock:
                    if self._listing is listing:
                        self._listing = None
                    if isinstance(error, ServiceError):
                        self._failed = (self._clock(), error)
                listing.set_exception(error)
        return listing.result()
