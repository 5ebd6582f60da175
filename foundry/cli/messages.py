"""What commands print for a person: lines, findings, and what ends a command."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from foundry.model import Finding, Severity


def say(text: str) -> None:
    """Print a line; on standard error where standard output is a program's JSON."""
    print(
        text, file=sys.stderr if not sys.stdout.isatty() and "--json" in sys.argv else sys.stdout, flush=True
    )


def complain(text: str) -> None:
    """Print why the command ends, on standard error."""
    print(f"fac: {text}", file=sys.stderr, flush=True)


def show(findings: Sequence[Finding]) -> None:
    """Print findings, on standard error."""
    for finding in findings:
        print(finding, file=sys.stderr)


def counted(findings: Sequence[Finding]) -> str:
    """How many of the findings are faults, in words that end a command."""
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    return "1 fault; nothing was changed" if errors == 1 else f"{errors} faults; nothing was changed"
