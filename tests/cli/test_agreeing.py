"""The question before an up, over an engine that only says what it is told to: when it is asked, and what is left to the engine."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundry.cli import agreeing
from foundry.cli.engines import Engine, Run
from foundry.cli.project import Project

ENGINE = """
import shutil, sys
with open("../looks", "a") as looks:
    print(*sys.argv[1:], file=looks)
shutil.copy("plan.json", sys.argv[sys.argv.index("--save-preview") + 1])
sys.exit(int(open("code").read()))
"""
URN = "urn:pulumi:s::p::pulumi-python:dynamic/foundry:Agent::desk"


class Typed(io.TextIOBase):
    """Standard input on which each line is typed when it is asked for."""

    def __init__(self, *answers: Callable[[], str]) -> None:
        self.left = list(answers)

    def readline(self, _: int = -1) -> str:  # type: ignore[override]
        return self.left.pop(0)()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    root = tmp_path / "project"
    root.mkdir()
    (root / "code").write_text("0")
    engine = tmp_path / "engine.py"
    engine.write_text(ENGINE)
    plan(root, "Help.")
    environment = {**os.environ, "PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    return Run(Engine("an engine", (sys.executable, str(engine)), is_cli=False), root, "s", environment)


def plan(root: Path, instructions: str) -> None:
    inputs = {"name": "desk", "definition": {"instructions": instructions}}
    step = {"op": "create", "urn": URN, "newState": {"urn": URN, "custom": True, "inputs": inputs}}
    (root / "plan.json").write_text(json.dumps({"steps": [step]}))


def looks(run: Run) -> list[str]:
    return (run.root.parent / "looks").read_text().splitlines()


def asked(
    run: Run, *answers: Callable[[], str], arguments: tuple[str, ...] = (), verb: str = "up"
) -> tuple[Any, str]:
    typed, told, before = Typed(*answers), io.StringIO(), sys.stdin
    sys.stdin = typed  # type: ignore[assignment]
    try:
        with contextlib.redirect_stdout(told):
            code = agreeing.ask(Project(run.root, "p", run.root), run, verb, arguments, None, say=print)
    finally:
        sys.stdin = before
    assert not typed.left
    return code, told.getvalue()


def yes() -> str:
    return "yes\n"


def test_a_yes_to_the_review_is_enough_where_nothing_changes_meanwhile(run: Run) -> None:
    code, told = asked(run, yes)
    assert code is None
    assert told.index("desk: create") < told.index("Do this to stack s? yes/no:")
    assert len(looks(run)) == 1


@pytest.mark.parametrize("answer", ["no\n", "\n", "maybe\n", ""])
def test_everything_but_a_yes_changes_nothing(run: Run, answer: str) -> None:
    code, told = asked(run, lambda: answer)
    assert code == 1
    assert told.endswith("Nothing was changed.\n")


def test_files_that_are_written_anew_with_the_same_in_them_need_another_look_and_no_other_yes(
    run: Run,
) -> None:
    def touch() -> str:
        plan(run.root, "Help.")
        return "y\n"

    code, told = asked(run, touch)
    assert code is None
    assert told.count("yes/no:") == 1
    assert len(looks(run)) == 2


def test_another_plan_is_shown_and_asked_about(run: Run) -> None:
    def edit() -> str:
        plan(run.root, "Hurt.")
        return "yes\n"

    code, told = asked(run, edit, lambda: "no\n")
    assert code == 1
    assert told.index("Help.") < told.index("looking again") < told.index("Hurt.")


def test_a_state_that_somebody_wrote_meanwhile_needs_another_look(run: Run, tmp_path: Path) -> None:
    def write() -> str:
        state = tmp_path / ".pulumi/stacks/p/s.json"
        state.parent.mkdir(parents=True)
        state.write_text("{}")
        return "yes\n"

    code, _ = asked(run, write)
    assert code is None
    assert len(looks(run)) == 2


def test_a_preview_that_fails_is_asked_about_by_nobody(run: Run) -> None:
    (run.root / "code").write_text("3")
    code, told = asked(run)
    assert code == 3
    assert "yes/no" not in told


def test_a_preview_gets_what_it_knows_of_an_up_s_arguments(run: Run) -> None:
    given = ("--refresh=false", "--continue-on-error", "--secrets-provider", "passphrase", "--parallel", "2")
    asked(run, yes, arguments=given)
    assert looks(run)[0].startswith("preview --stack s --refresh=false --parallel 2 --save-preview")


def test_a_destroy_is_asked_about_after_the_review_of_what_it_would_delete(run: Run) -> None:
    step = {"op": "delete", "urn": URN, "oldState": {"urn": URN, "custom": True, "inputs": {"name": "desk"}}}
    (run.root / "plan.json").write_text(json.dumps({"steps": [step]}))
    code, told = asked(run, lambda: "no\n", arguments=("--remove", "--parallel", "2"), verb="destroy")
    assert code == 1
    assert told.index("desk: delete") < told.index("Destroy this, which stack s has made? yes/no:")
    assert looks(run)[0].startswith("destroy --stack s --preview-only --parallel 2 --save-preview")


@pytest.mark.parametrize(("given", "is_said"), [((), True), (("--refresh=false",), False)])
def test_a_destroy_whose_preview_fails_says_how_to_go_past_what_can_t_be_read(
    run: Run, given: tuple[str, ...], is_said: bool
) -> None:
    (run.root / "code").write_text("1")
    code, told = asked(run, arguments=given, verb="destroy")
    assert code == 1
    assert ("fac destroy -s s --refresh=false" in told) is is_said


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "given", ["--yes", "-y", "--skip-preview", "--diff", "--json", "--plan=x", "--preview-only"]
)
def test_what_the_engine_asks_or_tells_by_itself_is_left_to_it(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.delenv("CI", raising=False)
    assert agreeing.is_asked(["--refresh=false"])
    assert not agreeing.is_asked(["--refresh=false", given])


def test_nobody_is_asked_where_nobody_sits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes"))
    assert not agreeing.is_asked([])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setenv("CI", "true")
    assert not agreeing.is_asked([])
