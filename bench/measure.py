"""What the documents state about the main job: seconds, requests, memory.

    make bench                       # everything below
    python bench/measure.py [install] [up] [preview] [validate] [refresh] [bare]

Each part works on a copy of this project in a temporary folder, with a sandbox of its own. `install` downloads the packages of
`pyproject.toml` from the index that pip is set up for and is left out unless it is asked for. The CLI is measured where `pulumi` is on PATH.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
from engine import CLI, EMBEDDED, Project, ordinary_environment

from foundry.cli.operations import sandbox_environment
from foundry.sandbox import host

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ("Pulumi.yaml", "__main__.py", "requirements.txt", "components", "stacks", "schemas")
LOOKS_PER_SECOND = 20
AGENT = """\
kind: Agent
name: clerk-{number:04}
description: Answers questions about shelf {number}
model: chat
temperature: 0
instructions: You answer questions about shelf {number}, from what you know, in one sentence.
metadata: {{team: customer-care}}
"""


@dataclass
class Copy:
    """A copy of this project, and how to run `fac` in it."""

    root: Path
    engine: str = "embedded"
    peak: float = 0.0
    printed: str = field(default="", repr=False)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            k: v
            for k, v in ordinary_environment().items()
            if not k.startswith(("PULUMI_", "FAC_", "IDENTITY_"))
        }
        return {
            **kept,
            "FAC_ENGINE": self.engine,
            "NO_COLOR": "1",
            "PYTHONPATH": str(ROOT),
            "PULUMI_HOME": str(self.root / "home"),
        }

    def fac(self, *arguments: str) -> float:
        """Run a command of fac's; see `run`."""
        return self.run([sys.executable, "-m", "foundry.cli", *arguments])

    def run(self, command: Sequence[str]) -> float:
        """Run a command → seconds; `peak` is then the most memory, in MB, that it and its children had together.

        An engine that is run by itself gets what `fac` would tell it of the sandbox.
        """
        known = host.load(self.root / ".sandbox")
        told = sandbox_environment(known) if known is not None else {}
        log = self.root / "log"
        self.peak = 0.0
        with log.open("w") as said:
            began = time.monotonic()
            run = subprocess.Popen(
                command, cwd=self.root, env=self.environment | told, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
            family = psutil.Process(run.pid)
            while run.poll() is None:
                self.peak = max(self.peak, _megabytes(family))
                try:
                    run.wait(1 / LOOKS_PER_SECOND)
                except subprocess.TimeoutExpired:
                    continue
            seconds = time.monotonic() - began
        self.printed = log.read_text()
        if run.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{self.printed[-3000:]}")
        return seconds

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the emulator's own endpoints."""
        known = json.loads((self.root / ".sandbox" / "sandbox.json").read_text())
        reply = requests.request(
            method,
            f"https://localhost:{known['emulatorPort']}/_sandbox/{path}",
            json=body,
            headers={"X-IDENTITY-HEADER": known["identityHeader"]},
            verify=str(self.root / ".sandbox" / "bundle.pem"),
            timeout=60,
        )
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def emulator_megabytes(self) -> float:
        """The resident memory of this copy's emulator."""
        home = str(self.root / ".sandbox")
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if "foundry.sandbox.emulator" in words and any(home in word for word in words):
                return float(process.memory_info().rss / 1e6)
        sys.exit("the emulator doesn't run")


def _megabytes(family: psutil.Process) -> float:
    total = 0
    try:
        for process in [family, *family.children(recursive=True)]:
            if not {"foundry.sandbox.emulator", "foundry.sandbox.azure_native"} & set(process.cmdline()):
                total += process.memory_info().rss
    except psutil.Error:
        return 0.0
    return total / 1e6


@contextmanager
def copy() -> Iterator[Copy]:
    """A copy in a temporary folder; what it started is stopped at the end."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        root.mkdir()
        for name in CONTENT:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / name)
        (root / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        made = Copy(root)
        try:
            yield made
        finally:
            made.engine = "embedded"
            made.fac("sandbox", "stop")


def _tell(what: str, figure: str) -> None:
    print(f"{what:<58} {figure}", flush=True)


def install() -> None:
    """Download and installed size of what `make up` needs."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder) / "venv"
        packages = Path(folder) / "packages"
        quiet = ("--quiet", "--disable-pip-version-check")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(venv / "bin" / "python"), "-m", "pip"]
        subprocess.run(
            [*pip, "download", *quiet, "--no-cache-dir", "-d", str(packages), str(ROOT)], check=True
        )
        _tell("install: downloaded", f"{_size(packages):.0f} MB")
        began = time.monotonic()
        subprocess.run([*pip, "install", *quiet, "--find-links", str(packages), str(ROOT)], check=True)
        _tell("install: into the venv, packages at hand", f"{time.monotonic() - began:.0f} s")
        _tell("install: the venv", f"{_size(venv):.0f} MB")


def _size(folder: Path) -> float:
    return sum(f.lstat().st_blocks * 512 for f in folder.rglob("*") if f.is_file()) / 1e6


def up(project: Copy) -> None:
    """`make up` after installation: the first one, and the second."""
    seconds = project.fac("up", "--yes")
    _tell(
        "up: `fac up --yes`, everything made, sandbox started",
        f"{seconds:.1f} s, engine {project.peak:.0f} MB",
    )
    seconds = project.fac("ask", "front-desk", "Can I return boots that I have worn outside?")
    _tell("up: `fac ask`", f"{seconds:.1f} s")
    seconds = project.fac("up", "--yes")
    _tell("up: again, no changes", f"{seconds:.1f} s, engine {project.peak:.0f} MB")
    _tell("up: emulator's memory", f"{project.emulator_megabytes():.0f} MB")


def preview(project: Copy) -> None:
    """The preview that finds nothing to do, of five the middle."""
    for engine in ("embedded", "pulumi"):
        if engine == "pulumi" and not shutil.which("pulumi"):
            continue
        project.engine = engine
        seconds = sorted(project.fac("preview", "--expect-no-changes") for _ in range(5))
        _tell(f"preview: no changes, {engine} engine", f"{seconds[2]:.1f} s")
    project.engine = "embedded"


def validate(project: Copy) -> None:
    """The declarations of the sandbox stack, and of a thousand agents."""
    seconds = sorted(project.fac("validate") for _ in range(5))
    _tell("validate: the sandbox stack", f"{seconds[2]:.2f} s")
    _many(project, "thousand", 1000)
    seconds = sorted(project.fac("validate", "-s", "thousand") for _ in range(3))
    _tell("validate: 1,000 agents more", f"{seconds[1]:.2f} s")


def refresh(project: Copy) -> None:
    """Refresh of 500 agents where every request of the data plane takes 100 ms."""
    _many(project, "sandbox", 500)
    seconds = project.fac("up", "--yes")
    _tell("refresh: up with 500 agents more", f"{seconds:.1f} s, engine {project.peak:.0f} MB")
    for milliseconds in (0, 100):
        project.control(
            "PUT", "faults", [{"match": {"path": "/api/projects/"}, "action": {"delay": milliseconds / 1000}}]
        )
        project.control("DELETE", "requests")
        seconds = project.fac("refresh", "--yes", "--skip-preview")
        asked = Counter(
            f"{entry['method']} {entry['path'].rpartition('/')[2]}"
            for entry in project.control("GET", "requests")
            if "/api/projects/" in entry["path"]
        )
        told = ", ".join(f"{count} {what}" for what, count in sorted(asked.items()))
        _tell(
            f"refresh: 506 agents at {milliseconds} ms",
            f"{seconds:.1f} s, engine {project.peak:.0f} MB; {told}",
        )
    _tell("refresh: emulator's memory", f"{project.emulator_megabytes():.0f} MB")


def bare(project: Copy) -> None:
    """A preview of agents alone with nothing to do, beside that of a program of nothing but as many trivial dynamic resources."""
    for count in (10, 100, 1000):
        _many(project, "team", count, layers="team")
        project.fac("up", "-s", "team", "--yes")
        project.fac("preview", "-s", "team", "--expect-no-changes")
        resources = int(project.printed.rpartition("Resources: ")[2].partition(" unchanged")[0])
        for name, engine in (("embedded", EMBEDDED), ("pulumi", CLI)):
            if engine == CLI and not shutil.which("pulumi"):
                continue
            project.engine = name
            ours, alone, theirs = [], [], []
            with tempfile.TemporaryDirectory() as folder:
                trivial = Project(Path(folder), resources)
                trivial.prepare(EMBEDDED)
                trivial.measure(EMBEDDED, "up", "--yes", "--skip-preview", limit=900)
                for _ in range(5):
                    ours.append(project.fac("preview", "-s", "team", "--expect-no-changes"))
                    alone.append(project.run([*engine, "preview", "-s", "team", "--expect-no-changes"]))
                    found = trivial.measure(engine, "preview", "--refresh", "--expect-no-changes", limit=900)
                    theirs.append(found.seconds or sys.exit("the bare program took too long"))
            mine, only, other = (sorted(each)[2] for each in (ours, alone, theirs))
            _tell(
                f"bare: preview of {count} agents, {name} engine",
                f"{only:.1f} s, a bare program's {other:.1f} s: {only / other:.2f} times; with fac {mine:.1f} s: "
                f"{mine / other:.2f} times",
            )
        project.engine = "embedded"


def _many(project: Copy, stack: str, count: int, layers: str = "base, sandbox") -> None:
    """A layer of agents on top of the sandbox stack's, or of the layers given."""
    name = "team" if layers == "team" else "sandbox"
    settings = (ROOT / "stacks" / f"Pulumi.{name}.yaml").read_text().replace("  foundry:layers: [team]\n", "")
    target = project.root / "stacks" / f"Pulumi.{stack}.yaml"
    target.write_text(settings.replace("config:\n", f"config:\n  foundry:layers: [{layers}, many]\n"))
    folder = project.root / "stacks" / "many"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(count):
        (folder / f"clerk-{number:04}.yaml").write_text(AGENT.format(number=number))


def main() -> None:
    """Measure and print."""
    wanted = sys.argv[1:] or ["up", "preview", "validate", "refresh", "bare"]
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}")
    if "install" in wanted:
        install()
    parts = [part for part in (up, preview, validate, refresh, bare) if part.__name__ in wanted]
    if parts:
        with copy() as project:
            if up not in parts and parts != [validate]:
                project.fac("up", "--yes")
            for part in parts:
                part(project)


if __name__ == "__main__":
    main()
