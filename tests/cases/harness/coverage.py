"""Which field of which kind is covered by which case, and how it is compared: `python -m tests.cases.harness.coverage`.

It writes docs/coverage.md from the schemas (fields, dialects, what absence means), the field tables (how two values are compared)
and the case folders (what was declared, made, read back and changed).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from foundry.diff import TABLES, Items, Leaf, Record
from foundry.manifest.docs import SHORT
from foundry.manifest.report import Report
from foundry.manifest.schema import FILES, schema_of
from foundry.manifest.yaml12 import read
from tests.cases.harness.left_out import LEFT_OUT

ROOT: Final = Path(__file__).parents[3]
CASES: Final = ROOT / "tests" / "cases"
PAGE: Final = ROOT / "docs" / "coverage.md"
DIALECTS: Final = ("classic", "versioned")

_OURS: Final = frozenset(
    {
        "kind",
        "name",
        "project",
        "dialect",
        "omit",
        "lifecycle",
        "checks",
        "enabled",
        "keep_versions",
        "default_version",
        "endpoint",
    }
)
"""What isn't part of an object's definition: covered by tests of its own."""

_OF_NO_DIALECT: Final = "SearchIndex"
_VERSIONED_ONLY: Final = ("MemoryStore", "Toolbox", "Skill")
_SENT_AS: Final = {"toolbox": "mcp"}
"""Tools that are another one's in a definition."""

_TEXTS: Final = (
    "#/$defs/text",
    "#/$defs/json_schema",
    "#/$defs/document_file",
    "#/$defs/queue",
    "#/$defs/file_filter",
)
"""What is compared as a whole, whatever is in it."""

_RESOLVED: Final = {
    "service_name": "name",
    "vector_stores": "vector_store_ids",
    "files": "file_ids",
    "agent": "agent_id",
    "connection": "connection_id",
    "index": "index_name",
    "index_asset": "index_asset_id",
    "expires_after": "expires_after_days",
    "server_url": "spec",
    "toolbox": "server_url",
}
"""Declared references, by the field of the definition that they become."""

Uses = dict[str, dict[str, dict[str, bool]]]
"""Field → dialect → case → whether the case changes it too."""


def page() -> str:
    """The whole page."""
    lines = [
        "# Coverage",
        "",
        "<!-- Written by `python -m tests.cases.harness.coverage`. -->",
        "",
        "Every field that a declaration can have, and the cases that prove it. A case makes the object on the emulator, compares each",
        "request with the one expected, reads the object back, and finds nothing left to change; the official client is the witness",
        "(azure-ai-agents, azure-ai-projects with openai, azure-search-documents). *changed* says that the case also changes the field in",
        "place, or takes it away, and goes back. Names, ownership, adoption and drift are covered by `tests/reconcile`.",
        "",
        "*Absent* says what leaving the field out means; *compared* how live and declared values are: *as declared*, *default* (only where it",
        "is or was declared), *kept* (what isn't declared is somebody else's), *last applied* (the service never tells the value), *set* (no order).",
        "",
    ]
    for kind in FILES:
        if kind == "Environment":
            continue
        uses = _uses(kind)
        for title, rows in _tables(kind, uses):
            columns = ["Field", "Absent", "Compared", *(DIALECTS if kind != _OF_NO_DIALECT else ["cases"])]
            lines += [f"## {title}", "", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
            lines += [*rows, ""]
    return "\n".join([*lines, *_left_out()])


def _left_out() -> Iterator[str]:
    yield "## Left out"
    yield ""
    yield "What azure-ai-projects can write of these and a declaration doesn't say, by the names of its models, and why. A test holds every other"
    yield "field of its models against what the cases write, so that a newer client with more of them fails it."
    yield ""
    yield "| Why | Models and fields |"
    yield "|---|---|"
    for reason in dict.fromkeys(LEFT_OUT.values()):
        names = ", ".join(f"`{name}`" for name, why in LEFT_OUT.items() if why == reason)
        yield f"| {reason} | {names} |"
    yield ""


def _tables(kind: str, uses: Uses) -> Iterator[tuple[str, list[str]]]:
    root = schema_of(kind)
    plain = [(path, field) for path, field in _once(_fields(root, root)) if not path.startswith("tools.")]
    of_kind = {"x-dialects": ("versioned",)} if kind in _VERSIONED_ONLY else {}
    yield (
        kind,
        [
            _row(kind, path, {**field, "x-dialects": _dialects(field, of_kind)}, uses, None)
            for path, field in plain
        ],
    )
    word = "toolbox" if kind == "Toolbox" else "tool"
    tools = root["$defs"].get("toolbox_tool" if kind == "Toolbox" else "tool", {})
    for branch in tools.get("oneOf", ()):
        name = branch["$ref"].removeprefix(f"#/$defs/{word}_")
        tool = root["$defs"][f"{word}_{name}"]
        rows = [
            _row(
                kind,
                f"tools.{name}.{path}",
                {**field, "x-dialects": _dialects(field, tool, of_kind)},
                uses,
                name,
            )
            for path, field in _once(_fields(tool, root))
            if path != "type"
        ]
        here = f"tools.{name}"
        whole = _row(kind, here, {"x-absence": "owned", "x-dialects": _dialects(tool, of_kind)}, uses, name)
        yield f"{kind}: tool `{name}`", [whole, *rows]


def _dialects(*schemas: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        one for one in DIALECTS if all(one in schema.get("x-dialects", DIALECTS) for schema in schemas)
    )


def _fields(
    schema: Mapping[str, Any],
    root: Mapping[str, Any],
    above: str = "",
    within: tuple[str, ...] = DIALECTS,
) -> Iterator[tuple[str, Any]]:
    """Path and field; `x-dialects` are those that everything above it is in as well."""
    for name, told in schema.get("properties", {}).items():
        if not above and name in _OURS and schema is root:
            continue
        path = f"{above}{name}"
        if path == "tools":
            continue
        dialects = tuple(one for one in _dialects(told) if one in within)
        yield path, {**told, "x-dialects": dialects}
        yield from _below(told, root, path, dialects)


def _below(
    told: Mapping[str, Any], root: Mapping[str, Any], path: str, within: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    if told.get("$ref") in _TEXTS:
        return
    inner = _resolved(told, root)
    for branch in inner.get("oneOf", ()):
        below = _resolved(branch, root)
        if branch.get("$ref") not in _TEXTS and "properties" in below:
            dialects = tuple(one for one in _dialects(below) if one in within)
            yield from _fields(below, root, f"{path}.", dialects)
    yield from _fields(inner, root, f"{path}.", within)
    items = inner.get("items")
    if (isinstance(items, Mapping) and _resolved(items, root) is not schema_field(root)) or (
        isinstance(items, Mapping) and path.count("fields") == 1
    ):
        yield from _fields(_resolved(items, root), root, f"{path}[].", within)
        for branch in _resolved(items, root).get("oneOf", ()):
            yield from _fields(_resolved(branch, root), root, f"{path}[].", within)


def _once(found: Iterator[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """A field that several branches have is one row, in the dialects of any."""
    merged: dict[str, Any] = {}
    for path, told in found:
        before = merged.get(path, told)
        merged[path] = {**before, "x-dialects": (*before["x-dialects"], *told["x-dialects"])}
    return list(merged.items())


def schema_field(root: Mapping[str, Any]) -> Any:
    """The schema of an index's field, which holds itself."""
    return root["$defs"].get("field")


def _resolved(told: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in told:
        told = root["$defs"][told["$ref"].removeprefix("#/$defs/")]
    return told


def _row(kind: str, path: str, field: Mapping[str, Any], uses: Uses, tool: str | None) -> str:
    dialects, used = _dialects(field), uses.get(path, {})
    cells = [
        _cell(used.get(dialect, {})) if dialect in dialects or used.get(dialect) else "-"
        for dialect in DIALECTS
    ]
    if kind == _OF_NO_DIALECT:
        cells = [_cell({case: changed for cases in used.values() for case, changed in cases.items()})]
    name = path.removeprefix(f"tools.{tool}.") if tool else path
    shown = "(the tool)" if tool and path == f"tools.{tool}" else f"`{name}`"
    absent = SHORT.get(str(field.get("x-absence", "")), "")
    return f"| {shown} | {absent} | {_compared(kind, path, tool, dialects)} | {' | '.join(cells)} |"


def _cell(cases: Mapping[str, bool]) -> str:
    return ", ".join(f"{case} (changed)" if changed else case for case, changed in sorted(cases.items()))


_OF_THE_RULE = ("max_hourly_runs", "sampling_rate", "enabled", "display_name", "description")
"""Fields of an agent's `evaluation` that its rule keeps by the same names."""


def _compared(kind: str, path: str, tool: str | None, dialects: tuple[str, ...]) -> str:
    table: Any = TABLES.get("VersionedAgent" if kind == "Agent" and "classic" not in dialects else kind)
    steps = path.split(".")
    if tool:
        steps = steps[2:]
        sent = _SENT_AS.get(tool, tool)
        table = table.fields["tools"].of({"type": sent, "name": tool}) if table else None
    elif kind == "Agent" and steps[0] == "evaluation":
        if steps[1:] and steps[1] in _OF_THE_RULE:
            table, steps = TABLES["EvaluationRule"], steps[1:]
        else:
            return "as declared"
    elif kind == "SearchIndex":
        if steps[0] in ("data_source", "skillset", "indexer", "synonym_maps"):
            table = TABLES["SearchObject"]
        if steps[0] == "asset" and steps[1:] not in ([], ["project"]):
            table = TABLES["IndexAsset"]
        elif steps[0] == "asset":
            return "as declared"
        steps = steps[1:] if len(steps) > 1 else ["definition"]
        if path in ("alias", "documents", "rebuild", "downtime"):
            return "as declared"
        if steps == ["definition"]:
            return "as declared"
    for step in steps:
        table = _step(table, step)
    return _word(table)


def _step(table: Any, step: str) -> Any:
    name = step.removesuffix("[]")
    if isinstance(table, Items):
        table = table.of({})
    if not isinstance(table, Record):
        return table
    known = table.fields.get(name, table.fields.get(_RESOLVED.get(name, name)))
    found = known if known is not None else table.rest
    return found.of({}) if isinstance(found, Items) and step.endswith("[]") else found


def _word(table: Any) -> str:
    if table is None:
        return ""
    words = {
        "owned": "as declared",
        "defaulted": "default",
        "foreign": "kept",
        "server-owned": "",
        "write-only": "last applied",
    }
    word = words[table.sort.value]
    if isinstance(table, Record) and not table.fields and table.rest.sort.value == "foreign":
        return words["foreign"]
    return f"{word}, set" if isinstance(table, Leaf) and table.unordered else word


# ---- case folders


def _uses(kind: str) -> Uses:
    found: Uses = {}
    for dialect in DIALECTS:
        for folder in sorted((CASES / dialect).glob("*/declaration")):
            case = folder.parent
            declared = _documents(folder, kind)
            changed = _documents(case / "changed", kind)
            for name, tree in declared.items():
                for path in _paths(tree, tree):
                    found.setdefault(path, {}).setdefault(dialect, {}).setdefault(case.name, False)
                for path in _paths(changed.get(name, {}), tree):
                    found.setdefault(path, {}).setdefault(dialect, {})[case.name] = True
    return found


def _documents(folder: Path, kind: str) -> dict[str, Any]:
    trees = [
        read(path.read_text(encoding="utf-8"), path.name, Report()).value
        for path in sorted(folder.glob("*.yaml"))
    ]
    return {
        str(tree["name"]): tree for tree in trees if isinstance(tree, Mapping) and tree.get("kind") == kind
    }


def _paths(tree: Any, whole: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The fields that a document has; tools by their type, which an overlay doesn't repeat."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            path = f"{above}{key}"
            if above == "tools.":
                kind = (whole.get("tools", {}).get(key) or {}).get("type")
                path = f"tools.{kind}"
            yield path
            yield from _paths(value, whole, f"{path}.")
    elif isinstance(tree, list):
        for item in tree:
            yield from _paths(item, whole, f"{above.removesuffix('.')}[].")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
