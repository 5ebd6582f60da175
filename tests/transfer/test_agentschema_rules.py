"""What is written as AgentSchema v1.0 keeps the rules of its published schemas.

The rules are those of `schemas/v1.0` in github.com/microsoft/AgentSchema (read at e75e83a), as far as an agent of ours can touch them:
which fields a part has and which of them it must have, and the words that some of them take. The schemas themselves aren't here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
import yaml

from foundry.model import Agent, Tool
from foundry.transfer.neighbours.writing import write
from tests.transfer.test_neighbours import AGENTS, KNOWN

Rule = tuple[set[str], set[str]]
"""The fields that a part must have, and those that it may have."""

AGENT: Final[Rule] = (
    {"kind", "name", "model"},
    {"displayName", "description", "metadata", "inputSchema", "outputSchema", "tools", "template", "instructions",
     "additionalInstructions"},
)  # fmt: skip
MODEL: Final[Rule] = ({"id"}, {"provider", "apiType", "connection", "options"})
OPTIONS: Final[Rule] = (
    {"kind"},
    {"frequencyPenalty", "maxOutputTokens", "presencePenalty", "seed", "temperature", "topK", "topP", "stopSequences",
     "allowMultipleToolCalls", "additionalProperties"},
)  # fmt: skip
TOOL: Final = {"name", "kind", "description", "bindings"}
TOOLS: Final[Mapping[str, Rule]] = {
    "function": ({"name", "kind", "parameters"}, TOOL | {"strict"}),
    "file_search": (
        {"name", "kind", "connection", "vectorStoreIds"},
        TOOL | {"maximumResultCount", "ranker", "scoreThreshold", "filters"},
    ),
    "code_interpreter": ({"name", "kind"}, TOOL | {"fileIds"}),
    "mcp": (
        {"name", "kind", "connection", "serverName", "approvalMode"},
        TOOL | {"serverDescription", "allowedTools"},
    ),
    "openapi": ({"name", "kind", "connection", "specification"}, TOOL),
    "bing_search": ({"name", "kind", "connection"}, TOOL | {"options"}),
}
CONNECTIONS: Final[Mapping[str, Rule]] = {
    kind: ({"kind", "authenticationMode", *needed}, {"usageDescription", *more})
    for kind, needed, more in (
        ("reference", {"name"}, {"target"}),
        ("remote", {"name", "endpoint"}, set()),
        ("key", {"endpoint", "apiKey"}, set()),
        ("anonymous", {"endpoint"}, set()),
        ("foundry", {"endpoint"}, {"name", "connectionType"}),
    )
}
APPROVALS: Final[Mapping[str, Rule]] = {
    "always": ({"kind"}, set()),
    "never": ({"kind"}, set()),
    "specify": ({"kind", "alwaysRequireApprovalTools", "neverRequireApprovalTools"}, set()),
}
PROPERTY: Final[Rule] = (
    {"name", "kind"},
    {"description", "required", "default", "example", "enumValues", "items", "properties"},
)
KINDS: Final = {"string", "integer", "float", "boolean", "array", "object"}


def faults(part: Mapping[str, Any], rule: Rule, where: str) -> Iterator[str]:
    needed, more = rule
    yield from (f"{where}.{key} is missing" for key in sorted(needed - set(part)))
    yield from (f"{where}.{key} is unknown" for key in sorted(set(part) - needed - more))


def faults_of_properties(schema: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from faults(schema, (set(), {"examples", "strict", "properties"}), where)
    for one in schema.get("properties", []):
        yield from faults_of_property(one, f"{where}.{one.get('name')}")


def faults_of_property(one: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from faults({"name": "", **one}, PROPERTY, where)
    if one.get("kind") not in KINDS:
        yield f"{where}.kind is {one.get('kind')}"
    if "items" in one:
        yield from faults_of_property(one["items"], f"{where}.items")
    for inner in one.get("properties", []):
        yield from faults_of_property(inner, f"{where}.{inner.get('name')}")


def faults_of_agent(told: Mapping[str, Any]) -> Iterator[str]:
    yield from faults(told, AGENT, "agent")
    if told["kind"] != "prompt":
        yield "agent.kind isn't prompt"
    if isinstance(told["model"], Mapping):
        yield from faults(told["model"], MODEL, "model")
        yield from faults(told["model"].get("options", {"kind": ""}), OPTIONS, "options")
    for tool in told.get("tools", []):
        where = f"tools.{tool.get('name')}"
        yield from faults(tool, TOOLS[tool["kind"]], where)
        if "connection" in tool:
            connection = tool["connection"]
            yield from faults(connection, CONNECTIONS[connection["kind"]], f"{where}.connection")
            if connection["authenticationMode"] not in ("user", "system"):
                yield f"{where}.connection.authenticationMode"
        if "approvalMode" in tool:
            mode = tool["approvalMode"]
            yield from faults(mode, APPROVALS[mode["kind"]], f"{where}.approvalMode")
        yield from faults_of_properties(tool.get("parameters", {}), f"{where}.parameters")
    yield from faults_of_properties(told.get("outputSchema", {}), "outputSchema")


def with_everything() -> Agent:
    """An agent with every tool and every kind of property that the format has a place for."""
    agent = AGENTS["order-analyst"]
    inner: dict[str, Any] = {
        "type": "object",
        "properties": {"paid": {"type": "boolean"}},
        "required": ["paid"],
    }
    answer: dict[str, Any] = {
        "type": "object",
        "properties": {
            "state": {"type": "string", "description": "How it stands", "enum": ["open", "sent"]},
            "pieces": {"type": "integer"},
            "price": {"type": "number"},
            "rows": {"type": "array", "items": inner},
        },
        "required": ["state"],
        "additionalProperties": False,
    }
    order = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
    server = {"server_url": "https://docs.example/mcp"}
    settings: dict[str, tuple[str, dict[str, Any]]] = {
        "look_up": ("function", {"description": "An order", "parameters": order}),
        "now": ("function", {}),
        "policies": (
            "file_search",
            {
                "vector_store_ids": ["vs_1"],
                "max_num_results": 5,
                "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
            },
        ),
        "numbers": ("code_interpreter", {"file_ids": ["assistant-1"]}),
        "docs": ("mcp", {**server, "allowed_tools": ["search"], "require_approval": "never"}),
        "repo": ("mcp", {**server, "require_approval": {"always": ["merge"], "never": ["read"]}}),
        "wiki": ("mcp", server),
        "web": ("bing_grounding", {"connection": "bing", "count": 5}),
    }
    tools = tuple(Tool(name, kind, told, (), agent.position) for name, (kind, told) in settings.items())
    form: dict[str, Any] = {"type": "json_schema", "name": "answer", "schema": answer}
    return replace(agent, temperature=0.2, top_p=0.9, response_format=form, tools=tools)


@pytest.mark.parametrize("agent", [*AGENTS.values(), with_everything()], ids=lambda agent: agent.name)
def test_an_agent_written_as_agentschema_keeps_the_rules(agent: Agent) -> None:
    told = yaml.safe_load(write("agentschema", agent, KNOWN).text)
    assert list(faults_of_agent(told)) == []


def test_everything_that_has_a_place_is_there() -> None:
    agent = with_everything()
    made = write("agentschema", agent, KNOWN)
    told = yaml.safe_load(made.text)
    assert [tool["name"] for tool in told["tools"]] == [tool.name for tool in agent.tools]
    assert set(told["model"]["options"]) == {"kind", "temperature", "topP"}
    assert {one["kind"] for one in told["outputSchema"]["properties"]} == KINDS - {"boolean", "object"}
    assert not [line for line in made.losses if line.startswith(("tools", "response_format"))]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": None, "temperature": 1}, "agent.temperature is unknown"),
        ({"kind": "Prompt"}, "agent.kind isn't prompt"),
        ({"tools": [{"name": "x", "kind": "file_search"}]}, "tools.x.connection is missing"),
        ({"outputSchema": {"properties": [{"name": "x", "kind": "text"}]}}, "outputSchema.x.kind is text"),
    ],
)
def test_the_rules_find_what_the_schemas_refuse(change: dict[str, Any], told: str) -> None:
    sound = {"kind": "prompt", "name": "desk", "model": "chat"}
    assert told in list(faults_of_agent({**sound, **change}))
