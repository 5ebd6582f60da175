"""What a sandbox's folder says about it, and what an unmodified client has to be told to use it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

FORMAT: Final = 1
SUBSCRIPTION: Final = "00000000-0000-4000-8000-000000000001"
RECORD: Final = "sandbox.json"


class SandboxError(Exception):
    """What went wrong with the sandbox, and what to do about it."""


@dataclass(frozen=True)
class Worker:
    """One background process.

    Attributes:
        pid: Its id.
        command: What it was started with, after the interpreter; names the sandbox's folder. A pid is given again, and when a
            process was started is told by a clock that may be set: this pair stays.
    """

    pid: int
    command: tuple[str, ...]


@dataclass(frozen=True)
class Sandbox:
    """One sandbox, running or not.

    Attributes:
        home: Its folder.
        emulator_port: Port of the emulator on 127.0.0.1.
        provider_port: Port of the azure-native provider on 127.0.0.1.
        identity_header: Secret that the identity and control endpoints ask for.
        emulator: The emulator's process as last started, or None when it was stopped.
        provider: The provider's process, likewise.
        storage: Azurite's process, likewise; None as well where it isn't installed.
    """

    home: Path
    emulator_port: int
    provider_port: int
    identity_header: str
    emulator: Worker | None = None
    provider: Worker | None = None
    storage: Worker | None = None

    @property
    def url(self) -> str:
        """Base URL of the emulator; ARM lives at its root."""
        return f"https://localhost:{self.emulator_port}"

    @property
    def identity_endpoint(self) -> str:
        """URL of the managed-identity endpoint."""
        return f"{self.url}/identity/token"

    @property
    def authority(self) -> Path:
        """Certificate of the sandbox's own authority."""
        return self.home / "ca.pem"

    @property
    def bundle(self) -> Path:
        """The public authorities and the sandbox's own, for clients that take one file."""
        return self.home / "bundle.pem"

    @property
    def state(self) -> Path:
        """Folder of Pulumi's file backend."""
        return self.home / "state"

    def log(self, worker: str) -> Path:
        """Log of `emulator`, `provider` or `storage`."""
        return self.home / "logs" / f"{worker}.log"


def load(home: Path) -> Sandbox | None:
    """The sandbox recorded in a folder, or None when there is none.

    Raises:
        SandboxError: The record can't be read or was written by something else.
    """
    home = home.absolute()
    file = home / RECORD
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SandboxError(f"{file} can't be read: {error.strerror}") from None
    try:
        record = json.loads(content)
        if record["version"] != FORMAT:
            raise SandboxError(
                f"{file} has version {record['version']}, this program writes {FORMAT}: stop the sandbox with the program"
                f" that started it, or delete the folder {home}"
            )
        return Sandbox(
            home=home,
            emulator_port=int(record["emulatorPort"]),
            provider_port=int(record["providerPort"]),
            identity_header=str(record["identityHeader"]),
            emulator=_worker(record.get("emulator")),
            provider=_worker(record.get("provider")),
            storage=_worker(record.get("storage")),
        )
    except (ValueError, KeyError, TypeError):
        raise SandboxError(
            f"{file} isn't a sandbox's record: delete the folder {home} to begin with an empty sandbox"
        ) from None


def save(sandbox: Sandbox) -> None:
    """Writes the record; a reader, or a run killed in between, finds the old one or the new one, never a part.

    Raises:
        SandboxError: The folder can't be written to.
    """
    record = {
        "version": FORMAT,
        "emulatorPort": sandbox.emulator_port,
        "providerPort": sandbox.provider_port,
        "identityHeader": sandbox.identity_header,
        "emulator": asdict(sandbox.emulator) if sandbox.emulator else None,
        "provider": asdict(sandbox.provider) if sandbox.provider else None,
        "storage": asdict(sandbox.storage) if sandbox.storage else None,
    }
    write_whole(sandbox.home / RECORD, json.dumps(record, indent=2) + "\n")


def write_whole(file: Path, text: str) -> None:
    """Replaces a file in one step, readable by its owner only.

    Raises:
        SandboxError: The folder can't be written to.
    """
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise SandboxError(
            f"{file} can't be written: {error.strerror}. Free space or choose another folder"
        ) from None


def environment(sandbox: Sandbox, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables that make unmodified Azure clients and the Pulumi CLI use the sandbox.

    Args:
        sandbox: The sandbox.
        base: Variables already set: where a proxy is configured, the result keeps it away from this machine's own addresses.
    """
    variables = {
        "IDENTITY_ENDPOINT": sandbox.identity_endpoint,
        "IDENTITY_HEADER": sandbox.identity_header,
        "REQUESTS_CA_BUNDLE": str(sandbox.bundle),
        "SSL_CERT_FILE": str(sandbox.bundle),
        "PULUMI_BACKEND_URL": sandbox.state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "sandbox",
        "PULUMI_DEBUG_PROVIDERS": f"azure-native:{sandbox.provider_port}",
    }
    if any(base.get(name) or base.get(name.lower()) for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")):
        exempt = [host for host in (base.get("NO_PROXY") or base.get("no_proxy") or "").split(",") if host]
        exempt += [host for host in ("localhost", "127.0.0.1") if host not in exempt]
        variables["NO_PROXY"] = variables["no_proxy"] = ",".join(exempt)
    return variables


def _worker(record: object) -> Worker | None:
    if not isinstance(record, Mapping):
        return None
    return Worker(pid=int(record["pid"]), command=tuple(str(part) for part in record.get("command", ())))
