"""One clone for all of these tests: under version control, its sandbox stack up. Who changes something puts it back."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from foundry.cli import main
from tests.cli.conftest import Clone, make_clone


@dataclass(frozen=True)
class Desk(Clone):
    """A clone whose commands run in this process where they start no engine of their own: that is ten times faster."""

    def answered(self, text: str | TextIO | None, *arguments: str) -> tuple[int, str]:
        """The exit code of a command that is given `text` (or a stream, or none at all) on standard input, and what it printed."""
        told, before, standard_input = io.StringIO(), dict(os.environ), sys.stdin
        os.environ.clear()
        os.environ.update(self.environment)
        sys.stdin = io.StringIO(text) if isinstance(text, str) else text  # type: ignore[assignment]  # None where it is closed
        try:
            with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
                code = main(["--cwd", str(self.root), *arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            sys.stdin = standard_input
            os.environ.clear()
            os.environ.update(before)
        return code, told.getvalue()

    def run(self, *arguments: str) -> tuple[int, str]:
        if arguments[0] in {"up", "preview", "refresh", "destroy", "sandbox"}:
            return super().run(*arguments)
        return self.answered("", *arguments)

    def standard_output(self, *arguments: str) -> str:
        return super().standard_output(*arguments) if arguments[0] == "preview" else self.fac(*arguments)

    def change(self, path: str, old: str, new: str) -> None:
        """Write something else into a file."""
        file = Path(self.root, path)
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))


def git(clone: Desk, *arguments: str) -> str:
    """Run git in the clone as somebody."""
    done = subprocess.run(
        ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", *arguments],
        cwd=clone.root,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


HELPER = """\
kind: Agent
name: helper
dialect: versioned
model: chat
instructions: Help.     # short
"""
NAMED = {
    "agents/mate.yaml": """\
kind: Agent
name: mate
dialect: versioned
model: chat
skills: [repairs]
tools:
  lookups: {type: toolbox, toolbox: lookups, connection_id: "/subscriptions/s/connections/box"}
  memory: {type: memory_search, memory_store: people, scope: user}
""",
    "memory-stores/people.yaml": """\
kind: MemoryStore
name: people
chat_model: chat
embedding_model: embeddings
""",
    "skills/repairs.yaml": """\
kind: Skill
name: repairs
description: How a repair is handled
instructions: Ask what is broken.
""",
    "toolboxes/lookups.yaml": """\
kind: Toolbox
name: lookups
tools:
  stock: {type: azure_ai_search, index: products}
skills: [repairs]
""",
}
"""What only the versioned dialect has, and an agent that uses it."""


@pytest.fixture(scope="package")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A clone in git whose sandbox stack is up, with a versioned agent beside the classic ones."""
    clone = make_clone(tmp_path_factory.mktemp("day-two") / "project")
    made = Desk(clone.root, clone.engine)
    (made.root / ".gitignore").write_text(".sandbox/\n.venv\n.pulumi-home/\n__pycache__/\n")
    (made.root / "stacks/sandbox/agents/helper.yaml").write_text(HELPER)
    for path, text in NAMED.items():
        (made.root / "stacks/sandbox" / path).parent.mkdir(exist_ok=True)
        (made.root / "stacks/sandbox" / path).write_text(text)
    git(made, "init", "-q", "-b", "main")
    git(made, "add", "-A")
    git(made, "commit", "-q", "-m", "The environment as it was handed over")
    made.fac("up", "--yes")
    yield made
    made.run("sandbox", "stop")


def on_a_terminal(desk: Desk, answers: Sequence[Callable[[], str]], *arguments: str) -> tuple[int, str]:
    """Run `fac` on a terminal; whenever it asks, the next of the answers is asked for and typed: an empty one is Ctrl-C."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "foundry.cli", *arguments],
        cwd=desk.root,
        env={name: value for name, value in desk.environment.items() if name != "CI"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    printed, left, pressed = "", list(answers), False
    try:
        while True:
            # As a person would, Ctrl-C is pressed again when nothing came of it: Python's input() waits on when an interrupt
            # falls between its prompt and its read.
            while pressed and not select.select([ours], [], [], 5)[0]:
                os.killpg(process.pid, signal.SIGINT)
            try:
                part = os.read(ours, 65536).decode(errors="replace")
            except OSError:  # the terminal's other side is closed
                break
            printed += part
            if left and printed.count("yes/no:") > len(answers) - len(left):
                if answer := left.pop(0)():
                    os.write(ours, answer.encode())
                else:
                    os.killpg(process.pid, signal.SIGINT)
                    pressed = True
        return process.wait(60), printed
    finally:
        process.kill()
        os.close(ours)


SMALL = """\
encryptionsalt: v1:N3VFDKTKtDQ=:v1:DczeC+2bytoHevPp:2gJrQTi7sQfKGqoc2f1aLqR5upqJQQ==
config:
  azure-native:subscriptionId: 00000000-0000-4000-8000-000000000001
  foundry:sandbox: "true"
  foundry:stackId: {stack_id}
  foundry:layers: [{name}]
"""


ENVIRONMENT = """\
kind: Environment
name: {name}
dialect: classic
existing: {{stack: organization/foundry-as-code/sandbox}}
"""


def small_stack(desk: Desk, name: str, stack_id: str) -> Path:
    """A stack that has agents and stores alone, on the project of the sandbox stack; returns its folder of declarations."""
    folder = Path(desk.root, "stacks", name)
    (folder / "agents").mkdir(parents=True)
    (folder / "environment.yaml").write_text(ENVIRONMENT.format(name=name))
    (desk.root / f"stacks/Pulumi.{name}.yaml").write_text(SMALL.format(name=name, stack_id=stack_id))
    return folder


def forget(desk: Desk, name: str) -> None:
    """Destroy a small stack and take its files away."""
    desk.run("destroy", "--yes", "-s", name)
    shutil.rmtree(desk.root / "stacks" / name, ignore_errors=True)
    (desk.root / f"stacks/Pulumi.{name}.yaml").unlink(missing_ok=True)
    (desk.root / f".sandbox/state/.pulumi/stacks/foundry-as-code/{name}.json").unlink(missing_ok=True)
