"""Synonym maps at work: the rules of Apache Solr's format, applied to what is asked and to what is searched.

`a, b, c` makes the three mean the same; `a, b => c` replaces what is asked only. Source: "Synonyms in Azure AI Search" in Azure's docs.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The rules of one map.

    Attributes:
        same: Expressions and what stands for all of them, in questions and documents.
        instead: Expressions and what is searched instead of them.
    """

    same: tuple[tuple[re.Pattern[str], str], ...] = ()
    instead: tuple[tuple[re.Pattern[str], str], ...] = ()

    @classmethod
    def of(cls, rules: Iterable[str]) -> Self:
        """The rules of the texts of several maps."""
        same: list[tuple[re.Pattern[str], str]] = []
        instead: list[tuple[re.Pattern[str], str]] = []
        for line in (line for text in rules for line in _lines(text)):
            left, arrow, right = line.partition("=>")
            asked, meant = _terms(left), _terms(right)
            if arrow and meant:
                instead += [(_pattern(term), " ".join(meant)) for term in asked]
            elif asked:
                same += [(_pattern(term), asked[0]) for term in asked[1:]]
        return cls(tuple(same), tuple(instead))

    def asked(self, text: str) -> str:
        """A question in the words that documents are searched for."""
        return _replaced(_replaced(text, self.instead), self.same)

    def written(self, text: str) -> str:
        """A document's text in the same words."""
        return _replaced(text, self.same)


def _lines(text: str) -> Iterator[str]:
    for raw in text.splitlines():
        line = raw.strip()
        if line and not line.startswith("#"):
            yield line


def _terms(side: str) -> list[str]:
    return [term.strip() for term in side.split(",") if term.strip()]


def _pattern(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)


def _replaced(text: str, rules: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, meant in rules:
        text = pattern.sub(lambda _found, meant=meant: meant, text)  # type: ignore[misc]
    return text
