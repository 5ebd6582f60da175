"""Arguments and files that hold what can't be read, and standard input that is closed: one message, and no traceback."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from foundry.cli import agreeing, main


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  foundry:stackId: x\n")
    return tmp_path


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)


def said(capsys: pytest.CaptureFixture[str], project: Path, *arguments: str) -> str:
    assert main(["--cwd", str(project), *arguments]) == 1
    return capsys.readouterr().err


@pytest.mark.usefixtures("closed")
def test_nobody_answers_where_standard_input_is_closed(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert not agreeing.is_asked([])
    assert "there is no value for foundry:bing" in said(capsys, project, "secret", "bing", "-s", "dev")
    assert "can't be read as JSON" in said(capsys, project, "report", "-")


@pytest.mark.parametrize("key", ["stackId", "foundry:stackId", "foundry:layers", "sandbox"])
def test_what_is_read_in_clear_is_not_made_a_secret(
    project: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    assert "is no secret" in said(capsys, project, "secret", key, "-s", "dev")


@pytest.mark.parametrize("key", ["", "foundry:", ":"])
def test_a_setting_without_a_name_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    assert "is no name of a setting" in said(capsys, project, "secret", key, "-s", "dev")


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_secret_that_is_no_text_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, errors: str
) -> None:
    typed = io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8", errors=errors)
    monkeypatch.setattr(sys, "stdin", typed)
    assert "isn't text in UTF-8" in said(capsys, project, "secret", "bing", "-s", "dev")


def test_a_preview_nested_too_deep_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "p.json"
    file.write_text("[" * 100_000 + "]" * 100_000)
    assert "can't be read as JSON" in said(capsys, project, "report", str(file))


@pytest.mark.parametrize("limit", ["0", "-1", "x"])
def test_a_history_of_no_runs_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--cwd", str(project), "history", "desk", f"--limit={limit}"])
    assert end.value.code == 2
    assert "is no number of runs: say 1 or more" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["", "[stacks]", "7"])
def test_a_folder_of_settings_that_is_no_text_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    (project / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\nstackConfigDir: {folder}\n")
    assert "is not text" in said(capsys, project, "init", "-s", "dev")
    assert sorted(one.name for one in project.iterdir()) == ["Pulumi.dev.yaml", "Pulumi.yaml"]
