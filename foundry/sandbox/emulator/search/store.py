"""Indexes, aliases and documents, by search service (ARM key)."""

import json
import uuid
from typing import Any

from foundry.sandbox.emulator.database import Database

Body = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS definitions(
    service TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, etag TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY(service, kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS documents_by_key ON documents(service, name, key);
"""


class SearchStore:
    """`kind` is `index` or `alias`; names are unique per kind."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.script(_TABLES)

    def get(self, service: str, kind: str, name: str) -> tuple[Body, str] | None:
        """A definition and its ETag, or None."""
        row = self._db.one(
            "SELECT * FROM definitions WHERE service = ? AND kind = ? AND name = ?", service, kind, name
        )
        return (json.loads(row["body"]), row["etag"]) if row else None

    def listed(self, service: str, kind: str) -> list[tuple[Body, str]]:
        """Every definition of a kind with its ETag, by name."""
        rows = self._db.all(
            "SELECT * FROM definitions WHERE service = ? AND kind = ? ORDER BY name", service, kind
        )
        return [(json.loads(row["body"]), row["etag"]) for row in rows]

    def put(self, service: str, kind: str, body: Body) -> str:
        """Writes a definition; returns its new ETag."""
        etag = f'"0x{uuid.uuid4().hex[:15].upper()}"'
        self._db.run(
            "INSERT OR REPLACE INTO definitions VALUES(?,?,?,?,?)",
            service,
            kind,
            body["name"],
            etag,
            json.dumps(body),
        )
        return etag

    def delete(self, service: str, kind: str, name: str) -> None:
        """Removes a definition, an index with its documents."""
        self._db.run(
            "DELETE FROM definitions WHERE service = ? AND kind = ? AND name = ?", service, kind, name
        )
        if kind == "index":
            self._db.run("DELETE FROM documents WHERE service = ? AND name = ?", service, name)

    def document(self, service: str, index: str, key: str) -> Body | None:
        """A document by its key, or None."""
        row = self._db.one(
            "SELECT body FROM documents WHERE service = ? AND name = ? AND key = ?", service, index, key
        )
        return json.loads(row["body"]) if row else None

    def documents(self, service: str, index: str) -> list[Body]:
        """Every document of an index in the order of their arrival."""
        rows = self._db.all(
            "SELECT body FROM documents WHERE service = ? AND name = ? ORDER BY seq", service, index
        )
        return [json.loads(row["body"]) for row in rows]

    def put_document(self, service: str, index: str, key: str, body: Body) -> None:
        """Writes a document."""
        self._db.run(
            "INSERT INTO documents(service, name, key, body) VALUES(?,?,?,?)"
            " ON CONFLICT(service, name, key) DO UPDATE SET body = excluded.body",
            service,
            index,
            key,
            json.dumps(body, ensure_ascii=False),
        )

    def delete_document(self, service: str, index: str, key: str) -> None:
        """Removes a document; nothing happens when there is none."""
        self._db.run("DELETE FROM documents WHERE service = ? AND name = ? AND key = ?", service, index, key)

    def statistics(self, service: str, index: str) -> tuple[int, int]:
        """Number of documents and their size in bytes."""
        row = self._db.one(
            "SELECT count(*) AS number, coalesce(sum(length(CAST(body AS BLOB))), 0) AS size FROM documents"
            " WHERE service = ? AND name = ?",
            service,
            index,
        )
        assert row is not None
        return row["number"], row["size"]

    def drop_under(self, scope: str) -> None:
        """Removes everything of the services at or below an ARM key that ceases to exist."""
        for table in ("definitions", "documents"):
            self._db.run(
                f"DELETE FROM {table} WHERE service = ? OR substr(service, 1, ?) = ?",  # noqa: S608 - fixed names
                scope,
                len(scope) + 1,
                scope + "/",
            )
