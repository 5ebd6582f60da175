"""The one tree of errors that this product raises on purpose."""

from __future__ import annotations

from dataclasses import dataclass


class FoundryError(Exception):
    """Anything that a person can act on. `fix` says what to do; the text of the exception says what went wrong."""

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}; {self.fix}"


@dataclass(frozen=True)
class Failure:
    """What a service answered: the operation, the object, HTTP status (None: no answer), code and request id."""

    operation: str
    subject: str
    status: int | None
    code: str | None
    request_id: str | None


class ServiceError(FoundryError):
    """A service refused or did not answer."""

    def __init__(self, what: str, *, fix: str, failure: Failure) -> None:
        super().__init__(what, fix=fix)
        self.failure = failure

    def __str__(self) -> str:
        failure = self.failure
        told = [
            f"status {failure.status}" if failure.status is not None else "no answer",
            *([f"code {failure.code}"] if failure.code else []),
            *([f"request id {failure.request_id}"] if failure.request_id else []),
        ]
        return f"{failure.operation} {failure.subject}: {self.what} ({', '.join(told)}); {self.fix}"
