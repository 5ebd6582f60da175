"""Work that waits for somebody else: a tool's server, a queue, a model. It is done in threads, and nobody waits for it.

Whoever needs an answer asks again until it is there, so that no transaction and no other request stands still meanwhile.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any


class OutsideError(Exception):
    """Somebody else didn't answer, or not as agreed; the text is fit for a run's `last_error`."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    value: Any


@dataclass(slots=True)
class Outside:
    """Pieces of work by key. They live in memory: after a restart they begin anew when they are asked for.

    Each has a thread of its own that doesn't keep the process from ending: what a queue or a model owes us is lost with
    us. There are never more of them than runs that wait.
    """

    _jobs: dict[str, Future[Any]] = field(default_factory=dict)

    def ask(self, key: str, work: Callable[[], Any]) -> Answered | None:
        """The answer, or None while it isn't there; the first question with a key begins the work.

        Raises:
            OutsideError: What the work raised, once.
        """
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = self._begin(work)
        if not job.done():
            return None
        del self._jobs[key]
        return Answered(job.result())

    def forget(self, key: str) -> None:
        """Nobody waits for that answer any more."""
        self._jobs.pop(key, None)

    def do(self, work: Callable[[], Any]) -> None:
        """Begins work that nobody asks after."""
        self._begin(work)

    @staticmethod
    def _begin(work: Callable[[], Any]) -> Future[Any]:
        job: Future[Any] = Future()

        def run() -> None:
            try:
                job.set_result(work())
            except BaseException as error:
                job.set_exception(error)

        threading.Thread(target=run, name="outside", daemon=True).start()
        return job
