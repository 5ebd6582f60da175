"""Index definitions: what they may hold, how the service returns them, which changes an existing index takes.

From the models of azure-search-documents 12 and the Azure docs on updating and rebuilding an index.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from foundry.sandbox.emulator.search.errors import invalid, not_allowed

Body = dict[str, Any]

INDEX_NAME: Final = r"(?!.*(--|__))[a-z0-9][a-z0-9_-]{1,127}"
_FIELD_NAME: Final = r"(?!azureSearch)[A-Za-z][A-Za-z0-9_]{0,127}"
_SIMPLE: Final = (
    "String",
    "Int32",
    "Int64",
    "Double",
    "Boolean",
    "DateTimeOffset",
    "GeographyPoint",
    "ComplexType",
)
_VECTOR: Final = tuple(f"Collection(Edm.{name})" for name in ("Single", "Half", "Int16", "SByte", "Byte"))
_TYPES: Final = (
    *(f"Edm.{name}" for name in _SIMPLE),
    *(f"Collection(Edm.{name})" for name in _SIMPLE),
    *_VECTOR,
)

_NULLS: Final[Body] = {
    "analyzer": None,
    "indexAnalyzer": None,
    "searchAnalyzer": None,
    "normalizer": None,
    "dimensions": None,
    "vectorSearchProfile": None,
    "vectorEncoding": None,
}
_FLAGS: Final = ("key", "retrievable", "stored", "searchable", "filterable", "sortable", "facetable")
_FIELD: Final = frozenset(("name", "type", "fields", "synonymMaps", *_FLAGS, *_NULLS))
_FROZEN: Final = (
    "type",
    "key",
    "stored",
    "searchable",
    "filterable",
    "sortable",
    "facetable",
    "analyzer",
    "indexAnalyzer",
    "normalizer",
    "dimensions",
    "vectorSearchProfile",
    "vectorEncoding",
)
_LISTS: Final = (
    "scoringProfiles",
    "suggesters",
    "analyzers",
    "normalizers",
    "tokenizers",
    "tokenFilters",
    "charFilters",
)
_DOWNTIME: Final = ("analyzers", "tokenizers", "tokenFilters", "charFilters")
_TOP: Final = frozenset(
    (
        "@odata.context",
        "@odata.etag",
        "name",
        "description",
        "fields",
        "defaultScoringProfile",
        "corsOptions",
        "encryptionKey",
        "similarity",
        "semantic",
        "vectorSearch",
        *_LISTS,
    )
)
_BM25: Final = "#Microsoft.Azure.Search.BM25Similarity"


def _known(body: Mapping[str, Any], names: frozenset[str], what: str) -> None:
    for key in body:
        if key not in names:
            raise invalid(f"The property '{key}' does not exist on type '{what}'.")


def _objects(body: Mapping[str, Any], key: str) -> list[Body]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid(f"'{key}' must be an array of objects.")
    return value


def normalised(asked: Body) -> Body:
    """The definition as the service returns it, every attribute spelled out; raises 400 for one that can't be."""
    _known(asked, _TOP, "search.index")
    name = asked.get("name")
    if not isinstance(name, str) or not re.fullmatch(INDEX_NAME, name):
        raise invalid(
            f"Invalid index name: '{name}'. Index name must only contain lowercase letters, digits, dashes or underscores, begin with a letter or digit, and be 2 to 128 characters long."
        )
    fields = [_field(item, "") for item in _objects(asked, "fields")]
    keys = [field["name"] for field in fields if field.get("key")]
    if len(keys) != 1:
        raise invalid(f"The index must have exactly one key field; it has {len(keys)}.")
    index: Body = {
        "name": name,
        "description": asked.get("description"),
        "defaultScoringProfile": asked.get("defaultScoringProfile"),
        "fields": fields,
        **{key: _objects(asked, key) for key in _LISTS},
        "corsOptions": asked.get("corsOptions"),
        "encryptionKey": asked.get("encryptionKey"),
        "similarity": {"@odata.type": _BM25, "k1": None, "b": None, **(asked.get("similarity") or {})},
        "semantic": _semantic(asked.get("semantic")),
        "vectorSearch": _vector_search(asked.get("vectorSearch")),
    }
    _cross_check(index)
    return index


def _field(asked: Body, above: str) -> Body:
    _known(asked, _FIELD, "Microsoft.Azure.Search.IndexField")
    name, kind = asked.get("name"), asked.get("type")
    path = f"{above}{name}"
    if not isinstance(name, str) or not re.fullmatch(_FIELD_NAME, name):
        raise invalid(
            f"Invalid field name: '{path}'. Field names start with a letter, hold letters, digits and underscores, and don't start with 'azureSearch'."
        )
    if kind not in _TYPES:
        raise invalid(f"The field '{path}' has the unknown type '{kind}'.")
    if "ComplexType" in kind:
        inner = [_field(item, f"{path}/") for item in _objects(asked, "fields")]
        if not inner:
            raise invalid(f"The complex field '{path}' must have sub-fields.")
        return {"name": name, "type": kind, "fields": inner}
    field = {"name": name, "type": kind, **_defaults(asked, kind)}
    for key in (*_FLAGS, *_NULLS):
        if asked.get(key) is not None:
            field[key] = asked[key]
    field["synonymMaps"] = asked.get("synonymMaps") or []
    _check_field(field, path, top=not above)
    return field


def _defaults(asked: Mapping[str, Any], kind: str) -> Body:
    vector, collection = kind in _VECTOR, kind.startswith("Collection(")
    text = kind in ("Edm.String", "Collection(Edm.String)")
    place = "GeographyPoint" in kind
    return {
        "key": False,
        "retrievable": not vector,
        "stored": True,
        "searchable": text or vector,
        "filterable": not vector,
        "sortable": not vector and not collection,
        "facetable": not vector and not place and not asked.get("key"),
        **_NULLS,
    }


def _check_field(field: Body, path: str, *, top: bool) -> None:
    kind, vector = field["type"], field["type"] in _VECTOR
    for flag in _FLAGS:
        if not isinstance(field[flag], bool):
            raise invalid(f"The attribute '{flag}' of the field '{path}' must be true or false.")
    if field["key"]:
        if kind != "Edm.String" or not top:
            raise invalid(f"The key field '{path}' must be a top-level field of type Edm.String.")
        field["retrievable"] = True
    if vector:
        dimensions = field["dimensions"]
        if (
            not isinstance(dimensions, int)
            or not 2 <= dimensions <= 4_096
            or not field["vectorSearchProfile"]
        ):
            raise invalid(
                f"The vector field '{path}' must have the property 'dimensions' (2 to 4096) and a 'vectorSearchProfile'."
            )
        if field["filterable"] or field["sortable"] or field["facetable"] or not field["searchable"]:
            raise invalid(
                f"The vector field '{path}' must be searchable and not filterable, sortable or facetable."
            )
    elif field["searchable"] and kind not in ("Edm.String", "Collection(Edm.String)"):
        raise invalid(f"The field '{path}' of type {kind} can't be searchable.")
    if kind.startswith("Collection(") and field["sortable"]:
        raise invalid(f"The field '{path}' is a collection and can't be sortable.")
    if field["analyzer"] and (field["indexAnalyzer"] or field["searchAnalyzer"]):
        raise invalid(
            f"The field '{path}' can't have 'analyzer' together with 'indexAnalyzer' or 'searchAnalyzer'."
        )
    if bool(field["indexAnalyzer"]) != bool(field["searchAnalyzer"]):
        raise invalid(
            f"The field '{path}' must have both 'indexAnalyzer' and 'searchAnalyzer' or none of them."
        )


def _vector_search(asked: Body | None) -> Body | None:
    if asked is None:
        return None
    metric = {"metric": "cosine"}
    hnsw = {**metric, "m": 4, "efConstruction": 400, "efSearch": 500}
    algorithms = []
    for item in _objects(asked, "algorithms"):
        if item.get("kind") not in ("hnsw", "exhaustiveKnn"):
            raise invalid(
                f"The vector search algorithm '{item.get('name')}' has the unknown kind '{item.get('kind')}'."
            )
        given = {
            key: value
            for key, value in (item.get(f"{item['kind']}Parameters") or {}).items()
            if value is not None
        }
        full = {**(hnsw if item["kind"] == "hnsw" else metric), **given}
        algorithms.append(
            {
                "name": item.get("name"),
                "kind": item["kind"],
                "hnswParameters": full if item["kind"] == "hnsw" else None,
                "exhaustiveKnnParameters": full if item["kind"] == "exhaustiveKnn" else None,
            }
        )
    profiles = [
        {"name": None, "algorithm": None, "vectorizer": None, "compression": None, **item}
        for item in _objects(asked, "profiles")
    ]
    return {
        "algorithms": algorithms,
        "profiles": profiles,
        "vectorizers": [_vectorizer(item) for item in _objects(asked, "vectorizers")],
        "compressions": _objects(asked, "compressions"),
    }


def _vectorizer(item: Body) -> Body:
    shown = {
        "azureOpenAIParameters": None,
        "customWebApiParameters": None,
        "aiServicesVisionParameters": None,
        "amlParameters": None,
        **item,
    }
    for key, value in shown.items():
        if key.endswith("Parameters") and isinstance(value, dict):
            shown[key] = {**value, "apiKey": None, "authIdentity": value.get("authIdentity")}
    return shown


def _semantic(asked: Body | None) -> Body | None:
    if asked is None:
        return None
    configurations = []
    for item in _objects(asked, "configurations"):
        given = item.get("prioritizedFields") or {}
        configurations.append(
            {
                "name": item.get("name"),
                "rankingOrder": item.get("rankingOrder") or "BoostedRerankerScore",
                "prioritizedFields": {
                    "titleField": given.get("titleField"),
                    "prioritizedContentFields": given.get("prioritizedContentFields") or [],
                    "prioritizedKeywordsFields": given.get("prioritizedKeywordsFields") or [],
                },
            }
        )
    return {"defaultConfiguration": asked.get("defaultConfiguration"), "configurations": configurations}


def leaves(fields: list[Body], above: str = "") -> Iterator[tuple[str, Body]]:
    """Every simple field with its path."""
    for field in fields:
        path = f"{above}{field['name']}"
        if "fields" in field:
            yield from leaves(field["fields"], f"{path}/")
        else:
            yield path, field


def _cross_check(index: Body) -> None:
    fields = dict(leaves(index["fields"]))
    names = [field["name"].lower() for field in index["fields"]]
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"The field '{name}' is defined more than once.")
    vector = index["vectorSearch"] or {
        "algorithms": [],
        "profiles": [],
        "vectorizers": [],
        "compressions": [],
    }
    known = {part: {item.get("name") for item in vector[part]} for part in vector}
    for profile in vector["profiles"]:
        for part, key in (
            ("algorithms", "algorithm"),
            ("vectorizers", "vectorizer"),
            ("compressions", "compression"),
        ):
            if profile[key] is None and key != "algorithm":
                continue
            if profile[key] not in known[part]:
                raise invalid(
                    f"The vector search profile '{profile['name']}' names the {key} '{profile[key]}', which is not defined."
                )
    for path, field in fields.items():
        profile = field["vectorSearchProfile"]
        if profile is not None and profile not in known["profiles"]:
            raise invalid(
                f"The field '{path}' names the vector search profile '{profile}', which is not defined."
            )
    _check_semantic(index, fields)
    if len(index["suggesters"]) > 1:
        raise invalid("An index can have one suggester only.")
    for suggester in index["suggesters"]:
        for path in suggester.get("sourceFields") or []:
            if path not in fields or not fields[path]["searchable"]:
                raise invalid(
                    f"The suggester '{suggester.get('name')}' names the field '{path}', which is not a searchable field."
                )
    profiles = {item.get("name") for item in index["scoringProfiles"]}
    if index["defaultScoringProfile"] is not None and index["defaultScoringProfile"] not in profiles:
        raise invalid(f"The default scoring profile '{index['defaultScoringProfile']}' is not defined.")


def _check_semantic(index: Body, fields: Mapping[str, Body]) -> None:
    semantic = index["semantic"] or {"configurations": [], "defaultConfiguration": None}
    for item in semantic["configurations"]:
        chosen = item["prioritizedFields"]
        named = [
            chosen["titleField"],
            *chosen["prioritizedContentFields"],
            *chosen["prioritizedKeywordsFields"],
        ]
        for part in named:
            path = str((part or {}).get("fieldName"))
            if part is not None and (path not in fields or "String" not in fields[path]["type"]):
                raise invalid(
                    f"The semantic configuration '{item['name']}' names the field '{path}', which is not a string field."
                )
    names = {item["name"] for item in semantic["configurations"]}
    if semantic["defaultConfiguration"] is not None and semantic["defaultConfiguration"] not in names:
        raise invalid(
            f"The default semantic configuration '{semantic['defaultConfiguration']}' is not defined."
        )


def check_change(old: Body, new: Body, *, downtime: bool) -> None:
    """Raises 400 for a change that an existing index doesn't take."""
    _check_fields(old["fields"], new["fields"], "")
    held = dict(leaves(old["fields"]))
    for part in _DOWNTIME:
        was = {item.get("name"): item for item in old[part]}
        for item in new[part]:
            name = item.get("name")
            if name in was and was[name] != item:
                raise not_allowed(f"Existing {part[:-1]} '{name}' cannot be changed.")
            if name not in was and not downtime:
                raise not_allowed(
                    "Index update not allowed because it would cause downtime. To add new analyzers, tokenizers, token filters or character filters to an existing index, set the 'allowIndexDowntime' query parameter to 'true'."
                )
    if old["similarity"]["@odata.type"] != new["similarity"]["@odata.type"]:
        raise not_allowed("The similarity algorithm of an existing index cannot be changed.")
    if bool(old["encryptionKey"]) != bool(new["encryptionKey"]):
        raise not_allowed("Encryption of an existing index cannot be turned on or off.")
    for suggester in new["suggesters"]:
        before: Body = next(
            (item for item in old["suggesters"] if item.get("name") == suggester.get("name")), {}
        )
        for path in suggester.get("sourceFields") or []:
            if path in held and path not in (before.get("sourceFields") or []):
                raise not_allowed(f"Existing field '{path}' cannot be added to a suggester.")


def _check_fields(old: list[Body], new: list[Body], above: str) -> None:
    asked = {field["name"]: field for field in new}
    for field in old:
        path = f"{above}{field['name']}"
        wanted = asked.get(field["name"])
        if wanted is None:
            raise not_allowed(f"Existing field '{path}' cannot be deleted.")
        if any(field.get(part) != wanted.get(part) for part in _FROZEN):
            raise not_allowed(f"Existing field '{path}' cannot be changed.")
        if "fields" in field:
            _check_fields(field["fields"], wanted["fields"], f"{path}/")
