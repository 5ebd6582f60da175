"""What the calls of one process share: services, patience, and one snapshot for each kind and project."""

from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from foundry.model import FoundryError, ServiceError
from foundry.reconcile.snapshot import Snapshot
from foundry.service.errors import NotFound, Unanswered, Unresolved
from foundry.service.live import (
    LiveAgent,
    LiveEval,
    LiveFile,
    LiveIndexAsset,
    LiveMemoryStore,
    LiveNumbered,
    LiveRule,
    LiveStore,
    LiveVersionedAgent,
    StoreMember,
)
from foundry.service.log import PROGRESS
from foundry.service.patience import Patience
from foundry.service.protocols import (
    KnowledgeService,
    ProjectService,
    SearchService,
    Services,
    VersionedService,
)

T = TypeVar("T")
S_co = TypeVar("S_co", bound=KnowledgeService, covariant=True)
A_co = TypeVar("A_co", bound=LiveAgent, covariant=True)


def _id_of(agent: LiveAgent) -> str:
    return agent.id


class ProjectView(Generic[S_co, A_co]):
    """One project in one dialect: its service, and what this process knows of it.

    `spoken_for` holds the incarnations that states handed to this process speak of, `claimed` the ids of agents that this
    process has made or taken over.
    """

    def __init__(self, service: S_co, clock: Callable[[], float]) -> None:
        self.service: S_co = service
        self._clock = clock
        self.agents: Snapshot[A_co] = Snapshot(_id_of, clock)
        self.stores: Snapshot[LiveStore] = Snapshot(lambda store: store.id, clock)
        self.memories: Snapshot[LiveMemoryStore] = Snapshot(lambda store: store.id, clock)
        self.toolboxes: Snapshot[LiveNumbered] = Snapshot(lambda one: one.id, clock)
        self.skills: Snapshot[LiveNumbered] = Snapshot(lambda one: one.id, clock)
        self.evals: Snapshot[LiveEval] = Snapshot(lambda one: one.id, clock)
        self.rules: Snapshot[LiveRule] = Snapshot(lambda rule: rule.id, clock)
        self.assets: Snapshot[LiveIndexAsset] = Snapshot(lambda asset: asset.id, clock)
        self.files: Snapshot[LiveFile] = Snapshot(lambda file: file.id, clock)
        self._lock = threading.Lock()
        self._members: dict[str, Snapshot[StoreMember]] = {}
        self.files_in_use: set[str] = set()
        self.spoken_for: set[str] = set()
        self.claimed: set[str] = set()

    def members(self, store_id: str) -> Snapshot[StoreMember]:
        """The snapshot of one store's files."""
        with self._lock:
            return self._members.setdefault(store_id, Snapshot(lambda member: member.file_id, self._clock))

    def forget_members(self, store_id: str) -> None:
        """Makes the next caller list a store's files anew."""
        with self._lock:
            self._members.pop(store_id, None)


ClassicView: TypeAlias = ProjectView[ProjectService, LiveAgent]
VersionedView: TypeAlias = ProjectView[VersionedService, LiveVersionedAgent]
KnowledgeView: TypeAlias = ProjectView[KnowledgeService, LiveAgent]


class SearchView:
    """One search service: its adapter, and what this process knows of its indexes.

    `maps_spoken_for` has, for each synonym map, the logical names under which states handed to this process speak of it;
    `aliases_spoken_for`, for each alias, the incarnations of the indexes that have it declared, as far as this process was told.
    """

    def __init__(self, service: SearchService, clock: Callable[[], float]) -> None:
        self.service = service
        self.indexes: Snapshot[Mapping[str, Any]] = Snapshot(lambda body: str(body["name"]), clock)
        self.objects_in_use: set[tuple[str, str]] = set()
        self.maps_spoken_for: dict[str, set[str]] = defaultdict(set)
        self.aliases: Snapshot[tuple[str, str]] = Snapshot(lambda pair: pair[0], clock)
        self.aliases_spoken_for: dict[str, set[str]] = defaultdict(set)
        self.alias_lock = threading.Lock()


class Session:
    """One process's view of the services. Safe to share between threads.

    `root` is the folder that the paths of local files start from. `incarnation` makes a random word. `now` gives Unix seconds.
    """

    def __init__(
        self,
        services: Services,
        patience: Patience,
        *,
        root: Path | None = None,
        incarnation: Callable[[], str] = lambda: secrets.token_hex(8),
        now: Callable[[], float] = time.time,
    ) -> None:
        self.services = services
        self.patience = patience
        self._clock = patience.timing.clock
        self.root = root or Path()
        self.incarnation = incarnation
        self.now = now
        self._lock = threading.Lock()
        self._projects: dict[str, ClassicView] = {}
        self._versioned: dict[str, VersionedView] = {}
        self._searches: dict[str, SearchView] = {}
        self._places: dict[str, Snapshot[str]] = {}

    def knowledge(self, props: Mapping[str, Any]) -> KnowledgeView:
        """The view of the project that an object's inputs or outputs name, in the object's dialect."""
        endpoint = str(props["endpoint"])
        return self.versioned(endpoint) if props.get("dialect") == "versioned" else self.project(endpoint)

    def versioned(self, endpoint: str) -> VersionedView:
        """The versioned view of the project at an endpoint."""
        with self._lock:
            if endpoint not in self._versioned:
                self._versioned[endpoint] = ProjectView(self.services.versioned(endpoint), self._clock)
            return self._versioned[endpoint]

    def project(self, endpoint: str) -> ClassicView:
        """The classic view of the project at an endpoint."""
        with self._lock:
            if endpoint not in self._projects:
                self._projects[endpoint] = ProjectView(self.services.project(endpoint), self._clock)
            return self._projects[endpoint]

    def projects(self) -> Sequence[KnowledgeView]:
        """Every project that this process has dealt with, once for each dialect."""
        with self._lock:
            return [*self._projects.values(), *self._versioned.values()]

    def search(self, endpoint: str) -> SearchView:
        """The view of the search service at an endpoint."""
        with self._lock:
            if endpoint not in self._searches:
                self._searches[endpoint] = SearchView(self.services.search(endpoint), self._clock)
            return self._searches[endpoint]

    def unless_gone(self, place_id: str, look: Callable[[], T]) -> T | None:
        """What `look` returns; None when the object or the place it lives in is definitely gone.

        A host that DNS doesn't know counts as gone only if Azure Resource Manager doesn't know `place_id` either.
        """
        return self._unless_gone(place_id, look, self.services.exists_in_azure)

    def _unless_gone(self, place_id: str, look: Callable[[], T], is_known: Callable[[str], bool]) -> T | None:
        try:
            return look()
        except NotFound:
            return None
        except Unresolved as error:
            if not place_id.startswith("/"):
                raise  # somebody else's project is known by its endpoint alone: there is no ARM id to ask for
            try:
                known = is_known(place_id)
            except FoundryError as asked:
                also = f"{error.what}; Azure Resource Manager couldn't be asked either ({asked.what})"
                raise Unresolved(also, fix=error.fix, failure=error.failure) from None
            if known:
                raise
            return None

    def read(self, place_id: str, look: Callable[[], T]) -> T | None:
        """`unless_gone` for a refresh: a failure stops the whole command, so its text names the way past it."""
        try:
            return self._unless_gone(place_id, look, self._was_known)
        except ServiceError as error:
            fix = f"{error.fix}; `--refresh=false` goes on without reading what is live"
            raise type(error)(error.what, fix=fix, failure=error.failure) from None

    def _was_known(self, place_id: str) -> bool:
        """What Azure Resource Manager said of a place, which it is asked for once, however many things live there."""
        with self._lock:
            place = self._places.setdefault(place_id, Snapshot(str, self._clock))
        exists = self.services.exists_in_azure
        return place.look(place_id, lambda: [place_id] if exists(place_id) else []) is not None

    def make_once(self, make: Callable[[], T], look_up: Callable[[], T | None], what: str) -> T:
        """Makes something that the service can't make "only if absent".

        When nobody knows whether a request was acted upon, what it may have made is looked up, for a bounded time because
        listings lag, and only what isn't there is asked for again. Raises ServiceError when the budget is used up.
        """
        timing = self.patience.timing
        started = timing.clock()
        while True:
            try:
                return make()
            except Unanswered as error:
                PROGRESS.info("%s: no answer (%s); looking up whether it was made", what, error.what)
                found = self.look_up_patiently(look_up)
                if found is not None:
                    return found
                if timing.clock() - started >= self.patience.retry_budget:
                    raise

    def first_look_up(self, snapshot: Snapshot[Any], look_up: Callable[[], T | None]) -> T | None:
        """The look-up that a create begins with. After a killed run it is repeated, once for each kind in a process."""
        if not self.patience.pending or snapshot.settled:
            return look_up()

        def anew() -> T | None:
            snapshot.forget()
            return look_up()

        found = self.look_up_patiently(anew)
        snapshot.settled = found is None
        return found

    def look_up_patiently(self, look_up: Callable[[], T | None]) -> T | None:
        """Repeats a look-up until it finds something, for a bounded time."""
        timing = self.patience.timing
        started, pause = timing.clock(), 0.5
        while True:
            found = look_up()
            if found is not None or timing.clock() - started + pause > self.patience.look_up:
                return found
            timing.sleep(pause)
            pause = min(pause * 2, 4.0)
