"""One clone for all of these tests: under version control, its sandbox stack up. Who changes something puts it back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Clone, make_clone


def git(clone: Clone, *arguments: str) -> str:
    """Run git in the clone as somebody."""
    done = subprocess.run(
        ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", *arguments],
        cwd=clone.root,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="package")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone in git whose sandbox stack is up."""
    made = make_clone(tmp_path_factory.mktemp("day-two") / "project")
    (made.root / ".gitignore").write_text(".sandbox/\n.venv\n.pulumi-home/\n__pycache__/\n")
    git(made, "init", "-q", "-b", "main")
    git(made, "add", "-A")
    git(made, "commit", "-q", "-m", "The environment as it was handed over")
    made.fac("up", "--yes")
    yield made
    made.run("sandbox", "stop")
