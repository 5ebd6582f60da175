"""The emulator of the reconcilers' tests, and a stack in miniature on a project of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cases.harness.stack import Stack
from tests.reconcile.conftest import (
    ACCOUNT,
    arm,
    new_project,
    search_endpoint,
    serving,
    standard_setup,
    world,
)

__all__ = ["search_endpoint", "serving", "stack", "standard_setup", "world"]


@pytest.fixture
def stack(world: Any, search_endpoint: str) -> Stack:
    return Stack(world, search=search_endpoint)


@pytest.fixture
def new_stack(world: Any, search_endpoint: str, tmp_path: Path) -> Callable[[], Stack]:
    """Further stacks, each on a project of its own."""

    def make() -> Stack:
        root = tmp_path / f"stack{len(list(tmp_path.glob('stack*')))}"
        root.mkdir()
        return Stack(new_project(world.serving, root), search=search_endpoint)

    return make


@pytest.fixture
def project_of_standard_setup() -> Callable[[Stack], Stack]:
    """Gives a stack's project the capability hosts of a standard setup."""

    def make(stack: Stack) -> Stack:
        for scope in (ACCOUNT, stack.world.project):
            host = {"properties": {"capabilityHostKind": "Agents"}}
            arm(stack.world.serving, f"{scope}/capabilityHosts/agents", host, "2025-06-01")
        return stack

    return make
