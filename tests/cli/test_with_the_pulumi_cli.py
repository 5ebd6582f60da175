"""The same stack run by the real Pulumi CLI, alone and in turns with the embedded engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import Any

import pytest

pytestmark = pytest.mark.pulumi_cli

PROMPT = "stacks/base/prompts/front-desk.md"


def pulumi(clone: Any, *arguments: str) -> str:
    """What a person gets from the bare CLI after `eval "$(fac sandbox env)"`."""
    done = subprocess.run(
        [shutil.which("pulumi") or "pulumi", *arguments, "--stack", "sandbox"],
        cwd=clone.root,
        env={**clone.environment, **clone.variables()},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def edit(clone: Any) -> None:
    prompt = clone.root / PROMPT
    prompt.write_text(prompt.read_text() + "\nSay which page you read.\n")


@pytest.mark.parametrize("engine", ["pulumi"])
def test_a_life_with_the_bare_cli_and_turns_with_the_embedded_engine(clone: Any) -> None:
    embedded = replace(clone, engine="embedded")
    clone.fac("sandbox", "start")
    clone.variables()
    pulumi(clone, "up", "--yes", "--skip-preview")
    clone.assert_whole()
    pulumi(clone, "up", "--yes", "--skip-preview", "--expect-no-changes")
    embedded.fac("preview", "--expect-no-changes")

    edit(clone)
    steps = json.loads(pulumi(clone, "preview", "--json"))["steps"]
    assert [s["urn"].rsplit("::", 1)[-1] for s in steps if s["op"] == "update"] == ["front-desk"]
    embedded.fac("up", "--yes")
    pulumi(clone, "preview", "--expect-no-changes")
    pulumi(clone, "refresh", "--yes", "--skip-preview", "--expect-no-changes")

    pulumi(clone, "destroy", "--yes", "--skip-preview")
    assert json.loads(pulumi(clone, "stack", "export"))["deployment"].get("resources", []) == []
    embedded.fac("up", "--yes")
    pulumi(clone, "preview", "--expect-no-changes")
    clone.fac("down")
