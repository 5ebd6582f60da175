"""`fac init`: from an empty folder to an agent that answers, and a stack more in a project that exists."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Clone

SCHEMA = re.compile(r"# yaml-language-server: \$schema=(\S+)")


class Installed(Clone):
    """A folder without this repository around it: `foundry` comes from where the distribution has it."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PYTHONPATH": str(self.root.parent / "installed")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "Acme Care (2026)"
    made.mkdir()
    packaged = tmp_path / "installed" / "foundry"
    packaged.mkdir(parents=True)
    for one in (*(ROOT / "foundry").iterdir(), ROOT / "components", ROOT / "schemas"):
        (packaged / one.name).symlink_to(one)
    return made


def test_an_empty_folder_becomes_a_versioned_agent_that_answers(folder: Path) -> None:
    project = Installed(folder, "embedded")
    try:
        said = project.fac("init")
        assert "stacks/base/agents/helper.yaml" in said
        assert "dialect: versioned" in (folder / "stacks/base/environment.yaml").read_text()
        up = project.fac("up", "--yes")
        assert "VersionedAgent  helper  created" in up
        assert ("fac down" in up, "make" in up, "docs/" in up) == (True, False, False)
        assert "on Saturdays from 10:00 to 16:00" in project.fac("ask", "helper", "When are you open?")
        assert "1 of 1 checks passed." in project.fac("check")
        assert "to create" not in project.fac("preview")
    finally:
        project.run("sandbox", "stop")


def test_every_declaration_names_a_schema_that_is_there(folder: Path) -> None:
    Installed(folder, "embedded").fac("init")
    declared = [*folder.glob("stacks/base/*.yaml"), *folder.glob("stacks/base/*/*.yaml")]
    assert len(declared) == 3
    for one in declared:
        found = SCHEMA.match(one.read_text())
        assert found is not None, one
        schema = (one.parent / found[1]).resolve()
        assert schema.read_bytes() == (ROOT / "schemas" / schema.name).read_bytes()


def test_the_program_is_the_one_of_this_repository(folder: Path) -> None:
    Installed(folder, "embedded").fac("init")
    own = (
        (ROOT / "__main__.py").read_text().replace("from components import", "from foundry.components import")
    )
    assert (folder / "__main__.py").read_text() == own


def test_nothing_is_written_over(folder: Path) -> None:
    (folder / "__main__.py").write_text("print('mine')\n")
    (folder / "stacks").mkdir()
    (folder / "stacks/Pulumi.sandbox.yaml").write_text("config: {}\n")
    code, said = Installed(folder, "embedded").run("init")
    assert code == 1
    assert "would be written over: __main__.py, stacks/Pulumi.sandbox.yaml; begin in an empty folder" in said
    assert (folder / "__main__.py").read_text() == "print('mine')\n"
    assert not (folder / "Pulumi.yaml").exists()


def test_a_stack_more_gets_settings_with_an_id_and_what_is_still_to_be_filled_in(folder: Path) -> None:
    project = Installed(folder, "embedded")
    project.fac("init")
    said = project.fac("init", "-s", "prod")
    assert "Wrote stacks/Pulumi.prod.yaml" in said
    code, said = project.run("validate", "-s", "prod")
    assert code == 2
    assert "stacks/Pulumi.prod.yaml:2:32: `azure-native:subscriptionId` still holds the placeholder" in said
    settings = folder / "stacks/Pulumi.prod.yaml"
    settings.write_text(
        settings.read_text().replace("<subscription id>", "11111111-1111-4111-8111-111111111111")
    )
    assert "Stack prod is fine: 1 agent, 1 vector store" in project.fac("validate", "-s", "prod")
    before = settings.read_text()
    assert "has its id already" in project.fac("init", "-s", "prod")
    assert settings.read_text() == before


def test_settings_without_an_id_keep_everything_else(folder: Path) -> None:
    project = Installed(folder, "embedded")
    project.fac("init")
    settings = folder / "stacks/Pulumi.sandbox.yaml"
    without = re.sub(r".*stackId.*\n", "", settings.read_text())
    settings.write_text(without)
    project.fac("init")
    assert re.sub(r".*stackId.*\n", "", settings.read_text()) == without
    assert "foundry:stackId: " in settings.read_text()


def test_a_folder_without_a_project_is_told_how_to_begin_one(folder: Path) -> None:
    code, said = Installed(folder, "embedded").run("validate")
    assert code == 1
    assert "`fac init` begins a project" in said


def test_a_secret_is_kept_encrypted_without_the_pulumi_cli(folder: Path) -> None:
    project = Installed(folder, "embedded")
    project.fac("init")
    environment = folder / "stacks/base/environment.yaml"
    environment.write_text(
        environment.read_text()
        + "connections:\n  bing: {category: GroundingWithBingSearch, target: https://api.bing.microsoft.com/, key: {secret: bingKey}}\n"
    )
    code, said = project.run("validate")
    assert code == 2
    assert "the secret `foundry:bingKey` is not set; run `fac secret foundry:bingKey`" in said
    try:
        process = project.start("secret", "foundry:bingKey", stdin=subprocess.PIPE)
        said, _ = process.communicate("hush\n", timeout=240)
        assert process.returncode == 0, said
        assert "foundry:bingKey is set in stacks/Pulumi.sandbox.yaml, encrypted." in said
        project.fac("validate")
    finally:
        project.run("sandbox", "stop")
    assert "hush" not in said + (folder / "stacks/Pulumi.sandbox.yaml").read_text()


@pytest.mark.pulumi_cli
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI isn't here")
def test_the_pulumi_cli_brings_a_new_project_up(folder: Path) -> None:
    project = Installed(folder, "pulumi")
    try:
        project.fac("init")
        project.fac("up", "--yes")
        assert "16:00" in project.fac("ask", "helper", "When are you open?")
    finally:
        project.run("sandbox", "stop")
