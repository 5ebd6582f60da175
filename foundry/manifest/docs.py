"""The reference pages of the declaration format, rendered from its JSON Schemas.

`python -m foundry.manifest.docs [FOLDER]` writes one page per kind (default: `docs/reference`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from foundry.manifest.schema import FILES, schema_of
from foundry.manifest.support import TABLE

ABSENCE: Final = {
    "required": "An error: the field is required.",
    "owned": "Empty at the service: what somebody adds by hand is drift, and repaired.",
    "defaulted": "The service's default, not compared. Leaving it out after it was applied is a change: it is reset.",
    "foreign": "Not ours: what is there is kept, and never drift.",
    "not_managed": "Not managed: whatever is there stays.",
    "our_default": "Our own default, as stated.",
}
"""What the values of the annotation `x-absence` mean."""

SHORT: Final = {
    "required": "**required**",
    "owned": "empty",
    "defaulted": "service's default",
    "foreign": "kept",
    "not_managed": "not managed",
    "our_default": "our default",
}


def pages() -> dict[str, str]:
    """The pages by file name."""
    return {f"{stem}.md": _Page(kind, stem).text() for kind, stem in FILES.items()}


_MANY: Final = 12
"""So many values are told once on a page."""


class _Page:
    def __init__(self, kind: str, stem: str) -> None:
        self._kind = kind
        self._stem = stem
        self._schema = schema_of(kind)
        self._told: set[str] = set()
        self._choices: dict[tuple[Any, ...], str] = {}

    def text(self) -> str:
        schema = self._schema
        lines = [
            f"# {schema['title']}",
            "",
            f"<!-- Rendered from schemas/{self._stem}.json by `python -m foundry.manifest.docs`. -->",
            "",
            schema["description"],
            "",
            f"Completion in an editor: `# yaml-language-server: $schema=…/schemas/{self._stem}.json` as the first line."
            + (" An example of every tool: [tools.md](../tools.md)." if self._kind == "Agent" else ""),
            "",
            *_example(schema),
            *self._table(schema, ()),
            "",
            "The column *absent* says what leaving a field out means:",
            "",
            *(f"- {SHORT[word]}: {meaning}" for word, meaning in ABSENCE.items()),
            "",
            *self._below(schema, ()),
        ]
        return "\n".join(lines).rstrip() + "\n"

    def _table(self, schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
        yield "| field | value | absent | |"
        yield "|---|---|---|---|"
        for name, told in schema["properties"].items():
            field = self._resolved(told)
            value = self._same_as_before(name, field) or self._value(field)
            yield f"| `{name}` | {value} | {self._absent(told, field)} | {self._about((*path, name), told, field)} |"

    def _same_as_before(self, name: str, field: dict[str, Any]) -> str:
        """Where a long list of values was told already; empty where it wasn't."""
        items = self._resolved(field.get("items", {})) if field.get("type") == "array" else field
        choices = tuple(items.get("enum", ()))
        before = self._choices.setdefault(choices, name)
        return f"as `{before}`" if len(choices) > _MANY and before != name else ""

    def _resolved(self, told: dict[str, Any]) -> dict[str, Any]:
        field = told
        while "$ref" in field:
            field = self._schema["$defs"][field["$ref"].removeprefix("#/$defs/")]
        return field

    def _value(self, field: dict[str, Any]) -> str:
        if "const" in field:
            return f"`{field['const']}`"
        if "enum" in field:
            return ", ".join(f"`{value}`" for value in field["enum"])
        if "oneOf" in field and "x-discriminator" not in field:
            kinds = [
                self._value(self._resolved(branch))
                for branch in field["oneOf"]
                if "required" not in branch or "type" in branch
            ]
            return " or ".join(dict.fromkeys(kinds)) or "mapping"
        match field.get("type"):
            case "array":
                return f"list of {self._value(self._resolved(field.get('items', {})))}"
            case "object":
                if "x-discriminator" in field:
                    return "mapping with `type`"
                required = field.get("required", []) if "properties" in field else []
                return f"`{{{', '.join(required)}}}`" if required and len(required) <= 2 else "mapping"
            case "string":
                return "text"
            case "integer":
                return f"whole number{_range(field)}"
            case "number":
                return f"number{_range(field)}"
            case "boolean":
                return "true or false"
            case _:
                return "mapping with `type`" if "x-discriminator" in field else "any"

    def _absent(self, told: dict[str, Any], field: dict[str, Any]) -> str:
        word = told.get("x-absence", field.get("x-absence", "our_default"))
        if "default" in field and word == "our_default":
            return f"`{json.dumps(field['default'])}`"
        return SHORT[word]

    def _about(self, path: tuple[str, ...], told: dict[str, Any], field: dict[str, Any]) -> str:
        about = str(told.get("description", field.get("description", "")))
        about += _only_in({**field, **told})
        return (about + "".join(self._missing(path) if "const" not in field else ())).replace("|", "\\|")

    def _missing(self, path: tuple[str, ...]) -> Iterator[str]:
        """Notes on what the release can't do yet, from the table that also refuses it."""
        for entry in TABLE:
            if entry.kind == self._kind and entry.path == path:
                values = ", ".join(f"`{value}`" for value in entry.values)
                yield f" **Not in this release{': ' + values if values else ''}.**"

    def _below(self, schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
        """Sections for the mappings inside a mapping."""
        for name, told in schema["properties"].items():
            yield from self._section(told, (*path, name))

    def _section(
        self, told: dict[str, Any], path: tuple[str, ...], *, distinct: bool = False
    ) -> Iterator[str]:
        field = self._resolved(told)
        reference = told.get("$ref", "")
        if reference and reference in self._told:
            return
        self._told.add(reference)
        if field.get("type") == "array":
            yield from self._section(field.get("items", {}), path)
        elif isinstance(field.get("additionalProperties"), dict) and "properties" not in field:
            yield from self._section(field["additionalProperties"], (*path, "*"))
        elif "oneOf" in field and "properties" not in field:
            several = sum("properties" in self._resolved(branch) for branch in field["oneOf"]) > 1
            for branch in field["oneOf"]:
                yield from self._section(branch, path, distinct=several)
        elif field.get("properties"):
            yield from self._mapping(field, path, distinct=distinct)

    def _mapping(self, field: dict[str, Any], path: tuple[str, ...], *, distinct: bool) -> Iterator[str]:
        kind = field["properties"].get("type", {}).get("const")
        yield f"## {_heading(field, path, kind, distinct=distinct)}"
        yield ""
        yield (
            field["description"]
            + _only_in(field)
            + "".join(
                f" **Not in this release: {entry.fix}.**"
                for entry in TABLE
                if entry.kind == self._kind and entry.path == (*path, "type") and kind in entry.values
            )
        )
        yield ""
        yield from self._table(field, path)
        yield ""
        yield from self._below(field, path)


def _only_in(field: dict[str, Any]) -> str:
    dialects = field.get("x-dialects")
    return f" *Only in the dialect {' and '.join(dialects)}.*" if dialects else ""


def _heading(field: dict[str, Any], path: tuple[str, ...], kind: str | None, *, distinct: bool) -> str:
    name = f"`{'.'.join(path).replace('*', 'NAME')}`"
    if kind is not None:
        return f"{name} of type `{kind}`"
    if distinct:
        return f"{name} with `{', '.join(field.get('required', field['properties']))}`"
    return str(field.get("title", name))


def _range(field: dict[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    if "exclusiveMinimum" in field:
        return f", more than {field['exclusiveMinimum']}"
    return f", {low} or more" if low is not None else ""


def _example(schema: dict[str, Any]) -> Iterator[str]:
    yield "```yaml"
    yield from yaml.safe_dump(
        schema["examples"][0], sort_keys=False, default_flow_style=None, allow_unicode=True, width=110
    ).splitlines()
    yield "```"
    yield ""


def main(arguments: list[str]) -> int:
    """Write the pages into a folder."""
    folder = Path(arguments[0] if arguments else "docs/reference")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
