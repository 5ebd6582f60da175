"""What differs between two sides of an object, in the words of its kind: tools and knowledge by name, texts by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from foundry.model import UNKNOWN, Unknown
from foundry.report.reading import SECRET, Kind, Object


class Absent:
    """No value at this place."""


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Reference:
    """A value that stands for another object of the preview. `fresh`: its id is only made by the update."""

    name: str
    fresh: bool = False


@dataclass(frozen=True)
class Value:
    """One value: old to new."""

    path: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Text:
    """A text of several lines: old to new."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Files:
    """Files by path."""

    path: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


@dataclass(frozen=True)
class Tool:
    """A tool that came, went (`changes` is empty) or changed."""

    name: str
    type: str
    what: str
    uses: tuple[tuple[str, str], ...] = ()
    changes: tuple[Value | Text, ...] = ()


Change = Value | Text | Files | Tool

_KEYED: Final = (Kind.SEARCH_OBJECT, Kind.INDEX_ASSET, Kind.MEMORY_STORE, Kind.EVALUATION)
"""Kinds whose definitions are told as they stand, their lists by name."""
_LONG: Final = 120
# A document (a schema, an API description) with more differences than this is easier to read as a whole.
_MANY: Final = 6
_DOCUMENTS: Final = frozenset({"spec", "parameters", "response_format"})

_REFERENCES: Final = {
    "vector_store_ids": "vector stores",
    "file_ids": "files",
    "agent_id": "agent",
    "index_connection_id": "connection",
    "index_asset_id": "index asset",
    "eval_id": "eval",
    "connection_id": "connection",
    "index_name": "index",
    "memory_store_name": "memory store",
}
_KIND_OF: Final = {
    "vector_store_ids": "VectorStore::",
    "file_ids": "File::",
    "agent_id": "Agent::",
    "index_asset_id": "IndexAsset::",
    "eval_id": "Evaluation::",
    "index_connection_id": ":ProjectConnection::",
    "connection_id": ":ProjectConnection::",
    "index_name": ":SearchIndex::",
    "memory_store_name": ":MemoryStore::",
}
_HOLDERS: Final = ("auth", "custom_search_configuration")
"""Parts of a tool that refer to something themselves."""


@dataclass(frozen=True)
class Names:
    """How ids are told to people: `of` by id; `fresh` are the URNs whose ids the update makes."""

    of: Mapping[str, str]
    fresh: frozenset[str] = frozenset()

    def told(self, key: str, value: Any, needs: Sequence[str], before: Any = None) -> Any:
        """A reference with names for ids. An unknown becomes the object it must be, or those that it can be.

        `before` is the same reference as it was: an object that is replaced stays the one that is meant.
        """
        marker = _KIND_OF.get(key, "")
        makers = [urn for urn in needs if marker and marker in urn and urn in self.fresh]
        if isinstance(value, list):
            known = [self._one(item) for item in value if item is not UNKNOWN]
            if UNKNOWN not in value:
                return known
            taken = {one.name for one in known if isinstance(one, Reference)}
            made: list[Any] = [Reference(_last(urn), fresh=True) for urn in makers if _last(urn) not in taken]
            return [*known, *(made or [UNKNOWN])]
        if value is UNKNOWN:
            made_names = [_last(urn) for urn in makers]
            if isinstance(before, Reference) and before.name in made_names:
                return Reference(before.name, fresh=True)
            return Reference(" or ".join(sorted(made_names)), fresh=True) if made_names else UNKNOWN
        return self._one(value)

    def made(self, kind: str, needs: Sequence[str]) -> list[str]:
        """The URNs of what the update makes of one kind, among those that are needed."""
        return [urn for urn in needs if f":{kind}::" in urn and urn in self.fresh]

    def _one(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value in self.of:
            return Reference(self.of[value])
        return Reference(value.rsplit("/", 1)[-1]) if value.startswith("/subscriptions/") else value


def changes(
    one: Object,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    names: Names,
    touched: Sequence[str] = (),
) -> tuple[Change, ...]:
    """Everything that differs from `old` to `new`, two sides of `one`: of interest first, then by path.

    `touched` are paths that differ although both sides show the same, because they are secret.
    """
    found: list[Change] = []
    if one.kind is Kind.PLATFORM:
        return tuple(_values("", old, new, touched))
    before, after = _mapping(old.get("definition")), _mapping(new.get("definition"))
    if one.kind in (Kind.AGENT, Kind.TOOLBOX, Kind.SKILL):
        found += _of_agent(before, after, names, one.needs)
    elif one.kind is Kind.VECTOR_STORE:
        found += _files("files", before.get("files"), after.get("files"))
        found += _attributes(before.get("files"), after.get("files"))
        found += _values("", _without(before, "files"), _without(after, "files"))
    elif one.kind is Kind.SEARCH_INDEX:
        found += _files("documents", old.get("documents"), new.get("documents"))
        found += _of_index(before, after)
    elif one.kind is Kind.EVALUATION_RULE:
        was = _told(before, names, ())
        found += _values("", was, _told(after, names, one.needs, was))
    elif one.kind in _KEYED:
        found += _of_index(before, after)
    beside, now = _beside_definition(old), _beside_definition(new)
    if "owner" in old and "owner" in new and not same(old["owner"], new["owner"]):
        beside, now = (_with_mark(side, one) for side, one in ((beside, old), (now, new)))
    found += _values("", beside, now)
    return tuple(found)


def _with_mark(beside: Mapping[str, Any], side: Mapping[str, Any]) -> dict[str, Any]:
    """Whose it is and what it is called there, as the one thing that the mark on a live object is."""
    owner = _mapping(side["owner"])
    told = " ".join(
        [
            f"{owner.get('project')}/{owner.get('stack')}",
            str(owner.get("stackId")),
            str(side.get("name") or ""),
        ]
    )
    return {
        **_without(beside, "owner", "logical name"),
        "mark (whose it is)": told.rstrip() if owner else ABSENT,
    }


def _beside_definition(side: Mapping[str, Any]) -> dict[str, Any]:
    """The other inputs, by the names that declarations have for them; the definition has a name too, the one at the service.

    What a declaration says below `endpoint` stands beside the input of that name, which is the project's address.
    """
    rest = _without(side, "definition", "documents", "name", "serving")
    serving = _mapping(side.get("serving"))
    if serving:
        rest |= {"enabled": serving.get("enabled", ABSENT)}
        rest |= {f"endpoint.{key}": value for key, value in _without(serving, "enabled").items()}
    return {**rest, "logical name": side["name"]} if "name" in side else rest


def introduction(one: Object, names: Names) -> tuple[Change, ...]:
    """What a new object is: the same list, from nothing, without what can be seen elsewhere."""
    side: dict[str, Any] = {"definition": _mapping((one.declared or {}).get("definition"))}
    if one.kind is Kind.SEARCH_INDEX:
        side["documents"] = (one.declared or {}).get("documents") or []
    if one.kind in (Kind.PLATFORM, Kind.FILE):
        return ()
    return tuple(item for item in changes(one, {}, side, names) if not _says_the_name(item, one))


def _says_the_name(item: Change, one: Object) -> bool:
    return isinstance(item, Value) and item.path == "name" and item.new == one.name


def _of_agent(
    old: Mapping[str, Any], new: Mapping[str, Any], names: Names, needs: Sequence[str]
) -> Iterator[Change]:
    was, will = old.get("instructions", ABSENT), new.get("instructions", ABSENT)
    if not same(was, will):
        yield from _text("instructions", was, will)
    yield from _tools(old.get("tools"), new.get("tools"), names, needs)
    yield from _skills(old.get("skills"), new.get("skills"), names, needs)
    code = tuple(_files("code", _code(old).get("files"), _code(new).get("files")))
    yield from code
    yield from _files("files", old.get("files"), new.get("files"))
    # Files that differ make another zip: its hash says nothing more.
    of_code = (
        ("files", "content_hash") if code and "files" in _code(old) and "files" in _code(new) else ("files",)
    )
    told = ("instructions", "tools", "skills", "files")
    before, after = (_beside_code(_without(side, *told), of_code) for side in (old, new))
    yield from _values("", before, after)


def _code(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(_mapping(definition.get("hosted")).get("code_configuration"))


def _beside_code(definition: Mapping[str, Any], told: Sequence[str]) -> Mapping[str, Any]:
    """The definition without what is told of a hosted agent's code."""
    if "files" not in _code(definition):
        return definition
    return {
        **definition,
        "hosted": {**definition["hosted"], "code_configuration": _without(_code(definition), *told)},
    }


def _skills(old: Any, new: Any, names: Names, needs: Sequence[str]) -> Iterator[Change]:
    """References to skills by name. A version that isn't known yet is the one that the update makes."""
    before, after = (
        _versions_of(old, []),
        _versions_of(new, [_last(urn) for urn in names.made("Skill", needs)]),
    )
    if list(before) != list(after):
        sides = (
            [
                name if name in other else f"{name} ({which})" if which else name
                for name, which in side.items()
            ]
            for side, other in ((before, after), (after, before))
        )
        yield Value("skills", *(side or ABSENT for side in sides))
    for name, version in after.items():
        if name in before and before[name] != version:
            yield Value(f"skill {name}", before[name] or ABSENT, version or ABSENT)


def _versions_of(skills: Any, made: list[str]) -> dict[str, str]:
    entries = [one for one in skills if isinstance(one, Mapping)] if isinstance(skills, list) else []
    told = {}
    for one in entries:
        name, version = one.get("name"), one.get("version")
        called = (made.pop(0) if made else "a new skill") if name is UNKNOWN else str(name)
        told[called] = (
            "" if version is None else "new version" if version is UNKNOWN else f"version {version}"
        )
    return told


def _tools(old: Any, new: Any, names: Names, needs: Sequence[str]) -> Iterator[Change]:
    before, after = _by_key(old), _by_key(new)
    for key, tool in after.items():
        if key not in before:
            yield Tool(_tool_name(tool), str(tool.get("type")), "added", _uses(tool, names, needs))
    for key, tool in after.items():
        if key in before:
            was = _told(before[key], names, ())
            will = _told(tool, names, needs, was)
            differing = tuple(_values("", was, will))
            if differing:
                yield Tool(_tool_name(tool), str(tool.get("type")), "changed", changes=differing)
    for key, tool in before.items():
        if key not in after:
            yield Tool(_tool_name(tool), str(tool.get("type")), "removed")


def _by_key(tools: Any) -> dict[tuple[str, str], Mapping[str, Any]]:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for tool in tools if isinstance(tools, list) else []:
        if isinstance(tool, Mapping):
            found[str(tool.get("type")), _tool_name(tool)] = tool
    return found


def _tool_name(tool: Mapping[str, Any]) -> str:
    return str(tool.get("name") or tool.get("type"))


def _told(
    tool: Mapping[str, Any],
    names: Names,
    needs: Sequence[str],
    was: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        label: names.told(key, value, needs, (was or {}).get(label)) if key in _REFERENCES else value
        for key, value in tool.items()
        if key not in ("name", "type")
        for label in (_REFERENCES.get(key, key),)
    }


def _uses(tool: Mapping[str, Any], names: Names, needs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What a new tool works with: pairs of a label and a name."""
    return tuple(
        (label, name)
        for label, name in (
            *_used_objects(tool, names, needs),
            ("input queue", _mapping(tool.get("input_queue")).get("queue_name")),
            ("output queue", _mapping(tool.get("output_queue")).get("queue_name")),
            ("server", tool.get("server_url")),
            *(("toolbox", _last(urn)) for urn in _new_toolboxes(tool, names, needs)),
            ("API", _mapping(_mapping(tool.get("spec")).get("info")).get("title")),
        )
        if isinstance(name, str)
    )


def _new_toolboxes(tool: Mapping[str, Any], names: Names, needs: Sequence[str]) -> list[str]:
    """The toolbox behind an address that isn't known yet, where only one can be meant."""
    made = names.made("Toolbox", needs) if tool.get("server_url") is UNKNOWN else []
    return made if len(made) == 1 else []


def _used_objects(
    tool: Mapping[str, Any], names: Names, needs: Sequence[str]
) -> Iterator[tuple[str, str | None]]:
    for holder in (tool, *(_mapping(tool.get(part)) for part in _HOLDERS)):
        for key, label in _REFERENCES.items():
            value = names.told(key, holder[key], needs) if key in holder else []
            for item in value if isinstance(value, list) else [value]:
                yield label, item.name if isinstance(item, Reference) else item


def _of_index(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """An index's lists are maps by name: a field that comes or goes is one line."""
    yield from _values("", _keyed(old), _keyed(new))


def _keyed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _keyed(item) for key, item in value.items()}
    if (
        isinstance(value, list)
        and value
        and all(isinstance(item, Mapping) and item.get("name") for item in value)
    ):
        return {f"[{item['name']}]": _keyed({k: v for k, v in item.items() if k != "name"}) for item in value}
    return value


def _files(path: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = _hashes(old), _hashes(new)
    moved = [name for name in after if name in before and before[name] != after[name]]
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    if moved or added or removed:
        unchanged = len(after) - len(moved) - len(added)
        yield Files(path, tuple(sorted(added)), tuple(sorted(moved)), tuple(sorted(removed)), unchanged)


def _attributes(old: Any, new: Any) -> Iterator[Change]:
    """What changes of the attributes of files, by file: of a new file only those that it has."""
    before, after = _attributes_of(old), _attributes_of(new)
    for name, told in after.items():
        yield from _values(f"files[{name}].attributes", before.get(name, {}), told)


def _attributes_of(files: Any) -> dict[str, Mapping[str, Any]]:
    return {
        str(file.get("path") or file.get("file_id") or "?"): _mapping(file.get("attributes"))
        for file in (files if isinstance(files, list) else [])
        if isinstance(file, Mapping)
    }


def _hashes(files: Any) -> dict[str, Any]:
    return {
        str(file.get("path") or file.get("file_id") or "?"): file.get("sha256")
        for file in (files if isinstance(files, list) else [])
        if isinstance(file, Mapping)
    }


def _values(path: str, old: Any, new: Any, touched: Sequence[str] = ()) -> Iterator[Value | Text]:
    """The differences of two JSON values, each at its own path; `touched` adds those that are hidden as secrets."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        parts = [
            part
            for key in sorted({*old, *new})
            for part in _values(_join(path, key), old.get(key, ABSENT), new.get(key, ABSENT), touched)
        ]
        if path in _DOCUMENTS and len(parts) > _MANY:
            yield Text(path, _json(old, indent=2), _json(new, indent=2))
        else:
            yield from parts
    elif old == SECRET and new == SECRET:
        if any(other == path or other.startswith((f"{path}.", f"{path}[")) for other in touched):
            yield Value(path, SECRET, SECRET)
    elif not same(old, new):
        yield from _differing(path, old, new)


def _differing(path: str, old: Any, new: Any) -> Iterator[Value | Text]:
    if isinstance(old, list) and isinstance(new, list) and all(map(_is_plain, [*old, *new])):
        yield Value(path, old, new)
    elif UNKNOWN in (old, new) or not any(isinstance(side, Mapping | list) for side in (old, new)):
        yield from _text(path, old, new)
    elif all(len(side) <= _LONG for side in (_json(old), _json(new))):
        yield Value(path, *(side if _is_plain(side) else _json(side) for side in (old, new)))
    else:
        yield Text(path, _json(old, indent=2), _json(new, indent=2))


def _text(path: str, old: Any, new: Any) -> Iterator[Value | Text]:
    sides = [side for side in (old, new) if isinstance(side, str)]
    others = [side for side in (old, new) if not isinstance(side, str | Absent)]
    if sides and not others and any("\n" in side or len(side) > _LONG for side in sides):
        yield Text(path, *("" if isinstance(side, Absent) else str(side) for side in (old, new)))
    else:
        yield Value(path, old, new)


def same(old: Any, new: Any) -> bool:
    """Equality of JSON: an unknown equals nothing, true doesn't equal 1, and no value equals an empty one."""
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return False
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if _is_empty(old) and _is_empty(new):
        return True
    return bool(old == new)


def _is_empty(value: Any) -> bool:
    return isinstance(value, Absent) or value is None or value in ("", [], {})


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Mapping | list)


def _json(value: Any, indent: int | None = None) -> str:
    if isinstance(value, Absent) or value is None:
        return ""
    return json.dumps(value, indent=indent, ensure_ascii=False, sort_keys=True, default=_in_json)


def _in_json(value: Any) -> str:
    return value.name if isinstance(value, Reference) else "(known after the update)"


def _join(path: str, key: str) -> str:
    return f"{path}{key}" if key.startswith("[") else f"{path}.{key}" if path else key


def _without(value: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in keys}


def _last(urn: str) -> str:
    return urn.split("::", 3)[-1]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
