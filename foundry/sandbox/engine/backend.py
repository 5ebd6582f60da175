"""The CLI's file backend: `.pulumi/meta.yaml`, `.pulumi/stacks/PROJECT/STACK.json`, `.pulumi/locks/...`.

A checkpoint is always whole: it is written beside, synced and renamed over the old one. The state as the last run left it stays in
`STACK.json.bak`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from foundry.sandbox.engine.errors import EngineError, NotSupportedError, StateError
from foundry.sandbox.engine.state import CHECKPOINT_VERSION, Deployment, read_deployment

_STACK_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_LAYOUT = 1


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack's place in a file backend."""

    folder: Path
    project: str
    name: str

    @property
    def file(self) -> Path:
        """The checkpoint."""
        return self.folder / "stacks" / self.project / f"{self.name}.json"

    @property
    def locks(self) -> Path:
        """The folder that holds the stack's locks."""
        return self.folder / "locks" / "organization" / self.project / self.name

    @property
    def qualified(self) -> str:
        """The name the checkpoint carries."""
        return f"organization/{self.project}/{self.name}"


def open_stack(url: str, project: str, name: str) -> Stack:
    """The stack's place in the backend at `url` (file://...). Raises EngineError and NotSupportedError; makes nothing."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise NotSupportedError(
            f"the backend {parts.scheme or url!r} (PULUMI_BACKEND_URL; only file:// folders)"
        )
    folder = Path(unquote(parts.netloc + parts.path)).expanduser() / ".pulumi"
    *owner, short = name.split("/")
    if owner and (owner[0] != "organization" or (len(owner) == 2 and owner[1] != project) or len(owner) > 2):
        raise EngineError(
            f"stack {name!r}: a file backend knows organization/{project}/STACK, or STACK alone"
        )
    if not _STACK_NAME.fullmatch(short):
        raise EngineError(
            f"stack {name!r}: a stack's name has letters, digits, '-', '_' and '.', at most 100"
        )
    meta = folder / "meta.yaml"
    if meta.exists():
        version = (yaml.safe_load(meta.read_text(encoding="utf-8")) or {}).get("version")
        if version != _LAYOUT:
            raise NotSupportedError(f"layout version {version} of the file backend ({meta})")
    elif (folder / "stacks").is_dir() and any((folder / "stacks").glob("*.json")):
        raise NotSupportedError(
            f"the old layout of the file backend in {folder} (run `pulumi state upgrade`)"
        )
    return Stack(folder=folder, project=project, name=short)


def initialise(stack: Stack) -> None:
    """Make the backend's folders, and meta.yaml in an empty one. Raises EngineError."""
    try:
        stack.file.parent.mkdir(parents=True, exist_ok=True)
        meta = stack.folder / "meta.yaml"
        if not meta.exists():
            meta.write_text(f"version: {_LAYOUT}\n", encoding="utf-8")
    except OSError as error:
        raise EngineError(f"the state folder {stack.folder} can't be used: {error.strerror}") from error


def load(stack: Stack) -> Deployment | None:
    """The stack's state, secrets still encrypted; None if the stack doesn't exist. Raises StateError and NotSupportedError."""
    try:
        text = stack.file.read_text(encoding="utf-8")
    except FileNotFoundError:
        for suffix in (".gz", ".zst"):
            if stack.file.with_name(stack.file.name + suffix).exists():
                raise NotSupportedError(f"the compressed checkpoint {stack.file}{suffix}") from None
        return None
    except OSError as error:
        raise StateError(f"the state {stack.file} can't be read: {error.strerror}") from error
    try:
        document = json.loads(text)
        version, checkpoint = document["version"], document["checkpoint"]
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(
            f"the state {stack.file} is damaged; {stack.file.name}.bak beside it is the one before"
        ) from error
    if version != CHECKPOINT_VERSION or document.get("features"):
        raise NotSupportedError(
            f"checkpoint version {version} with features {document.get('features') or []} ({stack.file})"
        )
    return read_deployment(checkpoint.get("latest") or {}, str(stack.file))


def back_up(stack: Stack) -> None:
    """Keep the present checkpoint as `.bak`, whole or not at all. Raises EngineError, after which the old one is intact."""
    backup = stack.file.with_name(stack.file.name + ".bak")
    temporary = backup.with_name(f".{backup.name}.{os.getpid()}.new")
    try:
        shutil.copyfile(stack.file, temporary)
        temporary.replace(backup)
    except FileNotFoundError:
        return
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise EngineError(
            f"the state can't be backed up beside {stack.file}: {error.strerror}. Nothing was changed; free some space, or make "
            "the folder writable, and run again"
        ) from error


def write(stack: Stack, text: str) -> None:
    """Replace the checkpoint by `text`, whole or not at all. Raises OSError, after which the old one is intact."""
    temporary = stack.file.with_name(f".{stack.file.name}.{os.getpid()}.new")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(stack.file)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):
        # The CLI keeps a checksum of the file it wrote there; beside a file that it didn't write it would be a lie.
        stack.file.with_name(stack.file.name + ".attrs").unlink(missing_ok=True)
