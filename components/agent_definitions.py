"""Declared agents, skills, toolboxes and evaluations as inputs of the dynamic resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from foundry import model

from .references import (
    References,
    called,
    content_filter,
    deployed,
    deployment,
    filled,
    one_of,
    skill_reference,
    told_of,
)
from .tools import tool_definition

_CHOSEN_AS = {"logic_app": "function", "computer_use": "computer_use_preview"}
"""Tools that `tool_choice` names by another word than their type."""


def agent_definition(agent: model.Agent, to: References) -> dict[str, Any]:
    """The `definition` input of an Agent. Fields that weren't declared, or that only versioned agents have, are left out."""
    if agent.model is None:
        raise model.FoundryError(
            f"the agent {agent.name} has no model", fix="give it one, or write `dialect: versioned`"
        )
    declared = {
        "description": agent.description,
        "instructions": agent.instructions,
        "temperature": agent.temperature,
        "top_p": agent.top_p,
        "response_format": _classic_form(agent.response_format),
    }
    return {
        "name": agent.service_name,
        "model": deployment(agent.model, to),
        **{key: filled(value, to) for key, value in declared.items() if value is not None},
        "metadata": dict(agent.metadata),
        "tools": _tools(agent, model.Dialect.CLASSIC, to),
    }


def _classic_form(form: model.Json) -> model.Json:
    """A form of answers without what classic agents don't have."""
    if not isinstance(form, Mapping):
        return form
    return {key: value for key, value in form.items() if key != "strict"}


def versioned_definition(agent: model.Agent, to: References) -> dict[str, Any]:
    """The `definition` input of a VersionedAgent. Fields that weren't declared, or that only classic agents have, are left out."""
    kind: dict[str, Any] = {}
    if agent.workflow is not None:
        kind["workflow"] = filled(agent.workflow, to)
    elif agent.hosted is not None:
        kind["hosted"] = _hosted(agent.hosted, to)
    elif agent.external is not None:
        kind["external"] = dict(agent.external)
    elif agent.voice is not None:
        kind |= {**_prompt(agent, to), "voice": _voice(agent, agent.voice, to)}
    else:
        kind |= _prompt(agent, to)
    declared = {
        "description": agent.description,
        "content_filter": content_filter(agent.content_filter, to),
        "invocations_moderation": agent.invocations_moderation,
        "blueprint_id": agent.blueprint_id,
    }
    return {
        "name": agent.service_name,
        **kind,
        **{key: filled(value, to) for key, value in declared.items() if value is not None},
        "metadata": dict(agent.metadata),
        "tools": _tools(agent, model.Dialect.VERSIONED, to),
    }


def serving_inputs(agent: model.Agent) -> dict[str, Any]:
    """The `serving` input of a VersionedAgent: only what was declared."""
    enabled = {} if agent.enabled is None else {"enabled": agent.enabled}
    return {**enabled, **(agent.endpoint or {})}


def _prompt(agent: model.Agent, to: References) -> dict[str, Any]:
    plain_text = agent.response_format in (None, "auto")
    declared = {
        "instructions": agent.instructions,
        "temperature": agent.temperature,
        "top_p": agent.top_p,
        "response_format": None if plain_text else agent.response_format,
        "reasoning": agent.reasoning,
        "harness": agent.harness,
        "tool_choice": _tool_choice(agent, agent.tool_choice),
        "skills": [skill_reference(reference, to, with_version=True) for reference in agent.skills] or None,
        # The service reads a missing `required` as false, and some of its clients write that.
        "structured_inputs": {
            name: {key: part for key, part in dict(value).items() if (key, part) != ("required", False)}
            for name, value in agent.structured_inputs.items()
            if isinstance(value, Mapping)
        }
        or None,
    }
    made = {} if agent.model is None else {"model": deployment(agent.model, to)}
    return {**made, **{key: filled(value, to) for key, value in declared.items() if value is not None}}


def _tool_choice(agent: model.Agent, choice: str | None) -> str | dict[str, str] | None:
    chosen = next((tool for tool in agent.tools if tool.name == choice), None)
    if chosen is None:
        return choice
    kind = _CHOSEN_AS.get(chosen.type, chosen.type)
    return {"type": kind, "name": chosen.name} if kind in ("function", "mcp", "custom") else {"type": kind}


def _hosted(hosted: Mapping[str, Any], to: References) -> dict[str, Any]:
    rest = {key: filled(value, to) for key, value in hosted.items() if key != "registry_connection"}
    if "registry_connection" not in hosted:
        return rest
    registry = told_of(to.connections, "connection", hosted["registry_connection"])
    return {**rest, "registry_connection_id": registry}


def _voice(agent: model.Agent, voice: Mapping[str, Any], to: References) -> dict[str, Any]:
    told: dict[str, Any] = filled(voice, to)
    if told.get("model_type") == "self_deployed":
        told["model"] = deployment(told["model"], to)
    greeting = told.get("greeting") or {}
    if "tool_choice" in greeting:
        told["greeting"] = {**greeting, "tool_choice": _tool_choice(agent, greeting["tool_choice"])}
    if "conversation_engine" in told:
        told["conversation_engine"] = _named_agent(told["conversation_engine"], "name", to)
    if "subagent_config" in told:
        asked = told["subagent_config"]["subagents"]
        told["subagent_config"] = {"subagents": [_named_agent(one, "agent_name", to) for one in asked]}
    return told


def _named_agent(declared: Mapping[str, Any], name: str, to: References) -> dict[str, Any]:
    """What refers to an agent of this stack as `agent`, with its name at the service under `name`."""
    rest = {key: value for key, value in declared.items() if key != "agent"}
    if "agent" not in declared:
        return rest
    return {**rest, name: told_of(to.versioned_agents, "versioned agent", declared["agent"], what="name")}


def _tools(agent: model.Agent, dialect: model.Dialect, to: References) -> list[dict[str, Any]]:
    said = (tool.said_in(dialect) for tool in agent.tools)
    return [
        _voice_toolbox(tool, to)
        if agent.voice is not None and tool.type == "toolbox"
        else tool_definition(tool, to)
        for tool in said
        if tool is not None
    ]


def _voice_toolbox(tool: model.Tool, to: References) -> dict[str, Any]:
    settings = dict(tool.settings)
    told: dict[str, Any] = {"name": tool.name, "type": tool.type}
    if "toolbox" in settings:
        toolbox = settings.pop("toolbox")
        made = one_of(to.numbered_toolboxes, "toolbox", toolbox)
        told |= {
            "toolbox_name": called(made.name, f"name of toolbox {toolbox}"),
            "toolbox_version": called(made.version, f"version of toolbox {toolbox}"),
        }
    if "version" in settings:
        told["toolbox_version"] = settings.pop("version")
    return {**told, **settings}


def evaluation_definition(agent: model.Agent, evaluation: model.Evaluation, to: References) -> dict[str, Any]:
    """The `definition` input of an Evaluation: the eval that an agent's rule runs."""
    return {
        "name": f"{agent.service_name} continuous evaluation",
        "testing_criteria": [_criterion(one, to) for one in evaluation.evaluators],
    }


def _criterion(one: model.Evaluator, to: References) -> dict[str, Any]:
    judge = {} if one.model is None else {"model": deployed(one.model, to)}
    more = {
        "evaluator_version": one.evaluator_version,
        "initialization_parameters": {**judge, **one.initialization_parameters},
        "data_mapping": dict(one.data_mapping),
    }
    return {
        "name": one.name,
        "evaluator_name": one.evaluator_name,
        **{key: value for key, value in more.items() if value},
    }


def rule_definition(
    evaluation: model.Evaluation, *, agent_name: pulumi.Input[str], eval_id: pulumi.Input[str]
) -> dict[str, Any]:
    """The `definition` input of an EvaluationRule."""
    more = {
        "max_hourly_runs": evaluation.max_hourly_runs,
        "sampling_rate": evaluation.sampling_rate,
        "display_name": evaluation.display_name,
        "description": evaluation.description,
    }
    return {
        "id": evaluation.rule_id,
        "agent_name": called(agent_name, "name of the agent"),
        "eval_id": called(eval_id, "id of its eval"),
        "enabled": evaluation.enabled,
        **{key: value for key, value in more.items() if value is not None},
    }


def toolbox_definition(toolbox: model.Toolbox, to: References) -> dict[str, Any]:
    """The `definition` input of a Toolbox. Skills of this stack stand there without a version: the service follows them."""
    declared = {
        "description": toolbox.description,
        "skills": [skill_reference(reference, to, with_version=False) for reference in toolbox.skills],
        "content_filter": content_filter(toolbox.content_filter, to),
    }
    return {
        "name": toolbox.service_name,
        "tools": [tool_definition(tool, to) for tool in toolbox.tools],
        **{key: value for key, value in declared.items() if value},
        "metadata": dict(toolbox.metadata),
    }


def toolbox_url(endpoint: pulumi.Input[str], name: pulumi.Input[str]) -> pulumi.Output[str]:
    """`foundry.model.toolbox_address` of what may not be known yet."""
    return pulumi.Output.all(endpoint, name).apply(lambda known: model.toolbox_address(*known))


def skill_definition(skill: model.Skill) -> dict[str, Any]:
    """The `definition` input of a Skill."""
    more = {
        "license": skill.license,
        "compatibility": skill.compatibility,
        "allowed_tools": list(skill.allowed_tools),
        "files": [
            {"path": path, "sha256": file.sha256, "source": file.path}
            for path, file in sorted(skill.files.items())
        ],
    }
    return {
        "name": skill.service_name,
        "description": skill.description,
        "instructions": skill.instructions,
        **{key: value for key, value in more.items() if value},
        "metadata": dict(skill.metadata),
    }
