"""One SQLite file, one connection, one writer: what a call wrote is on disk before its reply leaves.

Write-ahead logging lets the data survive SIGKILL; the exclusive lock makes a second emulator on the same folder fail
at once instead of mixing two worlds.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

SCHEMA_VERSION: Final = 1


class DatabaseUnusableError(Exception):
    """The database can't be opened: in use, of another version, or damaged. The text is fit for a person."""


class Database:
    """A thin hold on the connection; every method may raise `sqlite3.Error`."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600, exist_ok=True)
        try:
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=1.0
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.executescript(
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
            )
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise DatabaseUnusableError(f"{path} is in use by another emulator; stop it first") from error
            raise DatabaseUnusableError(f"{path} can't be opened: {error}") from error
        except sqlite3.DatabaseError as error:
            raise DatabaseUnusableError(
                f"{path} is no usable database ({error}); remove it to start empty"
            ) from error
        version = self.keep("schema", str(SCHEMA_VERSION).encode())
        if version != str(SCHEMA_VERSION).encode():
            raise DatabaseUnusableError(
                f"{path} was written by another version of the emulator; remove it to start empty"
            )

    def script(self, text: str) -> None:
        """Runs several statements outside a transaction (table definitions)."""
        self._connection.executescript(text)

    def keep(self, name: str, value: bytes) -> bytes:
        """The stored value of that name; stores and returns `value` when there is none."""
        self.run("INSERT OR IGNORE INTO meta VALUES(?, ?)", name, value)
        row = self.one("SELECT value FROM meta WHERE name = ?", name)
        assert row is not None
        return bytes(row["value"])

    def run(self, statement: str, *values: Any) -> int:
        """Runs one statement; returns how many rows it touched."""
        return self._connection.execute(statement, values).rowcount

    def one(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """The first row, or None."""
        row: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """All rows."""
        return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written together or not at all."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # SQLite ends the transaction by itself when the disk is full.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Folds the log back into the file and lets go of it."""
        self._connection.close()
