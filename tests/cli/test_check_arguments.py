"""Where `fac check` can't write its results is told before anything is asked."""

import pytest

from foundry.cli import main


@pytest.mark.parametrize(
    ("option", "path", "told"),
    [
        ("--junit", "folder", "folder is a folder; name a file"),
        ("--json", "folder", "folder is a folder; name a file"),
        ("--junit", "file/in/results.xml", "file is no folder; name a file"),
        ("--save-files", "file", "file is no folder; name a folder"),
        ("--save-files", "file/more", "file is no folder; name a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_first(tmp_path, capsys, option, path, told):
    (tmp_path / "Pulumi.yaml").write_text("name: desk\nruntime: python\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("as it was")

    code = main(["-C", str(tmp_path), "check", "-s", "dev", option, str(tmp_path / path)])

    said = capsys.readouterr().err
    assert (code, f"{tmp_path / path} ({option}) can't be written: " in said, told in said) == (
        1,
        True,
        True,
    ), said
    assert (tmp_path / "file").read_text() == "as it was"


@pytest.mark.parametrize(
    ("option", "path"), [("--junit", "new/results.xml"), ("--json", "file"), ("--save-files", "folder")]
)
def test_a_place_that_can_be_written_is_taken(tmp_path, capsys, option, path):
    (tmp_path / "Pulumi.yaml").write_text("name: desk\nruntime: python\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("as it was")

    main(["-C", str(tmp_path), "check", "-s", "dev", option, str(tmp_path / path)])

    said = capsys.readouterr().err
    assert "can't be written" not in said
    assert "no stack `dev`" in said or "no stack 'dev'" in said, said
