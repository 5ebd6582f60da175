"""The callers in docs/callers.md, each run as it stands there, with nothing but what `fac output` prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/callers.md").read_text()
CALLERS = dict(re.findall(r"```python\n# caller: (\w+)\n(.*?)```", DOCUMENT, re.DOTALL))
ANSWERS = {"classic": "exchange them once", "projects": "I am helper", "openai": "I am helper"}


def test_the_page_has_a_caller_for_each_client() -> None:
    assert CALLERS.keys() == ANSWERS.keys()


@pytest.mark.parametrize("caller", sorted(ANSWERS))
def test_a_caller_of_the_page_gets_an_answer(up: Any, caller: str) -> None:
    lines = up.fac("output", "--format", "dotenv").splitlines()
    told = {name: shlex.split(value)[0] for name, value in (line.split("=", 1) for line in lines)}
    done = subprocess.run(
        [sys.executable, "-c", CALLERS[caller]],
        env={**up.environment, **up.variables(), **told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ANSWERS[caller] in done.stdout
