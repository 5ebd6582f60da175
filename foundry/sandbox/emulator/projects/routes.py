"""Versioned agents of a project: names, versions, and what belongs to a name."""

import hashlib
import json
import re
from typing import Any, Final

from foundry.sandbox.emulator.files.forms import parse_form
from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route
from foundry.sandbox.emulator.openai.guard import shelf
from foundry.sandbox.emulator.project.guard import PREFIX, project_id
from foundry.sandbox.emulator.projects.definitions import (
    CODE_VERSION,
    DETAILS,
    NAME,
    VERSION,
    stored_definition,
)
from foundry.sandbox.emulator.projects.errors import absent, clash, invalid, malformed
from foundry.sandbox.emulator.projects.guard import guard, require_feature
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.projects.store import KIND, below, key_of, shown_agent, shown_version
from foundry.sandbox.emulator.projects.store import VERSION as VERSION_KIND
from foundry.sandbox.emulator.projects.toolboxes import pinned_skills
from foundry.sandbox.emulator.shapes import one_of

Body = dict[str, Any]

_LARGEST_CODE: Final = 250 * 1024 * 1024
_GATED_KINDS: Final = {
    "workflow": ("WorkflowAgents=V1Preview", "Workflow agents"),
    "external": ("ExternalAgents=V1Preview", "External agents"),
    "voice": ("VoiceAgents=V1Preview", "Voice agents"),
}
_GATED_HARNESSES: Final = {
    "github_copilot_preview": ("GitHubCopilot=V1Preview", "The GitHub Copilot harness"),
    "microsoft_copilot_preview": ("MicrosoftCopilot=V1Preview", "The Microsoft Copilot harness"),
}


def _require_features(call: Call, asked: Body) -> None:
    definition = asked["definition"]
    needed = [_GATED_KINDS.get(definition["kind"])]
    needed.append(_GATED_HARNESSES.get(str((definition.get("harness") or {}).get("type"))))
    needed += [
        ("Skills=V1Preview", "Skills") if definition.get("skills") else None,
        ("DraftAgents=V1Preview", "Draft agent versions") if asked.get("draft") else None,
        ("DigitalWorker=V1Preview", "Digital workers") if asked.get("digital_worker_type") else None,
    ]
    for gate in needed:
        if gate is not None:
            require_feature(call, *gate)


def _require_references(call: Call, definition: Body) -> None:
    world = call.world
    project = shelf(world, project_id(call))
    for index, tool in enumerate(definition.get("tools") or []):
        where = f"definition.tools[{index}]"
        if tool["type"] == "file_search":
            for identity in tool["vector_store_ids"]:
                if world.vector_stores.get(project, identity, call.now) is None:
                    raise invalid(f"Vector store '{identity}' not found.", f"{where}.vector_store_ids")
        if tool["type"] == "code_interpreter" and isinstance(tool.get("container"), dict):
            for identity in tool["container"].get("file_ids") or []:
                if world.files.get(project, identity) is None:
                    raise invalid(f"File '{identity}' not found.", f"{where}.container.file_ids")


def _add(call: Call, asked: Body) -> tuple[Body, Body]:
    """The agent's record and its new version."""
    _require_references(call, asked["definition"])
    definition = stored_definition(asked["definition"])
    if definition["kind"] == "external":
        definition.setdefault("otel_agent_id", call.params["name"])
    if definition.get("skills"):
        definition["skills"] = pinned_skills(call, definition["skills"])
    name, settings = call.params["name"], call.world.settings
    agents, project = call.world.versioned_agents, project_id(call)
    version = agents.add_version(
        project,
        name,
        asked | {"definition": definition},
        call.now,
        due=call.now + settings.version_delay,
        fails=call.world.faults.version_fails(name),
        reuse=settings.reuse_versions,
    )
    agent = agents.agent(project, name)
    assert agent is not None
    return agent, version


def _create_version(call: Call) -> Reply:
    NAME(call.params["name"], "agent_name")
    if call.headers.get("content-type", "").startswith("multipart/"):
        return _create_from_code(call)
    asked = call.object()
    # A preview kind is refused as such before its fields are looked at.
    if isinstance(asked.get("definition"), dict):
        gate = _GATED_KINDS.get(str(asked["definition"].get("kind")))
        if gate is not None:
            require_feature(call, *gate)
    VERSION(asked, "")
    _require_features(call, asked)
    return Reply(body=shown_version(*_add(call, asked), call.now))


def _create_from_code(call: Call) -> Reply:
    parts = parse_form(call.headers.get("content-type", ""), call.content)
    for name in ("metadata", "code"):
        if name not in parts:
            raise Malformed(name, "missing", f"Missing required parameter: '{name}'.")
    try:
        asked = json.loads(parts["metadata"].content)
    except ValueError as error:
        raise Malformed("metadata", "json", "The part 'metadata' is not valid JSON.") from error
    CODE_VERSION(asked, "")
    if asked["definition"].get("code_configuration") is None:
        raise invalid("An uploaded zip needs a code_configuration.", "definition.code_configuration")
    code = parts["code"].content
    if not code or len(code) > _LARGEST_CODE:
        raise invalid(f"The zip must have 1 to {_LARGEST_CODE} bytes.", "code")
    digest = hashlib.sha256(code).hexdigest()
    if call.headers.get("x-ms-code-zip-sha256", "").lower() != digest:
        raise invalid(
            "The header 'x-ms-code-zip-sha256' is not the SHA-256 of the zip.", "x-ms-code-zip-sha256"
        )
    asked["definition"]["code_configuration"]["content_hash"] = digest
    agent, version = _add(call, asked)
    call.world.versioned_agents.keep_code(project_id(call), version, code)
    return Reply(body=shown_version(agent, version, call.now))


def _agent(call: Call) -> Body:
    agent = call.world.versioned_agents.agent(project_id(call), call.params["name"])
    if agent is None:
        raise absent("Agent", call.params["name"])
    return agent


def _version(call: Call, agent: Body, number: str) -> Body:
    version = call.world.versioned_agents.version(project_id(call), agent, number)
    if version is None:
        raise absent(f"Version '{number}' of agent", agent["name"])
    return version


def _shown(call: Call, agent: Body) -> Body:
    latest = call.world.versioned_agents.latest(project_id(call), agent)
    return shown_agent(agent, latest, call.now)


def _list(call: Call) -> Reply:
    where = []
    if kind := call.query.get("kind"):
        one_of("prompt", "hosted", "workflow", "external", "voice")(kind, "kind")
        where.append(("_kind", kind))
    page = page_of(call, KIND, where=where, cursor=key_of)
    return Reply(body=page.body([_shown(call, agent) for agent in page.items]))


def _get(call: Call) -> Reply:
    return Reply(body=_shown(call, _agent(call)))


def _delete(call: Call) -> Reply:
    agent = _agent(call)
    call.world.versioned_agents.remove(project_id(call), agent)
    return Reply(body={"object": "agent.deleted", "name": agent["name"], "deleted": True})


def _patch(call: Call) -> Reply:
    agent = _agent(call)
    asked = call.object()
    DETAILS(asked, "")
    for field, held in (("agent_endpoint", "_endpoint"), ("agent_card", "_card")):
        if field in asked:
            agent[held] = _merged(agent[held], asked[field])
    _require_routes(call, agent)
    call.world.versioned_agents.put(project_id(call), agent)
    return Reply(body=_shown(call, agent))


def _merged(held: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(held) if isinstance(held, dict) else {}
    for name, item in patch.items():
        if item is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), item)
    return merged


def _require_routes(call: Call, agent: Body) -> None:
    rules = ((agent["_endpoint"] or {}).get("version_selector") or {}).get("version_selection_rules") or []
    where = "agent_endpoint.version_selector.version_selection_rules"
    for rule in rules:
        number = rule["agent_version"]
        if number != "@latest" and (
            call.world.versioned_agents.version(project_id(call), agent, number) is None
        ):
            raise invalid(f"Version '{number}' of agent '{agent['name']}' doesn't exist.", where)
    if rules and sum(rule["traffic_percentage"] for rule in rules) != 100:
        raise invalid("The traffic percentages of all rules must add up to 100.", where)


def _switch(call: Call, *, enabled: bool) -> Reply:
    call.world.versioned_agents.put(project_id(call), _agent(call) | {"_enabled": enabled})
    return Reply(204)


def _enable(call: Call) -> Reply:
    return _switch(call, enabled=True)


def _disable(call: Call) -> Reply:
    return _switch(call, enabled=False)


def _list_versions(call: Call) -> Reply:
    agent = _agent(call)
    where = [] if call.flag("include_drafts") else [("_draft", "False")]

    def identity(cursor: str) -> str:
        return f"{agent['name']}:{cursor}" if re.fullmatch(r"\d+", cursor) else cursor

    page = page_of(call, VERSION_KIND, below(agent["name"]), where=where, cursor=identity)
    return Reply(body=page.body([shown_version(agent, item, call.now) for item in page.items]))


def _get_version(call: Call) -> Reply:
    agent = _agent(call)
    return Reply(body=shown_version(agent, _version(call, agent, call.params["version"]), call.now))


def _delete_version(call: Call) -> Reply:
    agent = _agent(call)
    version = _version(call, agent, call.params["version"])
    rules = ((agent["_endpoint"] or {}).get("version_selector") or {}).get("version_selection_rules") or []
    if any(rule["agent_version"] == version["version"] for rule in rules):
        raise clash(f"Version '{version['version']}' is used by the endpoint of agent '{agent['name']}'.")
    call.world.versioned_agents.remove_version(project_id(call), agent, version)
    gone = {"name": agent["name"], "version": version["version"], "deleted": True}
    return Reply(body={"object": "agent.version.deleted", **gone})


def _download(call: Call) -> Reply:
    agent = _agent(call)
    number = call.query.get("agent_version")
    agents, project = call.world.versioned_agents, project_id(call)
    version = _version(call, agent, number) if number else agents.latest(project, agent)
    code = agents.code(project, version)
    if code is None:
        raise absent("Code of agent version", version["id"])
    return Reply(body=code, media="application/zip", headers={"x-ms-agent-version": version["version"]})


_ONE: Final = "/agents/{name}"
_SESSION: Final = _ONE + "/endpoint/sessions/{session}"
_JOB: Final = "/agent_optimization_jobs/{job}"
_UNSERVED: Final = (
    ("endpoint/protocols/voice", "voice conversations", "GET DELETE"),
    ("telephony", "telephony of voice agents", "GET POST PUT PATCH DELETE"),
)

FAMILY = Family(
    name="projects",
    title="Agents (versioned)",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "azure-ai-projects 2, api-version `v1`. Definitions are "
        "checked field by field; unknown fields are refused with their name. Nobody can speak with a voice agent, and what it "
        "names isn't looked up. Preview kinds, drafts, "
        "digital workers, harnesses and skills need the `Foundry-Features` header (403 `preview_feature_required`). Every "
        "create makes a new version, equal or not; `--reuse-versions` returns the latest one instead when it says the "
        "same (unconfirmed which the service does). Unconfirmed too: names are compared without case; numbers of deleted "
        "versions are not used again; deleting the last version removes the agent; vector stores and files that a "
        "definition names must exist (400); the hash of code is refused in a request, and whether a zip can be unpacked is "
        "not looked at; codes and texts of refusals other than 403 and 409. Models, connections, "
        "indexes, memory stores and container images are not looked up. A hosted version is `creating` for a settable "
        "time, then `active`, or `failed` when a fault rule says so; nothing is run. Identities are made up."
    ),
    routes=(
        Route("GET", "/agents", "list agents", _list, "A cursor may name an agent deleted since."),
        Route("GET", _ONE, "get an agent", _get),
        Route(
            "PATCH",
            _ONE,
            "change endpoint and card of an agent",
            _patch,
            "Versions of routing rules must exist, and their shares add up to 100 (unconfirmed for the service).",
        ),
        Route(
            "DELETE", _ONE, "delete an agent", _delete, "There are no sessions, so `force` changes nothing."
        ),
        Route("POST", _ONE + "/versions", "create an agent version, from JSON or from code", _create_version),
        Route("GET", _ONE + "/versions", "list agent versions", _list_versions),
        Route("GET", _ONE + "/versions/{version}", "get an agent version", _get_version),
        Route(
            "DELETE",
            _ONE + "/versions/{version}",
            "delete an agent version",
            _delete_version,
            "409 while the agent's endpoint routes to it (unconfirmed for the service).",
        ),
        Route("POST", _ONE + ":enable", "enable an agent", _enable),
        Route("POST", _ONE + ":disable", "disable an agent", _disable),
        Route("GET", _ONE + "/code:download", "download the code of an agent version", _download),
        Route("POST", _ONE + "/versions:import", "create an agent version from a manifest"),
        *(
            Route(method, f"/agents/{{name}}/{place}/{{rest*}}", f"{method} of {title}")
            for place, title, methods in _UNSERVED
            for method in methods.split()
        ),
        Route("POST", "/agents:generate", "generate an agent from a prompt"),
        Route("POST", _ONE + "/endpoint/sessions", "create a session"),
        Route("GET", _ONE + "/endpoint/sessions", "list sessions"),
        Route("GET", _SESSION, "get a session"),
        Route("DELETE", _SESSION, "delete a session"),
        Route("POST", _SESSION + ":stop", "stop a session"),
        Route("PUT", _SESSION + "/files/content", "upload a session file"),
        Route("GET", _SESSION + "/files/content", "download a session file"),
        Route("GET", _SESSION + "/files", "list session files"),
        Route("DELETE", _SESSION + "/files", "delete a session file"),
        Route("GET", _ONE + "/versions/{version}/sessions/{session}:logstream", "log of a session"),
        Route("POST", _ONE + "/microsoft365/publish", "publish to Microsoft 365"),
        Route("POST", _ONE + "/microsoft365/zip", "package for Microsoft 365"),
        Route("GET", _ONE + "/microsoft365/publishdefaults", "defaults of publishing to Microsoft 365"),
        Route("POST", "/agent_optimization_jobs", "create an optimisation job"),
        Route("POST", "/agent_optimization_jobs:estimate", "estimate an optimisation job"),
        Route("GET", "/agent_optimization_jobs", "list optimisation jobs"),
        Route("GET", _JOB, "get an optimisation job"),
        Route("POST", _JOB + ":cancel", "cancel an optimisation job"),
        Route("DELETE", _JOB, "delete an optimisation job"),
        Route("GET", _JOB + "/candidates", "list candidates of an optimisation job"),
        Route("GET", _JOB + "/candidates/{candidate}", "get a candidate"),
        Route("POST", _JOB + "/candidates/{candidate}:promote", "promote a candidate"),
    ),
)
