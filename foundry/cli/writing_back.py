"""Edits of an agent's declaration, written into the files that own the fields: the document of a layer, a prompt, a schema."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from foundry.cli.project import Project
from foundry.cli.saving import save
from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.manifest.layers import Document
    from foundry.manifest.marked import Mark
    from foundry.transfer.writing_back import Edit


_PLACE: Final = re.compile(r"(?<!\$)\$\{[^}]*\}")


@dataclass
class WritingBack:
    """The files of one declaration while they are edited. Nothing is written before `save`."""

    project: Project
    document: Document
    written: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)
    _before: dict[str, str] = field(default_factory=dict)

    def write(self, edits: Sequence[Edit]) -> None:
        """Make the edits.

        `written` has those that change a file, `said` those that the files say already; what can't be written by a tool is kept in
        `left`, with what to do.
        """
        for edit in edits:
            before = dict(self._texts)
            try:
                path = self._write(edit)
            except FoundryError as error:
                self.left.append(f"{edit}: {error}")
                continue
            is_said = self._texts.get(path) == before.get(path, self._before.get(path))
            (self.said if is_said else self.written).append(f"{edit}  {path}")

    def save(self) -> None:
        """Write the files that changed.

        Raises:
            FoundryError: one can't be written.
        """
        for path in self.changed:
            save(self.project.root / path, self._texts[path])

    @property
    def changed(self) -> tuple[str, ...]:
        """Paths of the files that `save` writes, relative to the project root."""
        return tuple(path for path, text in self._texts.items() if text != self._before[path])

    def _write(self, edit: Edit) -> str:
        from foundry.transfer.edits import REMOVED

        declared = _at(self.document.tree, edit.path)
        if declared is None and edit.value is REMOVED:
            return self.document.sources[-1]
        if (
            isinstance(declared, Mapping)
            and isinstance(declared.get("file"), str)
            and edit.value is not REMOVED
        ):
            return self._write_file(edit, declared)
        return self._write_inline(edit)

    # ---- files of their own

    def _write_file(self, edit: Edit, declared: Any) -> str:
        at: Mark = declared.values_at["file"]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(at.path), str(declared["file"])))
        raw = self._text(path)
        places = declared.get("interpolate") is True
        if isinstance(edit.value, str):
            self._texts[path] = _text(raw, edit, path, places=places)
        elif places:
            raise FoundryError(f"{path} holds places (${{…}})", fix="change it by hand")
        else:
            self._texts[path] = self._document_text(raw, edit, path)
        return path

    def _document_text(self, raw: str, edit: Edit, path: str) -> str:
        from foundry.manifest.marked import plain
        from foundry.manifest.report import Report
        from foundry.manifest.yaml12 import read
        from foundry.transfer.edits import edited
        from foundry.transfer.writing_back import differences, merged_document

        known = plain(read(raw, path, Report(), material=True).value)
        wanted = edit.value
        if edit.path[-1] == "spec" and isinstance(wanted, Mapping) and isinstance(edit.before, Mapping):
            # The declaration's `server_url` stands in the live document; the file keeps its own servers.
            tool = _at(self.document.tree, edit.path[:-1])
            if "server_url" in tool and wanted.get("servers") == edit.before.get("servers"):
                wanted = {**wanted, "servers": known.get("servers")}
        changed = raw
        try:
            for change in differences(known, wanted):
                changed = edited(
                    changed, change.path, change.value, name=path, as_json=path.endswith(".json")
                )
        except FoundryError:
            if not path.endswith(".json"):
                raise
            indent = re.search(r"\n([ \t]+)\"", raw)
            told = merged_document(known, wanted)
            changed = json.dumps(told, indent=indent[1] if indent else None, ensure_ascii=False) + "\n"
        return changed

    # ---- the documents of the layers

    def _write_inline(self, edit: Edit) -> str:
        from foundry.transfer.edits import REMOVED, edited

        sources = {path: self._own_tree(path) for path in self.document.sources}
        having = [path for path, tree in sources.items() if _at(tree, edit.path) is not None]
        path = having[-1] if having else self.document.sources[-1]
        value = _escaped(edit.value)
        if edit.value is REMOVED and len(having) > 1:
            path, value = self.document.sources[-1], None
        raw = _at(sources[path], edit.path)
        if isinstance(raw, str) and "${" in raw.replace("$${", "") and edit.value is not REMOVED:
            value = _text(raw, edit, path, places=True)
        self._texts[path] = edited(self._text(path), edit.path, value, name=path)
        return path

    def _own_tree(self, path: str) -> Any:
        from foundry.manifest.report import Report
        from foundry.manifest.yaml12 import read

        return read(self._text(path), path, Report()).value

    def _text(self, path: str) -> str:
        if path not in self._texts:
            root = self.project.root.resolve()
            if not (root / path).resolve().is_relative_to(root):
                raise FoundryError(
                    f"{path} is a link that leaves the repository",
                    fix="put the file itself into the repository",
                )
            try:
                with (self.project.root / path).open(encoding="utf-8", newline="") as stream:
                    text = stream.read()
            except (OSError, UnicodeDecodeError) as error:
                raise FoundryError(f"{path} can't be read", fix="make it a readable file in UTF-8") from error
            self._texts[path] = self._before[path] = text
        return self._texts[path]


def agent_document(project: Project, stack: str, agent: str) -> Document:
    """The merged document of a declared agent.

    Raises:
        FoundryError: the stack declares no such agent.
    """
    return declared_document(project, stack, "Agent", agent)


def declared_document(project: Project, stack: str, kind: str, name: str) -> Document:
    """The merged document of a kind and a name.

    Raises:
        FoundryError: the stack declares no such thing.
    """
    from foundry.manifest.loading import open_stack
    from foundry.manifest.report import Report

    project.require(stack)
    found = open_stack(project.root, stack, None, Report())
    by_kind = found.documents.by_kind if found is not None else {}
    documents = by_kind.get(kind, {})
    if name in documents:
        return documents[name]
    others = [other for other, known in by_kind.items() if name in known]
    raise FoundryError(
        f"stack {stack} declares no {kind.lower()} {name!r}"
        + (f": {name} is a {others[0]}" if others else ""),
        fix=f"it declares: {', '.join(sorted(documents)) or 'none'}",
    )


def told(project: Project, stack: str, back: WritingBack) -> int:
    """Save, say what was written and what wasn't, and hold the result against the rules of declarations."""
    import sys

    from foundry.manifest import load
    from foundry.model import Severity

    back.save()
    for line in back.written:
        print(f"wrote {line}")
    for line in back.said:
        print(f"says so already {line}")
    for line in _sharing(project, stack, back.changed):
        print(line)
    for line in back.left:
        print(f"not written: {line}", file=sys.stderr)
    loaded = load(project.root, stack, needs_id=False)
    for finding in loaded.findings:
        print(finding, file=sys.stderr)
    wrong = back.left or any(finding.severity is Severity.ERROR for finding in loaded.findings)
    return 1 if wrong else 0


def _sharing(project: Project, stack: str, paths: Sequence[str]) -> Iterator[str]:
    """A line for each layer among the files that other stacks are declared in too."""
    from foundry.manifest.report import Report
    from foundry.manifest.settings import layers_of, read_project, read_settings

    read = read_project(project.root, Report())
    if read is None:
        return
    layers = {
        other: layers_of(
            read_settings(project.root, read, other, Report()).values, other, project.root, "", Report()
        ).found
        for other in project.stacks()
        if other != stack
    }
    for layer in sorted({path.split("/")[1] for path in paths if path.startswith("stacks/")}):
        others = sorted(other for other, found in layers.items() if layer in found)
        if others:
            yield (
                f"stacks/{layer} is a layer of {', '.join(others)} too: what is for {stack} alone goes into a layer of its own, "
                f"as stacks/{stack}"
            )


def _text(raw: str, edit: Edit, path: str, *, places: bool) -> str:
    from foundry.transfer.writing_back import merged_text

    wanted = str(edit.value)
    if "\r" in wanted or wanted.startswith("\ufeff"):
        raise FoundryError(
            f"it has line ends or a first character that {path} can't keep",
            fix="write the text into the document itself, in double quotes",
        )
    if not places:
        return wanted.replace("\n", "\r\n") if "\r\n" in raw else wanted
    if _may_say(raw, wanted) and not _may_say(raw, str(edit.before)):
        return raw
    merged = merged_text(raw, str(edit.before), wanted)
    if merged is None or (merged.count("${") == merged.count("$${") and "\n" not in raw):
        raise FoundryError(
            f"the text in {path} holds places (${{…}})", fix=f"change it by hand into: {wanted}"
        )
    return merged


def _may_say(raw: str, told: str) -> bool:
    """Whether a text with places comes to another one with the right values in them."""
    parts = (re.escape(part.replace("$$", "$")) for part in _PLACE.split(raw))
    return re.fullmatch(".*?".join(parts), told) is not None


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value


def _at(tree: Any, path: Sequence[str]) -> Any:
    for step in path:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    return tree
