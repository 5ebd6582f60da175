"""What README.md and the pages show of `fac` is what it prints: the commands are run, ids, places and durations masked."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, make_clone
from tests.cli.day_two.conftest import Desk

README = ROOT / "README.md"
# Where Azurite is installed this line isn't printed.
NOT_EVERYWHERE = "queues and blobs are not served"
MORE = re.compile(r" +… (\d+) more …")
MASKS = (
    (re.compile(r" +\(\d+\.\d+ ?s\)"), ""),
    (re.compile(r"\d+\.\d s\b"), "N s"),
    (re.compile(r"\b(asst|vs)_\w{24}"), r"\1_ID"),
    (re.compile(r"(localhost:|on port )\d+"), r"\1PORT"),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    clone = make_clone(tmp_path_factory.mktemp("shown") / "foundry-as-code")
    # What `fac up` names at its end, where there is such a thing.
    for name in ("Makefile", "docs/to-azure.md"):
        (clone.root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, clone.root / name)
    yield Desk(clone.root, clone.engine)
    clone.run("sandbox", "stop")


@pytest.fixture(scope="module")
def first_up(desk: Desk) -> str:
    return desk.fac("up", "--yes")


def blocks(page: Path, command: str) -> list[str]:
    """What a page shows below a command, each time that it does."""
    found = re.findall(r"```console\n\$ (.*)\n([^`]*(?:`[^`]+`[^`]*)*?)```", page.read_text(encoding="utf-8"))
    return [shown for given, shown in found if given == command]


def lines(text: str, root: Path | None = None) -> Counter[str]:
    if root is not None:
        text = text.replace(str(root), f"~/{root.name}")
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return Counter(
        line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith(NOT_EVERYWHERE)
    )


def assert_shown(shown: str, printed: str, root: Path) -> None:
    """Each line is printed and each printed line is shown, but for as many as are said to be left out."""
    left_out = sum(int(count) for count in MORE.findall(shown))
    wanted, found = lines(MORE.sub("", shown)), lines(printed, root)
    missing, more = wanted - found, found - wanted
    assert not missing
    assert more.total() == left_out, more


def test_the_first_up_and_its_question(desk: Desk, first_up: str) -> None:
    (shown,) = blocks(README, "make up")
    # Before this stands what `make` says, and what a sandbox says that has no ports yet.
    _, start, shown = shown.partition("starting the emulator")
    answer = desk.fac("ask", "front-desk", "Can I return boots that I have worn outside?")
    assert_shown(start + shown, first_up + answer, desk.root)


@pytest.mark.usefixtures("first_up")
def test_an_edit_and_then_drift(desk: Desk) -> None:
    edit, drift = blocks(README, "fac preview")
    prompt = desk.root / "stacks/base/prompts/customer-care.md"
    before = prompt.read_text()
    (added,) = re.findall(r"^ +\+(- .*)$", edit, re.MULTILINE)
    prompt.write_text(f"{before}{added}\n")
    assert_shown(edit, desk.fac("preview"), desk.root)
    prompt.write_text(before)
    (program,) = re.findall(r"<<'PY'\n(.*?)\nPY\n", README.read_text(encoding="utf-8"), re.DOTALL)
    desk.python(program)
    assert_shown(drift, desk.fac("preview"), desk.root)


@pytest.mark.usefixtures("first_up")
def test_the_checks(desk: Desk) -> None:
    printed = desk.fac("check")
    for page in (README, ROOT / "docs/checks.md"):
        (shown,) = blocks(page, "fac check")
        assert_shown(shown, printed, desk.root)


def test_two_faults(desk: Desk) -> None:
    (shown,) = blocks(README, "fac validate")
    places = [
        desk.root / "stacks/base/agents" / f"{name}.yaml" for name in ("customer-care", "order-analyst")
    ]
    before = [place.read_text() for place in places]
    places[0].write_text(before[0].replace("vector_stores: [handbook]", "vector_stores: [handbok]"))
    places[1].write_text(before[1].replace("\nmodel:", "\nmodle:"))
    code, printed = desk.run("validate")
    for place, text in zip(places, before, strict=True):
        place.write_text(text)
    assert code == 2
    assert_shown(shown, printed, desk.root)


def test_a_new_project(desk: Desk, tmp_path: Path) -> None:
    (shown,) = blocks(ROOT / "docs/format.md", "fac init")
    folder = tmp_path / "acme-care"
    folder.mkdir()
    code, printed = desk.run("--cwd", str(folder), "init")
    assert code == 0
    assert_shown(shown, printed, folder)
