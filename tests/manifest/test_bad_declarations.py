"""Every bad declaration gives the findings that its case says, word for word, and nothing else.

A case is one file in `negative/`: the files that are laid over the valid project (`=== path`, or `=== path (removed)`),
then `=== findings`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

CASES = sorted((Path(__file__).parent / "negative").glob("*.txt"))


def parts(case: Path) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in case.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("=== "):
            found.append((line[4:].rstrip("\n"), ""))
        else:
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_bad_declaration_gives_its_findings_and_nothing_else(project, case):
    *files, (title, expected) = parts(case)
    assert title == "findings"
    for path, text in files:
        if path.endswith(" (removed)"):
            (project.root / path.removesuffix(" (removed)")).unlink()
        else:
            project.write(path, text)

    loaded = project.load()

    assert [str(finding) for finding in loaded.findings] == expected.splitlines()
    only_warnings = all(": warning: " in line for line in expected.splitlines())
    assert (loaded.manifest is not None) == only_warnings


def test_there_are_cases():
    assert len(CASES) > 80
