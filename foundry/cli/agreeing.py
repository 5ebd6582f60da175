"""The question before an up or a destroy: asked after the review, and what is done is what was agreed to."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from foundry.cli import previewing, recovery, state_files
from foundry.cli.engines import Run
from foundry.cli.project import Project

if TYPE_CHECKING:
    from foundry.model import Manifest

PAST_WHAT_IS_LIVE: Final = (
    "If reading what is live is what failed, this goes past it: fac destroy -s {} --refresh=false"
)
_FRESH_SECONDS: Final = 300.0
_DECLINED: Final = 1
# What the engine does or refuses by itself: a question of its own, an account of its own, a plan from elsewhere.
_LEFT_TO_THE_ENGINE: Final = (
    "--yes", "-y", "--skip-preview", "-f", "--preview-only", "--non-interactive", "--strict", "--plan", "--output",
    *previewing.OF_THE_ENGINE,
)  # fmt: skip
# What a look isn't to have, with the number of words behind it; none of it changes what a look finds. (The CLI's `destroy --remove` removes
# an empty stack even where it is to preview only; source: pulumi/pulumi, pkg/cmd/pulumi/operations/destroy.go.)
_OF_THE_DEED_ALONE: Final = {"--continue-on-error": 0, "--secrets-provider": 1, "--remove": 0}
_QUESTIONS: Final = {"up": "Do this to stack {}?", "destroy": "Destroy this, which stack {} has made?"}


def is_asked(arguments: Sequence[str]) -> bool:
    """Whether an up or a destroy with these arguments is ours to ask about: somebody can answer, and nothing else is asked for."""
    given = {item.partition("=")[0] for item in arguments}
    # Python has no standard input at all where it was begun with a closed one.
    is_there = sys.stdin is not None and sys.stdin.isatty()
    return is_there and not os.environ.get("CI") and given.isdisjoint(_LEFT_TO_THE_ENGINE)


def reads_what_is_live(arguments: Sequence[str]) -> bool:
    """Whether a run with these arguments reads what is live as the project has it: nothing is said of it."""
    return not any(item.startswith("--refresh") for item in arguments)


def ask(
    project: Project,
    run: Run,
    verb: str,
    arguments: Sequence[str],
    manifest: Manifest | None,
    *,
    say: Callable[[str], None],
) -> int | None:
    """Show the review of an `up` or a `destroy`, and ask.

    A yes is to the review that was shown. Where the project's files, the state, or what is live of agents and the like have changed since
    it was begun, or it is older than five minutes, another look is taken, and asked about unless it plans the very same. (The CLI's own
    update plans would hold an up to more, but they refuse what depends on a value that only the up knows, such as a role for an identity
    that isn't there yet.)

    Returns:
        None for a yes, otherwise the exit code.

    Raises:
        FoundryError: a preview came to no end, or a service couldn't be asked.
    """
    from foundry.cli import meanwhile

    wanted = list(_of_a_look(arguments))
    agreed = ""
    while True:
        began, before = time.monotonic(), _fingerprint(project, run)
        found = previewing.look(run, wanted, verb)
        if found.document is not None and agreed == _planned(found.document):
            return None
        previewing.tell(run, found, manifest, say=say)
        if found.code or found.document is None:
            if verb == "destroy" and reads_what_is_live(arguments):
                say(PAST_WHAT_IS_LIVE.format(run.stack))
            return found.code or _DECLINED
        if not _says_yes(_QUESTIONS[verb].format(run.stack)):
            say("Nothing was changed.")
            return _DECLINED
        agreed = _planned(found.document)
        if before != _fingerprint(project, run):
            say("The project or the state has changed since that review was begun: looking again.")
        elif names := meanwhile.changed(run, found.document):
            say(f"Changed outside since that review was begun: {', '.join(names)}. Looking again.")
        elif time.monotonic() - began > _FRESH_SECONDS:
            say("That review is more than five minutes old: looking again.")
        else:
            return None


def _of_a_look(arguments: Sequence[str]) -> Iterator[str]:
    rest = iter(arguments)
    for item in rest:
        name, has_value, _ = item.partition("=")
        if name not in _OF_THE_DEED_ALONE:
            yield item
        elif not has_value:
            for _ in range(_OF_THE_DEED_ALONE[name]):
                next(rest, None)


def _planned(document: Mapping[str, Any]) -> str:
    """What a preview would do, and what it found to have been done by others: two previews that agree in this are one."""
    steps = []
    for step in document.get("steps") or ():
        before, after = step.get("oldState") or {}, step.get("newState") or {}
        # What is live of an object whose drift is only reported stands in its outputs alone.
        live = before.get("outputs") if str(before.get("type")).startswith(recovery.DYNAMIC) else None
        steps.append([step.get("op"), step.get("urn"), before.get("inputs"), live, after.get("inputs")])
    return hashlib.sha256(json.dumps(sorted(steps, key=json.dumps), sort_keys=True).encode()).hexdigest()


def _says_yes(question: str) -> bool:
    try:
        answer = input(f"\n{question} yes/no: ")
    except EOFError:
        print()
        return False
    return answer.strip().casefold() in ("y", "yes")


def _fingerprint(project: Project, run: Run) -> str:
    """What a preview is made of, but for what is live: the files of the project, and the state."""
    digest = hashlib.sha256()
    for path in _files(project.root):
        try:
            found = path.lstat()
        except OSError:
            continue
        digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ino}\n".encode())
    digest.update(_state(project, run).encode())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    """The files below a folder, but those of tools: hidden folders, environments, byte code."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in ("__pycache__", "node_modules")
            and not Path(folder, name, "pyvenv.cfg").exists()
        )
        yield from (Path(folder, name) for name in sorted(names))


def _state(project: Project, run: Run) -> str:
    """Something that is another after each write of the state."""
    folder = recovery.backend_folder(run.environment.get("PULUMI_BACKEND_URL", ""))
    if folder is not None:
        return "".join(
            f"{path.name}{path.stat().st_mtime_ns}{path.stat().st_ino}"
            for path in state_files.variants(recovery.state_file(folder, project.name, run.stack))
        )
    exported = run.captured(["stack", "export", "--stack", run.stack])
    try:
        return str(json.loads(exported.stdout)["deployment"]["manifest"]["time"])
    except (ValueError, KeyError, TypeError):
        return ""
