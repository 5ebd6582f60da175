"""The asynchronous official clients, unmodified; `async_clients.py` is the program that uses them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foundry.sandbox.emulator import Settings, serve

from .conftest import PROJECT, Wire, scenarios_of, told_by
from .test_search_with_the_official_client import DEFINITIONS, DOCUMENTS, allow, make_service

PROGRAM = Path(__file__).with_name("async_clients.py")
SCENARIOS = scenarios_of(PROGRAM)
RULE = {
    "when": {"matches": r"order (?P<order>[A-Z]-\d+)"},
    "calls": [{"function": "get_order", "arguments": {"order": "${match.order}"}}],
    "say": "${output.status}",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the program told of each scenario."""
    home = tmp_path_factory.mktemp("async") / "sandbox"
    with serve(home, settings=Settings(operation_delay=0.01, store_delay=0.0)) as serving:
        wire = Wire(serving)
        wire.make_project()
        wire.allow()
        wire.deploy()
        connection = {"authType": "AAD", "category": "CognitiveSearch", "target": "https://example.com"}
        wire.put(f"{PROJECT}/connections/search", {"properties": connection})
        wire.control("PUT", "/rules/async-clerk", {"rules": [RULE]})
        search = make_service(wire, disableLocalAuth=True)
        allow(wire, DEFINITIONS, 1)
        allow(wire, DOCUMENTS, 2)
        yield told_by(PROGRAM, serving, wire.project_endpoint, search, serving.url)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_asynchronous_clients_work(told: dict[str, str], scenario: str) -> None:
    assert told[scenario] == "ok", told[scenario]


def test_every_scenario_has_run(told: dict[str, str]) -> None:
    assert list(told) == SCENARIOS
    assert len(SCENARIOS) > 4
