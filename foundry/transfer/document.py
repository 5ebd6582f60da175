"""One declaration while it is written: the document, the files it brings, and what it can't say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from foundry.transfer.foreign import Place
from foundry.transfer.yaml_text import yaml_text

_SHORT: Final = 100
# Folder of a layer, and schema, by kind.
_PLACES: Final = {
    "Agent": ("agents", "agent"),
    "VectorStore": ("vector-stores", "vector-store"),
    "SearchIndex": ("search-indexes", "search-index"),
    "MemoryStore": ("memory-stores", "memory-store"),
    "Toolbox": ("toolboxes", "toolbox"),
    "Skill": ("skills", "skill"),
}
_SMALL_SCHEMA: Final = 160


@dataclass(frozen=True)
class Declaration:
    """A document and the files it refers to.

    `materials` are texts by their path below the layer. `lost` says what of the live object it can't say, so that taking it up
    would change it; `notes` what it leaves to others, and what a person should look at; `connections` are the connections it
    names.
    """

    kind: str
    name: str
    tree: Mapping[str, Any]
    materials: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    connections: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def files_of(declarations: Iterable[Declaration]) -> dict[str, str]:
    """The files of declarations by their path below a layer: documents, and what they refer to."""
    files: dict[str, str] = {}
    for one in declarations:
        files[path_of(one)] = yaml_text(one.tree, schema=f"../../../schemas/{_PLACES[one.kind][1]}.json")
        files |= one.materials
    return files


def path_of(declaration: Declaration) -> str:
    """Where the document of a declaration stands, below its layer."""
    return f"{_PLACES[declaration.kind][0]}/{declaration.name}.yaml"


class Writing:
    """One document while it is written: the files it brings, and what it can't say.

    `whole` keeps every text and document in its place, as it is.
    """

    def __init__(self, name: str, *, whole: bool = False) -> None:
        self._name = name
        self._whole = whole
        self._materials: dict[str, str] = {}
        self._lost: list[str] = []
        self._notes: list[str] = []
        self._connections: set[str] = set()

    @property
    def name(self) -> str:
        """The declaration's name."""
        return self._name

    def lose(self, path: str, why: str) -> None:
        """Tell of a field that taking the object up would change."""
        self._lost.append(f"{path}: {why}")

    def note(self, path: str, what: str) -> None:
        """Tell of a field what a person should know."""
        self._notes.append(f"{path}: {what}")

    def done(self, kind: str, tree: Mapping[str, Any]) -> Declaration:
        """The declaration with everything that was written and told."""
        return Declaration(
            kind,
            self._name,
            tree,
            self._materials,
            tuple(self._lost),
            frozenset(self._connections),
            tuple(self._notes),
        )

    def connection(self, arm_id: str) -> str:
        """The name of a connection: the end of its ARM id."""
        name = arm_id.rstrip("/").rsplit("/", 1)[-1]
        self._connections.add(name)
        return name

    def inline(self, text: str) -> str:
        """A text in the document itself, where `${` has a meaning."""
        return text if self._whole else text.replace("${", "$${")

    def inside(self, value: Any) -> Any:
        """A value with all the texts in it as they stand in the document itself."""
        if isinstance(value, Place):
            return str(value)
        if isinstance(value, str):
            return self.inline(value)
        if isinstance(value, Mapping):
            return {key: self.inside(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.inside(item) for item in value]
        return value

    def long_text(self, folder: str, filename: str, text: str) -> Any:
        """A text in a file of its own, or in the document where it is short."""
        if self._whole:
            return text
        if not _stands_in_a_file(text) or ("\n" not in text and len(text) <= _SHORT):
            return self.inline(text)
        return self._file(folder, filename, text)

    def text_file(self, path: str, folder: str, filename: str, text: str) -> Any:
        """A text that has to stand in a file of its own; `path` is the field."""
        if self._whole:
            return text
        if not _stands_in_a_file(text):
            self.lose(path, "its line ends or its first character wouldn't last in a file")
        return self._file(folder, filename, text)

    def folder(self, path: str, name: str) -> str:
        """A folder of files, as the document speaks of it; what is in it is written by who has it."""
        return f"../{path}/{name}"

    def json_file(self, folder: str, stem: str, document: Any) -> Any:
        """A document in a JSON file of its own."""
        return self._file(
            folder, f"{stem}.json", json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        )

    def schema(self, folder: str, stem: str, document: Any) -> Any:
        """A JSON Schema: in the document where it is small, in a file otherwise."""
        if self._whole:
            return document
        if len(json.dumps(document)) <= _SMALL_SCHEMA and "${" not in json.dumps(document):
            return document
        return self.json_file(folder, f"{self._name}-{stem}", document)

    def _file(self, folder: str, filename: str, text: str) -> dict[str, str]:
        self._materials[f"{folder}/{filename}"] = text
        return {"file": f"../{folder}/{filename}"}


def _stands_in_a_file(text: str) -> bool:
    # A file is read with its line ends as LF and without a mark of byte order.
    return "\r" not in text and not text.startswith("\ufeff")
