"""Preview, up and destroy of many trivial dynamic resources: the embedded engine and, where `pulumi` is on PATH, the CLI.

    python bench/engine.py [--sizes 100,1000,5000] [--engines embedded,cli] [--limit SECONDS]

Prints one line a command: wall-clock seconds, CPU seconds of all its processes together (engine, program, providers), which a busy
machine distorts less, and the peak of their resident memory, looked at four times a second. A command that takes longer than the limit is ended and counted as such; what would follow
on it isn't run.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

EMBEDDED = (sys.executable, "-m", "foundry.sandbox.engine")
CLI = ("pulumi",)
COMMANDS = {
    "preview": ("preview",),
    "up": ("up", "--yes", "--skip-preview"),
    "up, no changes": ("up", "--yes", "--skip-preview", "--expect-no-changes"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
LOOKS_PER_SECOND = 4

PROVIDER = """\
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class NothingProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        return CreateResult(props["name"], props)


class Nothing(Resource, module="nothing", name="Nothing"):
    def __init__(self, name):
        super().__init__(NothingProvider(), name, {"name": name, "text": "x" * 200})
"""
PROGRAM = """\
from nothing import Nothing

for number in range({count}):
    Nothing(f"nothing-{{number}}")
"""


def ordinary_environment() -> dict[str, str]:
    """The environment, with Python's compiled modules kept from run to run as they are anywhere unless somebody forbids it."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Measured:
    """One command's seconds on the wall and of CPU, None if it took longer than the limit, and its processes' peak in MB."""

    seconds: float | None
    cpu_seconds: float
    megabytes: float


class Project:
    """A project folder and a backend folder of their own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        state = folder / "state"
        state.mkdir()
        (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (folder / "nothing.py").write_text(PROVIDER)
        (folder / "__main__.py").write_text(PROGRAM.format(count=count))
        self.env = {
            **ordinary_environment(),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "NO_COLOR": "1",
        }

    def prepare(self, engine: tuple[str, ...]) -> None:
        """Make the stack, which the embedded engine does by itself."""
        if engine == CLI:
            subprocess.run(
                [*CLI, "stack", "init", "dev"],
                cwd=self.folder,
                env=self.env,
                check=True,
                capture_output=True,
                timeout=60,
            )

    def measure(self, engine: tuple[str, ...], *argv: str, limit: float) -> Measured:
        """Run one command to its end or to the limit. Raises SystemExit if it fails."""
        log = self.folder / "log"
        with log.open("w") as said:
            began = time.monotonic()
            run = subprocess.Popen(
                [*engine, *argv, "--stack", "dev"], cwd=self.folder, env=self.env, stdout=said, stderr=said
            )
            family = psutil.Process(run.pid)
            peak = 0.0
            ended, status, used = 0, 0, None
            while not ended and time.monotonic() - began < limit:
                peak = max(peak, _megabytes(family))
                until = time.monotonic() + 1 / LOOKS_PER_SECOND
                while not ended and time.monotonic() < until:
                    ended, status, used = os.wait4(run.pid, os.WNOHANG)
                    time.sleep(0.01)
            seconds = time.monotonic() - began
            if not ended:
                for process in [*family.children(recursive=True), family]:
                    process.kill()
                os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
        if not ended or used is None:
            return Measured(None, 0.0, peak)
        if run.returncode != 0:
            sys.exit(f"{' '.join(argv)} failed:\n{log.read_text()[-2000:]}")
        return Measured(seconds, used.ru_utime + used.ru_stime, peak)


def _megabytes(family: psutil.Process) -> float:
    total = 0
    for process in [family, *family.children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="100,1000,5000", help="numbers of resources, comma-separated")
    parser.add_argument("--engines", default="embedded,cli", help="which engines, comma-separated")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which a command is ended")
    chosen = parser.parse_args()
    engines = {"embedded": EMBEDDED, "cli": CLI}
    names = [n for n in chosen.engines.split(",") if n != "cli" or shutil.which("pulumi")]
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}")
    print(f"{'engine':<10}{'resources':>10}  {'command':<16}{'seconds':>8}{'CPU s':>8}{'MB':>8}")
    for count in map(int, chosen.sizes.split(",")):
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                project = Project(Path(folder), count)
                project.prepare(engines[name])
                for command, argv in COMMANDS.items():
                    found = project.measure(engines[name], *argv, limit=chosen.limit)
                    seconds = f"{found.seconds:.1f}" if found.seconds is not None else f">{chosen.limit:.0f}"
                    cpu = f"{found.cpu_seconds:.1f}" if found.seconds is not None else ""
                    print(
                        f"{name:<10}{count:>10}  {command:<16}{seconds:>8}{cpu:>8}{found.megabytes:>8.0f}",
                        flush=True,
                    )
                    if found.seconds is None:
                        break


if __name__ == "__main__":
    main()
