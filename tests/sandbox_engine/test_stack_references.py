"""A program may read the outputs of another stack in the same backend."""

from __future__ import annotations

import json
import shutil

import pytest
from engine_world import CLI, World

READER = """
other = pulumi.StackReference("organization/other/prod")
a = Thing("a", {"of": other.get_output("made"), "pass": other.get_output("hidden")})
pulumi.export("seen", other.get_output("made"))
"""


def _other_stack(world: World) -> None:
    """What the file backend holds after another project's run."""
    world.body('pulumi.export("made", "by another")\npulumi.export("hidden", pulumi.Output.secret("hush"))')
    world.up()
    theirs = world.checkpoint.parent.parent / "other" / "prod.json"
    theirs.parent.mkdir()
    text = world.checkpoint.read_text()
    theirs.write_text(
        text.replace("::rec::", "::other::").replace("rec-dev", "other-prod").replace(":dev:", ":prod:")
    )
    world.checkpoint.unlink()
    world.body(READER)


def test_outputs_of_another_stack_are_read_with_their_secrets_kept(world: World) -> None:
    _other_stack(world)
    world.up()

    assert world.objects()["a-1"]["of"] == "by another"
    (thing,) = [r for r in world.deployment()["resources"] if r["urn"].endswith("::a")]
    assert json.loads(thing["inputs"]["pass"]["plaintext"]) == "hush"
    world.ok("up", "--yes", "--skip-preview", "--expect-no-changes")
    world.ok("destroy", "--yes", "--skip-preview")


def test_a_stack_that_is_not_there_is_named(world: World) -> None:
    world.body(READER)
    done = world.run("preview")
    assert done.returncode == 1
    assert "unknown stack 'organization/other/prod'" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.pulumi_cli
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the real pulumi CLI is not on PATH")
def test_the_cli_sees_no_change_in_a_stack_with_a_reference(real_world: World) -> None:
    world = real_world
    _other_stack(world)
    world.up()
    world.up("--expect-no-changes", engine=CLI)
    world.up("--expect-no-changes")
