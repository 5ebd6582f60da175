"""A project folder, a backend folder and a cloud; one engine or the other is run in them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from engine_scenarios import HEADER, PASSPHRASE, PROJECT, SALT, STACK

from foundry.sandbox.engine.__main__ import main

HERE = Path(__file__).parent
OURS = (sys.executable, "-m", "foundry.sandbox.engine")
CLI = ("pulumi",)
WITHIN_SECONDS = 60.0


class World:
    """One project with one stack."""

    def __init__(
        self,
        folder: Path,
        *,
        options: str = "",
        settings: str = "",
        engine: tuple[str, ...] = OURS,
        python: Path | None = None,
    ) -> None:
        self.folder = folder
        self.engine = engine
        self.project = folder / "project"
        self.state = folder / "state"
        self.project.mkdir()
        self.state.mkdir()
        runtime = f"{{name: python, options: {{virtualenv: {python}}}}}" if python else "python"
        (self.project / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: {runtime}\n{options}")
        (self.project / f"Pulumi.{STACK}.yaml").write_text(f"encryptionsalt: {SALT}\n{settings}")
        shutil.copy(HERE / "synthetic" / "cloud.py", self.project)
        self.env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_COLOR": "1",
        }

    def program(self, text: str) -> None:
        (self.project / "__main__.py").write_text(text)

    def body(self, text: str) -> None:
        """A program with the usual imports."""
        self.program(HEADER + text)

    def command(self, *argv: str, engine: tuple[str, ...] | None = None) -> list[str]:
        return [*(engine or self.engine), *argv, "-s", STACK]

    def run(
        self, *argv: str, engine: tuple[str, ...] | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end: ours in this process, which saves its start; the CLI as a process."""
        if (engine or self.engine) is not OURS:
            return self._run_process(*argv, engine=engine, **env)
        out, err = io.StringIO(), io.StringIO()
        before = dict(os.environ)
        os.environ.update({**self.env, **env})
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = main([*argv, "-s", STACK, "--cwd", str(self.project)])
        finally:
            os.environ.clear()
            os.environ.update(before)
        return subprocess.CompletedProcess(argv, status, out.getvalue(), err.getvalue())

    def _run_process(
        self, *argv: str, engine: tuple[str, ...] | None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*argv, engine=engine),
            cwd=self.project,
            env={**self.env, **env},
            text=True,
            capture_output=True,
            check=False,
            timeout=WITHIN_SECONDS * 2,
        )

    def ok(self, *argv: str, engine: tuple[str, ...] | None = None) -> str:
        done = self.run(*argv, engine=engine)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self, *argv: str, engine: tuple[str, ...] | None = None) -> str:
        return self.ok("up", "--yes", "--skip-preview", *argv, engine=engine)

    def start(self, *argv: str, engine: tuple[str, ...] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*argv, engine=engine),
            cwd=self.project,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def wait_until_held(self, name: str) -> None:
        until = time.monotonic() + WITHIN_SECONDS
        while not (self.project / "cloud" / f"held-{name}").exists():
            assert time.monotonic() < until, f"{name} was never held"
            time.sleep(0.02)

    def release(self) -> None:
        (self.project / "cloud").mkdir(exist_ok=True)
        (self.project / "cloud" / "go").touch()

    @property
    def checkpoint(self) -> Path:
        return self.state / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"

    def deployment(self) -> dict[str, Any]:
        """The state with secrets in plain text."""
        if not self.checkpoint.exists():
            return {"resources": []}
        result: dict[str, Any] = json.loads(self.ok("stack", "export", "--show-secrets"))["deployment"]
        return result

    def ids(self) -> dict[str, str]:
        """Custom resources in the state by name."""
        return {r["urn"].rpartition("::")[2]: r["id"] for r in self.deployment()["resources"] if r["custom"]}

    def pending(self) -> list[str]:
        return [
            p["resource"]["urn"].rpartition("::")[2]
            for p in self.deployment().get("pending_operations") or []
        ]

    def objects(self) -> dict[str, Any]:
        return {p.stem: json.loads(p.read_text()) for p in sorted((self.project / "cloud").glob("*.json"))}

    def change(self, id_: str, change: dict[str, Any] | None) -> None:
        path = self.project / "cloud" / f"{id_}.json"
        if change is None:
            path.unlink()
        else:
            path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    def stacks_that_the_cli_lists(self) -> str:
        done = subprocess.run(
            ["pulumi", "stack", "ls"],
            cwd=self.project,
            env=self.env,
            text=True,
            capture_output=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    def locks(self) -> list[Path]:
        return list((self.state / ".pulumi" / "locks").rglob("*.json"))


def kill_with_family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """SIGKILL to the process alone; the children it had are returned as they were."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    return family


def gone_within(processes: list[psutil.Process], seconds: float) -> bool:
    """Whether all the processes end within the time."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
