"""A local stand-in for the parts of Azure that a Foundry environment is made of.

One process, HTTPS on loopback, data in SQLite. It is written from the official clients and the service's public
documentation and knows nothing of this project, so that it can't agree with our mistakes. What it has and how it
differs from the service is told by the ledger, `docs/emulator.md`.
"""

from foundry.sandbox.emulator.server import Serving, serve
from foundry.sandbox.emulator.settings import Settings

__all__ = ["Serving", "Settings", "serve"]
