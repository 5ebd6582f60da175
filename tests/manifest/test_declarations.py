"""The examples of the declaration format: each is a fixture as it stands, validates, and loads."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from foundry.manifest import load
from foundry.manifest.report import Report
from foundry.manifest.schema import schema_of
from foundry.manifest.yaml12 import read
from foundry.model import Dialect, KnowledgeFile, ModelElsewhere, QueueUrl, SecretConfig, Setup, Template

EXAMPLES = Path(__file__).parent / "declarations"
OVERLAYS = {"stacks/dev", "stacks/few"}
WHOLE = sorted(
    path
    for path in EXAMPLES.rglob("*.yaml")
    if not path.name.startswith("Pulumi")
    and path.parent.name != "openapi"
    and not any(overlay in path.as_posix() for overlay in OVERLAYS)
)


def manifest(stack):
    loaded = load(EXAMPLES, stack)
    assert [str(finding) for finding in loaded.findings] == []
    return loaded.manifest


def agent(stack, name):
    return next(agent for agent in manifest(stack).agents if agent.name == name)


def tool(name, stack="dev", of="order-desk"):
    return next(tool for tool in agent(stack, of).tools if tool.name == name)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_an_example_validates_against_its_schema_with_any_validator(path):
    report = Report()
    tree = read(path.read_text(encoding="utf-8"), path.name, report).value
    assert report.sorted() == ()
    schema = schema_of(tree["kind"])
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(tree))
    assert [error.message for error in errors] == []


def test_all_examples_are_here():
    assert len(WHOLE) == 10


def test_what_the_examples_say_beyond_this_release_is_told_and_nothing_else():
    loaded = load(EXAMPLES, "verbatim")
    assert loaded.manifest is None
    assert [finding.what for finding in loaded.findings] == [
        "`connections.bing.key.key_vault` is not supported yet by this release",
    ]


def test_the_environment_becomes_the_model():
    environment = manifest("dev").environment
    assert (environment.name, environment.location, environment.setup) == (
        "contoso-support",
        "swedencentral",
        Setup.STANDARD,
    )
    assert environment.resource_group.name == "rg-support-dev"
    assert environment.tags == {"team": "support-platform", "cost_center": "4711"}
    assert environment.projects["support"].display_name == "Support"
    chat, embeddings = environment.deployments
    assert (chat.model_name, chat.model_version, chat.sku, chat.capacity) == (
        "gpt-4.1-mini",
        "2025-04-14",
        "GlobalStandard",
        50,
    )
    assert (chat.content_filter, chat.version_upgrade_option) == ("strict", "NoAutoUpgrade")
    assert embeddings.version_upgrade_option == "NoAutoUpgrade"
    (strict,) = environment.content_filters
    assert [(rule.category, rule.sources, rule.severity_threshold) for rule in strict.rules] == [
        ("Violence", ("Prompt", "Completion"), "Low"),
        ("Jailbreak", ("Prompt",), None),
    ]
    weather, bing = environment.connections
    assert weather.keys == {"X-Api-Key": SecretConfig("weatherKey")}
    assert bing.key == SecretConfig("bingKey")
    (developers,) = environment.access
    assert developers.object_id == "7d9e2b1a-1111-4222-8333-444455556666"
    assert developers.roles["monitoring"] == ("Log Analytics Reader",)


def test_the_order_desk_becomes_the_model():
    desk = agent("dev", "order-desk")
    assert (desk.service_name, desk.project, desk.dialect, desk.model) == (
        "order-desk",
        "support",
        Dialect.CLASSIC,
        "chat",
    )
    assert desk.instructions == Template(
        ("You are the order desk.\nAlways answer to ", QueueUrl("quote-out"), " in dev; {{input}} stays.\n")
    )
    assert (desk.temperature, desk.top_p) == (0.2, None)
    assert desk.response_format == {
        "type": "json_schema",
        "name": "order_answer",
        "schema": {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]},
    }
    assert [tool.name for tool in desk.tools] == ["policies", "sales", "stock", "weather", "quote"]
    assert desk.lifecycle.protect
    assert [(check.name, check.expect.max_seconds) for check in desk.checks] == [("return-policy", 30)]


def test_tools_hold_documents_and_names():
    assert tool("policies").settings == {"vector_stores": ["handbook"], "max_num_results": 8}
    assert [file.path for file in tool("sales").files] == ["stacks/base/data/orders-2026.csv"]
    assert tool("stock").settings["index"] == "products"
    weather = tool("weather").settings
    assert weather["server_url"] == "https://weather.dev.example"
    assert weather["auth"] == {"type": "connection", "connection": "weather-key"}
    assert weather["spec"]["paths"]["/weather"]["get"]["responses"] == {"200": {"description": "The weather"}}
    assert weather["spec"]["paths"]["/weather"]["get"]["parameters"][0]["example"] == "2026-01-31"
    assert tool("quote").settings["parameters"]["properties"] == {"pieces": {"type": "integer"}}
    assert (tool("quote").settings["input_queue"], tool("quote").settings["output_queue"]) == (
        "quote-in",
        "quote-out",
    )


def test_settings_are_json_and_never_carry_places():
    for each in manifest("dev").agents:
        for tool in each.tools:
            assert json.loads(json.dumps(dict(tool.settings))) == tool.settings
            assert type(tool.settings.get("spec", {})) is dict


def test_connected_agents_come_before_the_agent_that_refers_to_them():
    order = [agent.name for agent in manifest("dev").agents]
    assert order.index("front-desk") > max(order.index("order-desk"), order.index("billing"))


def test_the_store_holds_what_its_patterns_name_and_not_what_they_exclude():
    (store,) = manifest("dev").vector_stores
    assert [file.path for file in store.files] == [
        "stacks/base/knowledge/handbook/shipping.md",
        "stacks/base/knowledge/returns.md",
    ]
    assert store.chunking_strategy == {
        "type": "static",
        "max_chunk_size_tokens": 800,
        "chunk_overlap_tokens": 200,
    }


def test_the_index_becomes_the_model():
    (index,) = manifest("dev").search_indexes
    assert (index.name, index.service_name, index.alias, index.rebuild) == (
        "products",
        "products-v2",
        "products",
        "forbid",
    )
    assert index.definition["fields"][0] == {
        "name": "id",
        "type": "Edm.String",
        "key": True,
        "filterable": True,
    }
    assert [type(file) for file in index.documents] == [KnowledgeFile]


def test_an_overlay_of_one_line_changes_one_tool_and_removes_another():
    assert "sales" not in [tool.name for tool in agent("few", "order-desk").tools]
    assert tool("stock", "few").settings["top_k"] == 10
    assert tool("stock", "few").settings["query_type"] == "vector_semantic_hybrid"


def test_material_that_stays_in_the_customers_storage(tmp_path, project):
    project.write(
        "stacks/base/vector-stores/contracts.yaml",
        (EXAMPLES / "other/contracts.yaml").read_text(encoding="utf-8"),
    )
    project.change(
        "stacks/Pulumi.dev.yaml", "config:\n", "config:\n  foundry:contractsUri: https://c.blob.example/c\n"
    )
    stores = {store.name: store for store in project.load().manifest.vector_stores}
    assert stores["contracts"].data_sources == ({"type": "uri_asset", "uri": "https://c.blob.example/c"},)


def test_a_model_elsewhere(project):
    project.change(
        "stacks/base/environment.yaml",
        "connections:\n",
        "connections:\n  other: {category: AIServices, target: https://o.example}\n",
    )
    project.change(
        "stacks/base/agents/desk.yaml", "model: chat", "model: {connection: other, deployment: big}"
    )
    (desk,) = project.load().manifest.agents
    assert desk.model == ModelElsewhere("other", "big")
