"""The command `fac`: arguments, output, exit codes. It picks the engine, runs the sandbox, and does no work itself.

Exit codes: 0 fine; 1 something failed; 2 the declarations or the command line are wrong; otherwise the engine's own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from foundry.cli import (
    ask,
    cancelling,
    check,
    evaluators,
    exporting,
    history,
    importing,
    migrating,
    orphans,
    output,
    pulling,
    sandbox,
    secret,
    settings,
    showing,
    standard_output,
    starting,
    switching,
    traces,
    trying,
)
from foundry.cli.options import add_stack
from foundry.cli.project import Project, find_project
from foundry.model import Finding, FoundryError, Manifest, Severity

FAILED = 1
WRONG = 2


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
        _say(
            "Requests and replies are logged with their bodies: prompts, documents and answers stand in them in clear."
        )
    try:
        return traces.run(arguments)
    except FoundryError as error:
        _complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        _complain("interrupted")
        return 130
    except Exception as error:
        if _is_expected(error):
            _complain(str(error).splitlines()[0] if str(error) else type(error).__name__)
            return FAILED
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

    def add(name: str, run: Any, text: str, *, stack: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        if stack:
            add_stack(command)
        command.set_defaults(run=run)
        return command

    starting.add(commands)
    secret.add(commands)
    validate = add("validate", _validate, "check a stack's declarations: no engine, no network")
    validate.add_argument(
        "--show", action="store_true", help="print the merged declarations, each field with its origin"
    )
    for verb, text in (
        ("preview", "show what would change"),
        ("up", "bring a stack up"),
        ("refresh", "take what is live into the state"),
        ("destroy", "delete what a stack made"),
    ):
        command = add(
            verb, _operate, f"{text}; further arguments go to the engine as the Pulumi CLI takes them"
        )
        command.add_argument(
            "--engine", choices=("pulumi", "embedded"), help="default: pulumi where it is on PATH"
        )
        command.set_defaults(verb=verb, passes_on=True, offline=False, check=False, review=False)
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
    add("down", _down, "destroy the sandbox stack and stop the sandbox").add_argument(
        "--engine", choices=("pulumi", "embedded"), help="default: pulumi where it is on PATH"
    )
    cancelling.add(commands)
    output.add(commands)
    orphans.add(commands)
    importing.add(commands)
    exporting.add(commands)
    showing.add(commands)
    pulling.add(commands)
    history.add(commands)
    switching.add(commands)
    ask.add(commands)
    check.add(commands)
    trying.add(commands)
    report = add("report", _report, "turn a `preview --json` into a review", stack=False)
    report.add_argument(
        "-s", "--stack", default=None, help="the stack, for previews that failed before their first step"
    )
    report.add_argument("preview", help="the file, or - for standard input")
    report.add_argument("--format", choices=("markdown",), default="markdown")
    sandbox.add(commands)
    return parser


def _validate(arguments: argparse.Namespace) -> int:
    from foundry.manifest import explain

    project = find_project(Path(arguments.cwd).resolve())
    if arguments.show:
        for line in explain(project.root, arguments.stack):
            print(line)
    manifest, findings = _checked(project, arguments.stack, needs_id=False)
    _tell(findings)
    if manifest is None:
        return WRONG
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
        _say(f"Stack {arguments.stack} is fine: {', '.join(counts)}.")
    return 0


def _counted(what: Sequence[object], one: str, more: str = "") -> str:
    return f"1 {one}" if len(what) == 1 else f"{len(what)} {more or one + 's'}"


def _checked(project: Project, stack: str, *, needs_id: bool) -> tuple[Manifest | None, Sequence[Finding]]:
    """The stack's manifest, and warnings to be told of it; None when it has faults, which are told."""
    from foundry.manifest import load

    loaded = load(project.root, stack, needs_id=needs_id)
    if loaded.manifest is not None:
        return loaded.manifest, loaded.findings
    _tell(loaded.findings)
    _complain(_count(loaded.findings))
    return None, ()


def _tell(findings: Sequence[Finding]) -> None:
    for finding in findings:
        print(finding, file=sys.stderr)


def _count(findings: Sequence[Finding]) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    return "1 fault; nothing was changed" if errors == 1 else f"{errors} faults; nothing was changed"


def _operate(arguments: argparse.Namespace) -> int:
    from foundry.cli import operations, previewing

    project = find_project(Path(arguments.cwd).resolve())
    config = settings.read(project.settings_file(arguments.stack))
    manifest: Manifest | None = None
    doubted: tuple[Finding, ...] = ()
    if arguments.verb in {"up", "preview"}:
        if (
            arguments.verb == "up"
            and project.settings_file(arguments.stack).exists()
            and not config.get(settings.STACK_ID)
        ):
            if os.environ.get("CI"):
                raise FoundryError(
                    f"stack {arguments.stack} has no id, and one made here would be lost",
                    fix=f"run `fac init -s {arguments.stack}` on your machine and commit its settings file",
                )
            starting.give_id(project, arguments.stack)
        manifest, warnings = _checked(project, arguments.stack, needs_id=not arguments.offline)
        if manifest is None:
            return WRONG
        # Where the project can be asked, it says better what an evaluator is.
        doubted = () if arguments.offline else evaluators.doubted(manifest, warnings)
        _tell([one for one in warnings if one not in doubted])
    if arguments.offline:
        return operations.preview_offline(
            project, arguments.stack, arguments.rest, as_review=arguments.review, say=_say
        )
    run = operations.prepare(project, arguments.stack, wanted=arguments.engine, say=_say)
    if manifest is not None and evaluators.are_named(manifest):
        absent = evaluators.unknown(run, manifest, _say)
        missing = {one.position for one in absent}
        _tell([one for one in doubted if one.position not in missing])
        if absent:
            _tell(absent)
            _complain(_count(absent))
            return WRONG
    if arguments.verb == "up" and manifest is not None and not arguments.unchecked:
        migrating.require_checks(project, run, manifest, _say)
    if arguments.review:
        return previewing.review(run, arguments.rest, say=_say)
    code = operations.operate(project, run, arguments.verb, arguments.rest, manifest=manifest, say=_say)
    if arguments.check and code == 0:
        return check.gate(project, arguments.stack, _say)
    return code


def _down(arguments: argparse.Namespace) -> int:
    from foundry.cli import operations
    from foundry.sandbox import host

    project = find_project(Path(arguments.cwd).resolve())
    home = operations.sandbox_home(project)
    if host.load(home) is None:
        _say("There is no sandbox; nothing runs.")
        return 0
    run = operations.prepare(project, arguments.stack, wanted=arguments.engine, say=_say)
    code = operations.operate(project, run, "destroy", ["--yes"], say=_say)
    if code == 0:
        host.stop(home)
        _say("The sandbox is stopped; nothing of it runs.")
    return code


def _report(arguments: argparse.Namespace) -> int:
    from foundry.report import render

    try:
        text = (
            sys.stdin.read()
            if arguments.preview == "-"
            else Path(arguments.preview).read_text(encoding="utf-8")
        )
        document = json.loads(text)
    except OSError as error:
        raise FoundryError(
            f"{arguments.preview} can't be read: {error.strerror}",
            fix="give it a file with the output of `fac preview --json`",
        ) from error
    except ValueError as error:
        raise FoundryError(
            f"{arguments.preview} can't be read as JSON: {error}",
            fix="give it the output of `fac preview --json`",
        ) from error
    print(render(document, arguments.format, stack=arguments.stack))
    return 0


def _say(text: str) -> None:
    print(
        text, file=sys.stderr if not sys.stdout.isatty() and "--json" in sys.argv else sys.stdout, flush=True
    )


def _complain(text: str) -> None:
    print(f"fac: {text}", file=sys.stderr, flush=True)
