"""`fac preview`: the engine's look at what would change, then what that means, object by object."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from foundry.cli import adopting
from foundry.cli.engines import Run, last_line
from foundry.cli.progress import Watch
from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.model import Manifest
    from foundry.report import Line

Say = Callable[[str], None]

JSON: Final = ("--json", "-j")
OF_THE_ENGINE: Final = (*JSON, "--diff")
"""With one of these a preview is the engine's own account alone."""

_STYLES: Final = {
    "title": "bold",
    "heading": "bold",
    "added": "green",
    "removed": "red",
    "quiet": "dim",
}


@dataclass(frozen=True)
class Look:
    """What a preview found: the engine's exit code, and its document; None where the engine ended before it had one."""

    code: int
    document: Mapping[str, Any] | None

    def lines(self, stack: str, *, headline: bool) -> tuple[Line, ...]:
        """The review, as lines."""
        from foundry.report import lines

        return lines(self.document, stack=stack, headline=headline) if self.document is not None else ()


def preview(
    run: Run,
    arguments: Sequence[str],
    manifest: Manifest | None,
    *,
    say: Say,
    afterwards: Callable[[Mapping[str, Any]], None] | None = None,
) -> int:
    """Preview, for a person: what the engine would do, the review of that, and what adoptions would change.

    With `--diff` it is the engine's own account instead of the review, with `--json` that account alone. Otherwise `afterwards` is
    given the preview's document, where there is one.

    Returns:
        The engine's exit code.
    """
    if any(item in OF_THE_ENGINE for item in arguments):
        code = run.interactive(["preview", "--stack", run.stack, *arguments])
        if manifest is not None and not any(item in JSON for item in arguments):
            adopting.tell(run, manifest, lambda: document(run).document, say)
        return code
    found = look(run, arguments)
    tell(run, found, manifest, say=say)
    if afterwards is not None and found.document is not None:
        afterwards(found.document)
    return found.code


def look(run: Run, arguments: Sequence[str], verb: str = "up") -> Look:
    """Preview an `up` or a `destroy`. The embedded engine names what would change as it goes; the CLI tells either people or programs, so only how far it is."""
    if run.engine.is_cli:
        return document(run, arguments, verb)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "preview.json"
        code = run.interactive([*_command(run, verb), *arguments, "--save-preview", str(path)])
        return Look(code, json.loads(path.read_text(encoding="utf-8")) if path.exists() else None)


def tell(run: Run, found: Look, manifest: Manifest | None, *, say: Say) -> None:
    """Print the review of a look, and what the adoptions in it would change."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    # The embedded engine's own summary has told the counts.
    for line in found.lines(run.stack, headline=run.engine.is_cli):
        if line.style == "title":
            console.print()
        console.print(Text(line.text, style=_STYLES.get(line.style, "")), soft_wrap=True)
    if manifest is not None:
        adopting.tell(run, manifest, lambda: found.document, say)


def review(run: Run, arguments: Sequence[str], *, say: Say) -> int:
    """Preview, printed as the review that a pull request gets; returns the engine's exit code."""
    from foundry.report import render

    found = document(run, arguments)
    assert found.document is not None
    # The first line is for machines.
    _, _, text = render(found.document, "markdown", stack=run.stack).partition("\n")
    say(text)
    return found.code


def _command(run: Run, verb: str) -> list[str]:
    stack = ["--stack", run.stack]
    return ["preview", *stack] if verb == "up" else [verb, *stack, "--preview-only"]


def document(run: Run, arguments: Sequence[str] = (), verb: str = "up") -> Look:
    """Preview an `up` or a `destroy` for a program: only how far it is is told, on standard error. Raises FoundryError where it came to no end."""
    # Drift that is only reported changes nothing, so that a preview tells of it with what stays the same alone.
    sames = () if "--show-sames" in arguments else ("--show-sames",)
    command = [*_command(run, verb), *arguments, "--json", *sames]
    done = _watched(run, command) if run.engine.is_cli else run.captured(command)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = {}
    if not found or (done.returncode and found.keys().isdisjoint({"steps", "diagnostics"})):
        reason = last_line(done.stderr or done.stdout)
        is_unknown = reason.startswith("no stack named")
        raise FoundryError(
            f"the preview failed: {reason}",
            fix=f"make it in the backend that you are logged in to: `pulumi stack init {run.stack}`"
            if is_unknown
            else "run it with --diff to see how far it gets",
        )
    print(done.stderr, end="", file=sys.stderr)
    return Look(done.returncode, found)


def _watched(run: Run, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "events"
        with Watch(log).showing() as meanwhile:
            # The CLI has the flag where its commands for finding faults are on (source: pulumi/pulumi, pkg/cmd/pulumi/operations/preview.go).
            return run.captured_while(
                [*command, "--event-log", str(log)], meanwhile, more={"PULUMI_DEBUG_COMMANDS": "true"}
            )
