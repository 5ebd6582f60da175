"""One request and its repetitions.

The official clients authenticate and send; their own retrying is switched off, because it repeats a POST that may have
been acted upon. Here a request is repeated only where that can't make a second object.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import IO, Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.rest import HttpRequest, HttpResponse
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from foundry.model import Failure, ServiceError
from foundry.service.errors import (
    Answer,
    Conflict,
    PlaceGone,
    Refused,
    Throttled,
    Unanswered,
    Unreachable,
    Unresolved,
    no_credential,
    refusal,
    silence,
    unreachable,
    unresolved,
)
from foundry.service.forms import Form, Part
from foundry.service.log import PROGRESS, log_bodies, log_request
from foundry.service.patience import Patience
from foundry.service.tracing import traced

Send = Callable[..., HttpResponse]
"""Sends a request through an official client. `stream=True` leaves the body of the answer to be read piece by piece."""

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 20.0
_ROLE_WAIT, _LONGEST_ROLE_WAIT = 2.0, 15.0
_RESOLUTIONS, _CONNECTIONS = 3, 6
# A 403 that no role ever cures: azure-ai-projects 2.10, operations that are opted into by a header.
_PREVIEW = "preview_feature_required"
_ZIP = "application/zip"
_CONFLICTS_WORTH_REPEATING = frozenset({"conflict", "resourcebusy", "anotheroperationinprogress"})


class _Verdict(Enum):
    """What a failed request calls for."""

    REPEAT = auto()
    WAIT_FOR_ROLE = auto()
    """A role assignment, or the project itself, doesn't act yet."""
    FAIL = auto()


@dataclass(frozen=True)
class Download:
    """Where the body of an answer is written, from the file's start, which it is left at.

    `most` is how many bytes that may be, `otherwise` what to do where there are more.
    """

    file: IO[bytes]
    most: int
    otherwise: str


class Wire:
    """Sends requests through an official client.

    `patient` makes it wait out 401 and 403, and a project that isn't reachable yet, as they follow a fresh role assignment
    or a fresh project; a read is never patient.
    """

    def __init__(self, send: Send, address: str, patience: Patience, *, patient: bool = False) -> None:
        self._send = send
        self._address = address.rstrip("/")
        self._patience = patience
        self._timing = patience.timing
        self._patient = patient

    def waiting_for_roles(self) -> Wire:
        """The same wire, patient."""
        return Wire(self._send, self._address, self._patience, patient=True)

    @traced
    def call(
        self,
        operation: str,
        subject: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        file: tuple[str, bytes] | None = None,
        parts: Sequence[Part] | None = None,
        expect: Sequence[int] = (200,),
        repeatable: bool = True,
        of_place: bool = False,
        into: Download | None = None,
    ) -> Answer:
        """Sends a request until it is answered with one of the statuses in `expect`, or gives up.

        `body` is sent as JSON; with `file` or `parts` a form is sent instead, and `body` is only what the log tells of it.

        `repeatable` False is for a POST that makes something: then a missing answer, 408 or 5xx raises `Unanswered` at
        once, and the caller looks up what was made. `of_place`: a 404 speaks of the project itself.

        What is expected is written `into` a file piece by piece, and the answer has no body then.

        Raises:
            ServiceError: the service refused, or no answer came within the budget (see `foundry.service.errors`).
        """
        started = self._timing.clock()
        retry = 0
        waited_for_roles = False
        while True:
            request = _request(
                method, path, query=query, body=body, headers=headers, form=form, file=file, parts=parts
            )
            try:
                answer = self._once(operation, subject, request, body, retry, into=into, expect=expect)
            except ServiceError as error:
                failed, retry_after = error, None
            else:
                if answer.status in expect:
                    if waited_for_roles:
                        PROGRESS.info("%s %s: the role acts now", operation, subject)
                    return answer
                failed, retry_after = (
                    refusal(operation, subject, answer, of_place=of_place),
                    _retry_after(answer),
                )
            verdict = self._judge(failed, retry, repeatable=repeatable)
            elapsed = self._timing.clock() - started
            if verdict is _Verdict.WAIT_FOR_ROLE and elapsed < self._patience.authorisation:
                waited_for_roles = True
                remaining = self._patience.authorisation - elapsed
                pause = min(_ROLE_WAIT * 2 ** min(retry, 8), _LONGEST_ROLE_WAIT, remaining)
                PROGRESS.info(
                    "%s %s: status %s; waiting for a role assignment to act, %d of at most %d s",
                    operation,
                    subject,
                    failed.failure.status,
                    elapsed,
                    self._patience.authorisation,
                )
            elif verdict is _Verdict.REPEAT:
                pause = retry_after if retry_after is not None else self._backoff(retry)
                if elapsed + pause > self._patience.retry_budget:
                    raise failed
            else:
                raise failed
            self._timing.sleep(pause)
            retry += 1

    def _judge(self, failed: ServiceError, retry: int, *, repeatable: bool) -> _Verdict:
        match failed:
            case Throttled():
                return _Verdict.REPEAT
            case Unanswered():
                return _Verdict.REPEAT if repeatable else _Verdict.FAIL
            case Unresolved():
                return _Verdict.REPEAT if retry + 1 < _RESOLUTIONS else _Verdict.FAIL
            case Unreachable():
                return _Verdict.REPEAT if retry + 1 < _CONNECTIONS else _Verdict.FAIL
            case Refused():
                waits = self._patient and failed.failure.status is not None
                return _Verdict.WAIT_FOR_ROLE if waits and failed.failure.code != _PREVIEW else _Verdict.FAIL
            case PlaceGone():
                return _Verdict.WAIT_FOR_ROLE if self._patient else _Verdict.FAIL
            case Conflict():
                code = (failed.failure.code or "").casefold()
                return _Verdict.REPEAT if code in _CONFLICTS_WORTH_REPEATING else _Verdict.FAIL
            case _:
                return _Verdict.FAIL

    def _backoff(self, retry: int) -> float:
        longest = min(_FIRST_WAIT * 2 ** min(retry, 8), _LONGEST_WAIT)
        return float(longest * (0.5 + self._timing.chance() / 2))

    def _once(
        self,
        operation: str,
        subject: str,
        request: HttpRequest,
        body: Any,
        retry: int,
        *,
        into: Download | None,
        expect: Sequence[int],
    ) -> Answer:
        began = self._timing.clock()
        url = self._address + request.url
        try:
            response = self._send(request) if into is None else self._send(request, stream=True)
            answer = Answer(
                response.status_code,
                {key.lower(): value for key, value in response.headers.items()},
                _body(response) if into is None else _poured(operation, subject, response, into, expect),
            )
        except AzureError as error:
            took = self._timing.clock() - began
            log_request(
                method=request.method,
                url=url,
                status=None,
                seconds=took,
                request_id=None,
                retry=retry,
                note=type(error).__name__,
            )
            raise _unsent(operation, subject, self._address, error) from None
        took = self._timing.clock() - began
        log_request(
            method=request.method,
            url=url,
            status=answer.status,
            seconds=took,
            request_id=answer.request_id,
            retry=retry,
        )
        log_bodies(body, answer.body)
        return answer


def _request(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None,
    body: Any,
    headers: Mapping[str, str] | None,
    form: Mapping[str, str] | None,
    file: tuple[str, bytes] | None,
    parts: Sequence[Part] | None,
) -> HttpRequest:
    options: dict[str, Any] = {
        "params": dict(query or {}),
        "headers": {"Accept": "application/json", **(headers or {})},
    }
    if file is not None:
        options["data"] = dict(form or {})
        options["files"] = {"file": file}
    elif parts is not None:
        sent = Form(parts)
        options["content"] = sent
        options["headers"]["Content-Type"] = sent.content_type
    elif body is not None:
        options["content"] = json.dumps(body, ensure_ascii=False).encode()
        options["headers"].setdefault("Content-Type", "application/json")
    return HttpRequest(method, path, **options)


def _poured(
    operation: str, subject: str, response: HttpResponse, into: Download, expect: Sequence[int]
) -> Any:
    with response:
        if response.status_code not in expect:
            response.read()
            return _body(response)
        # An earlier try may have broken off.
        into.file.seek(0)
        into.file.truncate()
        for piece in response.iter_bytes():
            if into.file.tell() + len(piece) > into.most:
                raise ServiceError(
                    f"what the service sends has more than {into.most:,} bytes",
                    fix=into.otherwise,
                    failure=Failure(operation, subject, response.status_code, None, None),
                )
            into.file.write(piece)
    into.file.seek(0)
    return None


def _body(response: HttpResponse) -> Any:
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() == _ZIP:
        return response.content
    text = response.text()
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _unsent(operation: str, subject: str, address: str, error: AzureError) -> ServiceError:
    causes = list(_causes(error))
    if isinstance(error, ClientAuthenticationError):
        return no_credential(operation, subject, str(error.message))
    if any(
        isinstance(cause, socket.gaierror) or type(cause).__name__ == "NameResolutionError"
        for cause in causes
    ):
        return unresolved(operation, subject, address.split("/")[2] if "//" in address else address)
    # A connection that breaks while TLS is spoken is reported as "not sent" although the request may have arrived.
    never_left = isinstance(error, ServiceRequestError) and (
        any(
            isinstance(cause, NewConnectionError | ConnectTimeoutError | ConnectionRefusedError)
            for cause in causes
        )
    )
    if never_left:
        return unreachable(operation, subject, f"no connection to {address}")
    if isinstance(error, ServiceRequestError) and error.inner_exception is None:
        return unreachable(operation, subject, str(error.message))
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return silence(operation, subject, f"the connection to {address} broke before an answer came")
    return silence(operation, subject, str(error.message))


def _causes(error: BaseException) -> Sequence[BaseException]:
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        one = todo.pop()
        if not isinstance(one, BaseException) or one in seen:
            continue
        seen.append(one)
        # Not __context__: an error raised while another one is handled has that one's causes there.
        todo += [one.__cause__, getattr(one, "inner_exception", None), getattr(one, "reason", None)]
        todo += list(one.args)
    return seen


def _retry_after(answer: Answer) -> float | None:
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (text := answer.headers.get(name)) and text.isdigit():
            return int(text) / 1000
    text = answer.headers.get("retry-after")
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        when, now = parsedate_to_datetime(text), parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return max(0.0, (when - now).total_seconds())
