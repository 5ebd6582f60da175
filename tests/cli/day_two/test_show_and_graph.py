"""`fac show` and `fac graph`: declared against live, and the picture of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

DRIFT = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
one = next(agent for agent in client.list_agents() if agent.name == "order-analyst")
client.update_agent(one.id, body={"temperature": VALUE})
"""


@pytest.fixture
def drifted(up: Any) -> Iterator[Any]:
    up.python(DRIFT.replace("VALUE", "1.5"))
    yield up
    up.python(DRIFT.replace("VALUE", "0"))


def objects(up: Any) -> dict[str, Any]:
    told = json.loads(up.fac("show", "--json"))
    return {f"{one['kind']} {one['name']}": one for one in told["objects"]}


def test_what_is_declared_and_live_is_shown_with_what_was_changed_outside(drifted: Any) -> None:
    shown = objects(drifted)
    assert shown["Agent order-analyst"]["status"] == "changed outside"
    assert shown["Agent order-analyst"]["drift"] == ["temperature: 0 => 1.5"]
    others = {one["status"] for name, one in shown.items() if name != "Agent order-analyst"}
    assert others == {"as applied"}
    assert {one["id"] for one in shown.values()} >= set(drifted.outputs()["agents"].values())
    assert "    ~ temperature: 0 => 1.5" in drifted.fac("show").splitlines()


MEMBERS = """
import io, os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
store = next(one for one in client.vector_stores.list() if one.name == "handbook")
named = {one.filename: one.id for one in client.files.list().data}
ours = next(id for name, id in named.items() if name.startswith("returns."))
if "mine.md" in named:
    client.vector_store_files.create_and_poll(store.id, file_id=ours)
    client.files.delete(named["mine.md"])
else:
    client.vector_store_files.delete(store.id, ours)
    mine = client.files.upload_and_poll(file=io.BytesIO(b"mine"), filename="mine.md", purpose="assistants")
    client.vector_store_files.create_and_poll(store.id, file_id=mine.id)
"""


def test_files_that_came_and_went_are_shown_by_name(up: Any) -> None:
    up.python(MEMBERS)
    try:
        shown = objects(up)["VectorStore handbook"]
    finally:
        up.python(MEMBERS)
    assert shown["status"] == "changed outside"
    assert sorted(shown["drift"]) == [
        "files: mine.md added",
        "files: stacks/base/knowledge/handbook/returns.md removed",
    ]
    assert objects(up)["VectorStore handbook"]["status"] == "as applied"


NIGHT = """
kind: Agent
name: night-desk
model: chat
tools: {calls: {type: code_interpreter, files: [calls.csv]}}
"""


def test_what_is_declared_and_not_up_yet_is_shown_as_that(up: Any) -> None:
    path = up.root / "stacks/sandbox/agents/night-desk.yaml"
    path.write_text(NIGHT)
    (path.parent / "calls.csv").write_text("id\n")
    try:
        shown = objects(up)
    finally:
        path.unlink()
        (path.parent / "calls.csv").unlink()
    for name in ("Agent night-desk", "File stacks/sandbox/agents/calls.csv"):
        assert shown[name]["status"] == "not up yet"
        assert shown[name]["id"] is None


WITHOUT_A_FILE = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
client.files.delete(next(one.id for one in client.files.list().data if one.filename.startswith("orders-2026-h1")))
"""


def test_a_file_that_is_gone_is_listed_and_those_that_are_there_are_counted(up: Any) -> None:
    named = [name for name in objects(up) if name.startswith("File ")]
    assert f"  files        {len(named)} as applied" in up.fac("show").splitlines()
    up.python(WITHOUT_A_FILE)
    try:
        printed = up.fac("show")
    finally:
        up.fac("up", "--yes")
    assert f"  files        {len(named) - 1} as applied" in printed.splitlines()
    (line,) = [line for line in printed.splitlines() if line.startswith("File ")]
    assert "stacks/base/data/orders-2026-h1.csv" in line
    assert line.endswith("gone")


def test_the_picture_colours_what_was_changed_outside(drifted: Any) -> None:
    path = drifted.root / "picture.svg"
    printed = drifted.fac("graph", "-o", str(path))
    assert "Wrote" in printed
    assert "agent order-analyst: changed outside" in path.read_text()
    path.unlink()


def test_a_picture_of_one_agent_and_of_one_that_is_not_declared(up: Any) -> None:
    told = up.fac("graph", "--declared", "--agent", "product-finder")
    assert "product-finder" in told
    assert "order-analyst" not in told
    code, told = up.run("graph", "--declared", "--agent", "finder")
    assert code == 1
    assert "declares no agent 'finder'; it declares: customer-care" in told


REPAIRS = """
import os
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import SkillInlineContent
from azure.identity import DefaultAzureCredential
skills = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()).beta.skills
content = SkillInlineContent(description="How a repair is handled", instructions="Say no.")
made = skills.create("repairs", inline_content=content)
skills.update("repairs", default_version="1")
"""
BACK = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
skills = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()).beta.skills
skills.delete_version("repairs", skills.get("repairs").latest_version)
"""


def test_what_only_the_versioned_dialect_has_is_shown_with_the_version_that_its_name_stands_for(
    up: Any,
) -> None:
    shown = objects(up)
    for name in ("MemoryStore people", "Toolbox lookups", "Skill repairs"):
        assert (shown[name]["dialect"], shown[name]["status"]) == ("versioned", "as applied")
    up.python(REPAIRS)
    try:
        skill = objects(up)["Skill repairs"]
    finally:
        up.python(BACK)
    assert skill["status"] == "changed outside"
    assert skill["drift"] == [
        'instructions: "Ask what is broken." => "Say no."',
        'default_version: "latest" => "1"',
    ]


JUDGED = """\
kind: Agent
name: judged
dialect: versioned
model: chat
evaluation: {rule: continuous, evaluators: {relevance: {model: chat}}}
"""
WORDS = """\
kind: SearchIndex
name: products
asset: true
synonym_maps: {words: {synonyms: "tent, shelter"}}
"""
BESIDE = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
from azure.search.documents.indexes import SearchIndexClient
who = DefaultAzureCredential()
project = AIProjectClient(os.environ["PROJECT_ENDPOINT"], who)
rule = project.evaluation_rules.get("judged-continuous")
rule.enabled = False
project.evaluation_rules.create_or_update(rule.id, rule)
asset = project.indexes.get("products", next(iter(project.indexes.list())).version)
asset.description = "By hand"
project.indexes.create_or_update(asset.name, asset.version, asset)
search = SearchIndexClient("SEARCH", who)
words = search.get_synonym_map("words")
words.synonyms = ["tent, bivouac"]
search.create_or_update_synonym_map(words)
"""


def test_what_stands_beside_an_agent_or_an_index_is_shown_and_colours_it(up: Any) -> None:
    paths = {"agents/judged.yaml": JUDGED, "search-indexes/products.yaml": WORDS}
    try:
        for path, text in paths.items():
            (up.root / "stacks/sandbox" / path).parent.mkdir(exist_ok=True)
            (up.root / "stacks/sandbox" / path).write_text(text)
        shown = objects(up)
        names = (
            "EvaluationRule judged",
            "Evaluation judged",
            "SearchObject products-words",
            "IndexAsset products",
        )
        assert {shown[name]["status"] for name in names} == {"not up yet"}
        up.fac("up", "--yes")
        shown = objects(up)
        assert {shown[name]["status"] for name in names} == {"as applied"}

        search = json.loads(up.fac("output", "--format", "json"))["searchIndexes"]["products"]["endpoint"]
        up.python(BESIDE.replace("SEARCH", search))
        shown = objects(up)
        assert shown["EvaluationRule judged"]["drift"] == ["enabled: true => false"]
        assert shown["IndexAsset products"]["drift"] == ['description: not set => "By hand"']
        assert shown["SearchObject products-words"]["drift"] == [
            'synonyms: "tent, shelter" => "tent, bivouac"'
        ]
        drawn = up.fac("graph")
        assert "judged<br>agent · changed outside" in drawn
        assert "products<br>index · changed outside" in drawn
    finally:
        for path in paths:
            (up.root / "stacks/sandbox" / path).unlink()
        up.fac("up", "--yes")


def test_a_picture_of_declarations_alone_asks_no_service(up: Any) -> None:
    told = up.fac("graph", "--declared", "-s", "sandbox")
    assert told.startswith("flowchart LR\n")
    assert "classDef" not in told


def test_declarations_with_faults_are_not_drawn(up: Any) -> None:
    up.change("stacks/base/agents/front-desk.yaml", "model: chat", "model: chatt")
    try:
        code, printed = up.run("graph", "--declared")
    finally:
        up.change("stacks/base/agents/front-desk.yaml", "model: chatt", "model: chat")
    assert code == 1
    assert "fac validate" in printed
