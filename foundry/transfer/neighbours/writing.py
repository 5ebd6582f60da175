"""An agent in a neighbouring format, written as that format's own schema wants it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from foundry.manifest.schema import schema_of
from foundry.model import Agent, Dialect, FoundryError, ModelElsewhere, Template
from foundry.service.classic_bodies import create_body
from foundry.transfer.neighbours.fields import put
from foundry.transfer.neighbours.property_schema import from_json_schema
from foundry.transfer.yaml_text import yaml_text

FORMATS: Final = ("agentschema", "azd", "framework", "prompty", "vscode", "sdk")
_OURS: Final = {
    "checks": "what an agent is held against is no part of it",
    "lifecycle": "how it is looked after is no part of it",
}
_VERSIONED_ONLY: Final = (
    "skills",
    "reasoning",
    "tool_choice",
    "structured_inputs",
    "content_filter",
    "invocations_moderation",
    "harness",
    "blueprint_id",
    "endpoint",
    "enabled",
    "keep_versions",
    "evaluation",
)
"""Fields of versioned agents that none of the formats has."""


@dataclass(frozen=True)
class Context:
    """What names stand for, as far as the stack is up: ids of stores, connections (ARM ids), files by path, and the endpoint.

    `definition` is what was applied last, with every id in it; None before the first `up`.
    """

    endpoint: str | None = None
    stores: Mapping[str, str] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)
    definition: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Written:
    """A file's text, texts of files that stand beside it, and what it couldn't say, by field."""

    text: str
    beside: Mapping[str, str]
    losses: tuple[str, ...]


def write(target: str, agent: Agent, context: Context) -> Written:
    """An agent in a format.

    Args:
        target: one of FORMATS.
        agent: the agent as declared.
        context: what its names stand for.

    Raises:
        FoundryError: the format wants something that isn't known, or refuses a value, or the agent is no prompt agent.
    """
    if agent.model is None:
        kinds = {
            "a hosted agent": agent.hosted,
            "an external agent": agent.external,
            "a voice agent": agent.voice,
        }
        what = next((word for word, told in kinds.items() if told is not None), "a workflow")
        raise FoundryError(
            f"agent {agent.name} is {what}, and these formats are written for prompt agents alone",
            fix="export an agent that has a `model`",
        )
    writing = _Writing(agent, context)
    text = _WRITERS[target](writing)
    losses = [*writing.losses, *(f"{key}: {why}" for key, why in _OURS.items() if _says(agent, key))]
    losses += [
        f"{key}: the format has no such field"
        for key in _VERSIONED_ONLY
        if getattr(agent, key) not in (None, (), {})
    ]
    return Written(text, writing.beside, tuple(losses))


def _says(agent: Agent, key: str) -> bool:
    return bool(agent.checks) if key == "checks" else agent.lifecycle != type(agent.lifecycle)()


class _Writing:
    def __init__(self, agent: Agent, context: Context) -> None:
        self.agent = agent
        self.context = context
        self.losses: list[str] = []
        self.beside: dict[str, str] = {}

    def lose(self, path: str, why: str) -> None:
        self.losses.append(f"{path}: {why}")

    def text(self, value: Any) -> str:
        """A text with the addresses of queues in it."""
        if not isinstance(value, Template):
            return str(value)
        parts = [part if isinstance(part, str) else self._queue(part.queue) for part in value.parts]
        return "".join(parts)

    def _queue(self, name: str) -> str:
        if name not in self.context.queues:
            raise FoundryError(
                f"the address of the queue {name} isn't known yet", fix="bring the stack up first"
            )
        return self.context.queues[name]

    def model(self) -> str:
        model = self.agent.model
        if isinstance(model, ModelElsewhere):
            self.lose("model.connection", "a deployment in another account")
            return model.deployment
        return str(model)

    def stores(self, settings: Mapping[str, Any]) -> list[str]:
        return [
            *settings.get("vector_store_ids", ()),
            *self._ids("vector store", settings.get("vector_stores", ()), self.context.stores),
        ]

    def files(self, tool: Any) -> list[str]:
        paths = [file.path for file in tool.files]
        return [*tool.settings.get("file_ids", ()), *self._ids("file", paths, self.context.files)]

    def connection(self, name: str) -> str:
        return self._ids("connection", [name], self.context.connections)[0]

    @staticmethod
    def _ids(what: str, names: Any, known: Mapping[str, str]) -> list[str]:
        missing = [name for name in names if name not in known]
        if missing:
            raise FoundryError(
                f"the id of the {what} {missing[0]} isn't known yet, and this format refers to it by id",
                fix="bring the stack up first",
            )
        return [known[name] for name in names]

    def endpoint(self) -> str:
        if self.context.endpoint is None:
            raise FoundryError("the project's endpoint isn't known yet", fix="bring the stack up first")
        return self.context.endpoint

    def rest(self, where: str, settings: Mapping[str, Any], *said: str) -> None:
        """Tell every setting of a tool that wasn't said."""
        for key in settings:
            if key not in said:
                self.lose(f"{where}.{key}", "the format has no such field")


# ---- AgentSchema and the Agent Framework


def _agentschema(writing: _Writing) -> str:
    agent = writing.agent
    told: dict[str, Any] = {"kind": "prompt", "name": agent.service_name}
    _describe(writing, told)
    options: dict[str, Any] = {"kind": "chat"}
    put(options, "temperature", agent.temperature)
    put(options, "topP", agent.top_p)
    told["model"] = {
        "id": writing.model(),
        "provider": "azure",
        **({"options": options} if len(options) > 1 else {}),
    }
    _instruct(writing, told)
    tools = list(_tools(writing, _agentschema_tool))
    put(told, "tools", tools)
    _answer(writing, told)
    return yaml_text(told)


def _framework(writing: _Writing) -> str:
    agent = writing.agent
    told: dict[str, Any] = {
        "kind": "Prompt",
        "name": re.sub(r"[^A-Za-z0-9]+", "", agent.service_name.title()),
    }
    if told["name"] != agent.service_name:
        writing.lose("service_name", f"written as {told['name']}: letters and digits")
    _describe(writing, told, metadata=True)
    options: dict[str, Any] = {}
    put(options, "temperature", agent.temperature)
    put(options, "topP", agent.top_p)
    told["model"] = {"id": writing.model(), **({"options": options} if options else {})}
    _instruct(writing, told)
    put(told, "tools", list(_tools(writing, _framework_tool)))
    _answer(writing, told, key="type")
    return yaml_text(told)


def _agentschema_tool(writing: _Writing, where: str, tool: Any) -> dict[str, Any] | None:
    settings = tool.settings
    match tool.type:
        case "function":
            made = {"name": tool.name, "kind": "function"}
            put(made, "description", settings.get("description") and writing.text(settings["description"]))
            made["parameters"] = _parameters(writing, where, settings)
            writing.rest(where, settings, "description", "parameters")
            return made
        case "file_search":
            made = {
                "name": tool.name,
                "kind": "file_search",
                "connection": {
                    "kind": "foundry",
                    "endpoint": writing.endpoint(),
                    "authenticationMode": "system",
                },
                "vectorStoreIds": writing.stores(settings),
            }
            put(made, "maximumResultCount", settings.get("max_num_results"))
            ranking = settings.get("ranking_options") or {}
            put(made, "ranker", ranking.get("ranker"))
            put(made, "scoreThreshold", ranking.get("score_threshold"))
            writing.rest(
                where, settings, "vector_stores", "vector_store_ids", "max_num_results", "ranking_options"
            )
            return made
        case "code_interpreter":
            made = {"name": tool.name, "kind": "code_interpreter"}
            put(made, "fileIds", writing.files(tool))
            writing.rest(where, settings, "file_ids")
            return made
        case "mcp":
            return _mcp(writing, where, tool, {"connection": {
                "kind": "anonymous", "endpoint": str(settings["server_url"]), "authenticationMode": "system"},
                "serverName": tool.name})  # fmt: skip
        case "openapi":
            return _openapi(writing, where, tool)
        case "bing_grounding":
            made = {
                "name": tool.name,
                "kind": "bing_search",
                "connection": {
                    "kind": "reference",
                    "name": settings["connection"],
                    "authenticationMode": "system",
                },
            }
            options = {
                key: settings[key] for key in ("market", "set_lang", "count", "freshness") if key in settings
            }
            put(made, "options", options)
            return made
        case _:
            _no_place(writing, where, tool)
            return None


def _framework_tool(writing: _Writing, where: str, tool: Any) -> dict[str, Any] | None:
    settings = tool.settings
    match tool.type:
        case "function":
            made = {"kind": "function", "name": tool.name}
            put(made, "description", settings.get("description") and writing.text(settings["description"]))
            made["parameters"] = _retyped(_parameters(writing, where, settings))
            writing.rest(where, settings, "description", "parameters")
            return made
        case "file_search":
            made = {"kind": "file_search", "name": tool.name, "vectorStoreIds": writing.stores(settings)}
            put(made, "maximumResultCount", settings.get("max_num_results"))
            writing.rest(where, settings, "vector_stores", "vector_store_ids", "max_num_results")
            return made
        case "code_interpreter":
            made = {"kind": "code_interpreter", "name": tool.name}
            put(made, "fileIds", writing.files(tool))
            writing.rest(where, settings, "file_ids")
            return made
        case "mcp":
            return _mcp(writing, where, tool, {"url": str(settings["server_url"])})
        case _:
            _no_place(writing, where, tool)
            return None


def _mcp(writing: _Writing, where: str, tool: Any, address: dict[str, Any]) -> dict[str, Any]:
    settings = tool.settings
    made: dict[str, Any] = {"name": tool.name, "kind": "mcp", **address}
    approval = settings.get("require_approval", "always")
    if isinstance(approval, Mapping):
        lists = {
            f"{when}RequireApprovalTools": _named(
                writing, f"{where}.require_approval.{when}", approval.get(when)
            )
            for when in ("always", "never")
        }
        made["approvalMode"] = {"kind": "specify", **lists}
    else:
        made["approvalMode"] = {"kind": approval}
    put(made, "allowedTools", _named(writing, f"{where}.allowed_tools", settings.get("allowed_tools")))
    writing.rest(where, settings, "server_url", "allowed_tools", "require_approval")
    return made


def _named(writing: _Writing, where: str, tools: Any) -> list[str]:
    """The names of a server's tools; what is said of them otherwise is lost."""
    if not isinstance(tools, Mapping):
        return list(tools or ())
    if "read_only" in tools:
        writing.lose(f"{where}.read_only", "the format knows tools by name alone")
    return list(tools.get("tool_names") or ())


def _openapi(writing: _Writing, where: str, tool: Any) -> dict[str, Any]:
    settings = tool.settings
    spec = dict(settings["spec"])
    if settings.get("server_url"):
        spec["servers"] = [{"url": writing.text(settings["server_url"])}]
    filename = f"{writing.agent.name}-{tool.name}.openapi.json"
    writing.beside[filename] = json.dumps(spec, indent=2, ensure_ascii=False) + "\n"
    auth = settings.get("auth") or {"type": "anonymous"}
    servers = spec.get("servers") or [{}]
    if auth.get("type") == "connection":
        connection = {"kind": "reference", "name": auth["connection"], "authenticationMode": "system"}
    else:
        if auth.get("type") != "anonymous":
            writing.lose(f"{where}.auth", "the format has no such log-in for OpenAPI")
        connection = {
            "kind": "anonymous",
            "endpoint": str(servers[0].get("url", "")),
            "authenticationMode": "system",
        }
    made = {"name": tool.name, "kind": "openapi", "connection": connection, "specification": f"./{filename}"}
    put(made, "description", settings.get("description") and writing.text(settings["description"]))
    writing.rest(where, settings, "spec", "server_url", "auth", "description")
    return made


def _parameters(writing: _Writing, where: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    schema = settings.get("parameters") or {"type": "object", "properties": {}}
    return from_json_schema(schema, writing.lose, f"{where}.parameters")


def _retyped(told: Any) -> Any:
    """The Agent Framework writes `type` and `enum` where AgentSchema has `kind` and `enumValues`."""
    if isinstance(told, Mapping):
        words = {"kind": "type", "enumValues": "enum"}
        return {words.get(key, key): _retyped(item) for key, item in told.items()}
    return [_retyped(item) for item in told] if isinstance(told, list) else told


def _answer(writing: _Writing, told: dict[str, Any], *, key: str = "kind") -> None:
    form = writing.agent.response_format
    if not isinstance(form, Mapping):
        return
    if form.get("type") != "json_schema":
        writing.lose("response_format", f"{form.get('type')}: only a schema has a place")
        return
    schema = form.get("schema")
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        writing.lose("response_format.schema", "only objects have a place")
        return
    made = from_json_schema(schema, writing.lose, "response_format.schema")
    told["outputSchema"] = made if key == "kind" else _retyped(made)


# ---- azd, Prompty, VS Code, the official client


def _azd(writing: _Writing) -> str:
    agent = writing.agent
    filename = f"{agent.name}.md"
    service: dict[str, Any] = {"host": "azure.ai.agent", "kind": "prompt", "name": agent.service_name}
    if not re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?", agent.service_name):
        raise FoundryError(
            f"azd takes letters, digits and dashes in a name, and the agent is called {agent.service_name!r}",
            fix="give it another service_name",
        )
    _describe(writing, service)
    service["model"] = writing.model()
    if agent.instructions is not None:
        writing.beside[filename] = writing.text(agent.instructions)
        service["instructions"] = f"./{filename}"
    for key in ("temperature", "top_p"):
        if getattr(agent, key) is not None:
            writing.lose(key, "azd has no sampling")
    if agent.response_format is not None:
        writing.lose("response_format", "azd has none")
    put(service, "tools", list(_tools(writing, _azd_tool)))
    return yaml_text({"services": {agent.name: service}})


def _azd_tool(writing: _Writing, where: str, tool: Any) -> dict[str, Any] | None:
    settings = tool.settings
    match tool.type:
        case "azure_ai_search" | "bing_grounding" if "connection" in settings:
            writing.rest(where, settings, "connection")
            return {"type": tool.type, "connection": settings["connection"]}
        case "file_search" | "code_interpreter":
            writing.rest(where, {**settings, **({"files": 1} if tool.files else {})})
            return {"type": tool.type}
        case "function":
            made = {"type": "function", "name": tool.name}
            put(made, "description", settings.get("description") and writing.text(settings["description"]))
            put(made, "parameters", settings.get("parameters"))
            writing.rest(where, settings, "description", "parameters")
            return made
        case _:
            _no_place(writing, where, tool)
            return None


def _prompty(writing: _Writing) -> str:
    agent = writing.agent
    told: dict[str, Any] = {"name": agent.service_name}
    _describe(writing, told)
    options: dict[str, Any] = {}
    put(options, "temperature", agent.temperature)
    put(options, "topP", agent.top_p)
    told["model"] = {
        "id": writing.model(),
        "provider": "azure",
        "apiType": "chat",
        **({"options": options} if options else {}),
    }
    form = writing.agent.response_format
    schema = form.get("schema") if isinstance(form, Mapping) else None
    if isinstance(schema, Mapping):
        made = from_json_schema(schema, writing.lose, "response_format.schema")
        told["outputs"] = made["properties"]
    elif isinstance(form, Mapping):
        writing.lose("response_format", "only a schema has a place")
    put(told, "tools", list(_tools(writing, _prompty_tool)))
    body = writing.text(agent.instructions) if agent.instructions is not None else ""
    return f"---\n{yaml_text(told)}---\nsystem:\n{body}" + ("" if body.endswith("\n") else "\n")


def _prompty_tool(writing: _Writing, where: str, tool: Any) -> dict[str, Any] | None:
    if tool.type in ("function", "mcp", "openapi"):
        return _agentschema_tool(writing, where, tool)
    _no_place(writing, where, tool)
    return None


def _vscode(writing: _Writing) -> str:
    agent = writing.agent
    if agent.temperature is not None and agent.temperature > 1:
        raise FoundryError(
            f"the VS Code extension takes temperatures up to 1, and the agent has {agent.temperature}",
            fix="lower it, or leave it out",
        )
    told: dict[str, Any] = {"version": "1.0.0", "name": agent.service_name}
    if agent.description is not None:
        told["description"] = writing.text(agent.description)
    for key in agent.metadata:
        writing.lose(f"metadata.{key}", "the format has author and tag alone")
    options: dict[str, Any] = {}
    put(options, "temperature", agent.temperature)
    put(options, "top_p", agent.top_p)
    told["model"] = {"id": writing.model(), **({"options": options} if options else {})}
    told["instructions"] = writing.text(agent.instructions) if agent.instructions is not None else ""
    if agent.response_format is not None:
        writing.lose("response_format", "the format has none")
    put(told, "tools", list(_tools(writing, _vscode_tool)))
    return yaml_text(told)


def _vscode_tool(writing: _Writing, where: str, tool: Any) -> dict[str, Any] | None:
    settings = tool.settings
    match tool.type:
        case "file_search":
            writing.rest(where, settings, "vector_stores", "vector_store_ids")
            return {"type": "file_search", "options": {"vector_store_ids": writing.stores(settings)}}
        case "code_interpreter":
            files = writing.files(tool)
            writing.rest(where, settings, "file_ids")
            return {"type": "code_interpreter", **({"options": {"file_ids": files}} if files else {})}
        case "bing_grounding":
            told = {
                key: settings[key] for key in ("market", "set_lang", "freshness", "count") if key in settings
            }
            connection = writing.connection(settings["connection"])
            return {"type": "bing_grounding", "options": {"tool_connections": [connection], **told}}
        case "openapi":
            spec = dict(settings["spec"])
            if settings.get("server_url"):
                spec["servers"] = [{"url": writing.text(settings["server_url"])}]
            auth = dict(settings.get("auth") or {"type": "anonymous"})
            scheme = {key: value for key, value in auth.items() if key == "audience"}
            if "connection" in auth:
                scheme["connection_id"] = writing.connection(str(auth["connection"]))
            made = {"type": "openapi", "id": tool.name}
            put(made, "description", settings.get("description") and writing.text(settings["description"]))
            made["options"] = {
                "specification": spec,
                "auth": {"type": auth["type"], **({"security_scheme": scheme} if scheme else {})},
            }
            writing.rest(where, settings, "spec", "server_url", "auth", "description")
            return made
        case "mcp":
            options = {"server_url": settings["server_url"]}
            allowed = _named(writing, f"{where}.allowed_tools", settings.get("allowed_tools"))
            put(options, "allowed_tools", allowed)
            writing.rest(where, settings, "server_url", "allowed_tools")
            return {"type": "mcp", "id": tool.name, "options": options}
        case _:
            _no_place(writing, where, tool)
            return None


def _sdk(writing: _Writing) -> str:
    """The body that makes the agent with azure-ai-agents: what was applied last, with every id in it."""
    if Dialect.CLASSIC not in writing.agent.dialect.parts:
        raise FoundryError(
            f"agent {writing.agent.name} is a versioned one, and this is the body of the classic client",
            fix="choose another format",
        )
    definition = writing.context.definition
    if definition is None:
        raise FoundryError("the agent's ids aren't known yet", fix="bring the stack up first")
    body = create_body(definition, definition.get("metadata") or {})
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


_WRITERS: Final[Mapping[str, Callable[[_Writing], str]]] = {
    "agentschema": _agentschema,
    "framework": _framework,
    "azd": _azd,
    "prompty": _prompty,
    "vscode": _vscode,
    "sdk": _sdk,
}


def _describe(writing: _Writing, told: dict[str, Any], *, metadata: bool = True) -> None:
    if writing.agent.description is not None:
        told["description"] = writing.text(writing.agent.description)
    if metadata:
        put(told, "metadata", dict(writing.agent.metadata))


def _instruct(writing: _Writing, told: dict[str, Any]) -> None:
    if writing.agent.instructions is not None:
        told["instructions"] = writing.text(writing.agent.instructions)


def _tools(
    writing: _Writing, make: Callable[[_Writing, str, Any], dict[str, Any] | None]
) -> Iterator[dict[str, Any]]:
    for tool in writing.agent.tools:
        made = make(writing, f"tools.{tool.name}", tool)
        if made is not None:
            yield made


def _no_place(writing: _Writing, where: str, tool: Any) -> None:
    known = schema_of("Agent")["$defs"].get(f"tool_{tool.type}", {}).get("title", tool.type)
    writing.lose(where, f"{known}: the format has no such tool")
