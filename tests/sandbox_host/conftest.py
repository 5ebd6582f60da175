from __future__ import annotations

import socket
from contextlib import contextmanager

import pytest

from foundry.sandbox.host import ephemeral, erase
from tests.ports import own_ports


@pytest.fixture(autouse=True)
def without_azurite(request, monkeypatch):
    """Azurite is the matter of one module; the others count processes and must not depend on what the machine has."""
    if not request.module.__name__.endswith("test_storage"):
        monkeypatch.setenv("FAC_AZURITE", "/nonexistent/azurite")


@pytest.fixture(scope="module")
def running():
    """A sandbox that the tests of a module share; they leave it running."""
    with ephemeral() as sandbox:
        yield sandbox


@pytest.fixture
def home(tmp_path):
    """A folder that isn't there yet; whatever gets started in it is ended."""
    folder = tmp_path / "sandbox"
    yield folder
    erase(folder)


@pytest.fixture
def free_port():
    return own_ports()


@pytest.fixture(scope="module")
def module_port():
    return own_ports()


@pytest.fixture
def listening():
    """Keeps a port busy for a while."""

    @contextmanager
    def listen(port):
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))
            server.listen()
            yield

    return listen
