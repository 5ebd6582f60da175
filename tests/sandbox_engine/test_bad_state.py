"""A state that can't be trusted stops the run with a message that names the file and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from engine_world import World


def _edited(world: World, edit: Callable[[dict[str, Any]], None]) -> str:
    world.body('a = Thing("a", {"size": 1})\nb = Thing("b", {"of": a.made})')
    world.up()
    document = json.loads(world.checkpoint.read_text())
    edit(document)
    world.checkpoint.write_text(json.dumps(document))
    done = world.run("preview")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


def _resources(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["checkpoint"]["latest"]["resources"]
    return found


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: _resources(d).append(dict(_resources(d)[-1])), "stands twice"),
        (lambda d: _resources(d).reverse(), "which doesn't come before it"),
        (lambda d: _resources(d)[-1].update(urn="not a urn"), "is not a URN"),
        (lambda d: _resources(d)[-1].update(viewOf="x"), "a view resource in the state"),
        (lambda d: _resources(d)[-1].update(novelty=1), "the field 'novelty'"),
        (lambda d: d.update(version=9), "checkpoint version 9"),
        (
            lambda d: d["checkpoint"]["latest"].update(secrets_providers={"type": "cloud"}),
            "the secrets provider 'cloud'",
        ),
        (lambda d: d.pop("checkpoint"), "is damaged"),
    ],
)
def test_a_broken_state_is_refused_by_name(
    world: World, edit: Callable[[dict[str, Any]], None], said: str
) -> None:
    assert said in _edited(world, edit)


def test_half_a_file_is_refused_and_the_state_before_is_beside_it(world: World) -> None:
    world.body('a = Thing("a", {"size": 1})')
    world.up()
    world.up()
    world.checkpoint.write_text(world.checkpoint.read_text()[:100])
    assert "dev.json.bak" in world.run("preview").stderr
    assert json.loads((world.checkpoint.parent / "dev.json.bak").read_text())["version"] == 3


def test_a_wrong_passphrase_is_told_before_anything_is_done(world: World) -> None:
    world.body('a = Thing("a", {"size": 1})')
    done = world.run("up", "--yes", "--skip-preview", PULUMI_CONFIG_PASSPHRASE="another")
    assert done.returncode == 1
    assert "incorrect passphrase" in done.stderr
    assert world.objects() == {}
