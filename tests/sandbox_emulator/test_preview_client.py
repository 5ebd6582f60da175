"""azure-ai-agents 1.2.0b6, the client of preview tools, unmodified.

It can't stand beside the stable one, so `make test` puts it into a folder of its own, and it runs in a process of its own.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundry.sandbox.emulator import Settings, serve

from .conftest import PROJECT, Wire, scenarios_of, told_by
from .test_mcp_servers import Server, running

CLIENT = Path(sys.prefix) / "preview-client"
PROGRAM = Path(__file__).with_name("preview_client.py")
SCENARIOS = scenarios_of(PROGRAM)
RULES = {
    "m": [{"calls": [{"mcp": "search_docs", "output": "page 3"}], "say": "${output}"}],
    "versatile": [
        {
            "calls": [
                {"deep_research": True, "output": "a long report"},
                {"browser_automation": True, "output": "done"},
                {"bing_custom_search": True, "output": "a shop"},
                {"fabric_dataagent": True, "output": "a table"},
                {"sharepoint_grounding": True, "output": "a page"},
            ]
        }
    ],
    "computer": [
        {
            "calls": [
                {
                    "computer_use_preview": True,
                    "arguments": {"type": "click", "x": 3, "y": 4, "button": "left"},
                }
            ],
            "say": "clicked",
        }
    ],
    "poet": [{"say": "Roses are red."}],
    "desk": [{"calls": [{"connected_agent": "poet"}]}],
    "clerk": [
        {
            "when": {"matches": r"order (?P<order>[A-Z]-\d+)"},
            "calls": [{"function": "get_order", "arguments": {"order": "${match.order}"}}],
            "say": "${output.status}",
        }
    ],
}

pytestmark = pytest.mark.skipif(
    not CLIENT.exists(), reason=f"{CLIENT} is absent: `make test` puts the preview client there"
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the program told of each scenario."""
    home = tmp_path_factory.mktemp("preview") / "sandbox"
    with (
        serve(home, settings=Settings(operation_delay=0.01, store_delay=0.0)) as serving,
        running(Server()) as server,
    ):
        wire = Wire(serving)
        wire.make_project()
        wire.allow()
        wire.deploy()
        for agent, rules in RULES.items():
            assert wire.control("PUT", f"/rules/{agent}", {"rules": rules}).status_code == 204
        yield told_by(
            PROGRAM,
            serving,
            wire.project_endpoint,
            f"{PROJECT}/connections/bing",
            server.url,
            PYTHONPATH=str(CLIENT),
        )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_preview_client_works(told: dict[str, str], scenario: str) -> None:
    assert told[scenario] == "ok", told[scenario]


def test_every_scenario_has_run(told: dict[str, str]) -> None:
    assert list(told) == SCENARIOS
    assert len(SCENARIOS) > 8
