"""How the properties of this product's resources lie in Pulumi's state: few of them, and of text.

Pulumi's engine and its SDKs pack, unpack, compare and log every property, and every part of one, in each call (measured:
`python bench/measure.py bare`); previews open texts of JSON and show what is different inside. So

- `definition` is one JSON text. What it takes from other resources stands in it as `${what it is}`, and its value under that
  word in `references`: a preview that doesn't know the value yet shows what it will be;
- `owner` is one line, `<project>/<stack> <stack id> <logical name>`;
- a project that is known by its endpoint alone has no other name;
- what only the provider needs is one JSON text, `recorded`, without the applied definition where that is the live one;
- the dialect isn't there: each resource type has one.

States that an earlier form was written to are read too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from foundry.model.values import UNKNOWN

APPLIED: Final = "applied"
DEFINITION: Final = "definition"
REFERENCES: Final = "references"
_RECORDED: Final = "recorded"
_OWNER: Final = "owner"
_NAME: Final = "name"
_PROJECT: Final = "project"
_ENDPOINT: Final = "endpoint"
_DIALECT: Final = "dialect"

_KEPT_FOR_THE_PROVIDER: Final = frozenset(
    {
        APPLIED,
        "appliedDefault",
        "incarnation",
        "adopted",
        "driftSince",
        # These repeat the Pulumi id.
        "agentId",
        "agentName",
        "vectorStoreId",
        "fileId",
        "memoryStoreName",
        "indexName",
        "objectName",
        "evalId",
        "ruleId",
    }
)
_WITH_A_CLASSIC_DIALECT: Final = frozenset({"Agent", "VectorStore", "File", "SearchIndex", "SearchObject"})
_WORDS_OF_AN_OWNER: Final = ("project", "stack", "stackId")


def dialect_of(resource_type: str) -> str:
    """The dialect of a resource type, which is given without its package, as `VersionedAgent`."""
    return "classic" if resource_type in _WITH_A_CLASSIC_DIALECT else "versioned"


def placeholder(called: str) -> str:
    """What stands in a definition's text for a value of another resource."""
    return f"${{{called}}}"


def text_of(value: Any) -> str:
    """JSON that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def line_of(owner: Any, name: Any = None) -> str | None:
    """An owner with a logical name, if there is one, as one line; None for what isn't plain text or has blanks in it."""
    if not isinstance(owner, Mapping) or not isinstance(name, str | None):
        return None
    if not owner:
        return None if name else ""
    words = [str(owner[word]) for word in _WORDS_OF_AN_OWNER if isinstance(owner.get(word), str)]
    if len(owner) != 3 or len(words) != 3 or any(word.split() != [word] for word in words):
        return None
    project, stack, stack_id = words
    if "/" in stack or (name or "") != (name or "").strip():
        return None
    return f"{project}/{stack} {stack_id} {name or ''}".rstrip()


def packed(props: Mapping[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as they lie in the state.

    Args:
        props: plain values, all of them known.
        like: properties that lie in a state or are about to: where their definition speaks of other resources, and the
            values are the same, this one does too.
    """
    told = {
        key: value for key, value in props.items() if key not in _KEPT_FOR_THE_PROVIDER and key != _DIALECT
    }
    own = {key: value for key, value in props.items() if key in _KEPT_FOR_THE_PROVIDER}
    definition = told.get(DEFINITION)
    if own:
        # By their texts: to Python, true and 1 are the same.
        if APPLIED in own and text_of(own[APPLIED]) == text_of(definition):
            del own[APPLIED]
        told[_RECORDED] = text_of(own)
    if isinstance(definition, Mapping):
        text, references = _spoken(definition, like)
        told[DEFINITION] = text
        if references:
            told[REFERENCES] = references
    line = line_of(told.get(_OWNER), told.get(_NAME))
    if line is not None:
        told[_OWNER] = line
        told.pop(_NAME, None)
    if told.get(_PROJECT) == told.get(_ENDPOINT):
        told.pop(_PROJECT, None)
    return told


def unpacked(props: Mapping[str, Any], resource_type: str) -> dict[str, Any]:
    """Properties as they are spoken of, from what lies in a state or is about to.

    Args:
        props: plain values; what isn't known yet is `UNKNOWN`. What has another form is left as it is.
        resource_type: without its package.
    """
    told = {_DIALECT: dialect_of(resource_type), **props}
    references = told.pop(REFERENCES, None)
    if isinstance(told.get(DEFINITION), str):
        told[DEFINITION] = _read(told[DEFINITION], references)
    owner = told.get(_OWNER)
    if isinstance(owner, str):
        told |= _owner_in(owner)
    recorded = told.pop(_RECORDED, None)
    if isinstance(recorded, str):
        own = _json(recorded)
        if isinstance(own, Mapping):
            applied = {APPLIED: told[DEFINITION]} if DEFINITION in told else {}
            told |= {**applied, **own}
    elif isinstance(told.get(APPLIED), str):
        told[APPLIED] = _json(told[APPLIED])
    if _ENDPOINT in told and "service" not in told:
        told.setdefault(_PROJECT, told[_ENDPOINT])
    return told


def _owner_in(line: str) -> dict[str, Any]:
    if not line:
        return {_OWNER: {}, _NAME: ""}
    of, _, rest = line.partition(" ")
    stack_id, _, name = rest.partition(" ")
    project, _, stack = of.rpartition("/")
    owner = dict(zip(_WORDS_OF_AN_OWNER, (project, stack, stack_id), strict=True))
    return {_OWNER: owner, **({_NAME: name} if name else {})}


def _read(text: str, references: Any) -> Any:
    definition = _json(text)
    if references is UNKNOWN:
        return _filled(definition, lambda leaf: UNKNOWN if leaf.startswith("${") else leaf)
    if not isinstance(references, Mapping) or not references:
        return definition
    values = {placeholder(str(called)): value for called, value in references.items()}
    return _filled(definition, lambda leaf: values.get(leaf, leaf))


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_number)
    except ValueError:
        return text


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _filled(value: Any, of: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return of(value)
    if isinstance(value, Mapping):
        return {key: _filled(item, of) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, of) for item in value]
    return value


def _spoken(definition: Mapping[str, Any], like: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A definition's text, and the references in it."""
    text, references = like.get(DEFINITION), like.get(REFERENCES)
    if not isinstance(text, str) or not isinstance(references, Mapping) or not references:
        return text_of(definition), {}
    values = {placeholder(str(called)): called for called in references}
    meant = set(like_placeholders(definition))
    used: dict[str, Any] = {}

    def spoken(value: Any, before: Any) -> Any:
        called = values.get(before) if isinstance(before, str) else None
        if called is not None and value == references[called] and before not in meant:
            used[called] = value
            return before
        if isinstance(value, Mapping):
            parts = before if isinstance(before, Mapping) else {}
            return {key: spoken(item, parts.get(key)) for key, item in value.items()}
        if isinstance(value, list):
            items = before if isinstance(before, list) else []
            return [spoken(item, was) for item, was in zip_longest(value, items[: len(value)])]
        return value

    told = text_of(spoken(definition, _json(text)))
    return told, used


def like_placeholders(value: Any) -> Iterator[str]:
    """The texts in a value that could be taken for placeholders."""
    if isinstance(value, str):
        if value.startswith("${"):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from like_placeholders(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from like_placeholders(item)
