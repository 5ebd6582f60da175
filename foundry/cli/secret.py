"""`fac secret`: keep a value encrypted in a stack's settings, with either engine."""

from __future__ import annotations

import argparse
import getpass
import subprocess
import sys
from pathlib import Path
from typing import Final

from foundry.cli import operations, settings
from foundry.cli.engines import last_line
from foundry.cli.options import Commands, add_stack
from foundry.cli.project import find_project
from foundry.model import FoundryError

_IN_CLEAR: Final = (settings.STACK_ID, settings.SANDBOX, "foundry:layers")
"""What the command line and the manifest read themselves, and can't read encrypted."""


def add(commands: Commands) -> None:
    """Register the command."""
    text = "keep a value encrypted in a stack's settings; it is asked for, or read from standard input"
    command = commands.add_parser("secret", help=text, description=text)
    add_stack(command)
    command.add_argument("key", help="the setting, as a finding names it: foundry:KEY")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Take the value, never from the command line, and have the stack's engine write it."""
    project = find_project(Path(arguments.cwd).resolve())
    key = arguments.key if ":" in arguments.key else f"foundry:{arguments.key}"
    _refuse_what_is_read_in_clear(key)
    value = _given(key)
    if not value:
        raise FoundryError(f"there is no value for {key}", fix="type it, or pipe it into the command")
    engine = operations.prepare(project, arguments.stack, wanted=None, say=_say, recover=False)
    try:
        engine.told(["config", "set", "--secret", key, "--stack", arguments.stack], value)
    except subprocess.CalledProcessError as error:
        raise FoundryError(
            f"{key} can't be written: {last_line(error.stderr)}",
            fix="look at the stack's settings file, and at its passphrase or key",
        ) from None
    _say(f"{key} is set in {project.settings_file(arguments.stack).relative_to(project.root)}, encrypted.")
    return 0


def _refuse_what_is_read_in_clear(key: str) -> None:
    namespace, _, name = key.partition(":")
    if not namespace or not name:
        raise FoundryError(f"{key!r} is no name of a setting", fix="name it as a finding does: foundry:KEY")
    if key in _IN_CLEAR:
        raise FoundryError(
            f"{key} is read before anything is decrypted, and is no secret",
            fix="write it into the stack's settings file as it is",
        )


def _given(key: str) -> str:
    # Python has no standard input at all where it was begun with a closed one.
    if sys.stdin is None:
        return ""
    if sys.stdin.isatty():
        return getpass.getpass(f"{key}: ")
    try:
        value = sys.stdin.read().removesuffix("\n")
        value.encode()  # in some locales Python lets through what it can't decode
    except UnicodeError:
        raise FoundryError(
            f"the value for {key} isn't text in UTF-8", fix="encode it, for example as base64"
        ) from None
    return value


def _say(text: str) -> None:
    print(text, flush=True)
