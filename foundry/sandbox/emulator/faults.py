"""Trouble on request: what reconcilers die of, played at a chosen call.

A plan is a list of rules, kept in memory only. A rule that matches a request adds its action; rules about files and
roles hold for as long as they stand.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from foundry.sandbox.emulator.http import Malformed, Reply
from foundry.sandbox.emulator.shapes import (
    Shape,
    array,
    integer,
    nullable,
    number,
    one_of,
    record,
    text,
)

_HOUR: Final = 3_600

_match = record(
    {},
    {"method": text(), "path": text(), "nth": integer(1), "first": integer(1), "every": integer(1)},
)
_action = record(
    {},
    {
        "status": integer(400, 599),
        "code": text(),
        "message": text(),
        "retry_after": nullable(number(0, _HOUR)),
        "delay": number(0, _HOUR),
        "drop": one_of("before", "after"),
        "stale": number(0, _HOUR),
        "fail_files": array(text(least=1)),
        "late_roles": number(0, _HOUR),
    },
)
PLAN: Final[Shape] = array(record({"action": _action}, {"match": _match}))


@dataclass(slots=True)
class Rule:
    """One rule and how often it has matched."""

    match: dict[str, Any]
    action: dict[str, Any]
    pattern: re.Pattern[str]
    seen: int = 0

    def fires(self, method: str, path: str) -> bool:
        """Counts a request that matches; whether this one is meant."""
        if self.match.get("method", method).upper() != method or not self.pattern.search(path):
            return False
        self.seen += 1
        if "nth" in self.match:
            return bool(self.seen == self.match["nth"])
        if "first" in self.match:
            return bool(self.seen <= self.match["first"])
        return self.seen % int(self.match.get("every", 1)) == 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the plan holds in store for one request."""

    reply: Reply | None = None
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


@dataclass(slots=True)
class FaultPlan:
    """The rules in force."""

    rules: list[Rule] = field(default_factory=list)

    def replace(self, plan: Any) -> None:
        """Puts a new plan in force; raises `Malformed`."""
        PLAN(plan, "plan")
        try:
            self.rules = [
                Rule(
                    item.get("match") or {},
                    item["action"],
                    re.compile((item.get("match") or {}).get("path", "")),
                )
                for item in plan
            ]
        except re.error as error:
            raise Malformed(
                "path", "value", f"A path of the plan is no regular expression: {error}."
            ) from error

    def described(self) -> list[dict[str, Any]]:
        """The plan with the number of matches so far."""
        return [{"match": rule.match, "action": rule.action, "seen": rule.seen} for rule in self.rules]

    def trouble(self, method: str, path: str) -> Trouble:
        """What happens to this request. The first refusal and drop that fire win; delays add up."""
        reply, delay, drop, stale = None, 0.0, "", 0.0
        for rule in self.rules:
            if "fail_files" in rule.action or "late_roles" in rule.action or not rule.fires(method, path):
                continue
            if "status" in rule.action and reply is None:
                reply = _refusal(rule.action)
            delay += rule.action.get("delay", 0.0)
            drop = drop or rule.action.get("drop", "")
            stale = max(stale, rule.action.get("stale", 0.0))
        return Trouble(reply, delay, drop, stale)

    def file_error(self, filename: str) -> dict[str, Any] | None:
        """How processing of a file of that name fails, or None."""
        for rule in self.rules:
            if filename in rule.action.get("fail_files", ()):
                message = rule.action.get(
                    "message", f"An internal error occurred while processing '{filename}'."
                )
                return {"code": rule.action.get("code", "server_error"), "message": message}
        return None

    def late_roles(self, default: float) -> float:
        """Seconds before a role assignment counts."""
        return float(
            next((item.action["late_roles"] for item in self.rules if "late_roles" in item.action), default)
        )


@dataclass(slots=True)
class RequestLog:
    """The last requests: time, method, path, query, status, milliseconds. Headers and bodies are never kept."""

    entries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=5_000))

    def add(self, **entry: Any) -> None:
        """Adds one request."""
        self.entries.append(entry)
