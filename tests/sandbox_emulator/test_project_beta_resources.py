"""azure-ai-projects, unmodified, against toolboxes, skills, memory stores and evaluation rules."""

import io
import zipfile
from collections.abc import Iterable
from typing import Any

import pytest
import yaml
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import (
    ContinuousEvaluationRuleAction,
    EvaluationRule,
    EvaluationRuleFilter,
    EvaluatorMetric,
    EvaluatorVersion,
    HumanEvaluationPreviewRuleAction,
    MCPToolboxTool,
    MemoryStoreDefaultDefinition,
    MemoryStoreDefaultOptions,
    PromptAgentDefinition,
    PromptBasedEvaluatorDefinition,
    SkillInlineContent,
    SkillReference,
    ToolboxSkillReference,
    WebSearchToolboxTool,
)
from azure.ai.projects.models import _models as models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from .conftest import Wire
from .model_samples import concrete, filled


def skill(text: str = "Say hello.") -> SkillInlineContent:
    return SkillInlineContent(description=f"d: {text}", instructions=text)


def test_a_toolbox_keeps_its_versions_and_points_to_one(projects: AIProjectClient) -> None:
    tools = [MCPToolboxTool(server_label="docs", server_url="https://example.com", name="docs")]
    first = projects.toolboxes.create_version("box", tools=tools, description="d", metadata={"k": "v"})
    assert (first.version, first.metadata, first.description) == ("1", {"k": "v"}, "d")
    assert first.tools[0].as_dict() == tools[0].as_dict()
    assert projects.toolboxes.get("box").default_version == "1"
    projects.toolboxes.create_version("box", tools=[WebSearchToolboxTool()])
    assert projects.toolboxes.get("box").default_version == "2"
    assert projects.toolboxes.update("box", default_version="1").default_version == "1"
    read = projects.toolboxes.get("box")
    assert (read.default_version, read.versions.latest.version) == ("1", "2")
    assert [item.version for item in projects.toolboxes.list_versions("box", limit=1)] == ["2", "1"]
    with pytest.raises(HttpResponseError, match="Version '9' doesn't exist"):
        projects.toolboxes.update("box", default_version="9")
    with pytest.raises(ResourceExistsError, match="is the default version"):
        projects.toolboxes.delete_version("box", "1")
    projects.toolboxes.delete_version("box", "2")
    assert [item.name for item in projects.toolboxes.list()] == ["box"]
    projects.toolboxes.delete("box")
    with pytest.raises(ResourceNotFoundError):
        projects.toolboxes.get("box")


def test_a_toolbox_may_have_underscores_in_its_name(projects: AIProjectClient) -> None:
    made = projects.toolboxes.create_version("toolbox_with_search", tools=[WebSearchToolboxTool()])
    assert made.name == "toolbox_with_search"
    with pytest.raises(HttpResponseError, match="name"):
        projects.toolboxes.create_version("_box", tools=[WebSearchToolboxTool()])


def test_every_toolbox_tool_of_the_official_client_is_taken_with_all_its_fields_and_no_other(
    project: Wire,
) -> None:
    tools = concrete(models.ToolboxTool)
    assert len(tools) > 15
    for tag, cls in tools.items():
        tool = filled(cls) | {"type": tag}
        reply = project.data("POST", "/toolboxes/box/versions", {"tools": [tool]})
        assert (reply.status_code, reply.json().get("tools")) == (200, [tool]), (tag, reply.text)
        reply = project.data("POST", "/toolboxes/box/versions", {"tools": [tool | {"made_up": 1}]})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "tools[0].made_up"), tag


def test_a_skill_is_pinned_by_the_agents_and_toolboxes_that_name_it(preview: AIProjectClient) -> None:
    made = preview.beta.skills.create("greet", inline_content=skill())
    assert (made.version, made.skill_id, made.description) == ("1", "greet", "d: Say hello.")
    preview.beta.skills.create("greet", inline_content=skill("Say bye."), default=True)
    preview.beta.skills.create("greet", inline_content=skill("Say more."))
    read = preview.beta.skills.get("greet")
    assert (read.default_version, read.latest_version, read.description) == ("2", "3", "d: Say bye.")
    definition = PromptAgentDefinition(model="m", skills=[SkillReference(name="greet")])
    stored = preview.agents.create_version("helper", definition=definition).definition
    assert stored["skills"] == [{"name": "greet", "version": "2"}]
    for name, version in (("none", None), ("greet", "9")):
        wrong = PromptAgentDefinition(model="m", skills=[SkillReference(name=name, version=version)])
        with pytest.raises(HttpResponseError, match="has no version"):
            preview.agents.create_version("helper", definition=wrong)
        with pytest.raises(HttpResponseError, match="has no version"):
            preview.toolboxes.create_version(
                "box", tools=[], skills=[ToolboxSkillReference(name=name, version=version)]
            )
    assert preview.beta.skills.update("greet", default_version="3").default_version == "3"
    assert preview.beta.skills.delete_version("greet", "1").deleted
    assert [item.version for item in preview.beta.skills.list_versions("greet")] == ["3", "2"]
    assert [item.name for item in preview.beta.skills.list()] == ["greet"]
    assert preview.beta.skills.delete("greet").deleted
    with pytest.raises(ResourceNotFoundError):
        preview.beta.skills.get("greet")


def test_a_skill_is_downloaded_as_the_package_it_stands_for(preview: AIProjectClient) -> None:
    content = SkillInlineContent(
        description="Greets: politely — always",
        instructions="# Greeting\n\nSay hello.\n",
        license="MIT",
        metadata={"revision": "1", "note": "a: b \U0001f44b"},
        allowed_tools=["Read", "Bash(git:*)"],
    )
    preview.beta.skills.create("greet", inline_content=content)
    preview.beta.skills.create("greet", inline_content=skill("Say bye."), default=True)

    def member(pieces: Iterable[bytes]) -> tuple[dict[str, Any], str]:
        with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
            assert archive.namelist() == ["SKILL.md"]
            _, front, text = archive.read("SKILL.md").decode().split("---\n", 2)
        return yaml.safe_load(front), text

    front, text = member(preview.beta.skills.download_version("greet", "1"))
    assert text.strip() == "# Greeting\n\nSay hello."
    assert front == {
        "name": "greet",
        "description": "Greets: politely — always",
        "license": "MIT",
        "metadata": {"revision": "1", "note": "a: b \U0001f44b"},
        "allowed-tools": "Read Bash(git:*)",
    }
    assert member(preview.beta.skills.download("greet"))[1].strip() == "Say bye."
    with pytest.raises(ResourceNotFoundError):
        list(preview.beta.skills.download_version("greet", "9"))


def test_a_memory_store_keeps_its_definition_and_changes_its_labels(projects: AIProjectClient) -> None:
    stores = projects.beta.memory_stores
    options = MemoryStoreDefaultOptions(user_profile_enabled=True, chat_summary_enabled=False)
    definition = MemoryStoreDefaultDefinition(chat_model="c", embedding_model="e", options=options)
    made = stores.create(name="memory", definition=definition, description="d", metadata={"k": "v"})
    assert made.definition.as_dict() == definition.as_dict()
    with pytest.raises(ResourceExistsError):
        stores.create(name="memory", definition=definition)
    changed = stores.update("memory", description="e", metadata={"k": "w"})
    assert (changed.description, changed.metadata) == ("e", {"k": "w"})
    assert [item.name for item in stores.list(limit=1)] == ["memory"]
    item = stores.create_memory("memory", scope="u", content="likes tea", kind="user_profile")
    stores.create_memory("memory", scope="v", content="likes milk", kind="user_profile")
    assert stores.update_memory("memory", item.memory_id, content="likes cocoa").content == "likes cocoa"
    assert [held.content for held in stores.list_memories("memory", scope="u")] == ["likes cocoa"]
    assert stores.delete_scope("memory", scope="v").deleted
    assert list(stores.list_memories("memory", scope="v")) == []
    assert stores.delete_memory("memory", item.memory_id).deleted
    gone = stores.delete("memory")
    assert (gone.object, gone.name, gone.deleted) == ("memory_store.deleted", "memory", True)
    with pytest.raises(ResourceNotFoundError):
        stores.get("memory")


def test_preview_resources_ask_for_their_header(project: Wire) -> None:
    for path in ("/memory_stores", "/skills"):
        reply = project.data("GET", path)
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "preview_feature_required")


def test_an_evaluation_rule_is_made_replaced_and_deleted(
    projects: AIProjectClient, preview: AIProjectClient
) -> None:
    rule = EvaluationRule(
        action=ContinuousEvaluationRuleAction(eval_id="eval_1", max_hourly_runs=10),
        event_type="responseCompleted",
        enabled=True,
        filter=EvaluationRuleFilter(agent_name="helper"),
    )
    made = projects.evaluation_rules.create_or_update("nightly", rule)
    assert (made.id, made.enabled, made.action.eval_id) == ("nightly", True, "eval_1")  # type: ignore[attr-defined]
    rule.enabled = False
    assert projects.evaluation_rules.create_or_update("nightly", rule).enabled is False
    assert [item.id for item in projects.evaluation_rules.list(agent_name="helper", enabled=False)] == [
        "nightly"
    ]
    assert list(projects.evaluation_rules.list(enabled=True)) == []
    human = EvaluationRule(
        action=HumanEvaluationPreviewRuleAction(template_id="t"), event_type="manual", enabled=True
    )
    with pytest.raises(HttpResponseError, match="preview_feature_required"):
        projects.evaluation_rules.create_or_update("human", human)
    assert preview.evaluation_rules.create_or_update("human", human).id == "human"
    projects.evaluation_rules.delete("nightly")
    with pytest.raises(ResourceNotFoundError):
        projects.evaluation_rules.get("nightly")


def test_the_catalogue_has_built_in_evaluators_and_those_that_are_made(projects: AIProjectClient) -> None:
    evaluators = projects.evaluators
    built_in = [item.name for item in evaluators.list(type="builtin", limit=10)]
    assert {"builtin.relevance", "builtin.violence", "builtin.task_adherence"} < set(built_in)
    assert len(built_in) == len(set(built_in)) > 10
    definition = PromptBasedEvaluatorDefinition(
        prompt_text="Is it polite? {{response}}",
        metrics={"polite": EvaluatorMetric(type="boolean", is_primary=True)},
    )
    asked = EvaluatorVersion(evaluator_type="custom", categories=["quality"], definition=definition)
    first = evaluators.create_version("polite", asked)
    assert (first.version, first.evaluator_type, first.supported_evaluation_levels) == (
        "1",
        "custom",
        ["turn"],
    )
    assert first.definition.as_dict() == definition.as_dict()
    asked.display_name = "Polite"
    assert evaluators.create_version("polite", asked).version == "2"
    assert [(item.name, item.version) for item in evaluators.list(type="custom")] == [("polite", "2")]
    assert [item.version for item in evaluators.list_versions("polite")] == ["2", "1"]
    assert [item.version for item in evaluators.list_versions("builtin.relevance")] == ["1"]
    assert len(list(evaluators.list())) == len(built_in) + 1
    changed = evaluators.update_version("polite", "1", {"display_name": "Politeness"})  # type: ignore[call-overload]
    assert (changed.display_name, evaluators.get_version("polite", "1").display_name) == ("Politeness",) * 2
    for _ in range(2):
        evaluators.delete_version("polite", "2")
    assert [item.version for item in evaluators.list_versions("polite")] == ["1"]
    for name, version in (("polite", "2"), ("builtin.relevanz", "1"), ("builtin.relevance", "7")):
        with pytest.raises(ResourceNotFoundError):
            evaluators.get_version(name, version)
    with pytest.raises(HttpResponseError, match="reserved"):
        evaluators.create_version("builtin.polite", asked)
    with pytest.raises(HttpResponseError, match=r"'definition\.prompt_text'"):
        evaluators.create_version("polite", {**asked.as_dict(), "definition": {"type": "prompt"}})


def test_what_is_not_there_says_so_by_name(projects: AIProjectClient) -> None:
    for call in (
        lambda: list(projects.beta.schedules.list()),
        lambda: projects.beta.red_teams.get("x"),
        lambda: list(projects.evaluators.list_generation_jobs()),
    ):
        with pytest.raises(HttpResponseError, match="not implemented by the emulator") as refusal:
            call()
        assert refusal.value.status_code == 501
