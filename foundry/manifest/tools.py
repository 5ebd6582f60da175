"""Tools of agents and toolboxes: their references and files checked, and the values they become."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from dataclasses import replace
from typing import Any, Final

from foundry.manifest import indexes, openapi
from foundry.manifest.attributes import check_filters
from foundry.manifest.dialects import only_in
from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark, plain
from foundry.manifest.schema import limit, tool_types
from foundry.manifest.world import World, section, unfilled, words
from foundry.model import Dialect, KnowledgeFile, Tool

_REPEATABLE: Final = frozenset(
    ("function", "logic_app", "openapi", "azure_function", "connected_agent", "mcp")
)
"""Tools that a classic agent may have several of (azure-ai-agents 1.1 model)."""

_REPEATABLE_VERSIONED: Final = frozenset(
    (
        "a2a",
        "memory_search",
        "capture_structured_outputs",
        "toolbox",
        "custom",
        "namespace",
        "work_iq",
        "fabric_iq",
        "web_iq",
        "raw",
    )
)
"""Those that tell their twins apart by what they refer to (azure-ai-projects 2.10)."""

_PREVIEWS: Final = frozenset(
    (
        "bing_custom_search",
        "sharepoint_grounding",
        "fabric_dataagent",
        "computer_use",
        "memory_search",
        "work_iq",
        "fabric_iq",
        "web_iq",
        "microsoft_copilot_toolset",
        "github_copilot_toolset",
    )
)
"""Tools that the versioned service calls a preview: their type ends in `_preview` on the wire."""

_MOST_CODE_FILES: Final = 20
_WORD: Final = re.compile(r"[A-Za-z_]+")
_LABEL: Final = re.compile(r"[A-Za-z0-9_]+")
_CATEGORIES: Final[AnyMapping[str, tuple[str, ...]]] = {
    "bing_grounding": ("GroundingWithBingSearch", "ApiKey"),
    "bing_custom_search": ("GroundingWithCustomSearch", "ApiKey"),
    "deep_research": ("GroundingWithBingSearch", "ApiKey"),
    "azure_ai_search": ("CognitiveSearch",),
    "browser_automation": ("Serverless",),
    "toolbox": ("RemoteTool",),
    "sharepoint_grounding": ("CustomKeys", "Sharepoint", "SharePointOnlineList"),
    "fabric_dataagent": ("CustomKeys", "MicrosoftFabric"),
}


def tools_of(document: Document, world: World) -> tuple[Tool, ...]:
    """The tools that an agent declares, in the order written."""
    tree = document.tree
    declared = section(tree, "tools")
    versioned = world.dialect_of(tree) is Dialect.VERSIONED
    classic = not versioned and world.knows_dialect(document)
    repeatable = _REPEATABLE if classic else _REPEATABLE | _REPEATABLE_VERSIONED
    only: dict[str, Dialect] = {}
    settings_of: dict[str, dict[str, Dialect]] = {}
    for found in only_in(document.kind, document):
        match found.path:
            case ("tools", str(name)):
                only[name] = found.dialect
            case ("tools", str(name), str(setting)):
                settings_of.setdefault(name, {})[setting] = found.dialect
    first: dict[str, str] = {}
    tools = []
    for name, tool in declared.items():
        if not isinstance(tool, Mapping) or not isinstance(tool.get("type"), str):
            continue
        kind = tool["type"]
        if kind not in repeatable and first.setdefault(kind, name) != name:
            which = "a classic agent" if classic else "an agent"
            what = f"a second tool of type {kind}, the first is `{first[kind]}`: {which} takes one"
            world.report.error(declared.keys_at[name], what, "merge the two, or move one to another agent")
        if versioned and world.knows_dialect(document) and only.get(name) is Dialect.CLASSIC:
            # The dialect has no such tool, which is told; what it refers to is no fault of its own.
            continue
        made = tool_of(name, kind, tool, declared.keys_at[name], world)
        tools.append(replace(made, only=only.get(name), settings_of=settings_of.get(name, {})))
    if not classic:
        return tuple(tools)
    for tool in tools:
        _check_one_store(section(declared, tool.name), world)
    return tuple(tools)


def tool_of(name: str, kind: str, tree: Mapping, at: Mark, world: World) -> Tool:
    """The tool that an agent or a toolbox declares, with its references checked."""
    settings = {
        key: unfilled(value)
        for key, value in tree.items()
        if key not in ("type", "spec", "parameters", "schema")
    }
    files: tuple[KnowledgeFile, ...] = ()
    if "description" in tree:
        settings["description"] = world.text(
            tree, "description", limit("Agent", "$defs", "tool_function", "properties", "description")
        )
    if "connection" in tree:
        world.connection(tree["connection"], tree.values_at["connection"], _CATEGORIES.get(kind, ()))
    custom = section(tree, "custom_search_configuration")
    if "connection" in custom:
        world.connection(
            custom["connection"], custom.values_at["connection"], _CATEGORIES["bing_custom_search"]
        )
    special = _SPECIAL.get(kind)
    if special is not None:
        files = special(name, tree, settings, at, world) or ()
    return Tool(name, kind, settings, files, at.position)


# ---- what single types of tools need


def _file_search(_name: str, tree: Mapping, _settings: dict[str, Any], _at: Mark, world: World) -> None:
    stores = [world.document("VectorStore", store, at) for store, at in words(tree, "vector_stores")]
    found = [
        store for store in stores if store is not None and world.dialect_of(store.tree) is not Dialect.CLASSIC
    ]
    # What others' stores hold isn't known here.
    if stores and len(found) == len(stores) and "vector_store_ids" not in tree:
        check_filters(tree, found, world)


def _check_one_store(tree: Mapping, world: World) -> None:
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
        world.needs_standard("data_sources", tree.keys_at["data_sources"])
    total = len(words(tree, "files")) + len(words(tree, "file_ids"))
    if total > _MOST_CODE_FILES:
        at = tree.values_at["files" if "files" in tree else "file_ids"]
        world.report.error(
            at,
            f"a code interpreter with {total} files: the service takes {_MOST_CODE_FILES}",
            "name fewer files",
        )
    return _local_files(tree, world)


def _local_files(tree: Mapping, world: World) -> tuple[KnowledgeFile, ...]:
    found = (world.shelf.knowledge(path, at, searchable=False) for path, at in words(tree, "files"))
    return tuple(sorted(file for file in found if file))


def _azure_ai_search(_name: str, tree: Mapping, _settings: dict[str, Any], _at: Mark, world: World) -> None:
    for key in ("index", "index_asset"):
        index = world.document("SearchIndex", tree[key], tree.values_at[key]) if key in tree else None
        if index is None:
            continue
        indexes.check_use(index, tree, key, world)
        if key == "index_asset" and not index.tree.get("asset"):
            world.report.error(
                tree.values_at[key],
                f"the index `{index.name}` has no asset",
                f"write `asset: true` in {index.tree.mark.path}, or `index: {index.name}` here",
            )


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
        world.needs_standard("an Azure Function tool", at)
    _parameters(tree, settings, world)
    for key in ("input_queue", "output_queue"):
        if isinstance(tree.get(key), str):
            world.queue(tree[key], tree.values_at[key])


def _logic_app(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    _parameters(tree, settings, world)


def _function(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    _parameters(tree, settings, world)
    if "output_schema" in tree:
        settings["output_schema"] = world.json_schema(tree, "output_schema")


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


def _image_generation(_name: str, tree: Mapping, _settings: dict[str, Any], _at: Mark, world: World) -> None:
    if "model" in tree:
        world.deployment(tree["model"], tree.values_at["model"])


def _memory_search(_name: str, tree: Mapping, _settings: dict[str, Any], _at: Mark, world: World) -> None:
    if "memory_store" in tree:
        world.document("MemoryStore", tree["memory_store"], tree.values_at["memory_store"])


def _toolbox(name: str, tree: Mapping, settings: dict[str, Any], at: Mark, world: World) -> None:
    if "connection" in tree or "connection_id" in tree:
        _mcp(name, tree, settings, at, world)
    if "toolbox" in tree:
        world.document("Toolbox", tree["toolbox"], tree.values_at["toolbox"])


def _capture(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    settings["schema"] = world.json_schema(tree, "schema")


def _shell(
    _name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World
) -> tuple[KnowledgeFile, ...]:
    settings.pop("files", None)
    kind = section(tree, "environment").get("type")
    for key in ("files", "file_ids"):
        if key in tree and kind not in (None, "container_auto"):
            world.report.error(
                tree.keys_at[key],
                f"`{key}` are put into a container that the service makes, and this shell runs elsewhere",
                "leave them out, or write `environment: {type: container_auto}`",
            )
    return _local_files(tree, world)


def _custom(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    form = section(tree, "format")
    if "definition" in form:
        definition = world.text(form, "definition", limit("Agent", "properties", "instructions"))
        settings["format"] = {**plain(form), "definition": definition}


def _namespace(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    declared = section(tree, "tools")
    settings["tools"] = [
        {
            "name": name,
            "type": tool["type"],
            **tool_of(name, str(tool["type"]), tool, declared.keys_at[name], world).settings,
        }
        for name, tool in declared.items()
        if isinstance(tool, Mapping) and isinstance(tool.get("type"), str)
    ]


def _tool_search(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, world: World) -> None:
    if "parameters" in tree:
        settings["parameters"] = world.json_schema(tree, "parameters")


def _toolset(_name: str, tree: Mapping, settings: dict[str, Any], _at: Mark, _world: World) -> None:
    configs = section(tree, "configs")
    if configs:
        settings["configs"] = [
            {"name": name, **plain(told)} for name, told in configs.items() if isinstance(told, Mapping)
        ]


def _raw(_name: str, tree: Mapping, _settings: dict[str, Any], at: Mark, world: World) -> None:
    body = section(tree, "body")
    wire = str(body.get("type"))
    kind = wire.removesuffix("_preview")
    if kind != "raw" and kind in tool_types() and (kind in _PREVIEWS) is (kind != wire):
        world.report.error(
            body.values_at["type"],
            f"a tool of type `{body['type']}` is one that this tool knows, and would be read back as such",
            f"write `type: {kind}` and its fields",
        )
        return
    what = f"`{body.get('type')}` is sent as it stands, and nothing of it is checked"
    world.report.warning(at, what, "look at it in every review")


def _connected_agent(name: str, tree: Mapping, _settings: dict[str, Any], at: Mark, world: World) -> None:
    if not _WORD.fullmatch(name):
        world.report.error(
            at,
            f"`{name}` can't be the name of a connected agent on the wire",
            "use letters and underscores only",
        )
    if "agent" in tree and world.document("Agent", tree["agent"], tree.values_at["agent"]):
        other = world.documents.by_kind["Agent"][tree["agent"]]
        if world.dialect_of(other.tree) is Dialect.VERSIONED:
            world.report.error(
                tree.values_at["agent"],
                f"`{tree['agent']}` is a versioned agent, and a connected agent is a classic one",
                f"write `dialect: classic` or `dialect: both` for `{tree['agent']}`",
            )


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
    "image_generation": _image_generation,
    "memory_search": _memory_search,
    "toolbox": _toolbox,
    "capture_structured_outputs": _capture,
    "shell": _shell,
    "custom": _custom,
    "namespace": _namespace,
    "tool_search": _tool_search,
    "microsoft_copilot_toolset": _toolset,
    "github_copilot_toolset": _toolset,
    "raw": _raw,
    "connected_agent": _connected_agent,
    "mcp": _mcp,
    "deep_research": _deep_research,
}
