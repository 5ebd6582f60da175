"""What test_interrupted.py holds for the classic dialect, for versioned agents, stores and files: also their versions.

Wherever a run ends, one more run makes the live set the declared one; and no version is made but for a change.
"""

import hashlib
from pathlib import Path

import pytest
from azure.ai.projects import AIProjectClient

from tests.cases.test_interrupted import EVERY, declare, dying_at, ended_at, some

BASE = Path(__file__).parent / "versioned" / "_base"
BEFORE = {
    "knowledge/returns.md": "Returns within 30 days.",
    "data/orders.csv": "id,total\n1,20\n",
    "knowledge/sizes.md": "Sizes S to XL.",
    "knowledge/twin-of-sizes.md": "Sizes S to XL.",
    "handbook.yaml": """\
kind: VectorStore
name: handbook
files: [knowledge/returns.md, {path: knowledge/*sizes.md, attributes: {team: care, year: 2026}}]
""",
    "desk.yaml": """\
kind: Agent
name: desk
model: chat
instructions: Be brief.
endpoint: {card: {version: "1.0", skills: {}}}
tools:
  policies: {type: file_search, vector_stores: [handbook]}
  sales: {type: code_interpreter, files: [data/orders.csv]}
""",
    "news.yaml": "kind: Agent\nname: news\nmodel: chat\n",
    "box/main.py": "print('Hello.')\n",
    "box.yaml": """\
kind: Agent
name: box
hosted:
  code: {folder: box, runtime: python_3_12, entry_point: [python, main.py], dependency_resolution: bundled}
  cpu: "1"
  memory: 2Gi
""",
}
AFTER = {
    **BEFORE,
    "knowledge/returns.md": "Returns within 60 days.",
    "handbook.yaml": """\
kind: VectorStore
name: handbook
files:
  - {path: knowledge/returns.md, attributes: {team: returns}}
  - {path: knowledge/sizes.md, attributes: {team: returns}}
""",
    "data/orders.csv": None,
    "desk.yaml": """\
kind: Agent
name: desk
model: chat
instructions: Be kind.
keep_versions: 1
endpoint: {card: {version: "1.1", skills: {}}}
tools:
  policies: {type: file_search, vector_stores: [handbook]}
""",
    "news.yaml": None,
    "box/main.py": "print('Hallo.')\n",
}
MOST_VERSIONS = {"first": 1, "changed": 2}


def assert_live_is_declared(stack, most_versions):
    """The live set, as the official clients see it, is the declared one, and nothing is left to do."""
    client = AIProjectClient(stack.world.endpoint, stack.world.credential())
    knowledge, manifest = client.get_openai_client(), stack.manifest()
    agents = {agent.name: agent.versions.latest.version for agent in client.agents.list()}
    assert set(agents) == {agent.name for agent in manifest.agents}
    assert all(int(version) <= most_versions for version in agents.values())
    code = next(agent for agent in manifest.agents if agent.name == "box").hosted["code_configuration"]
    uploaded = b"".join(client.agents.download_code("box"))
    assert hashlib.sha256(uploaded).hexdigest() == code["content_hash"]
    held = {
        kind: {one.id for key, one in stack.state.items() if key[0] == kind}
        for kind in ("VersionedFile", "VersionedVectorStore")
    }
    assert {file.id for file in knowledge.files.list()} == held["VersionedFile"]
    assert {store.id for store in knowledge.vector_stores.list()} == held["VersionedVectorStore"]
    for store in manifest.vector_stores:
        id_ = stack.state["VersionedVectorStore", store.name].id
        members = {one.id: (one.status, one.attributes) for one in knowledge.vector_stores.files.list(id_)}
        assert members == {
            stack.state["VersionedFile", file.path].id: ("completed", store.attributes.get(file.path, {}))
            for file in store.files
        }
    assert stack.preview() == {}


def begun(stack, before, after):
    if before:
        declare(stack, before, BASE)
        stack.up()
    declare(stack, after, BASE)
    return stack


def changing(stack, before, after):
    """The numbers of the requests of a whole run that change something (or all): each is a moment to end at."""
    begun(stack, before, after)
    with dying_at(0) as counter:
        stack.up()
    return [number for number, method in enumerate(counter.methods, 1) if EVERY or method != "GET"]


@pytest.mark.parametrize("end", ["killed", "lost"])
@pytest.mark.parametrize(("scenario", "before", "after"), [("first", {}, BEFORE), ("changed", BEFORE, AFTER)])
def test_whatever_request_a_run_ends_at_the_next_one_puts_it_right(
    stack, new_stack, scenario, before, after, end
):
    moments = changing(stack, before, after)
    assert_live_is_declared(stack, MOST_VERSIONS[scenario])
    assert len(moments) > 5
    # A lost answer is asked about in one place for each kind; some of the moments are enough to see it.
    for nth in some(moments, 1 if (scenario, end) == ("changed", "killed") else 3):
        one = begun(new_stack(), before, after)
        ended_at(one, nth, end)
        assert_live_is_declared(one, MOST_VERSIONS[scenario])
