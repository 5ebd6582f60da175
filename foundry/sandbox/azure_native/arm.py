"""Azure Resource Manager over HTTP: tokens, retries, long-running operations and errors.

One `Arm` serves every engine at once; it keeps nothing between calls but connections and the token.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from foundry.sandbox.azure_native.mapping import request_path

_log = logging.getLogger(__name__)

SCOPE: Final = "https://management.azure.com/.default"

_RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})
# The conflicts that the real provider waits out; any other, RequestConflict among them, fails at once there too
# (pulumi-azure-native#4696).
_RETRIED_CONFLICTS = frozenset({"AnotherOperationInProgress", "TransientError"})
_ERRORS_FROM = 400
_ATTEMPTS = 5
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 120.0
_POLL_PAUSES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_DONE = frozenset({"succeeded"})
_FAILED = frozenset({"failed", "canceled", "cancelled"})


class ArmError(Exception):
    """A request that ARM refused, or that couldn't be made.

    Attributes:
        status: HTTP status, or None when there was no answer.
        code: ARM's error code, or a word for what went wrong on the way.
    """

    def __init__(self, message: str, *, status: int | None, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Deadline:
    """How long one operation may take, all its requests and pauses together.

    Attributes:
        seconds: The whole allowance, for messages.
        at: The moment it ends, on the clock of the `Arm` that it is given to.
    """

    seconds: float
    at: float


class Arm:
    """A client for one ARM endpoint.

    Args:
        endpoint: Base URL, for example `https://localhost:8443`. Must be https, or no token is sent.
        credential: Where tokens for ARM come from.
        ca: File with the certificates to trust, or None for the machine's own.
        sleep: Waits for a number of seconds.
        clock: Seconds on a clock that only goes forward.
    """

    def __init__(
        self,
        endpoint: str,
        credential: TokenCredential,
        *,
        ca: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._credential = credential
        self._sleep = sleep
        self._clock = clock
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            self._endpoint,
            policies=[BearerTokenCredentialPolicy(credential, SCOPE)],
            transport=RequestsTransport(
                connection_verify=ca or True, connection_timeout=10, read_timeout=120, use_env_settings=False
            ),
        )

    def deadline(self, seconds: float) -> Deadline:
        """A deadline that many seconds from now."""
        return Deadline(seconds, self._clock() + seconds)

    def token(self) -> str:
        """An access token for ARM.

        Raises:
            ArmError: The identity endpoint gave none.
        """
        try:
            return self._credential.get_token(SCOPE).token
        except AzureError as error:
            raise _unanswered("get a token for", SCOPE, error) from None

    def get(self, path: str, api_version: str, deadline: Deadline) -> dict[str, Any] | None:
        """The object at a path, or None when ARM says that it isn't there.

        Raises:
            ArmError: Any other answer.
        """
        reply = self._send("GET", self._url(path, api_version), None, deadline)
        if reply.status_code == HTTPStatus.NOT_FOUND:
            return None
        return self._object(reply, "GET", path)

    def put(
        self,
        path: str,
        api_version: str,
        body: Mapping[str, Any],
        deadline: Deadline,
        *,
        on_accepted: Callable[[], None] = lambda: None,
    ) -> dict[str, Any]:
        """Creates or updates the object at a path and returns it once ARM has finished.

        Args:
            path: The ARM id.
            api_version: Version of the operation.
            body: What to send.
            deadline: When to give up waiting.
            on_accepted: Called when ARM has taken the request on: from here on the object may exist, whatever follows.

        Raises:
            ArmError: ARM refused, the operation failed, or it didn't end in time.
        """
        reply = self._send("PUT", self._url(path, api_version), body, deadline)
        created = self._object(reply, "PUT", path)
        on_accepted()
        if self._finished(reply, created):
            return created
        self._await(reply, "PUT", path, api_version, deadline)
        final = self.get(path, api_version, deadline)
        if final is None:
            raise ArmError(
                f"{path} is gone although its creation succeeded", status=404, code="ResourceNotFound"
            )
        return final

    def delete(self, path: str, api_version: str, deadline: Deadline) -> None:
        """Deletes the object at a path and waits until it is gone; one that isn't there is deleted already.

        Raises:
            ArmError: ARM refused, the operation failed, or it didn't end in time.
        """
        reply = self._send("DELETE", self._url(path, api_version), None, deadline)
        if reply.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.NO_CONTENT):
            return
        if (
            reply.status_code < _ERRORS_FROM
            and reply.status_code != HTTPStatus.ACCEPTED
            and not _operation_url(reply)
        ):
            return
        self._object(reply, "DELETE", path)
        self._await(reply, "DELETE", path, api_version, deadline)

    def post(self, path: str, api_version: str, deadline: Deadline) -> dict[str, Any]:
        """The answer to an action that takes no arguments, such as listing keys.

        Raises:
            ArmError: ARM refused.
        """
        return self._object(self._send("POST", self._url(path, api_version), {}, deadline), "POST", path)

    def _url(self, path: str, api_version: str) -> str:
        return f"{self._endpoint}{request_path(path)}?api-version={api_version}"

    def _send(
        self, method: str, url: str, body: Mapping[str, Any] | None, deadline: Deadline
    ) -> HttpResponse:
        """One request, repeated while the answer is one that passes. All requests here can be repeated without harm."""
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS
            request = HttpRequest(method, url, json=body) if body is not None else HttpRequest(method, url)
            started = self._clock()
            wait = pause
            try:
                reply = self._client.send_request(request)
                reply.read()
            except ClientAuthenticationError as error:
                raise _unanswered("get a token for", SCOPE, error) from None
            except AzureError as error:
                reason = type(error).__name__
                if last or self._clock() + wait > deadline.at:
                    raise _unanswered("reach", self._endpoint, error) from None
            else:
                _log.info(
                    "%s %s %s %.0f ms",
                    method,
                    _shown(url),
                    reply.status_code,
                    1000 * (self._clock() - started),
                )
                if last or not _passes(reply):
                    return reply
                reason = f"status {reply.status_code}"
                wait = _retry_after(reply, pause)
                if self._clock() + wait > deadline.at:
                    return reply
            _log.info("%s %s again in %.2f s: %s", method, _shown(url), wait, reason)
            self._sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _object(self, reply: HttpResponse, method: str, path: str) -> dict[str, Any]:
        content = _json(reply)
        if reply.status_code >= _ERRORS_FROM:
            raise _refused(method, path, reply.status_code, content, _request_id(reply))
        return content

    def _finished(self, reply: HttpResponse, content: Mapping[str, Any]) -> bool:
        if _operation_url(reply):
            return False
        return reply.status_code != HTTPStatus.ACCEPTED and (_state(content) or "succeeded") in _DONE

    def _await(
        self, reply: HttpResponse, method: str, path: str, api_version: str, deadline: Deadline
    ) -> None:
        """Polls until the operation that an answer announced has ended well."""
        operation = _operation_url(reply)
        where = (
            self._own(urljoin(self._endpoint + "/", operation)) if operation else self._url(path, api_version)
        )
        by_status = bool(reply.headers.get("Azure-AsyncOperation"))
        state = "accepted"
        for turn in range(10**6):
            pause = _retry_after(reply, _POLL_PAUSES[min(turn, len(_POLL_PAUSES) - 1)])
            if self._clock() + pause > deadline.at:
                raise ArmError(
                    f"gave up after {deadline.seconds:.0f} s waiting for {method} {path} to finish: its last state is"
                    f" '{state}'. The operation may still go on; run again once it has ended",
                    status=None,
                    code="Timeout",
                )
            self._sleep(pause)
            reply = self._send("GET", where, None, deadline)
            if reply.status_code == HTTPStatus.NOT_FOUND and method == "DELETE":
                return
            content = self._object(reply, method, path)
            if by_status:
                state = str(content.get("status", "")).lower()
            else:
                waiting = "inprogress" if reply.status_code == HTTPStatus.ACCEPTED else "succeeded"
                state = _state(content) or waiting
            if state in _DONE or (
                method == "DELETE" and not by_status and reply.status_code == HTTPStatus.NO_CONTENT
            ):
                return
            if state in _FAILED:
                raise _refused(method, path, None, content, _request_id(reply), state=state)

    def _own(self, url: str) -> str:
        ours, theirs = urlsplit(self._endpoint), urlsplit(url)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise ArmError(
                f"ARM named {theirs.scheme}://{theirs.netloc} for polling, and the token isn't sent to another host than"
                f" {self._endpoint}",
                status=None,
                code="ForeignOperationUrl",
            )
        return url


def _operation_url(reply: HttpResponse) -> str | None:
    asynchronous = reply.headers.get("Azure-AsyncOperation")
    location = reply.headers.get("Location") if reply.status_code == HTTPStatus.ACCEPTED else None
    return asynchronous or location


def _state(content: Mapping[str, Any]) -> str | None:
    properties = content.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, Mapping) else None
    return state.lower() if isinstance(state, str) else None


def _passes(reply: HttpResponse) -> bool:
    if reply.status_code in _RETRIED_STATUS:
        return True
    return reply.status_code == HTTPStatus.CONFLICT and _error_of(_json(reply))[0] in _RETRIED_CONFLICTS


def _retry_after(reply: HttpResponse, otherwise: float) -> float:
    try:
        return min(max(float(reply.headers.get("Retry-After", "")), 0.0), _LONGEST_PAUSE)
    except ValueError:
        return otherwise


def _json(reply: HttpResponse) -> dict[str, Any]:
    try:
        content = reply.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {"value": content}


def _error_of(content: Mapping[str, Any]) -> tuple[str, str]:
    error = content.get("error")
    if not isinstance(error, Mapping):
        return "", ""
    return str(error.get("code", "")), str(error.get("message", ""))


def _request_id(reply: HttpResponse) -> str:
    return reply.headers.get("x-ms-request-id", "")


def _shown(url: str) -> str:
    return urlsplit(url).path


def _refused(
    method: str,
    path: str,
    status: int | None,
    content: Mapping[str, Any],
    request_id: str,
    *,
    state: str = "",
) -> ArmError:
    code, message = _error_of(content)
    if not code:
        code = HTTPStatus(status).phrase.replace(" ", "") if status else "OperationFailed"
    parts = [f"Status={status}" if status else f"State={state}", f'Code="{code}"']
    if message:
        parts.append(f'Message="{message}"')
    tail = f" [request {request_id}]" if request_id else ""
    return ArmError(f"{method} {path}: {' '.join(parts)}{tail}", status=status, code=code)


def _unanswered(what: str, where: str, error: AzureError) -> ArmError:
    text = str(error).strip().splitlines()
    reason = text[0] if text else type(error).__name__
    return ArmError(
        f"couldn't {what} {where}: {reason}. Is the local Azure running?", status=None, code="NoAnswer"
    )
