"""Command line of the provider: listens on a port of this machine until it is told to stop."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence

from foundry.sandbox.azure_native.serving import PortTakenError, serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m foundry.sandbox.azure_native",
        description="Serves the azure-native provider over an ARM endpoint of this machine.",
        epilog="Environment: IDENTITY_HEADER is the secret of the identity endpoint; SSL_CERT_FILE is --ca's default.",
    )
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--arm", required=True, help="base URL of ARM, for example https://localhost:8443")
    parser.add_argument("--identity-endpoint", help="managed-identity endpoint that tokens come from")
    parser.add_argument("--ca", default=os.environ.get("SSL_CERT_FILE"), help="file of certificates to trust")
    parser.add_argument("--subscription", default="", help="subscription for engines that configure none")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # These log whole requests, headers included, at levels that a user may turn on.
    logging.getLogger("azure").setLevel(logging.WARNING)
    logging.getLogger("msal").setLevel(logging.WARNING)

    if options.identity_endpoint:
        os.environ["IDENTITY_ENDPOINT"] = options.identity_endpoint
    if options.ca:
        os.environ["REQUESTS_CA_BUNDLE"] = options.ca
    from azure.identity import ManagedIdentityCredential

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with serve(
            arm_endpoint=options.arm,
            credential=ManagedIdentityCredential(),
            ca=options.ca,
            subscription=options.subscription,
            port=options.port,
        ) as port:
            print(port, flush=True)
            stop.wait()
    except PortTakenError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
