"""`config set`: one value of a stack's settings file, which otherwise stays as it is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

from foundry.sandbox.engine import backend
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.project import Project, load_settings, write_salt
from foundry.sandbox.engine.secrets import new_salt, open_salt, passphrase


def put(
    project: Project, stack: backend.Stack, config_file: Path | None, key: str, value: str, *, is_secret: bool
) -> None:
    """Set a value, a secret one encrypted with the stack's passphrase. A key without a namespace is the project's.

    Raises:
        EngineError: the file can't be read or written, or there is no passphrase for a secret.
    """
    settings = load_settings(config_file or project.settings_file(stack.name))
    full = key if ":" in key else f"{project.name}:{key}"
    if is_secret:
        phrase = passphrase()
        if phrase is None:
            raise EngineError("passphrase must be set with PULUMI_CONFIG_PASSPHRASE to keep a secret")
        if settings.salt:
            crypter = open_salt(settings.salt, phrase)
        else:
            salt, crypter = new_salt(phrase)
            write_salt(settings.file, salt)
        entry = f"  {full}:\n    secure: {crypter.encrypt(value)}\n"
    else:
        entry = f"  {full}: {json.dumps(value)}\n"
    try:
        text = settings.file.read_text(encoding="utf-8") if settings.file.exists() else ""
        settings.file.write_text(_with(text, full, entry), encoding="utf-8")
    except OSError as error:
        raise EngineError(f"{settings.file} can't be written: {error.strerror}") from error


def _with(text: str, key: str, entry: str) -> str:
    """The settings with an entry in the place of the one that the key had, else as the first of `config`."""
    before = re.search(
        rf"^  [\"']?{re.escape(key)}[\"']?:.*\n?(?:^(?:    .*| *)\n)*(?:^    .*\Z)?", text, re.MULTILINE
    )
    if before:
        return text[: before.start()] + entry + text[before.end() :]
    heading = re.search(r"^config:[ \t]*(?:#.*)?\n", text, re.MULTILINE)
    if heading:
        return text[: heading.end()] + entry + text[heading.end() :]
    return (text if not text or text.endswith("\n") else f"{text}\n") + f"config:\n{entry}"
