"""Bytes of files as text, and the first place where they are none."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

_WIDE: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UNUSED_IN_WINDOWS: Final = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))


@dataclass(frozen=True)
class Flaw:
    """The first place of a file that is no text: its line and column, counted from 1, what stands there and what to do."""

    line: int
    column: int
    what: str
    fix: str


class Decoding:
    """Reads a file piece by piece, until its first flaw. Text is UTF-8, or UTF-16 behind a byte order mark."""

    def __init__(self) -> None:
        self.flaw: Flaw | None = None
        self._decoder: codecs.IncrementalDecoder | None = None
        self._encoding = "utf-8"
        self._line = 1
        self._column = 1

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        """Read on. An empty, final piece tells a character that the end of the file cuts off."""
        if self.flaw is not None:
            return
        if self._decoder is None:
            self._encoding = _WIDE.get(piece[:2], "utf-8")
            self._decoder = codecs.getincrementaldecoder(self._encoding)()
        try:
            text = self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            # What stands before the bad byte may have a flaw of its own, which comes first.
            before = self._take(error.object[: error.start].decode(self._encoding))
            self.flaw = before or self._bad_byte(error.object[error.start])
        else:
            self.flaw = self._take(text)

    def _take(self, text: str) -> Flaw | None:
        nul = text.find("\0")
        before = text if nul < 0 else text[:nul]
        begun = before.rfind("\n") + 1
        self._column = len(before) - begun + (1 if begun else self._column)
        self._line += before.count("\n")
        if nul < 0:
            return None
        return Flaw(
            self._line,
            self._column,
            "a NUL character (U+0000)",
            "take it out; a file with many of them is no text, or was saved in UTF-16: save it in UTF-8",
        )

    def _bad_byte(self, byte: int) -> Flaw:
        if self._encoding != "utf-8":
            return Flaw(self._line, self._column, "text in UTF-16 that breaks off", "save it in UTF-8")
        in_windows = (
            ""
            if byte in _UNUSED_IN_WINDOWS
            else f"; in Windows-1252 it is `{bytes((byte,)).decode('cp1252')}`"
        )
        return Flaw(
            self._line,
            self._column,
            f"the byte 0x{byte:02X}, which isn't UTF-8{in_windows}",
            "save the file in UTF-8",
        )


def decoded(data: bytes) -> str | Flaw:
    """A file that people write, without its byte order mark and with LF as line ends; its first flaw when it isn't UTF-8."""
    if data[:2] in _WIDE:
        return Flaw(1, 1, "text in UTF-16", "save it in UTF-8")
    reading = Decoding()
    reading.feed(data)
    reading.feed(b"", final=True)
    return reading.flaw or data.decode("utf-8-sig").replace("\r\n", "\n")
