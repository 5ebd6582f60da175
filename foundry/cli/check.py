"""`fac check`: the conversations that agents declare are held, and what comes of them is compared with what was expected."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from foundry.cli import evaluators, traces
from foundry.cli.options import Commands, add_stack
from foundry.cli.project import Project, find_project
from foundry.model import Dialect, Finding, FoundryError, Manifest
from foundry.service.tracing import TRACES

if TYPE_CHECKING:
    from foundry.checks.running import Case, Result
    from foundry.cli.conversing import LiveAgent, Talks
    from foundry.service.conversation import Transcript
    from foundry.service.evaluators import Score

FAILED: Final = 1
WRONG: Final = 2
INTERRUPTED: Final = 130
PARALLEL: Final = 4
_MOST_PARALLEL: Final = 32


def add(commands: Commands) -> None:
    """Register the command."""
    text = "hold the checks that agents declare against what is live"
    command = commands.add_parser("check", help=text, description=text)
    add_stack(command)
    command.add_argument(
        "--agent", action="append", default=[], metavar="NAME", help="only this agent (once for each)"
    )
    command.add_argument("--junit", metavar="FILE", help="write the results as JUnit's XML")
    command.add_argument("--json", metavar="FILE", help="write the results, with the answers, as JSON")
    command.add_argument(
        "--save-files", metavar="FOLDER", help="keep the files that agents make, in FOLDER/<agent>/<check>/"
    )
    command.add_argument(
        "--parallel",
        type=_parallel,
        default=PARALLEL,
        metavar="N",
        help="conversations at once (default: %(default)s)",
    )
    traces.add(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check; 0 when all is as expected, 1 when something isn't, 2 when the declarations are wrong."""
    from foundry.manifest import load

    project = find_project(Path(arguments.cwd).resolve())
    _refuse_unwritable(arguments)
    loaded = load(project.root, arguments.stack)
    if loaded.manifest is None:
        for finding in loaded.findings:
            print(finding, file=sys.stderr)
        return WRONG
    for finding in (absent := _absent_evaluators(project, arguments.stack, loaded.manifest)):
        print(finding, file=sys.stderr)
    if absent:
        return WRONG
    results = check(
        project, arguments.stack, loaded.manifest, only=arguments.agent, parallel=arguments.parallel
    )
    _write(arguments, results)
    return 0 if all(result.is_good for result in results) else FAILED


def _absent_evaluators(project: Project, stack: str, manifest: Manifest) -> tuple[Finding, ...]:
    if not evaluators.are_named(manifest):
        return ()
    from foundry.cli.standing import standing

    return evaluators.unknown_at(standing(project, stack, live=True), manifest, print)


def gate(project: Project, stack: str, say: Callable[[str], None]) -> int:
    """Hold all checks of a stack that has just come up; 1 when one fails, 0 otherwise. The stack stays as it is.

    Args:
        project: where the declarations are.
        stack: the stack's name.
        say: takes a line for a person.
    """
    from foundry.checks import report
    from foundry.manifest import load

    manifest = load(project.root, stack).manifest
    if manifest is None:
        # Somebody edits while the stack comes up: what was brought up is no longer what is declared.
        raise FoundryError(
            "the declarations have become wrong meanwhile", fix=f"run `fac validate -s {stack}`"
        )
    results = check(project, stack, manifest, say=say)
    failed = [report.title(result) for result in results if not result.is_good]
    if failed:
        say(f"The stack is up and stays up; these checks failed: {', '.join(failed)}")
    return FAILED if failed else 0


def check(
    project: Project,
    stack: str,
    manifest: Manifest,
    *,
    only: Sequence[str] = (),
    dialects: Sequence[str] = (),
    parallel: int = PARALLEL,
    say: Callable[[str], None] = print,
) -> tuple[Result, ...]:
    """Hold a stack's checks, and print what comes of each.

    Args:
        project: where the declarations are.
        stack: the stack's name.
        manifest: what it declares.
        only: names of agents; all that declare checks when empty.
        dialects: only the forms that agents have in these; all when empty.
        parallel: conversations at once.
        say: takes a line for a person.

    Raises:
        FoundryError: an agent isn't declared, or isn't there yet.
    """
    from foundry.checks import report, running
    from foundry.cli.conversing import agents_of, talks
    from foundry.cli.standing import standing

    _require_declared(manifest, only, stack)
    if not any(agent.checks for agent in manifest.agents if not only or agent.name in only):
        say(f"Nothing to check: {'none of these agents' if only else 'no agent'} declares `checks`.")
        return ()
    stands = standing(project, stack, live=True)
    cases = [
        case
        for case in _cases(manifest, agents_of(stands), only, stack)
        if not dialects or case.place.dialect in dialects
    ]
    evaluate = _evaluator(cases)

    def stopping() -> None:
        say(
            "Stopping: the conversations under way end first, and delete what they made. A second Ctrl-C leaves that to the next run."
        )

    with talks(project, stands, say, manifest) as held, _telling(len(cases), say) as done:
        results = running.run(
            cases,
            _holder(held),
            evaluate,
            parallel=parallel,
            done=done,
            stopping=stopping,
            abandon=lambda: os._exit(INTERRUPTED),
        )
    say(report.headline(results))
    return results


def _parallel(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_PARALLEL:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST_PARALLEL}")
    return int(text)


def _require_declared(manifest: Manifest, only: Sequence[str], stack: str) -> None:
    declared = {agent.name for agent in manifest.agents}
    for name in only:
        if name not in declared:
            raise FoundryError(
                f"stack {stack} declares no agent {name!r}",
                fix=f"it declares: {', '.join(sorted(declared)) or 'none'}",
            )


def _cases(
    manifest: Manifest, live: dict[str, tuple[LiveAgent, ...]], only: Sequence[str], stack: str
) -> Iterator[Case]:
    from foundry.checks.running import Case

    for agent in manifest.agents:
        if not agent.checks or (only and agent.name not in only):
            continue
        if agent.name not in live:
            raise FoundryError(
                f"the agent {agent.name!r} is declared and not there yet",
                fix=f"run `fac up -s {stack}` first",
            )
        for one in live[agent.name]:
            for declared in agent.checks:
                if one.place.dialect == Dialect.VERSIONED and declared.conversation.is_classic:
                    continue
                judge = declared.judge or (agent.model if isinstance(agent.model, str) else None)
                yield Case(agent.name, one.id, one.place, declared, agent.tools, judge)


def _evaluator(cases: Sequence[Case]) -> Callable[[Case, Transcript], Mapping[str, Score]]:
    from foundry.service.evaluators import Evaluators, Judged

    installed = Evaluators()
    installed.require(name for case in cases for name in case.check.expect.evaluators)

    def evaluate(case: Case, came: Transcript) -> Mapping[str, Score]:
        judged = Judged(
            case.place,
            case.judge or "",
            case.check.conversation.ask[-1],
            came.plain,
            case.check.ground_truth,
        )
        return {
            name: installed.score(name, least, judged) for name, least in case.check.expect.evaluators.items()
        }

    return evaluate


def _holder(held: Talks) -> Callable[[Case], Transcript]:
    from foundry.cli.conversing import LiveAgent

    def hold(case: Case) -> Transcript:
        with TRACES.span(f"check {case.check.name}"):
            return held.hold(LiveAgent(case.agent, case.id, case.place), case.check.conversation)

    return hold


@contextmanager
def _telling(total: int, say: Callable[[str], None]) -> Iterator[Callable[[Result], None]]:
    """Tells each result as it comes; on a terminal, all of them in a table at the end."""
    from foundry.checks import report

    if not sys.stdout.isatty():
        yield lambda result: say("\n".join(report.lines(result)))
        return
    from rich.console import Console

    console = Console()
    came: list[Result] = []
    with console.status(f"0 of {total} checks") as status:

        def done(result: Result) -> None:
            came.append(result)
            status.update(f"{len(came)} of {total} checks")

        yield done
    console.print(_table(came))


def _table(results: Sequence[Result]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("", "agent", "check", "dialect"):
        table.add_column(heading, no_wrap=True)
    for heading in ("seconds", "tokens"):
        table.add_column(heading, justify="right")
    table.add_column("what is amiss", overflow="fold")
    for result in sorted(results, key=lambda one: (one.case.agent, one.case.check.name)):
        came = result.transcript
        table.add_row(
            Text("passed", "green") if result.is_good else Text("FAILED", "bold red"),
            result.case.agent,
            result.case.check.name,
            result.case.place.dialect,
            f"{came.seconds:.1f}" if came else "",
            str(came.tokens) if came and came.tokens is not None else "",
            Text("\n".join(result.reasons)),
        )
    return table


def _refuse_unwritable(arguments: argparse.Namespace) -> None:
    """Refuse places that the results can't be written to, before conversations are held that cost money and minutes."""
    for option, told, is_folder in (
        ("--junit", arguments.junit, False),
        ("--json", arguments.json, False),
        ("--save-files", arguments.save_files, True),
    ):
        if not told:
            continue
        path = Path(told).absolute()
        there = next(one for one in (path, *path.parents) if one.exists())
        wants_folder = is_folder or there != path
        if there.is_dir() != wants_folder:
            what = "a folder" if there.is_dir() else "no folder"
        elif not os.access(there, os.W_OK):
            what = "not for you to write to"
        else:
            continue
        raise FoundryError(
            f"{told} ({option}) can't be written: {there} is {what}",
            fix=f"name a {'folder' if is_folder else 'file'} that can be made or written over",
        )


def _write(arguments: argparse.Namespace, results: Sequence[Result]) -> None:
    from foundry.checks import report

    if arguments.junit:
        _file(arguments.junit).write_text(report.as_junit(arguments.stack, results), encoding="utf-8")
    if arguments.json:
        text = json.dumps(report.as_json(arguments.stack, results), indent=2, ensure_ascii=False)
        _file(arguments.json).write_text(text + "\n", encoding="utf-8")
    if arguments.save_files:
        for result in results:
            folder = Path(arguments.save_files) / result.case.agent / result.case.check.name
            for file in result.transcript.files if result.transcript else ():
                path = _file(str(folder / PurePosixPath(file.name).name))
                path.write_bytes(file.content)
                print(f"Saved {path}")


def _file(path: str) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
