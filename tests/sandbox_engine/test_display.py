"""What a person sees of a run: on a terminal one moving line, in a log a word now and then, colours only where they are wanted."""

from __future__ import annotations

import io
import re

import pytest
from engine_scenarios import urn
from engine_world import World
from rich.console import Console

from foundry.sandbox.engine import (
    Diagnostic,
    Op,
    Resource,
    RunStarted,
    Step,
    StepFailed,
    StepFinished,
    StepStarted,
    StillUnderWay,
)
from foundry.sandbox.engine.diff import Diff
from foundry.sandbox.engine.display import Display

WIDTH = 60
ESCAPE = "\x1b["


def _started(name: str) -> StepStarted:
    new = Resource(urn=urn(name), custom=True, type="pulumi-python:dynamic/cloud:Thing")
    return StepStarted(step=Step(op=Op.CREATE, new=new), op=Op.CREATE, urn=new.urn, old=None, new=new)


def _shown(*events: object, is_terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, force_terminal=is_terminal, no_color=True, _environ={})
    display = Display(console)
    display.take(RunStarted(kind="up", project="rec", stack="dev", is_preview=False))
    for event in events:
        display.take(event)  # type: ignore[arg-type]
    if is_terminal:
        console.print(display._running)
    display.close()
    return out.getvalue()


def test_a_log_is_told_now_and_then_what_is_waited_for_and_why() -> None:
    said = _shown(
        _started("store"),
        _started("agent"),
        Diagnostic(severity="info", text="2 of 5 files are processed", urn=urn("store"), is_status=True),
        StillUnderWay(seconds=20.4),
        is_terminal=False,
    )
    assert said.splitlines()[1:] == ["    20s: creating store (2 of 5 files are processed), creating agent"]


def _failing(name: str, text: str) -> tuple[StepFailed, Diagnostic]:
    new = Resource(urn=urn(name), custom=True, type="pulumi-python:dynamic/cloud:Thing")
    step = Step(op=Op.REFRESH, old=new, new=new)
    failed = StepFailed(step=step, op=Op.REFRESH, urn=new.urn, seconds=0.0)
    return failed, Diagnostic(severity="error", text=text, urn=new.urn)


def test_one_cause_of_many_failures_is_read_once() -> None:
    said = _shown(
        *_failing("one", "no right to list"),
        *_failing("two", "no right to list"),
        *_failing("three", "gone"),
        Diagnostic(severity="error", text="gone", urn=urn("two")),
        is_terminal=False,
    )
    thing = "pulumi-python:dynamic/cloud:Thing"
    assert said.splitlines()[1:] == [
        f" !  {thing}  one  refresh failed",
        "    error: no right to list",
        f" !  {thing}  two  refresh failed",
        "    error: the same as for one",
        f" !  {thing}  three  refresh failed",
        "    error: gone",
        f"    error: {thing} two: gone",
    ]


def test_a_run_that_waits_for_its_program_says_so() -> None:
    assert _shown(StillUnderWay(seconds=10), is_terminal=False).endswith("10s: waiting for the program\n")


def test_on_a_terminal_it_is_one_line_however_much_is_under_way() -> None:
    events = [_started(f"a-thing-with-a-long-name-{n}") for n in range(9)]
    lines = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", x) for x in _shown(*events, is_terminal=True).split("\n")]
    assert max(len(x.rpartition("\r")[2]) for x in lines) <= WIDTH


def _looked_at(*, left: bool, gone: bool) -> StepFinished:
    old = Resource(urn=urn("store"), custom=True, type="pulumi-python:dynamic/cloud:Thing", delete=left)
    new = None if gone else old.copy()
    step = Step(op=Op.REFRESH, old=old, new=new, diff=Diff(changes=True))
    return StepFinished(step=step, op=Op.REFRESH, urn=old.urn, old=old, new=new, seconds=0)


@pytest.mark.parametrize(
    ("left", "gone", "said"),
    [
        (False, False, "store  changed outside"),
        (False, True, "store  gone: deleted outside"),
        (True, False, ""),
        (True, True, "store  gone already: it was replaced, and left to be deleted"),
    ],
)
def test_what_is_left_of_a_replacement_is_no_drift(left: bool, gone: bool, said: str) -> None:
    assert said in _shown(_looked_at(left=left, gone=gone), is_terminal=False)
    assert ("outside" in _shown(_looked_at(left=left, gone=gone), is_terminal=False)) != left


@pytest.mark.parametrize(
    ("flags", "env", "coloured"),
    [
        (("--color", "always"), {}, True),
        (("--color", "never"), {}, False),
        ((), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ((), {}, False),
    ],
)
def test_colours_are_only_where_they_are_wanted(
    world: World, flags: tuple[str, ...], env: dict[str, str], coloured: bool
) -> None:
    del world.env["NO_COLOR"]
    world.env["TERM"] = "xterm-256color"
    world.body('Thing("a", {"size": 1})')
    done = world.run("preview", *flags, **env)
    assert (f"{ESCAPE}32m" in done.stdout) is coloured


def test_what_a_provider_prints_is_shown(world: World) -> None:
    cloud = world.project / "cloud.py"
    cloud.write_text(
        cloud.read_text().replace(
            '        name = props["name"]\n',
            "        name = props[\"name\"]\n        print('from the provider')\n",
        )
    )
    world.body('Thing("a", {"size": 1})')
    assert "from the provider" in world.up()


def test_secrets_are_shown_only_on_request(world: World) -> None:
    world.body(
        'a = Thing("a", {"pass": pulumi.Output.secret("hush")}, Opts(additional_secret_outputs=["token"]))\npulumi.export("pass", a.token)'
    )
    assert "hush" not in world.ok("preview", "--diff")
    assert "hush" in world.ok("preview", "--diff", "--show-secrets")
    assert "[secret]" in world.up()
    assert "token of a-1" in world.up("--show-secrets")


def test_sames_are_shown_on_request(world: World) -> None:
    world.body('Thing("a", {"size": 1})')
    world.up()
    assert " a  unchanged" in world.ok("preview", "--show-sames")
    assert " a  unchanged" in world.up("--show-sames")
    assert " a  unchanged" not in world.ok("preview")
