"""Every tool, to the wire and back, held against the models of the official client."""

import json

import pytest
from azure.ai.agents import models

from foundry.diff import changes
from foundry.service import classic_bodies as bodies

SPEC = {"openapi": "3.0.0", "info": {"title": "w", "version": "1"}, "paths": {}}
PARAMETERS = {"type": "object", "properties": {"q": {"type": "string"}}}
QUEUES = {
    "input_queue": {"endpoint": "https://s.queue.core.windows.net", "queue_name": "quote-in"},
    "output_queue": {"endpoint": "https://s.queue.core.windows.net", "queue_name": "quote-out"},
}
CONNECTION = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a/projects/p/connections/c"


def queue(name):
    return models.AzureFunctionBinding(
        storage_queue=models.AzureFunctionStorageQueue(
            storage_service_endpoint="https://s.queue.core.windows.net", queue_name=name
        )
    )


STABLE = [
    (
        {
            "name": "policies",
            "type": "file_search",
            "vector_store_ids": ["vs_1"],
            "max_num_results": 8,
            "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
        },
        models.FileSearchToolDefinition(
            file_search=models.FileSearchToolDefinitionDetails(
                max_num_results=8,
                ranking_options=models.FileSearchRankingOptions(ranker="auto", score_threshold=0.5),
            )
        ),
        models.ToolResources(file_search=models.FileSearchToolResource(vector_store_ids=["vs_1"])),
    ),
    (
        {"name": "sales", "type": "code_interpreter", "file_ids": ["f1", "f2"]},
        models.CodeInterpreterToolDefinition(),
        models.ToolResources(code_interpreter=models.CodeInterpreterToolResource(file_ids=["f1", "f2"])),
    ),
    (
        {
            "name": "sales",
            "type": "code_interpreter",
            "data_sources": [{"type": "uri_asset", "uri": "azureml://x"}, {"type": "id_asset", "uri": "a:1"}],
        },
        models.CodeInterpreterToolDefinition(),
        models.ToolResources(
            code_interpreter=models.CodeInterpreterToolResource(
                data_sources=[
                    models.VectorStoreDataSource(asset_identifier="azureml://x", asset_type="uri_asset"),
                    models.VectorStoreDataSource(asset_identifier="a:1", asset_type="id_asset"),
                ]
            )
        ),
    ),
    (
        {
            "name": "stock",
            "type": "azure_ai_search",
            "index_connection_id": CONNECTION,
            "index_name": "products",
            "query_type": "vector_semantic_hybrid",
            "top_k": 5,
            "filter": "discontinued eq false",
        },
        models.AzureAISearchToolDefinition(),
        models.ToolResources(
            azure_ai_search=models.AzureAISearchToolResource(
                index_list=[
                    models.AISearchIndexResource(
                        index_connection_id=CONNECTION,
                        index_name="products",
                        query_type="vector_semantic_hybrid",
                        top_k=5,
                        filter="discontinued eq false",
                    )
                ]
            )
        ),
    ),
    (
        {
            "name": "weather",
            "type": "openapi",
            "description": "Weather",
            "spec": SPEC,
            "auth": {"type": "connection", "connection_id": CONNECTION},
            "default_params": ["q"],
        },
        models.OpenApiToolDefinition(
            openapi=models.OpenApiFunctionDefinition(
                name="weather",
                description="Weather",
                spec=SPEC,
                auth=models.OpenApiConnectionAuthDetails(
                    security_scheme=models.OpenApiConnectionSecurityScheme(connection_id=CONNECTION)
                ),
                default_params=["q"],
            )
        ),
        None,
    ),
    (
        {
            "name": "weather",
            "type": "openapi",
            "spec": SPEC,
            "auth": {"type": "managed_identity", "audience": "https://x"},
        },
        models.OpenApiToolDefinition(
            openapi=models.OpenApiFunctionDefinition(
                name="weather",
                spec=SPEC,
                auth=models.OpenApiManagedAuthDetails(
                    security_scheme=models.OpenApiManagedSecurityScheme(audience="https://x")
                ),
            )
        ),
        None,
    ),
    (
        {"name": "weather", "type": "openapi", "spec": SPEC, "auth": {"type": "anonymous"}},
        models.OpenApiToolDefinition(
            openapi=models.OpenApiFunctionDefinition(
                name="weather", spec=SPEC, auth=models.OpenApiAnonymousAuthDetails()
            )
        ),
        None,
    ),
    (
        {
            "name": "quote",
            "type": "azure_function",
            "description": "Price",
            "parameters": PARAMETERS,
            **QUEUES,
        },
        models.AzureFunctionToolDefinition(
            azure_function=models.AzureFunctionDefinition(
                function=models.FunctionDefinition(name="quote", description="Price", parameters=PARAMETERS),
                input_binding=queue("quote-in"),
                output_binding=queue("quote-out"),
            )
        ),
        None,
    ),
    (
        {"name": "order_desk", "type": "connected_agent", "agent_id": "asst_1", "description": "Orders"},
        models.ConnectedAgentToolDefinition(
            connected_agent=models.ConnectedAgentDetails(id="asst_1", name="order_desk", description="Orders")
        ),
        None,
    ),
    (
        {"name": "lookup", "type": "function", "description": "Looks up", "parameters": PARAMETERS},
        models.FunctionToolDefinition(
            function=models.FunctionDefinition(name="lookup", description="Looks up", parameters=PARAMETERS)
        ),
        None,
    ),
    (
        {
            "name": "news",
            "type": "bing_grounding",
            "connection_id": CONNECTION,
            "market": "en-GB",
            "count": 3,
            "freshness": "Day",
        },
        models.BingGroundingToolDefinition(
            bing_grounding=models.BingGroundingSearchToolParameters(
                search_configurations=[
                    models.BingGroundingSearchConfiguration(
                        connection_id=CONNECTION, market="en-GB", count=3, freshness="Day"
                    )
                ]
            )
        ),
        None,
    ),
]

# The stable client has no models for these: the shapes are those of azure-ai-agents 1.2.0b6.
PREVIEW = [
    (
        {
            "name": "docs",
            "type": "mcp",
            "server_url": "https://m",
            "allowed_tools": ["search"],
            "require_approval": {"never": ["search"]},
        },
        {"type": "mcp", "server_label": "docs", "server_url": "https://m", "allowed_tools": ["search"]},
        {
            "mcp": [
                {
                    "server_label": "docs",
                    "headers": {},
                    "require_approval": {"never": {"tool_names": ["search"]}},
                }
            ]
        },
    ),
    (
        {"name": "research", "type": "deep_research", "model": "o3", "connection_id": CONNECTION},
        {
            "type": "deep_research",
            "deep_research": {
                "deep_research_model": "o3",
                "bing_grounding_connections": [{"connection_id": CONNECTION}],
            },
        },
        {},
    ),
    (
        {"name": "sites", "type": "sharepoint_grounding", "connection_id": CONNECTION},
        {
            "type": "sharepoint_grounding",
            "sharepoint_grounding": {"connections": [{"connection_id": CONNECTION}]},
        },
        {},
    ),
    (
        {"name": "lake", "type": "fabric_dataagent", "connection_id": CONNECTION},
        {"type": "fabric_dataagent", "fabric_dataagent": {"connections": [{"connection_id": CONNECTION}]}},
        {},
    ),
    (
        {
            "name": "custom",
            "type": "bing_custom_search",
            "connection_id": CONNECTION,
            "instance_name": "shop",
        },
        {
            "type": "bing_custom_search",
            "bing_custom_search": {
                "search_configurations": [{"connection_id": CONNECTION, "instance_name": "shop"}]
            },
        },
        {},
    ),
    (
        {"name": "browser", "type": "browser_automation", "connection_id": CONNECTION},
        {"type": "browser_automation", "browser_automation": {"connection": {"id": CONNECTION}}},
        {},
    ),
    (
        {
            "name": "screen",
            "type": "computer_use",
            "environment": "browser",
            "display_width": 1024,
            "display_height": 768,
        },
        {
            "type": "computer_use_preview",
            "computer_use_preview": {"display_width": 1024, "display_height": 768, "environment": "browser"},
        },
        {},
    ),
]


def plain(model):
    return json.loads(json.dumps(model.as_dict())) if model is not None else {}


def definition(*tools):
    return {"name": "desk", "model": "chat", "metadata": {}, "tools": list(tools)}


@pytest.mark.parametrize(
    ("tool", "official", "resources"),
    STABLE,
    ids=lambda one: one["type"] if isinstance(one, dict) and "type" in one else "",
)
def test_a_stable_tool_is_written_as_the_official_models_write_it(tool, official, resources):
    body = bodies.create_body(definition(tool), {})

    assert body["tools"] == [plain(official)]
    assert body.get("tool_resources", {}) == plain(resources)
    assert bodies.api_version(body) == "v1"


@pytest.mark.parametrize(
    ("tool", "wire", "resources"),
    PREVIEW,
    ids=lambda one: one["type"] if isinstance(one, dict) and "type" in one else "",
)
def test_a_preview_tool_is_written_in_its_shape_and_asks_for_the_preview_version(tool, wire, resources):
    body = bodies.create_body(definition(tool), {})

    assert (body["tools"], body.get("tool_resources", {})) == ([wire], resources)
    assert bodies.api_version(body) == "2025-05-15-preview"


def test_the_preview_version_is_asked_for_only_where_a_body_speaks_of_preview_tools():
    mcp = {"name": "docs", "type": "mcp", "server_url": "https://m"}
    live = bodies.create_body(definition(mcp), {})

    assert bodies.api_version(bodies.update_body(live, definition(mcp), {}, only=())) == "v1"
    # Taking the tool away still speaks of it.
    assert bodies.api_version(bodies.update_body(live, definition(), {})) == "2025-05-15-preview"


@pytest.mark.parametrize("tool", [tool for tool, *_ in [*STABLE, *PREVIEW]], ids=lambda tool: tool["type"])
def test_every_tool_is_read_back_as_declared(tool):
    body = bodies.create_body(definition(tool), {})

    assert changes("Agent", bodies.definition_of(body), definition(tool), definition(tool)) == ()


def test_the_other_fields_of_an_agent_are_those_of_the_official_client():
    declared = {
        **definition(),
        "description": "d",
        "instructions": "i",
        "temperature": 0.2,
        "top_p": 0.9,
        "response_format": {
            "type": "json_schema",
            "name": "answer",
            "description": "a",
            "schema": PARAMETERS,
        },
    }

    body = bodies.create_body(declared, {"team": "support"})

    official = models.Agent({**body, "id": "asst_1", "created_at": 1, "object": "assistant"})
    assert (official.name, official.model, official.description, official.instructions) == (
        "desk",
        "chat",
        "d",
        "i",
    )
    assert (official.temperature, official.top_p, official.metadata) == (0.2, 0.9, {"team": "support"})
    assert body["response_format"] == plain(
        models.ResponseFormatJsonSchemaType(
            json_schema=models.ResponseFormatJsonSchema(name="answer", description="a", schema=PARAMETERS)
        )
    )
    assert bodies.definition_of(body)["response_format"] == declared["response_format"]


def test_what_is_not_declared_is_not_sent_when_an_agent_is_made():
    assert bodies.create_body({"name": "desk", "model": "chat"}, {"k": "v"}) == {
        "name": "desk",
        "model": "chat",
        "metadata": {"k": "v"},
    }


def test_an_update_clears_what_is_no_longer_declared():
    live = {
        "tool_resources": {
            "file_search": {"vector_store_ids": ["vs_1"]},
            "code_interpreter": {"file_ids": ["f1"]},
        }
    }
    declared = definition({"name": "sales", "type": "code_interpreter", "file_ids": ["f2"]})

    body = bodies.update_body(live, declared, {}, reset=["temperature"])

    assert body == {
        "name": "desk",
        "model": "chat",
        "description": None,
        "instructions": None,
        "temperature": None,
        "response_format": "auto",
        "tools": [{"type": "code_interpreter"}],
        "tool_resources": {"file_search": {"vector_store_ids": []}, "code_interpreter": {"file_ids": ["f2"]}},
        "metadata": {},
    }


def test_an_update_may_be_limited_to_some_fields():
    body = bodies.update_body({}, {**definition(), "instructions": "i"}, {"k": "v"}, only={"instructions"})

    assert body == {"instructions": "i", "metadata": {"k": "v"}}


def test_a_store_is_written_as_the_official_models_write_it():
    declared = {
        "name": "handbook",
        "expires_after_days": 30,
        "data_sources": [{"type": "uri_asset", "uri": "azureml://x"}],
    }

    body = bodies.store_body(declared, {"k": "v"})

    assert body == {
        "name": "handbook",
        "metadata": {"k": "v"},
        "expires_after": plain(models.VectorStoreExpirationPolicy(anchor="last_active_at", days=30)),
        "configuration": plain(
            models.VectorStoreConfiguration(
                data_sources=[
                    models.VectorStoreDataSource(asset_identifier="azureml://x", asset_type="uri_asset")
                ]
            )
        ),
    }


def test_a_chunking_strategy_is_written_as_the_official_models_write_it():
    declared = {"type": "static", "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 200}

    assert bodies.chunking_body(declared) == plain(
        models.VectorStoreStaticChunkingStrategyRequest(
            static=models.VectorStoreStaticChunkingStrategyOptions(
                max_chunk_size_tokens=800, chunk_overlap_tokens=200
            )
        )
    )
    assert bodies.chunking_body({"type": "auto"}) == plain(models.VectorStoreAutoChunkingStrategyRequest())


def test_an_unknown_tool_found_live_is_told_whole():
    told = bodies.definition_of(
        {"name": "desk", "model": "chat", "tools": [{"type": "brand_new", "brand_new": {"x": 1}}]}
    )

    assert told["tools"] == [
        {"name": "brand_new", "type": "brand_new", "body": {"type": "brand_new", "brand_new": {"x": 1}}}
    ]
