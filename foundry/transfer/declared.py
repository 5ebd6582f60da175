"""Live objects as declarations: the way back from what a service tells to what a person would have written.

What can't be said in a declaration is told with the object and its field, never dropped: who took such a declaration up
would change the live object.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from foundry.manifest.schema import schema_of
from foundry.reconcile.marks import mark_in, without_mark
from foundry.service.live import LiveAgent, LiveMemoryStore, LiveRule, LiveStore
from foundry.transfer.declared_voice import chosen, voice_tree
from foundry.transfer.document import Declaration, Writing
from foundry.transfer.foreign import Foreign

_SLUG: Final = re.compile(r"[^a-z0-9]+")
_TOOL_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ORDER: Final = (
    "description", "model", "instructions", "temperature", "top_p", "response_format", "metadata", "tools",
)  # fmt: skip
# The service's own defaults (data plane of the Agent Service): what nobody set isn't written down.
_SERVICE_DEFAULTS: Final[Mapping[str, Any]] = {"temperature": 1, "top_p": 1}
# Tools whose key in a declaration is their name at the service; a key of any other is a word of the declaration's own.
_NAMED_ON_THE_WIRE: Final = frozenset(
    (
        "function",
        "openapi",
        "azure_function",
        "connected_agent",
        "mcp",
        "capture_structured_outputs",
        "system",
    )
)
_TOOL_DEFINITIONS: Final = {"Agent": "tool_", "Toolbox": "toolbox_"}
"""What the names of tools' schemas begin with, by kind."""
_OF_PROJECT: Final = re.compile(r"/projects/[^/]+/connections/[^/]+$", re.IGNORECASE)
_NAMELESS: Final = "the live one has none, and a declaration has one: taking it up gives it this name"
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


@dataclass(frozen=True)
class Names:
    """What the ids of a project stand for in declarations. An id that isn't here stays an id.

    `assets` are those of indexes, `<name>/versions/<version>` → the index's declared name. `search_connections` hold ARM ids in lower case, `queues` pairs of endpoint and name, `files` file id → path as the document
    writes it, `memories` a memory store's name at the service → its declared name, `toolboxes` the address of a toolbox's MCP
    endpoint → its declared name. `skills` are known by name at the service and version; the version is None for one that is followed.
    """

    stores: Mapping[str, str] = field(default_factory=dict)
    agents: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    assets: Mapping[str, str] = field(default_factory=dict)
    search_connections: Collection[str] = ()
    queues: Mapping[tuple[str, str], str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    memories: Mapping[str, str] = field(default_factory=dict)
    toolboxes: Mapping[str, str] = field(default_factory=dict)
    skills: Mapping[tuple[str, str | None], str] = field(default_factory=dict)


def declared_name(service_name: str, taken: Collection[str], *, otherwise: str) -> str:
    """A name for a declaration: the service's own, as far as the format's pattern lets it, and one that isn't taken."""
    stem = _SLUG.sub("-", service_name.lower()).strip("-")[:60].strip("-") or otherwise
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


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
        writing.note("name", _NAMELESS)
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
        writing.note("endpoint.traffic", "it isn't told by version numbers; not managed, so it stays")
    if serving.get("activity"):
        endpoint["activity"] = dict(serving["activity"])
    card = serving.get("card") or {}
    if card and card.get("version"):
        skills = {key: writing.inside(skill) for key, skill in (card.get("skills") or {}).items()}
        told = {key: writing.inline(str(card[key])) for key in ("version", "description") if card.get(key)}
        endpoint["card"] = {**told, **({"skills": skills} if skills else {})}
    stopped = {"enabled": False} if serving.get("enabled") is False else {}
    return {**stopped, **({"endpoint": endpoint} if endpoint else {})}


def store_declaration(
    name: str,
    live: LiveStore,
    files: Mapping[str, Mapping[str, Any]],
    *,
    adopt: str | Mapping[str, str] | None,
    dialect: str | None = None,
    chunking: Mapping[str, Any] | None = None,
) -> Declaration:
    """A vector store over files that are at hand: their attributes by path.

    `chunking` is how all of its files are cut; None leaves it to the service.
    """
    writing = Writing(name)
    tree: dict[str, Any] = {"kind": "VectorStore", "name": name, **({"dialect": dialect} if dialect else {})}
    if not live.name:
        writing.note("name", _NAMELESS)
    elif live.name != name:
        tree["service_name"] = writing.inline(live.name)
    tree["files"] = [
        {"path": path, "attributes": {key: writing.inside(told) for key, told in attributes.items()}}
        if attributes
        else path
        for path, attributes in sorted(files.items())
    ]
    if chunking is not None:
        tree["chunking_strategy"] = dict(chunking)
    if live.expires_after_days is not None:
        tree["expires_after"] = {"days": live.expires_after_days}
    metadata = without_mark(live.metadata)
    if metadata:
        tree["metadata"] = {key: writing.inline(value) for key, value in metadata.items()}
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("VectorStore", tree)


def memory_declaration(
    name: str, live: LiveMemoryStore, *, adopt: str | Mapping[str, str] | None
) -> Declaration:
    """A memory store as a declaration. What it remembers is no part of it."""
    writing = Writing(name)
    told = live.definition
    tree: dict[str, Any] = {"kind": "MemoryStore", "name": name}
    if live.id != name:
        tree["service_name"] = live.id
    if told.get("description"):
        tree["description"] = writing.inline(str(told["description"]))
    tree |= {key: writing.inline(str(told[key])) for key in ("chat_model", "embedding_model")}
    known = schema_of("MemoryStore")["properties"]["options"]["properties"]
    options = {key: value for key, value in (told.get("options") or {}).items() if value is not None}
    for key in sorted(set(options) - set(known)):
        writing.note(f"options.{key}", "the format has no such field; it is fixed, so it stays")
    options = {key: writing.inside(value) for key, value in options.items() if key in known}
    tree |= {"options": options} if options else {}
    metadata = without_mark(live.metadata)
    if metadata:
        tree["metadata"] = {key: writing.inline(value) for key, value in metadata.items()}
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("MemoryStore", tree)


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


def skills_tree(skills: Collection[Mapping[str, Any]], to: Names) -> list[Any]:
    """References to skills, as an agent or a toolbox declares them."""
    return [
        to.skills.get((str(skill.get("name")), skill.get("version")))
        or {key: skill[key] for key in ("name", "version") if skill.get(key)}
        for skill in skills
    ]


def tools_tree(
    tools: Collection[Mapping[str, Any]], to: Names, writing: Writing, *, kind: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tools of an Agent or a Toolbox (`kind`) by their keys; `writing` is told of what can't be said."""
    seen: set[str] = set()
    known = schema_of(kind)["$defs"]
    prefix = _TOOL_DEFINITIONS[kind]
    for tool in tools:
        word = str(tool.get("type"))
        name = str(tool.get("name") or word)
        path = f"tools.{name}"
        if f"{prefix}{word}" not in known or ("body" in tool and word != "raw"):
            writing.lose(path, f"the format has no tool of type {word}")
            continue
        if not _TOOL_KEY.fullmatch(name):
            writing.lose(path, "this name can't be the key of a tool: letters, digits, `_` and `-`, up to 64")
            continue
        if name in seen and (kind == "Toolbox" or word in _NAMED_ON_THE_WIRE):
            writing.lose(path, "a second tool of this name; keys are unique")
            continue
        if name in seen:
            name = next(f"{name}_{number}" for number in range(2, 200) if f"{name}_{number}" not in seen)
        seen.add(name)
        if kind == "Agent" and word == "mcp" and tool.get("server_url") in to.toolboxes:
            yield name, _toolbox(tool, to, writing)
            continue
        yield name, _tool(name, tool, known[f"{prefix}{word}"]["properties"], to, writing)


def _toolbox(tool: Mapping[str, Any], to: Names, writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {"type": "toolbox", "toolbox": to.toolboxes[str(tool["server_url"])]}
    connection = str(tool.get("connection_id") or "")
    if not connection:
        writing.lose(
            f"tools.{tool.get('name')}", "it calls a toolbox without a connection that authorises it"
        )
    elif _OF_PROJECT.search(connection):
        tree["connection"] = writing.connection(connection)
    else:
        tree["connection_id"] = writing.inline(connection)
    more = ("allowed_tools", "require_approval")
    return tree | {key: writing.inside(tool[key]) for key in more if tool.get(key)}


def _tool(
    name: str, tool: Mapping[str, Any], fields: Collection[str], to: Names, writing: Writing
) -> dict[str, Any]:
    kind = str(tool.get("type"))
    told = {key: value for key, value in tool.items() if key not in {"name", "type"} and value is not None}
    tree: dict[str, Any] = {"type": kind}
    if told.get("description"):
        tree["description"] = writing.inline(str(told.pop("description")))
    told.pop("description", None)
    match kind:
        case "file_search":
            tree |= _searched_stores(told.pop("vector_store_ids", None) or [], to)
        case "code_interpreter":
            tree |= writing.inside(_code_files(told, to))
        case "azure_ai_search":
            tree |= _index(told, to, writing)
        case "openapi":
            tree |= _openapi(name, told, writing)
        case "azure_function":
            tree |= _azure_function(name, told, to, writing)
        case "connected_agent":
            agent = str(told.pop("agent_id", ""))
            tree |= {"agent": to.agents[agent]} if agent in to.agents else {"agent_id": agent}
            tree.setdefault("description", "")
        case "function":
            if told.get("strict") is False:
                del told["strict"]
            if told.get("parameters") is not None:
                tree["parameters"] = writing.schema("formats", name, told.pop("parameters"))
            if told.get("output_schema") is not None:
                tree["output_schema"] = writing.schema("formats", f"{name}-answer", told.pop("output_schema"))
        case "capture_structured_outputs":
            tree["schema"] = writing.schema("formats", name, told.pop("schema", {}))
        case "toolbox":
            tree |= writing.inside({"toolbox_name": told.pop("toolbox_name", "")})
            tree |= {"version": told.pop("toolbox_version")} if "toolbox_version" in told else {}
        case "memory_search" if told.get("memory_store_name") in to.memories:
            tree["memory_store"] = to.memories[told.pop("memory_store_name")]
    if told.get("connection_id"):
        tree["connection"] = writing.connection(str(told.pop("connection_id")))
    custom = dict(told.pop("custom_search_configuration", None) or {})
    if custom:
        connection = writing.connection(str(custom.pop("connection_id", "")))
        tree["custom_search_configuration"] = {"connection": connection, **writing.inside(custom)}
    for key, value in told.items():
        if value in (None, [], {}):
            continue
        if key in fields:
            tree[key] = writing.inside(value)
        else:
            writing.lose(f"tools.{name}.{key}", f"a tool of type {kind} has no such field in the format")
    return tree


def _searched_stores(ids: Collection[str], to: Names) -> dict[str, Any]:
    if ids and all(store in to.stores for store in ids):
        return {"vector_stores": [to.stores[store] for store in ids]}
    return {"vector_store_ids": list(ids)} if ids else {}


def _code_files(told: dict[str, Any], to: Names) -> dict[str, Any]:
    ids, sources = told.pop("file_ids", None) or [], told.pop("data_sources", None) or []
    if sources:
        return {
            "data_sources": [
                {"type": source.get("type"), "uri": source.get("uri") or source.get("id")}
                for source in sources
            ]
        }
    if ids and all(file in to.files for file in ids):
        return {"files": [to.files[file] for file in ids]}
    return {"file_ids": list(ids)} if ids else {}


def _index(told: dict[str, Any], to: Names, writing: Writing) -> dict[str, Any]:
    connection, index = str(told.pop("index_connection_id", "")), str(told.pop("index_name", ""))
    if not connection and told.get("index_asset_id") in to.assets:
        return {"index_asset": to.assets[told.pop("index_asset_id")]}
    if not connection:
        return {}
    if index in to.indexes and connection.lower() in to.search_connections:
        return {"index": to.indexes[index]}
    return {"connection": writing.connection(connection), "index_name": index}


def _openapi(name: str, told: dict[str, Any], writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {"spec": writing.schema("openapi", name, told.pop("spec", {}))}
    auth = dict(told.pop("auth", None) or {"type": "anonymous"})
    if auth.get("connection_id"):
        auth["connection"] = writing.connection(str(auth.pop("connection_id")))
    tree["auth"] = writing.inside(auth)
    return tree


def _azure_function(name: str, told: dict[str, Any], to: Names, writing: Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    if told.get("parameters") is not None:
        tree["parameters"] = writing.schema("formats", name, told.pop("parameters"))
    for end in ("input_queue", "output_queue"):
        queue = told.pop(end, None) or {}
        known = (str(queue.get("endpoint", "")).rstrip("/"), str(queue.get("queue_name", "")))
        tree[end] = to.queues.get(known) or writing.inside(queue)
    return tree
