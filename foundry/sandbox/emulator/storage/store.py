"""Which of Azurite's accounts belongs to which storage account of ARM, and what has been made in it."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from foundry.sandbox.emulator.database import Database
from foundry.sandbox.emulator.outside import Outside, OutsideError
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
_PARTS: Final = {"queue": "queueservices/default/queues", "blob": "blobservices/default/containers"}
_TABLES = "CREATE TABLE IF NOT EXISTS storage_slots(slot INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"


_Made = tuple[str, str, str]


class StorageStore:
    """What Azurite holds of a deleted account is emptied; then its slot goes to the next."""

    def __init__(self, database: Database, home: Path, outside: Outside) -> None:
        self._db = database
        self._home = home
        self._outside = outside
        self._made: set[_Made] = set()
        self._made_in: Azurite | None = None
        self._being_emptied: set[int] = set()
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
        taken = {row["slot"] for row in self._db.all("SELECT slot FROM storage_slots")} | self._being_emptied
        free = next((slot for slot in range(most) if slot not in taken), None)
        if free is None:
            raise OutsideError(f"the sandbox serves the storage of at most {most} accounts")
        self._db.run("INSERT INTO storage_slots VALUES(?, ?)", free, account)
        return free

    def unmade(self, arm: "ArmStore", account: str, service: str, azurite: Azurite) -> list[str]:
        """What ARM knows in an account and Azurite may not have yet; counts as made from now on."""
        if self._made_in != azurite:
            self._made, self._made_in = set(), azurite
        names = [item.target.name for item in arm.of_kind(CHILDREN[service], account)]
        missing = [name for name in names if (account, service, name) not in self._made]
        self._made |= {(account, service, name) for name in missing}
        return missing

    def forget(self, account: str, service: str, name: str) -> None:
        """A queue or container has been deleted."""
        self._made.discard((account, service, name))

    def drop_under(self, key: str) -> None:
        """Deletes what Azurite holds of a queue, container or account that ceases to exist, in its own time."""
        azurite = Azurite.of(self._home)
        for row in self._db.all("SELECT slot, key FROM storage_slots"):
            account, slot = row["key"], int(row["slot"])
            if account == key or account.startswith(key + "/"):
                self._db.run("DELETE FROM storage_slots WHERE slot = ?", slot)
                self._made = {item for item in self._made if item[0] != account}
                if azurite is not None:
                    self._being_emptied.add(slot)
                    self._outside.do(partial(self._empty, azurite, slot))
            elif key.startswith(account + "/") and azurite is not None:
                part, _, name = key.removeprefix(account + "/").rpartition("/")
                service = next((item for item, value in _PARTS.items() if value == part), None)
                if service is not None:
                    self.forget(account, service, name)
                    self._outside.do(partial(azurite.unmake, service, slot, name))

    def _empty(self, azurite: Azurite, slot: int) -> None:
        try:
            for service in CHILDREN:
                for name in azurite.names(service, slot):
                    azurite.unmake(service, slot, name)
        finally:
            self._being_emptied.discard(slot)

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
