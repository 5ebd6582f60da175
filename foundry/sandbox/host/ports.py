"""Ports on 127.0.0.1: which are free, and who has those that aren't."""

from __future__ import annotations

import contextlib
import errno
import secrets
import socket
from typing import Final

import psutil

from foundry.sandbox.host.record import SandboxError

DEFAULT: Final = 8443
_LAST_DEFAULT = 8643
_HIGHEST = 65535
_OUT_OF_THE_WAY = range(20000, 32767, 2)
_TRIES = 100


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of a server that has just ended don't keep its port, another listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise SandboxError(
                    f"port {port} may not be used by this user: choose one above 1023 with --port"
                ) from None
            return False
    return True


def require(port: int) -> None:
    """Makes sure that a port is free.

    Raises:
        SandboxError: It isn't; the message names the process when the system tells.
    """
    if not 0 < port <= _HIGHEST:
        raise SandboxError(f"{port} isn't a port: choose one from 1024 to {_HIGHEST - 1} with --port")
    if not is_free(port):
        raise SandboxError(
            f"port {port} on 127.0.0.1 is in use by {_holder(port)}: end it, or choose another port with --port"
        )


def default_pair() -> tuple[int, int]:
    """The first free pair of neighbours from 8443 on.

    Raises:
        SandboxError: There is none.
    """
    for port in range(DEFAULT, _LAST_DEFAULT, 2):
        if is_free(port) and is_free(port + 1):
            return port, port + 1
    raise SandboxError(
        f"no two neighbouring ports from {DEFAULT} to {_LAST_DEFAULT} are free: choose one with --port"
    )


def any_pair() -> tuple[int, int]:
    """A free pair of neighbours somewhere out of the way.

    Below 32768 systems don't hand out ports to outgoing connections, so that the pair is likely to be free a moment later too.

    Raises:
        SandboxError: None was found.
    """
    for _ in range(_TRIES):
        port = secrets.choice(_OUT_OF_THE_WAY)
        if is_free(port) and is_free(port + 1):
            return port, port + 1
    raise SandboxError("no two neighbouring ports from 20000 to 32767 are free: end what uses them")


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("inet"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return "another process"
