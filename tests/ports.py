"""Ports for what tests start, so that nothing that runs at the same time wants the same ones."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from typing import Final

NEIGHBOURS: Final = 4
_FIRST: Final = 10_000
_EACH: Final = 1_000


def own_ports() -> int:
    """The first of four neighbouring ports that are free.

    Each of pytest's workers has a thousand of its own, so that those of a sandbox that is stopped for a while are still free when it
    starts again. They are out of the ranges of outgoing connections (from 32768 on), of throw-away sandboxes (from 20000 on) and
    of first starts (from 8443 on).
    """
    first = _FIRST + _EACH * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10)
    for port in random.SystemRandom().sample(range(first, first + _EACH, NEIGHBOURS), 50):
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for offset in range(NEIGHBOURS):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port + offset))
            return port
    raise AssertionError("no four neighbouring ports are free")
