"""A small valid project, and ways to change it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from foundry.manifest import Loaded, load

HERE = Path(__file__).parent


class Project:
    """A copy of `project/`, to be changed and loaded."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def change(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        self.write(path, text.replace(old, new, 1))

    def load(self, stack: str = "dev") -> Loaded:
        return load(self.root, stack)

    def findings(self, stack: str = "dev") -> list[str]:
        return [str(finding) for finding in self.load(stack).findings]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    shutil.copytree(HERE / "project", root)
    return Project(root)


@pytest.fixture
def write_agent(project: Project) -> Callable[[str], None]:
    """Write a further agent, whose model is declared: the argument is the rest of its document."""

    def write(rest: str) -> None:
        project.write("stacks/base/agents/other.yaml", f"kind: Agent\nname: other\nmodel: chat\n{rest}")

    return write
