"""Uploaded files: their objects and their bytes."""

from typing import Any, Final

from foundry.sandbox.emulator.database import Database
from foundry.sandbox.emulator.project.objects import ObjectStore, new_id

KIND: Final = "file"

_TABLES = """
CREATE TABLE IF NOT EXISTS blobs(
    project TEXT NOT NULL, id TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY(project, id));
CREATE TABLE IF NOT EXISTS expiring(
    due REAL NOT NULL, project TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY(due, project, id)) WITHOUT ROWID;
"""


class FileStore:
    """Files by project."""

    def __init__(self, database: Database, objects: ObjectStore) -> None:
        self._db = database
        self._objects = objects
        database.script(_TABLES)

    def create(
        self,
        project: str,
        filename: str,
        purpose: str,
        content: bytes,
        now: float,
        *,
        seconds: int | None = None,
    ) -> dict[str, Any]:
        """Keeps an upload; the emulator reads files at once, so they are `processed` from the start.

        `seconds` is how long the file is to be kept; None keeps it until it is deleted.
        """
        file = {
            "id": new_id("assistant-"),
            "object": "file",
            "bytes": len(content),
            "filename": filename,
            "created_at": int(now),
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
        }
        if seconds is not None:
            file["expires_at"] = int(now) + seconds
            self._db.run("INSERT INTO expiring VALUES(?,?,?)", file["expires_at"], project, file["id"])
        self._objects.add(project, KIND, file, now)
        self._db.run("INSERT INTO blobs VALUES(?,?,?)", project, file["id"], content)
        return file

    def expired(self, now: float) -> list[tuple[str, str]]:
        """Projects and ids of the files whose time is over; each is told once."""
        found = self._db.all("SELECT project, id FROM expiring WHERE due <= ?", now)
        if found:
            self._db.run("DELETE FROM expiring WHERE due <= ?", now)
        return [(row["project"], row["id"]) for row in found]

    def get(self, project: str, identity: str) -> dict[str, Any] | None:
        """The file object, or None."""
        return self._objects.get(project, KIND, identity)

    def content(self, project: str, identity: str) -> bytes:
        """The bytes of a file; empty when there is no such file."""
        row = self._db.one("SELECT content FROM blobs WHERE project = ? AND id = ?", project, identity)
        return bytes(row["content"]) if row else b""

    def listed(self, project: str) -> list[dict[str, Any]]:
        """Every file, newest first."""
        return self._objects.all(project, KIND)[::-1]

    def delete(self, project: str, identity: str) -> bool:
        """Removes a file and its bytes; False when there was none."""
        self._db.run("DELETE FROM blobs WHERE project = ? AND id = ?", project, identity)
        return self._objects.remove(project, KIND, identity)

    def drop_under(self, scope: str) -> None:
        """Removes every file of the projects at or below an ARM key that ceases to exist."""
        self._db.run(
            "DELETE FROM blobs WHERE project = ? OR substr(project, 1, ?) = ?",
            scope,
            len(scope) + 1,
            scope + "/",
        )
