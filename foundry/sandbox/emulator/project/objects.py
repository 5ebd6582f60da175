"""Where the data plane keeps its objects: JSON bodies in creation order, per project and kind."""

import json
import secrets
import sqlite3
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from foundry.sandbox.emulator.database import Database

Body = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS objects(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT NOT NULL,
    id TEXT NOT NULL, made REAL NOT NULL, body TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS objects_by_id ON objects(project, kind, parent, id);
CREATE INDEX IF NOT EXISTS objects_in_order ON objects(project, kind, parent, made, seq);
"""

_TAIL: Final = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """A server-made id: the prefix and 24 random letters and digits."""
    return prefix + "".join(secrets.choice(_TAIL) for _ in range(24))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    items: list[Body]
    has_more: bool

    def body(self) -> Body:
        """The paging envelope. `last_id` is null on an empty page, which is what ends azure-ai-agents' iteration."""
        ids = [item["id"] for item in self.items]
        return {
            "object": "list",
            "data": self.items,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
            "has_more": self.has_more,
        }


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a listing is asked for.

    Attributes:
        limit: Size of a page.
        newest_first: Order by creation, descending.
        after: Id the page comes after, in listing order.
        before: Id the page comes before.
        made_before: Objects younger than this (Unix seconds) are left out: a listing that lags.
    """

    limit: int = 20
    newest_first: bool = True
    after: str | None = None
    before: str | None = None
    made_before: float | None = None


class ObjectStore:
    """`parent` is "" for objects directly in a project.

    A removed object leaves its place in the order behind, so that a cursor that names it still works: clients delete
    while they iterate.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        database.script(_TABLES)
        database.run("DELETE FROM objects WHERE body IS NULL")

    def add(self, project: str, kind: str, body: Body, now: float, parent: str = "") -> None:
        """Adds an object; it must not exist."""
        self._db.run(
            "DELETE FROM objects WHERE project = ? AND kind = ? AND parent = ? AND id = ? AND body IS NULL",
            project,
            kind,
            parent,
            body["id"],
        )
        self._db.run(
            "INSERT INTO objects(project, kind, parent, id, made, body) VALUES(?,?,?,?,?,?)",
            project,
            kind,
            parent,
            body["id"],
            now,
            json.dumps(body, ensure_ascii=False),
        )

    def get(self, project: str, kind: str, identity: str, parent: str = "") -> Body | None:
        """The object of that id, or None."""
        row = self._row(project, kind, identity, parent)
        return json.loads(row["body"]) if row is not None and row["body"] is not None else None

    def put(self, project: str, kind: str, body: Body, parent: str = "") -> None:
        """Replaces the body of an object that exists."""
        self._db.run(
            "UPDATE objects SET body = ? WHERE project = ? AND kind = ? AND parent = ? AND id = ? AND body IS NOT NULL",
            json.dumps(body, ensure_ascii=False),
            project,
            kind,
            parent,
            body["id"],
        )

    def remove(self, project: str, kind: str, identity: str, parent: str = "") -> bool:
        """Removes an object; False when there was none."""
        return (
            self._db.run(
                "UPDATE objects SET body = NULL"
                " WHERE project = ? AND kind = ? AND parent = ? AND id = ? AND body IS NOT NULL",
                project,
                kind,
                parent,
                identity,
            )
            > 0
        )

    def remove_below(self, project: str, parent: str) -> None:
        """Removes every object of any kind with that parent."""
        self._db.run("DELETE FROM objects WHERE project = ? AND parent = ?", project, parent)

    def all(self, project: str, kind: str, parent: str = "") -> list[Body]:
        """Every object of a kind below one parent, oldest first."""
        rows = self._db.all(
            "SELECT body FROM objects WHERE project = ? AND kind = ? AND parent = ? AND body IS NOT NULL"
            " ORDER BY made, seq",
            project,
            kind,
            parent,
        )
        return [json.loads(row["body"]) for row in rows]

    def parents(self, project: str, kind: str, identity: str) -> list[str]:
        """The parents below which an object of that kind and id stands."""
        rows = self._db.all(
            "SELECT parent FROM objects WHERE project = ? AND kind = ? AND id = ? AND body IS NOT NULL",
            project,
            kind,
            identity,
        )
        return [row["parent"] for row in rows]

    def having(self, kind: str, field: str, values: Sequence[str]) -> list[tuple[str, str, str]]:
        """Project, parent and id of the objects of a kind with one of these values in a top-level field; reads them all."""
        marks = ", ".join("?" * len(values))
        rows = self._db.all(
            f"SELECT project, parent, id FROM objects WHERE project IN (SELECT DISTINCT project FROM objects)"  # noqa: S608 - fixed texts only
            f" AND kind = ? AND body IS NOT NULL AND json_extract(body, ?) IN ({marks})",
            kind,
            f"$.{field}",
            *values,
        )
        return [(row["project"], row["parent"], row["id"]) for row in rows]

    def holding(self, project: str, kind: str, text: str) -> list[Body]:
        """Objects of a kind whose body holds a text somewhere: a first sieve for references."""
        rows = self._db.all(
            "SELECT body FROM objects WHERE project = ? AND kind = ? AND body IS NOT NULL AND instr(body, ?) > 0",
            project,
            kind,
            text,
        )
        return [json.loads(row["body"]) for row in rows]

    def page(
        self,
        project: str,
        kind: str,
        window: Window,
        parent: str = "",
        *,
        where: Sequence[tuple[str, str]] = (),
    ) -> Page | None:
        """One page; `where` keeps objects with these values of top-level fields. None when a cursor is unknown."""
        clauses = ["project = ?", "kind = ?", "parent = ?", "body IS NOT NULL"]
        values: list[Any] = [project, kind, parent]
        for cursor, later in ((window.after, not window.newest_first), (window.before, window.newest_first)):
            if cursor is not None:
                row = self._row(project, kind, cursor, parent)
                if row is None:
                    return None
                clauses.append(f"(made, seq) {'>' if later else '<'} (?, ?)")
                values += [row["made"], row["seq"]]
        if window.made_before is not None:
            clauses.append("made <= ?")
            values.append(window.made_before)
        for name, value in where:
            clauses.append("json_extract(body, ?) = ?")
            values += ["$." + name, value]
        # Going backwards from a `before` cursor, the page is the one that ends at the cursor.
        reverse = window.before is not None and window.after is None
        descending = window.newest_first != reverse
        order = "DESC" if descending else "ASC"
        rows = self._db.all(
            f"SELECT body FROM objects WHERE {' AND '.join(clauses)} ORDER BY made {order}, seq {order} LIMIT ?",  # noqa: S608 - fixed texts only
            *values,
            window.limit + 1,
        )
        items = [json.loads(row["body"]) for row in rows[: window.limit]]
        return Page(items[::-1] if reverse else items, len(rows) > window.limit)

    def drop_under(self, scope: str) -> None:
        """Removes everything of the projects at or below an ARM key that ceases to exist."""
        self._db.run(
            "DELETE FROM objects WHERE project = ? OR substr(project, 1, ?) = ?",
            scope,
            len(scope) + 1,
            scope + "/",
        )

    def _row(self, project: str, kind: str, identity: str, parent: str) -> sqlite3.Row | None:
        return self._db.one(
            "SELECT seq, made, body FROM objects WHERE project = ? AND kind = ? AND parent = ? AND id = ?",
            project,
            kind,
            parent,
            identity,
        )
