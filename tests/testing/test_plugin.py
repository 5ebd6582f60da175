"""The fixture as another team uses it: pytest in a process of its own, in a folder that knows nothing of this project."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "testing.md"


def run(folder: Path, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "foundry.testing.plugin",
            "-p",
            "no:cacheprovider",
            *more,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "AZURE_CLIENT_ID": "somebody-else"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def examples() -> str:
    """The Python blocks of the page, as one module."""
    blocks = PAGE.read_text(encoding="utf-8").split("```python\n")[1:]
    assert len(blocks) >= 2
    return "\n\n".join(block.partition("```")[0] for block in blocks)


def test_the_examples_of_the_page_run_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text(examples(), encoding="utf-8")
    code, printed = run(tmp_path)
    assert code == 0, printed
    assert f"{examples().count('def test_')} passed" in printed


PROGRAM = """
import os

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential

from foundry.testing import CloudError


@pytest.fixture
def foundry_models():
    return ("small", "large")


seen = []


def client(sandbox):
    return AgentsClient(sandbox.endpoint, DefaultAzureCredential(), retry_total=0)


def test_one_makes_an_agent_rules_and_faults(foundry_sandbox):
    seen.append(foundry_sandbox.endpoint)
    client(foundry_sandbox).create_agent(model="small", name="left")
    foundry_sandbox.rules("left", [{"say": "from rules"}])
    foundry_sandbox.faults({"match": {"path": "/assistants$"}, "action": {"status": 400}})
    assert foundry_sandbox.requests()[-1]["path"].endswith("/assistants")


def test_the_next_finds_nothing_of_it(foundry_sandbox):
    assert foundry_sandbox.endpoint not in seen
    assert foundry_sandbox.requests() == []
    assert list(client(foundry_sandbox).list_agents()) == []
    with pytest.raises(CloudError, match="no rules"):
        foundry_sandbox.cloud.control("GET", "/rules/left")


def test_the_environment_leads_there(foundry_sandbox):
    assert os.environ["PROJECT_ENDPOINT"] == foundry_sandbox.endpoint
    assert os.environ["MODEL_DEPLOYMENT_NAME"] == "small"
    with AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()) as project:
        assert sorted(item.name for item in project.deployments.list()) == ["large", "small"]


def test_a_seed_comes_back_and_time_moves(foundry_sandbox):
    assert foundry_sandbox.faults(seed=11) == 11
    before = foundry_sandbox.cloud.control("POST", "/clock", {"advance": 0})["now"]
    foundry_sandbox.advance(3600)
    assert foundry_sandbox.cloud.control("POST", "/clock", {"advance": 0})["now"] >= before + 3600


def test_nonsense_is_told_with_its_place(foundry_sandbox):
    with pytest.raises(CloudError, match="rules.0..action.explode"):
        foundry_sandbox.faults({"action": {"explode": 1}})
"""


def test_tests_do_not_see_each_other_and_nothing_stays_behind(tmp_path: Path) -> None:
    (tmp_path / "test_team.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "test_after.py").write_text(
        "import os\n\ndef test_clean():\n"
        "    assert 'IDENTITY_HEADER' not in os.environ\n    assert os.environ['AZURE_CLIENT_ID'] == 'somebody-else'\n",
        encoding="utf-8",
    )
    code, printed = run(tmp_path, "test_team.py", "test_after.py")
    assert code == 0, printed
    assert "6 passed" in printed


def test_nothing_is_imported_before_a_test_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "test_idle.py").write_text(
        "import sys\n\ndef test_idle():\n    assert 'foundry.sandbox.emulator' not in sys.modules\n"
        "    assert 'starlette' not in sys.modules\n",
        encoding="utf-8",
    )
    code, printed = run(tmp_path)
    assert code == 0, printed


def test_the_entry_point_is_the_plugin() -> None:
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # The same name as with `-p`, so that pytest doesn't take it for a second plugin.
    assert project["entry-points"]["pytest11"] == {"foundry.testing.plugin": "foundry.testing.plugin"}
