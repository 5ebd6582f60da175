"""The state while a run changes it, on disk at every moment.

Every change leads to a whole checkpoint (the CLI can take over whatever kills the run), but changes that come while one is being
written share the next one. Nothing waits for the disk except what must: a create begins only when its pending operation is written.
Each resource's text is made once per change of it, so a checkpoint of thousands costs a join.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from foundry.sandbox.engine import backend
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.secrets import Crypter
from foundry.sandbox.engine.state import Deployment, PendingOperation, Resource, checkpoint_text, text_of


def now() -> str:
    """The present time as the checkpoint writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Snapshot:
    """Resources made or kept in this run, in that order, then those of the old state not yet dealt with."""

    def __init__(
        self, stack: backend.Stack, base: Deployment, crypter: Callable[[], Crypter | None], *, salt: str
    ) -> None:
        self._stack = stack
        self._crypter = crypter
        self._salt = salt
        self._metadata = base.metadata
        self._new: dict[int, Resource] = {}
        self._old: dict[int, Resource] = {id(r): r for r in base.resources}
        self._texts: dict[int, str] = {}
        self._pending: dict[int, tuple[str, str]] = {}
        self._next_token = 0
        self._renamed: dict[str, str] = {}
        self._untidy = False
        self.inherited = [p for p in base.pending if p.kind == "creating"]
        self._version = 0
        self._written = 0
        self._progress = asyncio.Condition()
        self._dirty = asyncio.Event()
        self._failure: EngineError | None = None
        self._writer: asyncio.Task[None] | None = None
        self._closing = False

    # Changes. Each may be called at any time between steps of the event loop, and returns without waiting.

    def begin(self, kind: str, resource: Resource) -> int:
        """Record that an operation is under way → a token for `end`."""
        self._next_token += 1
        self._pending[self._next_token] = (self._text(self._current(resource)), kind)
        self._changed()
        return self._next_token

    def end(self, token: int) -> None:
        """The operation is over, well or not."""
        self._pending.pop(token, None)
        self._changed()

    def put(self, resource: Resource, *, instead_of: Resource | None = None) -> None:
        """A resource is made, updated or kept; it takes the place of its old self, if that was in the state."""
        if instead_of is not None:
            self._drop(instead_of)
        self._new[id(resource)] = resource
        self._texts.pop(id(resource), None)
        self._text(resource)
        self._changed()

    def update(self, resource: Resource) -> None:
        """A resource in the state has changed in place."""
        if id(resource) in self._new or id(resource) in self._old:
            self._texts.pop(id(resource), None)
            self._changed()

    def remove(self, resource: Resource) -> None:
        """A resource is gone."""
        self._drop(resource)
        self._changed()

    def rebase(self, resources: Sequence[Resource]) -> None:
        """The old state as a refresh found it."""
        self._old = {id(r): r for r in resources}
        self._texts.clear()
        self._changed()

    def rename(self, former: str, urn: str) -> None:
        """References to `former` mean `urn` from now on."""
        self._renamed[former] = urn
        self._texts.clear()
        self._changed()

    def resolve(self, operation: PendingOperation) -> None:
        """An operation that an earlier run left pending is settled."""
        self.inherited = [p for p in self.inherited if p is not operation]
        self._changed()

    def may_be_untidy(self) -> None:
        """A targeted run may keep resources whose needs come later in the old state: order them when writing."""
        self._untidy = True

    def resources(self) -> list[Resource]:
        """The state as it is now."""
        found = [*self._new.values(), *self._old.values()]
        return _tidied(found) if self._untidy else found

    def _drop(self, resource: Resource) -> None:
        self._new.pop(id(resource), None)
        self._old.pop(id(resource), None)
        self._texts.pop(id(resource), None)

    def _text(self, resource: Resource) -> str:
        text = self._texts.get(id(resource))
        if text is None:
            text = self._texts[id(resource)] = text_of(self._current(resource), self._crypter())
        return text

    def _current(self, resource: Resource) -> Resource:
        """The resource with references that follow renames, and without the alias that is thereby settled."""
        if not self._renamed and not resource.aliases:
            return resource
        result = resource.copy()
        result.aliases = ()
        new = self._renamed
        result.parent = new.get(resource.parent, resource.parent)
        result.dependencies = tuple(new.get(d, d) for d in resource.dependencies)
        result.property_dependencies = {
            k: tuple(new.get(d, d) for d in deps) for k, deps in resource.property_dependencies.items()
        }
        result.deleted_with = new.get(resource.deleted_with, resource.deleted_with)
        result.replace_with = tuple(new.get(d, d) for d in resource.replace_with)
        if resource.provider:
            urn, id_ = urns.parse_reference(resource.provider)
            result.provider = urns.reference(new.get(urn, urn), id_)
        return result

    # The disk.

    def start(self) -> None:
        """Begin to write changes as they come."""
        self._writer = asyncio.create_task(self._write_all())

    def _changed(self) -> None:
        self._version += 1
        self._dirty.set()

    async def durable(self) -> None:
        """Wait until everything that is recorded now is on disk. Raises EngineError if it can't be written."""
        wanted = self._version
        async with self._progress:
            await self._progress.wait_for(lambda: self._written >= wanted or self._failure is not None)
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """Write what is left and stop writing. Raises EngineError if it can't be written."""
        if self._writer is None:
            return
        self._closing = True
        self._dirty.set()
        await self._writer
        self._writer = None
        if self._failure is not None:
            raise self._failure

    async def _write_all(self) -> None:
        while self._failure is None and not (self._closing and self._written >= self._version):
            await self._dirty.wait()
            self._dirty.clear()
            if self._written >= self._version:
                continue
            version = self._version
            failure: EngineError | None = None
            try:
                text = self.render()
                await asyncio.to_thread(backend.write, self._stack, text)
            except OSError as error:
                failure = _unwritable(self._stack, error)
            except EngineError as error:
                failure = error
            async with self._progress:
                if failure is None:
                    self._written = version
                else:
                    self._failure = failure
                self._progress.notify_all()

    def render(self) -> str:
        """The checkpoint's text."""
        pending = [*((self._text_of_pending(p), p.kind) for p in self.inherited), *self._pending.values()]
        return checkpoint_text(
            stack=self._stack.qualified,
            time=now(),
            salt=self._salt,
            resources=(self._text(r) for r in self.resources()),
            pending=pending,
            metadata=self._metadata,
        )

    def _text_of_pending(self, operation: PendingOperation) -> str:
        return text_of(self._current(operation.resource), self._crypter())


def _unwritable(stack: backend.Stack, error: OSError) -> EngineError:
    what = "the disk is full" if error.errno == errno.ENOSPC else str(error.strerror or error)
    return EngineError(
        f"the state can't be written to {stack.file}: {what}. The state written before is intact; free some space and run again: "
        "what was under way is recorded there and will be taken up"
    )


def _tidied(resources: Iterable[Resource]) -> list[Resource]:
    """The same resources, each after what it needs."""
    found = list(resources)
    by_urn: dict[str, list[Resource]] = {}
    for resource in found:
        by_urn.setdefault(resource.urn, []).append(resource)
    placed: dict[int, Resource] = {}

    def place(resource: Resource) -> None:
        if id(resource) in placed:
            return
        needs = [resource.parent, *resource.references()]
        if resource.provider:
            needs.insert(0, urns.parse_reference(resource.provider)[0])
        placing = [r for n in needs if n != resource.urn for r in by_urn.get(n, ())]
        for need in placing:
            place(need)
        placed[id(resource)] = resource

    for resource in found:
        place(resource)
    return list(placed.values())
