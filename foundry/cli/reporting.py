"""`fac report`: the JSON of a preview as the review that a pull request gets."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from foundry.cli.options import Commands
from foundry.model import FoundryError


def add(commands: Commands) -> None:
    """Register the command."""
    text = "turn a `preview --json` into a review"
    command = commands.add_parser("report", help=text, description=text)
    command.add_argument(
        "-s", "--stack", default=None, help="the stack, for previews that failed before their first step"
    )
    command.add_argument("preview", help="the file, or - for standard input")
    command.add_argument("--format", choices=("markdown",), default="markdown")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the review.

    Raises:
        FoundryError: the file can't be read, or isn't a preview.
    """
    from foundry.report import render

    try:
        text = (
            (sys.stdin.read() if sys.stdin is not None else "")
            if arguments.preview == "-"
            else Path(arguments.preview).read_text(encoding="utf-8")
        )
        document = json.loads(text)
    except OSError as error:
        raise FoundryError(
            f"{arguments.preview} can't be read: {error.strerror}",
            fix="give it a file with the output of `fac preview --json`",
        ) from error
    except (ValueError, RecursionError) as error:
        raise FoundryError(
            f"{arguments.preview} can't be read as JSON: {error}",
            fix="give it the output of `fac preview --json`",
        ) from error
    print(render(document, arguments.format, stack=arguments.stack))
    return 0
