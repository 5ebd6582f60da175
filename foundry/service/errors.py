"""What a service refused, as errors that a person can act on.

ServiceError (foundry.model)
├── NotFound          404: the object isn't there
│   └── PlaceGone     404 where only the project, account or search service itself can be missing
├── Unresolved        the host's name isn't known to DNS
├── Unreachable       no connection: the request never left
├── Refused           401, 403
├── Conflict          409, 412: it exists already, or changed in between
├── Unanswered        the request may have been acted upon: a broken connection, 408, 5xx
└── Throttled         429, after every repetition that the budget allowed
"""

# ruff: noqa: N818  (named for what happened: the tree reads as a table of outcomes)

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from foundry.model import Failure, ServiceError

T = TypeVar("T")
_LONGEST_TEXT = 600
_NOT_SET_UP = (
    "unavailable",
    "not found on path",
    "not found in environment",
    "could not be found",
    "is not installed",
    "to be installed",
)


class NotFound(ServiceError):
    """The object isn't there."""


class PlaceGone(NotFound):
    """The project, the account or the search service isn't there."""


class Unresolved(ServiceError):
    """The host's name isn't known."""


class Unreachable(ServiceError):
    """The request never left."""


class Refused(ServiceError):
    """The identity may not do this, or not yet."""


class Conflict(ServiceError):
    """It exists already, or somebody changed it in between."""


class Unanswered(ServiceError):
    """Nobody knows whether the request was acted upon."""


class Throttled(ServiceError):
    """Too many requests."""


def unless_missing(look: Callable[[], T]) -> T | None:
    """What `look` returns; None when it raises NotFound."""
    try:
        return look()
    except NotFound:
        return None


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers in lower case, and the JSON body, or None when it had none."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def request_id(self) -> str | None:
        """The service's name for this request, for its support."""
        for name in ("x-ms-request-id", "apim-request-id", "request-id", "x-request-id"):
            if value := self.headers.get(name):
                return value
        return None


def refusal(operation: str, subject: str, answer: Answer, *, of_place: bool = False) -> ServiceError:
    """The error that stands for an answer of 400 and above. `of_place`: a 404 means that the project itself is gone."""
    code, message = _told(answer.body)
    failure = Failure(operation, subject, answer.status, code, answer.request_id)
    what = message or "the service gave no reason"
    match answer.status:
        case 404 if of_place:
            return PlaceGone(
                what, fix="check that the project or search service still exists", failure=failure
            )
        case 404:
            return NotFound(what, fix="run `pulumi refresh` if it was deleted outside", failure=failure)
        case 403 if "agent" in what.lower() and "disabled" in what.lower():
            return ServiceError(what, fix="let callers reach it again: fac enable AGENT", failure=failure)
        case 401 | 403:
            # The Agent Service answers 401 to a missing role too, so a log-in that ended can't be told from it by the status alone.
            log_in = (
                "log in again if that may have ended (`az login`); otherwise " if answer.status == 401 else ""
            )
            fix = (
                f"{log_in}give the deploying identity a role with data actions (Foundry User on the project; on AI Search: "
                "Search Service Contributor and Search Index Data Contributor), or wait until a new assignment acts"
            )
            return Refused(what, fix=fix, failure=failure)
        case 409 | 412:
            return Conflict(what, fix="run the command again; it reads what is live first", failure=failure)
        case 429:
            fix = "wait and run the command again, or raise FAC_RETRY_BUDGET_SECONDS"
            return Throttled(what, fix=fix, failure=failure)
        case status if status == 408 or (status >= 500 and status != 501):
            fix = "run the command again; what was made is found by its mark"
            return Unanswered(what, fix=fix, failure=failure)
        case 501:
            fix = "do without it here; what the sandbox has is in docs/emulator.md"
            return ServiceError(what, fix=fix, failure=failure)
        case _:
            return ServiceError(what, fix="change the declaration as the service says", failure=failure)


def silence(operation: str, subject: str, reason: str) -> Unanswered:
    """The error for a request that got no answer though it may have arrived."""
    fix = "check the network and run the command again; what was made is found by its mark"
    return Unanswered(shorten(reason), fix=fix, failure=Failure(operation, subject, None, None, None))


def unreachable(operation: str, subject: str, reason: str) -> Unreachable:
    """The error for a request that never left."""
    fix = "check the endpoint and the network, then run the command again"
    return Unreachable(shorten(reason), fix=fix, failure=Failure(operation, subject, None, None, None))


def unresolved(operation: str, subject: str, host: str) -> Unresolved:
    """The error for a host that DNS doesn't know."""
    what = f"the host {host} isn't known to DNS"
    fix = "check the network (private DNS zones too), then run the command again"
    return Unresolved(what, fix=fix, failure=Failure(operation, subject, None, None, None))


def no_credential(operation: str, subject: str, reason: str) -> Refused:
    """The error for a token that couldn't be had; `reason` as azure-identity words it, for one credential or a chain of them."""
    what = f"no token: {shorten(_reason_of_credentials(reason))}"
    fix = "log in (`az login`, a managed identity or workload identity), or start the sandbox and load `fac sandbox env`"
    return Refused(what, fix=fix, failure=Failure(operation, subject, None, None, None))


def _reason_of_credentials(reason: str) -> str:
    """What was tried and failed, without the members of a chain that aren't set up on this machine (azure-identity 1.25, `_credentials/chained.py`)."""
    tried = [line.strip() for line in reason.splitlines() if line.startswith("\t")]
    failed = [line for line in tried if not any(word in line for word in _NOT_SET_UP)]
    if not tried:
        return reason
    return "; ".join(failed) or "nobody is logged in on this machine, and it has no identity of its own"


def shorten(text: str) -> str:
    """One line of at most 600 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"


def _told(body: Any) -> tuple[str | None, str | None]:
    """Code and message out of the error envelopes of the Agent Service, AI Search and ARM."""
    if isinstance(body, str) and body:
        return None, shorten(body)
    error = body.get("error", body) if isinstance(body, Mapping) else None
    if isinstance(error, str):
        return None, shorten(error)
    if not isinstance(error, Mapping):
        return None, shorten(json.dumps(body)) if body else None
    code = error.get("code") or error.get("type")
    message = error.get("message")
    return (str(code) if code else None), (shorten(str(message)) if message else None)
