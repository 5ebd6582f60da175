"""Layers of folders become one document per kind and name (RFC 7396), every field still knowing where it came from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from foundry.manifest.decoding import Flaw, decoded
from foundry.manifest.marked import Mapping, Mark
from foundry.manifest.near import is_near, meant
from foundry.manifest.report import Report
from foundry.manifest.schema import FILES, check, schema_of
from foundry.manifest.settings import DECLARATIONS
from foundry.manifest.yaml12 import read

_ENVIRONMENT: Final = "Environment"
_FOLDER_OF: Final = {
    "Agent": "agents",
    "VectorStore": "vector-stores",
    "SearchIndex": "search-indexes",
    "MemoryStore": "memory-stores",
    "Toolbox": "toolboxes",
    "Skill": "skills",
}
_FOLDERS: Final = ("", *_FOLDER_OF.values())
_KIND: Final = re.compile(rf"^kind:[ ]+[\"']?({'|'.join(FILES)})[\"']?[ ]*(?:#.*)?$", re.MULTILINE)
_HEAD: Final = 4096
"""Characters of a file in which its kind would stand."""


@dataclass(frozen=True)
class Document:
    """What the layers together say about one thing. `sources` are the files, lowest layer first.

    The Environment's `name` here is empty: it may hold places, and is no part of what is merged.
    """

    kind: str
    name: str
    tree: Mapping
    sources: tuple[str, ...]

    @property
    def omitted(self) -> bool:
        """Whether the stack leaves the document out."""
        return self.tree.get("omit") is True


@dataclass(frozen=True)
class Documents:
    """Every document of a stack. `complete` is False when a file could not be read, so that names may be missing."""

    found: dict[tuple[str, str], Document] = field(default_factory=dict)
    complete: bool = True

    @cached_property
    def by_kind(self) -> dict[str, dict[str, Document]]:
        """The documents of each kind by name, the omitted ones too."""
        kinds: dict[str, dict[str, Document]] = {kind: {} for kind in FILES}
        for (kind, name), document in self.found.items():
            kinds[kind][name] = document
        return kinds


def gather(root: Path, layers: tuple[str, ...], report: Report) -> Documents:
    """Read and merge every declaration of the layers (folders below `stacks/`), lowest first."""
    found: dict[tuple[str, str], Document] = {}
    complete = True
    for layer in layers:
        here: dict[tuple[str, str], str] = {}
        for path in _files(root, layer, report):
            tree = _declaration(root, path, report)
            if tree is None:
                complete = False
                continue
            kind: str = tree["kind"]
            # There is one environment per stack, so its documents belong together whatever they are called.
            name = "" if kind == _ENVIRONMENT else tree.get("name")
            if not isinstance(name, str):
                _tell_nameless(kind, tree, report, is_whole=layer == layers[0])
                complete = False
                continue
            key = (kind, name)
            if key in here:
                what = "a second Environment" if kind == _ENVIRONMENT else f"a second {kind} called `{name}`"
                report.error(
                    tree.values_at.get("name", tree.mark),
                    f"{what} in the layer `{layer}`, the first is {here[key]}",
                    "keep one, or give it another name",
                )
                continue
            here[key] = path
            below = found.get(key)
            found[key] = Document(
                kind,
                name,
                _merged(below.tree if below else None, tree, "", report),
                (*(below.sources if below else ()), path),
            )
    return Documents(found, complete)


def _tell_nameless(kind: str, tree: Mapping, report: Report, *, is_whole: bool) -> None:
    """What is wrong with the name, and with all the rest where no earlier layer can hold what is missing."""
    name_at = tree.values_at.get("name", tree.mark)
    misspelt = next(
        (key for key in tree if key not in schema_of(kind)["properties"] and is_near(key, ["name"])), None
    )
    if misspelt is not None and "name" not in tree:
        report.error(tree.keys_at[misspelt], f"unknown field `{misspelt}`", "did you mean `name`?")
    else:
        fix = "add it: 1 to 63 lower-case letters, digits and dashes"
        shown = name_at.plain if "name" in tree else None
        report.error(
            name_at,
            "the document has no `name` that is text",
            f'write `name: "{shown}"`' if shown else fix,
        )
    if is_whole:
        named = _merged(None, tree, "", Report())
        named.drop(misspelt or "")
        named.put("name", "unnamed", name_at, name_at)
        check(kind, named, report)


def _files(root: Path, layer: str, report: Report) -> Iterator[str]:
    for entry in sorted((root / DECLARATIONS / layer).iterdir()):
        if (
            entry.is_dir()
            and entry.name not in _FOLDERS
            and is_near(entry.name, _FOLDERS[1:])
            and any(file.suffix in (".yaml", ".yml") for file in entry.iterdir())
        ):
            what = f"declarations in the folder `{entry.name}` are not read"
            fix = meant(entry.name, _FOLDERS[1:], none="", have="declarations stand in")
            report.warning(Mark(f"{DECLARATIONS}/{layer}/{entry.name}", 1, 1), what, fix)
        elif entry.is_dir():
            _warn_of_unread(root, entry, report, deep=entry.name in _FOLDERS)
    for folder in _FOLDERS:
        inside = posixpath.join(DECLARATIONS, layer, folder).rstrip("/")
        if not (root / inside).is_dir():
            continue
        for entry in sorted((root / inside).iterdir()):
            if entry.suffix != ".yaml" and entry.suffix.lower() in (".yml", ".yaml") and entry.is_file():
                report.error(
                    Mark(f"{inside}/{entry.name}", 1, 1),
                    "a declaration's file ends in .yaml",
                    f"rename it to {entry.stem}.yaml",
                )
            elif entry.suffix == ".yaml" and entry.is_file() and not entry.name.startswith((".", "Pulumi.")):
                yield f"{inside}/{entry.name}"


def _warn_of_unread(root: Path, folder: Path, report: Report, *, deep: bool) -> None:
    """Tell of declarations where none are read: in the folder, or, where it is one that is read, in the folders below it."""
    for path in sorted(folder.glob("*/**/*.yaml" if deep else "*.yaml")):
        try:
            with path.open(encoding="utf-8-sig") as file:
                found = _KIND.search(file.read(_HEAD))
        except (OSError, UnicodeDecodeError):
            continue
        if found:
            wanted = _FOLDER_OF.get(found[1], "")
            report.warning(
                Mark(path.relative_to(root).as_posix(), 1, 1),
                f"this {found[1]} is not read, because no declarations are read in this folder",
                f"move the file into {folder.parent.relative_to(root).as_posix()}/{wanted}".rstrip("/"),
            )


def _declaration(root: Path, path: str, report: Report) -> Mapping | None:
    start = Mark(path, 1, 1)
    try:
        text = decoded((root / path).read_bytes())
    except OSError as error:
        report.error(
            start, f"the file can't be read ({type(error).__name__})", "make it a file that you may read"
        )
        return None
    if isinstance(text, Flaw):
        report.error(Mark(path, text.line, text.column), text.what, text.fix)
        return None
    reading = read(text, path, report)
    tree = reading.value
    if tree is None:
        if reading.sound:
            report.error(
                start, "the file is empty", f"declare something: `kind:` and one of {', '.join(FILES)}"
            )
        return None
    if not isinstance(tree, Mapping):
        report.error(
            reading.mark,
            "the document is not a mapping",
            f"start it with `kind:` and one of {', '.join(FILES)}",
        )
        return None
    kind = tree.get("kind")
    if kind is None:
        meant_so = next((key for key in tree if is_near(key, ["kind"])), None)
        at = tree.keys_at[meant_so] if meant_so else tree.mark
        fix = f"write it in the place of `{meant_so}`" if meant_so else "add it"
        report.error(at, "the document has no `kind`", f"{fix}, one of: {', '.join(FILES)}")
        return None
    if not isinstance(kind, str) or kind not in FILES:
        report.error(
            tree.values_at["kind"],
            f"unknown kind `{kind}`",
            meant(str(kind), FILES, none="", have="the kinds are"),
        )
        return None
    return tree


def _merged(below: Any, patch: Mapping, path: str, report: Report) -> Mapping:
    """JSON Merge Patch: null removes, mappings merge, everything else takes the place of what was there.

    Where no earlier layer has the mapping there is nothing to remove: a null stays, for the schema to judge.
    """
    has_below = isinstance(below, Mapping)
    result = Mapping(below.mark if has_below else patch.mark)
    if has_below:
        result.update(below)
        result.keys_at.update(below.keys_at)
        result.values_at.update(below.values_at)
        result.removed_at.update(below.removed_at)
    for key, value in patch.items():
        if value is None and has_below:
            if key not in result:
                what = f"`{path}{key}: null` removes nothing: no earlier layer has it"
                report.warning(
                    patch.keys_at[key], what, meant(key, result, none="leave it out", have="there are")
                )
            result.drop(key, patch.keys_at[key])
        elif isinstance(value, Mapping):
            merged = _merged(result.get(key), value, f"{path}{key}.", report)
            at = result.values_at[key] if isinstance(result.get(key), Mapping) else patch.values_at[key]
            result.put(key, merged, patch.keys_at[key] if key not in result else result.keys_at[key], at)
        else:
            result.put(key, value, patch.keys_at[key], patch.values_at[key])
    return result
