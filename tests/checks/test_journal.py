"""What a run leaves is deleted by the next one, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from foundry.checks.journal import Journal, journal, sweep, sweep_marked
from foundry.cli.operations import declared_filename
from foundry.model import Conversation, FoundryError, Owner
from foundry.service.conversation import Ask, Keeper, Left, Place, Transcript, nobody

HERE = Path(__file__).resolve()
OWNER = Owner("shop", "dev", "11111111-1111-4111-8111-111111111111")
OTHER = Owner("shop", "dev", "22222222-2222-4222-8222-222222222222")
PLACE = Place("https://shop.example/api/projects/service", "classic")


@dataclass
class Project:
    """A project at the service: what lies in it, by id."""

    things: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    born: dict[str, int] = field(default_factory=dict)
    is_down: bool = False

    def at(self, place: Place) -> Project:
        assert place == PLACE
        return self

    def hold(self, agent: str, talk: Conversation, keeper: Keeper, otherwise: Ask = nobody) -> Transcript:
        raise NotImplementedError

    def delete(self, kind: str, identity: str) -> None:
        if self.is_down:
            raise FoundryError("the service is down", fix="wait")
        assert self.things.pop(identity, kind) == kind

    def leftovers(self, keeper: Keeper) -> Iterator[Left]:
        for identity, kind in list(self.things.items()):
            run = keeper.run_of(self.metadata.get(identity), self.names.get(identity))
            if run is not None:
                yield Left(kind, identity, run, self.born[identity])


@pytest.fixture
def said() -> list[str]:
    return []


def killed(folder: Path, *made: tuple[str, str]) -> None:
    """A process that made things and was killed."""
    program = f"""
import os, sys
sys.path.insert(0, {str(HERE.parents[2])!r})
from pathlib import Path
from foundry.checks.journal import Journal
from foundry.model import Owner
from foundry.service.conversation import Place
keeper = Journal(Path({str(folder)!r}), Owner(*{(OWNER.project, OWNER.stack, OWNER.stack_id)!r})).keeper(
    Place({PLACE.endpoint!r}, {PLACE.dialect!r})
)
for kind, identity in {made!r}:
    keeper.made(kind, identity)
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9


def test_what_a_killed_run_made_is_deleted_by_the_next_and_its_list_with_it(tmp_path, said):
    project = Project({"thread_1": "thread", "file_1": "file", "thread_of_somebody": "thread"})
    killed(tmp_path, ("file", "file_1"), ("thread", "thread_1"))

    sweep(tmp_path, project.at, said.append)

    assert project.things == {"thread_of_somebody": "thread"}
    assert list(tmp_path.iterdir()) == []
    assert said == ["Deleted 1 file, 1 thread left by a check that was killed."]


def test_the_list_of_a_run_that_goes_on_is_left_alone(tmp_path, said):
    project = Project({"thread_1": "thread"})
    with journal(tmp_path, OWNER, said.append) as made:
        made.keeper(PLACE).made("thread", "thread_1")
        sweep(tmp_path, project.at, said.append)
        assert project.things == {"thread_1": "thread"}
        made.keeper(PLACE).gone("thread", "thread_1")
    assert (list(tmp_path.iterdir()), said) == ([], [])


def test_a_clock_that_is_set_ends_no_run(tmp_path, said):
    project = Project({"thread_1": "thread"})
    with journal(tmp_path, OWNER, said.append) as made:
        made.keeper(PLACE).made("thread", "thread_1")
        (path,) = tmp_path.iterdir()
        first, *rest = path.read_text().splitlines()
        writer = json.loads(first)
        path.write_text("\n".join([json.dumps(writer | {"started": writer["started"] - 30}), *rest]))
        sweep(tmp_path, project.at, said.append)
    assert (project.things, said[:1]) == (
        {"thread_1": "thread"},
        ["1 thing made for a conversation couldn't be deleted; the next check tries again."],
    )


def test_what_cannot_be_deleted_stays_listed_until_it_can(tmp_path, said):
    project = Project({"thread_1": "thread"}, is_down=True)
    with journal(tmp_path, OWNER, said.append) as made:
        made.keeper(PLACE).made("thread", "thread_1")
    assert said == ["1 thing made for a conversation couldn't be deleted; the next check tries again."]
    # The process that wrote the list is this one, which lives: let it be one that has ended.
    (path,) = tmp_path.iterdir()
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | {"started": 0}), *rest]))

    sweep(tmp_path, project.at, said.append)
    assert path.exists()
    project.is_down = False
    sweep(tmp_path, project.at, said.append)

    assert (project.things, list(tmp_path.iterdir())) == ({}, [])


def test_a_list_nobody_could_clear_for_a_week_is_given_up(tmp_path, said):
    project = Project({"thread_1": "thread"}, is_down=True)
    killed(tmp_path, ("thread", "thread_1"))
    written = next(tmp_path.iterdir()).stat().st_mtime

    sweep(tmp_path, project.at, said.append, now=lambda: written + 8 * 86_400)

    assert list(tmp_path.iterdir()) == []
    assert said == ["Gave up deleting what a check left a week ago: thread_1"]


@pytest.mark.parametrize("cut", [1, 20])
def test_a_line_that_was_cut_off_by_the_kill_is_passed_over(tmp_path, said, cut):
    project = Project({"thread_1": "thread", "thread_2": "thread"})
    killed(tmp_path, ("thread", "thread_1"), ("thread", "thread_2"))
    path = next(tmp_path.iterdir())
    path.write_text(path.read_text()[: -cut - 1])

    sweep(tmp_path, project.at, said.append)

    assert project.things == {"thread_2": "thread"}


def test_marked_things_in_no_list_are_deleted_once_their_run_has_ended(tmp_path, said):
    made, dead, other = (Journal(tmp_path, owner) for owner in (OWNER, OWNER, OTHER))
    ours, killed_ones, theirs = (one.keeper(PLACE) for one in (made, dead, other))
    project = Project(
        things={
            "old": "thread",
            "new": "thread",
            "killed": "thread",
            "foreign": "thread",
            "plain": "store",
            "upload": "file",
            "killed_upload": "file",
            "new_upload": "file",
            "report": "file",
        },
        metadata={
            "old": dict(ours.mark),
            "new": dict(ours.mark),
            "killed": dict(killed_ones.mark),
            "foreign": dict(theirs.mark),
            "plain": {"team": "care"},
        },
        names={
            "upload": ours.filename("orders.csv"),
            "new_upload": ours.filename("orders.csv"),
            "killed_upload": killed_ones.filename("orders.csv"),
            "report": "orders.0123456789ab.csv",
        },
        born={
            **dict.fromkeys(("old", "foreign", "plain", "upload", "report"), 1000),
            **dict.fromkeys(("new", "killed", "killed_upload", "new_upload"), 9000),
        },
    )

    sweep_marked({PLACE: project}, made, said.append, gone=[dead.run], now=10_000)

    assert set(project.things) == {"new", "new_upload", "foreign", "plain", "report"}
    assert said == [
        "Deleted 2 files, 2 threads with the mark of this stack's checks, of a run that has ended."
    ]


def test_a_sweep_tells_which_runs_have_ended(tmp_path, said):
    killed(tmp_path)
    assert sweep(tmp_path, Project().at, said.append) == ()
    killed(tmp_path, ("thread", "thread_1"))
    (path,) = tmp_path.iterdir()
    assert sweep(tmp_path, Project({"thread_1": "thread"}).at, said.append) == (
        path.stem.removeprefix("made-"),
    )


def test_the_name_of_a_file_loses_its_digits_for_people(tmp_path):
    marked = Journal(tmp_path, OWNER).keeper(PLACE).filename("orders.csv")
    assert marked != "orders.csv"
    assert declared_filename(marked) == "orders.csv"
