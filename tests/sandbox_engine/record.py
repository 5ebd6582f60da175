"""Plays the scenarios on the real engine and writes recordings/<scenario>.json.

    python tests/sandbox_engine/record.py [SCENARIO ...]

Needs `pulumi` with its Python language host and pulumi-python provider on PATH. Each recorded stage holds: program, argv, the changes
made to the cloud, exit status, the preview's steps where asked for, the events, the state afterwards with secrets in plain text (they
are made up), and the cloud's objects afterwards.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE / "synthetic"))

import engine_normal as normal  # noqa: E402
from attached import Boxes, serve  # noqa: E402
from engine_recordings import SCENARIOS  # noqa: E402
from engine_scenarios import PASSPHRASE, PROJECT, SALT, STACK, Scenario, Stage  # noqa: E402

HELD_WITHIN_SECONDS = 60.0


class Player:
    """A project folder, a backend folder and a cloud, and the real CLI run in them."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.project = folder / "project"
        self.state = folder / "state"
        self.project.mkdir()
        self.state.mkdir()
        (self.project / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n{scenario.options}")
        (self.project / f"Pulumi.{STACK}.yaml").write_text(f"encryptionsalt: {SALT}\n{scenario.settings}")
        shutil.copy(HERE / "synthetic" / "cloud.py", self.project)
        self.boxes = Boxes()
        self.server, port = serve(self.boxes)
        self.env = {
            **os.environ,
            **({"PULUMI_DEBUG_PROVIDERS": f"attached:{port}"} if scenario.attached else {}),
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *argv, "-s", STACK],
            cwd=self.project,
            env=self.env,
            text=True,
            capture_output=True,
            check=False,
        )

    def export(self) -> dict[str, Any]:
        done = self.run("stack", "export", "--show-secrets")
        done.check_returncode()
        return json.loads(done.stdout)["deployment"]

    def locks(self) -> list[list[str]]:
        folder = self.state / ".pulumi/locks/organization" / PROJECT / STACK
        return [sorted(json.loads(p.read_text())) for p in folder.glob("*.json")] if folder.exists() else []

    def objects(self) -> dict[str, Any]:
        return {p.stem: json.loads(p.read_text()) for p in sorted((self.project / "cloud").glob("*.json"))}

    def arrange(self, stage: Stage) -> None:
        if stage.program is not None:
            (self.project / "__main__.py").write_text(stage.program)
        for id_, change in stage.cloud.items():
            path = self.project / "cloud" / f"{id_}.json"
            if change is None:
                path.unlink()
            else:
                path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
        for name, box in stage.boxes.items():
            if box is None:
                del self.boxes.objects[name]
            else:
                self.boxes.objects[name] |= box
        if stage.release_held:
            (self.project / "cloud" / "go").touch()

    def killed(self, stage: Stage) -> None:
        run = subprocess.Popen(
            ["pulumi", *_full(stage.argv), "-s", STACK],
            cwd=self.project,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + HELD_WITHIN_SECONDS
        held = self.project / "cloud" / f"held-{stage.kill_when_held}"
        while not held.exists() and time.monotonic() < until:
            time.sleep(0.05)
        family = psutil.Process(run.pid).children(recursive=True)
        run.kill()
        run.wait()
        for orphan in family:  # they would finish the create
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.kill()


def _full(argv: tuple[str, ...]) -> tuple[str, ...]:
    verb, *rest = argv
    if "--preview-only" in rest:
        return (verb, "--json", *rest)
    if verb in ("up", "destroy", "refresh"):
        return (verb, "--yes", "--skip-preview", "--json", *rest)
    return (verb, "--json", *rest) if verb == "preview" else (verb, "--yes", *rest)


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def play(scenario: Scenario, folder: Path) -> dict[str, Any]:
    player = Player(scenario, folder)
    player.run("stack", "init").check_returncode()
    stages = []
    for stage in scenario.stages:
        player.arrange(stage)
        record: dict[str, Any] = {
            "argv": list(stage.argv),
            "program": stage.program,
            "cloud": stage.cloud,
            "changed_boxes": stage.boxes,
        }
        if stage.preview:
            targets = [a for a in stage.argv[1:] if a == "--target" or a.startswith("urn:")]
            done = player.run("preview", "--json", *targets)
            record["preview"] = {"exit": done.returncode, **normal.preview(json.loads(done.stdout))}
        if stage.kill_when_held:
            player.killed(stage)
            record["killed"] = True
        else:
            done = player.run(*_full(stage.argv))
            record["exit"] = done.returncode
            if stage.is_preview:
                record |= {"preview": normal.preview(json.loads(done.stdout))}
            else:
                stream = _lines(done.stdout)
                record |= {"events": normal.events(stream), "errors": normal.errors(stream)}
            record["stderr"] = done.stderr.replace(str(folder), "FOLDER")
        record |= {
            "state": normal.state(player.export()),
            "locks": player.locks(),
            "objects": player.objects(),
            "boxes": copy.deepcopy(player.boxes.objects),
        }
        stages.append(record)
    player.server.stop(None)
    return {
        "scenario": scenario.name,
        "options": scenario.options,
        "settings": scenario.settings,
        "stages": stages,
    }


def main(names: list[str]) -> None:
    version = subprocess.run(["pulumi", "version"], text=True, capture_output=True, check=True).stdout.strip()
    for scenario in SCENARIOS:
        if names and scenario.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            recording = {"engine": version or "source build", **play(scenario, Path(folder))}
        target = HERE / "recordings" / f"{scenario.name}.json"
        target.write_text(json.dumps(recording, indent=1, sort_keys=True) + "\n")
        print(
            f"{scenario.name}: {len(scenario.stages)} stages, exits {[s.get('exit') for s in recording['stages']]}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
