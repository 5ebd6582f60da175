"""Hosted agents from code: which files are taken, and the one zip that they make."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from functools import partial
from tempfile import SpooledTemporaryFile

import pytest

from foundry.code_archives import IN_MEMORY, unzip_into, unzipped, zip_into, zipped, zipped_size

AGENT = "stacks/base/agents/concierge.yaml"
DECLARED = """kind: Agent
name: concierge
dialect: versioned
hosted:
  code:
    folder: ../../../src/concierge
    exclude: [tests/**, "**/*.md"]
    runtime: python_3_12
    entry_point: [python, main.py]
    dependency_resolution: remote_build
  cpu: "1"
  memory: 2Gi
"""


@pytest.fixture
def folder(project):
    project.write(AGENT, DECLARED)
    return project.write("src/concierge/main.py", "print('hello')\n").parent


def code(project):
    (agent,) = (one for one in project.load().manifest.agents if one.name == "concierge")
    return agent.hosted["code_configuration"]


def test_the_code_is_told_by_its_files_and_by_the_hash_of_their_zip(project, folder):
    (folder / "desk").mkdir()
    (folder / "desk/__init__.py").write_bytes(b"")

    told = code(project)

    files = {"main.py": b"print('hello')\n", "desk/__init__.py": b""}
    assert told == {
        "runtime": "python_3_12",
        "entry_point": ["python", "main.py"],
        "dependency_resolution": "remote_build",
        "content_hash": hashlib.sha256(zipped(files)).hexdigest(),
        "folder": "src/concierge",
        "files": [
            {"path": path, "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in sorted(files.items())
        ],
    }


def test_what_is_hidden_compiled_or_excluded_stays_out(project, folder):
    names = (
        ".env",
        ".venv/pip.py",
        "__pycache__/main.py",
        "main.pyc",
        "tests/test_main.py",
        "a/b/notes.md",
        "a/b/c.py",
    )
    for name in names:
        project.write(f"src/concierge/{name}", "x")
    (folder / "tests" / "linked").symlink_to(folder / "a")

    assert [file["path"] for file in code(project)["files"]] == ["a/b/c.py", "main.py"]


def test_one_changed_byte_changes_the_hash_and_times_and_modes_do_not(project, folder):
    before = code(project)["content_hash"]

    os.utime(folder / "main.py", (0, 10**9))
    (folder / "main.py").chmod(0o755)
    touched = code(project)["content_hash"]
    (folder / "main.py").write_text("print('hallo')\n")

    assert touched == before
    assert code(project)["content_hash"] != before


def test_a_stack_changes_one_thing_of_the_code(project, folder):
    project.write(
        "stacks/dev/agents/concierge.yaml",
        "kind: Agent\nname: concierge\nhosted: {code: {runtime: python_3_13}}\n",
    )

    told = code(project)

    assert (told["runtime"], told["folder"], told["entry_point"]) == (
        "python_3_13",
        "src/concierge",
        ["python", "main.py"],
    )


@pytest.mark.parametrize("files", [{"a": b""}, {"b/c.py": b"x" * 1000, "ä.txt": b"1", "b/a.py": b"22"}])
def test_a_zip_is_read_back_as_it_was_and_is_as_large_as_told(files):
    packed = zipped(files)

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert archive.namelist() == sorted(files)
    assert zipped_size({name: len(content) for name, content in files.items()}) == len(packed)
    assert zipped(dict(reversed(files.items()))) == packed
    assert unzipped(packed) == files


def test_the_zip_is_the_same_on_every_machine():
    made = hashlib.sha256(zipped({"main.py": b"print('hello')\n", "desk/__init__.py": b""})).hexdigest()

    assert made == "6254b8cfd26555d1b8c04ea17fb8271d6dbb2a929ef6c8be60bc93571a983b39"


@pytest.mark.parametrize(
    "packed",
    [b"", b"no zip", zipped({"a": b"x" * 100})[:-30], zipped({"a": b"x" * 99}).replace(b"xx", b"yx", 1)],
)
def test_what_is_no_sound_zip_is_not_unpacked(packed):
    with pytest.raises(ValueError, match="it can't be unpacked"):
        unzipped(packed)


def test_a_zip_is_unpacked_into_a_folder_as_it_is_in_memory_and_leads_nowhere_else(tmp_path):
    files = {"main.py": b"print(1)", "desk/__init__.py": b""}
    written = unzip_into(tmp_path, io.BytesIO(zipped(files)))
    assert {name: path.read_bytes() for name, path in written.items()} == files
    assert set(tmp_path.rglob("*")) == {*written.values(), tmp_path / "desk"}
    with pytest.raises(ValueError, match="can't be the name of a file here"):
        unzip_into(tmp_path / "more", io.BytesIO(zipped({"../out.py": b""})))
    assert not (tmp_path / "out.py").exists()


def test_a_zip_in_a_temporary_file_is_the_one_that_is_made_in_memory(tmp_path):
    files = {"large.bin": os.urandom(IN_MEMORY), "main.py": b"print('hello')", "desk/empty": b""}
    opened = {}
    for number, (name, content) in enumerate(files.items()):
        path = tmp_path / str(number)
        path.write_bytes(content)
        opened[name] = partial(path.open, "rb")

    with SpooledTemporaryFile(IN_MEMORY) as made:
        digest = zip_into(made, opened)
        told = made.read()

    assert told == zipped(files)
    assert digest == hashlib.sha256(told).hexdigest()
    assert len(told) == zipped_size({name: len(content) for name, content in files.items()})
