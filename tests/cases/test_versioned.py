"""Every tool of the versioned dialect: the body that a declaration makes, what is read back, and that nothing is left to change.

The official clients (azure-ai-projects, openai) are the witnesses: their models read the same body without a loss, and what
they read of the live agent is what was sent.
"""

import hashlib
import io
import json
import zipfile
from copy import deepcopy
from pathlib import Path

import pytest
from azure.ai.projects import AIProjectClient, models
from azure.ai.projects.models import _models as wire

from foundry.service.toolbox_bodies import TOOL_TYPES as TOOLBOX_TOOLS
from foundry.service.versioned_tools import TOOL_TYPES
from tests.cases.harness.case import cases, expect, live, told
from tests.cases.harness.stack import tapped
from tests.cases.harness.there import made_by_others

VERSIONED = Path(__file__).parent / "versioned"
BASE = VERSIONED / "_base"


@pytest.mark.parametrize("case", cases(VERSIONED), ids=lambda case: case.name)
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
        _witness(stack, requests)
        # Back again: nothing of the change is left behind.
        stack.declare(BASE, case / "declaration")
        stack.up()
        assert stack.preview() == {}
        expect(case / "live.json", live(stack))


def _witness(stack, requests):
    client = AIProjectClient(stack.world.endpoint, stack.world.credential())
    made = [one for one in requests if one["method"] == "POST" and _is_version(one, "agents")]
    for body in (one["body"] for one in made):
        read = wire.AgentDefinition._deserialize(deepcopy(body["definition"]), [])
        assert type(read) is not wire.AgentDefinition
        for tool in body["definition"].get("tools", ()):
            any_tool = wire.VoiceAgentTool if body["definition"]["kind"] == "voice" else wire.Tool
            known = any_tool._deserialize(deepcopy(tool), [])
            assert type(known) is not any_tool
            assert _as_read(known.as_dict()) == _as_read(tool)
        assert _as_read(read.as_dict()) == _as_read(body["definition"])
        ours = next(
            agent.versions.latest
            for agent in client.agents.list()
            if agent.versions.latest.metadata == body["metadata"]
        )
        assert _within(*map(_as_read, (body["definition"], ours.definition.as_dict()))) == _as_read(
            body["definition"]
        )
        if "code_configuration" in body["definition"]:
            packed = b"".join(client.agents.download_code(ours.name, agent_version=ours.version))
            assert hashlib.sha256(packed).hexdigest() == ours.definition.code_configuration.content_hash

    _witness_evaluations(client, requests)


def _as_read(told):
    """A body without the types of what stands in namespaces: the client takes all of it for functions when it reads."""
    if told.get("type") == "namespace":
        inside = [{key: value for key, value in one.items() if key != "type"} for one in told["tools"]]
        return {**told, "tools": inside}
    return {**told, "tools": [_as_read(tool) for tool in told["tools"]]} if "tools" in told else told


def _witness_evaluations(client, requests):
    for one in requests:
        path = one["url"].split("?")[0]
        if one["method"] == "PUT" and "/evaluationrules/" in path:
            sent = models.EvaluationRule(deepcopy(one["body"]))
            assert sent.as_dict() == one["body"]
            live = client.evaluation_rules.get(path.rsplit("/", 1)[-1]).as_dict()
            assert _within(one["body"], live) == one["body"]
        elif one["method"] == "POST" and path.endswith("/openai/v1/evals"):
            live = [each.to_dict(warnings=False) for each in client.get_openai_client().evals.list()]
            assert one["body"] in [{key: each[key] for key in one["body"]} for each in live]
    boxes = [one for one in requests if one["method"] == "POST" and _is_version(one, "toolboxes")]
    for body in (one["body"] for one in boxes):
        ours = next(
            box.versions.latest
            for box in client.toolboxes.list()
            if box.versions.latest.metadata == body["metadata"]
        )
        for sent, seen in zip(body["tools"], ours.tools, strict=True):
            assert type(seen) is not models.ToolboxTool
            assert type(seen)(deepcopy(sent)).as_dict() == sent
        assert {key: _within(value, ours.as_dict()[key]) for key, value in body.items()} == body
    skills = [one for one in requests if one["method"] == "POST" and _is_version(one, "skills")]
    for one in skills:
        name = one["url"].split("/skills/")[1].split("/")[0]
        if "files" in one["body"]:
            with zipfile.ZipFile(io.BytesIO(b"".join(client.beta.skills.download(name)))) as packed:
                assert sorted(packed.namelist()) == one["body"]["files"]
            continue
        content = one["body"]["inline_content"]
        assert models.SkillInlineContent(deepcopy(content)).as_dict() == content
        assert client.beta.skills.get(name).description == content["description"]


def _is_version(request, family):
    parts = request["url"].split("?")[0].split("/")
    return parts[-1] == "versions" and parts[-3] == family


def _within(sent, seen):
    """What was read of the fields that were sent: the service adds others."""
    if isinstance(sent, dict):
        return {key: _within(value, seen.get(key)) for key, value in sent.items()}
    if isinstance(sent, list) and len(sent) == len(seen):
        return [_within(one, other) for one, other in zip(sent, seen, strict=True)]
    return seen


def test_every_tool_of_the_dialect_has_a_case():
    assert {case.name.split("-")[0] for case in cases(VERSIONED)} >= TOOL_TYPES


def test_every_tool_of_a_toolbox_is_in_the_cases_of_toolboxes():
    lives = [json.loads((VERSIONED / case / "live.json").read_text()) for case in ("toolbox", "toolbox-more")]
    assert {tool["type"] for told in lives for tool in told["Toolbox lookups"]["tools"]} == TOOLBOX_TOOLS
