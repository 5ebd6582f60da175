"""Documents of an index: what may be written, and how they are found."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from foundry.sandbox.emulator.http import not_implemented
from foundry.sandbox.emulator.retrieval import Passage, rank, words
from foundry.sandbox.emulator.search.definition import leaves
from foundry.sandbox.emulator.search.errors import invalid
from foundry.sandbox.emulator.search.filters import parse_filter
from foundry.sandbox.emulator.search.synonyms import Synonyms

Body = dict[str, Any]

PAGE: Final = 50
MOST_ACTIONS: Final = 1_000
#: Of a request that writes documents, in bytes.
LARGEST_BATCH: Final = 16 * 1024 * 1024
_KEY: Final = r"[A-Za-z0-9_=-]{1,1024}"
_FUSION: Final = 60
_TEXT: Final = ("Edm.String", "Collection(Edm.String)")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_NONE: Final[Mapping[str, Synonyms]] = {}

_READ_NAMES: Final = """
count filter orderby queryType search searchFields searchMode select skip top vectorQueries vectorFilterMode
semanticConfiguration semanticQuery semanticErrorHandling semanticMaxWaitInMilliseconds sessionId
facets highlight highlightPostTag highlightPreTag
"""
_LACKED_NAMES: Final = """
minimumCoverage scoringStatistics scoringParameters scoringProfile debug
answers captions
"""
_READ: Final = frozenset(_READ_NAMES.split())
_LACKED: Final = frozenset(_LACKED_NAMES.split())


def key_field(index: Body) -> str:
    """Name of the key field."""
    return str(next(field["name"] for field in index["fields"] if field.get("key")))


def check_document(index: Body, document: Body, *, whole: bool) -> str:
    """The key of a document; raises 400 for unknown fields, values of the wrong type and bad keys."""
    fields = {field["name"]: field for field in index["fields"]}
    key = document.get(key_field(index))
    if not isinstance(key, str) or not key:
        raise invalid("All documents must have a document key.")
    if not re.fullmatch(_KEY, key):
        raise invalid(
            f"Invalid document key: '{key}'. Keys can only contain letters, digits, underscore (_), dash (-), or equal sign (=)."
        )
    for name, value in document.items():
        if name.startswith("@search."):
            continue
        if name not in fields:
            raise invalid(f"The property '{name}' does not exist on type 'search.documentFields'.")
        if value is not None and not _fits(fields[name], value):
            raise invalid(
                f"Cannot convert the value of '{name}' to the expected type '{fields[name]['type']}'."
            )
    if whole:
        for name, field in fields.items():
            document.setdefault(name, [] if field["type"].startswith("Collection(") else None)
    return key


def _fits(field: Body, value: Any) -> bool:
    kind = field["type"]
    if kind.startswith("Collection("):
        inner = {**field, "type": kind[11:-1], "dimensions": None}
        if not isinstance(value, list) or not all(_fits(inner, item) for item in value):
            return False
        return field.get("dimensions") is None or len(value) == field["dimensions"]
    match kind:
        case "Edm.String" | "Edm.DateTimeOffset":
            return isinstance(value, str)
        case "Edm.Boolean":
            return isinstance(value, bool)
        case "Edm.Int32" | "Edm.Int64" | "Edm.Int16" | "Edm.SByte" | "Edm.Byte":
            return isinstance(value, int) and not isinstance(value, bool)
        case "Edm.Double" | "Edm.Single" | "Edm.Half":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "Edm.ComplexType":
            inner = {item["name"]: item for item in field["fields"]}
            return isinstance(value, dict) and all(
                name in inner and (item is None or _fits(inner[name], item)) for name, item in value.items()
            )
        case _:
            return isinstance(value, dict)


def _names(value: Any) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else []


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return []


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("/"):
        if isinstance(value, list):
            value = [item.get(part) for item in value]
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def text_of(
    index: Body, document: Body, only: Sequence[str] = (), synonyms: Mapping[str, Synonyms] = _NONE
) -> str:
    """What full-text search sees of a document; `synonyms` by the paths of fields."""
    searched = [
        path for path, field in leaves(index["fields"]) if field["searchable"] and field["type"] in _TEXT
    ]
    plain = Synonyms()
    return "\n\n".join(
        synonyms.get(path, plain).written(text)
        for path in only or searched
        for text in _texts(_at(document, path))
    )


def _cosine(left: Sequence[float], right: Sequence[float]) -> float:
    size = math.hypot(*left) * math.hypot(*right)
    return sum(a * b for a, b in zip(left, right, strict=True)) / size if size else 0.0


def query(index: Body, documents: list[Body], asked: Body, synonyms: Mapping[str, Synonyms] = _NONE) -> Body:
    """The answer to search.post.search; `synonyms` by the paths of fields. Raises 400 for bad queries and 501 for features that aren't there."""
    for name in asked:
        if name in _LACKED and asked[name] is not None:
            raise not_implemented(f"The search parameter '{name}'")
        if name not in _READ | _LACKED:
            raise invalid(f"The property '{name}' does not exist on type 'search.searchRequest'.")
    if asked.get("queryType") not in (None, "simple", "semantic"):
        raise not_implemented(f"The query type '{asked['queryType']}'")
    fields = dict(leaves(index["fields"]))
    if asked.get("filter"):
        allowed = frozenset(path for path, field in fields.items() if field["filterable"])
        keep = parse_filter(asked["filter"], allowed)
        documents = [item for item in documents if keep(item)]
    found = _scored(index, fields, documents, asked, synonyms)
    for clause in reversed(_names(asked.get("orderby"))):
        path, _, direction = clause.partition(" ")
        if path != "search.score()" and not (path in fields and fields[path]["sortable"]):
            raise invalid(f"The field '{path}' in $orderby is not sortable.")
        found.sort(
            key=_sort_key(path), reverse=direction.strip().lower() == "desc" or path == "search.score()"
        )
    return _answer(fields, found, asked)


def _sort_key(path: str) -> Any:
    def key(item: tuple[float, Body]) -> tuple[bool, Any]:
        value = item[0] if path == "search.score()" else _at(item[1], path)
        return (value is not None, value if value is not None else 0)

    return key


def _scored(
    index: Body,
    fields: Mapping[str, Body],
    documents: list[Body],
    asked: Body,
    synonyms: Mapping[str, Synonyms],
) -> list[tuple[float, Body]]:
    text, vectors = asked.get("search") or "", asked.get("vectorQueries") or []
    rankings: list[list[tuple[float, Body]]] = []
    if text.strip() not in ("", "*"):
        rankings.append(_by_text(index, fields, documents, asked, synonyms))
    rankings += [_by_vector(fields, documents, item) for item in vectors]
    if not rankings:
        return [(1.0, item) for item in documents]
    if len(rankings) == 1:
        return rankings[0]
    fused: dict[int, float] = {}
    for ranking in rankings:
        for place, (_, item) in enumerate(ranking):
            fused[id(item)] = fused.get(id(item), 0.0) + 1 / (_FUSION + place + 1)
    return sorted(
        ((fused[id(item)], item) for item in documents if id(item) in fused), key=lambda pair: -pair[0]
    )


def _by_text(
    index: Body,
    fields: Mapping[str, Body],
    documents: list[Body],
    asked: Body,
    synonyms: Mapping[str, Synonyms],
) -> list[tuple[float, Body]]:
    only = _names(asked.get("searchFields"))
    for path in only:
        if path not in fields or not fields[path]["searchable"]:
            raise invalid(f"The field '{path}' in the searchFields list is not searchable.")
    text = asked["search"]
    used = {path: rules for path, rules in synonyms.items() if not only or path in only}
    for rules in used.values():
        text = rules.asked(text)
    passages = [Passage(str(place), text_of(index, item, only, used)) for place, item in enumerate(documents)]
    hits = rank(text, passages)
    if asked.get("searchMode") == "all":
        hits = [hit for hit in hits if hit.coverage > 0.999]
    return [(hit.score, documents[int(hit.passage.source)]) for hit in hits]


def _by_vector(fields: Mapping[str, Body], documents: list[Body], asked: Body) -> list[tuple[float, Body]]:
    if asked.get("kind") != "vector":
        raise not_implemented(f"A vector query of kind '{asked.get('kind')}'")
    vector, names = asked.get("vector"), _names(asked.get("fields"))
    if not isinstance(vector, list) or not names:
        raise invalid("A vector query needs 'vector' and 'fields'.")
    scores: list[tuple[float, Body]] = []
    for name in names:
        size = fields[name]["dimensions"] if name in fields else None
        if size != len(vector):
            raise invalid(
                f"The vector query's 'vector' has {len(vector)} dimensions, the field '{name}' has {size}."
            )
    for item in documents:
        held = [_at(item, name) for name in names if _at(item, name)]
        if held:
            # The service reports cosine similarity as 1 / (1 + distance).
            scores.append((max(1 / (2 - _cosine(vector, one)) for one in held), item))
    scores.sort(key=lambda pair: -pair[0])
    return scores[: asked.get("k") or PAGE]


def _answer(fields: Mapping[str, Body], found: list[tuple[float, Body]], asked: Body) -> Body:
    select = _names(asked.get("select"))
    for path in select:
        if path != "*" and path not in {part for name in fields for part in (name, name.partition("/")[0])}:
            raise invalid(f"Could not find a property named '{path}' on type 'search.document'.")
    skip, top = asked.get("skip") or 0, asked.get("top")
    size = PAGE if top is None else top
    page = found[skip : skip + size]
    hidden = {path.partition("/")[0] for path, field in fields.items() if not field["retrievable"]}
    shown = [
        {
            "@search.score": score,
            **({"@search.rerankerScore": min(4.0, score)} if asked.get("queryType") == "semantic" else {}),
            **{
                name: value
                for name, value in item.items()
                if name not in hidden
                and (not select or "*" in select or name in {path.partition("/")[0] for path in select})
            },
        }
        for score, item in page
    ]
    _highlight(fields, page, shown, asked)
    answer: Body = {"value": shown}
    if asked.get("facets"):
        matched = [item for _, item in found]
        answer["@search.facets"] = dict(_facet(fields, matched, one) for one in asked["facets"])
    if asked.get("count"):
        answer["@odata.count"] = len(found)
    if top is None and len(found) > skip + size:
        answer["@search.nextPageParameters"] = {**asked, "skip": skip + size}
    return answer


def _facet(fields: Mapping[str, Body], found: list[Body], asked: str) -> tuple[str, list[Body]]:
    """How often each value of a field occurs: the most frequent first, unless asked otherwise."""
    path, *options = (part.strip() for part in asked.split(","))
    if path not in fields or not fields[path].get("facetable"):
        raise invalid(f"The field '{path}' is not facetable.")
    most, order = 10, "count"
    for option in options:
        name, _, value = option.partition(":")
        if name == "count" and value.isdigit():
            most = int(value)
        elif name == "sort" and value in ("count", "value", "-value"):
            order = value
        else:
            raise not_implemented(f"The facet option '{option}'")
    held = [value for item in found for value in _values(_at(item, path))]
    counted = sorted(Counter(held).items(), key=lambda pair: str(pair[0]))
    if order == "count":
        counted.sort(key=lambda pair: -pair[1])
    elif order == "-value":
        counted.reverse()
    return path, [{"value": value, "count": count} for value, count in counted[:most]]


def _values(value: Any) -> list[Any]:
    return [] if value is None else list(dict.fromkeys(value)) if isinstance(value, list) else [value]


def _highlight(
    fields: Mapping[str, Body], page: list[tuple[float, Body]], shown: list[Body], asked: Body
) -> None:
    """Adds the sentences that hold words of the question, with tags around these."""
    before, after = (
        asked.get(f"highlight{part}Tag") or tag for part, tag in (("Pre", "<em>"), ("Post", "</em>"))
    )
    wanted = set(words(asked.get("search") or ""))
    for one in _names(asked.get("highlight")):
        path, _, most = one.partition("-")
        if path not in fields or not fields[path]["searchable"]:
            raise invalid(f"The field '{path}' in the highlight list is not searchable.")
        for (_, item), told in zip(page, shown, strict=True):
            sentences = (part for text in _texts(_at(item, path)) for part in _SENTENCE.split(text))
            tagged = [_tagged(part, wanted, before, after) for part in sentences]
            found = [new for new, hit in tagged if hit][: int(most) if most.isdigit() else 5]
            if found:
                told.setdefault("@search.highlights", {})[path] = found


def _tagged(text: str, wanted: set[str], before: str, after: str) -> tuple[str, bool]:
    """A text with tags around the wanted words, and whether there is any."""

    def tag(found: re.Match[str]) -> str:
        return f"{before}{found.group()}{after}" if wanted & set(words(found.group())) else found.group()

    new = re.sub(r"\w+", tag, text)
    return new, new != text
