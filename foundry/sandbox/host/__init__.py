"""Life of the sandbox's two background processes: the emulator and the azure-native provider over it.

Everything about one sandbox stands in one folder: its record (`sandbox.json`), certificates, data, logs and Pulumi state. The
record outlives the processes, so that a sandbox started again, after a reboot too, has the same ports, data and authority.
"""

from foundry.sandbox.host.lifecycle import (
    Health,
    Programs,
    Status,
    ephemeral,
    erase,
    start,
    status,
    stop,
)
from foundry.sandbox.host.record import Sandbox, SandboxError, environment, load

__all__ = [
    "Health",
    "Programs",
    "Sandbox",
    "SandboxError",
    "Status",
    "environment",
    "ephemeral",
    "erase",
    "load",
    "start",
    "status",
    "stop",
]
