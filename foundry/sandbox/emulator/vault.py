"""Secrets that a resource was given and that tools need again: sealed, with a key beside the database and not in it."""

import json
import os
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken

from foundry.sandbox.emulator.database import Database

KEY_FILE: Final = "vault.key"
_TABLES = "CREATE TABLE IF NOT EXISTS vault(key TEXT PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;"


class Vault:
    """Secrets by lower-case ARM id. A lost key file makes what was sealed with it unknown, no more."""

    def __init__(self, database: Database, home: Path) -> None:
        self._db = database
        self._file = home / KEY_FILE
        database.script(_TABLES)

    def keep(self, key: str, secret: dict[str, Any]) -> None:
        """Seals a secret."""
        sealed = self._cipher().encrypt(json.dumps(secret).encode())
        self._db.run("INSERT OR REPLACE INTO vault VALUES(?, ?)", key.lower(), sealed)

    def get(self, key: str) -> dict[str, Any]:
        """The secret of a resource; empty when none is known."""
        row = self._db.one("SELECT sealed FROM vault WHERE key = ?", key.lower())
        if row is None:
            return {}
        try:
            return dict(json.loads(self._cipher().decrypt(row["sealed"])))
        except InvalidToken:
            return {}

    def drop_under(self, scope: str) -> None:
        """Forgets the secrets at or below a key that ceases to exist."""
        self._db.run(
            "DELETE FROM vault WHERE key = ? OR substr(key, 1, ?) = ?", scope, len(scope) + 1, scope + "/"
        )

    def _cipher(self) -> Fernet:
        if not self._file.exists():
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(Fernet.generate_key())
        return Fernet(self._file.read_bytes())
