"""Work that waits for somebody else: a tool's server, a queue, a model. It is done in threads, and nobody waits for it.

Whoever needs an answer asks again until it is there, so that no transaction and no other request stands still meanwhile.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

_WORKERS: Final = 16


class OutsideError(Exception):
    """Somebody else didn't answer, or not as agreed; the text is fit for a run's `last_error`."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    value: Any


@dataclass(slots=True)
class Outside:
    """Pieces of work by key. They live in memory: after a restart they begin anew when they are asked for."""

    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_WORKERS, thread_name_prefix="outside")
    )
    _jobs: dict[str, Future[Any]] = field(default_factory=dict)

    def ask(self, key: str, work: Callable[[], Any]) -> Answered | None:
        """The answer, or None while it isn't there; the first question with a key begins the work.

        Raises:
            OutsideError: What the work raised, once.
        """
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = self._pool.submit(work)
        if not job.done():
            return None
        del self._jobs[key]
        return Answered(job.result())

    def forget(self, key: str) -> None:
        """Nobody waits for that answer any more."""
        job = self._jobs.pop(key, None)
        if job is not None:
            job.cancel()

    def do(self, work: Callable[[], Any]) -> None:
        """Begins work that nobody asks after."""
        self._pool.submit(work)

    def close(self) -> None:
        """Ends without waiting for what is under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)
