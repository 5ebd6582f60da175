"""The environment in `stacks/` is what the README shows, so its parts have to fit each other."""

from __future__ import annotations

import csv
import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from foundry.manifest import load
from foundry.model import Manifest, QueueUrl, Template

ROOT = Path(__file__).parents[2]
BASE = ROOT / "stacks" / "base"
FOUR_VALUES = {
    "azure-native:subscriptionId": "11111111-0000-4000-8000-000000000001",
    "foundry:location": "westeurope",
    "foundry:name": "acme",
    "foundry:developersGroup": "11111111-0000-4000-8000-000000000002",
}


@pytest.fixture(scope="module")
def sandbox() -> Manifest:
    loaded = load(ROOT, "sandbox")
    assert [str(finding) for finding in loaded.findings] == []
    assert loaded.manifest is not None
    return loaded.manifest


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    return tmp_path


def test_six_agents_cover_the_six_ways_of_working(sandbox: Manifest) -> None:
    tools = {agent.name: sorted({tool.type for tool in agent.tools}) for agent in sandbox.agents}
    assert tools == {
        "customer-care": ["file_search"],
        "order-analyst": ["code_interpreter"],
        "product-finder": ["azure_ai_search"],
        "parcel-tracker": ["openapi"],
        "quote-desk": ["azure_function"],
        "front-desk": ["connected_agent"],
    }


def test_the_sandbox_overlays_capacities_and_the_server(sandbox: Manifest) -> None:
    assert {one.name: one.capacity for one in sandbox.environment.deployments} == {
        "chat": 10,
        "embeddings": 10,
    }
    (parcels,) = next(agent for agent in sandbox.agents if agent.name == "parcel-tracker").tools
    assert "sandbox" in json.dumps(parcels.settings, default=str)


def test_the_quote_desk_is_told_the_address_of_its_answers(sandbox: Manifest) -> None:
    instructions = next(agent for agent in sandbox.agents if agent.name == "quote-desk").instructions
    assert isinstance(instructions, Template)
    assert QueueUrl("quote-answers") in instructions.parts


def test_dev_names_each_value_that_is_still_to_be_filled_in(clone: Path) -> None:
    text = "\n".join(str(finding) for finding in load(clone, "dev").findings)
    for key in FOUR_VALUES:
        assert f"`{key}` still holds the placeholder" in text


def test_dev_needs_only_its_four_values_and_the_stacks_id(clone: Path) -> None:
    settings = {**FOUR_VALUES, "foundry:stackId": "11111111-0000-4000-8000-000000000003"}
    (clone / "stacks" / "Pulumi.dev.yaml").write_text(json.dumps({"config": settings}), encoding="utf-8")
    loaded = load(clone, "dev")
    assert [str(finding) for finding in loaded.findings] == []
    assert loaded.manifest is not None
    environment = loaded.manifest.environment
    assert (environment.name, environment.location) == ("acme", "westeurope")
    assert environment.resource_group.name == "rg-acme-dev"


def test_the_question_of_the_readme_has_its_answer_in_one_document() -> None:
    documents = {
        path.name: path.read_text(encoding="utf-8").lower() for path in (BASE / "knowledge").rglob("*.md")
    }
    assert [name for name, text in documents.items() if "worn outside" in text] == ["returns.md"]


def products() -> dict[str, dict[str, object]]:
    lines = (BASE / "data" / "products.jsonl").read_text(encoding="utf-8").splitlines()
    return {item["id"]: item for item in map(json.loads, lines)}


def test_products_have_the_fields_of_the_index(sandbox: Manifest) -> None:
    (index,) = sandbox.search_indexes
    fields = {field["name"] for field in index.definition["fields"]}  # type: ignore[index, union-attr, call-overload]
    assert all(set(product) == fields - {"embedding"} for product in products().values())


def test_orders_are_of_articles_that_exist_at_their_price() -> None:
    known = products()
    with (BASE / "data" / "orders-2026-h1.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 300
    for row in rows:
        product = known[row["article"]]
        assert (row["category"], float(row["unit_price_eur"])) == (product["category"], product["price_eur"])
        assert (row["returned"] == "yes") == bool(row["return_reason"])
        assert not row["delivered_date"] or date.fromisoformat(row["delivered_date"]) > date.fromisoformat(
            row["order_date"]
        )


def test_the_analysts_prompt_explains_every_column() -> None:
    header = (BASE / "data" / "orders-2026-h1.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    prompt = (BASE / "prompts" / "order-analyst.md").read_text(encoding="utf-8")
    assert set(header) <= set(re.findall(r"`(\w+)`", prompt))


def test_the_front_desk_names_its_colleagues_as_its_tools_are_named(sandbox: Manifest) -> None:
    desk = next(agent for agent in sandbox.agents if agent.name == "front-desk")
    assert isinstance(desk.instructions, str)
    assert {tool.name for tool in desk.tools} == set(re.findall(r"`(\w+)`", desk.instructions))
