"""Files that people keep are changed by a line, or left as they are: settings in any form, a disk that is full, layers that are shared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from foundry.cli import main
from foundry.cli.project import find_project
from foundry.cli.writing_back import WritingBack, agent_document, told
from foundry.transfer.writing_back import Edit

ID = "foundry:stackId"
PROJECT = "name: shop\nruntime: python\nstackConfigDir: stacks\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet\n",
        "config:",
        "config:\n",
        "config: # of dev\n  foundry:name: x\n",
        'config:\n    foundry:sandbox: "true"\n    foundry:name: x # y\n',
        "\ufeffconfig:\n  foundry:name: x\n",
        "encryptionsalt: v1:x\r\nconfig:\r\n  foundry:name: x\r\n",
        "encryptionsalt: v1:x",
    ],
)
def test_an_id_is_put_into_settings_as_they_are_written(project: Path, text: str) -> None:
    file = project / "stacks/Pulumi.dev.yaml"
    file.write_bytes(text.encode())
    before = yaml.safe_load(text) or {}

    assert main(["--cwd", str(project), "init", "-s", "dev"]) == 0

    after = file.read_bytes().decode()
    told = yaml.safe_load(after)
    assert {**told, "config": {key: value for key, value in told["config"].items() if key != ID}} == {
        **before,
        "config": before.get("config") or {},
    }
    assert after.count("config:") == 1
    assert set(text.splitlines()) <= set(after.splitlines())
    assert ("\r\n" in after) == ("\r\n" in text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("config: {foundry:sandbox: x}\n", "in a form that no line can be put into"),
        ("config: {}\n", "in a form that no line can be put into"),
        ('"config":\n  foundry:name: x\n', "in a form that no line can be put into"),
        ("- config\n", "isn't the settings of a stack"),
        (
            'config:\n  foundry:stackId: 6ba7b810\n  foundry:sandbox: "true\n',
            "Pulumi.dev.yaml:4:1: the settings can't",
        ),
    ],
)
def test_settings_that_no_line_can_be_put_into_stay_as_they_are(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    file = project / "stacks/Pulumi.dev.yaml"
    file.write_text(text)

    assert main(["--cwd", str(project), "init", "-s", "dev"]) == 1

    assert told in capsys.readouterr().err
    assert file.read_text() == text


SAVE = """
import resource, sys
from pathlib import Path
from foundry.cli.saving import save
from foundry.model import FoundryError
resource.setrlimit(resource.RLIMIT_FSIZE, (8, resource.RLIM_INFINITY))
try:
    save(Path(sys.argv[1]), "longer than eight bytes")
except FoundryError as error:
    sys.exit(str(error))
"""


def test_a_file_that_there_is_no_room_for_stays_as_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "kept.md"
    kept.write_text("mine")

    done = subprocess.run(
        [sys.executable, "-c", SAVE, str(kept)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert f"{kept} can't be written: File too large; it is as it was" in done.stderr
    assert kept.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["kept.md"]


AGENT = (
    "kind: Agent\nname: helper\nmodel: chat\ndialect: versioned\ninstructions: {file: ../prompts/helper.md}\n"
)


@pytest.fixture
def shared(project: Path) -> Path:
    for stack in ("dev", "prod", "alone"):
        layers = "[own]" if stack == "alone" else "[base]"
        (project / f"stacks/Pulumi.{stack}.yaml").write_text(
            f"config:\n  {ID}: 6ba7b810-9dad-41d1-80b4-00c04fd430c8\n  foundry:layers: {layers}\n"
        )
    for path, text in (("agents/helper.yaml", AGENT), ("prompts/helper.md", "Help.\n")):
        for layer in ("base", "own"):
            (project / "stacks" / layer / path).parent.mkdir(parents=True, exist_ok=True)
            (project / "stacks" / layer / path).write_text(text)
    return project


def written_back(root: Path, stack: str, *path: str, value: object) -> None:
    found = find_project(root)
    back = WritingBack(found, agent_document(found, stack, "helper"))
    back.write([Edit(path, "Help.\n", value)])
    told(found, stack, back)


def test_who_else_gets_what_is_written_into_a_layer_is_named(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written_back(shared, "dev", "enabled", value=False)
    written_back(shared, "alone", "enabled", value=False)

    printed = capsys.readouterr().out
    assert printed.count("is a layer of") == 1
    assert (
        "stacks/base is a layer of prod too: what is for dev alone goes into a layer of its own, as stacks/dev"
        in printed
    )
    assert "enabled: false" in (shared / "stacks/own/agents/helper.yaml").read_text()


def test_nothing_is_written_through_a_link_that_leaves_the_repository(
    shared: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "helper.md"
    outside.write_text("Help.\n")
    (shared / "stacks/own/prompts/helper.md").unlink()
    (shared / "stacks/own/prompts/helper.md").symlink_to(outside)

    written_back(shared, "alone", "instructions", value="Help quickly.\n")

    assert "is a link that leaves the repository" in capsys.readouterr().err
    assert outside.read_text() == "Help.\n"
