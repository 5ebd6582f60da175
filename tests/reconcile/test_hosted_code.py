"""Hosted agents from code: the zip is uploaded once, again only when its bytes differ, and never another than was declared."""

import hashlib
import io

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import CodeConfiguration, HostedAgentDefinition

from foundry.code_archives import zipped
from foundry.model import FoundryError
from foundry.reconcile import versioned_agent as agent

MAKES = {"method": "POST", "path": "/agents/desk/versions$"}
RUN = {"runtime": "python_3_12", "entry_point": ["python", "main.py"], "dependency_resolution": "bundled"}
MAIN = b"print('Hello.')\n"


@pytest.fixture
def client(world):
    return AIProjectClient(world.endpoint, world.credential())


def inputs(world, main=MAIN, *, lifecycle=None, **hosted):
    """The declaration of an agent with this code, which lies in the project's folder."""
    files = {"main.py": main, "desk/__init__.py": b""}
    for path, content in files.items():
        place = world.root / "src" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    listed = [{"path": path, "sha256": hashlib.sha256(files[path]).hexdigest()} for path in sorted(files)]
    code = {
        **RUN,
        "content_hash": hashlib.sha256(zipped(files)).hexdigest(),
        "folder": "src",
        "files": listed,
    }
    told = {"cpu": "1", "memory": "2Gi", "code_configuration": code, **hosted}
    return {
        **world.agent("desk"),
        "dialect": "versioned",
        "lifecycle": lifecycle or {},
        "definition": {"name": "desk", "hosted": told, "metadata": {}, "tools": []},
        "serving": {},
    }


def versions(client):
    return [one.version for one in client.agents.list_versions("desk", order="asc")]


def downloaded(client, **which):
    return b"".join(client.agents.download_code("desk", **which))


def by_hand(client, packed, *, keep=True):
    configuration = CodeConfiguration(
        runtime="python_3_11", entry_point=["python", "other.py"], dependency_resolution="bundled"
    )
    definition = HostedAgentDefinition(cpu="1", memory="2Gi", code_configuration=configuration)
    live = client.agents.get("desk").versions.latest.metadata if keep else {}
    client.agents.create_version_from_code(
        "desk", definition=definition, code=io.BytesIO(packed), metadata=dict(live)
    )


def refreshed(world, made):
    seen = agent.read(world.session(), made.id, made.outs)
    assert seen is not None
    return seen


def test_the_files_are_uploaded_as_one_zip_and_nothing_is_left_to_change(world, client):
    wanted = inputs(world)
    made = agent.create(world.session(), wanted)

    seen = refreshed(world, made)
    again = agent.update(world.session(), made.id, seen.outs, wanted)

    assert downloaded(client) == zipped({"main.py": MAIN, "desk/__init__.py": b""})
    live = client.agents.get("desk").versions.latest
    assert (live.status, live.definition.code_configuration.runtime) == ("active", "python_3_12")
    assert agent.diff(made.id, seen.outs, wanted).changes == ()
    assert (seen.inputs, again["version"], versions(client)) == (wanted, "1", ["1"])


def test_one_changed_byte_makes_one_version(world, client):
    made = agent.create(world.session(), inputs(world))
    wanted = inputs(world, main=b"print('Hallo.')\n")

    found = agent.diff(made.id, made.outs, wanted)
    outs = agent.update(world.session(), made.id, made.outs, wanted)
    again = agent.update(world.session(), made.id, outs, wanted)

    assert [change.path for change in found.changes] == ["hosted.code_configuration.content_hash"]
    assert (outs["version"], again["version"], versions(client)) == ("2", "2", ["1", "2"])
    assert b"Hallo" in downloaded(client)
    assert b"Hello" in downloaded(client, agent_version="1")


def test_a_lost_answer_makes_no_second_version(world, client):
    world.faults({"match": {**MAKES, "nth": 1}, "action": {"drop": "after"}})
    made = agent.create(world.session(), inputs(world))

    world.faults({"match": {**MAKES, "nth": 1}, "action": {"drop": "after"}})
    outs = agent.update(world.session(), made.id, made.outs, inputs(world, main=b"print('Hallo.')\n"))

    assert (outs["version"], versions(client)) == ("2", ["1", "2"])


@pytest.mark.parametrize("trouble", [{"drop": "before"}, {"status": 500}, {"status": 429, "retry_after": 1}])
def test_an_upload_that_never_arrived_is_sent_again_whole(world, client, trouble):
    world.faults({"match": {**MAKES, "first": 2}, "action": trouble})

    agent.create(world.session(), inputs(world))

    assert versions(client) == ["1"]
    assert downloaded(client) == zipped({"main.py": MAIN, "desk/__init__.py": b""})


def test_files_that_changed_since_they_were_declared_are_not_uploaded(world, client):
    wanted = inputs(world)
    (world.root / "src/main.py").write_bytes(b"print('Hm.')\n")

    with pytest.raises(
        FoundryError, match="the code in src has changed since it was declared; run the command again"
    ):
        agent.create(world.session(), wanted)

    (world.root / "src/main.py").unlink()
    with pytest.raises(
        FoundryError, match=r"src/main\.py can't be read: No such file or directory; put the file back"
    ):
        agent.create(world.session(), wanted)
    assert list(client.agents.list()) == []


def test_code_uploaded_by_hand_is_drift_and_the_next_version_takes_it_back(world, client):
    wanted = inputs(world)
    made = agent.create(world.session(), wanted)
    by_hand(client, zipped({"other.py": b""}))

    seen = refreshed(world, made)
    found = agent.diff(made.id, seen.outs, wanted)
    agent.update(world.session(), made.id, seen.outs, wanted)

    assert [change.path.removeprefix("hosted.code_configuration.") for change in found.changes] == [
        "content_hash",
        "entry_point",
        "runtime",
    ]
    assert versions(client) == ["1", "2", "3"]
    assert downloaded(client) == downloaded(client, agent_version="1")


def test_drift_of_the_code_that_is_only_reported_stays_in_a_version_for_something_else(world, client):
    report = {"onDrift": "report"}
    made = agent.create(world.session(), inputs(world, lifecycle=report))
    theirs = zipped({"other.py": b"print('By hand.')\n"})
    by_hand(client, theirs)
    seen = refreshed(world, made)
    wanted = inputs(world, lifecycle=report)
    wanted["definition"]["description"] = "Answers"

    outs = agent.update(world.session(), made.id, seen.outs, wanted)

    assert (outs["version"], downloaded(client)) == ("3", theirs)
    assert client.agents.get("desk").versions.latest.description == "Answers"


def test_an_adopted_agent_is_let_go_with_the_code_that_it_has(world, client):
    agent.create(world.session(), inputs(world))
    client.agents.delete("desk")
    by_hand(client, zipped({"other.py": b""}), keep=False)
    made = agent.create(world.session(), inputs(world, lifecycle={"adopt": {"id": "desk"}}))
    (world.root / "src/main.py").unlink()

    agent.delete(world.session(), made.id, made.outs)

    assert versions(client) == ["1", "2", "3"]
    assert client.agents.get("desk").versions.latest.metadata == {}
    assert downloaded(client) == downloaded(client, agent_version="2")


def test_an_image_takes_the_place_of_code_and_code_that_of_an_image(world, client):
    made = agent.create(world.session(), inputs(world))
    image = inputs(world, image="contoso.azurecr.io/desk:1")
    del image["definition"]["hosted"]["code_configuration"]

    outs = agent.update(world.session(), made.id, made.outs, image)
    live = client.agents.get("desk").versions.latest.definition
    back = agent.update(world.session(), made.id, outs, inputs(world))

    assert (live.container_configuration.image, live.code_configuration) == (
        "contoso.azurecr.io/desk:1",
        None,
    )
    assert (back["version"], downloaded(client)) == ("3", downloaded(client, agent_version="1"))


@pytest.mark.parametrize("more", [{"image": "contoso.azurecr.io/desk:1"}, {"code_configuration": None}])
def test_an_agent_of_code_and_an_image_or_of_neither_is_refused(world, more):
    (problem,) = agent.check({}, inputs(world, **more))

    assert problem.path == "definition.hosted"
