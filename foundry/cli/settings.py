"""The stack's settings file: what the command line reads of it, and the one line it writes."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import yaml

from foundry.cli.saving import save
from foundry.model import FoundryError

STACK_ID = "foundry:stackId"
SANDBOX = "foundry:sandbox"


def read(path: Path) -> dict[str, Any]:
    """The plain configuration of a settings file: `{"namespace:key": value}`; empty where there is no file.

    Only what the command line needs to choose its way; the manifest reads the file again, with positions, and is
    the one to complain about it.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    config = document.get("config") if isinstance(document, dict) else None
    return config if isinstance(config, dict) else {}


def is_sandbox(config: dict[str, Any]) -> bool:
    """Whether a stack lives in the sandbox: its settings say `foundry:sandbox: "true"`."""
    return str(config.get(SANDBOX, "")).lower() == "true"


def write_stack_id(path: Path) -> str:
    """Write a new stack id into a settings file, leaving everything else as it stands.

    Returns:
        The UUID written.

    Raises:
        FoundryError: the file can't be read or written, or has `config` in a form that a line can't be put into.
    """
    value = str(uuid.uuid4())
    try:
        text = path.read_bytes().decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unwritten(path, value, "can't be read") from error
    before = _document(path, text)
    end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith(end):
        text += end
    heading = re.search(r"^\ufeff?config:[ \t]*(#.*)?\r?\n([ \t]*)", text, re.MULTILINE)
    if heading:
        start = heading.start(2)
        text = f"{text[:start]}{heading[2] or '  '}{STACK_ID}: {value}{end}{text[start:]}"
    elif "config" not in before:
        text = f"{text}config:{end}  {STACK_ID}: {value}{end}"
    wanted = {**before, "config": {**(before.get("config") or {}), STACK_ID: value}}
    try:
        is_right = yaml.safe_load(text) == wanted
    except yaml.YAMLError:
        is_right = False
    if not is_right:
        raise _unwritten(path, value, "has its `config` in a form that no line can be put into")
    save(path, text)
    return value


def _document(path: Path, text: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark is not None else path.name
        raise FoundryError(
            f"{where}: the settings can't be read as YAML; nothing was written",
            fix="correct them and run it again",
        ) from error
    if document is None:
        return {}
    if not isinstance(document, dict) or not isinstance(document.get("config") or {}, dict):
        raise FoundryError(
            f"{path.name} isn't the settings of a stack: no mapping with `config`; nothing was written",
            fix="correct it, or take it away and run it again",
        )
    return document


def _unwritten(path: Path, value: str, why: str) -> FoundryError:
    return FoundryError(
        f"the stack's id can't be written into {path.name}: it {why}",
        fix=f"write `{STACK_ID}: {value}` into its `config` yourself, or run `pulumi config set {STACK_ID} {value}`",
    )
