"""Azurite, the vendor's storage emulator, beside the sandbox: found or installed, started, and told to the emulator.

It needs Node.js and is no part of this package. It is looked for in `FAC_AZURITE` (the path of its program), on PATH, and in the
sandbox's folder, where `install` puts it; nothing is downloaded unless that is asked for.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from foundry.sandbox.host import processes
from foundry.sandbox.host.record import Sandbox, SandboxError, Worker, write_whole

#: The emulator reads where Azurite is from here.
RECORD: Final = "storage.json"
_VERSION: Final = "^3.35.0"
_ACCOUNTS: Final = 64
_INSTALL_SECONDS: Final = 600.0
_PAUSE_SECONDS: Final = 0.05
_LISTENS: Final = re.compile(r"Azurite (Blob|Queue) service is successfully listening at (http://\S+)")


def find(home: Path) -> Path | None:
    """Azurite's program, or None when there is none or no Node.js to run it."""
    if shutil.which("node") is None:
        return None
    named = os.environ.get("FAC_AZURITE")
    if named:
        return Path(named) if Path(named).is_file() else None
    on_path = shutil.which("azurite")
    installed = _installed(home)
    return Path(on_path) if on_path else installed if installed.is_file() else None


def missing(home: Path) -> str:
    """Why there is no storage, and what to do about it."""
    if shutil.which("node") is None:
        return "queues and blobs are not served: that needs Node.js and Azurite; everything else works"
    if os.environ.get("FAC_AZURITE"):
        return f"queues and blobs are not served: FAC_AZURITE names {os.environ['FAC_AZURITE']}, which is no file"
    return (
        "queues and blobs are not served: Azurite isn't installed; `fac sandbox start --with-storage` installs it "
        f"with npm into {home}; everything else works"
    )


def install(home: Path, on_event: Callable[[str], None]) -> Path:
    """Installs Azurite with npm into the sandbox's folder and returns its program.

    Raises:
        SandboxError: npm isn't there, fails or doesn't end within ten minutes.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise SandboxError(
            "storage needs Node.js with npm, which isn't on PATH: install it, or leave --with-storage out"
        )
    folder = _installed(home).parents[2]
    on_event(
        f"installing Azurite into {folder}: npm downloads about 190 MB from the registry it is set up for"
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [
        npm,
        "install",
        "--prefix",
        str(folder),
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        f"azurite@{_VERSION}",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        raise SandboxError(f"npm didn't install Azurite within {_INSTALL_SECONDS:.0f} s") from None
    if done.returncode or not _installed(home).is_file():
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise SandboxError("npm couldn't install Azurite: " + " ".join(last))
    return _installed(home)


def launch(sandbox: Sandbox, program: Path) -> Worker:
    """Starts Azurite on free ports of its own; `await_ready` tells the emulator where."""
    node = shutil.which("node")
    assert node is not None
    (sandbox.home / RECORD).unlink(missing_ok=True)
    sandbox.log("storage").unlink(missing_ok=True)
    options = (
        *("--location", str(_data(sandbox))),
        *("--blobPort", "0", "--queuePort", "0", "--tablePort", "0"),
        *("--silent", "--disableTelemetry", "--skipApiVersionCheck"),
    )
    accounts = ";".join(f"{name}:{key}" for name, key in _accounts(sandbox))
    return processes.launch(
        (str(program.resolve()), *options),
        home=sandbox.home,
        log=sandbox.log("storage"),
        variables={"AZURITE_ACCOUNTS": accounts},
        interpreter=node,
    )


def await_ready(sandbox: Sandbox, seconds: float) -> None:
    """Waits until Azurite listens and writes down where.

    Raises:
        SandboxError: It ended, or doesn't listen in time.
    """
    until = time.monotonic() + seconds
    log = sandbox.log("storage")
    while True:
        found = {name.lower(): url for name, url in _LISTENS.findall(log.read_text("utf-8", "replace"))}
        if len(found) == 2:
            write_whole(sandbox.home / RECORD, json.dumps({**found, "accounts": _accounts(sandbox)}))
            return
        ended = processes.alive(sandbox.storage) is None
        if ended or time.monotonic() > until:
            how = (
                f"ended right after its start{processes.ending(sandbox.storage)}"
                if ended
                else f"didn't listen within {seconds:.0f} s"
            )
            raise SandboxError(f"storage (Azurite) {how}. The end of {log}:\n{processes.last_lines(log)}")
        time.sleep(_PAUSE_SECONDS)


def forget(home: Path) -> None:
    """Tells the emulator that there is no storage."""
    (home / RECORD).unlink(missing_ok=True)


def mark(home: Path) -> str:
    """What Azurite's command line tells its folder by."""
    return str(home / "storage")


def _installed(home: Path) -> Path:
    return home / "azurite" / "node_modules" / ".bin" / "azurite"


def _data(sandbox: Sandbox) -> Path:
    folder = Path(mark(sandbox.home))
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _accounts(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Names and keys of Azurite's accounts; they stay the same as long as the folder does, as its data do."""
    file = _data(sandbox) / "accounts.json"
    if not file.exists():
        made = [
            (f"sandbox{number:02}", base64.b64encode(secrets.token_bytes(64)).decode())
            for number in range(_ACCOUNTS)
        ]
        write_whole(file, json.dumps(made))
    return [(name, key) for name, key in json.loads(file.read_text("utf-8"))]
