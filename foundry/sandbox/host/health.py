"""Asking the two processes whether they are ready to serve."""

from __future__ import annotations

import json
import ssl
import urllib.request

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2_grpc

from foundry.sandbox.host.record import Sandbox

_SECONDS = 5.0


def emulator_answers(sandbox: Sandbox) -> bool:
    """Whether the emulator serves, under a certificate of this sandbox's authority and with its identity header."""
    try:
        context = ssl.create_default_context(cafile=str(sandbox.authority))
        request = urllib.request.Request(  # noqa: S310 - the scheme is ours
            f"{sandbox.url}/_sandbox/health", headers={"X-IDENTITY-HEADER": sandbox.identity_header}
        )
        # A proxy of the machine has no business between two processes of it.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=_SECONDS) as reply:
            json.load(reply)
            return bool(reply.status == 200)
    except (OSError, ValueError):
        return False


def provider_answers(sandbox: Sandbox) -> bool:
    """Whether the azure-native provider serves."""
    channel = grpc.insecure_channel(
        f"127.0.0.1:{sandbox.provider_port}", options=[("grpc.enable_http_proxy", 0)]
    )
    try:
        provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(Empty(), timeout=_SECONDS)
    except grpc.RpcError:
        return False
    else:
        return True
    finally:
        channel.close()
