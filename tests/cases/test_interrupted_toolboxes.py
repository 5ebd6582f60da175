"""What test_interrupted.py holds for agents, for toolboxes and skills: wherever a run ends, one more makes the live set the declared one.

No version is made but for a change, and the name stands for the newest.
"""

import pytest
from azure.ai.projects import AIProjectClient

from tests.cases.test_interrupted import ended_at, some
from tests.cases.test_interrupted_versioned import begun, changing

BEFORE = {
    "returns.yaml": "kind: Skill\nname: returns\nfolder: returns\n",
    "returns/SKILL.md": "---\ndescription: How\n---\nRead rules.md.\n",
    "returns/rules.md": "Within 30 days.",
    "sizes.yaml": "kind: Skill\nname: sizes\ndescription: Which\ninstructions: Measure.\n",
    "box.yaml": "kind: Toolbox\nname: box\nskills: [sizes]\ntools: {web: {type: web_search}}\n",
    "desk.yaml": """\
kind: Agent
name: desk
model: chat
skills: [returns]
tools:
  box: {type: toolbox, toolbox: box, connection: lookups-box}
""",
}
AFTER = {
    **BEFORE,
    "returns.yaml": "kind: Skill\nname: returns\nfolder: returns\nkeep_versions: 1\n",
    "returns/rules.md": "Within 60 days.",
    "sizes.yaml": None,
    "box.yaml": "kind: Toolbox\nname: box\nkeep_versions: 1\ntools: {find: {type: toolbox_search}}\n",
}
VERSION = {"first": "1", "changed": "2"}


def assert_live_is_declared(stack, scenario):
    """The live set, as the official client sees it, is the declared one, and nothing is left to do."""
    client = AIProjectClient(stack.world.endpoint, stack.world.credential())
    manifest = stack.manifest()
    boxes = {one.name: (one.default_version, one.versions.latest.version) for one in client.toolboxes.list()}
    skills = {one.name: (one.default_version, one.latest_version) for one in client.beta.skills.list()}
    both = (VERSION[scenario], VERSION[scenario])
    assert boxes == {one.name: both for one in manifest.toolboxes}
    assert set(skills) == {one.name for one in manifest.skills}
    assert skills["returns"] == both
    assert [one.version for one in client.toolboxes.list_versions("box")] == [VERSION[scenario]]
    definition = client.agents.get("desk").versions.latest.definition
    assert definition["skills"] == [{"name": "returns", "version": VERSION[scenario]}]
    assert stack.preview() == {}


@pytest.mark.parametrize("end", ["killed", "lost"])
@pytest.mark.parametrize(("scenario", "before", "after"), [("first", {}, BEFORE), ("changed", BEFORE, AFTER)])
def test_whatever_request_a_run_ends_at_the_next_one_puts_it_right(
    stack, new_stack, scenario, before, after, end
):
    moments = changing(stack, before, after)
    assert_live_is_declared(stack, scenario)
    assert len(moments) > 3
    for nth in some(moments, 1 if end == "killed" else 2):
        one = begun(new_stack(), before, after)
        ended_at(one, nth, end)
        assert_live_is_declared(one, scenario)
