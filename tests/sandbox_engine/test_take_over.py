"""Either engine takes a stack over from the other at any step, and respects the other's lock. Needs the real CLI."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import engine_normal as normal
import pytest
from attached import Boxes, serve
from engine_recordings import RECORDINGS, SCENARIOS
from engine_world import CLI, OURS, World, end, kill_with_family

pytestmark = pytest.mark.pulumi_cli

PROGRAM = """
g = Group("g")
a = Thing("a", {"size": 1, "text": "one\\ntwo"}, Opts(parent=g, protect=PROTECT))
b = Thing("b", {"of": a.made, "list": [1, None, {"x": True}]}, Opts(parent=a))
c = Thing("c", {"pass": pulumi.Output.secret("hush")}, Opts(depends_on=[a], additional_secret_outputs=["token"]))
t = Thing("t", {"ref": c.token}, Opts(custom_timeouts=pulumi.CustomTimeouts(create="5m")))
d = Thing("d", {"zone": 1}, Opts(delete_before_replace=True, deleted_with=a))
lane = pulumi.ProviderResource("pulumi-python", "lane", {})
e = Thing("e", {"of": d.id}, Opts(provider=lane, retain_on_delete=True, ignore_changes=["of"]))
pulumi.export("made", b.made)
pulumi.export("secret", c.token)
"""
HELD = 'h = Thing("h", {"hold": True})'


@pytest.fixture
def world(real_world: World) -> World:
    return real_world


def _program(world: World, *, protect: bool = False) -> None:
    world.body(PROGRAM.replace("PROTECT", str(protect)))


def _changes(world: World, engine: tuple[str, ...]) -> dict[str, int]:
    document = json.loads(world.ok("preview", "--json", engine=engine))
    return {k: n for k, n in document["changeSummary"].items() if k != "same"}


def test_the_cli_takes_over_what_ours_made_and_sees_no_change(world: World) -> None:
    _program(world)
    world.up()

    assert "dev" in world.stacks_that_the_cli_lists()
    assert _changes(world, CLI) == {}
    world.up("--expect-no-changes", engine=CLI)
    assert _changes(world, OURS) == {}
    secret = world.ok("stack", "output", "secret", "--show-secrets", engine=CLI)
    assert secret.strip() == "token of c-1"


def test_ours_takes_over_what_the_cli_made_and_sees_no_change(world: World) -> None:
    _program(world)
    world.ok("stack", "init", engine=CLI)
    world.up(engine=CLI)

    assert _changes(world, OURS) == {}
    world.up("--expect-no-changes")
    assert _changes(world, CLI) == {}
    assert world.ok("stack", "output", "secret", "--show-secrets").strip() == "token of c-1"
    world.ok("destroy", "--yes", "--skip-preview")
    assert list(world.objects()) == ["d-1", "e-1"], (
        "what goes with another or is retained isn't deleted by itself"
    )


def test_the_engines_take_turns_through_a_life(world: World) -> None:
    _program(world)
    world.up()
    world.body(PROGRAM.replace("PROTECT", "False").replace('"zone": 1', '"zone": 2'))
    world.up(engine=CLI)
    world.change("c-1", {"pass": "changed by hand"})
    world.up("--refresh")
    assert world.objects()["c-1"]["pass"] == "hush"
    assert _changes(world, CLI) == {}
    world.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes", engine=CLI)
    world.ok("destroy", "--yes", "--skip-preview", engine=CLI)
    world.up()
    assert sorted(world.ids())[:5] == ["a", "b", "c", "d", "default"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("components", OURS),
        ("provider_settings", CLI),
        ("looked_up", OURS),
        ("references_between_resources", CLI),
        ("moved_by_alias", CLI),
        ("targeted", OURS),
    ],
)
def test_a_recorded_life_is_the_same_with_the_engines_taking_turns(
    name: str, first: tuple[str, ...], tmp_path: Path
) -> None:
    scenario = next(s for s in SCENARIOS if s.name == name)
    recording = json.loads((RECORDINGS / f"{name}.json").read_text())["stages"]
    world = World(tmp_path, options=scenario.options, settings=scenario.settings)
    boxes = Boxes()
    server, port = serve(boxes)
    if scenario.attached:
        world.env["PULUMI_DEBUG_PROVIDERS"] = f"attached:{port}"
    world.ok("stack", "init", engine=CLI)
    for number, (stage, recorded) in enumerate(zip(scenario.stages, recording, strict=True)):
        if stage.program is not None:
            world.program(stage.program)
        for id_, change in stage.cloud.items():
            world.change(id_, change)
        for box, fields in stage.boxes.items():
            boxes.objects[box] |= fields or {}
        engine = (OURS, CLI)[(number + (first is CLI)) % 2]
        if stage.is_preview:
            done = world.run(stage.argv[0], "--json", *stage.argv[1:], engine=engine)
        else:
            done = world.run(stage.argv[0], "--yes", "--skip-preview", *stage.argv[1:], engine=engine)
        assert done.returncode == recorded["exit"], done.stdout + done.stderr
        state = normal.by_identity(normal.state(world.deployment()))
        assert normal.differences(state, normal.by_identity(normal.state(recorded["state"]))) == []
    server.stop(None)


def test_a_salt_that_ours_writes_opens_for_the_cli(world: World) -> None:
    (world.project / "Pulumi.dev.yaml").unlink()
    _program(world)
    world.up()

    assert "encryptionsalt: v1:" in (world.project / "Pulumi.dev.yaml").read_text()
    assert _changes(world, CLI) == {}


def test_the_cli_waits_for_our_lock_and_we_for_its(world: World) -> None:
    world.body(HELD)
    world.ok("stack", "init", engine=CLI)
    for holder, other in ((OURS, CLI), (CLI, OURS)):
        run = world.start("up", "--yes", "--skip-preview", engine=holder)
        try:
            world.wait_until_held("h")
            refused = world.run("up", "--yes", "--skip-preview", engine=other)
            assert refused.returncode != 0
            assert "the stack is currently locked by 1 lock(s)" in refused.stderr + refused.stdout
            assert f"(pid {run.pid})" in refused.stderr + refused.stdout
        finally:
            world.release()
            run.communicate(timeout=60)
        assert world.locks() == []
        (world.project / "cloud" / "go").unlink()
        (world.project / "cloud" / "held-h").unlink()
        world.run("destroy", "--yes", "--skip-preview")


@pytest.mark.parametrize(
    ("killed", "next_run"), [(OURS, CLI), (CLI, OURS)], ids=["ours then cli", "cli then ours"]
)
def test_one_engine_goes_on_where_the_other_was_killed(
    world: World, killed: tuple[str, ...], next_run: tuple[str, ...]
) -> None:
    world.body(
        'a = Thing("a", {"size": 1})\nh = Thing("h", {"hold": True, "after": a.made})\nz = Thing("z", {"of": h.made})'
    )
    world.ok("stack", "init", engine=CLI)
    run = world.start("up", "--yes", "--skip-preview", engine=killed)
    world.wait_until_held("h")
    end(kill_with_family(run))
    world.release()
    if next_run is CLI:
        world.ok("cancel", "--yes", engine=CLI)
    world.up(engine=next_run)

    assert sorted(world.objects()) == ["a-1", "h-1", "z-1"]
    assert _changes(world, next_run) == {}


def test_one_interrupt_saves_a_state_that_the_cli_takes_over(world: World) -> None:
    world.body(f"{HELD}\nz = Thing('z', {{'of': h.made}})")
    run = world.start("up", "--yes", "--skip-preview")
    world.wait_until_held("h")
    run.send_signal(signal.SIGINT)
    world.release()
    run.communicate(timeout=60)

    assert _changes(world, CLI) == {"create": 1}
