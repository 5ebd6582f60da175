"""`fac preview`, `up`, `refresh` and `destroy`: what is looked at before an engine is set to work, and what is held afterwards."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from foundry.cli import check, evaluators, messages, migrating, settings, starting, traces
from foundry.cli.options import Commands, add_engine, add_stack
from foundry.cli.project import Project, find_project
from foundry.cli.validating import WRONG, checked, settings_are_sound
from foundry.model import Finding, FoundryError, Manifest

_VERBS = {
    "preview": "show what would change",
    "up": "bring a stack up",
    "refresh": "take what is live into the state",
    "destroy": "delete what a stack made",
}


def add(commands: Commands) -> None:
    """Register the four commands."""
    for verb, what in _VERBS.items():
        text = f"{what}; further arguments go to the engine as the Pulumi CLI takes them"
        command = commands.add_parser(verb, help=text, description=text)
        add_stack(command)
        add_engine(command)
        command.set_defaults(run=run, verb=verb, passes_on=True, offline=False, check=False, review=False)
        traces.add(command)
        if verb == "up":
            command.add_argument(
                "--check", action="store_true", help="hold the checks afterwards: 1 when one fails"
            )
            command.add_argument(
                migrating.OVERRIDE,
                action="store_true",
                help="delete classic agents without checking those that take their place",
            )
        if verb == "preview":
            command.add_argument(
                "--offline",
                action="store_true",
                help="against an empty, throw-away sandbox: no log-in needed",
            )
            command.add_argument(
                "--review",
                action="store_true",
                help="as the review that a pull request gets: per agent and store, in Markdown",
            )


def run(arguments: argparse.Namespace) -> int:
    """Check the declarations where they count, then run the operation; returns the engine's exit code, or that of the checks.

    Raises:
        FoundryError: there is no such stack or engine, the stack has no id in CI, or checks forbid a deletion.
    """
    from foundry.cli import operations, previewing

    project, stack = find_project(Path(arguments.cwd).resolve()), arguments.stack
    manifest: Manifest | None = None
    doubted: tuple[Finding, ...] = ()
    if arguments.verb in {"up", "preview"}:
        if arguments.verb == "up":
            _give_id(project, stack)
        manifest, warnings = checked(project, stack, needs_id=not arguments.offline)
        if manifest is None:
            return WRONG
        # Where the project can be asked, it says better what an evaluator is.
        doubted = () if arguments.offline else evaluators.doubted(manifest, warnings)
        messages.show([one for one in warnings if one not in doubted])
    elif not settings_are_sound(project, stack):
        return WRONG
    if arguments.offline:
        return operations.preview_offline(
            project, stack, arguments.rest, as_review=arguments.review, say=messages.say
        )
    engine = operations.prepare(project, stack, wanted=arguments.engine, say=messages.say)
    if manifest is not None and evaluators.are_named(manifest):
        absent = evaluators.unknown(engine, manifest, messages.say)
        missing = {one.position for one in absent}
        messages.show([one for one in doubted if one.position not in missing])
        if absent:
            messages.show(absent)
            messages.complain(messages.counted(absent))
            return WRONG
    if arguments.verb == "up" and manifest is not None and not arguments.unchecked:
        migrating.require_checks(project, engine, manifest, messages.say)
    if arguments.review:
        return previewing.review(engine, arguments.rest, say=messages.say)
    code = operations.operate(
        project, engine, arguments.verb, arguments.rest, manifest=manifest, say=messages.say
    )
    if arguments.check and code == 0:
        return check.gate(project, stack, messages.say)
    return code


def _give_id(project: Project, stack: str) -> None:
    path = project.settings_file(stack)
    if not path.exists() or settings.read(path).get(settings.STACK_ID):
        return
    if os.environ.get("CI"):
        raise FoundryError(
            f"stack {stack} has no id, and one made here would be lost",
            fix=f"run `fac init -s {stack}` on your machine and commit its settings file",
        )
    starting.give_id(project, stack)
