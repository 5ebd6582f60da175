"""The contract of outputs: one entry a declaration, whichever dialects it lives in."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from foundry.transfer.outputs import Made, as_dotenv, as_github, contract

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "schemas/outputs.json").read_text())
ENDPOINT = "https://a.example/api/projects/p"
PROJECT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a/projects/p"


def agent(dialect: str, identifier: str, version: str | None = None) -> Made:
    return Made("Agent", "order-desk", "Order desk", dialect, identifier, ENDPOINT, PROJECT, version)


def test_an_agent_in_both_dialects_is_one_entry_with_both_identities() -> None:
    told = contract("prod", {}, [agent("versioned", "Order desk", "7"), agent("classic", "asst_1")])
    Draft202012Validator(SCHEMA).validate(told)
    assert told["agents"]["order-desk"] == {
        "name": "order-desk",
        "dialect": "both",
        "id": "asst_1",
        "serviceName": "Order desk",
        "version": "7",
        "endpoint": ENDPOINT,
        "project": "p",
    }


def test_a_versioned_agent_is_known_by_name_and_version() -> None:
    told = contract("prod", {"projectEndpoint": ENDPOINT}, [agent("versioned", "Order desk", "7")])
    Draft202012Validator(SCHEMA).validate(told)
    lines = as_dotenv(told).splitlines()
    assert "AGENT_ORDER_DESK_NAME='Order desk'" in lines
    assert "AGENT_ORDER_DESK_VERSION=7" in lines
    assert not any(line.startswith("AGENT_ORDER_DESK_ID") for line in lines)


def test_what_is_known_by_its_name_has_its_version_and_a_toolbox_its_address() -> None:
    def named(kind: str, version: str | None = None) -> Made:
        return Made(kind, "look-ups", "lookups_prod", "versioned", "lookups_prod", ENDPOINT, PROJECT, version)

    told = contract("prod", {}, [named("Toolbox", "3"), named("Skill", "2"), named("MemoryStore")])
    Draft202012Validator(SCHEMA).validate(told)
    address = f"{ENDPOINT}/toolboxes/lookups_prod/mcp?api-version=v1"
    assert told["toolboxes"]["look-ups"] == {
        "name": "lookups_prod",
        "version": "3",
        "mcpEndpoint": address,
        "endpoint": ENDPOINT,
        "project": "p",
    }
    assert told["skills"]["look-ups"]["version"] == "2"
    assert "version" not in told["memoryStores"]["look-ups"]
    lines = as_dotenv(told).splitlines()
    assert f"TOOLBOX_LOOK_UPS_MCP_ENDPOINT='{address}'" in lines
    assert {"SKILL_LOOK_UPS_NAME=lookups_prod", "MEMORY_STORE_LOOK_UPS_NAME=lookups_prod"} <= set(lines)


def test_a_stack_with_nothing_in_it_has_a_contract_too() -> None:
    told = contract("prod", {}, [])
    Draft202012Validator(SCHEMA).validate(told)
    assert as_github(told).splitlines()[0] == "foundry_outputs_version=1"


def test_an_index_is_known_by_its_asset_where_it_has_one() -> None:
    where = "https://s.search.windows.net"
    made = [
        Made("SearchIndex", name, f"{name}-v1", "-", f"{name}-v1", where, "") for name in ("boots", "tents")
    ]
    told = contract("prod", {"indexAssets": {"tents": "tents/versions/0a1b"}}, made)
    Draft202012Validator(SCHEMA).validate(told)
    assert told["searchIndexes"] == {
        "boots": {"name": "boots-v1", "endpoint": where},
        "tents": {"name": "tents-v1", "endpoint": where, "asset": "tents/versions/0a1b"},
    }
    lines = as_dotenv(told).splitlines()
    assert [line for line in lines if "ASSET" in line] == ["SEARCH_INDEX_TENTS_ASSET=tents/versions/0a1b"]
