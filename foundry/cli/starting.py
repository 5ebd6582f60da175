"""`fac init`: a project where there is none, settings for a stack that has none, and the stack's id."""

from __future__ import annotations

import argparse
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from foundry.cli import settings
from foundry.cli.options import Commands, add_stack
from foundry.cli.project import DEFAULT_STACK, PROJECT_FILE, Project, find_project, is_in_one
from foundry.model import FoundryError

_PLACES: Final = {"program.py.txt": "__main__.py", "gitignore": ".gitignore"}
"""Where a file of the starter goes that can't have its own name in the distribution; all others keep theirs."""

_STACK: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_SETTINGS: Final = ("Pulumi.sandbox.yaml", "Pulumi.azure.yaml")


def add(commands: Commands) -> None:
    """Register the command."""
    text = "begin a project in a folder that has none; in a project, begin a stack or give it its id"
    command = commands.add_parser("init", help=text, description=text)
    add_stack(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write what is missing, and say what was written and what comes next."""
    folder = Path(arguments.cwd).resolve()
    if not _STACK.fullmatch(arguments.stack):
        raise FoundryError(
            f"{arguments.stack!r} can't be the name of a stack",
            fix="use letters, digits, dashes, underscores and dots, 100 at most",
        )
    if not is_in_one(folder):
        return _begin_project(folder, arguments.stack)
    give_id(find_project(folder), arguments.stack)
    return 0


def give_id(project: Project, stack: str) -> None:
    """Write an id into a stack's settings, which are made where there are none; a stack that has one keeps it.

    Raises:
        FoundryError: the settings can't be read or written.
    """
    path = project.settings_file(stack)
    existing = settings.read(path).get(settings.STACK_ID)
    if existing:
        _say(f"Stack {stack} has its id already: {existing}")
        return
    shown = path.relative_to(project.root)
    if path.exists():
        value = settings.write_stack_id(path)
        _say(f"Wrote {settings.STACK_ID} {value} into {shown}; commit it.")
        return
    _write({path: _settings_of(stack)})
    _say(f"Wrote {shown}, the settings of stack {stack}, with its id; commit it.")
    _say(f"What is still missing in it: fac validate -s {stack}")


def _begin_project(folder: Path, stack: str) -> int:
    files = dict(_project_files(folder))
    files[folder / "stacks" / f"Pulumi.{DEFAULT_STACK}.yaml"] = _settings_of(DEFAULT_STACK)
    files[folder / "stacks" / f"Pulumi.{stack}.yaml"] = _settings_of(stack)
    # The file that makes it a project comes last, so that what was cut off can be begun again.
    files[folder / PROJECT_FILE] = files.pop(folder / PROJECT_FILE)
    in_the_way = sorted(str(path.relative_to(folder)) for path in files if path.exists())
    if in_the_way:
        raise FoundryError(
            f"{folder} is no Pulumi project, and these files would be written over: {', '.join(in_the_way)}",
            fix="begin in an empty folder, or move them away",
        )
    _write(files)
    _say(f"A project, in {folder}:")
    for path in sorted(files):
        if "schemas" not in path.parts:
            _say(f"  {path.relative_to(folder)}")
    _say("  schemas/                 for completion and checks in an editor")
    _say("\nTo go on:")
    for command, what in (
        ("fac up", "bring it up in the sandbox, on this machine"),
        ('fac ask helper "When are you open?"', "ask its agent"),
        ("fac check", "hold the checks that it declares"),
        ("fac preview", "after an edit under stacks/: what would change"),
        ("fac init -s dev", "a stack on Azure"),
    ):
        _say(f"  {command:<38} {what}")
    return 0


def _project_files(folder: Path) -> Iterator[tuple[Path, str]]:
    from foundry.manifest.schema import FILES, text_of

    words = {"@project@": _project_name(folder), "@stem@": _stem(folder), "@runtime@": _runtime(folder)}
    starter = resources.files("foundry.cli").joinpath("starter")
    for place, text in _texts(starter, ""):
        if place not in _SETTINGS:
            yield folder / _PLACES.get(place, place), _filled(text, words)
    for kind, stem in FILES.items():
        yield folder / "schemas" / f"{stem}.json", text_of(kind)


def _settings_of(stack: str) -> str:
    name = _SETTINGS[0 if stack == DEFAULT_STACK else 1]
    text = resources.files("foundry.cli").joinpath("starter", name).read_text(encoding="utf-8")
    return _filled(text, {"@stack_id@": str(uuid.uuid4())})


def _texts(folder: Traversable, above: str) -> Iterator[tuple[str, str]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            yield from _texts(one, f"{above}{one.name}/")
        else:
            yield f"{above}{one.name}", one.read_text(encoding="utf-8")


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _project_name(folder: Path) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", folder.name).strip("-")[:100] or "agents"


def _stem(folder: Path) -> str:
    """Like the folder, as far as Azure's names go: 3 to 16 lower-case letters, digits and single dashes, a letter first."""
    name = re.sub(r"^[0-9-]+", "", re.sub(r"[^a-z0-9]+", "-", folder.name.lower()))[:16].strip("-")
    return name if len(name) >= 3 else "my-agents"


def _runtime(folder: Path) -> str:
    """Pulumi's runtime: the Python of a virtual environment that stands in the project, else the one on PATH."""
    environment = Path(sys.prefix)
    if sys.prefix == sys.base_prefix or not environment.is_relative_to(folder):
        return "python"
    return f"\n  name: python\n  options:\n    virtualenv: {environment.relative_to(folder).as_posix()}"


def _write(files: Mapping[Path, str]) -> None:
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise FoundryError(
                f"{path} can't be written: {error.strerror}", fix="make the folder one that you may write to"
            ) from error


def _say(text: str) -> None:
    print(text, flush=True)
