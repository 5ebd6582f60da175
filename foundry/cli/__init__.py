"""The command `fac`: arguments, output, exit codes. It picks the engine, runs the sandbox, and does no work itself.

Exit codes: 0 fine; 1 something failed; 2 the declarations or the command line are wrong; otherwise the engine's own.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from foundry.cli import (
    ask,
    cancelling,
    check,
    exporting,
    history,
    importing,
    operating,
    orphans,
    output,
    pulling,
    reporting,
    sandbox,
    secret,
    showing,
    standard_output,
    starting,
    stopping,
    switching,
    traces,
    trying,
    validating,
)
from foundry.cli.messages import complain, say
from foundry.model import FoundryError

_FAILED = 1
_COMMANDS = (
    starting,
    secret,
    validating,
    operating,
    stopping,
    cancelling,
    output,
    orphans,
    importing,
    exporting,
    showing,
    pulling,
    history,
    switching,
    ask,
    check,
    trying,
    reporting,
    sandbox,
)
"""In the order of `fac --help`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. No error that a person can act on is shown as a traceback."""
    with standard_output.lasting():
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    arguments, rest = _parser().parse_known_args(argv)
    if rest and not getattr(arguments, "passes_on", False):
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = [item for item in rest if item != "--"]
    if arguments.debug or arguments.debug_bodies:
        os.environ.setdefault("FAC_DEBUG_LOG", str((Path.cwd() / "fac-debug.log").resolve()))
        print(f"fac: each request is logged in {os.environ['FAC_DEBUG_LOG']}", file=sys.stderr)
    if arguments.debug_bodies:
        os.environ["FAC_DEBUG_BODIES"] = "1"
        say(
            "Requests and replies are logged with their bodies: prompts, documents and answers stand in them in clear."
        )
    try:
        return traces.run(arguments)
    except FoundryError as error:
        complain(str(error))
        return _FAILED
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except Exception as error:
        if _is_expected(error):
            complain(str(error).splitlines()[0] if str(error) else type(error).__name__)
            return _FAILED
        raise


def _is_expected(error: Exception) -> bool:
    from azure.core.exceptions import AzureError

    from foundry.sandbox.host import SandboxError

    return isinstance(error, (AzureError, SandboxError, OSError))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fac", description="Azure AI Foundry environments and their agents as code."
    )
    parser.add_argument("-C", "--cwd", default=".", help="folder of the project (default: here)")
    parser.add_argument(
        "--debug",
        action="store_true",
        help="log each request to the file in FAC_DEBUG_LOG (default: fac-debug.log)",
    )
    parser.add_argument(
        "--debug-bodies", action="store_true", help="the same, with bodies: prompts and documents in clear"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for one in _COMMANDS:
        one.add(commands)
    return parser
