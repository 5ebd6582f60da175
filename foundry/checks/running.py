"""Checks held side by side, a bounded number at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from foundry.checks.expectations import amiss
from foundry.model import Check, FoundryError, Tool
from foundry.service.conversation import Place, Transcript
from foundry.service.evaluators import Score


@dataclass(frozen=True)
class Case:
    """A check of one agent in one dialect. `id` is what the agent is called by there, `judge` its evaluators' deployment."""

    agent: str
    id: str
    place: Place
    check: Check
    tools: tuple[Tool, ...]
    judge: str | None = None


@dataclass(frozen=True)
class Result:
    """What came of a case: `error` where no conversation came about, `failures` where it wasn't as expected."""

    case: Case
    failures: tuple[str, ...] = ()
    error: str | None = None
    transcript: Transcript | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether all was as expected."""
        return self.error is None and not self.failures

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it isn't good."""
        return self.failures if self.error is None else (self.error,)


def run(
    cases: Sequence[Case],
    hold: Callable[[Case], Transcript],
    evaluate: Callable[[Case, Transcript], Mapping[str, Score]],
    *,
    parallel: int,
    done: Callable[[Result], None] = lambda _: None,
    stopping: Callable[[], None] = lambda: None,
    abandon: Callable[[], None] = lambda: None,
) -> tuple[Result, ...]:
    """Hold every case; the results in the order of the cases.

    An interrupt lets the conversations under way end (they delete what they made) and begins no other.

    Args:
        cases: what to check.
        hold: has the conversation of a case; raises FoundryError.
        evaluate: the scores of a case's evaluators; raises FoundryError.
        parallel: how many at once.
        done: told of each result as it comes.
        stopping: told when an interrupt has come and what is under way is waited for.
        abandon: told when another one comes while it is waited for; should end the process, whose threads go on.
    """
    results: dict[int, Result] = {}
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        waiting = {
            pool.submit(_judged, case, hold, evaluate): position for position, case in enumerate(cases)
        }
        try:
            for future in as_completed(waiting):
                results[waiting[future]] = future.result()
                done(future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stopping()
            try:
                pool.shutdown(wait=True)
            except KeyboardInterrupt:
                abandon()
            raise
    return tuple(results[position] for position in range(len(cases)))


def _judged(
    case: Case,
    hold: Callable[[Case], Transcript],
    evaluate: Callable[[Case, Transcript], Mapping[str, Score]],
) -> Result:
    came = None
    try:
        came = hold(case)
        scores = evaluate(case, came)
    except FoundryError as error:
        return Result(case, error=str(error), transcript=came)
    found = amiss(case.check.expect, came, tools=case.tools, agent=case.id, scores=scores)
    return Result(case, failures=found, transcript=came, scores=scores)
