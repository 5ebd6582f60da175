"""Live objects as declarations: the way back from what a service tells to what a person would have written.

What can't be said in a declaration is told with the object and its field, never dropped: who took such a declaration up
would change the live object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from foundry.manifest.schema import schema_of
from foundry.reconcile.marks import mark_in, without_mark
from foundry.service.protocols import LiveAgent, LiveStore
from foundry.transfer.foreign import Foreign, Place

_SLUG: Final = re.compile(r"[^a-z0-9]+")
_TOOL_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SHORT: Final = 100
_ORDER: Final = (
    "description", "model", "instructions", "temperature", "top_p", "response_format", "metadata", "tools",
)  # fmt: skip
_SMALL_SCHEMA: Final = 160
# The service's own defaults (data plane of the Agent Service): what nobody set isn't written down.
_SERVICE_DEFAULTS: Final[Mapping[str, Any]] = {"temperature": 1, "top_p": 1}
_VERSIONED_FIELDS: Final = ("reasoning", "tool_choice", "structured_inputs", "content_filter")
_INDEX_SERVER_FIELDS: Final = frozenset({"@odata.etag", "@odata.context", "name"})


@dataclass(frozen=True)
class Names:
    """What the ids of a project stand for in declarations. An id that isn't here stays an id.

    `connections` and `search_connections` hold ARM ids in lower case, `queues` pairs of endpoint and name, `files` file id →
    path as the document writes it.
    """

    stores: Mapping[str, str] = field(default_factory=dict)
    agents: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    search_connections: Collection[str] = ()
    queues: Mapping[tuple[str, str], str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Declaration:
    """A document and the files it refers to.

    `materials` are texts by their path below the layer. `lost` says what of the live object it can't say; `connections` are
    the connections it names.
    """

    kind: str
    name: str
    tree: Mapping[str, Any]
    materials: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    connections: frozenset[str] = frozenset()


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
) -> Declaration:
    """An agent as a declaration.

    Args:
        name: the declaration's name.
        live: the agent.
        to: what ids stand for.
        adopt: what `lifecycle.adopt` says; None for an agent that is the stack's already.
        dialect: what `dialect` says; None where the Environment's holds.
    """
    writing = _Writing(name)
    tree: dict[str, Any] = {"kind": "Agent", "name": name, **({"dialect": dialect} if dialect else {})}
    service_name = live.definition.get("name")
    if service_name and service_name != name:
        tree["service_name"] = writing.inline(str(service_name))
    tree |= _agent_tree(live, to, writing)
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("Agent", tree)


def _agent_tree(live: LiveAgent, to: Names, writing: _Writing) -> dict[str, Any]:
    definition = live.definition
    tree: dict[str, Any] = {}
    if definition.get("description"):
        tree["description"] = writing.inline(str(definition["description"]))
    for key in ("workflow", "hosted"):
        if definition.get(key):
            writing.lose(key, "a declaration of this kind is written by hand")
    if definition.get("model"):
        tree["model"] = _model(str(definition["model"]), writing)
    if definition.get("instructions"):
        tree["instructions"] = writing.prompt(str(definition["instructions"]))
    for key, default in _SERVICE_DEFAULTS.items():
        if definition.get(key) is not None and definition[key] != default:
            tree[key] = definition[key]
    if definition.get("response_format") not in (None, "auto"):
        tree["response_format"] = _response_format(definition["response_format"], writing)
    for key in _VERSIONED_FIELDS:
        if definition.get(key):
            tree[key] = definition[key]
    metadata = without_mark(live.metadata)
    if metadata:
        tree["metadata"] = {key: writing.inline(value) for key, value in metadata.items()}
    tools = dict(_tools(definition.get("tools") or (), to, writing))
    if tools:
        tree["tools"] = tools
    choice = tree.get("tool_choice")
    if isinstance(choice, Mapping):
        wanted = choice.get("name")
        named = [
            key for key, tool in tools.items() if tool["type"] == choice.get("type") and wanted in (None, key)
        ]
        if named:
            tree["tool_choice"] = named[0]
        else:
            writing.lose("tool_choice", "it names no tool that the agent has")
    return tree


def store_declaration(
    name: str,
    live: LiveStore,
    paths: Collection[str],
    *,
    adopt: str | Mapping[str, str] | None,
    dialect: str | None = None,
) -> Declaration:
    """A vector store over files that are at hand.

    How its files were cut into chunks the service doesn't tell of a whole store; the declaration leaves it to the service.
    """
    writing = _Writing(name)
    tree: dict[str, Any] = {"kind": "VectorStore", "name": name, **({"dialect": dialect} if dialect else {})}
    if live.name and live.name != name:
        tree["service_name"] = writing.inline(live.name)
    tree["files"] = sorted(paths)
    if live.expires_after_days is not None:
        tree["expires_after"] = {"days": live.expires_after_days}
    metadata = without_mark(live.metadata)
    if metadata:
        tree["metadata"] = {key: writing.inline(value) for key, value in metadata.items()}
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("VectorStore", tree)


def index_declaration(
    name: str, body: Mapping[str, Any], *, adopt: str | Mapping[str, str] | None
) -> Declaration:
    """A search index with its definition in a file of its own."""
    writing = _Writing(name)
    tree: dict[str, Any] = {"kind": "SearchIndex", "name": name}
    if body["name"] != name:
        tree["service_name"] = str(body["name"])
    description, _ = mark_in(body.get("description"))
    told = {key: value for key, value in body.items() if key not in _INDEX_SERVER_FIELDS}
    definition = {**told, "description": description} if description else _without(told, "description")
    tree["definition"] = writing.json_file("indexes", name, _compact(definition))
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("SearchIndex", tree)


def foreign_declaration(name: str, foreign: Foreign, *, adopt: str | None) -> Declaration:
    """An agent of another format as a declaration, its texts and documents in files of their own."""
    writing = _Writing(name)
    tree: dict[str, Any] = {"kind": "Agent", "name": name}
    if foreign.name and foreign.name != name:
        tree["service_name"] = writing.inline(foreign.name)
    for key in sorted(foreign.fields, key=_ORDER.index):
        value = foreign.fields[key]
        match key:
            case "instructions":
                tree[key] = writing.prompt(value)
            case "response_format" if isinstance(value, Mapping) and "schema" in value:
                tree[key] = {**value, "schema": writing.schema("formats", "answer", value["schema"])}
            case "tools":
                tree[key] = {tool: _foreign_tool(tool, told, writing) for tool, told in value.items()}
            case _:
                tree[key] = _inline(value, writing)
    if adopt is not None:
        tree["lifecycle"] = {"adopt": adopt}
    return writing.done("Agent", tree)


def _foreign_tool(name: str, told: Mapping[str, Any], writing: _Writing) -> dict[str, Any]:
    folders = {"spec": "openapi", "parameters": "formats"}
    return {
        key: writing.schema(folders[key], name, value) if key in folders else _inline(value, writing)
        for key, value in told.items()
    }


def _inline(value: Any, writing: _Writing) -> Any:
    if isinstance(value, Place):
        return str(value)
    if isinstance(value, str):
        return writing.inline(value)
    if isinstance(value, Mapping):
        return {key: _inline(item, writing) for key, item in value.items()}
    if isinstance(value, list):
        return [_inline(item, writing) for item in value]
    return value


def connection_name(arm_id: str) -> str:
    """The name of a connection: the end of its ARM id."""
    return arm_id.rstrip("/").rsplit("/", 1)[-1]


def declared_fields(live: LiveAgent, to: Names) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a declaration of an agent says, with every text and document in its place, and what it can't say.

    `service_name` is always there. Nothing is escaped: `${` in a text is just that.
    """
    writing = _Writing("", whole=True)
    tree = _agent_tree(live, to, writing)
    return {"service_name": live.definition.get("name"), **tree}, writing.done("Agent", tree).lost


class _Writing:
    """One document while it is written: the files it brings, and what it can't say.

    `whole` keeps every text and document in its place, as it is.
    """

    def __init__(self, name: str, *, whole: bool = False) -> None:
        self._name = name
        self._whole = whole
        self._materials: dict[str, str] = {}
        self._lost: list[str] = []
        self._connections: set[str] = set()

    def lose(self, path: str, why: str) -> None:
        self._lost.append(f"{path}: {why}")

    def done(self, kind: str, tree: Mapping[str, Any]) -> Declaration:
        return Declaration(
            kind, self._name, tree, self._materials, tuple(self._lost), frozenset(self._connections)
        )

    def connection(self, arm_id: str) -> str:
        name = connection_name(arm_id)
        self._connections.add(name)
        return name

    def inline(self, text: str) -> str:
        """A text in the document itself, where `${` has a meaning."""
        return text if self._whole else text.replace("${", "$${")

    def prompt(self, text: str) -> Any:
        if self._whole:
            return text
        # A file is read with its line ends as LF and without a mark of byte order, so other texts stand in the document.
        if "\r" in text or text.startswith("\ufeff") or ("\n" not in text and len(text) <= _SHORT):
            return self.inline(text)
        return self._file("prompts", f"{self._name}.md", text)

    def json_file(self, folder: str, stem: str, document: Any) -> Any:
        return self._file(
            folder, f"{stem}.json", json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        )

    def schema(self, folder: str, stem: str, document: Any) -> Any:
        """A JSON Schema: in the document where it is small, in a file otherwise."""
        if self._whole:
            return document
        if len(json.dumps(document)) <= _SMALL_SCHEMA and "${" not in json.dumps(document):
            return document
        return self.json_file(folder, f"{self._name}-{stem}", document)

    def _file(self, folder: str, filename: str, text: str) -> dict[str, str]:
        self._materials[f"{folder}/{filename}"] = text
        return {"file": f"../{folder}/{filename}"}


def _model(told: str, writing: _Writing) -> Any:
    connection, slash, deployment = told.partition("/")
    if slash:
        return {"connection": writing.connection(connection), "deployment": deployment}
    return told


def _response_format(told: Any, writing: _Writing) -> Any:
    if not isinstance(told, Mapping):
        return told
    known = {"type", "name", "description", "schema"}
    for key in sorted(set(told) - known):
        if told[key] not in (None, False):
            writing.lose(f"response_format.{key}", "the format has no such field")
    form = {key: told[key] for key in ("type", "name") if told.get(key) is not None}
    if told.get("description"):
        form["description"] = writing.inline(str(told["description"]))
    if told.get("schema") is not None:
        form["schema"] = writing.schema("formats", "answer", told["schema"])
    return form


def _tools(
    tools: Collection[Mapping[str, Any]], to: Names, writing: _Writing
) -> Iterator[tuple[str, dict[str, Any]]]:
    seen: set[str] = set()
    for tool in tools:
        kind = str(tool.get("type"))
        name = str(tool.get("name") or kind)
        path = f"tools.{name}"
        if f"tool_{kind}" not in schema_of("Agent")["$defs"] or ("body" in tool and kind != "raw"):
            writing.lose(path, f"the format has no tool of type {kind}")
            continue
        if not _TOOL_KEY.fullmatch(name):
            writing.lose(path, "this name can't be the key of a tool: letters, digits, `_` and `-`, up to 64")
            continue
        if name in seen:
            writing.lose(path, "a second tool of this name; keys are unique")
            continue
        seen.add(name)
        yield name, _tool(name, kind, tool, to, writing)


def _tool(name: str, kind: str, tool: Mapping[str, Any], to: Names, writing: _Writing) -> dict[str, Any]:
    told = {key: value for key, value in tool.items() if key not in {"name", "type"} and value is not None}
    tree: dict[str, Any] = {"type": kind}
    if told.get("description"):
        tree["description"] = writing.inline(str(told.pop("description")))
    told.pop("description", None)
    match kind:
        case "file_search":
            tree |= _searched_stores(told.pop("vector_store_ids", None) or [], to)
        case "code_interpreter":
            tree |= _code_files(told, to)
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
    if told.get("connection_id"):
        tree["connection"] = writing.connection(str(told.pop("connection_id")))
    fields = schema_of("Agent")["$defs"][f"tool_{kind}"]["properties"]
    for key, value in told.items():
        if value in (None, [], {}):
            continue
        if key in fields:
            tree[key] = writing.inline(value) if isinstance(value, str) else value
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


def _index(told: dict[str, Any], to: Names, writing: _Writing) -> dict[str, Any]:
    connection, index = str(told.pop("index_connection_id", "")), str(told.pop("index_name", ""))
    if not connection:
        return {}
    if index in to.indexes and connection.lower() in to.search_connections:
        return {"index": to.indexes[index]}
    return {"connection": writing.connection(connection), "index_name": index}


def _openapi(name: str, told: dict[str, Any], writing: _Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {"spec": writing.schema("openapi", name, told.pop("spec", {}))}
    auth = dict(told.pop("auth", None) or {"type": "anonymous"})
    if auth.get("connection_id"):
        auth["connection"] = writing.connection(str(auth.pop("connection_id")))
    tree["auth"] = auth
    return tree


def _azure_function(name: str, told: dict[str, Any], to: Names, writing: _Writing) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    if told.get("parameters") is not None:
        tree["parameters"] = writing.schema("formats", name, told.pop("parameters"))
    for end in ("input_queue", "output_queue"):
        queue = told.pop(end, None) or {}
        known = (str(queue.get("endpoint", "")).rstrip("/"), str(queue.get("queue_name", "")))
        tree[end] = to.queues.get(known, dict(queue))
    return tree


def _compact(value: Any) -> Any:
    """A body without what says nothing: nulls and empty lists."""
    if isinstance(value, Mapping):
        return {key: _compact(item) for key, item in value.items() if item is not None and item != []}
    if isinstance(value, list):
        return [_compact(item) for item in value]
    return value


def _without(tree: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {other: value for other, value in tree.items() if other != key}
