"""The distribution as other projects install it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = {"foundry": "foundry", "components": "foundry/components", "schemas": "foundry/schemas"}


def _declared() -> set[str]:
    """Every file that the distribution must bring, by its place in the wheel."""
    return {
        f"{place}/{file.relative_to(ROOT / folder).as_posix()}"
        for folder, place in PLACES.items()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in file.parts)
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", *PLACES):
        (source / name).symlink_to(ROOT / name)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *quiet, "--wheel-dir", str(folder), str(source)], check=True
    )
    (made,) = folder.glob("*.whl")
    return made


def test_it_brings_every_file_and_nothing_beside_its_own_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        brought = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert brought == _declared()


def test_it_works_in_a_project_that_has_components_of_its_own(wheel: Path, tmp_path: Path) -> None:
    installed, project = tmp_path / "installed", tmp_path / "project"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    (project / "components").mkdir(parents=True)
    (project / "components" / "__init__.py").write_text("OWN = True\n")
    shutil.copy(ROOT / "Pulumi.yaml", project)
    shutil.copytree(ROOT / "stacks", project / "stacks")
    program = (
        "import components, foundry.components, foundry.cli\n"
        "assert components.OWN\n"
        f"assert foundry.components.__file__.startswith({str(installed)!r})\n"
        "raise SystemExit(foundry.cli.main(['validate', '-s', 'sandbox']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env={**os.environ, "PYTHONPATH": f"{project}{os.pathsep}{installed}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Stack sandbox is fine: 6 agents" in done.stdout


TEAM = """
import sys

import foundry
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential


def test_our_agent(foundry_sandbox):
    assert foundry.__file__.startswith(INSTALLED)
    foundry_sandbox.rules("echo", [{"say": "You said ${question}"}])
    with AgentsClient(foundry_sandbox.endpoint, DefaultAzureCredential()) as agents:
        agent = agents.create_agent(model="gpt-4.1", name="echo")
        thread = agents.threads.create(messages=[{"role": "user", "content": "hello"}])
        run = agents.runs.create_and_process(thread_id=thread.id, agent_id=agent.id, polling_interval=0)
        (said, *_) = agents.messages.list(thread.id)
    assert (run.status, said.text_messages[0].text.value) == ("completed", "You said hello")
    ours = {name.split(".")[1] for name in sys.modules if name.startswith("foundry.")}
    assert ours == {"sandbox", "testing"}
    assert "pulumi" not in sys.modules
"""


def test_another_team_tests_with_nothing_of_it_but_the_fixture(wheel: Path, tmp_path: Path) -> None:
    installed, team = tmp_path / "installed", tmp_path / "team"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    team.mkdir()
    (team / "test_team.py").write_text(f"INSTALLED = {str(installed)!r}\n{TEAM}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "foundry.testing.plugin", "-p", "no:cacheprovider"],
        cwd=team,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr
