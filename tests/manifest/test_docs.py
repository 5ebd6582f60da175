"""What the documents show can be written as it is shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from foundry.manifest import load
from foundry.manifest.marked import plain
from foundry.manifest.report import Report
from foundry.manifest.schema import FILES, schema_of
from foundry.manifest.yaml12 import read

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SNIPPET = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOLDERS = {
    "Agent": "agents",
    "VectorStore": "vector-stores",
    "SearchIndex": "search-indexes",
    "MemoryStore": "memory-stores",
    "Toolbox": "toolboxes",
}
# An overlay shows only what it changes of a document of the example.
OVERLAYS = {
    "parcel-tracker": ROOT / "stacks/base/agents/parcel-tracker.yaml",
    "products": ROOT / "stacks/base/search-indexes/products.yaml",
}
NO_DECLARATIONS = {"emulator.md": "rules", "testing.md": "rules", "ci-cd.md": "on"}
"""Pages with YAML that is for something else, and the key that such YAML has."""


def _value(text: str, name: str = "snippet.yaml") -> Any:
    report = Report()
    found = read(text, name, report)
    assert report.sorted() == ()
    return plain(found.value)


def _snippets() -> list[Any]:
    return [
        pytest.param(page, found[1], id=f"{page.name}:{page.read_text()[: found.start()].count(chr(10)) + 2}")
        for page in PAGES
        for found in SNIPPET.finditer(page.read_text(encoding="utf-8"))
    ]


def _merged(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


@pytest.mark.parametrize(("page", "text"), _snippets())
def test_every_snippet_is_a_declaration_or_a_part_of_one(page: Path, text: str) -> None:
    shown = _value(text)
    if not isinstance(shown, dict) or NO_DECLARATIONS.get(page.name) in shown:
        return
    if "kind" not in shown:
        shown = {"kind": "Agent", "name": "shown", "model": "chat", **shown}
    elif shown["name"] in OVERLAYS:
        shown = _merged(_value(OVERLAYS[shown["name"]].read_text()), shown)
    faults = Draft202012Validator(schema_of(shown["kind"])).iter_errors(shown)
    assert [f"{fault.json_path}: {fault.message[:200]}" for fault in faults] == []


TOOLS = (ROOT / "docs/tools.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^### `(\w+)`\n\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
MATERIAL = {
    "knowledge/returns.md": "Returns are free.\n",
    "data/orders.csv": "id,total\n1,2\n",
    "data/products.jsonl": '{"id": "1", "title": "Tent", "discontinued": false}\n',
    "openapi/weather.yaml": json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "Weather", "version": "1"},
            "paths": {"/now": {"get": {"operationId": "now", "responses": {"200": {"description": "It"}}}}},
            "components": {
                "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
            },
        }
    ),
}


def _dialects(section: str) -> list[str]:
    first = section.partition("\n\n")[0]
    return [word for word in ("classic", "versioned") if word in re.split(r"\W+", first.lower())]


def test_the_page_of_tools_has_each_tool_with_its_dialects() -> None:
    shown = {found[1]: _dialects(found[2]) for found in SECTION.finditer(TOOLS)}
    tools = {name: one for name, one in schema_of("Agent")["$defs"].items() if name.startswith("tool_")}
    assert shown == {
        one["properties"]["type"]["const"]: one.get("x-dialects", ["classic", "versioned"])
        for one in tools.values()
    }


def test_the_page_of_tools_is_a_stack_without_faults(tmp_path: Path) -> None:
    base = tmp_path / "stacks/base"
    documents = [(found[1], _value(found[1])) for found in SNIPPET.finditer(TOOLS)]
    secrets = sorted(set(re.findall(r"secret: (\w+)", TOOLS)))
    files = {
        "Pulumi.yaml": "name: examples\nruntime: python\nstackConfigDir: stacks\n",
        "stacks/Pulumi.base.yaml": "config:\n  foundry:stackId: 4f0b6a52-0f5d-4f0e-9d39-6a5c1b1d8a27\n"
        + "".join(f"  foundry:{key}: {{secure: v1:x}}\n" for key in secrets),
        **{f"stacks/base/{name}": text for name, text in MATERIAL.items()},
    }
    for text, value in documents:
        if value.get("kind") == "Environment":
            files["stacks/base/environment.yaml"] = text
        elif "kind" in value:
            files[f"stacks/base/{FOLDERS[value['kind']]}/{value['name']}.yaml"] = text
    for found in SECTION.finditer(TOOLS):
        (tool,) = [one for one in SNIPPET.findall(found[2]) if one.startswith("tools:")]
        speaks = (
            "voice: {model_type: managed, model: gpt-realtime}\n" if found[1] == "system" else "model: chat\n"
        )
        for dialect in _dialects(found[2]):
            name = f"{found[1].replace('_', '-')}-{dialect}"
            files[f"stacks/base/agents/{name}.yaml"] = (
                f"kind: Agent\nname: {name}\ndialect: {dialect}\n{speaks}instructions: Help.\n{tool}"
            )
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    loaded = load(tmp_path, "base")
    assert [str(one) for one in loaded.findings if "warning" not in str(one)] == []
    assert loaded.manifest is not None
    assert len(loaded.manifest.agents) == len(list((base / "agents").iterdir()))


def test_every_kind_has_a_page() -> None:
    assert {f"{stem}.md" for stem in FILES.values()} <= {page.name for page in PAGES}


def test_the_reference_says_which_tools_only_one_dialect_has() -> None:
    page = (ROOT / "docs/reference/agent.md").read_text(encoding="utf-8")
    for name, one in schema_of("Agent")["$defs"].items():
        if name.startswith("tool_"):
            heading = f"## `tools.NAME` of type `{one['properties']['type']['const']}`\n"
            about = page.split(heading, 1)[1].partition("\n| ")[0]
            only = " and ".join(one.get("x-dialects", ()))
            assert (f"*Only in the dialect {only}.*" in about) is bool(only), name
