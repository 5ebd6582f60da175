"""Trouble on request: what reconcilers die of, played at a chosen call.

A plan is a list of rules and a seed, kept in memory only. A rule that matches a request adds its action; rules about files,
stores and roles hold for as long as they stand. Everything random comes from the seed and from which of its matches a rule is
at, so that the same requests under the same plan meet the same trouble.
"""

import random
import re
from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from foundry.sandbox.emulator.http import Malformed, Reply
from foundry.sandbox.emulator.shapes import (
    Shape,
    anything,
    array,
    integer,
    nullable,
    number,
    one_of,
    record,
    text,
)

_HOUR: Final = 3_600
_seconds = number(0, _HOUR)

_match = record(
    {},
    {
        "method": text(),
        "path": text(),
        "query": text(),
        "nth": integer(1),
        "first": integer(1),
        "every": integer(1),
        "after": integer(0),
        "chance": number(0, 1),
    },
)
_DISTRIBUTIONS: Final = ("uniform", "normal", "exponential", "lognormal")
_distribution = record({}, dict.fromkeys(_DISTRIBUTIONS, anything))


def _delay(value: Any, path: str) -> None:
    """Seconds, or one distribution of them."""
    if not isinstance(value, dict):
        _seconds(value, path)
        return
    _distribution(value, path)
    if len(value) != 1:
        raise Malformed(path, "value", f"Invalid '{path}': name one of {', '.join(_DISTRIBUTIONS)}.")
    ((name, numbers),) = value.items()
    if name == "exponential":
        _seconds(numbers, f"{path}.{name}")
    else:
        array(_seconds, least=2, most=2)(numbers, f"{path}.{name}")


_names = array(text(least=1), least=1)
_action = record(
    {},
    {
        "status": integer(400, 599),
        "when": one_of("before", "after"),
        "code": text(),
        "message": text(),
        "retry_after": nullable(_seconds),
        "delay": _delay,
        "drop": one_of("before", "after", "midway"),
        "stale": _seconds,
        "fail_files": _names,
        "slow_files": _names,
        "seconds": _seconds,
        "expire_stores": _names,
        "fail_versions": _names,
        "late_roles": _seconds,
    },
)
_rules = array(record({"action": _action}, {"match": _match}))
_document = record({"rules": _rules}, {"seed": integer(0)})
#: Actions that hold as long as the plan does, whatever is asked.
_STANDING: Final = ("fail_files", "slow_files", "expire_stores", "fail_versions", "late_roles")


def _plan(value: Any, path: str) -> None:
    if isinstance(value, list):
        _rules(value, "rules")
    else:
        _document(value, path)


#: A list of rules, or an object with `rules` and `seed`.
PLAN: Final[Shape] = _plan


@dataclass(slots=True)
class Rule:
    """One rule, how often it has matched, how often it has struck."""

    match: dict[str, Any]
    action: dict[str, Any]
    path: re.Pattern[str]
    query: re.Pattern[str]
    chance: random.Random
    seen: int = 0
    struck: int = 0

    def fires(self, method: str, path: str, query: str) -> bool:
        """Counts a request that matches; whether this one is meant."""
        if self.match.get("method", method).upper() != method:
            return False
        if not self.path.search(path) or not self.query.search(query):
            return False
        self.seen += 1
        count = self.seen - int(self.match.get("after", 0))
        meant = count > 0
        if "nth" in self.match:
            meant = meant and count == self.match["nth"]
        if "first" in self.match:
            meant = meant and count <= self.match["first"]
        if "every" in self.match:
            meant = meant and count % int(self.match["every"]) == 0
        # Drawn for every match, so that what a seed gives doesn't depend on the other conditions.
        drawn = self.chance.random()
        meant = meant and drawn < self.match.get("chance", 1.0)
        self.struck += meant
        return bool(meant)

    def seconds(self) -> float:
        """How long this rule delays a request, drawn anew where it is a distribution."""
        wanted = self.action.get("delay", 0.0)
        if not isinstance(wanted, dict):
            return float(wanted)
        ((name, numbers),) = wanted.items()
        match name:
            case "uniform":
                drawn = self.chance.uniform(*numbers)
            case "normal":
                drawn = self.chance.normalvariate(*numbers)
            case "exponential":
                drawn = self.chance.expovariate(1 / numbers) if numbers else 0.0
            case _:
                median, spread = numbers
                drawn = median * self.chance.lognormvariate(0, spread)
        return min(max(0.0, drawn), float(_HOUR))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the plan holds in store for one request.

    Attributes:
        reply: The refusal it gets.
        acted: Whether that comes only after the request has been done.
        delay: Seconds it waits first.
        drop: When the connection is cut: before, after, midway through the reply, or "" for never.
        stale: Listings leave out what is younger, in seconds.
    """

    reply: Reply | None = None
    acted: bool = False
    delay: float = 0.0
    drop: str = ""
    stale: float = 0.0


def _refusal(action: dict[str, Any]) -> Reply:
    status = action["status"]
    body = {
        "error": {
            "code": action.get("code", "Injected"),
            "message": action.get("message", f"Status {status} was asked for by a fault rule."),
        }
    }
    wait = action.get("retry_after")
    return Reply(status, body, {} if wait is None else {"Retry-After": f"{wait:g}"})


def _expression(item: dict[str, Any], name: str) -> re.Pattern[str]:
    try:
        return re.compile((item.get("match") or {}).get(name, ""))
    except re.error as error:
        raise Malformed(name, "value", f"A {name} of the plan is no regular expression: {error}.") from error


@dataclass(slots=True)
class FaultPlan:
    """The rules in force and the seed of what is random in them."""

    rules: list[Rule] = field(default_factory=list)
    seed: int = 0

    def replace(self, plan: Any) -> None:
        """Puts a new plan in force; without a seed one is drawn. Raises `Malformed`."""
        PLAN(plan, "")
        items = plan if isinstance(plan, list) else plan["rules"]
        given = None if isinstance(plan, list) else plan.get("seed")
        seed = random.SystemRandom().randrange(2**31) if given is None else int(given)
        rules = [
            Rule(
                item.get("match") or {},
                item["action"],
                _expression(item, "path"),
                _expression(item, "query"),
                random.Random(f"{seed}/{place}"),  # noqa: S311 - played, not secret
            )
            for place, item in enumerate(items)
        ]
        self.rules, self.seed = rules, seed

    def described(self) -> dict[str, Any]:
        """The plan, with the number of matches and of strikes so far."""
        rules = [
            {"match": rule.match, "action": rule.action, "seen": rule.seen, "struck": rule.struck}
            for rule in self.rules
        ]
        return {"seed": self.seed, "rules": rules}

    def trouble(self, method: str, path: str, query: str = "") -> Trouble:
        """What happens to this request. The first refusal and drop that fire win; delays add up."""
        reply, acted, delay, drop, stale = None, False, 0.0, "", 0.0
        for rule in self.rules:
            if any(name in rule.action for name in _STANDING) or not rule.fires(method, path, query):
                continue
            if "status" in rule.action and reply is None:
                reply, acted = _refusal(rule.action), rule.action.get("when") == "after"
            delay += rule.seconds()
            drop = drop or rule.action.get("drop", "")
            stale = max(stale, rule.action.get("stale", 0.0))
        return Trouble(reply, acted, delay, drop, stale)

    def file_error(self, filename: str) -> dict[str, Any] | None:
        """How processing of a file of that name fails, or None."""
        action = self._standing("fail_files", filename)
        if action is None:
            return None
        message = action.get("message", f"An internal error occurred while processing '{filename}'.")
        return {"code": action.get("code", "server_error"), "message": message}

    def file_seconds(self, filename: str) -> float:
        """How much longer than usual processing of a file of that name takes."""
        action = self._standing("slow_files", filename)
        return float(action.get("seconds", 10.0)) if action else 0.0

    def expires(self, store: str | None) -> bool:
        """Whether a vector store of that name counts as expired."""
        return self._standing("expire_stores", store or "") is not None

    def version_fails(self, agent: str) -> bool:
        """Whether a new hosted version of an agent of that name ends as failed."""
        return self._standing("fail_versions", agent) is not None

    def late_roles(self, default: float) -> float:
        """Seconds before a role assignment counts."""
        return float(
            next((item.action["late_roles"] for item in self.rules if "late_roles" in item.action), default)
        )

    def _standing(self, name: str, value: str) -> dict[str, Any] | None:
        for rule in self.rules:
            if any(fnmatchcase(value, pattern) for pattern in rule.action.get(name, ())):
                return rule.action
        return None


@dataclass(slots=True)
class RequestLog:
    """The last requests: time, method, path, query, status, milliseconds. Headers and bodies are never kept."""

    entries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=5_000))

    def add(self, **entry: Any) -> None:
        """Adds one request."""
        self.entries.append(entry)
