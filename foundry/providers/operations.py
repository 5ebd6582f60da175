"""The six operations of every kind as plain functions on plain values, so that a native provider can serve the same ones.

Modules of `foundry.reconcile` are the kinds; the session they share lives as long as the process.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

from foundry.reconcile import Difference, Made, Problem, Seen, Session
from foundry.reconcile.shapes import Props
from foundry.service.log import log_to_file
from foundry.service.patience import Patience
from foundry.service.tracing import trace_from_environment


class Kind(Protocol):
    """A module of `foundry.reconcile` that looks after one kind; see there for what each function must do."""

    def check(self, olds: Props, news: Props, /) -> list[Problem]: ...  # noqa: D102

    def diff(self, id_: str, olds: Props, news: Props, /) -> Difference: ...  # noqa: D102

    def create(self, session: Session, news: Props, /) -> Made: ...  # noqa: D102

    def read(self, session: Session, id_: str, props: Props, /) -> Seen | None: ...  # noqa: D102

    def update(self, session: Session, id_: str, olds: Props, news: Props, /) -> dict[str, Any]: ...  # noqa: D102

    def delete(self, session: Session, id_: str, props: Props, /) -> None: ...  # noqa: D102


_LOCK = threading.Lock()
_SESSIONS: list[Session] = []


def session() -> Session:
    """The session of this process, made when it is first needed: with it come credentials and Azure's clients."""
    with _LOCK:
        if not _SESSIONS:
            from foundry.service.connect import AzureServices

            log_to_file()
            trace_from_environment()
            patience = Patience.from_environment()
            _SESSIONS.append(Session(AzureServices(patience=patience), patience))
        return _SESSIONS[0]
