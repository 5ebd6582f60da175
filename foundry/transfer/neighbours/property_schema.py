"""AgentSchema's own way to say what an object looks like, and JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

_TO_JSON: Final = {"float": "number", "int": "integer", "bool": "boolean", "str": "string"}
_FROM_JSON: Final = {"number": "float"}
_SAID: Final = frozenset(
    {"type", "description", "default", "enum", "items", "properties", "required", "additionalProperties"}
)


def to_json_schema(told: Any) -> dict[str, Any]:
    """A JSON Schema for what a PropertySchema, or a list or map of properties, says. A JSON Schema stays as it is."""
    if not isinstance(told, Mapping):
        return _object({"properties": told})
    if told.get("type") == "object" and "kind" not in told:
        return dict(told)
    if "properties" not in told and all(isinstance(item, Mapping) for item in told.values()):
        return _object({"properties": told})
    return _object(told)


def from_json_schema(
    schema: Mapping[str, Any], lose: Callable[[str, str], None], where: str
) -> dict[str, Any]:
    """A PropertySchema for a JSON Schema of type object; what it can't say goes to `lose`."""
    _lose_unknown(schema, lose, where)
    told: dict[str, Any] = {}
    if schema.get("additionalProperties") is False:
        told["strict"] = True
    required = schema.get("required") or ()
    told["properties"] = [
        {"name": name, **_property_from(item, lose, f"{where}.{name}"), "required": name in required}
        for name, item in (schema.get("properties") or {}).items()
    ]
    return told


def _object(told: Mapping[str, Any]) -> dict[str, Any]:
    properties = told.get("properties") or {}
    listed = (
        [(str(item.get("name")), item) for item in properties if isinstance(item, Mapping)]
        if isinstance(properties, list)
        else [(name, item) for name, item in properties.items() if isinstance(item, Mapping)]
    )
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _property(item) for name, item in listed},
    }
    required = [name for name, item in listed if item.get("required") is True]
    if required:
        schema["required"] = required
    if told.get("strict") is True:
        schema["additionalProperties"] = False
    return schema


def _property(item: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(item.get("kind") or item.get("type") or "string")
    schema: dict[str, Any] = {"type": _TO_JSON.get(kind, kind)}
    for key, name in (("description", "description"), ("default", "default")):
        if item.get(key) is not None:
            schema[name] = item[key]
    values = item.get("enumValues") or item.get("enum")
    if values:
        schema["enum"] = list(values)
    if kind == "array" and isinstance(item.get("items"), Mapping):
        schema["items"] = _property(item["items"])
    if kind == "object" and item.get("properties"):
        schema |= {key: value for key, value in _object(item).items() if key != "type"}
    return schema


def _property_from(item: Any, lose: Callable[[str, str], None], where: str) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        lose(where, "not a schema of its own")
        return {"kind": "string"}
    _lose_unknown(item, lose, where)
    kind = item.get("type", "string")
    if not isinstance(kind, str):
        lose(f"{where}.type", f"several types ({', '.join(map(str, kind))}); the first is written")
        kind = str(kind[0]) if isinstance(kind, list) and kind else "string"
    told: dict[str, Any] = {"kind": _FROM_JSON.get(kind, kind)}
    for key, name in (("description", "description"), ("default", "default"), ("enum", "enumValues")):
        if item.get(key) is not None:
            told[name] = item[key]
    if kind == "array" and isinstance(item.get("items"), Mapping):
        told["items"] = _property_from(item["items"], lose, f"{where}.items")
    if kind == "object" and item.get("properties"):
        told |= from_json_schema(item, lose, where)
        told.pop("strict", None)
    return told


def _lose_unknown(schema: Mapping[str, Any], lose: Callable[[str, str], None], where: str) -> None:
    for key in schema:
        if key not in _SAID:
            lose(f"{where}.{key}", "the format has no such rule")
