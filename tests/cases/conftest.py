"""The emulator of the reconcilers' tests, and a stack in miniature on a project of its own."""

from typing import Any

import pytest

from tests.cases.harness.stack import Stack
from tests.reconcile.conftest import search_endpoint, serving, standard_setup, world

__all__ = ["search_endpoint", "serving", "stack", "standard_setup", "world"]


@pytest.fixture
def stack(world: Any, search_endpoint: str) -> Stack:
    return Stack(world, search=search_endpoint)
