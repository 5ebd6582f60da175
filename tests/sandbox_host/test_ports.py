"""Ports: a choice is kept, a taken one is named, and only a default moves out of the way."""

from __future__ import annotations

import contextlib
import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from foundry.sandbox.host import SandboxError, load, start, stop


def test_a_taken_port_that_was_asked_for_is_named_with_its_holder(home, free_port, listening):
    with listening(free_port), pytest.raises(SandboxError) as error:
        start(home, port=free_port)
    assert str(error.value).startswith(f"port {free_port} on 127.0.0.1 is in use by process {os.getpid()} (")
    assert str(error.value).endswith("choose another port with --port")
    assert load(home) is None


def test_the_providers_port_counts_too(home, free_port, listening):
    with listening(free_port + 1), pytest.raises(SandboxError, match=f"port {free_port + 1} on 127.0.0.1"):
        start(home, port=free_port)


def test_a_recorded_port_that_was_taken_meanwhile_is_an_error_and_stays_the_sandboxes(
    home, free_port, listening
):
    start(home, port=free_port)
    stop(home)
    with listening(free_port), pytest.raises(SandboxError, match=f"port {free_port} on 127.0.0.1 is in use"):
        start(home)
    assert load(home).emulator_port == free_port


def test_a_stopped_sandbox_can_be_moved(home, free_port):
    start(home, port=free_port)
    stop(home)
    moved = start(home, port=free_port + 2)
    assert (moved.emulator_port, moved.provider_port) == (free_port + 2, free_port + 3)
    assert load(home) == moved


def test_busy_defaults_give_way_to_the_next_pair_once_and_for_all(home):
    events = []
    with socket.socket() as occupant:
        with contextlib.suppress(OSError):  # then somebody else has it, which serves as well
            occupant.bind(("127.0.0.1", 8444))
            occupant.listen()
        first = start(home, on_event=events.append)
    assert first.emulator_port > 8444
    assert first.provider_port == first.emulator_port + 1
    assert events[0] == f"port 8443 or 8444 is in use: taking {first.emulator_port} and {first.provider_port}"
    stop(home)
    assert load(home).emulator_port == first.emulator_port


def test_first_starts_of_two_folders_at_once_take_ports_of_their_own(tmp_path):
    homes = [tmp_path / "one", tmp_path / "other"]
    try:
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(start, homes)
        assert abs(one.emulator_port - other.emulator_port) > 1
    finally:
        for home in homes:
            stop(home)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_not_a_port_is_refused(home, port):
    with pytest.raises(SandboxError, match="isn't a port"):
        start(home, port=port)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use any port")
def test_a_port_that_needs_root_is_refused(home):
    with pytest.raises(SandboxError, match="choose one above 1023"):
        start(home, port=80)
