"""Which requests are sent again, when, and what is told when they aren't."""

import io
import json
import logging
from dataclasses import dataclass, field

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from urllib3.exceptions import NameResolutionError, NewConnectionError

from foundry.model import FoundryError, ServiceError
from foundry.service import errors
from foundry.service.log import log_to_file, without_secrets
from foundry.service.patience import Patience, Timing
from foundry.service.wire import Download, Wire


@dataclass
class Reply:
    """An answer as the official clients hand it over."""

    status_code: int
    body: object = None
    headers: dict = field(default_factory=dict)

    def text(self):
        return self.body if isinstance(self.body, str) else "" if self.body is None else json.dumps(self.body)


@dataclass
class Pieces(Reply):
    """An answer whose body comes piece by piece; an exception among them breaks it off."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def read(self):
        return None

    def iter_bytes(self):
        for piece in self.body:
            if isinstance(piece, Exception):
                raise piece
            yield piece


class Server:
    """Answers with what it was given, in turn; the last answer stays. Time passes only by sleeping."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.now = 0.0
        self.slept = []

    def send(self, request, *, stream=False):
        self.streams = stream
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def wire(self, *, patient=False, **bounds):
        timing = Timing(lambda: self.now, self.sleep, lambda: 1.0)
        return Wire(self.send, "https://host/api", Patience(timing=timing, **bounds), patient=patient)


def get(wire, **more):
    return wire.call("read agent", "asst_1", "GET", "/assistants/asst_1", query={"api-version": "v1"}, **more)


def post(wire, **more):
    return wire.call("create agent", "desk", "POST", "/assistants", body={"a": 1}, repeatable=False, **more)


def refused(status, code="Some", message="Because.", **headers):
    return Reply(status, {"error": {"code": code, "message": message}}, {"x-ms-request-id": "r-1", **headers})


OK = Reply(200, {"id": "asst_1"})
DROPPED = ServiceResponseError("connection aborted")
UNSENT = ServiceRequestError("no", error=NewConnectionError(None, "refused"))
NO_NAME = ServiceRequestError("no", error=NameResolutionError("host", None, OSError("no such host")))


@pytest.mark.parametrize(
    "trouble",
    [*(refused(status) for status in (408, 429, 500, 502, 503, 504)), DROPPED, UNSENT, NO_NAME],
)
def test_a_read_is_repeated(trouble):
    server = Server(trouble, trouble, OK)

    assert get(server.wire()).body == {"id": "asst_1"}
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "trouble", [refused(408), refused(500), refused(502), refused(503, **{"Retry-After": "1"}), DROPPED]
)
def test_a_post_that_may_have_been_acted_upon_is_never_repeated(trouble):
    server = Server(trouble, OK)

    with pytest.raises(errors.Unanswered):
        post(server.wire())

    assert len(server.requests) == 1


@pytest.mark.parametrize("trouble", [refused(429), UNSENT])
def test_a_post_that_was_not_acted_upon_is_repeated(trouble):
    server = Server(trouble, OK)

    assert post(server.wire()).status == 200
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "Fri, 20 Nov 2026 10:00:09 GMT", "Date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 9.0),
    ],
)
def test_retry_after_is_honoured(headers, seconds):
    server = Server(refused(429, **headers), OK)

    get(server.wire())

    assert server.slept == [seconds]


def test_waits_grow_without_retry_after():
    server = Server(*[refused(429)] * 4, OK)

    get(server.wire())

    assert server.slept == [0.5, 1.0, 2.0, 4.0]


def test_the_budget_bounds_repetitions_and_the_last_refusal_is_told():
    server = Server(refused(429, "rate_limit_exceeded", "Slow down."))

    with pytest.raises(errors.Throttled) as raised:
        get(server.wire(retry_budget=10))

    assert sum(server.slept) <= 10
    assert str(raised.value) == (
        "read agent asst_1: Slow down. (status 429, code rate_limit_exceeded, request id r-1); "
        "wait and run the command again, or raise FAC_RETRY_BUDGET_SECONDS"
    )


def test_a_wait_longer_than_the_budget_isn_t_begun():
    server = Server(refused(429, **{"Retry-After": "3600"}))

    with pytest.raises(errors.Throttled):
        get(server.wire(retry_budget=120))

    assert server.slept == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "ServiceError"),
        (404, "NotFound"),
        (409, "Conflict"),
        (412, "Conflict"),
        (413, "ServiceError"),
        (501, "ServiceError"),
    ],
)
def test_a_definite_refusal_is_told_at_once(status, kind):
    server = Server(refused(status))

    with pytest.raises(errors.ServiceError) as raised:
        get(server.wire())

    assert (type(raised.value).__name__, raised.value.failure.status) == (kind, status)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_role_that_doesn_t_act_yet_is_waited_for(status):
    server = Server(*[refused(status)] * 5, OK)

    assert post(server.wire(patient=True)).status == 200
    assert len(server.requests) == 6


def test_an_agent_that_was_stopped_is_no_matter_of_roles():
    server = Server(refused(403, message="The agent 'desk' is disabled."))

    with pytest.raises(errors.ServiceError, match="fac enable AGENT"):
        post(server.wire(patient=True))

    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_role_that_never_comes_is_waited_for_no_longer_than_told(status):
    server = Server(refused(status))

    with pytest.raises(errors.Refused):
        post(server.wire(patient=True, authorisation=60))

    assert sum(server.slept) == pytest.approx(60)


def test_a_read_doesn_t_wait_for_roles():
    server = Server(refused(403))

    with pytest.raises(errors.Refused):
        get(server.wire())

    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "may_have_ended"), [(401, True), (403, False)])
def test_a_log_in_that_may_have_ended_is_said_where_it_can_be_that(status, may_have_ended):
    with pytest.raises(errors.Refused, match="Foundry User") as raised:
        get(Server(refused(status)).wire())

    assert ("az login" in raised.value.fix) is may_have_ended


def test_a_404_of_a_listing_means_that_the_place_is_gone():
    with pytest.raises(errors.PlaceGone):
        get(Server(refused(404)).wire(), of_place=True)


def test_a_host_without_a_name_is_told_apart_from_one_that_doesn_t_answer():
    with pytest.raises(errors.Unresolved, match="the host host isn't known"):
        get(Server(NO_NAME).wire())
    with pytest.raises(errors.Unreachable):
        get(Server(UNSENT).wire())


CHAIN = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable. Environment variables are not fully configured.
Visit https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot to troubleshoot this issue.
\tManagedIdentityCredential: ManagedIdentityCredential authentication unavailable, no response from the IMDS endpoint.
\tAzureCliCredential: CLI
\tAzurePowerShellCredential: PowerShell is not installed
\tAzureDeveloperCliCredential: Azure Developer CLI could not be found. Please visit https://aka.ms/azure-dev
To mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/azsdk/python/identity/defaultazurecredential/troubleshoot."""


@pytest.mark.parametrize(
    ("cli", "what"),
    [
        (
            "Azure CLI not found on path",
            "no token: nobody is logged in on this machine, and it has no identity of its own",
        ),
        (
            "ERROR: AADSTS700082: The refresh token has expired due to inactivity.",
            "no token: AzureCliCredential: ERROR: AADSTS700082: The refresh token has expired due to inactivity.",
        ),
    ],
)
def test_of_a_chain_of_credentials_those_are_told_that_were_tried(cli, what):
    server = Server(ClientAuthenticationError(message=CHAIN.replace(": CLI", f": {cli}")))

    with pytest.raises(errors.Refused, match="az login") as raised:
        get(server.wire())

    assert raised.value.what == what


def test_a_missing_login_is_told_with_what_to_do():
    server = Server(ClientAuthenticationError(message="DefaultAzureCredential failed\nto retrieve a token"))

    with pytest.raises(errors.Refused, match="az login"):
        get(server.wire(patient=True))

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            {"error": {"message": "No assistant found.", "type": "invalid_request_error", "code": None}},
            "No assistant found.",
        ),
        ({"code": "UserError", "message": "Bad."}, "Bad."),
        ("<html>Bad Gateway</html>", "<html>Bad Gateway</html>"),
        (None, "the service gave no reason"),
    ],
)
def test_every_error_envelope_is_read(body, told):
    with pytest.raises(errors.ServiceError) as raised:
        get(Server(Reply(400, body)).wire())

    assert raised.value.what == told


def test_the_log_has_one_line_a_request_and_no_secret(tmp_path):
    path = tmp_path / "requests.log"
    log_to_file({"FAC_DEBUG_LOG": str(path)})
    try:
        server = Server(refused(500), OK)
        server.wire().call(
            "read",
            "x",
            "GET",
            "/files",
            query={"api-version": "v1", "sig": "hidden"},
            headers={"Authorization": "Bearer hidden"},
        )
        post(server.wire())
    finally:
        for name in ("foundry.service.requests", "foundry.progress"):
            logger = logging.getLogger(name)
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
                handler.close()

    first, second, third = path.read_text().splitlines()
    assert "GET https://host/api/files?api-version=v1&sig=… 500" in first
    assert "request-id=r-1 retry=0" in first
    assert " 200 " in second
    assert "retry=1" in second
    assert "POST https://host/api/assistants 200" in third
    assert "hidden" not in path.read_text()
    assert '"a": 1' not in path.read_text()


def test_addresses_lose_their_secrets():
    assert (
        without_secrets("https://me:pw@host/a?api-version=v1&sig=abc")
        == "https://host/a?api-version=v1&sig=…"
    )


def test_bounds_come_from_the_environment_and_must_be_numbers():
    assert Patience.from_environment({"FAC_PROCESSING_WAIT_SECONDS": "30"}).processing == 30
    with pytest.raises(FoundryError, match="FAC_RETRY_BUDGET_SECONDS is 'soon'"):
        Patience.from_environment({"FAC_RETRY_BUDGET_SECONDS": "soon"})


def download(server, file, most=100):
    return get(server.wire(), into=Download(file, most, "leave it out"))


def test_a_download_that_breaks_off_is_begun_anew_and_leaves_the_file_at_its_start():
    file = io.BytesIO()
    server = Server(Pieces(200, [b"abc" * 20, DROPPED]), Pieces(200, [b"ab", b"c"]))
    assert download(server, file).body is None
    assert (server.streams, file.tell(), file.read()) == (True, 0, b"abc")


def test_a_download_of_more_than_its_bound_is_told_and_not_repeated():
    server = Server(Pieces(200, [b"x" * 60, b"x" * 41]))
    with pytest.raises(ServiceError) as told:
        download(server, io.BytesIO())
    assert (told.value.what, told.value.fix) == (
        "what the service sends has more than 100 bytes",
        "leave it out",
    )
    assert len(server.requests) == 1


def test_a_download_that_is_refused_writes_nothing():
    file = io.BytesIO()
    refusal = refused(404)
    with pytest.raises(errors.NotFound):
        download(Server(Pieces(404, refusal.body, refusal.headers)), file)
    assert file.getvalue() == b""
