"""The provider as a gRPC server on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from azure.core.credentials import TokenCredential
from pulumi.runtime.proto import provider_pb2_grpc

from foundry.sandbox.azure_native.arm import Arm
from foundry.sandbox.azure_native.provider import AzureNative

# One thread waits for one resource; the engine itself asks for no more at once than its --parallel.
_WORKERS = 64
_GRACE_SECONDS = 5.0


class PortTakenError(Exception):
    """The port can't be listened on."""


@contextmanager
def serve(
    *, arm_endpoint: str, credential: TokenCredential, ca: str | None, subscription: str = "", port: int = 0
) -> Iterator[int]:
    """Serves while the context lasts and yields the port.

    Args:
        arm_endpoint: Base URL of ARM.
        credential: Where tokens for ARM come from.
        ca: File with the certificates to trust, or None for the machine's own.
        subscription: Id of the subscription for engines that configure none.
        port: Port on 127.0.0.1, or 0 for a free one.

    Raises:
        PortTakenError: Something else listens on the port.
    """
    server = grpc.server(
        ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="provider"),
        options=[
            # Without this, two servers share a port on Linux and each gets every other call.
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
        ],
    )
    servicer = AzureNative(Arm(arm_endpoint, credential, ca=ca), subscription=subscription)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    try:
        _require_free(port)
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
    except (OSError, RuntimeError):
        raise PortTakenError(
            f"port {port} on 127.0.0.1 is in use by another process; choose another with --port"
        ) from None
    server.start()
    try:
        yield bound
    finally:
        server.stop(_GRACE_SECONDS).wait()


def _require_free(port: int) -> None:
    """Tries the port first, because gRPC writes its own failure to the log in a form for its developers."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
