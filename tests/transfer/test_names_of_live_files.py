"""A live file has the name that somebody gave it: it is compared, and neither a pattern nor a way out of the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundry.cli.gathering import Gathering, Place
from foundry.cli.gathering.stores import declare_stores
from foundry.manifest import load
from foundry.service.live import LiveFile, LiveStore, StoreMember
from foundry.transfer.document import files_of

SETTINGS = """\
config:
  azure-native:subscriptionId: 00000000-0000-4000-8000-000000000001
  foundry:stackId: 3f0e9a52-7c1d-4b68-9e35-0d2a6b8c4f71
"""


@dataclass
class Desk:
    """A project with one store, whose files the service keeps to itself, or gives."""

    names: Sequence[str]
    gives: bytes | None = None

    def project(self, _endpoint: str) -> Any:
        return self

    def list_files(self) -> list[LiveFile]:
        return [
            LiveFile(f"assistant-{i}", 0, name, 4, "assistants", "processed")
            for i, name in enumerate(self.names)
        ]

    def list_members(self, _store: str) -> list[StoreMember]:
        return [StoreMember(file.id, "completed") for file in self.list_files()]

    def pour(self, _file: str, into: Any) -> bool:
        into.write(self.gives or b"")
        return self.gives is not None


def declared(tmp_path: Path, desk: Any, folder: Path) -> tuple[Gathering, Path]:
    """What is declared of the store, written into a project."""
    root = tmp_path / "project"
    (tmp_path / "scratch").mkdir()
    place = Place(root=root, layer="dev", dialect="classic", folders=[str(folder)])
    found = Gathering(desk, lambda _: desk, place, tmp_path / "scratch", dialects={"vs_1": "classic"})
    declare_stores(found, "https://e", {"vs_1": LiveStore("vs_1", 0, "store", "completed", {}, None, {})})
    texts = {
        "../../Pulumi.yaml": "name: desk\nruntime: python\nstackConfigDir: stacks\n",
        "../Pulumi.dev.yaml": SETTINGS,
        "environment.yaml": "kind: Environment\nname: desk\ndialect: classic\nexisting: {project_endpoint: 'https://a.services.ai.azure.com/api/projects/p'}\n",
        **files_of(found.declarations),
    }
    for path, content in found.copies.items():
        texts[path] = content.read_text() if isinstance(content, Path) else content.decode()
    for path, text in texts.items():
        (root / "stacks/dev" / path).resolve().parent.mkdir(parents=True, exist_ok=True)
        (root / "stacks/dev" / path).resolve().write_text(text)
    return found, root


@pytest.mark.parametrize(
    "name", ["data[1].md", "a**b.md", "what?.md", "/etc/rules.md", "../../rules.md", "plain.md"]
)
@pytest.mark.parametrize("within", [False, True])
def test_a_file_is_found_by_its_name_and_declared_as_itself(tmp_path: Path, name: str, within: bool) -> None:
    folder = tmp_path / ("project/papers" if within else "papers")
    folder.mkdir(parents=True)
    own = name.rpartition("/")[2]
    for other in ("data1.md", "a-b.md", "what1.md", "other.md"):
        (folder / other).write_text("not!")
    (folder / own).write_text("yes!")
    found, root = declared(tmp_path, Desk([name]), folder)
    assert found.left == []
    loaded = load(root, "dev")
    assert loaded.manifest is not None, loaded.findings
    (store,) = loaded.manifest.vector_stores
    assert [Path(file.path).name for file in store.files] == [own]
    assert [(root / file.path).read_text() for file in store.files] == ["yes!"]


@pytest.mark.parametrize("name", ["..", "a/..", "/", "../../../../escaped.md", "..\\escaped.md"])
def test_the_name_of_a_file_leads_nowhere(tmp_path: Path, name: str) -> None:
    found, _ = declared(tmp_path, Desk([name], gives=b"yes!"), tmp_path)
    (path,) = found.copies
    assert path in ("knowledge/store/escaped.md", "knowledge/store/assistant-0")


def test_a_name_that_no_file_has_is_told(tmp_path: Path) -> None:
    (tmp_path / "data1.md").write_text("not!")
    found, _ = declared(tmp_path, Desk(["data[1].md"]), tmp_path)
    assert found.declarations == []
    assert "nobody has the content of data[1].md" in found.left[0]
