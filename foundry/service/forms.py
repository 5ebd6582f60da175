"""Multipart forms that are sent in pieces, so that a large file is never in memory as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import IO, Final

Part = tuple[str, "str | tuple[str, bytes | IO[bytes], str]"]
"""A part of a form: a name with a text, or with filename, content and media type. A file is read from its start each time."""

_PIECE: Final = 1 << 16


class Form:
    """The body of a form in the order of its parts, as the official clients' transport makes it; it may be sent again."""

    def __init__(self, parts: Sequence[Part]) -> None:
        boundary = uuid.uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._pieces: list[bytes | IO[bytes]] = []
        for name, content in parts:
            told = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
            if isinstance(content, str):
                self._pieces += [f"{told}\r\n\r\n{content}\r\n".encode()]
            else:
                filename, data, media = content
                head = f'{told}; filename="{filename}"\r\nContent-Type: {media}\r\n\r\n'
                self._pieces += [head.encode(), data, b"\r\n"]
        self._pieces.append(f"--{boundary}--\r\n".encode())

    def __len__(self) -> int:
        return sum(len(piece) if isinstance(piece, bytes) else piece.seek(0, 2) for piece in self._pieces)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            piece.seek(0)
            while block := piece.read(_PIECE):
                yield block
