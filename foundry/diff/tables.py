"""One field table per kind: whose each field is, and when two of its values mean the same.

The definitions are those that the resources take as inputs (Azure's own field names). What the service adds, changes
or forgets is taken from the models of azure-ai-agents 1.1 and azure-search-documents 12.0 and from Azure's documentation
of the Agent Service and of AI Search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias


class Sort(StrEnum):
    """Whose a field is.

    OWNED: absent means empty, so what somebody else puts there is drift.
    DEFAULTED: absent means the service's default; compared only where the declaration, or the last one applied, has it.
    FOREIGN: somebody else's unless the declaration, or the last one applied, has it.
    SERVER: the service's; never compared.
    WRITE_ONLY: never told by the service; compared with the last declaration applied.
    """

    OWNED = "owned"
    DEFAULTED = "defaulted"
    FOREIGN = "foreign"
    SERVER = "server-owned"
    WRITE_ONLY = "write-only"


@dataclass(frozen=True)
class Leaf:
    """A value compared as a whole.

    `absent` lists values that mean the same as no value, beside null, "", [] and {}. `unordered` makes a list a set.
    `caseless` is for Azure ids, whose letter case the service may change.
    """

    sort: Sort = Sort.OWNED
    absent: tuple[Any, ...] = ()
    unordered: bool = False
    caseless: bool = False


@dataclass(frozen=True)
class Record:
    """A mapping with fields of its own. `rest` is how a field that the table doesn't name is treated."""

    fields: Mapping[str, Table]
    sort: Sort = Sort.OWNED
    rest: Leaf = field(default_factory=lambda: Leaf(Sort.DEFAULTED))


@dataclass(frozen=True)
class Items:
    """A list of mappings in which order means nothing: each is found by its key.

    `key` gives the key of one item. `of` gives the item's table. `complete` fills in what absence always means for this
    item; `default` what the service makes of fields that were declared and no longer are.
    """

    key: Callable[[Mapping[str, Any]], str]
    of: Callable[[Mapping[str, Any]], Record]
    complete: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    default: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    sort: Sort = Sort.OWNED


Table: TypeAlias = "Leaf | Record | Items"

_OWNED: Final = Leaf()
_DEFAULTED: Final = Leaf(Sort.DEFAULTED)
_SERVER: Final = Leaf(Sort.SERVER)
_ID: Final = Leaf(caseless=True)
_METADATA: Final = Record({}, rest=Leaf(Sort.FOREIGN))

# Tools of these types are told apart by a name that the service keeps; of every other type an agent has one.
NAMED_TOOLS: Final = frozenset({"function", "openapi", "azure_function", "connected_agent", "mcp"})

_QUEUE: Final = Record({"endpoint": Leaf(caseless=True), "queue_name": _OWNED})
_SOURCES: Final = Leaf(unordered=True)

TOOLS: Final[Mapping[str, Mapping[str, Table]]] = {
    "file_search": {
        "vector_store_ids": Leaf(unordered=True),
        "max_num_results": _DEFAULTED,
        "ranking_options": Record({"ranker": _DEFAULTED, "score_threshold": _DEFAULTED}, sort=Sort.DEFAULTED),
    },
    "code_interpreter": {"file_ids": Leaf(unordered=True), "data_sources": _SOURCES},
    "azure_ai_search": {
        "index_connection_id": _ID,
        "index_name": _OWNED,
        "index_asset_id": _OWNED,
        "query_type": _DEFAULTED,
        "top_k": _DEFAULTED,
        "filter": _OWNED,
    },
    "openapi": {
        "description": _OWNED,
        "spec": _OWNED,
        "auth": Record({"type": Leaf(absent=("anonymous",)), "connection_id": _ID, "audience": _OWNED}),
        "default_params": Leaf(unordered=True),
        "functions": _SERVER,
    },
    "azure_function": {
        "description": _OWNED,
        "parameters": _OWNED,
        "input_queue": _QUEUE,
        "output_queue": _QUEUE,
    },
    "connected_agent": {"agent_id": _OWNED, "description": _OWNED},
    "function": {
        "description": _OWNED,
        "parameters": Leaf(absent=({"type": "object", "properties": {}},)),
        "strict": Leaf(Sort.DEFAULTED, absent=(False,)),
    },
    "bing_grounding": {
        "connection_id": _ID,
        "market": _DEFAULTED,
        "set_lang": _DEFAULTED,
        "count": _DEFAULTED,
        "freshness": _DEFAULTED,
    },
    "bing_custom_search": {
        "connection_id": _ID,
        "instance_name": _OWNED,
        "market": _DEFAULTED,
        "set_lang": _DEFAULTED,
        "count": _DEFAULTED,
        "freshness": _DEFAULTED,
    },
    "sharepoint_grounding": {"connection_id": _ID},
    "fabric_dataagent": {"connection_id": _ID},
    "browser_automation": {"connection_id": _ID},
    # Without an approval rule the service asks always; one that somebody adds by hand would widen what a tool may do.
    "mcp": {
        "server_url": _OWNED,
        "allowed_tools": Leaf(unordered=True),
        "require_approval": Leaf(absent=("always",)),
    },
    "computer_use": {"environment": _OWNED, "display_width": _OWNED, "display_height": _OWNED},
    "deep_research": {"model": _OWNED, "connection_id": _ID},
}


def tool_key(tool: Mapping[str, Any]) -> str:
    """`type`, or `type:name` where the service tells tools of one type apart by name."""
    kind = str(tool.get("type"))
    return f"{kind}:{tool.get('name')}" if kind in NAMED_TOOLS else kind


def _tool_table(tool: Mapping[str, Any]) -> Record:
    kind = str(tool.get("type"))
    return Record(
        {
            "type": _OWNED,
            "name": _OWNED if kind in NAMED_TOOLS else _SERVER,
            **TOOLS.get(kind, {}),
        },
        rest=_DEFAULTED if kind in TOOLS else _OWNED,
    )


AGENT: Final = Record(
    {
        "name": _OWNED,
        "description": _OWNED,
        "model": _OWNED,
        "instructions": _OWNED,
        "temperature": _DEFAULTED,
        "top_p": _DEFAULTED,
        "response_format": Leaf(absent=("auto",)),
        "metadata": _METADATA,
        "tools": Items(key=tool_key, of=_tool_table),
    }
)


def _file_key(file: Mapping[str, Any]) -> str:
    return str(file.get("sha256") or file.get("file_id"))


_FILE_OF_STORE: Final = Record(
    {"path": _SERVER, "sha256": _OWNED, "file_id": _OWNED, "attributes": _METADATA}
)

VECTOR_STORE: Final = Record(
    {
        "name": _OWNED,
        "metadata": _METADATA,
        "expires_after_days": _OWNED,
        "chunking_strategy": Leaf(absent=({"type": "auto"},)),
        "files": Items(key=_file_key, of=lambda _: _FILE_OF_STORE),
        "data_sources": _SOURCES,
    }
)

FILE: Final = Record(
    {
        "filename": _OWNED,
        "sha256": _OWNED,
        "purpose": Leaf(absent=("assistants",)),
        "path": _OWNED,
        "size": _SERVER,
    }
)


def _named(item: Mapping[str, Any]) -> str:
    return str(item.get("name"))


def _by_name(table: Record) -> Items:
    return Items(key=_named, of=lambda _: table)


def _open(fields: Mapping[str, Table] | None = None) -> Record:
    """A record of AI Search in which what nobody declared is the service's to fill in."""
    return Record({"name": _OWNED, **(fields or {})})


def _is_vector(kind: str) -> bool:
    return kind in {f"Collection(Edm.{width})" for width in ("Single", "Half", "Int16", "SByte", "Byte")}


def _is_complex(item: Mapping[str, Any]) -> bool:
    return str(item.get("type", "")).endswith(("Edm.ComplexType", "Edm.ComplexType)"))


def _shown_unless_told(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Writes out whether a field can be retrieved: the one attribute that somebody may change by hand."""
    given = {key: value for key, value in item.items() if value is not None}
    if _is_complex(item) or "retrievable" in given:
        return given
    return {**given, "retrievable": bool(given.get("key")) or not _is_vector(str(item.get("type", "")))}


def _field_defaults(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes that AI Search gives a field which doesn't name them."""
    if _is_complex(item):
        return item
    kind = str(item.get("type", ""))
    text, vector, many = "Edm.String" in kind, _is_vector(kind), kind.startswith("Collection(")
    defaults = {
        "key": False,
        "searchable": text or vector,
        "filterable": not vector,
        "sortable": not many,
        "facetable": not vector and "Edm.GeographyPoint" not in kind,
        "stored": True,
    }
    return {**defaults, **item}


# None of these can change on a field that exists, so a hand can't make them drift, and their defaults needn't be guessed.
_FIXED: Final = ("key", "stored", "searchable", "filterable", "sortable", "facetable")
_ATTRIBUTES: Final = (
    "name",
    "type",
    "retrievable",
    "indexAnalyzer",
    "searchAnalyzer",
    "normalizer",
    "dimensions",
    "vectorSearchProfile",
    "vectorEncoding",
    "synonymMaps",
)


def _field_table(_: Mapping[str, Any]) -> Record:
    return Record(
        {
            **dict.fromkeys(_ATTRIBUTES, _OWNED),
            **dict.fromkeys(_FIXED, _DEFAULTED),
            "analyzer": Leaf(absent=("standard.lucene",)),
            "fields": _FIELDS,
        }
    )


_FIELDS: Final = Items(key=_named, of=_field_table, complete=_shown_unless_told, default=_field_defaults)

_BM25: Final = {"@odata.type": "#Microsoft.Azure.Search.BM25Similarity"}

# Synonym maps, data sources, skillsets and indexers: their fields don't meet, so one table serves all four.
SEARCH_OBJECT: Final = Record(
    {
        "name": _OWNED,
        "description": _OWNED,
        "@odata.etag": _SERVER,
        "@odata.context": _SERVER,
        "format": Leaf(absent=("solr",)),
        "synonyms": _OWNED,
        "type": _OWNED,
        "container": Record({"name": _OWNED, "query": _OWNED}),
        "credentials": Leaf(Sort.WRITE_ONLY),
        "dataChangeDetectionPolicy": _OWNED,
        "dataDeletionDetectionPolicy": _OWNED,
        "skills": _by_name(Record({"name": _OWNED, "@odata.type": _OWNED})),
        "cognitiveServices": Record({"@odata.type": _OWNED, "subdomainUrl": _OWNED}),
        "knowledgeStore": _OWNED,
        "indexProjections": _OWNED,
        "dataSourceName": _OWNED,
        "targetIndexName": _OWNED,
        "skillsetName": _OWNED,
        "schedule": Record({"interval": _OWNED, "startTime": _DEFAULTED}),
        "parameters": Record({}, rest=_DEFAULTED),
        "fieldMappings": _OWNED,
        "outputFieldMappings": _OWNED,
        "disabled": Leaf(absent=(False,)),
    }
)

SEARCH_INDEX: Final = Record(
    {
        "name": _OWNED,
        "description": _OWNED,
        "@odata.etag": _SERVER,
        "@odata.context": _SERVER,
        "fields": _FIELDS,
        "scoringProfiles": _by_name(_open()),
        "defaultScoringProfile": _OWNED,
        "corsOptions": Record({"allowedOrigins": Leaf(unordered=True), "maxAgeInSeconds": _DEFAULTED}),
        "suggesters": _by_name(
            _open(
                {"searchMode": Leaf(absent=("analyzingInfixMatching",)), "sourceFields": Leaf(unordered=True)}
            )
        ),
        "analyzers": _by_name(_open()),
        "tokenizers": _by_name(_open()),
        "tokenFilters": _by_name(_open()),
        "charFilters": _by_name(_open()),
        "normalizers": _by_name(_open()),
        "encryptionKey": Record(
            {
                "keyVaultKeyName": _OWNED,
                "keyVaultKeyVersion": _OWNED,
                "keyVaultUri": _OWNED,
                "accessCredentials": Leaf(Sort.WRITE_ONLY),
            }
        ),
        "similarity": Record(
            {
                "@odata.type": Leaf(Sort.DEFAULTED, absent=(_BM25["@odata.type"],)),
                "k1": _DEFAULTED,
                "b": _DEFAULTED,
            },
            sort=Sort.DEFAULTED,
        ),
        "semantic": Record(
            {
                "defaultConfiguration": _OWNED,
                "configurations": _by_name(
                    _open(
                        {
                            "prioritizedFields": Record(
                                {
                                    "titleField": _OWNED,
                                    "prioritizedContentFields": _OWNED,
                                    "prioritizedKeywordsFields": _OWNED,
                                }
                            )
                        }
                    )
                ),
            }
        ),
        "vectorSearch": Record(
            {
                "algorithms": _by_name(
                    _open(
                        {
                            "kind": _OWNED,
                            "hnswParameters": Record({}, sort=Sort.DEFAULTED),
                            "exhaustiveKnnParameters": Record({}, sort=Sort.DEFAULTED),
                        }
                    )
                ),
                "profiles": _by_name(
                    _open({"algorithm": _OWNED, "vectorizer": _OWNED, "compression": _OWNED})
                ),
                "vectorizers": _by_name(
                    _open(
                        {
                            "kind": _OWNED,
                            "azureOpenAIParameters": Record(
                                {
                                    "resourceUri": Leaf(caseless=True),
                                    "deploymentId": _OWNED,
                                    "modelName": _OWNED,
                                    "authIdentity": _OWNED,
                                    "apiKey": Leaf(Sort.WRITE_ONLY),
                                }
                            ),
                        }
                    )
                ),
                "compressions": _by_name(_open({"kind": _OWNED})),
            }
        ),
    }
)
