"""azure-ai-projects, unmodified, against the versioned agents of a project."""

import hashlib
import io
import zipfile
from typing import Any

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import (
    AgentCard,
    AgentCardSkill,
    AgentEndpointConfig,
    AutoCodeInterpreterToolParam,
    AzureAISearchTool,
    AzureAISearchToolResource,
    CodeConfiguration,
    CodeInterpreterTool,
    ContainerConfiguration,
    FileSearchTool,
    FixedRatioVersionSelectionRule,
    FunctionTool,
    HostedAgentDefinition,
    MCPTool,
    OpenApiAnonymousAuthDetails,
    OpenApiFunctionDefinition,
    OpenApiTool,
    PromptAgentDefinition,
    PromptAgentDefinitionTextOptions,
    SkillInlineContent,
    TextResponseFormatJsonSchema,
    Tool,
    VersionSelector,
    WorkflowAgentDefinition,
)
from azure.ai.projects.models import _models as models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from foundry.sandbox.emulator import Settings, serve

from .conftest import DEVELOPER, Wire
from .model_samples import concrete, filled

BASE = "/agents"


def prompt(instructions: str = "Help.", **more: Any) -> PromptAgentDefinition:
    return PromptAgentDefinition(model="gpt-4.1", instructions=instructions, **more)


def refused(wire: Wire, name: str, body: dict[str, Any]) -> tuple[str, str | None]:
    reply = wire.data("POST", f"{BASE}/{name}/versions", body)
    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    assert error["additionalInfo"]["request_id"] == reply.headers["x-ms-request-id"]
    return error["code"], error["param"]


def test_the_first_version_makes_the_agent_and_comes_back_as_it_was_given(projects: AIProjectClient) -> None:
    made = projects.agents.create_version(
        "helper", definition=prompt(), description="d", metadata={"team": "support"}
    )
    assert (made.id, made.name, made.version, made.status) == ("helper:1", "helper", "1", "active")
    assert made.definition.as_dict() == {
        "kind": "prompt",
        "model": "gpt-4.1",
        "instructions": "Help.",
    }
    assert (made.description, made.metadata, made.draft) == ("d", {"team": "support"}, False)
    read = projects.agents.get_version("helper", "1")
    assert read.as_dict() == made.as_dict()
    agent = projects.agents.get("helper")
    assert (agent.id, agent.state, agent.versions.latest.as_dict()) == ("helper", "enabled", made.as_dict())
    assert agent.instance_identity.principal_id != agent.blueprint.principal_id


def test_every_create_makes_a_new_version_and_the_newest_is_latest(projects: AIProjectClient) -> None:
    for number in ("1", "2", "3"):
        assert projects.agents.create_version("helper", definition=prompt()).version == number
    assert projects.agents.get("helper").versions.latest.version == "3"
    listed = [item.version for item in projects.agents.list_versions("helper", limit=2)]
    assert listed == ["3", "2", "1"]
    assert [item.version for item in projects.agents.list_versions("helper", order="asc")] == ["1", "2", "3"]


def test_a_setting_returns_the_latest_version_when_nothing_changed(tmp_path: Any, azure: None) -> None:
    with serve(tmp_path / "other", settings=Settings(operation_delay=0.01, reuse_versions=True)) as serving:
        wire = Wire(serving)
        wire.make_project()
        wire.allow()
        body = {"definition": {"kind": "prompt", "model": "m"}, "metadata": {"k": "v"}}
        made = [wire.data("POST", "/agents/a/versions", body).json()["version"] for _ in range(2)]
        changed = wire.data("POST", "/agents/a/versions", body | {"metadata": {"k": "w"}}).json()["version"]
        assert (made, changed) == (["1", "1"], "2")


def test_a_deleted_version_leaves_the_one_before_it_as_latest_and_its_number_unused(
    projects: AIProjectClient,
) -> None:
    for _ in range(2):
        projects.agents.create_version("helper", definition=prompt())
    gone = projects.agents.delete_version("helper", "2")
    assert (gone.object, gone.name, gone.version, gone.deleted) == (
        "agent.version.deleted",
        "helper",
        "2",
        True,
    )
    assert projects.agents.get("helper").versions.latest.version == "1"
    assert projects.agents.create_version("helper", definition=prompt()).version == "3"
    with pytest.raises(ResourceNotFoundError):
        projects.agents.get_version("helper", "2")
    with pytest.raises(ResourceNotFoundError):
        projects.agents.delete_version("helper", "2")


def test_the_last_version_takes_the_agent_with_it(projects: AIProjectClient) -> None:
    projects.agents.create_version("helper", definition=prompt())
    projects.agents.delete_version("helper", "1")
    with pytest.raises(ResourceNotFoundError, match="Agent 'helper' doesn't exist"):
        projects.agents.get("helper")
    assert list(projects.agents.list()) == []


def test_a_deleted_agent_is_gone_with_its_versions_and_its_name_is_free(projects: AIProjectClient) -> None:
    projects.agents.create_version("helper", definition=prompt("old"))
    projects.agents.create_version("helper", definition=prompt("older"))
    gone = projects.agents.delete("helper")
    assert (gone.object, gone.name, gone.deleted) == ("agent.deleted", "helper", True)
    for call in (
        lambda: projects.agents.get("helper"),
        lambda: projects.agents.get_version("helper", "1"),
        lambda: projects.agents.delete("helper"),
        lambda: list(projects.agents.list_versions("helper")),
    ):
        with pytest.raises(ResourceNotFoundError):
            call()
    assert projects.agents.create_version("helper", definition=prompt()).version == "1"


def test_a_listing_ends_and_holds_every_agent_once(projects: AIProjectClient, project: Wire) -> None:
    names = [f"agent-{number}" for number in range(7)]
    for name in names:
        projects.agents.create_version(name, definition=prompt())
    assert [agent.name for agent in projects.agents.list(limit=3)] == names[::-1]
    assert [agent.name for agent in projects.agents.list(limit=3, order="asc")] == names
    page = project.data("GET", "/agents", limit="3", order="asc", after="agent-1").json()
    assert [item["name"] for item in page["data"]] == names[2:5]
    assert (page["first_id"], page["last_id"], page["has_more"]) == ("agent-2", "agent-4", True)
    page = project.data("GET", "/agents", limit="3", order="asc", before="agent-1").json()
    assert [item["name"] for item in page["data"]] == names[:1]
    for query in ({"limit": "0"}, {"limit": "101"}, {"order": "up"}, {"after": "nobody"}, {"kind": "other"}):
        assert project.data("GET", "/agents", **query).status_code == 400


def test_agents_may_be_deleted_while_they_are_listed(projects: AIProjectClient) -> None:
    for number in range(5):
        projects.agents.create_version(f"agent-{number}", definition=prompt())
    for agent in projects.agents.list(limit=2):
        projects.agents.delete(agent.name)
    assert list(projects.agents.list()) == []


def test_a_listing_by_kind_goes_by_the_latest_version(preview: AIProjectClient) -> None:
    preview.agents.create_version("a", definition=prompt())
    preview.agents.create_version("b", definition=WorkflowAgentDefinition(workflow="kind: workflow"))
    assert [agent.name for agent in preview.agents.list(kind="workflow")] == ["b"]
    preview.agents.create_version("b", definition=prompt())
    assert [agent.name for agent in preview.agents.list(kind="workflow")] == []


def test_names_are_checked_and_compared_without_case(projects: AIProjectClient, project: Wire) -> None:
    projects.agents.create_version("Helper", definition=prompt())
    assert projects.agents.create_version("helper", definition=prompt()).id == "Helper:2"
    assert projects.agents.get("HELPER").name == "Helper"
    body = {"definition": {"kind": "prompt", "model": "m"}}
    for name in ("under_score", "-a", "a-", "a" * 64, "a.b"):
        assert refused(project, name, body) == ("invalid_payload", "agent_name")
    assert project.data("POST", f"{BASE}/{'a' * 63}/versions", body).status_code == 200


def test_tools_of_the_official_models_are_taken_and_read_back(
    projects: AIProjectClient, project: Wire
) -> None:
    store = project.data("POST", "/vector_stores", {"name": "s"}).json()["id"]
    spec = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/w": {"get": {"operationId": "getWeather", "summary": "s", "responses": {}}}},
    }
    schema = {"type": "object", "properties": {"city": {"type": ["string", "null"], "default": None}}}
    tools: list[Tool] = [
        FunctionTool(name="lookup", parameters=schema, strict=True),
        FileSearchTool(vector_store_ids=[store], max_num_results=3),
        CodeInterpreterTool(container=AutoCodeInterpreterToolParam(file_ids=[])),
        MCPTool(server_label="docs", server_url="https://example.com/mcp", require_approval="always"),
        AzureAISearchTool(
            azure_ai_search=AzureAISearchToolResource(
                indexes=[{"project_connection_id": "/c", "index_name": "i"}]  # type: ignore[list-item]
            )
        ),
        OpenApiTool(
            openapi=OpenApiFunctionDefinition(name="weather", spec=spec, auth=OpenApiAnonymousAuthDetails())
        ),
    ]
    text = PromptAgentDefinitionTextOptions(format=TextResponseFormatJsonSchema(name="out", schema=schema))
    made = projects.agents.create_version("helper", definition=prompt(tools=tools, text=text))
    read = projects.agents.get_version("helper", "1").definition.as_dict()
    assert made.definition.as_dict() == read
    assert [tool["type"] for tool in read["tools"]] == [tool.type for tool in tools]
    for tool, stored in zip(tools, read["tools"], strict=True):
        given = {name: value for name, value in tool.as_dict().items() if name != "openapi"}
        assert {name: stored[name] for name in given} == given
    assert read["tools"][5]["openapi"]["functions"][0]["name"] == "getWeather"
    assert read["text"]["format"]["schema"] == schema


def posted(wire: Wire, definition: dict[str, Any]) -> Any:
    headers = {
        "Foundry-Features": "WorkflowAgents=V1Preview,ExternalAgents=V1Preview,VoiceAgents=V1Preview,"
        "GitHubCopilot=V1Preview,Skills=V1Preview"
    }
    return wire.send(
        "POST",
        "/accounts/contoso/api/projects/support/agents/a/versions",
        "https://ai.azure.com",
        params={"api-version": "v1"},
        json={"definition": definition},
        headers=headers,
    )


def with_references(wire: Wire, tool: dict[str, Any]) -> dict[str, Any]:
    """A tool that names only what is there."""
    if tool["type"] == "file_search":
        return tool | {"vector_store_ids": [wire.data("POST", "/vector_stores", {}).json()["id"]]}
    return tool | {"container": "c"} if tool["type"] == "code_interpreter" else tool


def test_every_tool_of_the_official_client_is_taken_with_all_its_fields_and_no_other(project: Wire) -> None:
    tools = concrete(models.Tool)
    assert len(tools) > 30
    for tag, cls in tools.items():
        tool = with_references(project, filled(cls) | {"type": tag})
        base = {"kind": "prompt", "model": "m"}
        reply = posted(project, base | {"tools": [tool]})
        assert reply.status_code == 200, (tag, reply.text)
        stored = reply.json()["definition"]["tools"][0]
        assert {name: stored[name] for name in tool if name != "openapi"} == {
            name: value for name, value in tool.items() if name != "openapi"
        }
        reply = posted(project, base | {"tools": [tool | {"made_up": 1}]})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "definition.tools[0].made_up"), (
            tag
        )


def test_every_definition_of_the_official_client_is_taken_with_all_its_fields_and_no_other(
    preview: AIProjectClient, project: Wire
) -> None:
    preview.beta.skills.create("x", inline_content=SkillInlineContent(description="d", instructions="i"))
    kinds = concrete(models.AgentDefinition)
    assert set(kinds) == {"prompt", "hosted", "workflow", "external", "voice"}
    for kind, cls in kinds.items():
        definition = filled(cls) | {"kind": kind}
        if kind == "hosted":
            del definition["code_configuration"]
        if kind == "prompt":
            definition["skills"] = [{"name": "x", "version": "1"}]
        if kind == "voice":
            del definition["conversation_engine"]
            definition["tools"] = [{"type": "system", "name": "end_conversation"}]
        reply = posted(project, definition)
        assert reply.status_code == 200, (kind, reply.text)
        assert posted(project, definition | {"made_up": 1}).json()["error"]["param"] == "definition.made_up"
    base = {"kind": "prompt", "model": "m"}
    for tag, cls in concrete(models.ToolChoiceParam).items():
        assert posted(project, base | {"tool_choice": filled(cls) | {"type": tag}}).status_code == 200, tag
    for tag, cls in concrete(models.TextResponseFormat).items():
        text = {"format": filled(cls) | {"type": tag}}
        assert posted(project, base | {"text": text}).status_code == 200, tag


def test_endpoint_and_card_of_the_official_client_are_taken_with_all_their_fields(
    projects: AIProjectClient, project: Wire
) -> None:
    projects.agents.create_version("a", definition=prompt())
    endpoint = filled(models.AgentEndpointConfig)
    rule = {"type": "FixedRatio", "agent_version": "1", "traffic_percentage": 100}
    endpoint["version_selector"] = {"version_selection_rules": [rule]}
    body = {"agent_endpoint": endpoint, "agent_card": filled(models.AgentCard)}
    read = project.data("PATCH", "/agents/a", body).json()
    assert {name: read[name] for name in body} == body


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"surprise": 1}, "surprise"),
    ({"definition": None}, "definition"),
    ({"definition": {"kind": "prompt"}}, "definition.model"),
    ({"definition": {"kind": "prompt", "model": "m", "response_format": "auto"}}, "definition.response_format"),
    ({"definition": {"kind": "prompt", "model": "m", "temperature": 3}}, "definition.temperature"),
    ({"definition": {"kind": "prompt", "model": "m", "temperature": "1"}}, "definition.temperature"),
    ({"definition": {"kind": "prompt", "model": "m", "instructions": "x" * 256_001}}, "definition.instructions"),
    (
        {"definition": {"kind": "prompt", "model": "m", "tools": [{"type": "code_interpreter"}] * 129}},
        "definition.tools",
    ),
    (
        {"definition": {"kind": "prompt", "model": "m", "tools": [{"type": "connected_agent"}]}},
        "definition.tools[0].type",
    ),
    (
        {"definition": {"kind": "prompt", "model": "m", "tools": [{"type": "mcp", "server_label": "l"}]}},
        "definition.tools[0].server_url",
    ),
    (
        {
            "definition": {
                "kind": "prompt",
                "model": "m",
                "tools": [{"type": "file_search", "vector_store_ids": ["vs_none"]}],
            }
        },
        "definition.tools[0].vector_store_ids",
    ),
    ({"definition": {"kind": "hosted", "cpu": "1", "memory": "2Gi"}}, "definition.container_configuration"),
    ({"definition": {"kind": "other"}}, "definition.kind"),
    ({"description": "x" * 513}, "description"),
    ({"metadata": {str(number): "v" for number in range(17)}}, "metadata"),
    ({"metadata": {"k" * 65: "v"}}, "metadata"),
    ({"metadata": {"k": "v" * 513}}, "metadata.k"),
    ({"metadata": {"k": 1}}, "metadata.k"),
]  # fmt: skip


def test_what_the_service_does_not_take_is_refused_by_its_field(project: Wire) -> None:
    for change, param in REFUSED:
        body = {"definition": {"kind": "prompt", "model": "m"}} | change
        assert refused(project, "helper", body) == ("invalid_payload", param), change
    assert project.data("GET", "/agents/helper").status_code == 404


def test_every_choice_within_a_voice_agent_of_the_official_client_is_taken_with_all_its_fields(
    project: Wire,
) -> None:
    base: dict[str, Any] = {"kind": "voice", "model_type": "managed", "model": "m"}
    detections = concrete(models.VoiceAgentTurnDetectionConfig)
    for tag, cls in detections.items():
        heard = filled(cls) | {"type": tag}
        for key in ("threshold",) if "threshold" in heard else ():
            heard[key] = 0.5
        reply = posted(project, base | {"audio": {"input": {"turn_detection": heard}}})
        assert reply.status_code == 200, (tag, reply.text)
        assert reply.json()["definition"]["audio"]["input"]["turn_detection"] == heard
    for field, kinds in {
        "greeting": concrete(models.VoiceAgentGreetingConfig),
        "interim_response": concrete(models.VoiceAgentInterimResponseConfig),
    }.items():
        for tag, cls in kinds.items():
            assert posted(project, base | {field: filled(cls) | {"type": tag}}).status_code == 200, tag
    for tag, cls in concrete(models.VoiceAgentTool).items():
        tool = filled(cls) | {"type": tag}
        if tag == "system":
            tool["name"] = "end_conversation"
        reply = posted(project, base | {"tools": [tool]})
        assert reply.status_code == 200, (tag, reply.text)
        assert posted(project, base | {"tools": [tool | {"made_up": 1}]}).status_code == 400
    engine = {"kind": "voice", "conversation_engine": {"type": "hosted_agent", "name": "box", "version": "1"}}
    assert posted(project, engine).status_code == 200
    for more in ({"model": "m"}, {"instructions": "Talk."}, {"tools": [], "tool_choice": "auto"}):
        assert posted(project, engine | more).status_code == 400, more
    assert posted(project, {"kind": "voice", "model": "m"}).status_code == 400
    assert posted(project, base | {"tools": [{"type": "web_search"}]}).status_code == 400


def test_an_external_agent_says_which_id_it_goes_by(project: Wire) -> None:
    assert posted(project, {"kind": "external"}).json()["definition"]["otel_agent_id"] == "a"
    told = posted(project, {"kind": "external", "otel_agent_id": "b"}).json()["definition"]
    assert told["otel_agent_id"] == "b"


def test_preview_kinds_and_drafts_ask_for_the_header(
    projects: AIProjectClient, preview: AIProjectClient, project: Wire
) -> None:
    workflow = WorkflowAgentDefinition(workflow="kind: workflow")
    with pytest.raises(HttpResponseError, match="allow_preview=True") as refusal:
        projects.agents.create_version("flow", definition=workflow)
    assert refusal.value.status_code == 403
    assert refusal.value.model.error.code == "preview_feature_required"
    with pytest.raises(HttpResponseError, match="DraftAgents=V1Preview"):
        projects.agents.create_version("flow", definition=prompt(), draft=True)
    assert preview.agents.create_version("flow", definition=workflow).definition["workflow"]
    body = {"definition": {"kind": "voice", "model": "m"}}
    assert project.data("POST", "/agents/talk/versions", body).status_code == 403


def test_a_draft_is_no_latest_and_is_listed_on_demand(preview: AIProjectClient) -> None:
    preview.agents.create_version("helper", definition=prompt())
    draft = preview.agents.create_version("helper", definition=prompt("new"), draft=True)
    assert (draft.version, draft.draft) == ("2", True)
    assert preview.agents.get("helper").versions.latest.version == "1"
    assert [item.version for item in preview.agents.list_versions("helper")] == ["1"]
    listed = [item.version for item in preview.agents.list_versions("helper", include_drafts=True, limit=1)]
    assert listed == ["2", "1"]
    preview.agents.create_version("fresh", definition=prompt(), draft=True)
    assert preview.agents.get("fresh").versions.latest.draft


def test_endpoint_card_and_state_belong_to_the_agent(projects: AIProjectClient) -> None:
    for _ in range(2):
        projects.agents.create_version("helper", definition=prompt())
    rules = [FixedRatioVersionSelectionRule(agent_version="1", traffic_percentage=100)]
    endpoint = AgentEndpointConfig(version_selector=VersionSelector(version_selection_rules=rules))  # type: ignore[arg-type]
    changed = projects.agents.update_details("helper", agent_endpoint=endpoint)
    assert changed.agent_endpoint.version_selector.version_selection_rules[0].agent_version == "1"
    card = AgentCard(version="1.0", skills=[AgentCardSkill(id="s", name="Sell")])
    projects.agents.update_details("helper", agent_card=card)
    read = projects.agents.get("helper")
    assert (read.agent_card.skills[0].name, read.versions.latest.version) == ("Sell", "2")
    assert read.agent_endpoint.as_dict() == changed.agent_endpoint.as_dict()
    with pytest.raises(ResourceExistsError, match="is used by the endpoint"):
        projects.agents.delete_version("helper", "1")
    rules[0].agent_version = "9"
    with pytest.raises(HttpResponseError, match="Version '9'"):
        projects.agents.update_details("helper", agent_endpoint=endpoint)
    projects.agents.disable("helper")
    assert (projects.agents.get("helper").state, projects.agents.get("helper").configuration_state) == (
        "disabled",
        "disabled",
    )
    projects.agents.enable("helper")
    assert projects.agents.get("helper").state == "enabled"
    with pytest.raises(ResourceNotFoundError):
        projects.agents.enable("nobody")


def test_a_hosted_version_becomes_active_after_a_while_or_fails(
    projects: AIProjectClient, project: Wire
) -> None:
    definition = HostedAgentDefinition(
        cpu="1", memory="2Gi", container_configuration=ContainerConfiguration(image="acr.io/a:1")
    )
    made = projects.agents.create_version("hosted", definition=definition)
    assert made.status == "creating"
    assert project.control("POST", "/clock", {"advance": 5}).status_code == 200
    assert projects.agents.get_version("hosted", made.version).status == "active"
    project.control("PUT", "/faults", [{"action": {"fail_versions": ["host*"]}}])
    failing = projects.agents.create_version("hosted", definition=definition)
    assert project.control("POST", "/clock", {"advance": 5}).status_code == 200
    assert projects.agents.get_version("hosted", failing.version).status == "failed"
    assert projects.agents.get_version("hosted", made.version).status == "active"


def test_code_is_uploaded_and_comes_back(projects: AIProjectClient, project: Wire, tmp_path: Any) -> None:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("main.py", "print('hello')")
    definition = HostedAgentDefinition(
        cpu="1",
        memory="2Gi",
        code_configuration=CodeConfiguration(
            runtime="python_3_11", entry_point=["main.py"], dependency_resolution="bundled"
        ),
    )
    with archive.open("rb") as code:
        made = projects.agents.create_version_from_code(
            "coded", definition=definition, code=code, metadata={"k": "v"}
        )
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert (made.definition["code_configuration"]["content_hash"], made.metadata) == (digest, {"k": "v"})
    told: list[dict[str, str]] = []
    back = projects.agents.download_code(
        "coded", cls=lambda _, content, headers: told.append(headers) or content
    )
    assert zipfile.ZipFile(io.BytesIO(b"".join(back))).namelist() == ["main.py"]
    assert told[0]["x-ms-agent-version"] == made.version
    configuration = dict(made.definition["code_configuration"])
    sent = {"kind": "hosted", "cpu": "1", "memory": "2Gi", "code_configuration": configuration}
    _, where = refused(project, "coded", {"definition": sent})
    assert where == "definition.code_configuration.content_hash"
    with archive.open("rb") as code, pytest.raises(HttpResponseError, match="SHA-256"):
        projects.agents.create_version_from_code(
            "coded", definition=definition, code=code, code_zip_sha256="0" * 64
        )


def test_a_call_needs_a_token_for_the_audience_a_role_and_the_version_of_the_api(project: Wire) -> None:
    path = "/accounts/contoso/api/projects/support/agents"
    query = {"api-version": "v1"}
    assert project.send("GET", path, None, params=query).status_code == 401
    assert project.send("GET", path, "https://management.azure.com/", params=query).status_code == 401
    stranger = Wire(project.serving, DEVELOPER)
    reply = stranger.send("GET", path, "https://ai.azure.com", params=query)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "PermissionDenied")
    for version in ("", "2025-05-15-preview", "v2"):
        reply = project.send("GET", path, "https://ai.azure.com", params={"api-version": version})
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "UnsupportedApiVersion")


def test_what_is_not_there_says_so_by_name(preview: AIProjectClient) -> None:
    with pytest.raises(HttpResponseError, match="not implemented by the emulator") as refusal:
        preview.agents.create_session("a", version_indicator={"type": "latest"})
    assert refusal.value.status_code == 501
