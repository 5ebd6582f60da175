"""Which changes of a search index the service makes in place, which only while the index is offline, and which not at all.

Source: Azure AI Search documentation, "Update or rebuild an index", and `allow_index_downtime` of azure-search-documents 12.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from foundry.diff import Change, Op

_IN_PLACE: Final = frozenset({"retrievable", "searchAnalyzer", "synonymMaps"})
_ANALYSIS: Final = re.compile(
    r"^(analyzers|tokenizers|tokenFilters|charFilters|normalizers)\[(?P<name>[^]]*)\]"
)
_OFFLINE: Final = frozenset({"analyzers", "tokenizers", "tokenFilters", "charFilters"})
_FIELD: Final = re.compile(r"^fields\[(?P<name>[^]]*)\](?P<rest>.*)$")
_SUGGESTER: Final = re.compile(r"^suggesters\[(?P<name>[^]]*)\]")


def needs_rebuild(changes: Iterable[Change]) -> tuple[str, ...]:
    """One sentence for each change that the service refuses on an index that exists, in the order given."""
    found = tuple(changes)
    new_fields = {
        match["name"]
        for change in found
        if change.op is Op.ADD and (match := _FIELD.match(change.path)) and not match["rest"]
    }
    return tuple(reason for change in found for reason in _reasons(change, new_fields))


def needs_downtime(changes: Iterable[Change]) -> tuple[str, ...]:
    """One sentence for each change that takes the index offline for some seconds, in the order given."""
    return tuple(
        f"{change.path} can be added only while the index is offline"
        for change in changes
        if _is_new_analysis(change)
    )


def _is_new_analysis(change: Change) -> bool:
    match = _ANALYSIS.match(change.path)
    return match is not None and change.op is Op.ADD and change.path == match[0] and match[1] in _OFFLINE


def _reasons(change: Change, new_fields: set[str]) -> Iterator[str]:
    path = change.path
    if match := _FIELD.match(path):
        yield from _field_reasons(change, match["name"], match["rest"])
    elif match := _ANALYSIS.match(path):
        if change.op is Op.ADD and path == match[0]:
            if match[1] not in _OFFLINE:
                yield f"{path} can't be added to an index that exists"
        else:
            yield f"{path} can't change once a field may use it"
    elif _SUGGESTER.match(path):
        sources = change.new.get("sourceFields", []) if isinstance(change.new, dict) else []
        if change.op is not Op.ADD or not set(map(str, sources)) <= new_fields:
            yield f"{path} covers fields that exist already"
    elif path == "similarity.@odata.type":
        yield "the kind of similarity is fixed"
    elif path == "encryptionKey" or (path.startswith("encryptionKey.") and change.op is not Op.CHANGE):
        yield "encryption can't be switched on or off"


def _field_reasons(change: Change, name: str, rest: str) -> Iterator[str]:
    if not rest:
        if change.op is Op.REMOVE:
            yield f"field {name} can't be deleted"
        return
    attribute = rest.rsplit(".", 1)[-1]
    if nested := re.search(r"\.fields\[([^]]*)\]$", rest):
        if change.op is Op.REMOVE:
            yield f"field {name}/{nested[1]} can't be deleted"
        return
    if attribute not in _IN_PLACE:
        yield f"field {name}: {attribute} is fixed ({change.old!r} to {change.new!r})"
