"""Asking the two processes whether they are ready to serve."""

from __future__ import annotations

import json
import ssl
import urllib.request

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
    import grpc  # a fifth of a second, and most commands never ask

    channel = grpc.insecure_channel(
        f"127.0.0.1:{sandbox.provider_port}", options=[("grpc.enable_http_proxy", 0)]
    )
    try:
        # By hand, because the generated stub comes with all of Pulumi's SDK: half a second of imports for an empty message.
        ask = channel.unary_unary(
            "/pulumirpc.ResourceProvider/GetPluginInfo",
            request_serializer=lambda _: b"",
            response_deserializer=lambda reply: reply,
        )
        ask(None, timeout=_SECONDS)
    except grpc.RpcError:
        return False
    else:
        return True
    finally:
        channel.close()
