"""Agents: their references, files and limits checked, and the value they become."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from dataclasses import replace
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from foundry.code_archives import IN_MEMORY, LARGEST_CODE, unpackable, zip_into, zipped_size
from foundry.manifest import indexes, openapi
from foundry.manifest.attributes import check_filters
from foundry.manifest.checks import checks_of
from foundry.manifest.dialects import only_in
from foundry.manifest.evaluations import evaluation_of
from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark, plain
from foundry.manifest.near import meant
from foundry.manifest.schema import limit, tool_types
from foundry.manifest.voices import CHOOSABLE, check_callable, voice_of
from foundry.manifest.world import World, items, section, unfilled, words
from foundry.model import Agent, Dialect, KnowledgeFile, ModelElsewhere, SkillReference, Tool

_REPEATABLE: Final = frozenset(
    ("function", "logic_app", "openapi", "azure_function", "connected_agent", "mcp")
)
"""Tools that a classic agent may have several of (azure-ai-agents 1.1 model)."""

_REPEATABLE_VERSIONED: Final = frozenset(
    ("a2a", "memory_search", "capture_structured_outputs", "toolbox", "raw")
)
"""Those that tell their twins apart by what they refer to (azure-ai-projects 2.10)."""

_PREVIEWS: Final = frozenset(
    ("bing_custom_search", "sharepoint_grounding", "fabric_dataagent", "computer_use", "memory_search")
)
"""Tools that the versioned service calls a preview: their type ends in `_preview` on the wire."""

_CHOICES: Final = ("none", "auto", "required")
_CHOOSABLE: Final = frozenset(
    ("function", "logic_app", "mcp", "file_search", "code_interpreter", "image_generation")
)
_LONGEST_WORKFLOW: Final = 1_000_000
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
    "toolbox": ("RemoteTool",),
    "sharepoint_grounding": ("CustomKeys", "Sharepoint", "SharePointOnlineList"),
    "fabric_dataagent": ("CustomKeys", "MicrosoftFabric"),
}

TEMPLATED: Final = frozenset(("instructions", "description", "tools"))
"""The fields that may speak of what only a deployment knows."""


def agent_of(document: Document, world: World) -> Agent:
    """The agent that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    dialect = world.dialect_of(tree)
    _check_sampling(tree, world)
    if dialect is not Dialect.VERSIONED:
        _check_classic(tree, world)
    check_callable(tree, world)
    return Agent(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        dialect=dialect,
        model=_model(tree, world),
        description=world.text(tree, "description", limit("Agent", "properties", "description")),
        instructions=world.text(tree, "instructions", limit("Agent", "properties", "instructions")),
        temperature=tree.get("temperature"),
        top_p=tree.get("top_p"),
        response_format=_response_format(tree, world),
        metadata=dict(section(tree, "metadata")),
        tools=_tools(document, world),
        skills=skills_of(tree, world),
        reasoning=plain(tree["reasoning"]) if isinstance(tree.get("reasoning"), Mapping) else None,
        tool_choice=_tool_choice(tree, world),
        structured_inputs=_structured_inputs(tree, world),
        content_filter=content_filter(tree, world),
        invocations_moderation=_moderation(tree, world),
        harness=tree.get("harness"),
        blueprint_id=_blueprint(tree, world),
        workflow=world.text(tree, "workflow", _LONGEST_WORKFLOW),
        hosted=_hosted(tree, world),
        external=plain(tree["external"]) if isinstance(tree.get("external"), Mapping) else None,
        voice=voice_of(document, world),
        enabled=tree.get("enabled"),
        endpoint=plain(tree["endpoint"]) if isinstance(tree.get("endpoint"), Mapping) else None,
        keep_versions=tree.get("keep_versions"),
        evaluation=evaluation_of(document, world),
        checks=checks_of(tree, world),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def _model(tree: Mapping, world: World) -> str | ModelElsewhere | None:
    model = tree.get("model")
    if model is None:
        return None
    if isinstance(model, Mapping):
        if "connection" in model:
            world.connection(
                model["connection"], model.values_at["connection"], ("AzureOpenAI", "AIServices")
            )
        return ModelElsewhere(str(model.get("connection")), str(model.get("deployment")))
    world.deployment(model, tree.values_at["model"])
    return str(model)


def _tool_choice(tree: Mapping, world: World) -> str | None:
    """The word, or the key of a tool that a model can be told to use (tool choices of azure-ai-projects 2.10)."""
    greeting = section(section(tree, "voice"), "greeting")
    _choice(greeting, tree, world)
    return _choice(tree, tree, world)


def _choice(holder: Mapping, tree: Mapping, world: World) -> str | None:
    choice, tools = holder.get("tool_choice"), section(tree, "tools")
    choosable = CHOOSABLE if "voice" in tree else _CHOOSABLE
    if not isinstance(choice, str) or choice in _CHOICES:
        return choice if isinstance(choice, str) else None
    at = holder.values_at["tool_choice"]
    if choice not in tools:
        fix = meant(choice, [*_CHOICES, *tools], none="leave it out", have="it can be")
        world.report.error(at, f"`tool_choice` names a tool `{choice}` that the agent does not have", fix)
    elif isinstance(tools[choice], Mapping) and tools[choice].get("type") not in choosable:
        kinds = ", ".join(sorted(choosable))
        what = f"`{choice}` is of a type that can't be chosen"
        world.report.error(at, what, f"write auto, required or none, or name a tool of type {kinds}")
    return choice


def _structured_inputs(tree: Mapping, world: World) -> dict[str, Any]:
    inputs = {}
    for name, told in section(tree, "structured_inputs").items():
        if isinstance(told, Mapping):
            schema = {"schema": world.json_schema(told, "schema")} if "schema" in told else {}
            inputs[name] = unfilled(dict(told)) | schema
    return inputs


def skills_of(tree: Mapping, world: World) -> tuple[SkillReference, ...]:
    """The skills that an agent or a toolbox refers to; a finding for one that isn't declared."""
    found = []
    for told, at in items(tree, "skills"):
        if isinstance(told, str):
            world.document("Skill", told, at)
            found.append(SkillReference(skill=told))
        elif isinstance(told, Mapping):
            found.append(SkillReference(name=str(told.get("name")), version=told.get("version")))
    return tuple(found)


def content_filter(tree: Mapping, world: World) -> str | None:
    """The content filter that a document names; a finding when the Environment has none of that name."""
    chosen = tree.get("content_filter")
    if not isinstance(chosen, str):
        return None
    if not chosen.startswith("Microsoft."):
        known, at = world.names("content_filters"), tree.values_at["content_filter"]
        world.refer("content filter", chosen, known, at, declare="declare it under `content_filters`")
    return chosen


def _moderation(tree: Mapping, world: World) -> dict[str, Any] | None:
    """Where the texts of invocations stand; a finding for each place that must be known and isn't (azure-ai-projects 2.10)."""
    told = tree.get("invocations_moderation")
    if not isinstance(told, Mapping):
        return None
    at = tree.keys_at["invocations_moderation"]
    if "content_filter" not in tree:
        what = "`invocations_moderation` says what a content filter looks at, and the agent names none"
        world.report.error(at, what, "write `content_filter` beside it")
    written, mode = told.get("output_content_type", "json"), told.get("response_mode")
    needed = {
        "input_paths": told.get("input_content_type", "json") == "json",
        "output_paths": written == "json" and mode in ("non_streaming", "both"),
        "stream_selectors": written == "json" and mode in ("streaming", "both"),
    }
    for field in (field for field, is_needed in needed.items() if is_needed and field not in told):
        what = f"`invocations_moderation.{field}` is missing: it is needed where JSON is spoken"
        world.report.error(at, what, "write where the text stands")
    made: dict[str, Any] = plain(told)
    return made


def _blueprint(tree: Mapping, world: World) -> str | None:
    blueprint = tree.get("blueprint_id")
    if blueprint is not None and "code" in section(tree, "hosted"):
        what = "an agent that is made from code can't be given a blueprint: the service takes none with an upload"
        world.report.error(tree.keys_at["blueprint_id"], what, "leave it out, or make it from an image")
    return blueprint if isinstance(blueprint, str) else None


def _hosted(tree: Mapping, world: World) -> dict[str, Any] | None:
    hosted = tree.get("hosted")
    if not isinstance(hosted, Mapping):
        return None
    if "registry_connection" in hosted:
        world.connection(hosted["registry_connection"], hosted.values_at["registry_connection"])
        if "code" in hosted:
            at = hosted.keys_at["registry_connection"]
            world.report.error(at, "code comes from no registry", "take `registry_connection` out")
    told: dict[str, Any] = plain(hosted)
    code = told.pop("code", None)
    if isinstance(code, dict) and isinstance(code.get("folder"), str):
        told["code_configuration"] = {
            **{key: code.get(key) for key in ("runtime", "entry_point", "dependency_resolution")},
            **_code(section(hosted, "code"), world),
        }
    return told


def _code(code: Mapping, world: World) -> dict[str, Any]:
    """The folder of a hosted agent's code, its files, and the hash of the zip that they make."""
    at = code.values_at["folder"]
    taken = world.shelf.folder(str(code["folder"]), at, [pattern for pattern, _ in words(code, "exclude")])
    if taken is None:
        return {}
    folder, files = taken
    size = zipped_size({name: file.size for name, file in files.items()})
    if size > LARGEST_CODE:
        world.report.error(
            at,
            f"the code in {folder} makes a zip of {size:,} bytes, more than the {LARGEST_CODE:,} that the service takes",
            "exclude what the agent doesn't need at run time",
        )
        return {}
    with SpooledTemporaryFile(IN_MEMORY) as packed:
        try:
            content_hash = zip_into(
                packed, {name: partial(world.shelf.opened, file) for name, file in files.items()}
            )
        except OSError as error:
            raise unpackable(folder, error) from None
    return {
        "content_hash": content_hash,
        "folder": folder,
        "files": [{"path": name, "sha256": file.sha256} for name, file in sorted(files.items())],
    }


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
    """Find values that only the versioned dialect takes (models of azure-ai-agents 1.2 beta)."""
    for tool in section(tree, "tools").values():
        if not isinstance(tool, Mapping):
            continue
        if tool.get("type") == "computer_use" and tool.get("environment") == "ubuntu":
            world.report.error(
                tool.values_at["environment"],
                "a classic agent can't use a computer with `environment: ubuntu`",
                "write windows, mac, linux or browser",
            )
        approval = section(tool, "require_approval")
        for holder, key in ((tool, "allowed_tools"), (approval, "always"), (approval, "never")):
            if isinstance(holder.get(key), Mapping):
                at, what = holder.values_at[key], "a classic agent knows the tools of an MCP server by name"
                world.report.error(at, what, "list their names")


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


def _tools(document: Document, world: World) -> tuple[Tool, ...]:
    tree = document.tree
    declared = section(tree, "tools")
    classic = world.dialect_of(tree) is not Dialect.VERSIONED
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
        needs_standard("an Azure Function tool", at, world)
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
    "raw": _raw,
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
