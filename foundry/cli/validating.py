"""`fac validate`: a stack's declarations, read and checked without an engine and without the network."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from foundry.cli import messages
from foundry.cli.options import Commands, add_stack
from foundry.cli.project import Project, find_project

if TYPE_CHECKING:
    from foundry.model import Finding, Manifest

WRONG: Final = 2
"""The exit code where declarations are wrong."""


def add(commands: Commands) -> None:
    """Register the command."""
    text = "check a stack's declarations: no engine, no network"
    command = commands.add_parser("validate", help=text, description=text)
    add_stack(command)
    command.add_argument(
        "--show", action="store_true", help="print the merged declarations, each field with its origin"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; where there is no fault, how much is declared, or with `--show` all of it."""
    from foundry.manifest import explain

    project = find_project(Path(arguments.cwd).resolve())
    if arguments.show:
        for line in explain(project.root, arguments.stack):
            print(line)
    manifest, warnings = checked(project, arguments.stack, needs_id=False)
    if manifest is None:
        return WRONG
    messages.show(warnings)
    if not arguments.show:
        rarer = [
            _counted(what, one, more)
            for what, one, more in (
                (manifest.memory_stores, "memory store", ""),
                (manifest.toolboxes, "toolbox", "toolboxes"),
                (manifest.skills, "skill", ""),
            )
            if what
        ]
        counts = [
            _counted(manifest.agents, "agent"),
            _counted(manifest.vector_stores, "vector store"),
            _counted(manifest.search_indexes, "search index", "search indexes"),
            *rarer,
            _counted(manifest.environment.deployments, "model deployment"),
        ]
        messages.say(f"Stack {arguments.stack} is fine: {', '.join(counts)}.")
    return 0


def checked(project: Project, stack: str, *, needs_id: bool) -> tuple[Manifest | None, Sequence[Finding]]:
    """The stack's manifest and the warnings to show with it; None when it has faults, which are printed."""
    from foundry.manifest import load

    loaded = load(project.root, stack, needs_id=needs_id)
    if loaded.manifest is not None:
        return loaded.manifest, loaded.findings
    messages.show(loaded.findings)
    messages.complain(messages.counted(loaded.findings))
    return None, ()


def settings_are_sound(project: Project, stack: str) -> bool:
    """Whether a stack's settings can be read and hold no placeholder; what is wrong with them is printed.

    It is for what must go on where declarations have faults: those of a stack that goes may have any.
    """
    from foundry.manifest.report import Report
    from foundry.manifest.settings import read_project, read_settings

    report = Report()
    read = read_project(project.root, report)
    if read is not None:
        read_settings(project.root, read, stack, report)
    if report.failed:
        messages.show(report.sorted())
        messages.complain(messages.counted(report.sorted()))
    return not report.failed


def _counted(what: Sequence[object], one: str, more: str = "") -> str:
    return f"1 {one}" if len(what) == 1 else f"{len(what)} {more or one + 's'}"
