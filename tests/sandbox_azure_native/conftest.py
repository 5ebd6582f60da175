"""A small ARM (HTTPS, a store of JSON documents, long-running operations and faults on request) and the engine's side of the protocol."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import grpc
import pytest
import trustme
from azure.core.credentials import AccessToken
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from foundry.sandbox.azure_native.serving import serve
from foundry.sandbox.azure_native.wire import decode, encode

DROP = -1  # a status that means: act, then cut the connection instead of answering
OID = "00000000-0000-4000-8000-0000000000d1"
TENANT = "00000000-0000-4000-8000-0000000000f0"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"


def token_for(oid: str) -> str:
    parts = ({"alg": "none"}, {"oid": oid, "appid": "app-" + oid, "tid": TENANT})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "signature"])


class FixedCredential:
    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(token_for(OID), 4102444800)


@dataclass
class Seen:
    method: str
    path: str
    api_version: str
    body: Any


@dataclass
class FakeArm:
    """What the server does: `documents` by lower-cased id, `answers` to give first, one a request, and `computed` members."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: deque[tuple[int, dict[str, str], Any]] = field(default_factory=deque)
    computed: dict[str, Any] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    endpoint: str = ""
    ca: str = ""

    def methods(self, path_end: str = "") -> list[str]:
        return [seen.method for seen in self.seen if seen.path.endswith(path_end)]

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        document = {"id": path, "name": path.rsplit("/", 1)[-1], "type": "Some.Provider/things", **body}
        if self.computed:
            document["properties"] = {**document.get("properties", {}), **self.computed}
        self.documents[path.lower()] = document
        return document

    def answer(self, seen: Seen) -> tuple[int, dict[str, str], Any]:
        self.seen.append(seen)
        if self.answers:
            status, headers, body = self.answers.popleft()
            if status > 0:
                return status, headers, body
            if status == DROP:
                self.put(seen.path, seen.body)
                return DROP, {}, None
        match seen.method:
            case "PUT":
                return 200, {}, self.put(seen.path, seen.body)
            case "DELETE":
                return (200 if self.documents.pop(seen.path.lower(), None) else 204), {}, None
            case "POST":
                return 200, {}, {"key1": "one", "key2": "two"}
        found = self.documents.get(seen.path.lower())
        if found is None:
            return 404, {}, {"error": {"code": "ResourceNotFound", "message": f"{seen.path} was not found."}}
        return 200, {}, found


@contextmanager
def running_arm(folder: Any):
    fake = FakeArm()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            url = urlsplit(self.path)
            version = parse_qs(url.query).get("api-version", [""])[0]
            seen = Seen(self.command, unquote(url.path), version, json.loads(raw) if raw else None)
            if not self.headers.get("Authorization", "").startswith("Bearer "):
                status, headers, body = (
                    401,
                    {},
                    {"error": {"code": "InvalidAuthenticationToken", "message": "no"}},
                )
            else:
                status, headers, body = fake.answer(seen)
            if status == DROP:
                self.close_connection = True
                return
            payload = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        # The names that http.server looks for.
        do_GET = do_PUT = do_DELETE = do_POST = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    authority = trustme.CA()
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    fake.endpoint = f"https://localhost:{server.server_address[1]}"
    fake.ca = str(ca)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class Engine:
    """The engine's side of the protocol, with plain values."""

    def __init__(self, port: int) -> None:
        # Channels of one process share a connection otherwise, while engines are processes of their own.
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]
        )
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)

    @staticmethod
    def urn(token: str, name: str = "thing") -> str:
        return f"urn:pulumi:test::project::foundry:Parent$azure-native:{token}::{name}"

    def configure(self, **args: Any) -> Any:
        return self.stub.Configure(provider_pb2.ConfigureRequest(args=encode(args), acceptSecrets=True))

    def check(
        self,
        token: str,
        news: dict[str, Any],
        olds: dict[str, Any] | None = None,
        *,
        name: str = "thing",
        seed: bytes = b"seed",
    ) -> tuple[dict[str, Any], dict[str, str]]:
        reply = self.stub.Check(
            provider_pb2.CheckRequest(
                urn=self.urn(token, name), news=encode(news), olds=encode(olds or {}), randomSeed=seed
            )
        )
        return decode(reply.inputs), {failure.property: failure.reason for failure in reply.failures}

    def diff(self, token: str, old: dict[str, Any], new: dict[str, Any]) -> provider_pb2.DiffResponse:
        return self.stub.Diff(
            provider_pb2.DiffRequest(urn=self.urn(token), id="id", old_inputs=encode(old), news=encode(new))
        )

    def create(
        self, token: str, inputs: dict[str, Any], *, preview: bool = False, timeout: float = 0
    ) -> tuple[str, dict[str, Any]]:
        reply = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=self.urn(token), properties=encode(inputs), preview=preview, timeout=timeout
            )
        )
        return reply.id, decode(reply.properties)

    def read(
        self,
        token: str,
        identifier: str,
        state: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        reply = self.stub.Read(
            provider_pb2.ReadRequest(
                urn=self.urn(token),
                id=identifier,
                properties=encode(state or {}),
                inputs=encode(inputs or {}),
            )
        )
        return reply.id, decode(reply.properties), decode(reply.inputs)

    def update(
        self,
        token: str,
        identifier: str,
        olds: dict[str, Any],
        news: dict[str, Any],
        *,
        preview: bool = False,
    ) -> dict[str, Any]:
        reply = self.stub.Update(
            provider_pb2.UpdateRequest(
                urn=self.urn(token), id=identifier, olds=encode(olds), news=encode(news), preview=preview
            )
        )
        return decode(reply.properties)

    def delete(self, token: str, identifier: str) -> None:
        self.stub.Delete(provider_pb2.DeleteRequest(urn=self.urn(token), id=identifier))

    def invoke(self, token: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
        reply = self.stub.Invoke(
            provider_pb2.InvokeRequest(tok=f"azure-native:{token}", args=encode(args or {}))
        )
        return decode(getattr(reply, "return"))


@pytest.fixture(scope="session")
def _arm(tmp_path_factory):
    with running_arm(tmp_path_factory.mktemp("arm")) as fake:
        yield fake


@pytest.fixture
def arm(_arm):
    """An empty ARM."""
    _arm.documents.clear()
    _arm.answers.clear()
    _arm.computed.clear()
    _arm.seen.clear()
    return _arm


@pytest.fixture(scope="session")
def _port(_arm):
    with serve(arm_endpoint=_arm.endpoint, credential=FixedCredential(), ca=_arm.ca) as port:
        yield port


@pytest.fixture
def engine(arm, _port):
    """An engine attached to the provider, configured for the test subscription."""
    attached = Engine(_port)
    attached.configure(subscriptionId=SUBSCRIPTION, location="westeurope")
    arm.seen.clear()
    yield attached
    attached.channel.close()


@pytest.fixture
def another_engine(arm, _port):
    """A second engine, attached at the same time and not configured yet."""
    attached = Engine(_port)
    yield attached
    attached.channel.close()


@pytest.fixture
def attach():
    """Attaches an engine to the provider on a port."""
    attached = []

    def connect(port):
        attached.append(Engine(port))
        return attached[-1]

    yield connect
    for one in attached:
        one.channel.close()


@pytest.fixture
def credential():
    """Gives a token to anyone."""
    return FixedCredential()
