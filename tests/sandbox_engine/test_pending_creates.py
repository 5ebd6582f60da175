"""A create that an earlier run left pending, with a provider that refuses what exists: looked up by the id it would have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from attached import Boxes
from engine_scenarios import STACK, urn
from engine_world import World

from foundry.sandbox.engine import Event, Operation, Options, run

BOX = urn("a", "attached:index:Box")


def _left_pending(world: World, *, exists: bool, boxes: Boxes) -> None:
    """The state after a run that died in the middle of creating box a."""
    world.body('a = Box("a", {"size": 1})\nc = Thing("c", {"size": 1})')
    world.up()
    document = json.loads(world.checkpoint.read_text())
    latest = document["checkpoint"]["latest"]
    (box,) = [r for r in latest["resources"] if r["urn"] == BOX]
    latest["resources"].remove(box)
    started = {k: v for k, v in box.items() if k not in ("id", "outputs", "created", "modified")}
    latest["pending_operations"] = [{"resource": started, "type": "creating"}]
    world.checkpoint.write_text(json.dumps(document))
    if not exists:
        boxes.objects.clear()
    boxes.calls.clear()


def _up(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *,
    imports: Mapping[str, str] = MappingProxyType({}),
    clear: bool = False,
) -> tuple[bool, list[Event]]:
    for key in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_DEBUG_PROVIDERS"):
        monkeypatch.setenv(key, world.env[key])
    events: list[Event] = []
    options = Options(
        root=Path(world.project),
        stack=STACK,
        backend_url=world.env["PULUMI_BACKEND_URL"],
        debug_providers=world.env["PULUMI_DEBUG_PROVIDERS"],
        import_pending_creates=imports,
        clear_pending_creates=clear,
    )
    return run(Operation.UP, options, events.append).succeeded, events


def test_what_exists_is_taken_into_the_state_and_not_made_again(
    world: World, boxes: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    _left_pending(world, exists=True, boxes=boxes)
    succeeded, _ = _up(world, monkeypatch, imports={BOX: "/boxes/a"})

    assert succeeded
    assert boxes.calls == ["read a"]
    assert world.ids()["a"] == "/boxes/a"
    assert world.pending() == []


def test_what_never_came_to_be_is_made(world: World, boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    _left_pending(world, exists=False, boxes=boxes)
    succeeded, _ = _up(world, monkeypatch, imports={BOX: "/boxes/a"})

    assert succeeded
    assert boxes.calls == ["read a", "create a"]
    assert world.pending() == []


def test_what_is_cleared_is_forgotten(world: World, boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    _left_pending(world, exists=False, boxes=boxes)
    succeeded, _ = _up(world, monkeypatch, clear=True)

    assert succeeded
    assert boxes.calls == ["create a"]
    assert world.pending() == []


def test_what_is_named_is_taken_in_also_when_the_rest_is_cleared(
    world: World, boxes: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    _left_pending(world, exists=True, boxes=boxes)
    succeeded, _ = _up(world, monkeypatch, imports={BOX: "/boxes/a"}, clear=True)

    assert succeeded
    assert boxes.calls == ["read a"]


def test_what_is_kept_is_warned_of_and_the_provider_refuses_it(
    world: World, boxes: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    _left_pending(world, exists=True, boxes=boxes)
    succeeded, events = _up(world, monkeypatch)

    assert not succeeded
    texts = [getattr(e, "text", "") for e in events]
    assert any("whether it exists isn't known" in t for t in texts)
    assert any("cannot create already existing resource" in t for t in texts)
    assert world.pending() == ["a"]


def test_the_command_line_names_urn_and_id_as_the_cli_does(world: World, boxes: Boxes) -> None:
    _left_pending(world, exists=True, boxes=boxes)
    flags = ("--import-pending-creates", BOX, "--import-pending-creates", "/boxes/a")
    assert "/boxes/a exists and was taken into the state" in world.ok(
        "refresh", "--yes", "--skip-preview", *flags
    )
    world.up("--expect-no-changes")
