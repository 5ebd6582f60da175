"""The part of OData's $filter that agents and samples use: comparisons, and, or, not, search.in."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from foundry.sandbox.emulator.search.errors import invalid

Predicate = Callable[[Mapping[str, Any]], bool]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?(?![\w-]))|(?P<sign>[(),])|(?P<word>[\w./:+-]+))"
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left is not None and right is not None and left > right,
    "ge": lambda left, right: left is not None and right is not None and left >= right,
    "lt": lambda left, right: left is not None and right is not None and left < right,
    "le": lambda left, right: left is not None and right is not None and left <= right,
}


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise invalid(f"Invalid expression: Syntax error at position {at} in '{text}'.")
        assert match.lastgroup is not None
        yield match.lastgroup, match[match.lastgroup]
        at = match.end()


def _value(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("/"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


class _Parser:
    def __init__(self, text: str, filterable: frozenset[str]) -> None:
        self._text = text
        self._filterable = filterable
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> Predicate:
        found = self._either()
        if self._at < len(self._tokens):
            raise self._wrong()
        return found

    def _wrong(self) -> Exception:
        return invalid(
            f"Invalid expression: the filter '{self._text}' is malformed or uses what the emulator lacks."
        )

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._wrong()
        self._at += 1
        return self._tokens[self._at - 1]

    def _is(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1] == word:
            self._at += 1
            return True
        return False

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._is("or"):
            parts.append(self._both())
        return lambda document: any(part(document) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._single()]
        while self._is("and"):
            parts.append(self._single())
        return lambda document: all(part(document) for part in parts)

    def _single(self) -> Predicate:
        if self._is("not"):
            inner = self._single()
            return lambda document: not inner(document)
        if self._is("("):
            inner = self._either()
            if not self._is(")"):
                raise self._wrong()
            return inner
        kind, word = self._next()
        if kind != "word":
            raise self._wrong()
        return self._membership() if word == "search.in" else self._comparison(word)

    def _field(self, path: str) -> str:
        if path not in self._filterable:
            raise invalid(
                f"Invalid expression: '{path}' is not a filterable field. Only filterable fields can be used in filter expressions."
            )
        return path

    def _comparison(self, word: str) -> Predicate:
        path = self._field(word)
        if self._at >= len(self._tokens) or self._tokens[self._at][1] not in _COMPARISONS:
            return lambda document: _value(document, path) is True
        compare, wanted = _COMPARISONS[self._next()[1]], self._literal()

        def check(document: Mapping[str, Any]) -> bool:
            try:
                return compare(_value(document, path), wanted)
            except TypeError as error:
                raise invalid(f"Invalid expression: '{path}' can't be compared with {wanted!r}.") from error

        return check

    def _membership(self) -> Predicate:
        parts: list[Any] = []
        if not self._is("("):
            raise self._wrong()
        path = self._field(self._next()[1])
        while self._is(","):
            parts.append(self._literal())
        if not self._is(")") or not parts or not all(isinstance(part, str) for part in parts):
            raise self._wrong()
        marks = parts[1] if len(parts) > 1 else " ,"
        values = {item for item in re.split(f"[{re.escape(marks)}]", parts[0]) if item}
        return lambda document: _value(document, path) in values

    def _literal(self) -> Any:
        kind, word = self._next()
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return float(word) if "." in word else int(word)
        if word in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word]
        if kind == "word" and re.fullmatch(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?", word):
            return word
        raise self._wrong()


def parse_filter(text: str, filterable: frozenset[str]) -> Predicate:
    """A predicate over documents; raises 400 for what it can't read and for fields that aren't filterable."""
    return _Parser(text, filterable).whole()
