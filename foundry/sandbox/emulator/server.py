"""Runs one emulator: in the foreground for the command line, in a thread for tests."""

import asyncio
import errno
import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from foundry.sandbox.emulator.application import Application
from foundry.sandbox.emulator.certificates import Certificates, ensure_certificates
from foundry.sandbox.emulator.settings import Settings
from foundry.sandbox.emulator.world import World, create_world

HEADER_FILE: Final = "identity-header"
_KEEP_ALIVE: Final = 600
_BACKLOG: Final = 2048
_STARTUP_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 2.0

Work = Coroutine[None, None, None]


class PortBusyError(Exception):
    """The port is taken; the text names it."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A running emulator, as a client sees it.

    Attributes:
        url: `https://localhost:<port>`.
        identity_header: Value of `IDENTITY_HEADER`, which control endpoints ask for too.
        ca: Certificate of its authority.
        bundle: certifi's bundle and that certificate: for `REQUESTS_CA_BUNDLE` and `SSL_CERT_FILE`.
        home: The folder it lives in.
    """

    url: str
    identity_header: str
    ca: Path
    bundle: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make unmodified Azure clients use this emulator."""
        return {
            "IDENTITY_ENDPOINT": f"{self.url}/identity/token",
            "IDENTITY_HEADER": self.identity_header,
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "SSL_CERT_FILE": str(self.bundle),
        }


class _Peers:
    """Open connections by peer address, so that one can be cut in the middle of a request."""

    def __init__(self) -> None:
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}

    def cut(self, client: tuple[str, int], *, sent: bool) -> None:
        transport = self.transports.get(client)
        if transport is not None and sent:
            transport.close()
        elif transport is not None:
            transport.abort()


def _protocol(peers: _Peers) -> type[H11Protocol]:
    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._peer = transport.get_extra_info("peername")[:2]
            peers.transports[self._peer] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            peers.transports.pop(self._peer, None)
            super().connection_lost(exc)

    return Protocol


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only for sockets that say they are TCP; with it every reply takes 40 ms more.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # At once: until somebody listens, the system lets a second emulator have the port as well.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusyError(
                f"port {port} is in use on 127.0.0.1; choose another one with --port"
            ) from error
        raise
    return listener


def _identity_header(home: Path) -> str:
    path = home / HEADER_FILE
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


class _Server(uvicorn.Server):
    """uvicorn, telling when it listens, and not waiting for clients that keep idle connections open."""

    def __init__(
        self, config: uvicorn.Config, peers: _Peers, ready: Callable[[], None], work: Callable[[], Work]
    ) -> None:
        super().__init__(config)
        self._peers = peers
        self._ready = ready
        self._begin = work
        self._work: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._work = asyncio.create_task(self._begin())
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises the signal once more after a clean stop, which would turn the exit status into a failure.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        held = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in held.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._work is not None:
            self._work.cancel()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_GRACE_SECONDS)
        for transport in list(self._peers.transports.values()):
            transport.abort()
        await asyncio.sleep(0)
        await super().shutdown(sockets)


@dataclass(slots=True)
class Emulator:
    """An emulator with its port bound and its database open, ready to run."""

    serving: Serving
    world: World
    _listener: socket.socket
    _certificates: Certificates
    _server: _Server | None = None

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serves until `stop`, SIGINT or SIGTERM (in the main thread), then closes the database."""
        peers = _Peers()
        context = self._certificates.context()
        application = Application(self.world, peers)
        config = uvicorn.Config(
            application,
            http=_protocol(peers),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=1,
            ssl_context_factory=lambda _config, _default: context,
        )
        self._server = _Server(config, peers, ready, application.keep_going)
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self._listener.close()
            self.world.database.close()

    def stop(self) -> None:
        """Asks a running emulator to end."""
        if self._server is not None:
            self._server.should_exit = True


def create_emulator(home: Path, port: int = 0, settings: Settings | None = None) -> Emulator:
    """Prepares an emulator in a folder (made if absent); port 0 takes any free one.

    Raises `PortBusyError`, `DatabaseUnusableError`, or `OSError` when the folder can't be written.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    listener = _listen(port)
    try:
        certificates = ensure_certificates(home)
        header = _identity_header(home)
        url = f"https://localhost:{listener.getsockname()[1]}"
        database = home / "emulator.sqlite"
        world = create_world(database, settings or Settings(), url, header, certificates.ca)
    except BaseException:
        listener.close()
        raise
    return Emulator(
        Serving(url, header, certificates.ca, certificates.bundle, home), world, listener, certificates
    )


@contextmanager
def serve(home: Path, port: int = 0, settings: Settings | None = None) -> Iterator[Serving]:
    """An emulator in a thread of this process, for tests; it is stopped on leaving the block.

    Raises what `create_emulator` raises, and `TimeoutError` when it doesn't come up within a minute.
    """
    emulator = create_emulator(home, port, settings)
    ready = threading.Event()
    thread = threading.Thread(target=emulator.run, args=(ready.set,), name="emulator", daemon=True)
    thread.start()
    if not ready.wait(_STARTUP_SECONDS):
        emulator.stop()
        raise TimeoutError("the emulator did not come up")
    try:
        yield emulator.serving
    finally:
        emulator.stop()
        thread.join()


def quiet(level: int = logging.WARNING) -> None:
    """Logs warnings and worse to standard error, without headers or bodies of requests."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
