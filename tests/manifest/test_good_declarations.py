"""What is right gives no finding: a file in `positive/` for each way of writing something that is easily taken for a fault.

The form is that of `negative/`, without findings.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.manifest.conftest import HERE, Project
from tests.manifest.test_bad_declarations import parts

CASES = sorted((HERE / "positive").glob("*.txt"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_what_is_right_gives_no_finding(project: Project, case: Path) -> None:
    for path, text in parts(case):
        if path.endswith(" (removed)"):
            (project.root / path.removesuffix(" (removed)")).unlink()
        else:
            project.write(path, text)
    loaded = project.load()
    assert loaded.findings == ()
    assert loaded.manifest is not None


def test_there_are_cases() -> None:
    assert len(CASES) > 25
