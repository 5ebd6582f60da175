"""The resources ARM holds, as they were asked for, and the operations under way on them.

Time passes only when somebody looks: `settle` finishes what is due, so that no background task can be lost when the
process is killed.
"""

import json
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from foundry.sandbox.emulator.arm.ids import Target, parse
from foundry.sandbox.emulator.database import Database

_TABLES = """
CREATE TABLE IF NOT EXISTS resources(
    key TEXT PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, owner TEXT NOT NULL, principal TEXT,
    body TEXT NOT NULL, state TEXT NOT NULL, due REAL, outcome TEXT, made REAL NOT NULL, changed REAL NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS resources_by_kind ON resources(kind);
CREATE INDEX IF NOT EXISTS resources_by_owner ON resources(owner);
CREATE INDEX IF NOT EXISTS resources_due ON resources(due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS operations(
    id TEXT PRIMARY KEY, key TEXT NOT NULL, started REAL NOT NULL, due REAL NOT NULL, error TEXT) WITHOUT ROWID;
"""

GONE: Final = "gone"
_KEPT_OPERATIONS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Resource:
    """One stored resource.

    Attributes:
        target: Its id, taken apart.
        body: What was asked for, with the service's defaults, without computed outputs.
        state: The provisioning state.
        busy: Whether an operation on it is under way.
        made: Unix seconds of its creation.
        changed: Unix seconds of the last write.
    """

    target: Target
    body: dict[str, Any]
    state: str
    busy: bool
    made: float
    changed: float


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation: `key` is what it works on, `error` how it fails if it does."""

    id: str
    key: str
    started: float
    due: float
    error: dict[str, Any] | None


class ArmStore:
    """Keys are lower-case ids."""

    def __init__(self, database: Database, gone: Callable[[str], None]) -> None:
        self._db = database
        self._gone = gone
        database.script(_TABLES)

    def settle(self, now: float) -> None:
        """Finishes every operation that is due."""
        for row in self._db.all("SELECT key, outcome FROM resources WHERE due <= ?", now):
            if row["outcome"] == GONE:
                self.remove(row["key"])
            else:
                self._db.run(
                    "UPDATE resources SET state = outcome, due = NULL, outcome = NULL WHERE key = ?",
                    row["key"],
                )
        self._db.run("DELETE FROM operations WHERE due < ?", now - _KEPT_OPERATIONS)

    def get(self, key: str) -> Resource | None:
        """The resource of an id in any case, or None."""
        row = self._db.one("SELECT * FROM resources WHERE key = ?", key.lower())
        return self._resource(row) if row else None

    def nested(self, owner: str, kind: str | None = None) -> list[Resource]:
        """Direct children of a resource or scope, oldest first; of one type when given."""
        return [
            self._resource(row)
            for row in self._db.all(
                "SELECT * FROM resources WHERE owner = ? ORDER BY made, key", owner.lower()
            )
            if kind is None or row["kind"] == kind
        ]

    def of_kind(self, kind: str, scope: str = "") -> list[Resource]:
        """Every resource of a type at any depth below a scope, oldest first."""
        prefix = scope.lower() + "/"
        rows = self._db.all("SELECT * FROM resources WHERE kind = ? ORDER BY made, key", kind.lower())
        return [self._resource(row) for row in rows if row["key"].startswith(prefix)]

    def below(self, scope: str) -> list[Resource]:
        """Everything below a scope, oldest first."""
        prefix = scope.lower() + "/"
        rows = self._db.all(
            "SELECT * FROM resources WHERE substr(key, 1, ?) = ? ORDER BY made, key", len(prefix), prefix
        )
        return [self._resource(row) for row in rows]

    def busy_below(self, key: str) -> Resource | None:
        """A resource nested in another one (extensions not counted) with an operation under way."""
        prefix = key.lower() + "/"
        for row in self._db.all("SELECT * FROM resources WHERE due IS NOT NULL"):
            if row["key"].startswith(prefix) and not row["key"].startswith(prefix + "providers/"):
                return self._resource(row)
        return None

    def principal_exists(self, principal: str) -> bool:
        """Whether a managed identity with that object id belongs to a resource."""
        return self._db.one("SELECT 1 FROM resources WHERE principal = ?", principal.lower()) is not None

    def write(
        self,
        target: Target,
        body: dict[str, Any],
        now: float,
        *,
        principal: str | None,
        state: str,
        outcome: str,
        delay: float | None,
    ) -> None:
        """Creates or replaces a resource; with a `delay` it is in `state` first and reaches `outcome` when that is over."""
        self._db.run(
            "INSERT INTO resources VALUES(?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(key) DO UPDATE SET body = excluded.body,"
            " state = excluded.state, due = excluded.due, outcome = excluded.outcome, changed = excluded.changed,"
            " principal = excluded.principal",
            target.key,
            target.id,
            target.kind,
            target.owner.lower(),
            principal,
            json.dumps(body),
            outcome if delay is None else state,
            None if delay is None else now + delay,
            None if delay is None else outcome,
            now,
            now,
        )

    def begin_removal(self, key: str, now: float, delay: float, state: str) -> None:
        """Marks a resource as being deleted; it goes when the delay is over."""
        self._db.run(
            "UPDATE resources SET state = ?, due = ?, outcome = ? WHERE key = ?",
            state,
            now + delay,
            GONE,
            key.lower(),
        )

    def remove(self, key: str) -> None:
        """Removes a resource and everything below it."""
        prefix = key.lower() + "/"
        self._db.run(
            "DELETE FROM resources WHERE key = ? OR substr(key, 1, ?) = ?", key.lower(), len(prefix), prefix
        )
        self._gone(key.lower())

    def begin_operation(
        self, key: str, now: float, delay: float, error: dict[str, Any] | None = None
    ) -> Operation:
        """Records a long-running operation, to be asked after by its id."""
        operation = Operation(str(uuid.uuid4()), key.lower(), now, now + delay, error)
        self._db.run(
            "INSERT INTO operations VALUES(?,?,?,?,?)",
            operation.id,
            operation.key,
            operation.started,
            operation.due,
            json.dumps(error) if error else None,
        )
        return operation

    def operation(self, identity: str) -> Operation | None:
        """The operation of that id, or None."""
        row = self._db.one("SELECT * FROM operations WHERE id = ?", identity)
        if row is None:
            return None
        error = json.loads(row["error"]) if row["error"] else None
        return Operation(row["id"], row["key"], row["started"], row["due"], error)

    @staticmethod
    def _resource(row: sqlite3.Row) -> Resource:
        target = parse(row["id"])
        assert target is not None
        body = json.loads(row["body"])
        return Resource(target, body, row["state"], row["due"] is not None, row["made"], row["changed"])
