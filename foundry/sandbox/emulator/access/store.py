"""Role assignments, and the question they answer: may this principal do that here, now?"""

import json
import re
import sqlite3
from collections.abc import Iterable
from functools import cache
from typing import Any

from foundry.sandbox.emulator.access.roles import BY_GUID, OWNER
from foundry.sandbox.emulator.database import Database
from foundry.sandbox.emulator.identity.store import DEPLOYER
from foundry.sandbox.emulator.settings import SUBSCRIPTION

_TABLES = """
CREATE TABLE IF NOT EXISTS assignments(
    key TEXT PRIMARY KEY, id TEXT NOT NULL, scope TEXT NOT NULL, principal TEXT NOT NULL, role TEXT NOT NULL,
    made REAL NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS assignments_by_principal ON assignments(principal);
"""

_ROOT_ASSIGNMENT = "00000000-0000-4000-8000-0000000000e1"


@cache
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        "|".join(re.escape(item).replace(r"\*", ".*") for item in patterns) or r"(?!)", re.IGNORECASE
    )


def _covers(scope: str, target: str) -> bool:
    return scope in ("", target) or target.startswith(scope + "/")


class AccessStore:
    """Scopes are ARM ids; they are compared without case."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.script(_TABLES)
        scope = f"/subscriptions/{SUBSCRIPTION}"
        self.put(
            f"{scope}/providers/Microsoft.Authorization/roleAssignments/{_ROOT_ASSIGNMENT}",
            scope,
            {
                "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}",
                "principalId": DEPLOYER.oid,
                "principalType": "User",
                "scope": scope,
            },
            0.0,
        )

    def put(self, identity: str, scope: str, properties: dict[str, Any], now: float) -> None:
        """Writes an assignment; one that exists keeps the time it was made."""
        role = properties["roleDefinitionId"].rpartition("/")[2].lower()
        self._db.run(
            "INSERT INTO assignments VALUES(?,?,?,?,?,?,?) ON CONFLICT(key) DO UPDATE SET body = excluded.body",
            identity.lower(),
            identity,
            scope.lower(),
            properties["principalId"].lower(),
            role,
            now,
            json.dumps(properties),
        )

    def get(self, identity: str) -> dict[str, Any] | None:
        """The assignment of that id as ARM returns it, or None."""
        row = self._db.one("SELECT * FROM assignments WHERE key = ?", identity.lower())
        return self._render(row) if row else None

    def twin(self, identity: str, scope: str, principal: str, role: str) -> str | None:
        """The name of another assignment of the same role, principal and scope."""
        row = self._db.one(
            "SELECT id FROM assignments WHERE scope = ? AND principal = ? AND role = ? AND key <> ?",
            scope.lower(),
            principal.lower(),
            role.lower(),
            identity.lower(),
        )
        return row["id"].rpartition("/")[2] if row else None

    def delete(self, identity: str) -> bool:
        """Removes an assignment; False when there was none."""
        return self._db.run("DELETE FROM assignments WHERE key = ?", identity.lower()) > 0

    def drop_under(self, scope: str) -> None:
        """Removes every assignment at or below a scope that ceases to exist."""
        key = scope.lower()
        self._db.run(
            "DELETE FROM assignments WHERE scope = ? OR substr(scope, 1, ?) = ?", key, len(key) + 1, key + "/"
        )

    def listed(self, scope: str, *, below: bool, principals: Iterable[str] = ()) -> list[dict[str, Any]]:
        """Assignments at and above a scope, and below it where `below`; only those of `principals` when given."""
        key = scope.lower()
        wanted = {item.lower() for item in principals}
        return [
            self._render(row)
            for row in self._db.all("SELECT * FROM assignments ORDER BY made, key")
            if (_covers(row["scope"], key) or (below and _covers(key, row["scope"])))
            and (not wanted or row["principal"] in wanted)
        ]

    def allows(
        self, principals: Iterable[str], scope: str, action: str, *, data: bool, before: float
    ) -> bool:
        """Whether an assignment made at or before `before` lets one of the principals do the action at the scope."""
        key = scope.lower()
        for principal in principals:
            for row in self._db.all(
                "SELECT scope, role, made FROM assignments WHERE principal = ?", principal.lower()
            ):
                role = BY_GUID[row["role"]]
                granted, denied = (role.data_actions, ()) if data else (role.actions, role.not_actions)
                if (
                    row["made"] <= before
                    and _covers(row["scope"], key)
                    and _matcher(granted).fullmatch(action)
                    and not _matcher(denied).fullmatch(action)
                ):
                    return True
        return False

    def holds(self, principal: str, scope: str, roles: Iterable[str]) -> bool:
        """Whether the principal has one of the roles at or above the scope."""
        rows = self._db.all("SELECT scope, role FROM assignments WHERE principal = ?", principal.lower())
        return any(row["role"] in roles and _covers(row["scope"], scope.lower()) for row in rows)

    @staticmethod
    def _render(row: sqlite3.Row) -> dict[str, Any]:
        return {
            "properties": json.loads(row["body"]),
            "id": row["id"],
            "type": "Microsoft.Authorization/roleAssignments",
            "name": row["id"].rpartition("/")[2],
        }
