"""Standard output whose reader may go (`fac show | head`): a command that changes something isn't cut off half-way by that."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from foundry.model import FoundryError


class _Lasting:
    """A text stream that takes everything, and drops what nobody reads any more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._turned_away_where_broken():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._turned_away_where_broken():
            self._stream.flush()

    @contextlib.contextmanager
    def _turned_away_where_broken(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
            if not isinstance(error, BrokenPipeError):
                raise FoundryError(
                    f"standard output can't be written: {error.strerror}",
                    fix="make room, or let it go somewhere else",
                ) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def lasting() -> Iterator[None]:
    """Give the command a standard output that takes everything, also where there is none or its reader goes."""
    before = sys.stdout
    with contextlib.ExitStack() as held:
        stream: TextIO | None = before
        if stream is None:
            stream = held.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123
        sys.stdout = _Lasting(stream)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stdout = before
