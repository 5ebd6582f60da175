"""Everything one emulator holds, handed to every handler."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from foundry.sandbox.emulator.access.store import AccessStore
from foundry.sandbox.emulator.arm.store import ArmStore
from foundry.sandbox.emulator.assistants.store import AssistantStore
from foundry.sandbox.emulator.database import Database
from foundry.sandbox.emulator.faults import FaultPlan, RequestLog
from foundry.sandbox.emulator.files.store import FileStore
from foundry.sandbox.emulator.identity.store import IdentityStore
from foundry.sandbox.emulator.openai.conversations import ConversationStore
from foundry.sandbox.emulator.outside import Outside
from foundry.sandbox.emulator.project.objects import ObjectStore
from foundry.sandbox.emulator.projects.store import VersionedAgentStore
from foundry.sandbox.emulator.search.store import SearchStore
from foundry.sandbox.emulator.settings import Settings
from foundry.sandbox.emulator.storage.store import StorageStore
from foundry.sandbox.emulator.threads.store import ThreadStore
from foundry.sandbox.emulator.vault import Vault
from foundry.sandbox.emulator.vector_stores.store import VectorStoreStore


@dataclass(slots=True)
class Clock:
    """The time of this world; it can be moved forward, never back."""

    offset: float = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self.offset


@dataclass(slots=True)
class World:
    """The stores, the settings and the moment."""

    database: Database
    settings: Settings
    base_url: str
    identity_header: str
    #: Certificate of the authority that the emulator's own is signed by.
    authority: Path
    identity: IdentityStore
    arm: ArmStore
    access: AccessStore
    objects: ObjectStore
    assistants: AssistantStore
    versioned_agents: VersionedAgentStore
    files: FileStore
    vector_stores: VectorStoreStore
    threads: ThreadStore
    conversations: ConversationStore
    search: SearchStore
    storage: StorageStore
    vault: Vault
    outside: Outside
    faults: FaultPlan
    rules: tuple[Path, ...]
    #: Projects and threads with a run that goes on by itself: what is looked at every now and then.
    moving: dict[tuple[str, str], None]
    #: Projects and ids of responses that are made in the background: likewise.
    answering: dict[tuple[str, str], None]
    clock: Clock = field(default_factory=Clock)
    log: RequestLog = field(default_factory=RequestLog)

    def drop_file(self, shelf: str, identity: str) -> bool:
        """Removes a file, also from the vector stores and agents that use it; False when there was none."""
        gone = self.files.delete(shelf, identity)
        if gone:
            self.vector_stores.forget_file(shelf, identity)
            self.assistants.forget_file(shelf, identity)
        return gone

    def settle(self, now: float) -> None:
        """Lets happen in ARM and among files what is due by now."""
        self.arm.settle(now)
        for shelf, identity in self.files.expired(now):
            self.drop_file(shelf, identity)


def create_world(
    database_file: Path, settings: Settings, base_url: str, identity_header: str, authority: Path
) -> World:
    """Opens the database and puts the stores on it; raises `DatabaseUnusableError`."""
    database = Database(database_file)
    access = AccessStore(database)
    objects = ObjectStore(database)
    files = FileStore(database, objects)
    search = SearchStore(database)
    vault = Vault(database, database_file.parent)
    outside = Outside()
    faults = FaultPlan()
    storage = StorageStore(database, database_file.parent, outside)
    versioned_agents = VersionedAgentStore(database, objects)

    def gone(key: str) -> None:
        access.drop_under(key)
        objects.drop_under(key)
        files.drop_under(key)
        versioned_agents.drop_under(key)
        search.drop_under(key)
        vault.drop_under(key)
        storage.drop_under(key)

    threads = ThreadStore(objects)
    conversations = ConversationStore(objects)
    return World(
        database=database,
        settings=settings,
        base_url=base_url,
        identity_header=identity_header,
        authority=authority,
        identity=IdentityStore(database),
        arm=ArmStore(database, gone),
        access=access,
        objects=objects,
        assistants=AssistantStore(objects),
        versioned_agents=versioned_agents,
        files=files,
        vector_stores=VectorStoreStore(objects, faults),
        threads=threads,
        conversations=conversations,
        search=search,
        storage=storage,
        vault=vault,
        outside=outside,
        faults=faults,
        rules=(database_file.parent / "rules", *([settings.rules] if settings.rules else [])),
        moving=dict.fromkeys(threads.under_way()),
        answering=dict.fromkeys(conversations.under_way()),
    )
