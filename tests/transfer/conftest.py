"""The emulator of the reconcilers' tests, and a stack in miniature on a project of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from foundry.reconcile import Session
from tests.cases.conftest import search_endpoint, serving, standard_setup, world
from tests.cases.harness.stack import Stack
from tests.reconcile.conftest import World

__all__ = ["search_endpoint", "serving", "stack", "standard_setup", "world"]


@dataclass
class Connected(World):
    """A project whose sessions share their connections: these tests run many short commands on one."""

    first: Session | None = None

    def session(self, **patience: Any) -> Session:
        """What each command starts with."""
        if patience:
            return super().session(**patience)
        self.first = self.first or super().session()
        return Session(self.first.services, self.first.patience, root=self.root)


@pytest.fixture
def stack(world: World, search_endpoint: str) -> Stack:
    return Stack(
        Connected(world.serving, world.name, world.endpoint, world.time, world.root), search=search_endpoint
    )
