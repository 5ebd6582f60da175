"""Vector stores, the files in them and the batches they came by.

A file's fate is decided when it is attached and shown when its time has come: after the delay and the number of reads
that the settings ask for. Fields that begin with `_` are the emulator's own and never leave it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from foundry.sandbox.emulator.faults import FaultPlan
from foundry.sandbox.emulator.project.objects import ObjectStore, new_id

Body = dict[str, Any]

KIND: Final = "vector_store"
FILE: Final = "store_file"
BATCH: Final = "batch"
_DAY: Final = 86_400
_STATES: Final = ("in_progress", "completed", "failed", "cancelled")
_AUTO: Final = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}

#: (due, polls left, error or None, bytes) of a file that is attached now.
Fate = Callable[[str], tuple[float, int, Body | None, int]]


def shown(body: Body) -> Body:
    """An object without the emulator's own fields."""
    return {key: value for key, value in body.items() if not key.startswith("_")}


def _counts(files: Iterable[Body]) -> dict[str, int]:
    counts = dict.fromkeys(_STATES, 0)
    for file in files:
        counts[file["status"]] += 1
    return counts | {"total": sum(counts.values())}


class VectorStoreStore:
    """Vector stores by project."""

    def __init__(self, objects: ObjectStore, faults: FaultPlan) -> None:
        self._objects = objects
        self._faults = faults

    def create(self, project: str, asked: Body, now: float) -> Body:
        """Adds an empty store."""
        store = {
            "id": new_id("vs_"),
            "object": "vector_store",
            "created_at": int(now),
            "name": asked.get("name"),
            "usage_bytes": 0,
            "file_counts": _counts([]),
            "status": "completed",
            "expires_after": asked.get("expires_after"),
            "expires_at": None,
            "last_active_at": int(now),
            "metadata": asked.get("metadata") or {},
        }
        self._objects.add(project, KIND, store, now)
        return self.shown_store(store, now)

    def get(self, project: str, identity: str, now: float, *, look: bool = False) -> Body | None:
        """The store as the service returns it, or None. A `look` counts as one of the reads files wait for."""
        store = self._objects.get(project, KIND, identity)
        if store is None:
            return None
        return self.shown_store(self.settled(project, store, now, look=look), now)

    def settled(self, project: str, store: Body, now: float, *, look: bool) -> Body:
        """The stored object after every file whose time has come has met its fate."""
        if not store["file_counts"]["in_progress"]:
            return store
        for file in self._objects.all(project, FILE, store["id"]):
            if file["status"] != "in_progress":
                continue
            if file["_due"] <= now and file["_polls"] <= 0:
                error = file["_error"]
                file |= {"status": "failed" if error else "completed", "last_error": error}
                file["usage_bytes"] = 0 if error else file["_bytes"]
            elif look:
                file["_polls"] -= 1
            self._objects.put(project, FILE, file, store["id"])
        return self._recount(project, store["id"])

    def update(self, project: str, identity: str, asked: Body, now: float) -> Body:
        """Applies a partial update to a store that exists; null clears."""
        store = self._objects.get(project, KIND, identity)
        assert store is not None
        empty: Body = {"name": None, "expires_after": None, "metadata": {}}
        store |= {key: empty[key] if value is None else value for key, value in asked.items()}
        store["last_active_at"] = int(now)
        self._objects.put(project, KIND, store)
        return self.shown_store(store, now)

    def touch(self, project: str, identity: str, now: float) -> None:
        """Marks a store as used now."""
        store = self._objects.get(project, KIND, identity)
        if store is not None:
            self._objects.put(project, KIND, store | {"last_active_at": int(now)})

    def delete(self, project: str, identity: str) -> bool:
        """Removes a store with its memberships and batches; the files stay. False when there was none."""
        self._objects.remove_below(project, identity)
        return self._objects.remove(project, KIND, identity)

    def attach(
        self,
        project: str,
        store_id: str,
        file_ids: Iterable[str],
        now: float,
        *,
        chunking: Body | None,
        fate: Fate,
        batch: str = "",
        attributes: Mapping[str, Body] | None = None,
    ) -> None:
        """Adds files to a store, with attributes by file id; one that is there already stays as it is."""
        strategy = _AUTO if chunking is None or chunking["type"] == "auto" else chunking
        for file_id in dict.fromkeys(file_ids):
            if self._objects.get(project, FILE, file_id, store_id) is not None:
                continue
            due, polls, error, size = fate(file_id)
            file = {
                "id": file_id,
                "object": "vector_store.file",
                "usage_bytes": 0,
                "created_at": int(now),
                "vector_store_id": store_id,
                "status": "in_progress",
                "last_error": None,
                "chunking_strategy": strategy,
                "_due": due,
                "_polls": polls,
                "_error": error,
                "_bytes": size,
                "_batch": batch,
                "_attributes": (attributes or {}).get(file_id) or {},
            }
            self._objects.add(project, FILE, file, now, store_id)
        self.touch(project, store_id, now)
        self._recount(project, store_id)

    def file(self, project: str, store_id: str, file_id: str) -> Body | None:
        """A file of a store, or None."""
        return self._objects.get(project, FILE, file_id, store_id)

    def files(self, project: str, store_id: str) -> list[Body]:
        """Every file of a store, oldest first."""
        return self._objects.all(project, FILE, store_id)

    def put_attributes(self, project: str, store_id: str, file_id: str, attributes: Body) -> Body | None:
        """Replaces the attributes of a file in a store; None when it isn't in it."""
        file = self.file(project, store_id, file_id)
        if file is None:
            return None
        file["_attributes"] = attributes
        self._objects.put(project, FILE, file, store_id)
        return file

    def detach(self, project: str, store_id: str, file_id: str) -> bool:
        """Takes a file out of a store; False when it wasn't in it."""
        gone = self._objects.remove(project, FILE, file_id, store_id)
        if gone:
            self._recount(project, store_id)
        return gone

    def forget_file(self, project: str, file_id: str) -> None:
        """Takes a deleted file out of every store."""
        for store_id in self._objects.parents(project, FILE, file_id):
            self.detach(project, store_id, file_id)

    def create_batch(self, project: str, store_id: str, now: float) -> str:
        """Adds a batch without files; returns its id."""
        batch = {
            "id": new_id("vsfb_"),
            "object": "vector_store.files_batch",
            "created_at": int(now),
            "vector_store_id": store_id,
            "_cancelled": False,
        }
        self._objects.add(project, BATCH, batch, now, store_id)
        return str(batch["id"])

    def batch(self, project: str, store_id: str, batch_id: str) -> Body | None:
        """The batch as the service returns it, or None."""
        batch = self._objects.get(project, BATCH, batch_id, store_id)
        if batch is None:
            return None
        counts = _counts(file for file in self.files(project, store_id) if file["_batch"] == batch_id)
        status = (
            "cancelled" if batch["_cancelled"] else "in_progress" if counts["in_progress"] else "completed"
        )
        return shown(batch) | {"status": status, "file_counts": counts}

    def cancel_batch(self, project: str, store_id: str, batch_id: str) -> None:
        """Cancels what a batch hasn't done yet."""
        batch = self._objects.get(project, BATCH, batch_id, store_id)
        assert batch is not None
        self._objects.put(project, BATCH, batch | {"_cancelled": True}, store_id)
        for file in self.files(project, store_id):
            if file["_batch"] == batch_id and file["status"] == "in_progress":
                self._objects.put(project, FILE, file | {"status": "cancelled"}, store_id)
        self._recount(project, store_id)

    def shown_store(self, store: Body, now: float) -> Body:
        """A store as the service returns it at a time."""
        status = "in_progress" if store["file_counts"]["in_progress"] else "completed"
        ends = None
        if store["expires_after"]:
            ends = store["last_active_at"] + store["expires_after"]["days"] * _DAY
            status = "expired" if now >= ends else status
        if self._faults.expires(store["name"]):
            status = "expired"
        return shown(store) | {"status": status, "expires_at": ends}

    def _recount(self, project: str, store_id: str) -> Body:
        store = self._objects.get(project, KIND, store_id)
        assert store is not None
        files = self.files(project, store_id)
        store |= {"file_counts": _counts(files), "usage_bytes": sum(file["usage_bytes"] for file in files)}
        self._objects.put(project, KIND, store)
        return store
