"""Our engine does what the real one did: the same operations on the same resources, and the same state afterwards.

Each recorded stage is replayed from the *recorded* state before it, so that a departure shows where it begins.
"""

from __future__ import annotations

import contextlib
import copy
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import engine_normal as normal
import pytest
from attached import Boxes, serve
from engine_recordings import RECORDINGS, SCENARIOS
from engine_scenarios import PASSPHRASE, PROJECT, SALT, STACK, Scenario
from engine_world import World

from foundry.sandbox.engine.secrets import Crypter, open_salt

SIGNATURE = "4dabf18193072939515e22adb298388d"

# Where ours departs on purpose: (scenario, stage) → why.
OURS_IS_BETTER = {
    ("killed", 1): "a lock whose process is gone on this host is removed, so the run goes on",
    ("killed", 2): "nothing is left to cancel",
    ("killed", 3): "a pending create that was made again is no longer pending",
    ("replacement_fails", 3): "what went with a failed replacement isn't deleted a second time",
}


@pytest.fixture(scope="session")
def crypter() -> Crypter:
    return open_salt(SALT, PASSPHRASE)


def _load(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return result


def _sealed(value: Any, crypter: Crypter) -> Any:
    if isinstance(value, dict):
        if SIGNATURE in value and "plaintext" in value:
            return {SIGNATURE: value[SIGNATURE], "ciphertext": crypter.encrypt(value["plaintext"])}
        return {k: _sealed(v, crypter) for k, v in value.items()}
    return [_sealed(v, crypter) for v in value] if isinstance(value, list) else value


def _counters(stages: list[dict[str, Any]]) -> dict[str, int]:
    """How many objects of each name were made so far, told from their ids (NAME-N)."""
    ids = [i for s in stages for i in (*s["objects"], *(r.get("id", "") for r in s["state"]["resources"]))]
    found: dict[str, int] = {}
    for id_ in ids:
        name, _, n = id_.rpartition("-")
        if n.isdigit():
            found[name] = max(int(n), found.get(name, 0))
    return found


def _arrange(world: World, earlier: list[dict[str, Any]], stage: dict[str, Any], crypter: Crypter) -> None:
    """The project as it was before the stage: program, state, cloud with its counters of ids."""
    cloud = world.project / "cloud"
    cloud.mkdir(exist_ok=True)
    if earlier:
        before = earlier[-1]
        latest = {
            "manifest": {},
            "secrets_providers": {"type": "passphrase", "state": {"salt": SALT}},
            "resources": _sealed(before["state"]["resources"], crypter),
            "pending_operations": _sealed(before["state"]["pending"], crypter),
        }
        checkpoint = {
            "version": 3,
            "checkpoint": {"stack": f"organization/{PROJECT}/{STACK}", "latest": latest},
        }
        world.checkpoint.parent.mkdir(parents=True)
        world.checkpoint.write_text(json.dumps(checkpoint))
        for id_, fields in before["objects"].items():
            (cloud / f"{id_}.json").write_text(json.dumps(fields))
        for name, count in _counters(earlier).items():
            (cloud / f"count-{name}").write_text(str(count))
    for id_, change in stage["cloud"].items():
        world.change(id_, change)


@contextlib.contextmanager
def _boxes(
    world: World, scenario: Scenario, earlier: list[dict[str, Any]], stage: dict[str, Any]
) -> Iterator[Boxes]:
    """The attached provider with what the earlier stages left in it."""
    boxes = Boxes()
    if not scenario.attached:
        yield boxes
        return
    server, port = serve(boxes)
    world.env["PULUMI_DEBUG_PROVIDERS"] = f"attached:{port}"
    if earlier:
        boxes.objects.update(copy.deepcopy(earlier[-1]["boxes"]))
    for name, change in stage["changed_boxes"].items():
        boxes.objects[name] |= change
    yield boxes
    server.stop(None)


def _stages() -> list[Any]:
    cases = []
    for scenario in SCENARIOS:
        for index, stage in enumerate(scenario.stages):
            if stage.kill_when_held is None and (scenario.name, index) not in OURS_IS_BETTER:
                cases.append(
                    pytest.param(scenario, index, id=f"{scenario.name}-{index}-{'_'.join(stage.argv[:1])}")
                )
    return cases


def _urns(pairs: list[list[str]]) -> Counter[tuple[str, str]]:
    return Counter((op, urn) for op, urn in pairs)


def _previewed(preview: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(s["op"], s["urn"]): s for s in preview["steps"]}


@pytest.mark.parametrize(("scenario", "index"), _stages())
def test_a_recorded_stage_plays_the_same_on_our_engine(
    scenario: Scenario, index: int, tmp_path: Path, crypter: Crypter, warm_python: Path
) -> None:
    recording = _load(scenario.name)["stages"]
    stage = recording[index]
    program = next(s["program"] for s in reversed(recording[: index + 1]) if s["program"] is not None)
    world = World(tmp_path, options=scenario.options, settings=scenario.settings, python=warm_python)
    world.program(program)
    _arrange(world, recording[:index], stage, crypter)

    with _boxes(world, scenario, recording[:index], stage) as boxes:
        if "preview" in stage:
            verb, *flags = stage["argv"]
            if not scenario.stages[index].is_preview:
                verb, flags = "preview", [f for f in flags if f == "--target" or f.startswith("urn:")]
            done = world.run(verb, "--json", *flags)
            ours = normal.preview(json.loads(done.stdout))
            theirs = stage["preview"]
            assert normal.differences(_previewed(ours), _previewed(normal.preview(theirs))) == []
            assert ours["changeSummary"] == theirs["changeSummary"]
            assert done.returncode == (stage["exit"] if scenario.stages[index].is_preview else theirs["exit"])
        if scenario.stages[index].is_preview:
            return

        verb, *flags = stage["argv"]
        done = world.run(verb, "--yes", "--skip-preview", "--json", *flags)
        assert done.returncode == stage["exit"], done.stdout + done.stderr
        stream = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        ours_events = normal.events(stream)
        assert _urns(ours_events["begun"]) == _urns(stage["events"]["begun"])
        assert _urns(ours_events["ended"]) == _urns(stage["events"]["ended"])
        assert ours_events["counts"] == stage["events"]["counts"]
        ours_state = normal.state(world.deployment())
        theirs_state = normal.state(stage["state"])
        assert normal.differences(normal.by_identity(ours_state), normal.by_identity(theirs_state)) == []
        assert ours_state["pending"] == theirs_state["pending"]
        assert world.objects() == stage["objects"]
        assert world.locks() == []
        assert boxes.objects == stage.get("boxes", {})
