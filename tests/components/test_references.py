"""Names in declarations, and what they become."""

from __future__ import annotations

import pytest
from declared import agent, store

from components.agent_definitions import agent_definition
from components.knowledge_definitions import index_definition, store_definition
from components.lifecycles import asset_lifecycle, lifecycle_inputs
from components.references import Models, Queue, References
from foundry import model

_CONNECTION = "/subscriptions/s/resourceGroups/g/providers/p/accounts/a/projects/p/connections/"
_TO = References(
    deployments={"chat": "chat"},
    connections={name: f"{_CONNECTION}{name}" for name in ("weather", "bing", "search")},
    search_connection=f"{_CONNECTION}search",
    queues={
        "in": Queue("https://q/", "in", "https://q/in"),
        "out": Queue("https://q/", "out", "https://q/out"),
    },
    files={"data/orders.csv": "file-1", "a.md": "file-a", "b.md": "file-b"},
    stores={"handbook": "vs-1"},
    indexes={"products": "products-v2"},
    agents={"care": "asst-1"},
)


def _tool(tool: model.Tool):
    return agent_definition(agent("any", tool), _TO)["tools"][0]


@pytest.mark.parametrize(
    ("tool", "resolved"),
    [
        (
            model.Tool("h", "file_search", {"vector_stores": ["handbook"], "max_num_results": 8}),
            {"vector_store_ids": ["vs-1"], "max_num_results": 8},
        ),
        (model.Tool("h", "file_search", {"vector_store_ids": ["vs-x"]}), {"vector_store_ids": ["vs-x"]}),
        (
            model.Tool("mail", "logic_app", {"workflow": "/w", "trigger": "t", "parameters": {}}),
            {"type": "function", "parameters": {}},
        ),
        (
            model.Tool("s", "code_interpreter", {}, (model.KnowledgeFile("data/orders.csv", "00", 1),)),
            {"file_ids": ["file-1"]},
        ),
        (model.Tool("s", "code_interpreter", {}), {}),
        (
            model.Tool("s", "azure_ai_search", {"index": "products", "top_k": 5}),
            {"index_connection_id": f"{_CONNECTION}search", "index_name": "products-v2", "top_k": 5},
        ),
        (
            model.Tool("s", "azure_ai_search", {"connection": "weather", "index_name": "theirs"}),
            {"index_connection_id": f"{_CONNECTION}weather", "index_name": "theirs"},
        ),
        (
            model.Tool(
                "w",
                "openapi",
                {"spec": {"paths": {}}, "auth": {"type": "connection", "connection": "weather"}},
            ),
            {"spec": {"paths": {}}, "auth": {"type": "connection", "connection_id": f"{_CONNECTION}weather"}},
        ),
        (
            model.Tool(
                "w", "openapi", {"spec": {"servers": [{"url": "https://a"}]}, "server_url": "https://b"}
            ),
            {"spec": {"servers": [{"url": "https://b"}]}, "auth": {"type": "anonymous"}},
        ),
        (
            model.Tool(
                "q",
                "azure_function",
                {"input_queue": "in", "output_queue": {"endpoint": "https://x/", "queue_name": "o"}},
            ),
            {
                "input_queue": {"endpoint": "https://q/", "queue_name": "in"},
                "output_queue": {"endpoint": "https://x/", "queue_name": "o"},
            },
        ),
        (
            model.Tool("c", "connected_agent", {"agent": "care", "description": "Rules"}),
            {"agent_id": "asst-1", "description": "Rules"},
        ),
        (model.Tool("c", "connected_agent", {"agent_id": "asst-x"}), {"agent_id": "asst-x"}),
        (
            model.Tool("b", "bing_grounding", {"connection": "bing", "count": 5}),
            {"connection_id": f"{_CONNECTION}bing", "count": 5},
        ),
        (
            model.Tool("d", "deep_research", {"connection": "bing", "model": "chat"}),
            {"connection_id": f"{_CONNECTION}bing", "model": "chat"},
        ),
        (model.Tool("f", "function", {"parameters": {"type": "object"}}), {"parameters": {"type": "object"}}),
    ],
    ids=lambda value: f"{value.type}" if isinstance(value, model.Tool) else "",
)
def test_a_tool_s_names_become_ids(tool, resolved):
    assert _tool(tool) == {"name": tool.name, "type": tool.type, **resolved}


def test_what_was_not_declared_is_left_out():
    assert agent_definition(agent("care"), _TO) == {
        "name": "care",
        "model": "chat",
        "metadata": {},
        "tools": [],
    }


def test_a_temperature_of_zero_was_declared():
    assert agent_definition(agent("care", temperature=0.0), _TO)["temperature"] == 0.0


def test_tools_stay_in_the_order_written():
    tools = [model.Tool(name, "function", {}) for name in ("b", "a", "c")]

    assert [each["name"] for each in agent_definition(agent("care", *tools), _TO)["tools"]] == ["b", "a", "c"]


def test_only_the_versioned_one_of_a_store_in_both_dialects_has_attributes_of_files():
    declared = store("handbook", "b.md", "a.md", attributes={"a.md": {"team": "care"}})

    of = {
        dialect: [file.get("attributes") for file in store_definition(declared, _TO, dialect)["files"]]
        for dialect in (model.Dialect.CLASSIC, model.Dialect.VERSIONED)
    }

    assert of == {model.Dialect.CLASSIC: [None, None], model.Dialect.VERSIONED: [{"team": "care"}, None]}


def test_a_deployment_that_is_not_this_stack_s_keeps_its_name():
    assert agent_definition(agent("care", model="theirs"), _TO)["model"] == "theirs"


def test_a_store_lists_its_files_by_path_whatever_order_they_were_found_in():
    definition = store_definition(
        store("handbook", "b.md", "a.md", expires_after_days=30), _TO, model.Dialect.CLASSIC
    )

    assert definition == {
        "name": "handbook",
        "metadata": {},
        "files": [
            {"path": "a.md", "sha256": "sha of a.md", "file_id": "file-a"},
            {"path": "b.md", "sha256": "sha of b.md", "file_id": "file-b"},
        ],
        "expires_after_days": 30,
    }


_MODELS = Models(
    "https://acct.openai.example/", {"embeddings": "embeddings"}, {"embeddings": "text-embedding-3-small"}
)


def _vectorizer(declared):
    index = model.SearchIndex("i", "products", {"vectorSearch": {"vectorizers": [declared], "profiles": []}})
    body = index_definition(index, _MODELS)
    assert body["name"] == "products"
    assert body["vectorSearch"]["profiles"] == []
    return body["vectorSearch"]["vectorizers"][0]


def test_a_vectorizer_gets_the_account_s_address_and_the_deployment_s_model():
    declared = {"name": "v", "kind": "azureOpenAI", "azureOpenAIParameters": {"deploymentId": "embeddings"}}

    assert _vectorizer(declared)["azureOpenAIParameters"] == {
        "resourceUri": "https://acct.openai.example/",
        "deploymentId": "embeddings",
        "modelName": "text-embedding-3-small",
    }


def test_what_a_vectorizer_says_itself_is_kept():
    parameters = {"deploymentId": "embeddings", "resourceUri": "https://theirs", "modelName": "m"}

    assert (
        _vectorizer({"kind": "azureOpenAI", "azureOpenAIParameters": parameters})["azureOpenAIParameters"]
        == parameters
    )


def test_other_vectorizers_are_left_alone():
    declared = {"kind": "customWebApi", "customWebApiParameters": {"uri": "https://x"}}

    assert _vectorizer(declared) == declared


@pytest.mark.parametrize(
    ("lifecycle", "inputs"),
    [
        (model.Lifecycle(protect=True, previous_names=("old",)), {}),
        (model.Lifecycle(adopt=model.Adopt("asst_1")), {"adopt": {"id": "asst_1"}}),
        (
            model.Lifecycle(adopt=model.Adopt("asst_1", "p/s"), on_remove="delete", on_drift="report"),
            {"adopt": {"id": "asst_1", "from": "p/s"}, "onRemove": "delete", "onDrift": "report"},
        ),
    ],
)
def test_the_provider_is_told_only_what_was_declared_and_pulumi_does_not_do(lifecycle, inputs):
    assert lifecycle_inputs(lifecycle) == inputs


def test_an_asset_is_adopted_by_name_and_version_from_the_stack_that_its_index_comes_from():
    adopt = model.Adopt("products", "shop/old", None)
    index = model.SearchIndex("products", "products", {}, lifecycle=model.Lifecycle(adopt=adopt))

    assert asset_lifecycle(index, model.IndexAsset("goods", "service"))["adopt"] == {
        "id": "goods",
        "from": "shop/old",
    }
    taken = asset_lifecycle(index, model.IndexAsset("goods", "service", adopt="1"))
    assert taken["adopt"] == {"id": "goods/versions/1", "from": "shop/old"}
    alone = model.SearchIndex("products", "products", {})
    assert asset_lifecycle(alone, model.IndexAsset("goods", "service")) == {}
