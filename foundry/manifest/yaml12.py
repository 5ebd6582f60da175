"""YAML with places, after the core schema of YAML 1.2.

PyYAML's own loaders follow YAML 1.1: `2025-04-14` becomes a date, `no` a boolean, `0042` thirty-four, `22:30` a number
of minutes, and of two equal keys the last wins in silence. Declarations must mean what they show, so values are made
here from PyYAML's events. Whatever would let a reader and a tool disagree is refused: aliases, merge keys, tags,
equal keys, keys that are not text, several documents in a file.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from foundry.manifest.marked import Mapping, Mark, Sequence
from foundry.manifest.report import Report

_Parser: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

_DEEPEST: Final = 64
_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEAN: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_FIRST_OF_NUMBERS: Final = "+-.0123456789"
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BEYOND_JSON: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?")
_NOT_YAML: Final = re.compile(
    "[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
)
_LONGEST_NUMBER: Final = 40
_PATH_WITHOUT_BRACES: Final = re.compile(r"^\s*\w+:\s+file:\s+(\S+)\s*$")
_SINGLE_QUOTED: Final = re.compile(r":\s+'[^']*'$")
_LOOK_ALIKES: Final = {"\u00a0": "a no-break space", "\uff1a": "a full-width colon"}
_SWALLOWED: Final = re.compile(r"[ \t]+#[^\s#!]")
"""A comment that begins at once: `#12` in a text without quotes."""


@dataclass(frozen=True)
class Reading:
    """What a file holds. `value` is None when nothing could be read; `sound` is False when anything was wrong."""

    value: Any
    mark: Mark
    sound: bool


class _RefusedError(Exception):
    """Reading can't go on; the finding has been made."""


def read(text: str, path: str, report: Report, *, material: bool = False) -> Reading:
    """Read one document.

    `material` is for files that were not written for this product (an OpenAPI document): dates stay text without a
    word, and keys that are numbers (`200:`) become text.

    Args:
        text: The file's content.
        path: What findings call the file.
        report: Takes every fault.
        material: See above.
    """
    reader = _Reader(text, path, report, material=material)
    start = Mark(path, 1, 1)
    try:
        value, mark = reader.document()
    except _RefusedError:
        return Reading(None, start, sound=False)
    except yaml.MarkedYAMLError as error:
        reader.malformed(error)
        return Reading(None, start, sound=False)
    except yaml.YAMLError as error:
        reader.unreadable(error)
        return Reading(None, start, sound=False)
    return Reading(value, mark, sound=reader.sound)


def _is_beyond_json(text: str) -> bool:
    if text[0] not in _FIRST_OF_NUMBERS:
        return False
    if not _FLOAT.fullmatch(text):
        return _BEYOND_JSON.fullmatch(text) is not None
    return len(text) > _LONGEST_NUMBER or not math.isfinite(float(text))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


class _Reader:
    def __init__(self, text: str, path: str, report: Report, *, material: bool) -> None:
        self._text = text
        self._path = path
        self._report = report
        self._material = material
        self._events: Any = None
        self._lines: list[str] | None = None
        self.sound = True

    def document(self) -> tuple[Any, Mark]:
        self._events = _Parser(self._text)
        try:
            return self._document()
        finally:
            self._events.dispose()

    def _document(self) -> tuple[Any, Mark]:
        self._events.get_event()
        event = self._events.get_event()
        if isinstance(event, yaml.StreamEndEvent):
            return None, Mark(self._path, 1, 1)
        value, mark = self._value(self._events.get_event(), 0)
        self._events.get_event()
        event = self._events.get_event()
        if not isinstance(event, yaml.StreamEndEvent):
            self._fault(self._mark(event), "a second document in one file", "give it a file of its own")
        return value, mark

    def _value(self, event: Any, depth: int) -> tuple[Any, Mark]:
        mark = self._mark(event)
        if depth > _DEEPEST:
            self._fault(mark, f"nested more than {_DEEPEST} levels deep", "make it flatter")
            raise _RefusedError
        if isinstance(event, yaml.AliasEvent):
            self._fault(
                mark,
                f"an alias, `*{event.anchor}`",
                "write the value out; a pattern that starts with `*` needs quotes",
            )
            return None, mark._replace(is_told=True)
        if event.anchor is not None:
            self._fault(mark, f"an anchor, `&{event.anchor}`", "leave it out: declarations have no aliases")
        if event.tag is not None:
            self._fault(
                mark,
                f"a tag, `{event.tag.removeprefix('tag:yaml.org,2002:')}`",
                "leave it out; put quotes around text that looks like a number",
            )
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_nul(event, mark)
            return self._scalar(event, mark)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(mark, depth), mark
        return self._mapping(mark, depth), mark

    def _sequence(self, mark: Mark, depth: int) -> Sequence:
        items = Sequence(mark)
        while not isinstance(event := self._events.get_event(), yaml.SequenceEndEvent):
            items.put(*self._value(event, depth + 1))
        return items

    def _mapping(self, mark: Mark, depth: int) -> Mapping:
        entries = Mapping(mark)
        while not isinstance(event := self._events.get_event(), yaml.MappingEndEvent):
            key, key_at = self._key(event, depth)
            of_key = self._events.get_event()
            if key is None and isinstance(of_key, yaml.AliasEvent):
                continue
            value, value_at = self._value(of_key, depth + 1)
            if key is None:
                continue
            if key in entries:
                self._fault(
                    key_at,
                    f"the key `{key}` stands here for the second time, first in line {entries.keys_at[key].line}",
                    "keep one of them",
                )
                continue
            entries.put(key, value, key_at, value_at)
        return entries

    def _key(self, event: Any, depth: int) -> tuple[str | None, Mark]:
        mark = self._mark(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._value(event, depth + 1)
            self._fault(
                mark,
                "a key that is not text",
                "write a name, then a colon; text that starts with `{` or `[` needs quotes",
            )
            return None, mark
        if event.anchor is not None or event.tag is not None:
            self._fault(mark, "an anchor or a tag on a key", "leave it out")
        self._refuse_nul(event, mark)
        plainly = bool(event.implicit[0])
        if plainly and event.value == "<<":
            self._fault(
                mark, "a merge key, `<<`", "write the fields out, or put what is shared into an earlier layer"
            )
            return None, mark
        if plainly and not self._material and not isinstance(self._core(event.value, mark), str):
            self._fault(mark, f"the key {event.value or '(empty)'} is not text", f'write "{event.value}"')
        return event.value, mark

    def _refuse_nul(self, event: Any, mark: Mark) -> None:
        if "\0" in event.value:
            self._fault(mark, "a NUL character (U+0000) in a text", "take the escape out")

    def _scalar(self, event: Any, mark: Mark) -> tuple[Any, Mark]:
        text: str = event.value
        if not event.implicit[0]:
            return text, mark
        if not self._material and _DATE.fullmatch(text):
            self._fault(mark, f"`{text}` is a date to other readers of YAML", f'write "{text}"')
            return text, mark._replace(is_told=True)
        value = self._core(text, mark)
        self._warn_of_swallowed(event, is_text=isinstance(value, str))
        if isinstance(value, str):
            return value, mark._replace(is_told=True) if _is_beyond_json(value) else mark
        return value, mark._replace(plain=text)

    def _warn_of_swallowed(self, event: Any, *, is_text: bool) -> None:
        """Tell a text that ends where `#` was meant to be part of it."""
        if self._material or not event.value:
            return
        if self._lines is None:
            self._lines = self._text.splitlines()
        end = event.end_mark
        rest = self._lines[end.line][end.column :] if end.line < len(self._lines) else ""
        found = _SWALLOWED.match(rest)
        if found and (is_text or rest[found.end() - 1].isdecimal()):
            self._report.warning(
                Mark(self._path, end.line + 1, end.column + found.end() - 1),
                f"what follows `{rest[found.end() - 2 : found.end() + 8].split()[0]}` is a comment and no part of the text",
                "put quotes around text that holds ` #`; or a space after the `#` of a comment",
            )

    def _core(self, text: str, mark: Mark) -> Any:
        """The value of an unquoted scalar, after the core schema."""
        if text in _NULL:
            return None
        if text in _BOOLEAN:
            return _BOOLEAN[text]
        if text[0] not in _FIRST_OF_NUMBERS:
            return text
        if _is_beyond_json(text):
            self._fault(
                mark,
                f"`{text[:_LONGEST_NUMBER]}` is no number that the service can take",
                "write a finite number, or quotes around text",
            )
            return text
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def unreadable(self, error: yaml.YAMLError) -> None:
        """Tell a character that YAML has no place for."""
        found = _NOT_YAML.search(self._text)
        before = self._text[: found.start()] if found else ""
        mark = Mark(self._path, before.count("\n") + 1, len(before) - before.rfind("\n"))
        what = (
            f"the character U+{ord(found.group()):04X}, which YAML does not allow"
            if found
            else f"malformed YAML: {_first_line(error)}"
        )
        self._fault(mark, what, "remove it")

    def malformed(self, error: yaml.MarkedYAMLError) -> None:
        """Tell a syntax error in one finding."""
        at = error.problem_mark or error.context_mark
        if error.context_mark and error.problem == "could not find expected ':'":
            # The parser tells where it gave up, which is a line further down.
            at = error.context_mark
        mark = Mark(self._path, at.line + 1, at.column + 1) if at else Mark(self._path, 1, 1)
        problem = error.problem or error.context or _first_line(error)
        began = error.context_mark
        inside = (
            f" {error.context} from line {began.line + 1}"
            if error.context and error.problem and began and began.line + 1 != mark.line
            else ""
        )
        self._fault(
            mark,
            f"malformed YAML: {problem}{inside}",
            self._advice(problem, error.context or "", mark, began),
        )

    def _advice(self, problem: str, context: str, mark: Mark, began: Any) -> str:
        lines = self._text.splitlines()
        line = lines[mark.line - 1] if mark.line <= len(lines) else ""
        if found := _PATH_WITHOUT_BRACES.search(line):
            return f"write `{{file: {found[1]}}}`"
        if "quoted scalar" in context and "end of stream" in problem and began:
            return f"close the quote that opens in line {began.line + 1}"
        if "could not find expected ':'" in problem:
            odd = next((word for letter, word in _LOOK_ALIKES.items() if letter in line), None)
            return f"this line holds {odd}: type it anew" if odd else "put a colon and a space after the name"
        if "block mapping" in context and began and not line[: mark.column - 1].strip():
            deeper = mark.column - 1 > began.column
            return f"indent this line by {began.column} spaces as the others since line {began.line + 1}" + (
                ", or put what it belongs to above it" if deeper else ""
            )
        if "block mapping" in context and _SINGLE_QUOTED.search(line[: mark.column - 1]):
            return "write '' for an apostrophe inside of single quotes, or use double quotes"
        if "\t" in line[: mark.column]:
            return "indent with spaces: YAML takes no tabs"
        if "alias" in context:
            return "put quotes around text that starts with `*`"
        if "Unicode character escape" in problem:
            return "write the character itself: this escape stands for half of one, or for none"
        if "mapping values are not allowed" in problem:
            return "put quotes around text that holds a colon, or correct the indentation"
        if "cannot start any token" in problem:
            return "put quotes around text that starts with this character"
        if "flow" in context:
            return "close the bracket, or put quotes around text that holds brackets, `${…}` or commas"
        return "correct the indentation or the punctuation here"

    def _mark(self, event: Any) -> Mark:
        at = event.start_mark
        return Mark(self._path, at.line + 1, at.column + 1)

    def _fault(self, at: Mark, what: str, fix: str) -> None:
        self.sound = False
        self._report.error(at, what, fix)
