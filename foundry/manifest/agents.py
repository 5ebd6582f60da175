"""Agents: their references, files and limits checked, and the value they become."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from typing import Any, Final

from foundry.manifest import indexes, openapi
from foundry.manifest.checks import checks_of
from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark
from foundry.manifest.schema import limit
from foundry.manifest.world import World, section, unfilled, words
from foundry.model import Agent, Dialect, KnowledgeFile, ModelElsewhere, Tool

_REPEATABLE: Final = frozenset(
    ("function", "logic_app", "openapi", "azure_function", "connected_agent", "mcp")
)
"""Tools that a classic agent may have several of (azure-ai-agents 1.1 model)."""

_MOST_CODE_FILES: Final = 20
_WORD: Final = re.compile(r"[A-Za-z_]+")
_REASONING: Final = re.compile(r"(o\d|gpt-5)(?!.*chat)")
"""Models that refuse sampling options (reported: microsoft/semantic-kernel issue 12727)."""

_LABEL: Final = re.compile(r"[A-Za-z0-9_]+")
_CATEGORIES: Final[AnyMapping[str, tuple[str, ...]]] = {
    "bing_grounding": ("GroundingWithBingSearch", "ApiKey"),
    "bing_custom_search": ("GroundingWithCustomSearch", "ApiKey"),
    "deep_research": ("GroundingWithBingSearch", "ApiKey"),
    "azure_ai_search": ("CognitiveSearch",),
    "browser_automation": ("Serverless",),
    "sharepoint_grounding": ("CustomKeys", "Sharepoint", "SharePointOnlineList"),
    "fabric_dataagent": ("CustomKeys", "MicrosoftFabric"),
}

TEMPLATED: Final = frozenset(("instructions", "description", "tools"))
"""The fields that may speak of what only a deployment knows."""


def agent_of(document: Document, world: World) -> Agent:
    """The agent that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    _check_sampling(tree, world)
    if world.dialect_of(tree) is Dialect.CLASSIC:
        _check_classic(tree, world)
    return Agent(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        dialect=world.dialect_of(tree),
        model=_model(tree, world),
        description=world.text(tree, "description", limit("Agent", "properties", "description")),
        instructions=world.text(tree, "instructions", limit("Agent", "properties", "instructions")),
        temperature=tree.get("temperature"),
        top_p=tree.get("top_p"),
        response_format=_response_format(tree, world),
        metadata=dict(section(tree, "metadata")),
        tools=_tools(tree, world),
        checks=checks_of(tree, world),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def _model(tree: Mapping, world: World) -> str | ModelElsewhere:
    model = tree.get("model")
    if isinstance(model, Mapping):
        if "connection" in model:
            world.connection(
                model["connection"], model.values_at["connection"], ("AzureOpenAI", "AIServices")
            )
        return ModelElsewhere(str(model.get("connection")), str(model.get("deployment")))
    if "model" in tree:
        world.deployment(model, tree.values_at["model"])
    return str(model)


def _check_sampling(tree: Mapping, world: World) -> None:
    """Warn of sampling that the model behind the deployment refuses when a run starts."""
    deployment = section(section(world.environment, "deployments"), str(tree.get("model")))
    name = section(deployment, "model").get("name")
    if not isinstance(name, str) or not _REASONING.match(name):
        return
    for key in ("temperature", "top_p"):
        if tree.get(key) is not None:
            world.report.warning(
                tree.keys_at[key], f"{name} is a reasoning model and refuses `{key}` in a run", "leave it out"
            )


def _check_classic(tree: Mapping, world: World) -> None:
    """Find what a tool says that only the versioned dialect has (models of azure-ai-agents 1.2 beta)."""
    for tool in section(tree, "tools").values():
        if not isinstance(tool, Mapping):
            continue
        if tool.get("type") == "mcp" and "connection" in tool:
            world.report.error(
                tool.keys_at["connection"],
                "a classic agent takes no connection for an MCP server",
                "leave it out, and let the caller give the headers with each run",
            )
        if tool.get("type") == "computer_use" and tool.get("environment") == "ubuntu":
            world.report.error(
                tool.values_at["environment"],
                "a classic agent can't use a computer with `environment: ubuntu`",
                "write windows, mac, linux or browser",
            )


def _response_format(tree: Mapping, world: World) -> Any:
    told = tree.get("response_format")
    if not isinstance(told, Mapping):
        return told
    resolved = dict(told)
    if "schema" in told:
        resolved["schema"] = world.json_schema(told, "schema")
    if "description" in told:
        resolved["description"] = world.text(told, "description", limit("Agent", "properties", "description"))
    return unfilled(resolved)


def _tools(tree: Mapping, world: World) -> tuple[Tool, ...]:
    declared = section(tree, "tools")
    first: dict[str, str] = {}
    tools = []
    for name, tool in declared.items():
        if not isinstance(tool, Mapping) or not isinstance(tool.get("type"), str):
            continue
        kind = tool["type"]
        if kind not in _REPEATABLE and first.setdefault(kind, name) != name:
            what = f"a second tool of type {kind}, the first is `{first[kind]}`: a classic agent takes one"
            world.report.error(declared.keys_at[name], what, "merge the two, or move one to another agent")
        tools.append(_tool(name, kind, tool, declared.keys_at[name], world))
    return tuple(tools)


def _tool(name: str, kind: str, tree: Mapping, at: Mark, world: World) -> Tool:
    settings = {
        key: unfilled(value) for key, value in tree.items() if key not in ("type", "spec", "parameters")
    }
    files: tuple[KnowledgeFile, ...] = ()
    if "description" in tree:
        settings["description"] = world.text(
            tree, "description", limit("Agent", "$defs", "tool_function", "properties", "description")
        )
    if "connection" in tree:
        world.connection(tree["connection"], tree.values_at["connection"], _CATEGORIES.get(kind, ()))
    special = _SPECIAL.get(kind)
    if special is not None:
        files = special(name, tree, settings, at, world) or ()
    return Tool(name, kind, settings, files, at.position)


# ---- what single types of tools need


def _file_search(_name: str, tree: Mapping, _settings: dict[str, Any], _at: Mark, world: World) -> None:
    stores = words(tree, "vector_stores")
    for store, at in stores:
        world.document("VectorStore", store, at)
    for key in ("vector_stores", "vector_store_ids"):
        found = words(tree, key)
        if len(found) > 1:
            world.report.error(
                found[1][1],
                f"a classic agent searches in one vector store, and `{key}` names {len(found)}",
                "name one, and list all files there",
            )


def _code_interpreter(
    _name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World
) -> tuple[KnowledgeFile, ...]:
    settings.pop("files", None)
    if "data_sources" in tree and not world.standard and world.environment is not None:
        needs_standard("data_sources", tree.keys_at["data_sources"], world)
    named = words(tree, "files")
    total = len(named) + len(words(tree, "file_ids"))
    if total > _MOST_CODE_FILES:
        at = tree.values_at["files" if "files" in tree else "file_ids"]
        world.report.error(
            at,
            f"a code interpreter with {total} files: the service takes {_MOST_CODE_FILES}",
            "name fewer files",
        )
    found = (world.shelf.knowledge(path, at, searchable=False) for path, at in named)
    return tuple(sorted(file for file in found if file))


def _azure_ai_search(_name: str, tree: Mapping, _settings: dict[str, Any], _at: Mark, world: World) -> None:
    if "index" not in tree:
        return
    index = world.document("SearchIndex", tree["index"], tree.values_at["index"])
    if index is not None:
        indexes.check_use(index, tree, world)


def _openapi(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    document = world.body(tree, "spec")
    settings.setdefault("auth", {"type": "anonymous"})
    if document is None:
        return
    settings["spec"] = world.once(document, lambda body: _spec(body, world))
    auth = section(tree, "auth")
    if auth.get("type") != "connection" or "connection" not in auth:
        return
    name, at = auth["connection"], auth.values_at["connection"]
    key = openapi.key_of(document, world.report)
    if not world.connection(name, at, ("CustomKeys",)) or key is None or not isinstance(name, str):
        return
    keys = section(section(section(world.environment, "connections"), name), "keys")
    if keys and key not in keys:
        world.report.error(
            at,
            f"the connection `{name}` has no key `{key}`, which the OpenAPI document asks for",
            f"call the connection's key `{key}`: it has {', '.join(keys)}",
        )


def _spec(document: Mapping, world: World) -> Any:
    openapi.check(document, world.report)
    return unfilled(document)


def _azure_function(_name: str, tree: Mapping, settings: dict[str, Any], at: Mark, world: World) -> None:
    if world.environment is not None and not world.standard:
        needs_standard("an Azure Function tool", at, world)
    _parameters(tree, settings, world)
    for key in ("input_queue", "output_queue"):
        if isinstance(tree.get(key), str):
            world.queue(tree[key], tree.values_at[key])


def _logic_app(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    _parameters(tree, settings, world)


def _function(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    _parameters(tree, settings, world)


def _parameters(tree: Mapping, settings: dict[str, Any], world: World) -> None:
    if "parameters" not in tree:
        return
    schema = world.json_schema(tree, "parameters")
    settings["parameters"] = schema
    if isinstance(schema, dict) and schema.get("type") != "object":
        at = tree.values_at["parameters"]
        world.report.error(
            at,
            "the parameters of a function are a JSON Schema of type object",
            "write `type: object` and `properties`",
        )


def _connected_agent(name: str, tree: Mapping, _settings: dict[str, Any], at: Mark, world: World) -> None:
    if not _WORD.fullmatch(name):
        world.report.error(
            at,
            f"`{name}` can't be the name of a connected agent on the wire",
            "use letters and underscores only",
        )
    if "agent" in tree:
        world.document("Agent", tree["agent"], tree.values_at["agent"])


def _mcp(name: str, _tree: Mapping, _settings: dict[str, Any], at: Mark, world: World) -> None:
    if not _LABEL.fullmatch(name):
        world.report.error(
            at, f"`{name}` can't be the label of an MCP server", "use letters, digits and underscores only"
        )


def _deep_research(_name: str, tree: Mapping, _settings: dict[str, Any], _at: Mark, world: World) -> None:
    if "model" in tree:
        world.deployment(tree["model"], tree.values_at["model"])


_Special = Callable[[str, Mapping, dict[str, Any], Mark, World], "tuple[KnowledgeFile, ...] | None"]
_SPECIAL: Final[AnyMapping[str, _Special]] = {
    "file_search": _file_search,
    "code_interpreter": _code_interpreter,
    "azure_ai_search": _azure_ai_search,
    "openapi": _openapi,
    "azure_function": _azure_function,
    "function": _function,
    "logic_app": _logic_app,
    "connected_agent": _connected_agent,
    "mcp": _mcp,
    "deep_research": _deep_research,
}


def needs_standard(what: str, at: Mark, world: World) -> None:
    """Tell that something needs the standard set-up."""
    world.report.error(
        at,
        f"{what} needs `setup: standard`, and the Environment is basic",
        "set `setup: standard` in the Environment, or leave this out",
    )
