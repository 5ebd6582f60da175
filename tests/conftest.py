"""What holds for all tests: which need the real CLI, and the event loop that Pulumi's SDK expects to find."""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: the tests of the command line wait for processes a good part of their time."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return len(usable) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("pulumi"):
        return
    absent = pytest.mark.skip(reason="the real pulumi CLI is not on PATH")
    for item in items:
        if item.get_closest_marker("pulumi_cli"):
            item.add_marker(absent)


@pytest.fixture(autouse=True)
def _an_event_loop() -> None:
    """Pulumi's outputs ask for the main thread's loop, which any `asyncio.run` of an earlier test has taken away."""
    try:
        asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())
