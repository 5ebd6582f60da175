"""Every tool of the classic dialect: the body that a declaration makes, what is read back, and that nothing is left to change.

The official client (azure-ai-agents) is the witness: it sends the same body and reads the same agent.
"""

from copy import deepcopy
from pathlib import Path

import pytest
from azure.ai.agents import AgentsClient, models
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import AzureAISearchIndex

from tests.cases.harness.case import cases, expect, live, told
from tests.cases.harness.stack import tapped
from tests.cases.harness.there import made_by_others

CLASSIC = Path(__file__).parent / "classic"
BASE = CLASSIC / "_base"
TYPES = {
    "azure_ai_search": models.AzureAISearchToolDefinition,
    "azure_function": models.AzureFunctionToolDefinition,
    "bing_grounding": models.BingGroundingToolDefinition,
    "code_interpreter": models.CodeInterpreterToolDefinition,
    "connected_agent": models.ConnectedAgentToolDefinition,
    "file_search": models.FileSearchToolDefinition,
    "function": models.FunctionToolDefinition,
    "openapi": models.OpenApiToolDefinition,
}


@pytest.mark.parametrize("case", cases(CLASSIC), ids=lambda case: case.name)
def test_a_case(stack, standard_setup, case):
    standard_setup()
    with made_by_others(stack, case):
        _made_and_changed(stack, case)


def _made_and_changed(stack, case):
    stack.declare(BASE, case / "declaration")
    with tapped() as requests:
        stack.up()
    expect(case / "wire.json", told(stack, requests))
    expect(case / "live.json", live(stack))
    assert stack.preview() == {}
    _witness(stack, requests)

    if (case / "changed").exists():
        stack.declare(BASE, case / "declaration", case / "changed")
        with tapped() as requests:
            stack.up()
        expect(case / "changed-wire.json", told(stack, requests))
        assert stack.preview() == {}
        # Back again: nothing of the change is left behind.
        stack.declare(BASE, case / "declaration")
        stack.up()
        assert stack.preview() == {}
        expect(case / "live.json", live(stack))


def _witness(stack, requests):
    bodies = [one["body"] for one in requests if one["method"] == "POST" and "/assistants?" in one["url"]]
    for body in bodies:
        preview = any(tool["type"] not in TYPES for tool in body.get("tools", ()))
        version = {"api_version": "2025-05-15-preview"} if preview else {}
        client = AgentsClient(stack.world.endpoint, stack.world.credential(), **version)
        made = client.create_agent(body=body)
        ours = next(
            agent
            for agent in client.list_agents()
            if agent.id != made.id and agent.metadata == body["metadata"]
        )
        for agent in (made, ours):
            for tool in agent.tools:
                assert type(tool) is TYPES.get(tool.type, models.ToolDefinition)
        same = {key: value for key, value in made.as_dict().items() if key not in ("id", "created_at")}
        assert {key: ours.as_dict()[key] for key in same} == same
        client.delete_agent(made.id)
    assets = [one["body"] for one in requests if one["method"] == "PATCH" and "/indexes/" in one["url"]]
    live = [
        one.as_dict()
        for one in AIProjectClient(stack.world.endpoint, stack.world.credential()).indexes.list()
    ]
    for body in assets:
        assert AzureAISearchIndex(deepcopy(body)).as_dict() == body
        assert body in [{key: one.get(key) for key in body} for one in live]


def test_every_tool_of_the_dialect_has_a_case():
    from foundry.reconcile.agent import _TOOL_TYPES

    assert {case.name.split("-")[0] for case in cases(CLASSIC)} >= _TOOL_TYPES
