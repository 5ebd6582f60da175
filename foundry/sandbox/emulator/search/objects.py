"""What stands beside indexes: synonym maps, data sources, skillsets and indexers, as definitions that are kept and checked."""

import re
from typing import Any, Final

from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.search.errors import invalid, not_found
from foundry.sandbox.emulator.search.guard import service_id
from foundry.sandbox.emulator.shapes import (
    Shape,
    anything,
    array,
    flag,
    mapping,
    nullable,
    one_of,
    record,
    text,
)

Body = dict[str, Any]

_NAME: Final = r"[a-z0-9]([a-z0-9-]{0,126}[a-z0-9])?"
_INTERVAL: Final = r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?"
_common: Final[dict[str, Shape]] = {
    "description": nullable(text()),
    "encryptionKey": nullable(mapping(anything)),
}
_name = {"name": text(least=1, pattern=_NAME)}
_things = nullable(array(mapping(anything)))
_thing = nullable(mapping(anything))

SHAPES: Final[dict[str, Shape]] = {
    "synonymmaps": record(
        {**_name, "synonyms": text()},
        {"format": one_of("solr"), "encryptionKey": _thing},
    ),
    "datasources": record(
        {
            **_name,
            "type": one_of(
                "adlsgen2",
                "azureblob",
                "azuresql",
                "azuretable",
                "cosmosdb",
                "mysql",
                "onelake",
                "sharepoint",
            ),
            "container": record({"name": text(least=1)}, {"query": nullable(text())}),
            "credentials": record({}, {"connectionString": nullable(text())}),
        },
        {
            **_common,
            "identity": _thing,
            "dataChangeDetectionPolicy": _thing,
            "dataDeletionDetectionPolicy": _thing,
        },
    ),
    "skillsets": record(
        {**_name, "skills": array(mapping(anything), least=1)},
        {**_common, "cognitiveServices": _thing, "knowledgeStore": _thing, "indexProjections": _thing},
    ),
    "indexers": record(
        {**_name, "dataSourceName": text(least=1), "targetIndexName": text(least=1)},
        {
            **_common,
            "skillsetName": nullable(text()),
            "schedule": nullable(
                record({"interval": text(pattern=_INTERVAL)}, {"startTime": nullable(text())})
            ),
            "parameters": _thing,
            "fieldMappings": _things,
            "outputFieldMappings": _things,
            "disabled": nullable(flag),
            "cache": _thing,
        },
    ),
}
"""By the collection's name in the address (models of azure-search-documents 12.0)."""

_UNCHANGED: Final = "<unchanged>"


def checked(call: Call, family: str, held: Body | None) -> Body:
    """A definition as it is kept; raises what the service refuses."""
    body = {key: value for key, value in call.object().items() if not key.startswith("@odata.")}
    SHAPES[family](body, "")
    if family == "datasources" and body["credentials"].get("connectionString") in (None, _UNCHANGED):
        if held is None:
            raise invalid("The connection string of a new data source can't be left out.")
        body["credentials"] = held["credentials"]
    if family == "indexers":
        _resolve(call, body)
    return body


def shown(family: str, body: Body) -> Body:
    """A definition as it is told: no credentials, intervals in the service's form, unset fields as null or []."""
    if family == "datasources":
        return {"description": None, **body, "credentials": {"connectionString": None}}
    if family == "synonymmaps":
        return {"format": "solr", **body}
    if family == "skillsets":
        return {"description": None, "knowledgeStore": None, "indexProjections": None, **body}
    unset = {
        "description": None,
        "skillsetName": None,
        "schedule": None,
        "parameters": None,
        "disabled": None,
    }
    told = {**unset, "fieldMappings": [], "outputFieldMappings": [], **body}
    if told["schedule"]:
        told["schedule"] = {**told["schedule"], "interval": _short(told["schedule"]["interval"])}
    return told


def _short(interval: str) -> str:
    """PT02H00M00S as PT2H: the service needn't give a duration back as it got it (unconfirmed)."""
    parts = re.findall(r"(\d+)([DHMS])", interval)
    days = "".join(f"{int(number)}D" for number, unit in parts if unit == "D" and int(number))
    rest = "".join(f"{int(number)}{unit}" for number, unit in parts if unit != "D" and int(number))
    return f"P{days}" + (f"T{rest}" if rest else "")


def _resolve(call: Call, indexer: Body) -> None:
    for kind, name in (
        ("datasources", indexer["dataSourceName"]),
        ("skillsets", indexer.get("skillsetName")),
        ("index", indexer["targetIndexName"]),
    ):
        if name is not None and call.world.search.get(service_id(call), kind, name) is None:
            raise not_found(kind, name, call.params["service"])
