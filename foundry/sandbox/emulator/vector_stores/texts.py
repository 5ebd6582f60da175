"""Which files a vector store can read, and how it reads them.

The types are those the documentation names for file search.
"""

from pathlib import PurePath
from typing import Any, Final

_TEXT_SUFFIXES: Final = "c cpp cs css html java js json md php py rb sh tex ts txt"
_TEXT: Final = frozenset(_TEXT_SUFFIXES.split())
_BINARY: Final = frozenset(("doc", "docx", "pdf", "pptx"))


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


def searchable(filename: str, content: bytes) -> str:
    """What search finds in a file; nothing in formats whose text the emulator can't take out."""
    if PurePath(filename).suffix.lower().lstrip(".") in _BINARY:
        return ""
    return decoded(content) or ""


def fault_of(filename: str, content: bytes) -> dict[str, Any] | None:
    """Why a store can't take a file (`code` and `message` of the service's error object), or None."""
    suffix = PurePath(filename).suffix.lower().lstrip(".")
    if suffix in _BINARY:
        return None
    if suffix not in _TEXT:
        message = f"The file type '{suffix}' of '{filename}' is not supported for file search."
        return {"code": "unsupported_file", "message": message}
    if decoded(content) is None:
        return {
            "code": "invalid_file",
            "message": f"The file '{filename}' could not be parsed: it holds no readable text.",
        }
    return None
