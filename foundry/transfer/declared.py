"""Live objects as declarations: the way back from what a service tells to what a person would have written.

What can't be said in a declaration is told with the object and its field, never dropped: who took such a declaration up
would change the live object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from foundry.manifest.schema import schema_of
from foundry.reconcile.marks import mark_in, without_mark
from foundry.service.live import LiveAgent, LiveRule
from foundry.transfer.declared_tools import skills_tree, tools_tree
from foundry.transfer.declared_voice import chosen, voice_tree
from foundry.transfer.document import Declaration, Writing
from foundry.transfer.foreign import Foreign
from foundry.transfer.names import NAMELESS, Names

_ORDER: Final = (
    "description", "model", "instructions", "temperature", "top_p", "response_format", "metadata", "tools",
)  # fmt: skip
# The service's own defaults (data plane of the Agent Service): what nobody set isn't written down.
_SERVICE_DEFAULTS: Final[Mapping[str, Any]] = {"temperature": 1, "top_p": 1}
_CODE: Final = ("runtime", "entry_point", "dependency_resolution")
_VERSIONED_FIELDS: Final = (
    "reasoning",
    "tool_choice",
    "structured_inputs",
    "content_filter",
    "invocations_moderation",
    "harness",
    "blueprint_id",
)


def agent_declaration(
    name: str,
    live: LiveAgent,
    to: Names,
    *,
    adopt: str | Mapping[str, str] | None,
    dialect: str | None = None,
    serving: Mapping[str, Any] | None = None,
    rule: LiveRule | None = None,
) -> Declaration:
    """An agent as a declaration.

    Args:
        name: the declaration's name.
        live: the agent.
        to: what ids stand for.
        adopt: what `lifecycle.adopt` says; None for an agent that is the stack's already.
        dialect: what `dialect` says; None where the Environment's holds.
        serving: what belongs to a versioned agent and to none of its versions: enabled, protocols, authorization, traffic, card.
        rule: the evaluation rule that has the agent's answers evaluated.
    """
    writing = Writing(name)
    tree: dict[str, Any] = {"kind": "Agent", "name": name, **({"dialect": dialect} if dialect else {})}
    service_name = live.definition.get("name")
    if not service_name:
        writing.note("name", NAMELESS)
    elif service_name != name:
        tree["service_name"] = writing.inline(str(service_name))
    tree |= _agent_tree(live, to, writing) | _serving_tree(serving or {}, writing)
    if rule is not None:
        tree["evaluation"] = _evaluation(rule, str(service_name), writing)
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("Agent", tree)


def _evaluation(rule: LiveRule, service_name: str, writing: Writing) -> dict[str, Any]:
    """A rule of continuous evaluation. The eval that it runs stays whoever's it is, and is named by its id."""
    told = rule.definition
    tree: dict[str, Any] = {"rule": "continuous", "eval_id": writing.inline(str(told["eval_id"]))}
    if rule.id != f"{service_name}-continuous":
        tree["rule_id"] = writing.inline(rule.id)
    tree |= {key: told[key] for key in ("max_hourly_runs", "sampling_rate") if told.get(key) is not None}
    if not told["enabled"]:
        tree["enabled"] = False
    labels = {"display_name": told.get("display_name"), "description": mark_in(told.get("description"))[0]}
    return tree | {key: writing.inline(str(text)) for key, text in labels.items() if text}


def _agent_tree(live: LiveAgent, to: Names, writing: Writing) -> dict[str, Any]:
    definition = live.definition
    tree: dict[str, Any] = {}
    if definition.get("description"):
        tree["description"] = writing.inline(str(definition["description"]))
    if definition.get("kind"):
        writing.lose("kind", f"the format has no agents of kind {definition['kind']}")
    if definition.get("workflow"):
        workflow = str(definition["workflow"])
        tree["workflow"] = writing.text_file("workflow", "workflows", f"{writing.name}.yaml", workflow)
    if definition.get("hosted"):
        tree["hosted"] = _hosted(definition["hosted"], writing)
    if definition.get("external") is not None:
        other = definition["external"].get("otel_agent_id") not in (None, definition.get("name"))
        tree["external"] = writing.inside(dict(definition["external"])) if other else {}
    if definition.get("model"):
        tree["model"] = _model(str(definition["model"]), writing)
    if definition.get("instructions"):
        tree["instructions"] = writing.long_text(
            "prompts", f"{writing.name}.md", str(definition["instructions"])
        )
    for key, default in _SERVICE_DEFAULTS.items():
        if definition.get(key) is not None and definition[key] != default:
            tree[key] = definition[key]
    if definition.get("response_format") not in (None, "auto"):
        tree["response_format"] = _response_format(definition["response_format"], writing)
    for key in _VERSIONED_FIELDS:
        if definition.get(key):
            tree[key] = writing.inside(definition[key])
    metadata = without_mark(live.metadata)
    if metadata:
        tree["metadata"] = {key: writing.inline(value) for key, value in metadata.items()}
    voice = definition.get("voice")
    # A voice agent has toolboxes by name; one that it reaches by its address is a server like any other.
    named = to if voice is None else replace(to, toolboxes={})
    tools = dict(tools_tree(definition.get("tools") or (), named, writing, kind="Agent"))
    if voice is not None:
        tools = {key: _of_voice(tool, to) for key, tool in tools.items()}
        tree["voice"] = voice_tree(voice, tools, to.agents, writing)
    if tools:
        tree["tools"] = tools
    if definition.get("skills"):
        tree["skills"] = skills_tree(definition["skills"], to)
    choice = tree.get("tool_choice")
    if isinstance(choice, Mapping):
        named_tool = chosen(choice, tools)
        if named_tool is None:
            writing.lose("tool_choice", "it names no tool that the agent has")
        else:
            tree["tool_choice"] = named_tool
    return tree


def _of_voice(tool: Mapping[str, Any], to: Names) -> dict[str, Any]:
    """A voice agent's tool; a toolbox of this project by its declared name."""
    name = tool.get("toolbox_name")
    known = (called for address, called in to.toolboxes.items() if f"/toolboxes/{name}/" in address)
    declared = next(known, None) if name else None
    if declared is None:
        return dict(tool)
    rest = {key: value for key, value in tool.items() if key not in ("type", "toolbox_name")}
    return {"type": tool["type"], "toolbox": declared, **rest}


def _hosted(told: Mapping[str, Any], writing: Writing) -> dict[str, Any]:
    tree = {key: told[key] for key in ("image", "cpu", "memory") if told.get(key)}
    code = told.get("code_configuration")
    if code:
        tree["code"] = {
            "folder": writing.folder("code", writing.name),
            **{key: writing.inside(code[key]) for key in _CODE if code.get(key)},
        }
    elif "image" not in tree:
        writing.lose("hosted", "it has neither an image nor code")
    if told.get("environment_variables"):
        variables = told["environment_variables"].items()
        tree["environment_variables"] = {key: writing.inline(str(value)) for key, value in variables}
        writing.note("hosted.environment_variables", "written as they are; see that none of them is a secret")
    if told.get("registry_connection_id"):
        tree["registry_connection"] = writing.connection(str(told["registry_connection_id"]))
    if told.get("protocols"):
        tree["protocols"] = dict(told["protocols"])
    for key in ("telemetry_config", "session_configuration", "enable_memory_snapshot"):
        if told.get(key):
            tree[key] = writing.inside(told[key])
    return tree


def serving_tree(serving: Mapping[str, Any]) -> dict[str, Any]:
    """How callers reach a versioned agent, as `enabled` and `endpoint` of a declaration say it. Nothing is escaped."""
    return _serving_tree(serving, Writing("", whole=True))


def _serving_tree(serving: Mapping[str, Any], writing: Writing) -> dict[str, Any]:
    """What a declaration says of it: nothing of what it can't say, which is noted and stays as it is."""
    fields = schema_of("Agent")["properties"]["endpoint"]["properties"]
    endpoint: dict[str, Any] = {}
    for key in ("protocols", "authorization"):
        strange = sorted(set(serving.get(key) or ()) - set(fields[key]["items"]["enum"]))
        if strange:
            writing.note(
                f"endpoint.{key}", f"the format has no {', '.join(strange)}; not managed, so it stays"
            )
        elif serving.get(key):
            endpoint[key] = list(serving[key])
    traffic = serving.get("traffic") or {}
    if all(re.fullmatch(fields["traffic"]["propertyNames"]["pattern"], version) for version in traffic):
        endpoint |= (
            {"traffic": {version: int(share) for version, share in traffic.items()}} if traffic else {}
        )
    else:
        writing.note("endpoint.traffic", "it isn't given by version numbers; not managed, so it stays")
    if serving.get("activity"):
        endpoint["activity"] = dict(serving["activity"])
    card = serving.get("card") or {}
    if card and card.get("version"):
        skills = {key: writing.inside(skill) for key, skill in (card.get("skills") or {}).items()}
        told = {key: writing.inline(str(card[key])) for key in ("version", "description") if card.get(key)}
        endpoint["card"] = {**told, **({"skills": skills} if skills else {})}
    stopped = {"enabled": False} if serving.get("enabled") is False else {}
    return {**stopped, **({"endpoint": endpoint} if endpoint else {})}


def foreign_declaration(name: str, foreign: Foreign, *, adopt: str | None) -> Declaration:
    """An agent of another format as a declaration, its texts and documents in files of their own."""
    writing = Writing(name)
    tree: dict[str, Any] = {"kind": "Agent", "name": name}
    if foreign.name and foreign.name != name:
        tree["service_name"] = writing.inline(foreign.name)
    for key in sorted(foreign.fields, key=_ORDER.index):
        value = foreign.fields[key]
        match key:
            case "instructions":
                tree[key] = writing.long_text("prompts", f"{name}.md", value)
            case "response_format" if isinstance(value, Mapping) and "schema" in value:
                tree[key] = {**value, "schema": writing.schema("formats", "answer", value["schema"])}
            case "tools":
                tree[key] = {tool: _foreign_tool(tool, told, writing) for tool, told in value.items()}
            case _:
                tree[key] = writing.inside(value)
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("Agent", tree)


def _foreign_tool(name: str, told: Mapping[str, Any], writing: Writing) -> dict[str, Any]:
    folders = {"spec": "openapi", "parameters": "formats"}
    return {
        key: writing.schema(folders[key], name, value) if key in folders else writing.inside(value)
        for key, value in told.items()
    }


def declared_fields(
    live: LiveAgent, to: Names, *, defaults: bool = False
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a declaration of an agent says, with every text and document in its place, and what it can't say.

    `service_name` is always there. Nothing is escaped: `${` in a text is just that. With `defaults` a value is told also where it is
    the service's own: in a definition that was declared, somebody wrote it.
    """
    writing = Writing("", whole=True)
    tree = _agent_tree(live, to, writing)
    if defaults:
        there = {key: live.definition.get(key) for key in _SERVICE_DEFAULTS}
        tree |= {key: value for key, value in there.items() if value is not None}
    return {"service_name": live.definition.get("name"), **tree}, writing.done("Agent", tree).lost


def _model(told: str, writing: Writing) -> Any:
    connection, slash, deployment = told.partition("/")
    if slash:
        return {"connection": writing.connection(connection), "deployment": deployment}
    return told


def _response_format(told: Any, writing: Writing) -> Any:
    if not isinstance(told, Mapping):
        return told
    known = {"type", "name", "description", "schema", "strict"}
    for key in sorted(set(told) - known):
        if told[key] not in (None, False):
            writing.lose(f"response_format.{key}", "the format has no such field")
    form = {key: told[key] for key in ("type", "name", "strict") if told.get(key)}
    if told.get("description"):
        form["description"] = writing.inline(str(told["description"]))
    if told.get("schema") is not None:
        form["schema"] = writing.schema("formats", "answer", told["schema"])
    return form
