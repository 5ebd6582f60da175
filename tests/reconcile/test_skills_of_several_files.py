"""Skills that are folders: uploaded whole, compared file by file, and kept whole by whoever lets them go."""

import hashlib
import io
import zipfile

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import CreateSkillVersionFromFilesBody

from foundry.model import FoundryError
from foundry.reconcile import skill
from foundry.reconcile.marks import KEY

TEXT = "---\nname: returns\ndescription: How returns work\nmetadata:\n  team: care\n---\n\nRead rules.md.\n"


@pytest.fixture
def client(world):
    return AIProjectClient(world.endpoint, world.credential()).beta.skills


def declared(world, lifecycle=None, description="How returns work", **files):
    """Inputs of a skill with files, which are written to the project's folder."""
    listed = []
    for name, content in files.items():
        path = f"{name}.md"
        (world.root / path).write_text(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
        listed.append({"path": path, "sha256": digest, "source": path})
    told = {"name": "returns", "description": description, "instructions": "Read rules.md."}
    return {
        **world.agent("returns"),
        "dialect": "versioned",
        "lifecycle": lifecycle or {},
        "definition": {**told, "metadata": {"team": "care"}, "files": listed},
        "defaultVersion": "latest",
    }


def unpacked(client, version=None):
    packed = client.download_version("returns", version) if version else client.download("returns")
    with zipfile.ZipFile(io.BytesIO(b"".join(packed))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def by_hand(client, folder="", **files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in {"SKILL": TEXT, **files}.items():
            archive.writestr(f"{folder}{name}.md", content)
    body = CreateSkillVersionFromFilesBody(files=[("returns.zip", packed.getvalue())], default=True)
    return client.create_from_files("returns", content=body)


def paths(made, seen, news):
    return [change.path for change in skill.diff(made.id, seen.outs, news).changes]


def test_a_folder_is_uploaded_whole_and_then_says_what_is_declared(world, client):
    inputs = declared(world, rules="Within 30 days.", scale="1 to 5")

    made = skill.create(world.session(), inputs)

    held = unpacked(client)
    assert set(held) == {"SKILL.md", "rules.md", "scale.md"}
    assert held["rules.md"] == "Within 30 days."
    assert held["SKILL.md"].startswith(
        "---\nname: returns\ndescription: How returns work\nmetadata:\n  team: care\n"
    )
    assert client.get("returns").description == "How returns work"
    assert paths(made, skill.read(world.session(), made.id, made.outs), inputs) == []


def test_a_changed_file_makes_a_version_and_the_same_again_none(world, client):
    made = skill.create(world.session(), declared(world, rules="Within 30 days."))
    inputs = declared(world, rules="Within 60 days.")

    seen = skill.read(world.session(), made.id, made.outs)
    assert paths(made, seen, inputs) == ["files[rules.md].sha256"]
    outs = skill.update(world.session(), made.id, made.outs, inputs)
    skill.update(world.session(), made.id, outs, inputs)

    assert outs["version"] == client.get("returns").latest_version == "2"
    assert unpacked(client)["rules.md"] == "Within 60 days."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("When: it is late", 'description: "When: it is late"'),
        ("2026", 'description: "2026"'),
        ("ends\nlater", 'description: "ends\\nlater"'),
        ("don't # wait", 'description: "don\'t # wait"'),
        ("plain, with 'quotes' inside", "description: plain, with 'quotes' inside"),
    ],
)
def test_a_description_is_quoted_only_where_it_must_be_and_reads_back(world, client, text, line):
    inputs = declared(world, description=text, rules="a")

    made = skill.create(world.session(), inputs)

    assert line in unpacked(client)["SKILL.md"].splitlines()
    assert paths(made, skill.read(world.session(), made.id, made.outs), inputs) == []


def test_another_file_that_somebody_uploads_is_drift(world, client):
    inputs = declared(world, rules="Within 30 days.")
    made = skill.create(world.session(), inputs)
    by_hand(client, rules="Never.", more="x")

    assert paths(made, skill.read(world.session(), made.id, made.outs), inputs) == [
        "owner",
        "name",
        "files[more.md]",
        "files[rules.md].sha256",
    ]


def test_a_folder_in_the_zip_is_no_part_of_the_paths(world, client):
    by_hand(client, "returns/", rules="Within 30 days.")
    inputs = declared(world, {"adopt": {"id": "returns"}}, rules="Within 30 days.")

    made = skill.create(world.session(), inputs)

    assert paths(made, skill.read(world.session(), made.id, made.outs), inputs) == []


def test_letting_go_keeps_the_files(world, client):
    made = skill.create(world.session(), declared(world, rules="Within 30 days."))

    skill.delete(world.session(), made.id, {**made.outs, "lifecycle": {"onRemove": "retain"}})

    held = unpacked(client)
    assert held["rules.md"] == "Within 30 days."
    assert KEY not in held["SKILL.md"]


def test_drift_of_files_that_is_only_reported_is_left_by_another_change(world, client):
    inputs = declared(world, {"onDrift": "report"}, rules="Within 30 days.")
    made = skill.create(world.session(), inputs)
    by_hand(client, rules="Never.")
    seen = skill.read(world.session(), made.id, made.outs)
    changed = {**inputs, "definition": {**inputs["definition"], "description": "How to send things back"}}

    skill.update(world.session(), made.id, {**made.outs, **seen.outs}, changed)

    assert unpacked(client)["rules.md"] == "Never."
    assert client.get("returns").description == "How to send things back"


def test_a_file_that_changed_after_it_was_declared_isn_t_uploaded(world):
    inputs = declared(world, rules="Within 30 days.")
    (world.root / "rules.md").write_text("Never.")

    with pytest.raises(FoundryError, match=r"rules\.md has changed since it was declared"):
        skill.create(world.session(), inputs)


def test_a_file_that_is_gone_is_told(world):
    inputs = declared(world, rules="Within 30 days.")
    (world.root / "rules.md").unlink()

    with pytest.raises(FoundryError, match=r"rules\.md can't be read: No such file"):
        skill.create(world.session(), inputs)


def test_files_that_somebody_uploads_one_by_one_are_read_as_one_skill(world, client):
    parts = [("SKILL.md", TEXT.encode()), ("references/rules.md", b"Within 30 days.")]
    client.create_from_files("returns", content=CreateSkillVersionFromFilesBody(files=parts))

    newest = world.session().versioned(world.endpoint).service.skills.get("returns")
    told = world.session().versioned(world.endpoint).service.skills.newest(newest).definition

    assert [file["path"] for file in told["files"]] == ["references/rules.md"]
    assert (told["description"], told["instructions"]) == ("How returns work", "Read rules.md.")
