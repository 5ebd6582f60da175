"""A workflow of Logic Apps is called like the function that an agent knows it by, and its address is told to nobody."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from foundry.model import FoundryError
from foundry.service.log import log_to_file
from foundry.service.patience import Patience
from foundry.service.wire import Wire
from foundry.service.workflows import Workflows

MAIL = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Logic/workflows/send-mail"


class Workflow(BaseHTTPRequestHandler):
    """What a Logic App's request trigger does: takes JSON, answers JSON."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        signed = "sig=secret" in self.path and self.headers["Content-Type"] == "application/json"
        self.send_response(200 if signed and "to" in body else 400)
        self.end_headers()
        self.wfile.write(json.dumps({"sent": body.get("to")}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class Reply:
    body: Any
    status_code: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(self.body)


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Workflow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/workflows/send-mail/triggers/manual/paths/invoke?sig=secret"
    server.shutdown()
    server.server_close()


def workflows(address: str | None, asked: list[Any]) -> Workflows:
    def send(request: Any) -> Any:
        asked.append(request)
        return Reply({"value": address, "method": "POST"} if address else {})

    return Workflows(Wire(send, "https://management.azure.com", Patience()))


def test_the_address_is_looked_up_and_called_with_the_functions_arguments(address):
    asked: list[Any] = []

    answer = workflows(address, asked).call(MAIL, "manual", '{"to": "ahab"}')

    assert json.loads(answer) == {"sent": "ahab"}
    (request,) = asked
    assert request.method == "POST"
    assert request.url == f"{MAIL}/triggers/manual/listCallbackUrl?api-version=2016-06-01"


@pytest.mark.parametrize(
    ("at", "arguments", "told"),
    [
        ("here", "{}", "the workflow send-mail answered with status 400; look at its runs"),
        ("away", "{}", "the workflow send-mail doesn't answer (ServiceRequestError); look at its runs"),
        (None, "{}", "the trigger manual of send-mail has no address; look at the workflow"),
    ],
)
def test_a_workflow_that_fails_is_told_without_its_address(address, at, arguments, told):
    where = {"here": address, "away": "http://127.0.0.1:9/invoke?sig=secret", None: None}[at]
    with pytest.raises(FoundryError) as caught:
        workflows(where, []).call(MAIL, "manual", arguments)
    assert str(caught.value) == told


@contextmanager
def logging_of_its_own() -> Iterator[None]:
    """Takes away what handlers there are: pytest gives a logger that doesn't propagate one of its own."""
    loggers = [logging.getLogger(name) for name in ("foundry.service.requests", "foundry.progress")]
    before = [list(logger.handlers) for logger in loggers]
    for logger in loggers:
        logger.handlers.clear()
    yield
    for logger, handlers in zip(loggers, before, strict=True):
        for handler in logger.handlers:
            handler.close()
        logger.handlers[:] = handlers
        logger.setLevel(logging.INFO)
        logger.propagate = True


def test_the_signature_of_an_address_is_in_no_log_of_bodies(address, tmp_path):
    log = tmp_path / "requests.log"
    with logging_of_its_own():
        log_to_file({"FAC_DEBUG_LOG": str(log), "FAC_DEBUG_BODIES": "1"})
        workflows(address, []).call(MAIL, "manual", '{"to": "ahab"}')
    text = log.read_text()
    assert "/triggers/manual/listCallbackUrl" in text
    assert "?sig=…" in text
    assert "secret" not in text
