"""Which files a vector store can read, and how it reads them.

The types are those the documentation names for file search.
"""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final

_TEXT_SUFFIXES: Final = "c cpp cs css html java js json md php py rb sh tex ts txt"
_TEXT: Final = frozenset(_TEXT_SUFFIXES.split())
_CLOSED: Final = frozenset(("doc", "pdf"))
#: Where the text of Office Open XML stands, and what a paragraph and a piece of text are called there (ECMA-376).
_OFFICE: Final = {
    "docx": (
        re.compile(r"word/document\.xml"),
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    ),
    "pptx": (
        re.compile(r"ppt/slides/slide\d+\.xml"),
        "{http://schemas.openxmlformats.org/drawingml/2006/main}",
    ),
}
_LARGEST_PART: Final = 50_000_000


def decoded(content: bytes) -> str | None:
    """The text of a file in UTF-8, UTF-16 or ASCII; None when it is in none of them."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",)
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def _parts(content: bytes, wanted: re.Pattern[str]) -> Iterator[ET.Element]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = [name for name in archive.namelist() if wanted.fullmatch(name)]
        for name in sorted(found, key=lambda name: (len(name), name)):
            with archive.open(name) as part:
                text = part.read(_LARGEST_PART)
            # A document type is how an XML bomb is made, and no office program writes one.
            if b"<!DOCTYPE" not in text:
                yield ET.fromstring(text)  # noqa: S314 - as above


def _office_text(suffix: str, content: bytes) -> str | None:
    """The paragraphs of a document or of slides; None when it is none."""
    wanted, names = _OFFICE[suffix]
    try:
        paragraphs = [
            "".join(piece.text or "" for piece in paragraph.iter(f"{names}t"))
            for part in _parts(content, wanted)
            for paragraph in part.iter(f"{names}p")
        ]
    except (zipfile.BadZipFile, ET.ParseError, NotImplementedError, RuntimeError, zlib.error):
        return None
    return "\n\n".join(text for text in paragraphs if text.strip())


def searchable(filename: str, content: bytes) -> str:
    """What search finds in a file; nothing in formats whose text the emulator can't take out."""
    suffix = PurePath(filename).suffix.lower().lstrip(".")
    if suffix in _CLOSED:
        return ""
    if suffix in _OFFICE:
        return _office_text(suffix, content) or ""
    return decoded(content) or ""


def fault_of(filename: str, content: bytes) -> dict[str, Any] | None:
    """Why a store can't take a file (`code` and `message` of the service's error object), or None."""
    suffix = PurePath(filename).suffix.lower().lstrip(".")
    if suffix in _CLOSED:
        return None
    if suffix not in _TEXT and suffix not in _OFFICE:
        message = f"The file type '{suffix}' of '{filename}' is not supported for file search."
        return {"code": "unsupported_file", "message": message}
    if (_office_text(suffix, content) if suffix in _OFFICE else decoded(content)) is None:
        return {
            "code": "invalid_file",
            "message": f"The file '{filename}' could not be parsed: it holds no readable text.",
        }
    return None
