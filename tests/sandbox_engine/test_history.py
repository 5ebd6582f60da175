"""What a run did is kept as the CLI keeps it: an entry and the checkpoint it led to, with the commit that the project stood at."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from foundry.sandbox.engine import history
from foundry.sandbox.engine.backend import Stack


def stack(folder: Path) -> Stack:
    made = Stack(folder=folder / "state/.pulumi", project="shop", name="dev")
    made.file.parent.mkdir(parents=True)
    made.file.write_text('{"version": 3, "checkpoint": {"latest": null}}')
    return made


def entries(place: Stack) -> list[Path]:
    return sorted((place.folder / "history/shop/dev").iterdir())


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def record(place: Stack, root: Path) -> None:
    history.record(place, kind="update", began=1, succeeded=True, counts={"create": 2, "same": 0}, root=root)


def test_an_entry_has_the_checkpoint_beside_it_and_the_commit_in_it(tmp_path: Path) -> None:
    place = stack(tmp_path)
    git(tmp_path, "init", "-q")
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    git(tmp_path, "add", "Pulumi.yaml")
    git(tmp_path, "commit", "-q", "-m", "First\n\nWith a body")
    record(place, tmp_path)
    checkpoint, entry = entries(place)
    assert checkpoint.name == entry.name.replace(".history.json", ".checkpoint.json")
    assert checkpoint.read_text() == place.file.read_text()
    told = json.loads(entry.read_text())
    assert told["kind"] == "update"
    assert told["result"] == "succeeded"
    assert told["message"] == "First"
    assert told["resourceChanges"] == {"create": 2}
    assert told["environment"] == {
        "git.head": git(tmp_path, "rev-parse", "HEAD").strip(),
        "git.author": "Ann",
        "git.author.email": "ann@example.org",
        "git.dirty": "false",
    }


def test_a_change_that_is_not_committed_is_noted(tmp_path: Path) -> None:
    place = stack(tmp_path)
    git(tmp_path, "init", "-q")
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    git(tmp_path, "add", "Pulumi.yaml")
    git(tmp_path, "commit", "-q", "-m", "First")
    (tmp_path / "Pulumi.yaml").write_text("name: shop2\n")
    record(place, tmp_path)
    assert json.loads(entries(place)[1].read_text())["environment"]["git.dirty"] == "true"


def test_a_history_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    place = stack(tmp_path)
    (place.folder / "history").write_text("in the way")
    record(place, tmp_path)


def test_runs_are_kept_in_their_order(tmp_path: Path) -> None:
    place = stack(tmp_path)
    for content in ("1", "2", "3"):
        place.file.write_text(content)
        record(place, tmp_path)
    kept = [path.read_text() for path in entries(place) if path.name.endswith(".checkpoint.json")]
    assert kept == ["1", "2", "3"]
