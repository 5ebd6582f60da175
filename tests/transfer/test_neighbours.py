"""Neighbouring formats: read tolerantly, written strictly, nothing dropped in silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundry.manifest import load
from foundry.model import Agent, Dialect, FoundryError, SkillReference, Tool
from foundry.service.classic_bodies import definition_of
from foundry.transfer.declared import foreign_declaration
from foundry.transfer.neighbours.parsing import UnreadableError
from foundry.transfer.neighbours.reading import Reading, read
from foundry.transfer.neighbours.writers.writing import Context
from foundry.transfer.neighbours.writing import FORMATS, write

HERE = Path(__file__).parent / "neighbours"
ROOT = Path(__file__).resolve().parents[2]
SPEC = {
    "openapi": "3.0.3",
    "info": {"title": "fx", "version": "1"},
    "servers": [{"url": "https://api.example.org"}],
    "paths": {"/r": {"get": {"operationId": "rate", "responses": {"200": {"description": "ok"}}}}},
}
MCP = {"type": "mcp", "server_url": "https://learn.microsoft.com/api/mcp"}


def reading(name: str) -> Reading:
    path = HERE / name
    return read(path.read_text(), name, beside=lambda other: beside(path.parent / other))


def beside(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def paths(lines: Sequence[str]) -> list[str]:
    return sorted(line.split(": ")[0] for line in lines)


def test_agentschema() -> None:
    found = reading("agentschema.yaml")
    (agent,) = found.agents
    assert (found.format, agent.name) == ("AgentSchema", "invoice-clerk")
    assert agent.fields == {
        "description": "Answers questions about supplier invoices",
        "model": "gpt-4.1-mini",
        "temperature": 0.2,
        "top_p": 0.9,
        "instructions": "Use only the attached invoices. Quote the invoice number.\n",
        "response_format": {
            "type": "json_schema",
            "name": "invoice-clerk_answer",
            "schema": {
                "type": "object",
                "properties": {"answer": {"type": "string"}},
                "required": ["answer"],
                "additionalProperties": False,
            },
        },
        "tools": {
            "invoices": {"type": "file_search", "vector_store_ids": ["vs_abc123"], "max_num_results": 8},
            "fx": {"type": "openapi", "spec": SPEC, "auth": {"type": "anonymous"}},
        },
    }
    assert paths(found.losses) == [
        "displayName",
        "model.apiType",
        "model.options.maxOutputTokens",
        "model.provider",
    ]
    assert found.deviations == ()


def test_agent_framework() -> None:
    found = reading("framework.yaml")
    (agent,) = found.agents
    assert found.format == "Agent Framework"
    assert agent.fields["model"] == "${config.MODEL}"
    assert agent.fields["tools"] == {
        "docs": {**MCP, "require_approval": "never"},
        "look_up": {
            "type": "function",
            "parameters": {
                "type": "object",
                "properties": {"supplier": {"type": "string", "description": "Name of the supplier"}},
                "required": ["supplier"],
            },
        },
    }
    assert agent.fields["response_format"]["schema"]["required"] == ["answer"]
    assert paths(found.losses) == ["tools[2]"]
    assert any("foundry:MODEL" in line for line in found.deviations)


def test_azd_with_its_project_and_connections() -> None:
    found = reading("azure.yaml")
    (agent,) = found.agents
    assert agent.fields["instructions"] == (HERE / "clerk.md").read_text()
    assert agent.fields["tools"] == {
        "azure_ai_search": {"type": "azure_ai_search", "connection": "search", "index_name": "invoices"},
        "codeInterpreter": {"type": "code_interpreter"},
    }
    assert found.environment == {
        "deployments": {
            "gpt-4.1-mini": {
                "model": {"format": "OpenAI", "name": "gpt-4.1-mini", "version": "2025-04-14"},
                "sku": {"name": "GlobalStandard", "capacity": 20},
            }
        },
        "connections": {
            "search": {"category": "CognitiveSearch", "target": "https://fin.search.windows.net"}
        },
    }
    assert paths(found.losses) == [
        "name",
        "services.clerk.harness",
        "services.clerk.uses",
        "services.search.uses",
        "services.web",
    ]


def test_prompty() -> None:
    found = reading("clerk.prompty")
    (agent,) = found.agents
    assert agent.fields == {
        "model": "gpt-4.1-mini",
        "temperature": 0.2,
        "instructions": "You answer about invoices of {{supplier}}.\n",
    }
    assert "the turn `user:` after the front matter" in paths(found.losses)
    assert "inputs" in paths(found.losses)


def test_the_extension_of_vs_code() -> None:
    found = reading("vscode.yaml")
    (agent,) = found.agents
    assert (found.format, agent.id) == ("VS Code agent/1.0.0", "asst_abc123")
    assert agent.fields["metadata"] == {"author": "fin", "tag": "a, b"}
    assert agent.fields["tools"] == {
        "file_search": {"type": "file_search", "vector_store_ids": ["vs_abc123"]},
        "docs": {**MCP, "allowed_tools": ["search"]},
    }
    assert found.losses == ()


def test_semantic_kernel() -> None:
    found = reading("kernel.yaml")
    (agent,) = found.agents
    assert (found.format, agent.id, agent.name) == ("Semantic Kernel", "asst_abc123", "Invoice Clerk")
    assert agent.fields == {
        "description": "Answers questions about invoices",
        "model": "${config.ChatModelId}",
        "temperature": 0.2,
        "instructions": "Use only the attached invoices.",
        "tools": {
            "file_search": {"type": "file_search", "vector_store_ids": ["${config.VectorStoreId}"]},
            "code_interpreter": {"type": "code_interpreter", "file_ids": ["assistant-1"]},
            "azure_ai_search": {
                "type": "azure_ai_search",
                "connection": "search",
                "index_name": "invoices",
                "top_k": 3,
            },
            "fx": {
                "type": "openapi",
                "description": "Rates",
                "spec": {"openapi": "3.0.3"},
                "auth": {"type": "anonymous"},
            },
        },
    }
    assert paths(found.losses) == [
        "model.connection",
        "model.options.max_tokens",
        "tools[1].description",
        "tools[4]",
    ]
    # A setting is written as one, and not as a text that holds a place.
    written = foreign_declaration("invoice-clerk", agent, adopt=None)
    assert written.tree["model"] == "${config.ChatModelId}"
    assert paths(found.deviations) == ["model", "tools.file_search.vector_store_ids"]


def test_what_the_classic_client_prints() -> None:
    found = reading("sdk.json")
    (agent,) = found.agents
    assert (found.format, agent.id, agent.name) == ("SDK dump", "asst_abc123", "Invoice clerk")
    assert agent.fields == {
        "model": "gpt-4.1-mini",
        "instructions": "Use only the attached invoices.\nCosts ${x}.\n",
        "top_p": 0.9,
        "metadata": {"team": "fin"},
        "tools": {
            "file_search": {"type": "file_search", "vector_store_ids": ["vs_abc123"], "max_num_results": 8},
            "look_up": {"type": "function", "parameters": {"type": "object", "properties": {}}},
        },
    }


def test_a_version_as_the_portal_exports_it() -> None:
    found = reading("version.yaml")
    (agent,) = found.agents
    assert agent.fields["tools"] == {
        "docs": MCP,
        "file_search": {"type": "file_search", "vector_store_ids": ["vs_abc123"], "max_num_results": 8},
    }
    assert paths(found.losses) == ["definition.reasoning", "definition.tools[0].project_connection_id"]


def test_a_manifest_with_places_that_are_no_yaml() -> None:
    found = reading("manifest.yaml")
    (agent,) = found.agents
    assert agent.fields == {"model": "gpt-4.1-mini", "instructions": "Say {{greeting}}."}
    assert found.deviations == ("`{{…}}` without quotes: read as text",)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("agentschema.yaml", "instructions:", "instrctions:", "did you mean `instructions`"),
        ("agentschema.yaml", "maximumResultCount", "maxResultCount", "did you mean `maximumResultCount`"),
        ("framework.yaml", "approvalMode", "aprovalMode", "did you mean `approvalMode`"),
        ("azure.yaml", "kind: prompt", "knd: prompt", "did you mean `kind`"),
        ("clerk.prompty", "inputs:", "inpts:", "did you mean `inputs`"),
        ("vscode.yaml", "top_p", "top_pp", "did you mean `top_p`"),
        ("kernel.yaml", "instructions:", "instrctions:", "did you mean `instructions`"),
        ("version.yaml", "  model:", "  modl:", "did you mean `model`"),
    ],
)
def test_an_unknown_field_is_a_fault_with_its_place_and_never_dropped(
    name: str, old: str, new: str, told: str
) -> None:
    text = (HERE / name).read_text()
    assert old in text
    changed = text.replace(old, new, 1)
    with pytest.raises(UnreadableError) as refused:
        read(changed, name, beside=lambda other: beside(HERE / other))
    (finding,) = refused.value.findings
    assert told in str(finding)
    line = changed.splitlines()[finding.position.line - 1 + (1 if name == "clerk.prompty" else 0)]
    assert new.strip().split(":")[0] in line


@pytest.mark.parametrize(
    "text", ["", "- a\n", "a: 1\n", "kind: hosted\nname: x\n", "a: [\n", '{"object": "list"}', "---\n---\n"]
)
def test_what_is_in_no_format_is_refused(text: str) -> None:
    with pytest.raises(FoundryError):
        read(text, "x.yaml", beside=lambda _: None)


# ---- writing


def agents() -> dict[str, Agent]:
    manifest = load(ROOT, "sandbox").manifest
    assert manifest is not None
    return {agent.name: agent for agent in manifest.agents}


AGENTS = agents()
KNOWN = Context(
    endpoint="https://a.example/api/projects/p",
    stores={"handbook": "vs_1"},
    files={"stacks/base/data/orders-2026-h1.csv": "assistant-1"},
    queues={"quote-answers": "https://q.example/quote-answers"},
)


def written_and_read(target: str, name: str) -> tuple[dict[str, Any], list[str]]:
    made = write(target, AGENTS[name], KNOWN)
    found = read(
        made.text,
        "x.prompty" if target == "prompty" else "x.yaml",
        beside=lambda other: made.beside.get(other.removeprefix("./")),
    )
    (agent,) = found.agents
    return dict(agent.fields), paths(made.losses)


@pytest.mark.parametrize("target", [one for one in FORMATS if one != "sdk"])
@pytest.mark.parametrize("name", sorted(AGENTS))
def test_what_is_written_is_read_again_but_for_what_was_told_as_lost(target: str, name: str) -> None:
    fields, lost = written_and_read(target, name)
    agent = AGENTS[name]
    for key in ("description", "temperature", "top_p"):
        if key not in lost:
            assert fields.get(key) == getattr(agent, key)
    if isinstance(agent.instructions, str):
        assert fields["instructions"] == agent.instructions
    for tool in agent.tools:
        found = [each for each in fields.get("tools", {}).values() if each["type"] == tool.type]
        assert bool(found) == (f"tools.{tool.name}" not in lost)
    if agent.response_format is not None:
        assert "response_format" in fields or "response_format" in lost
    if agent.metadata and target != "vscode":
        assert fields["metadata"] == agent.metadata


@pytest.mark.parametrize("target", [one for one in FORMATS if one != "sdk"])
def test_what_only_versioned_agents_have_is_told_as_lost(target: str) -> None:
    call = Tool("box", "toolbox", {"toolbox": "lookups", "connection_id": "/c"}, only=Dialect.VERSIONED)
    desk = replace(
        AGENTS["customer-care"],
        dialect=Dialect.VERSIONED,
        tools=(call, Tool("drive", "mcp", {"connector_id": "connector_googledrive", "connection": "drive"})),
        skills=(SkillReference(skill="returns"),),
        reasoning={"effort": "low"},
        enabled=False,
    )
    lost = paths(write(target, desk, KNOWN).losses)
    assert {"skills", "reasoning", "enabled", "tools.box", "tools.drive"} <= set(lost)
    assert "content_filter" not in lost


@pytest.mark.parametrize("target", ["agentschema", "framework", "vscode"])
def test_tools_of_a_server_that_are_told_by_what_they_do_are_lost_and_no_names(target: str) -> None:
    settings = {
        "server_url": "https://docs.example",
        "allowed_tools": {"read_only": True, "tool_names": ["find"]},
    }
    agent = replace(AGENTS["order-analyst"], tools=(Tool("docs", "mcp", settings),), harness="h")

    made = write(target, agent, KNOWN)

    assert "read_only" not in made.text
    assert any("docs.allowed_tools.read_only" in loss for loss in made.losses)
    assert any(loss.startswith("harness: ") for loss in made.losses)


def test_the_body_for_the_official_client_is_what_was_applied() -> None:
    definition = {
        "name": "x",
        "model": "chat",
        "metadata": {"a": "b"},
        "tools": [{"name": "s", "type": "file_search", "vector_store_ids": ["vs_1"]}],
    }
    made = write("sdk", AGENTS["customer-care"], Context(definition=definition))
    told = definition_of(json.loads(made.text))
    assert told["tools"] == [{"name": "file_search", "type": "file_search", "vector_store_ids": ["vs_1"]}]
    assert told["metadata"] == {"a": "b"}


def test_the_body_for_the_official_client_is_read_back() -> None:
    definition = {
        "name": "x",
        "model": "chat",
        "instructions": "Help.",
        "temperature": 0.2,
        "metadata": {"a": "b"},
        "tools": [{"name": "s", "type": "file_search", "vector_store_ids": ["vs_1"]}],
    }
    for left_out in ((), ("temperature",), ("tools",), ("instructions", "tools")):
        told = {key: value for key, value in definition.items() if key not in left_out}
        text = write("sdk", AGENTS["customer-care"], Context(definition=told)).text
        found = read(text, "x.json", beside=lambda _: None)
        (agent,) = found.agents
        assert (found.format, agent.name, agent.id) == ("SDK body", "x", None)
        assert {key: told[key] for key in told if key not in ("name", "tools")} == {
            key: agent.fields[key] for key in agent.fields if key != "tools"
        }
        assert [*agent.fields.get("tools", ())] == ["file_search"] * ("tools" in told)


def test_the_body_of_the_classic_client_is_refused_for_a_versioned_agent() -> None:
    agent = replace(AGENTS["customer-care"], dialect=Dialect.VERSIONED)
    with pytest.raises(FoundryError, match="versioned one"):
        write("sdk", agent, Context(definition={"name": "x", "model": "chat"}))


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("agentschema", "customer-care"),
        ("vscode", "customer-care"),
        ("sdk", "front-desk"),
        ("framework", "quote-desk"),
    ],
)
def test_an_id_that_is_not_known_yet_is_asked_for(target: str, name: str) -> None:
    with pytest.raises(FoundryError, match="bring the stack up first"):
        write(target, AGENTS[name], Context())


def test_a_value_that_a_format_refuses_is_refused_and_not_clipped() -> None:
    with pytest.raises(FoundryError, match="up to 1"):
        write("vscode", replace(AGENTS["order-analyst"], temperature=1.5), KNOWN)
    with pytest.raises(FoundryError, match="service_name"):
        write("azd", replace(AGENTS["order-analyst"], service_name="Order analyst"), KNOWN)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ({"hosted": {"image": "i"}}, "a hosted agent"),
        ({"workflow": "kind: workflow"}, "a workflow"),
        ({"external": {}}, "an external agent"),
        ({"voice": {"model": "m"}}, "a voice agent"),
    ],
)
def test_an_agent_without_a_model_is_not_written(target: str, kind: dict[str, Any], said: str) -> None:
    agent = replace(AGENTS["order-analyst"], model=None, **kind)

    with pytest.raises(
        FoundryError, match=f"agent order-analyst is {said}, and these formats are written for prompt"
    ):
        write(target, agent, KNOWN)
