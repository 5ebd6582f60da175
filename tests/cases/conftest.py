"""The emulator of the reconcilers' tests, and a stack in miniature on a project of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cases.harness.stack import Stack
from tests.reconcile.conftest import ACCOUNT, arm, search_endpoint, serving, world

__all__ = ["search_endpoint", "serving", "stack", "world"]


@pytest.fixture
def stack(world: Any, search_endpoint: str) -> Stack:
    return Stack(world, search=search_endpoint)


@pytest.fixture
def standard_setup(world: Any) -> Callable[[], None]:
    """Gives the project the capability hosts of a standard set-up."""

    def make() -> None:
        for scope in (ACCOUNT, world.project):
            host = {"properties": {"capabilityHostKind": "Agents"}}
            arm(world.serving, f"{scope}/capabilityHosts/agents", host, "2025-06-01")

    return make
