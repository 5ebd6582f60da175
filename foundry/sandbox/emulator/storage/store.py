"""Which of Azurite's accounts belongs to which storage account of ARM, and what has been made in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from foundry.sandbox.emulator.database import Database
from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.storage.azurite import MISSING, Azurite
from foundry.sandbox.emulator.storage.exchange import Queue

if TYPE_CHECKING:
    from foundry.sandbox.emulator.arm.store import ArmStore, Resource

ACCOUNT: Final = "microsoft.storage/storageaccounts"
#: The ARM types of what a service of an account holds.
CHILDREN: Final = {
    "queue": ACCOUNT + "/queueservices/queues",
    "blob": ACCOUNT + "/blobservices/containers",
}
_TABLES = "CREATE TABLE IF NOT EXISTS storage_slots(slot INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"


class StorageStore:
    """Slots are given out for good: what Azurite holds of a deleted account is emptied, its slot goes to the next."""

    def __init__(self, database: Database, home: Path) -> None:
        self._db = database
        self._home = home
        database.script(_TABLES)

    def azurite(self) -> Azurite:
        """The running Azurite; raises `OutsideError` when there is none."""
        found = Azurite.of(self._home)
        if found is None:
            raise OutsideError(MISSING)
        return found

    def slot(self, account: str, most: int) -> int:
        """The slot of a storage account (ARM key); raises `OutsideError` when all are taken."""
        row = self._db.one("SELECT slot FROM storage_slots WHERE key = ?", account)
        if row is not None:
            return int(row["slot"])
        taken = {row["slot"] for row in self._db.all("SELECT slot FROM storage_slots")}
        free = next((slot for slot in range(most) if slot not in taken), None)
        if free is None:
            raise OutsideError(f"the sandbox serves the storage of at most {most} accounts")
        self._db.run("INSERT INTO storage_slots VALUES(?, ?)", free, account)
        return free

    def held(self, account: str) -> int | None:
        """The slot an account has, or None."""
        row = self._db.one("SELECT slot FROM storage_slots WHERE key = ?", account)
        return None if row is None else int(row["slot"])

    def free(self, account: str) -> None:
        """Takes the slot from an account that is gone."""
        self._db.run("DELETE FROM storage_slots WHERE key = ?", account)

    def queue(self, arm: "ArmStore", base_url: str, endpoint: str, name: str) -> Queue:
        """The queue of a binding; raises `OutsideError` when its endpoint isn't one of this sandbox, or nothing runs there."""
        parts = [part for part in urlsplit(endpoint).path.split("/") if part]
        ours = urlsplit(endpoint).netloc == urlsplit(base_url).netloc
        account = account_named(arm, parts[1]) if ours and len(parts) == 3 and parts[0] == "storage" else None
        if account is None:
            raise OutsideError(f"the queue endpoint {endpoint} is none of this sandbox's storage accounts")
        azurite = self.azurite()
        return Queue(azurite, self.slot(account.target.key, len(azurite.accounts)), name)


def account_named(arm: "ArmStore", name: str) -> "Resource | None":
    """The storage account of a name, or None."""
    return next((item for item in arm.of_kind(ACCOUNT) if item.target.name.lower() == name.lower()), None)
