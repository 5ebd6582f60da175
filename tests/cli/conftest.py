"""A copy of this project in a folder of its own, with a sandbox of its own, driven by the command line as a person would."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from foundry.sandbox.host import Sandbox
from foundry.sandbox.host.record import save
from tests.ports import own_ports

ROOT = Path(__file__).resolve().parents[2]
CONTENT = (
    "Pulumi.yaml",
    "__main__.py",
    "requirements.txt",
    "constraints.txt",
    "components",
    "stacks",
    "schemas",
)


COUNT = """
import collections, os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
print(sorted(collections.Counter(a.name for a in client.list_agents()).items()))
print(sorted(collections.Counter(s.name for s in client.vector_stores.list()).items()))
print(sorted(collections.Counter(f.filename for f in client.files.list().data).values()))
"""


@dataclass(frozen=True)
class Clone:
    """The copy, and how to run `fac` in it."""

    root: Path
    engine: str

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PULUMI_", "FAC_", "IDENTITY_"))
        }
        return {
            **kept,
            "FAC_ENGINE": self.engine,
            "NO_COLOR": "1",
            "PYTHONPATH": str(ROOT),
            "PULUMI_HOME": str(self.root / ".pulumi-home"),
        }

    def start(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "foundry.cli", *arguments],
            cwd=self.root,
            text=True,
            stdout=subprocess.PIPE,
            **{
                "env": self.environment,
                "stdin": subprocess.DEVNULL,
                "stderr": subprocess.STDOUT,
                **more,
            },
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        printed, _ = process.communicate(timeout=240)
        return process.returncode, printed

    def fac(self, *arguments: str) -> str:
        code, printed = self.run(*arguments)
        assert code == 0, printed
        return printed

    def standard_output(self, *arguments: str) -> str:
        """What a script that reads standard output gets."""
        process = self.start(*arguments, stderr=subprocess.DEVNULL)
        printed, _ = process.communicate(timeout=240)
        assert process.returncode == 0, printed
        return printed

    def outputs(self, stack: str = "sandbox") -> dict[str, Any]:
        outputs = json.loads(self.fac("output", "-s", stack))
        assert isinstance(outputs, dict)
        return outputs

    def variables(self) -> dict[str, str]:
        """What `fac sandbox env` exports."""
        lines = self.fac("sandbox", "env").splitlines()
        pairs = (line.removeprefix("export ").split("=", 1) for line in lines)
        return {name: value.strip("'") for name, value in pairs}

    def python(self, text: str) -> str:
        """Run a program as a person would who has typed `eval "$(fac sandbox env)"`."""
        done = subprocess.run(
            [sys.executable, "-c", text],
            env={**self.environment, **self.variables()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def plan(self, *rules: dict[str, Any]) -> None:
        """What goes wrong in the sandbox, which runs, from now on; nothing, where nothing is said."""
        known = self.variables()
        reply = requests.put(
            f"{known['FAC_ARM_ENDPOINT']}/_sandbox/faults",
            json=list(rules),
            headers={"X-IDENTITY-HEADER": known["IDENTITY_HEADER"]},
            verify=known["REQUESTS_CA_BUNDLE"],
            timeout=60,
        )
        assert reply.status_code == 200, reply.text

    def has_started_nothing(self) -> bool:
        """Whether nothing stands in the sandbox's folder but the ports that it is to have."""
        return [file.name for file in (self.root / ".sandbox").iterdir()] == ["sandbox.json"]

    def assert_whole(self) -> None:
        """Every declared object is live once."""
        names, stores, files = self.python(COUNT).splitlines()
        assert names == str([(name, 1) for name in sorted(self.outputs()["agents"])])
        assert stores == "[('handbook', 1)]"
        assert set(files) <= set("[1, ]")


def make_clone(folder: Path, engine: str = "embedded") -> Clone:
    folder.mkdir(parents=True)
    for name in CONTENT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    (folder / ".sandbox").mkdir(mode=0o700)
    # Like a sandbox that was stopped, so that it keeps these ports: the default ones are whoever's starts first.
    port = own_ports()
    save(Sandbox(folder / ".sandbox", port, port + 1, secrets.token_hex(16)))
    return Clone(folder, engine)


@pytest.fixture
def engine() -> str:
    """Which engine runs the clone's stacks; a test that asks for another parametrizes it."""
    return "embedded"


@pytest.fixture
def clone(tmp_path: Path, engine: str) -> Iterator[Clone]:
    """A clone in which nothing has been brought up yet."""
    made = make_clone(tmp_path / "project", engine)
    yield made
    made.run("sandbox", "stop")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone whose sandbox stack is up; tests that share it put back what they change."""
    made = make_clone(tmp_path_factory.mktemp("up") / "project")
    made.fac("up", "--yes")
    yield made
    made.run("sandbox", "stop")
