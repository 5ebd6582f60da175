"""Search indexes: their inner references checked, what agents need of them, and the value they become.

Sources: Azure docs on index definitions (one key, names of profiles and configurations) and on the Azure AI Search
tool (what an index must have to be asked by an agent).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from foundry.manifest import schema
from foundry.manifest.filling import beside
from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark, plain
from foundry.manifest.near import meant
from foundry.manifest.world import World, items, section, words
from foundry.model import IndexAsset, KnowledgeFile, SearchIndex

_VECTORS = frozenset(f"Collection(Edm.{kind})" for kind in ("Single", "Half", "Int16", "SByte", "Byte"))
_SHORTEST = 2
_OF_TWO: Final = ("indexAnalyzer", "searchAnalyzer")
_DOCUMENT_KEY: Final = re.compile(r"[A-Za-z0-9=-][A-Za-z0-9_=-]{0,1023}")
"""What the service takes as the key of a document (Azure AI Search: naming rules)."""


def index_of(document: Document, world: World) -> SearchIndex:
    """The index that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    if world.environment is not None and "search" not in world.environment:
        world.report.error(
            tree.mark,
            "a search index needs a search service, and the Environment has none",
            "declare `search:` in the Environment",
        )
    name = str(tree.get("service_name", document.name))
    declared = world.documents.by_kind[document.kind][document.name].tree
    if "service_name" not in declared and (len(name) < _SHORTEST or "--" in name):
        world.report.error(
            tree.values_at["name"],
            f"`{name}` can't be the name of an index",
            "give it a `service_name` of 2 to 128 letters, without doubled dashes",
        )
    if tree.get("rebuild") == "behind_alias" and "alias" not in declared:
        world.report.error(
            tree.values_at["rebuild"],
            "`rebuild: behind_alias` needs an alias, and the index has none",
            "add `alias`: the name that is switched to the new index",
        )
    definition = _definition(tree, world)
    if definition is not None:
        # What has a finding already is left out of `definition`, and isn't missing as well.
        _check(definition, section(declared, "definition"), world)
        _check_synonym_maps(definition, world)
    return SearchIndex(
        name=document.name,
        service_name=name,
        definition=plain(definition) if definition is not None else {},
        alias=tree.get("alias"),
        rebuild=str(tree.get("rebuild", "forbid")),
        may_go_offline=tree.get("downtime") == "allow",
        documents=_documents(tree, definition, world),
        beside=beside(tree, name, world),
        asset=_asset(tree, name, definition, world),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def _asset(tree: Mapping, index: str, definition: Mapping | None, world: World) -> IndexAsset | None:
    told = tree.get("asset")
    if told is True:
        return IndexAsset(index, _project_of(Mapping(tree.values_at["asset"]), world))
    if not isinstance(told, Mapping):
        return None
    mapping = section(told, "field_mapping")
    if definition is not None:
        _check_mapping(mapping, _named(definition, "fields"), world)
    return IndexAsset(
        name=str(told.get("name", index)),
        project=_project_of(told, world),
        description=told.get("description"),
        tags=dict(section(told, "tags")),
        field_mapping=plain(mapping),
        adopt=told.get("adopt"),
    )


def _project_of(asset: Mapping, world: World) -> str:
    known = world.names("projects")
    if "project" in asset or len(known) < 2:
        return world.project_of(asset)
    world.report.error(
        asset.mark,
        "the Environment has several projects and the asset names none",
        f"write `asset: {{project: …}}` with one of: {', '.join(known)}",
    )
    return ""


def _check_mapping(mapping: Mapping, fields: dict[str, Mapping], world: World) -> None:
    for key in mapping:
        named = words(mapping, key)
        if isinstance(mapping[key], str):
            named = [(mapping[key], mapping.values_at[key])]
        for name, at in named:
            _known(name, at, fields, "field", world)
            if key == "vector_fields" and name in fields and not _is_vector(fields[name]):
                world.report.error(at, f"the field `{name}` holds no vectors", "name a field that does")


def check_assets(documents: list[Document], world: World) -> None:
    """Find index assets that would be one: a name is an identity there."""
    taken: dict[tuple[str, str], str] = {}
    for document in documents:
        told = document.tree.get("asset")
        if told is not True and not isinstance(told, Mapping):
            continue
        fields = told if isinstance(told, Mapping) else {}
        name = str(fields.get("name", document.tree.get("service_name", document.name)))
        first = taken.setdefault((str(fields.get("project")), name), document.name)
        if first != document.name:
            world.report.error(
                document.tree.values_at["asset"],
                f"the project would have two index assets called `{name}`: that of `{first}` has that name already",
                "give one of them another `asset.name`",
            )


def _definition(tree: Mapping, world: World) -> Mapping | None:
    told = tree.get("definition")
    body = world.body(tree, "definition")
    if body is None or body is told or not isinstance(told, Mapping):
        return body
    faulty = schema.check("SearchIndex", body, world.report, definition="definition", above=("definition",))
    return None if faulty else body


def _check_synonym_maps(definition: Mapping, world: World) -> None:
    known = {
        name
        for index in world.documents.by_kind["SearchIndex"].values()
        for name in section(index.tree, "synonym_maps")
    }
    for field in _named(definition, "fields").values():
        for name, at in words(field, "synonymMaps"):
            if name not in known:
                world.report.warning(
                    at,
                    f"the synonym map `{name}` isn't declared",
                    meant(name, known, none="declare it under `synonym_maps`", have="declared are"),
                )


def _check(definition: Mapping, declared: Mapping, world: World) -> None:
    fields = _named(definition, "fields")
    written = _named(declared, "fields")
    _check_fields(definition, written, world)
    vectors = section(definition, "vectorSearch")
    algorithms, profiles, vectorizers = (
        _named(vectors, key) for key in ("algorithms", "profiles", "vectorizers")
    )
    for field in fields.values():
        _exists(field, "vectorSearchProfile", profiles, "vector profile", world)
        if _is_vector(field):
            for key in ("dimensions", "vectorSearchProfile"):
                if key not in field and key not in written.get(str(field.get("name")), ()):
                    world.report.error(
                        field.mark, f"the vector field `{field.get('name')}` has no `{key}`", f"add `{key}`"
                    )
    for profile in profiles.values():
        _exists(profile, "algorithm", algorithms, "algorithm", world)
        _exists(profile, "vectorizer", vectorizers, "vectorizer", world)
        _exists(profile, "compression", _named(vectors, "compressions"), "compression", world)
    for vectorizer in vectorizers.values():
        parameters = section(vectorizer, "azureOpenAIParameters")
        if "deploymentId" in parameters and "resourceUri" not in parameters:
            world.deployment(parameters["deploymentId"], parameters.values_at["deploymentId"])
    semantic = section(definition, "semantic")
    configurations = _named(semantic, "configurations")
    _exists(semantic, "defaultConfiguration", configurations, "semantic configuration", world)
    for configuration in configurations.values():
        for named in _semantic_fields(section(configuration, "prioritizedFields")):
            _exists(named, "fieldName", fields, "field", world)
    for suggester, _ in items(definition, "suggesters"):
        for name, at in words(suggester, "sourceFields") if isinstance(suggester, Mapping) else []:
            _known(name, at, fields, "field", world)


def _check_fields(definition: Mapping, written: dict[str, Mapping], world: World) -> None:
    seen: dict[str, Mark] = {}
    keys = []
    for field, at in items(definition, "fields"):
        if not isinstance(field, Mapping) or not isinstance(field.get("name"), str):
            continue
        if field["name"] in seen:
            world.report.error(
                field.values_at["name"],
                f"the field `{field['name']}` stands here twice, first in line {seen[field['name']].line}",
                "keep one of them",
            )
        seen.setdefault(field["name"], at)
        _check_whole(field, field["name"], written.get(field["name"], field), world)
        if field.get("key") is True:
            keys.append(field)
    if not keys and any(field.get("key") for field in written.values()):
        return
    if len(keys) != 1:
        at = keys[1].mark if keys else definition.values_at.get("fields", definition.mark)
        world.report.error(
            at,
            f"the index has {len(keys)} key fields",
            "mark exactly one field of type Edm.String with `key: true`",
        )
    elif keys[0].get("type", "Edm.String") != "Edm.String":
        world.report.error(
            keys[0].mark,
            f"the key field `{keys[0]['name']}` is not of type Edm.String",
            "write `type: Edm.String`",
        )


def _check_whole(field: Mapping, path: str, written: Mapping, world: World) -> None:
    """Find what doesn't go together in a field and in those inside of it; `written` has its faulty parts too."""
    _check_analyzers(field, path, written, world)
    known = _named(written, "fields")
    for inner, _ in items(field, "fields"):
        if not isinstance(inner, Mapping):
            continue
        where = f"{path}/{inner.get('name')}"
        if inner.get("key") is True:
            world.report.error(
                inner.keys_at["key"],
                f"`key: true` at `{where}`: the key is a field of the index itself",
                "take it out here, and mark a field at the top with it",
            )
        _check_whole(inner, where, known.get(str(inner.get("name")), inner), world)


def _check_analyzers(field: Mapping, path: str, written: Mapping, world: World) -> None:
    """Find analyzers that don't go together (Azure AI Search: add analyzers to string fields)."""
    told = [key for key in _OF_TWO if field.get(key) is not None]
    if told and field.get("analyzer") is not None:
        world.report.error(
            field.keys_at[told[0]],
            f"`{told[0]}` beside `analyzer` in the field `{path}`",
            "keep `analyzer` alone, or write `indexAnalyzer` and `searchAnalyzer` in its place",
        )
    elif len(told) == 1:
        other = _OF_TWO[1 - _OF_TWO.index(told[0])]
        if written.get(other) is None:
            world.report.error(
                field.keys_at[told[0]],
                f"`{told[0]}` without `{other}` in the field `{path}`",
                f"add `{other}`, or write `analyzer` for both",
            )


def _semantic_fields(prioritized: Mapping) -> Iterator[Mapping]:
    if isinstance(prioritized.get("titleField"), Mapping):
        yield prioritized["titleField"]
    for key in ("prioritizedContentFields", "prioritizedKeywordsFields"):
        for field, _ in items(prioritized, key):
            if isinstance(field, Mapping):
                yield field


def _named(tree: Mapping, key: str) -> dict[str, Mapping]:
    return {
        item["name"]: item
        for item, _ in items(tree, key)
        if isinstance(item, Mapping) and isinstance(item.get("name"), str)
    }


def _exists(tree: Mapping, key: str, known: dict[str, Mapping], what: str, world: World) -> None:
    if isinstance(tree.get(key), str):
        _known(tree[key], tree.values_at[key], known, what, world)


def _known(name: str, at: Mark, known: dict[str, Mapping], what: str, world: World) -> None:
    if name not in known:
        world.report.error(
            at,
            f"unknown {what} `{name}`",
            meant(name, known, none=f"the index has no {what}: declare it", have="the index has"),
        )


def check_use(index: Document, tool: Mapping, key: str, world: World) -> None:
    """Find what an Azure AI Search tool needs of an index, named under `key`, that the index doesn't have."""
    definition = world.body(index.tree, "definition")
    if definition is None or not isinstance(definition.get("fields"), list):
        return
    at = tool.values_at[key]
    fields = [field for field, _ in items(definition, "fields") if isinstance(field, Mapping)]
    where = index.tree.mark.path
    if not any(_is_readable(field) for field in fields):
        world.report.error(
            at,
            f"the index `{index.name}` has no searchable and retrievable text field, which an agent needs",
            f"add one of type Edm.String in {where}",
        )
    if not any(_is_vector(field) and field.get("searchable", True) is not False for field in fields):
        world.report.error(
            at,
            f"the index `{index.name}` has no searchable vector field, which an agent needs",
            f"add one of type Collection(Edm.Single) in {where}",
        )
    query = tool.get("query_type")
    if not isinstance(query, str) or "semantic" not in query:
        return
    if not items(section(definition, "semantic"), "configurations"):
        world.report.error(
            tool.values_at["query_type"],
            f"`query_type: {query}` needs a semantic configuration, and the index `{index.name}` has none",
            f"add `semantic.configurations` in {where}",
        )
    if section(world.environment, "search").get("semantic_search") == "disabled":
        world.report.error(
            tool.values_at["query_type"],
            f"`query_type: {query}` needs semantic ranking, which `search.semantic_search` disables",
            "set it to free or standard in the Environment",
        )


def _is_vector(field: Mapping) -> bool:
    return isinstance(field.get("type"), str) and field["type"] in _VECTORS


def _is_readable(field: Mapping) -> bool:
    return (
        field.get("type") == "Edm.String"
        and field.get("searchable", True) is not False
        and field.get("retrievable", True) is not False
    )


def _documents(tree: Mapping, definition: Mapping | None, world: World) -> tuple[KnowledgeFile, ...]:
    key = None
    if definition is not None:
        key = next(
            (name for name, field in _named(definition, "fields").items() if field.get("key") is True), None
        )
    found = []
    for path, at in words(tree, "documents"):
        file = world.shelf.knowledge(path, at, searchable=False)
        if file is None:
            continue
        found.append(file)
        _check_lines(file.path, world.shelf.lines(file, at), key, world)
    return tuple(sorted(found))


def _check_lines(path: str, lines: list[str], key: str | None, world: World) -> None:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        at = Mark(path, number, 1)
        try:
            value: Any = json.loads(line)
        except (ValueError, RecursionError):
            world.report.error(at, "this line is not JSON", "write one JSON object per line")
            return
        if not isinstance(value, dict):
            world.report.error(at, "this line is not a JSON object", "write one JSON object per line")
            return
        if key is not None and not (isinstance(value.get(key), str) and value[key]):
            world.report.error(
                at, f"this document has no text under the index's key, `{key}`", f"add `{key}` to it"
            )
            return
        if key is not None and not _DOCUMENT_KEY.fullmatch(value[key]):
            world.report.error(
                at,
                f"`{value[key][:60]}` can't be the key of a document",
                f"give `{key}` 1 to 1,024 of A to Z, a to z, digits, `_`, `-` and `=`, not starting with `_`: URL-safe Base64 makes it of any text",
            )
            return
