"""Files that declarations name: found, checked and hashed once, however often they are named."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

from foundry.code_archives import stays_out
from foundry.manifest.decoding import Decoding, Flaw, decoded
from foundry.manifest.interpolation import Interpolation
from foundry.manifest.marked import Mapping, Mark, marked, place, put_text, texts
from foundry.manifest.near import meant
from foundry.manifest.report import Report
from foundry.manifest.yaml12 import Reading, read
from foundry.model import FoundryError, KnowledgeFile

LARGEST: Final = 512 * 1024 * 1024
"""Bytes in a file, at most (Azure docs: quotas and limits of the Agent Service)."""

SEARCHABLE: Final = frozenset(
    [
        "c",
        "cpp",
        "cs",
        "css",
        "doc",
        "docx",
        "html",
        "java",
        "js",
        "json",
        "md",
        "pdf",
        "php",
        "pptx",
        "py",
        "rb",
        "sh",
        "tex",
        "ts",
        "txt",
    ]
)
"""Endings that file search takes (Azure docs: file search tool, supported file types)."""

_BINARY: Final = frozenset(("doc", "docx", "pdf", "pptx"))
_WILD: Final = re.compile(r"[*?\[]")
_UNSENDABLE: Final = re.compile(r'["\\\x00-\x1f\x7f-\x9f][^/]*\Z|[\ud800-\udfff]')
"""What a form can't hold in a file's name, or gives back in other letters, so that the upload is never found again; and a
folder's name that is no UTF-8."""
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class _Problem:
    what: str
    fix: str
    at: Mark | None = None
    """Where in the file, for what is wrong inside of it."""
    missing: str | None = None
    """The path where there is no file."""


@dataclass(frozen=True)
class _Facts:
    size: int
    sha256: str
    flaw: Flaw | None


class Shelf:
    """The files of one repository.

    Paths that come in are as written in a document, relative to it; paths that go out are relative to the project
    root. Nothing outside the root is ever opened.
    """

    def __init__(self, root: Path, report: Report) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._report = report
        self._facts: dict[str, _Facts | _Problem] = {}
        self._texts: dict[str, str | _Problem] = {}
        self._documents: dict[tuple[str, bool], Any] = {}
        self._listings: dict[str, list[str]] = {}

    # ---- texts and documents

    def text(self, written: str, at: Mark, fill: Interpolation | None) -> str | None:
        """The content of a text file, line ends as LF; None, with a finding, when there is none.

        With `fill` its places are filled.
        """
        path = self._inside(written, at)
        content = self._content(path, at) if path else None
        if content is None or path is None:
            return None
        return fill.fill_file(content, path, self._report) if fill else content

    def document(self, written: str, at: Mark, fill: Interpolation | None) -> Mapping | None:
        """The mapping that a JSON or YAML file holds, with its places; None, with a finding, when it is none."""
        path = self._inside(written, at)
        if path is None:
            return None
        known = (path, fill is not None)
        if known not in self._documents:
            self._documents[known] = self._parsed(path, at, fill)
        return self._documents[known]  # type: ignore[no-any-return]

    def _parsed(self, path: str, at: Mark, fill: Interpolation | None) -> Mapping | None:
        content = self._content(path, at)
        if content is None:
            return None
        reading = (
            self._json(content, path)
            if path.endswith(".json")
            else read(content, path, self._report, material=True)
        )
        if not reading.sound:
            return None
        if not isinstance(reading.value, Mapping):
            self._report.error(reading.mark, "the document is not a mapping", "write a JSON or YAML object")
            return None
        return reading.value if fill is None else self._filled(reading.value, fill)

    def _json(self, content: str, path: str) -> Reading:
        start = Mark(path, 1, 1)
        try:
            value = json.loads(content, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            self._report.error(
                Mark(path, error.lineno, error.colno),
                f"malformed JSON: {error.msg}",
                "correct the punctuation here",
            )
            return Reading(None, start, sound=False)
        except (ValueError, RecursionError):
            self._report.error(
                start, "the document holds numbers or a depth that JSON has no place for", "make it simpler"
            )
            return Reading(None, start, sound=False)
        told = Report()
        reading = read(content, path, told, material=True)
        if reading.value is None:
            # JSON that YAML can't read (escaped surrogates, for one) is taken without the places of its values.
            return Reading(marked(value, start), start, sound=True)
        self._report.take(told)
        return reading

    def _filled(self, tree: Mapping, fill: Interpolation) -> Mapping | None:
        # Values are filled after parsing, so that no setting can change what the document is.
        sound = True
        for path, text in list(texts(tree)):
            filled = fill.fill(text, place(tree, path), self._report)
            if filled is None:
                sound = False
            else:
                put_text(tree, path, filled)
        return tree if sound else None

    def _content(self, path: str, at: Mark) -> str | None:
        if path not in self._texts:
            self._texts[path] = self._read(path)
        found = self._texts[path]
        if isinstance(found, _Problem):
            self._tell(found, at)
            return None
        return found

    def _read(self, path: str) -> str | _Problem:
        facts = self._inspected(path)
        if isinstance(facts, _Problem):
            return facts
        try:
            text = decoded((self._root / path).read_bytes())
        except OSError as error:
            return _unreadable(path, error)
        return _flawed(path, text) if isinstance(text, Flaw) else text

    # ---- files for the service

    def knowledge(self, written: str, at: Mark, *, searchable: bool) -> KnowledgeFile | None:
        """A file that is uploaded; None, with a finding, when it can't be.

        `searchable` files must be of a type that file search takes.
        """
        path = self._inside(written, at)
        return self._file(path, at, searchable=searchable) if path else None

    def matches(self, pattern: str, at: Mark, exclude: Sequence[tuple[str, Mark]]) -> list[KnowledgeFile]:
        """The searchable files that a path or a pattern names, less the excluded ones, by path."""
        if not _WILD.search(pattern):
            file = self.knowledge(pattern, at, searchable=True)
            return [file] if file else []
        normal = self._normal(pattern, at)
        if normal is None:
            return []
        base = posixpath.dirname(normal[: _WILD.search(normal).start()])  # type: ignore[union-attr]
        wanted = _regex(normal)
        found = [path for path in self._listing(base) if wanted.fullmatch(path)]
        unwanted = [_regex(self._excluded(text, mark)) for text, mark in exclude]
        kept = [path for path in found if not any(regex.fullmatch(path) for regex in unwanted)]
        if not kept:
            why = (
                f"all {len(found)} files it matches are excluded"
                if found
                else f"below {base or '.'} nothing matches"
            )
            self._report.error(
                at, f"the pattern `{pattern}` names no file: {why}", "correct the pattern, or add the files"
            )
        files = (self._file(path, at, searchable=True) for path in kept)
        return [file for file in files if file]

    def is_excluded(self, file: KnowledgeFile, exclude: Sequence[tuple[str, Mark]]) -> bool:
        """Whether one of the patterns leaves the file out."""
        return any(_regex(self._excluded(text, mark)).fullmatch(file.path) for text, mark in exclude)

    def folder(
        self, written: str, at: Mark, exclude: Sequence[str], *, what: str
    ) -> tuple[str, dict[str, KnowledgeFile]] | None:
        """A folder's path and its files, by their names inside of it; None, with findings, when it can't be taken whole.

        Hidden files and folders and compiled Python are left out, and what the patterns exclude, which are relative to the
        folder. A link to a folder is a finding, so that nothing is missing in silence. `what` is what findings call the files.
        """
        path = self._inside(written, at)
        if path is None:
            return None
        if not self._is_folder(path):
            fix = f"name the folder that holds {what}, relative to this document"
            self._report.error(at, f"{path} is not a folder", fix)
            return None
        if not self._is_inside(self._root / path):
            self._tell(_leaving(path), at)
            return None
        unwanted = [_regex(posixpath.normpath(pattern)) for pattern in exclude]
        problems: list[_Problem] = []
        found: dict[str, KnowledgeFile] = {}
        for name, is_link in self._inner(path):
            if any(regex.fullmatch(name) or regex.fullmatch(f"{name}/") for regex in unwanted):
                continue
            inner = posixpath.normpath(posixpath.join(path, name))
            facts = self._of_a_folder(inner, is_link=is_link)
            if isinstance(facts, _Problem):
                problems.append(facts)
            else:
                found[name] = KnowledgeFile(inner, facts.sha256, facts.size)
        for problem in problems:
            self._tell(problem, at)
        if not found and not problems:
            self._report.error(
                at, f"{path} holds no file to take", f"put {what} there, or exclude less of it"
            )
        return (path, found) if found and not problems else None

    def is_file(self, path: str) -> bool:
        """Whether there is a file at a path that is relative to the project root."""
        try:
            return (self._root / path).is_file()
        except OSError:
            return False

    def _of_a_folder(self, path: str, *, is_link: bool) -> _Facts | _Problem:
        if is_link:
            return _Problem(f"{path} is a link to a folder", "put the folder itself there, or exclude it")
        if not path.isprintable():
            return _Problem(f"the name of {path!a} can't be taken into a zip", "rename it, or exclude it")
        return self._inspected(path, may_be_empty=True)

    def _inner(self, path: str) -> Iterator[tuple[str, bool]]:
        """The names of the files in a folder and below, and of links to folders; which of the two it is."""
        top = self._root / path
        for folder, folders, names in os.walk(top):
            folders[:] = sorted(name for name in folders if not stays_out(name))
            links = [name for name in folders if Path(folder, name).is_symlink()]
            below = os.path.relpath(folder, top).replace(os.sep, "/")
            for name in (*sorted(names), *links):
                if not stays_out(name):
                    yield posixpath.normpath(posixpath.join(below, name)), name in links

    def content(self, file: KnowledgeFile) -> bytes:
        """The bytes of a file that was found before. Raises FoundryError when somebody takes it away meanwhile."""
        try:
            return (self._root / file.path).read_bytes()
        except OSError as error:
            raise FoundryError(
                f"{file.path} can't be read any more ({type(error).__name__})", fix="run the command again"
            ) from None

    def opened(self, file: KnowledgeFile) -> IO[bytes]:
        """A file that was found before, to be read and closed. Raises FoundryError when somebody takes it away meanwhile."""
        try:
            return (self._root / file.path).open("rb")
        except OSError as error:
            raise FoundryError(
                f"{file.path} can't be read any more ({type(error).__name__})", fix="run the command again"
            ) from None

    def _file(self, path: str, at: Mark, *, searchable: bool) -> KnowledgeFile | None:
        ending = path.rsplit(".", 1)[-1].lower() if "." in path else ""
        facts = _unsendable(path) or self._inspected(path)
        if isinstance(facts, _Problem):
            self._tell(facts, at)
            return None
        if searchable and ending not in SEARCHABLE:
            self._report.error(
                at,
                f"file search does not take {path}",
                f"convert it to one of: {', '.join(sorted(SEARCHABLE))}",
            )
            return None
        if searchable and ending not in _BINARY and facts.flaw is not None:
            self._tell(_flawed(path, facts.flaw), at)
            return None
        return KnowledgeFile(path, facts.sha256, facts.size)

    def lines(self, file: KnowledgeFile, at: Mark) -> list[str]:
        """The lines of a file that was found before; nothing, with a finding, when it is not text."""
        found = self._content(file.path, at)
        return [] if found is None else found.split("\n")

    # ---- looking at the disk

    def _inspected(self, path: str, *, may_be_empty: bool = False) -> _Facts | _Problem:
        if path not in self._facts:
            self._facts[path] = self._inspect(path)
        facts = self._facts[path]
        if isinstance(facts, _Facts) and facts.size == 0 and not may_be_empty:
            return _Problem(f"{path} is empty", "write something into it, or leave it out")
        return facts

    def _inspect(self, path: str) -> _Facts | _Problem:
        full = self._root / path
        try:
            if not full.exists():
                return _hanging(path) if full.is_symlink() else self._missing(path)
            if not self._is_inside(full):
                return _leaving(path)
            if not full.is_file():
                return _Problem(
                    f"{path} is not a file",
                    "name a file, or a pattern such as `folder/**/*.md` where patterns are taken",
                )
            size = full.stat().st_size
            if size > LARGEST:
                return _Problem(
                    f"{path} has {size:,} bytes, more than the {LARGEST:,} that the service takes", "split it"
                )
            return _hashed(full, size)
        except (OSError, ValueError) as error:
            return _unreadable(path, error)

    def _missing(self, path: str) -> _Problem:
        folder, name = posixpath.split(path)
        try:
            beside = [entry.name for entry in os.scandir(self._root / folder) if entry.is_file()]
        except OSError:
            return _Problem(
                f"there is no file {path}",
                f"there is no folder {folder} either: the path is relative to the document it stands in",
                missing=path,
            )
        return _Problem(
            f"there is no file {path}",
            meant(name, beside, none=f"{folder} holds no files", have=f"{folder or 'the root'} holds"),
            missing=path,
        )

    def _listing(self, base: str) -> list[str]:
        if base not in self._listings:
            found = []
            for folder, folders, names in os.walk(self._root / base):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                inside = os.path.relpath(folder, self._root).replace(os.sep, "/")
                found += [
                    posixpath.normpath(posixpath.join(inside, name))
                    for name in names
                    if not name.startswith(".")
                ]
            self._listings[base] = sorted(found)
        return self._listings[base]

    def _inside(self, written: str, at: Mark) -> str | None:
        if _WILD.search(written) and not (self._root / posixpath.dirname(at.path) / written).exists():
            self._report.error(
                at, f"`{written}` is a pattern", "name one file: patterns are taken only in a store's `files`"
            )
            return None
        return self._normal(written, at)

    def _normal(self, written: str, at: Mark) -> str | None:
        if "\\" in written or "\0" in written or posixpath.isabs(written) or re.match(r"[A-Za-z]:", written):
            self._report.error(
                at,
                f"`{written}` is not a relative path",
                "write a path relative to this document, with forward slashes",
            )
            return None
        path = posixpath.normpath(posixpath.join(posixpath.dirname(at.path), written))
        if path == ".." or path.startswith("../"):
            self._report.error(at, f"`{written}` leaves the repository", "put the file into the repository")
            return None
        return path

    def _excluded(self, pattern: str, at: Mark) -> str:
        if pattern.startswith("**/"):
            return pattern
        return posixpath.normpath(posixpath.join(posixpath.dirname(at.path), pattern))

    def _is_folder(self, path: str) -> bool:
        try:
            return (self._root / path).is_dir()
        except OSError:
            return False

    def _is_inside(self, full: Path) -> bool:
        real = os.path.realpath(full)
        return real == self._real_root or real.startswith(self._real_root + os.sep)

    def _tell(self, problem: _Problem, at: Mark) -> None:
        there = self.counterpart(problem.missing, at) if problem.missing is not None else None
        self._report.error(
            problem.at or at, problem.what, problem.fix if there is None else f"did you mean `{there}`?"
        )

    def counterpart(self, path: str, at: Mark) -> str | None:
        """Where a file stands that is missed at a path, as the document at a mark would write it; None when it isn't in reach.

        Looked for is the same path from a folder further up, and a file of that name in the folders beside the document's own.
        """
        here = posixpath.dirname(at.path)
        written = posixpath.relpath(path, here)
        above = posixpath.dirname(here)
        found = [posixpath.normpath(posixpath.join(above, written)), posixpath.normpath(written)]
        with suppress(OSError):
            beside = sorted(entry.name for entry in os.scandir(self._root / above) if entry.is_dir())
            found += [posixpath.join(above, folder, posixpath.basename(written)) for folder in beside]
        there = (
            one for one in found if one != path and not one.startswith("..") and (self._root / one).is_file()
        )
        return next((posixpath.relpath(one, here) for one in there), None)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _hashed(full: Path, size: int) -> _Facts:
    digest = hashlib.sha256()
    reading = Decoding()
    with full.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            reading.feed(chunk)
    reading.feed(b"", final=True)
    return _Facts(size, digest.hexdigest(), reading.flaw)


def _flawed(path: str, flaw: Flaw) -> _Problem:
    return _Problem(flaw.what, flaw.fix, Mark(path, flaw.line, flaw.column))


def _hanging(path: str) -> _Problem:
    return _Problem(f"{path} is a link to nothing", "put the file itself there, or take the link away")


def _unsendable(path: str) -> _Problem | None:
    if not _UNSENDABLE.search(path):
        return None
    return _Problem(
        f"the name of {path} holds what can't be sent to the service",
        "rename it: UTF-8 without quotation marks, backslashes and control characters",
    )


def _leaving(path: str) -> _Problem:
    return _Problem(f"{path} is a link that leaves the repository", "put the file itself into the repository")


def _unreadable(path: str, error: Exception) -> _Problem:
    return _Problem(f"{path} can't be read ({type(error).__name__})", "make it a file that you may read")


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """A pattern as people write it: `*` and `?` stay within a folder, `**` goes through folders."""
    out = ""
    i = 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            out, i = out + "(?:[^/]+/)*", i + 3
        elif pattern.startswith("**", i):
            out, i = out + ".*", i + 2
        elif pattern[i] == "*":
            out, i = out + "[^/]*", i + 1
        elif pattern[i] == "?":
            out, i = out + "[^/]", i + 1
        elif pattern[i] == "[" and (end := pattern.find("]", i + 2)) > 0:
            inner = pattern[i + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            inner = "^" + inner[1:] if inner[0] == "!" else "\\" + inner if inner[0] == "^" else inner
            out, i = out + f"[{inner}]", end + 1
        else:
            out, i = out + re.escape(pattern[i]), i + 1
    try:
        return re.compile(out)
    except re.error:
        return re.compile(re.escape(pattern))
