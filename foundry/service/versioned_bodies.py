"""Definitions and the bodies of the versioned Agent Service, in both directions.

Shapes: models of azure-ai-projects 2.10. A definition has the same words in both dialects; what only this one knows is
`reasoning`, `tool_choice`, `structured_inputs`, `skills`, `content_filter`, and `workflow`, `hosted`, `external` or `voice` in the place of
a model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from foundry.service import voice_bodies
from foundry.service.versioned_tools import Body, filled, some, told_of, tool_body, tool_of

WORKFLOW_GATE: Final = "WorkflowAgents=V1Preview"
"""The preview that a workflow must be opted into (header `Foundry-Features`)."""

EXTERNAL_GATE: Final = "ExternalAgents=V1Preview"
"""The preview that an agent which runs elsewhere must be opted into."""

SKILLS_GATE: Final = "Skills=V1Preview"
"""The preview that an agent with skills must be opted into."""

_GATES: Final[Mapping[str, str]] = {
    "workflow": WORKFLOW_GATE,
    "external": EXTERNAL_GATE,
    "voice": voice_bodies.VOICE_GATE,
}
_HARNESSES: Final[Mapping[str, str]] = {
    "microsoft_copilot_preview": "MicrosoftCopilot=V1Preview",
    "github_copilot_preview": "GitHubCopilot=V1Preview",
}
_BLUEPRINT: Final = "ManagedAgentIdentityBlueprint"
_SCALARS: Final = ("model", "instructions", "temperature", "top_p", "reasoning", "structured_inputs")
_CODE: Final = ("runtime", "entry_point", "dependency_resolution")
_AT_RUN_TIME: Final = ("telemetry_config", "session_configuration", "enable_memory_snapshot")
LATEST: Final = "latest"
"""The newest version, whichever it is, in a declaration's traffic."""

_LATEST_ON_THE_WIRE: Final = "@latest"
"""The client's models don't tell of it; public programs patch agents with it, and read it as an endpoint's first rule."""


def version_body(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> Body:
    """The body that makes a version: what is declared, and nothing else."""
    body: Body = {"definition": _definition(definition), "metadata": dict(metadata)}
    if definition.get("description"):
        body["description"] = definition["description"]
    if definition.get("blueprint_id"):
        body["blueprint_reference"] = {"type": _BLUEPRINT, "blueprint_id": definition["blueprint_id"]}
    return body


def features(definition: Mapping[str, Any]) -> str | None:
    """The previews that a definition must be opted into; None when it needs none."""
    gates = [gate for kind, gate in _GATES.items() if definition.get(kind) is not None]
    gates += [SKILLS_GATE] if definition.get("skills") else []
    gates += [_HARNESSES[definition["harness"]]] if definition.get("harness") in _HARNESSES else []
    return ",".join(gates) or None


def definition_of(version: Mapping[str, Any], name: str) -> Body:
    """What a live version says, in the fields of a definition. `name` is the agent's."""
    body = version.get("definition") or {}
    told: Body = {"name": name, **some(version, ("description",))}
    match body.get("kind"):
        case "workflow":
            told["workflow"] = body.get("workflow")
        case "hosted":
            told["hosted"] = _hosted_from_wire(body)
        case "external":
            told["external"] = some(body, ("otel_agent_id",))
        case "voice":
            told |= {**voice_bodies.definition_of(body), **_inputs_from_wire(body)}
        case "prompt":
            told |= _prompt_from_wire(body)
        case kind:
            told["kind"] = kind
    rai = body.get("rai_config") or {}
    told |= filled({"content_filter": rai.get("rai_policy_name")})
    if rai.get("invocations_moderation"):
        told["invocations_moderation"] = filled(rai["invocations_moderation"])
    told |= filled({"blueprint_id": (version.get("blueprint_reference") or {}).get("blueprint_id")})
    told["metadata"] = {str(key): str(value) for key, value in (version.get("metadata") or {}).items()}
    told.setdefault("tools", [])
    return told


def _definition(definition: Mapping[str, Any]) -> Body:
    if definition.get("workflow") is not None:
        body: Body = {"kind": "workflow", "workflow": definition["workflow"]}
    elif definition.get("hosted") is not None:
        body = _hosted(definition["hosted"])
    elif definition.get("external") is not None:
        body = {"kind": "external", **some(definition["external"], ("otel_agent_id",))}
    elif definition.get("voice") is not None:
        body = voice_bodies.body_of(definition)
    else:
        body = _prompt(definition)
    if definition.get("content_filter"):
        body["rai_config"] = {
            "rai_policy_name": definition["content_filter"],
            **some(definition, ("invocations_moderation",)),
        }
    return body


def _prompt(definition: Mapping[str, Any]) -> Body:
    body: Body = {"kind": "prompt", **some(definition, _SCALARS)}
    if definition.get("harness"):
        body["harness"] = {"type": definition["harness"]}
    form = definition.get("response_format")
    if form is not None and form != "auto":
        body["text"] = {"format": _form(form)}
    if definition.get("skills"):
        body["skills"] = [dict(skill) for skill in definition["skills"]]
    tools = [tool_body(tool) for tool in definition.get("tools") or ()]
    if tools:
        body["tools"] = tools
    if definition.get("tool_choice") is not None:
        body["tool_choice"] = voice_bodies.choice_body(definition["tool_choice"])
    return body


def _form(form: Any) -> Any:
    # A schema needs no `strict` of its own: without it the service's default holds, as in the classic dialect.
    return {"type": form} if isinstance(form, str) else dict(form)


def _prompt_from_wire(body: Mapping[str, Any]) -> Body:
    told = some(body, ("model", "instructions", "temperature", "top_p"))
    if body.get("reasoning"):
        told["reasoning"] = filled(body["reasoning"])
    told |= _inputs_from_wire(body)
    form = filled((body.get("text") or {}).get("format") or {})
    if form:
        told["response_format"] = form
    choice = body.get("tool_choice")
    if choice is not None:
        told["tool_choice"] = voice_bodies.choice_of(choice)
    if body.get("harness"):
        told["harness"] = body["harness"].get("type")
    if body.get("skills"):
        told["skills"] = [filled(skill) for skill in body["skills"]]
    told["tools"] = [tool_of(tool) for tool in body.get("tools") or ()]
    return told


def _inputs_from_wire(body: Mapping[str, Any]) -> Body:
    inputs = body.get("structured_inputs") or {}
    told = {name: _input_from_wire(value) for name, value in inputs.items()}
    return {"structured_inputs": told} if told else {}


def _input_from_wire(value: Mapping[str, Any]) -> Body:
    # The service's own default is filled in by some of its clients.
    return {key: part for key, part in told_of(value).items() if (key, part) != ("required", False)}


def _hosted(hosted: Mapping[str, Any]) -> Body:
    body: Body = {
        "kind": "hosted",
        **some(hosted, ("cpu", "memory", "environment_variables", *_AT_RUN_TIME)),
    }
    if hosted.get("code_configuration"):
        body["code_configuration"] = some(hosted["code_configuration"], _CODE)
    else:
        container = some(hosted, ("image", "registry_connection_id"))
        body["container_configuration"] = container
    if hosted.get("protocols"):
        body["protocol_versions"] = [
            {"protocol": protocol, "version": version}
            for protocol, version in sorted(hosted["protocols"].items())
        ]
    return body


def _hosted_from_wire(body: Mapping[str, Any]) -> Body:
    container = body.get("container_configuration") or {}
    told = some(body, ("cpu", "memory", *_AT_RUN_TIME))
    if body.get("environment_variables"):
        told["environment_variables"] = dict(body["environment_variables"])
    told |= some(container, ("image", "registry_connection_id"))
    if body.get("protocol_versions"):
        told["protocols"] = {one.get("protocol"): one.get("version") for one in body["protocol_versions"]}
    if body.get("code_configuration"):
        told["code_configuration"] = some(body["code_configuration"], (*_CODE, "content_hash"))
    return told


# ---- memory stores


def memory_body(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> Body:
    """The body that makes a memory store. The service wants two of the options said, whose default is true."""
    inner: Body = {"kind": "default", **some(definition, ("chat_model", "embedding_model"))}
    if definition.get("options"):
        inner["options"] = {
            "user_profile_enabled": True,
            "chat_summary_enabled": True,
            **definition["options"],
        }
    return {**some(definition, ("name", "description")), "definition": inner, "metadata": dict(metadata)}


def memory_of(body: Mapping[str, Any]) -> Body:
    """What a live memory store's body says, in the fields of a declaration."""
    inner = body.get("definition") or {}
    told: Body = {
        **filled({key: body.get(key) for key in ("name", "description")}),
        **some(inner, ("chat_model", "embedding_model")),
        "metadata": {str(key): str(value) for key, value in (body.get("metadata") or {}).items()},
    }
    options = told_of(inner.get("options") or {})
    return {**told, **({"options": options} if options else {})}


# ---- what belongs to the agent and not to a version


def serving_body(live: Mapping[str, Any], serving: Mapping[str, Any]) -> Body:
    """The merge patch that makes an agent's endpoint and card what is declared; what isn't declared stays.

    `live` is the agent's own body. A merge patch replaces lists whole, and keeps what it doesn't name in mappings.
    """
    body: Body = {}
    endpoint: Body = {}
    if serving.get("traffic"):
        rules = [
            {"type": "FixedRatio", "agent_version": _routed(version), "traffic_percentage": share}
            for version, share in sorted(serving["traffic"].items(), key=lambda rule: _number(rule[0]))
        ]
        endpoint["version_selector"] = {"version_selection_rules": rules}
    if serving.get("protocols"):
        before = (live.get("agent_endpoint") or {}).get("protocol_configuration") or {}
        kept = {name: before.get(name) or {} for name in serving["protocols"]}
        endpoint["protocol_configuration"] = {**dict.fromkeys(before), **kept}
    if serving.get("activity"):
        configured = endpoint.setdefault("protocol_configuration", {})
        configured["activity"] = {**(configured.get("activity") or {}), **serving["activity"]}
    if serving.get("authorization"):
        endpoint["authorization_schemes"] = [{"type": name} for name in serving["authorization"]]
    if endpoint:
        body["agent_endpoint"] = endpoint
    if serving.get("card"):
        body["agent_card"] = _card(serving["card"])
    return body


def serving_of(body: Mapping[str, Any]) -> Body:
    """What a live agent's body says of how callers reach it, in the words of a declaration."""
    told: Body = {}
    endpoint = body.get("agent_endpoint") or {}
    rules = (endpoint.get("version_selector") or {}).get("version_selection_rules") or ()
    traffic = {_version_of(rule): rule.get("traffic_percentage") for rule in rules}
    if traffic:
        told["traffic"] = traffic
    protocols = endpoint.get("protocol_configuration") or {}
    named = sorted(name for name, value in protocols.items() if value is not None)
    if named:
        told["protocols"] = named
    activity = some(protocols.get("activity") or {}, ("enable_m365_public_endpoint",))
    if activity:
        told["activity"] = activity
    schemes = [str(scheme.get("type")) for scheme in endpoint.get("authorization_schemes") or ()]
    if schemes:
        told["authorization"] = schemes
    card = body.get("agent_card")
    if card:
        skills = {
            str(skill.get("id")): {key: value for key, value in skill.items() if key != "id" and value}
            for skill in card.get("skills") or ()
        }
        told["card"] = {
            **filled({key: card.get(key) for key in ("version", "description")}),
            "skills": skills,
        }
    if body.get("state"):
        told["enabled"] = body["state"] == "enabled"
    return told


def _routed(version: str) -> str:
    return _LATEST_ON_THE_WIRE if version == LATEST else version


def _number(version: str) -> float:
    return math.inf if version == LATEST else int(version)


def _version_of(rule: Mapping[str, Any]) -> str:
    version = str(rule.get("agent_version"))
    return LATEST if version == _LATEST_ON_THE_WIRE else version


def _card(card: Mapping[str, Any]) -> Body:
    skills = [{"id": key, **dict(skill)} for key, skill in (card.get("skills") or {}).items()]
    return {**some(card, ("version", "description")), "skills": skills}
