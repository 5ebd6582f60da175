"""Which resources a declaration becomes in each dialect, and what they refer to."""

from __future__ import annotations

from dataclasses import replace

from declared import agent, basic, manifest, standard, store
from pulumi_recorder import SKILL_VERSION, TOOLBOX_VERSION

from foundry import model

CLASSIC, BOTH, VERSIONED = model.Dialect.CLASSIC, model.Dialect.BOTH, model.Dialect.VERSIONED


def _searching(dialect, name="care", **changes):
    tool = model.Tool("h", "file_search", {"vector_stores": ["handbook"]})
    return agent(name, tool, dialect=dialect, **changes)


def _knowing(dialect):
    return replace(store("handbook", "a.md"), dialect=dialect)


def _in(stand_up, dialect, **changes):
    return stand_up(
        manifest(basic(), agents=(_searching(dialect, **changes),), vector_stores=(_knowing(dialect),))
    )


def _kinds(world):
    return {each.type.rpartition(":")[2] for each in world.resources if "dynamic/foundry" in each.type}


def test_versioned_objects_are_types_of_their_own(stand_up):
    world = _in(stand_up, VERSIONED)

    assert _kinds(world) == {"VersionedAgent", "VersionedVectorStore", "VersionedFile"}
    made = world.one("VersionedAgent")
    assert made.type == "pulumi-python:dynamic/foundry:VersionedAgent"
    assert made.inputs["dialect"] == "versioned"
    (tool,) = made.inputs["definition"]["tools"]
    assert tool["vector_store_ids"] == [world.one("VersionedVectorStore").id]
    (file,) = world.one("VersionedVectorStore").inputs["definition"]["files"]
    assert file["file_id"] == world.one("VersionedFile").id


def test_in_both_dialects_everything_is_there_twice_and_neither_refers_to_the_other(stand_up):
    world = _in(stand_up, BOTH)

    assert _kinds(world) == {
        *("Agent", "VectorStore", "File"),
        *("VersionedAgent", "VersionedVectorStore", "VersionedFile"),
    }
    for word in ("", "Versioned"):
        (tool,) = world.one(f"{word}Agent").inputs["definition"]["tools"]
        assert tool["vector_store_ids"] == [world.one(f"{word}VectorStore").id]


def test_both_ids_are_exported(stand_up):
    world = _in(stand_up, BOTH)

    assert world.outputs["agents"] == {"care": world.one("Agent").id}
    assert world.outputs["vectorStores"] == {"handbook": world.one("VectorStore").id}
    assert world.outputs["versionedAgents"] == {"care": world.one("VersionedAgent").id}
    assert world.outputs["versionedVectorStores"] == {"handbook": world.one("VersionedVectorStore").id}
    assert set(world.outputs["agentVersions"]) == {"care"}


def test_a_classic_stack_exports_nothing_new_and_a_versioned_one_its_names(stand_up):
    assert not [name for name in _in(stand_up, CLASSIC).outputs if "ersion" in name]

    world = _in(stand_up, VERSIONED)
    assert world.outputs["agents"] == {"care": world.one("VersionedAgent").id}


def test_what_one_dialect_alone_has_goes_to_that_one(stand_up):
    tools = (
        model.Tool("other", "connected_agent", {"agent_id": "asst_1", "description": "x"}, only=CLASSIC),
        model.Tool("web", "web_search", {}, only=VERSIONED),
        model.Tool("count", "function", {"strict": True}, settings_of={"strict": VERSIONED}),
    )
    both = replace(agent("care", *tools, dialect=BOTH), reasoning={"effort": "low"}, enabled=True)
    world = stand_up(manifest(basic(), agents=(both,)))

    classic, versioned = world.one("Agent").inputs, world.one("VersionedAgent").inputs
    assert [tool["name"] for tool in classic["definition"]["tools"]] == ["other", "count"]
    assert [tool["name"] for tool in versioned["definition"]["tools"]] == ["web", "count"]
    assert "strict" not in classic["definition"]["tools"][1]
    assert "reasoning" not in classic["definition"]
    assert versioned["serving"] == {"enabled": True}


def test_of_both_the_classic_object_is_the_one_that_is_adopted(stand_up):
    adopting = model.Lifecycle(adopt=model.Adopt("asst_1"), on_drift="report")
    world = _in(stand_up, BOTH, lifecycle=adopting)

    assert world.one("Agent").inputs["lifecycle"] == {"adopt": {"id": "asst_1"}, "onDrift": "report"}
    assert world.one("VersionedAgent").inputs["lifecycle"] == {"onDrift": "report"}


def test_an_index_is_the_same_in_every_dialect(stand_up):
    index = model.SearchIndex("products", "products", {"fields": []})
    dialects = {
        dialect: stand_up(manifest(standard(dialect=dialect), search_indexes=(index,)))
        .one("SearchIndex")
        .inputs["dialect"]
        for dialect in model.Dialect
    }
    assert set(dialects.values()) == {"classic"}


def test_an_index_asset_refers_to_the_index_by_the_set_ups_connection_and_an_agent_to_the_asset(stand_up):
    asset = model.IndexAsset(
        "catalogue", "support", "What we sell", {"team": "shop"}, {"content_fields": ["t"]}
    )
    index = model.SearchIndex("products", "products-v1", {"fields": []}, asset=asset)
    tool = model.Tool("stock", "azure_ai_search", {"index_asset": "products", "top_k": 5})
    told = manifest(standard(), search_indexes=(index,), agents=(agent("care", tool, dialect=VERSIONED),))
    world = stand_up(told)

    made = world.one("IndexAsset")
    assert made.type == "pulumi-python:dynamic/foundry:IndexAsset"
    assert made.inputs["definition"] == {
        "name": "catalogue",
        "connection_name": "search",
        "index_name": world.one("SearchIndex").id,
        "description": "What we sell",
        "field_mapping": {"content_fields": ["t"]},
        "tags": {"team": "shop"},
    }
    (found,) = world.one("VersionedAgent").inputs["definition"]["tools"]
    assert found == {"name": "stock", "type": "azure_ai_search", "index_asset_id": made.id, "top_k": 5}


def test_a_content_filter_and_a_chosen_tool_are_resolved(stand_up):
    tools = (model.Tool("docs", "mcp", {"server_url": "https://docs.example"}),)
    told = replace(agent("care", *tools, dialect=VERSIONED), content_filter="strict", tool_choice="docs")
    world = stand_up(manifest(standard(), agents=(told,)))

    definition = world.one("VersionedAgent").inputs["definition"]
    assert definition["content_filter"] == "strict"
    assert definition["tool_choice"] == {"type": "mcp", "name": "docs"}


def test_a_memory_store_is_made_before_the_agent_that_remembers_in_it(stand_up):
    people = model.MemoryStore("people", "people-test", "support", "chat", "embeddings", options={"a": 1})
    tool = model.Tool("m", "memory_search", {"memory_store": "people", "scope": "user"})
    told = manifest(basic(), agents=(agent("care", tool, dialect=VERSIONED),))
    world = stand_up(replace(told, memory_stores=(people,)))

    made = world.one("MemoryStore")
    assert made.type == "pulumi-python:dynamic/foundry:MemoryStore"
    definition = {"name": "people-test", "embedding_model": "embeddings", "options": {"a": 1}, "metadata": {}}
    assert {key: made.inputs["definition"][key] for key in definition} == definition
    (found,) = world.one("VersionedAgent").inputs["definition"]["tools"]
    assert found["memory_store_name"] == made.id


def test_an_evaluation_is_an_eval_and_the_rule_that_runs_it_for_the_agent(stand_up):
    evaluators = (
        model.Evaluator(
            "relevance", "builtin.relevance", model="chat", initialization_parameters={"threshold": 4}
        ),
        model.Evaluator("violence", "builtin.violence"),
    )
    told = model.Evaluation("care-continuous", evaluators=evaluators, sampling_rate=20, display_name="Care")
    care = replace(agent("care", dialect=VERSIONED), evaluation=told)
    world = stand_up(manifest(basic(), agents=(care,)))

    made, rule = world.one("Evaluation"), world.one("EvaluationRule")
    assert made.type == "pulumi-python:dynamic/foundry:Evaluation"
    assert made.inputs["definition"]["name"] == "care continuous evaluation"
    assert made.inputs["definition"]["testing_criteria"] == [
        {
            "name": "relevance",
            "evaluator_name": "builtin.relevance",
            "initialization_parameters": {"model": "chat", "threshold": 4},
        },
        {"name": "violence", "evaluator_name": "builtin.violence"},
    ]
    assert rule.type == "pulumi-python:dynamic/foundry:EvaluationRule"
    assert rule.inputs["definition"] == {
        "id": "care-continuous",
        "agent_name": world.one("VersionedAgent").id,
        "eval_id": made.id,
        "enabled": True,
        "sampling_rate": 20,
        "display_name": "Care",
    }


def test_an_adopted_agents_rule_is_taken_over_with_it_and_its_eval_is_not(stand_up):
    told = model.Evaluation("quality", eval_id="eval_1", enabled=False)
    adopted = model.Lifecycle(adopt=model.Adopt("care"))
    care = replace(agent("care", dialect=VERSIONED), evaluation=told, lifecycle=adopted)
    world = stand_up(manifest(basic(), agents=(care,)))

    rule = world.one("EvaluationRule").inputs
    assert world.of("Evaluation") == []
    assert (rule["definition"]["eval_id"], rule["definition"]["enabled"]) == ("eval_1", False)
    assert rule["lifecycle"] == {"adopt": {"id": "quality"}}
    measured = replace(told, eval_id=None, evaluators=(model.Evaluator("violence", "builtin.violence"),))
    both = replace(care, evaluation=measured, dialect=model.Dialect.BOTH)
    world = stand_up(manifest(basic(), agents=(both,)))
    assert not any("lifecycle" in world.one(kind).inputs for kind in ("Evaluation", "EvaluationRule"))


def _with_toolbox():
    search = model.Tool("policies", "file_search", {"vector_stores": ["handbook"]})
    run = model.Tool(
        "orders", "code_interpreter", {}, (model.KnowledgeFile("data/orders.csv", "c" * 64, 10),)
    )
    returns = model.Skill(
        "returns", "returns-test", "support", "How", "Ask.", default_version="2", keep_versions=3
    )
    box = model.Toolbox(
        "lookups",
        "lookups_test",
        "support",
        (search, run),
        skills=(model.SkillReference(skill="returns"), model.SkillReference(name="theirs", version="4")),
        content_filter="strict",
    )
    call = model.Tool(
        "box",
        "toolbox",
        {"toolbox": "lookups", "connection_id": "/c", "require_approval": "never"},
        only=VERSIONED,
    )
    user = replace(
        agent("care", call, dialect=VERSIONED),
        skills=(model.SkillReference(skill="returns"), model.SkillReference(name="theirs")),
    )
    told = manifest(basic(), agents=(user,), vector_stores=(_knowing(VERSIONED),))
    return replace(told, toolboxes=(box,), skills=(returns,))


def test_a_toolbox_has_what_it_refers_to_and_an_agent_reaches_it_as_an_mcp_server(stand_up):
    world = stand_up(_with_toolbox())

    box = world.one("Toolbox")
    assert box.type == "pulumi-python:dynamic/foundry:Toolbox"
    assert (box.inputs["dialect"], box.inputs["defaultVersion"]) == ("versioned", "latest")
    assert "keepVersions" not in box.inputs
    definition = box.inputs["definition"]
    assert (definition["name"], definition["content_filter"]) == ("lookups_test", "strict")
    assert definition["skills"] == [{"name": world.one("Skill").id}, {"name": "theirs", "version": "4"}]
    policies, orders = definition["tools"]
    assert policies["vector_store_ids"] == [world.one("VersionedVectorStore").id]
    file = next(one for one in world.resources if one.name == "data/orders.csv")
    assert (file.type.rpartition(":")[2], orders["file_ids"]) == ("VersionedFile", [file.id])
    (tool,) = world.one("VersionedAgent").inputs["definition"]["tools"]
    endpoint = world.one("VersionedAgent").inputs["endpoint"]
    assert tool == {
        "name": "box",
        "type": "mcp",
        "server_url": f"{endpoint}/toolboxes/{box.id}/mcp?api-version=v1",
        "connection_id": "/c",
        "require_approval": "never",
    }


def test_an_agent_follows_the_version_that_a_skill_of_this_stack_stands_for(stand_up):
    world = stand_up(_with_toolbox())

    skill = world.one("Skill")
    assert skill.type == "pulumi-python:dynamic/foundry:Skill"
    assert (skill.inputs["defaultVersion"], skill.inputs["keepVersions"]) == ("2", 3)
    told = {"name": "returns-test", "description": "How", "instructions": "Ask.", "metadata": {}}
    assert skill.inputs["definition"] == told
    ours, theirs = world.one("VersionedAgent").inputs["definition"]["skills"]
    assert (ours["name"], theirs) == (skill.id, {"name": "theirs"})
    assert ours["version"] == SKILL_VERSION


def test_what_only_the_versioned_dialect_has_is_exported_by_name(stand_up):
    people = model.MemoryStore("people", "people-test", "support", "chat", "embeddings")
    world = stand_up(replace(_with_toolbox(), memory_stores=(people,)))

    endpoint = world.outputs["projectEndpoint"]
    assert world.outputs["memoryStores"] == {"people": world.one("MemoryStore").id}
    assert world.outputs["skills"] == {"returns": world.one("Skill").id}
    url = f"{endpoint}/toolboxes/{world.one('Toolbox').id}/mcp?api-version=v1"
    assert world.outputs["toolboxes"] == {"lookups": url}


def test_workflows_and_hosted_agents_stand_in_the_place_of_a_model(stand_up):
    flow = replace(agent("flow", dialect=VERSIONED), model=None, workflow="kind: workflow\n")
    hosted = {"image": "i", "cpu": "1", "memory": "2Gi"}
    shop = replace(agent("shop", dialect=VERSIONED), model=None, hosted=hosted)
    world = stand_up(manifest(basic(), agents=(flow, shop)))

    assert world.one("VersionedAgent", "flow").inputs["definition"]["workflow"] == "kind: workflow\n"
    assert world.one("VersionedAgent", "shop").inputs["definition"]["hosted"] == hosted
    assert "model" not in world.one("VersionedAgent", "shop").inputs["definition"]


def test_a_voice_agent_follows_the_version_of_its_toolbox(stand_up):
    told = _with_toolbox()
    box = model.Tool("box", "toolbox", {"toolbox": "lookups", "response_scheduling": "silent"})
    speech = {"model_type": "managed", "model": "gpt-realtime"}
    desk = replace(agent("desk", dialect=VERSIONED), model=None, voice=speech, tools=(box,))
    world = stand_up(replace(told, agents=(desk,)))

    (tool,) = world.one("VersionedAgent", "desk").inputs["definition"]["tools"]
    assert tool == {
        "name": "box",
        "type": "toolbox",
        "toolbox_name": world.one("Toolbox", "lookups").id,
        "toolbox_version": TOOLBOX_VERSION,
        "response_scheduling": "silent",
    }


def test_an_agent_that_is_spoken_with_comes_after_those_that_it_asks(stand_up):
    told = {
        "model_type": "managed",
        "model": "gpt-realtime",
        "subagent_config": {"subagents": [{"agent": "shop", "agent_capabilities": "Knows the shop"}]},
    }
    desk = replace(agent("desk", dialect=VERSIONED), model=None, voice=told)
    far = replace(agent("far", dialect=VERSIONED), model=None, external={})
    world = stand_up(manifest(basic(), agents=(agent("shop", dialect=VERSIONED), far, desk)))

    definition = world.one("VersionedAgent", "desk").inputs["definition"]
    (asked,) = definition["voice"]["subagent_config"]["subagents"]
    assert asked == {
        "agent_name": world.one("VersionedAgent", "shop").id,
        "agent_capabilities": "Knows the shop",
    }
    assert "model" not in definition
    assert world.one("VersionedAgent", "far").inputs["definition"]["external"] == {}
