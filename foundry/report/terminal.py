"""The review as lines for a terminal: the same words, without Markdown's signs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from foundry.report.render import whole

_FENCE: Final = re.compile(r"( *)(`{3,})(\w*)")
_HEADING: Final = re.compile(r"(#{2,4}) (.*)")
_FOLDED: Final = re.compile(r"<details><summary>(.*)</summary>")
# A code span of our own: as many backticks behind it as before it, and a blank beside each if backticks stand inside.
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LOUD: Final = re.compile(r"\*\*?([^*]+)\*\*?")
_STYLES: Final = {"+": "added", "-": "removed", "@": "quiet"}
_DEPTHS: Final = {"##": 0, "###": 0, "####": 2}


@dataclass(frozen=True)
class Line:
    """One line. `style` is empty, or title, heading, added, removed or quiet."""

    text: str
    style: str = ""


def lines(
    preview: Mapping[str, Any],
    *,
    stack: str | None = None,
    headline: bool = True,
    now: datetime | None = None,
) -> tuple[Line, ...]:
    """The review of a preview, whole. Texts that are new are told by their length: they stand in a file of the project.

    Without `headline` the counts are left out, and nothing is said where nothing changes.
    Raises FoundryError for JSON that isn't a preview.
    """
    return tuple(_lines(whole(preview, stack=stack, headline=headline, now=now)))


def _lines(markdown: str) -> Iterator[Line]:
    depth = 0
    fence = language = indent = ""
    is_folded = False
    for row in markdown.splitlines():
        opening = _FENCE.fullmatch(row)
        if fence:
            if row.strip() == fence:
                fence = ""
            elif not is_folded:
                style = _STYLES.get(row.removeprefix(indent)[:1], "") if language == "diff" else ""
                yield Line(" " * (depth + 2) + row, style)
        elif opening:
            indent, fence, language = opening.groups()
        elif heading := _HEADING.fullmatch(row):
            depth = _DEPTHS[heading[1]]
            yield Line(" " * depth + _plain(heading[2]), "heading" if depth else "title")
            depth += 2 if heading[1] != "##" else 0
        elif folded := _FOLDED.fullmatch(row.strip()):
            is_folded = True
            yield Line(" " * depth + html.unescape(folded[1]))
        elif row.strip() == "</details>":
            is_folded = False
        elif row:
            yield Line(
                " " * depth + _plain(row.replace("- ", "", 1) if row.lstrip().startswith("- ") else row)
            )


def _plain(text: str) -> str:
    parts = []
    end = 0
    for span in _SPAN.finditer(text):
        inside = span[2]
        has_blanks = len(span[1]) > 1 and inside[:1] == inside[-1:] == " "
        parts += [_LOUD.sub(r"\1", text[end : span.start()]), inside[1:-1] if has_blanks else inside]
        end = span.end()
    return "".join([*parts, _LOUD.sub(r"\1", text[end:])])
