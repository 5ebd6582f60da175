"""One case folder: a declaration, the requests that it must make, and what is read back.

- `declaration/`: YAML laid over the base of the dialect.
- `wire.json`: every request that changes something, in order, as `[{"POST /assistants?api-version=v1": body}, …]`.
- `live.json`: what is read back of each resource, as its definition.
- `there.json` (optional): what others made before, see `there.py`.
- `changed/`, `changed-wire.json` (optional): the declaration as it is later, and the requests that make it so.

Ids, marks and the address of the project stand there by name: `<VectorStore handbook>`, `<mark>`, `<project>`.
Run the tests with `ACCEPT_CASES=1` to write what came out; read it before it is committed.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from foundry.reconcile.marks import KEY
from tests.cases.harness.stack import Stack

_MARK = re.compile(r"\(foundry-as-code: [^()]*\)$")


def told(stack: Stack, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests that change something, in the words of a case folder."""
    found = []
    for one in requests:
        if one["method"] == "GET":
            continue
        parts = urlsplit(one["url"])
        path = parts.path.removeprefix(stack.world.data_path)
        version = parse_qs(parts.query).get("api-version", [""])[0]
        where = f"{one['method']} {path}?api-version={version}" if version else f"{one['method']} {path}"
        found.append({_named(where, stack.names): _plain(one.get("body"), stack.names)})
    # What is deleted together goes in the order of ids, which are random.
    runs = itertools.groupby(found, key=lambda one: next(iter(one)).startswith("DELETE "))
    return [one for deletes, run in runs for one in (sorted(run, key=str) if deletes else run)]


def live(stack: Stack) -> dict[str, Any]:
    """What is read back of each resource, in the words of a case folder."""
    stack.refresh(stack.world.session())
    return {
        f"{kind} {name}": _plain(held.inputs["definition"], stack.names)
        for (kind, name), held in sorted(stack.state.items())
        if "definition" in held.inputs
    }


def expect(path: Path, found: Any) -> None:
    """Compares with what the case folder says."""
    if os.environ.get("ACCEPT_CASES") == "1":
        path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(path.read_text(encoding="utf-8"))


def cases(dialect: Path) -> list[Path]:
    """The case folders of a dialect."""
    return [folder.parent for folder in sorted(dialect.glob("*/declaration"))]


def _named(text: str, names: Mapping[str, str]) -> str:
    for id_, name in names.items():
        text = text.replace(id_, name)
    return _MARK.sub("(<mark>)", text)


def _plain(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _named(value, names)
    if isinstance(value, Mapping):
        return {key: "<mark>" if key == KEY else _plain(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, names) for item in value]
    return value
