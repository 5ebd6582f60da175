"""What only one dialect of the Agent Service has: found where a document of the other one says it, with what takes its place.

Which dialect has what stands in the schemas (`x-dialects`). Sources: models of azure-ai-agents 1.2 beta and of
azure-ai-projects 2.10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from typing import Any, Final

from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark, Sequence, dotted, key_place, place
from foundry.manifest.schema import schema_of, words_of
from foundry.manifest.world import World, section, words
from foundry.model import Dialect

Path_ = tuple[str | int, ...]

_KINDS: Final = ("workflow", "hosted", "external", "voice")
"""Agents that aren't prompts: the classic dialect has nothing like them."""

_OF_PROMPTS: Final = (
    "instructions",
    "temperature",
    "top_p",
    "reasoning",
    "response_format",
    "tools",
    "tool_choice",
    "structured_inputs",
    "skills",
    "harness",
)
_OF_VOICES: Final = ("instructions", "tools", "tool_choice", "structured_inputs")
"""What an agent that is spoken with has of these."""

_NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_TO_VERSIONED: Final = "write `dialect: versioned`, or leave it out"

# What a feature becomes in the other dialect. A key is a field, `type TYPE` for a tool, or `TYPE.FIELD` for a field of one.
_INSTEAD: Final[AnyMapping[str, str]] = {
    "type connected_agent": "make it an `a2a` tool with a connection to the other agent's endpoint, or a `workflow` "
    "that calls both; until then write `dialect: classic`",
    "type deep_research": "use `web_search`, with a reasoning model as the agent's `model`",
    "code_interpreter.data_sources": "name `files` of this repository",
    "data_sources": "list `files`, or declare a SearchIndex over the material",
    "attributes": f"put files that are searched apart into vector stores of their own, or {_TO_VERSIONED}",
    "file_search.filters": f"put files that are searched apart into vector stores of their own, or {_TO_VERSIONED}",
    "type web_search": f"use `bing_grounding`, or {_TO_VERSIONED}",
    "type a2a": f"use `connected_agent` for an agent of this project, or {_TO_VERSIONED}",
    "type capture_structured_outputs": f"use a `function` tool or `response_format`, or {_TO_VERSIONED}",
    "type toolbox": f"declare its tools on the agent, or {_TO_VERSIONED}",
    "skills": f"put what they say into `instructions`, or {_TO_VERSIONED}",
    "mcp.connection": "let the caller give the headers with each run, or write `dialect: versioned`",
    "content_filter": f"set the content filter on the deployment, or {_TO_VERSIONED}",
    "structured_inputs": f"let callers write the values into their messages, or {_TO_VERSIONED}",
    "evaluation": f"declare `checks`, whose `evaluators` measure answers too, or {_TO_VERSIONED}",
    "enabled": f"take the agent's declaration away to stop it, or {_TO_VERSIONED}",
}


@dataclass(frozen=True)
class Only:
    """Something that a document says and one dialect alone has: where, by which name, and which dialect."""

    path: Path_
    feature: str
    dialect: Dialect


def only_in(kind: str, document: Document) -> Iterator[Only]:
    """What a document says that one dialect alone has."""
    root = schema_of(kind)
    yield from _walk(document.tree, root, root, (), "")


def check(kind: str, document: Document, world: World) -> None:
    """Find what the document's dialect doesn't have, and what the versioned one asks of names and references."""
    if not world.knows_dialect(document):
        return
    dialect = world.dialect_of(document.tree)
    for found in only_in(kind, document):
        if found.path[0] != "checks" and dialect is not found.dialect:
            _tell(document.tree, found, dialect, world)
    if dialect is not Dialect.CLASSIC and kind == "Agent":
        _check_versioned(document, world)


def _tell(tree: Mapping, found: Only, dialect: Dialect, world: World) -> None:
    path, feature, only = found.path, found.feature, found.dialect
    whole = feature.startswith("type ")
    at = place(tree, (*path, "type")) if whole else key_place(tree, path)
    said = dotted((*path, "type")) + f": {feature.removeprefix('type ')}" if whole else dotted(path)
    if dialect is Dialect.BOTH and feature in _KINDS:
        world.report.error(at, f"an agent with `{said}` has no classic form", "write `dialect: versioned`")
    elif dialect is Dialect.BOTH:
        other = Dialect.CLASSIC if only is Dialect.VERSIONED else Dialect.VERSIONED
        missing = "tool" if whole else "field"
        what = f"only the {only} dialect has `{said}`: of `dialect: both`, the {other} one is made without this {missing}"
        instead = _INSTEAD.get(feature, "").removesuffix(f", or {_TO_VERSIONED}")
        fix = f"for the {other} one {instead}" if instead else "that is as it should be while you move over"
        world.report.warning(at, what, fix)
    else:
        fix = _INSTEAD.get(feature, _TO_VERSIONED if only is Dialect.VERSIONED else "leave it out")
        world.report.error(at, f"the {dialect} dialect has no `{said}`", fix)


def _walk(
    tree: Any, schema: AnyMapping[str, Any], root: AnyMapping[str, Any], path: Path_, inside: str
) -> Iterator[Only]:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "x-discriminator" in schema and isinstance(tree, Mapping):
        field = schema["x-discriminator"]
        chosen = _branch(schema["oneOf"], field, tree.get(field), root)
        if chosen is None:
            return
        if len(chosen.get("x-dialects", ())) == 1:
            yield Only(path, f"type {tree[field]}", Dialect(chosen["x-dialects"][0]))
            return
        schema, inside = chosen, str(tree[field])
    elif isinstance(tree, Mapping):
        for branch in schema.get("oneOf", ()):
            # Branches that only say what is required have no fields of their own.
            yield from _walk(tree, branch, root, path, inside)
    if isinstance(tree, Sequence) and isinstance(schema.get("items"), dict):
        for number, item in enumerate(tree):
            yield from _walk(item, schema["items"], root, (*path, number), inside)
    elif isinstance(tree, Mapping):
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, value in tree.items():
            below = fields.get(key, others)
            if not isinstance(below, dict):
                continue
            if len(below.get("x-dialects", ())) == 1:
                feature = f"{inside}.{key}" if inside else key
                yield Only((*path, key), feature, Dialect(below["x-dialects"][0]))
            else:
                yield from _walk(value, below, root, (*path, key), inside)


def _branch(
    branches: list[dict[str, Any]], field: str, value: Any, root: AnyMapping[str, Any]
) -> dict[str, Any] | None:
    for branch in branches:
        found = root["$defs"][branch["$ref"].removeprefix("#/$defs/")] if "$ref" in branch else branch
        if value in words_of(found["properties"][field]):
            return dict(found)
    return None


def _check_versioned(document: Document, world: World) -> None:
    tree = document.tree
    for kind in _KINDS:
        for field in _OF_PROMPTS:
            if kind == "voice" and field in _OF_VOICES:
                continue
            if kind in tree and field in tree:
                what = f"`{field}` belongs to an agent with a `model`, and this one has `{kind}` in its place"
                world.report.error(tree.keys_at[field], what, "leave it out")
    name = tree.get("service_name")
    if isinstance(name, str) and not _NAME.fullmatch(name):
        world.report.error(
            tree.values_at["service_name"],
            f"`{name}` can't be the name of a versioned agent",
            "use 1 to 63 letters, digits and dashes, starting and ending with a letter or a digit",
        )
    shares = section(section(tree, "endpoint"), "traffic")
    if shares and all(isinstance(share, int) for share in shares.values()) and sum(shares.values()) != 100:
        at = section(tree, "endpoint").values_at["traffic"]
        world.report.error(at, f"the traffic comes to {sum(shares.values())} percent", "make it 100")
    endpoint = section(tree, "endpoint")
    if "activity" in endpoint and "protocols" in endpoint and "activity" not in endpoint["protocols"]:
        what = "`endpoint.activity` sets up a protocol that the endpoint doesn't have"
        world.report.error(endpoint.keys_at["activity"], what, "add activity to `protocols`")
    for tool in section(tree, "tools").values():
        for store, at in words(tool, "vector_stores") if isinstance(tool, Mapping) else ():
            check_reach(document, world.dialect_of(tree), store, at, world)


def check_reach(document: Document, here: Dialect, name: str, at: Mark, world: World) -> None:
    """Find a reference to a vector store that isn't made in every dialect (`here`) that the referring document is made in."""
    other = world.documents.by_kind["VectorStore"].get(name)
    if other is None or other.omitted:
        return
    there = world.dialect_of(other.tree)
    if set(here.parts) - set(there.parts):
        world.report.error(
            at,
            f"the {document.kind.lower()} is {_told(here)} and `{name}` is {_told(there)}: neither sees the other's objects",
            f"write `dialect: {here}`{'' if here is Dialect.BOTH else ' or `dialect: both`'} for `{name}`",
        )


def _told(dialect: Dialect) -> str:
    return "of both dialects" if dialect is Dialect.BOTH else dialect.value


def check_names(documents: list[Document], world: World) -> None:
    """Find versioned agents that would be one: a name is an identity there."""
    taken: dict[tuple[str, str], str] = {}
    for document in documents:
        if world.dialect_of(document.tree) is Dialect.CLASSIC:
            continue
        name = str(document.tree.get("service_name", document.name))
        first = taken.setdefault((str(document.tree.get("project")), name.casefold()), document.name)
        if first != document.name:
            at = document.tree.values_at.get("service_name", document.tree.values_at["name"])
            world.report.error(
                at,
                f"the project would have two versioned agents called `{name}`: `{first}` has that name already",
                "give one of them another `service_name`",
            )
