"""The Pulumi project that the command stands in: its root, its name, its stacks and their settings files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import yaml

from foundry.model import FoundryError

DEFAULT_STACK = "sandbox"
PROJECT_FILE = "Pulumi.yaml"


@dataclass(frozen=True)
class Project:
    """A folder with a `Pulumi.yaml`. `settings_dir` holds `Pulumi.<stack>.yaml` (Pulumi's `stackConfigDir`)."""

    root: Path
    name: str
    settings_dir: Path

    def settings_file(self, stack: str) -> Path:
        """The settings file of a stack, whether or not it exists."""
        return self.settings_dir / f"Pulumi.{stack}.yaml"

    def require(self, stack: str) -> None:
        """Refuse a stack that has no settings file.

        Raises:
            FoundryError: there is no such stack; the text has those that there are.
        """
        if not self.settings_file(stack).exists():
            raise FoundryError(
                f"there is no stack {stack!r}", fix=f"there are: {', '.join(self.stacks()) or 'none'}"
            )

    def stacks(self) -> tuple[str, ...]:
        """Names of the stacks that have a settings file, sorted."""
        return tuple(
            sorted(
                path.name.removeprefix("Pulumi.").removesuffix(".yaml")
                for path in self.settings_dir.glob("Pulumi.*.yaml")
            )
        )


def find_project(start: Path) -> Project:
    """The project of `start` or of the nearest folder above it.

    Raises:
        FoundryError: there is none, or its `Pulumi.yaml` can't be read.
    """
    for folder in (start, *start.parents):
        path = folder / PROJECT_FILE
        if path.is_file():
            return _read(folder, path)
    raise FoundryError(
        f"no {PROJECT_FILE} in {start} or above it",
        fix="change to the folder of the project, or name it with --cwd; `fac init` begins a project",
    )


def is_in_one(start: Path) -> bool:
    """Whether there is a project in `start` or above it."""
    return any((folder / PROJECT_FILE).is_file() for folder in (start, *start.parents))


def default_stack() -> str:
    """The stack a command works on when none is named."""
    return os.environ.get("PULUMI_STACK") or DEFAULT_STACK


def _read(folder: Path, path: Path) -> Project:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        name = document["name"]
        settings = document.get("stackConfigDir", ".")
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise FoundryError(
            f"{path} can't be read as a Pulumi project", fix="restore it from version control"
        ) from error
    if not isinstance(settings, str):
        raise FoundryError(f"`stackConfigDir` in {path} is not text", fix="write `stackConfigDir: stacks`")
    return Project(root=folder, name=str(name), settings_dir=folder / settings)
