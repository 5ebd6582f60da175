"""The stack's settings file: what the command line reads of it, and the one line it writes."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import yaml

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
        FoundryError: the file can't be read or written.
    """
    value = str(uuid.uuid4())
    line = f"  {STACK_ID}: {value}\n"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        heading = re.search(r"^config:[ \t]*(#.*)?\n", text, re.MULTILINE)
        if heading:
            text = text[: heading.end()] + line + text[heading.end() :]
        else:
            text = (text if not text or text.endswith("\n") else text + "\n") + "config:\n" + line
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FoundryError(
            f"the stack's id can't be written into {path.name}",
            fix=f"run `pulumi config set {STACK_ID} {value}` and commit the file",
        ) from error
    return value
