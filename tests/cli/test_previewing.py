"""A preview that comes to no end is told with the engine's reason and what to do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from foundry.cli.engines import Engine, Run
from foundry.cli.previewing import document
from foundry.model import FoundryError


def ending(tmp_path: Path, printed: str, said: str, code: int) -> Run:
    """An engine that prints, says and ends so."""
    text = f"import sys; print({printed!r}); print({said!r}, file=sys.stderr); sys.exit({code})"
    return Run(
        Engine("an engine", (sys.executable, "-c", text), is_cli=False), tmp_path, "night", dict(os.environ)
    )


@pytest.mark.parametrize(
    ("printed", "said", "told"),
    [
        (
            "",
            "error: no stack named 'night' found",
            "found; make it in the backend that you are logged in to",
        ),
        ("", "starting\nerror: passphrase must be set", "passphrase must be set; run it with --diff"),
        ("{}", "error: the plugin can't be started", "the plugin can't be started; run it with --diff"),
        ('{"duration": 1}', "error: interrupted", "interrupted; run it with --diff"),
    ],
)
def test_a_preview_without_a_document_tells_why(tmp_path: Path, printed: str, said: str, told: str) -> None:
    with pytest.raises(FoundryError) as failed:
        document(ending(tmp_path, printed, said, 255))
    assert told in str(failed.value)


def test_a_preview_that_failed_with_a_document_is_its_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document(ending(tmp_path, '{"diagnostics": []}', "a warning", 1))
    assert (found.code, found.document) == (1, {"diagnostics": []})
    assert capsys.readouterr().err == "a warning\n"
