"""What holds for all tests: which need the real CLI, which examples are generated, and the event loop that Pulumi's SDK expects."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# The same examples every time, however slow the machine is: a change is refused for what it breaks. `--hypothesis-profile=default`
# looks for others.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


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
def _an_event_loop() -> Iterator[None]:
    """Pulumi's outputs ask for the main thread's loop, which any `asyncio.run` of an earlier test has taken away.

    An output that a test makes and doesn't read is begun at its end: otherwise some later test would warn of it.
    """
    policy = asyncio.get_event_loop_policy()
    try:
        loop = policy.get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    yield
    for _ in () if loop.is_closed() else asyncio.all_tasks(loop):
        loop.run_until_complete(asyncio.sleep(0))
