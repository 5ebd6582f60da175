"""The contract of outputs: what callers of a stack's agents may rely on, in a form with a version and a schema.

The schema is `schemas/outputs.json`. A field may be added under the same version; renaming or removing one, or changing what it
means, makes the next version.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from foundry.model import toolbox_address

VERSION: Final = 1
_CLASSIC: Final = "classic"
_BOTH: Final = "both"


@dataclass(frozen=True)
class Made:
    """A live object as callers know it.

    `kind` is Agent, VectorStore, SearchIndex, MemoryStore, Toolbox or Skill; `service_name` what the service calls it (of an index, what it is queried by); `id` its id
    there. `version` is that of a versioned agent, or the one that a toolbox's or a skill's name stands for. `project` is the project's ARM id, or its endpoint where that is all there is.
    """

    kind: str
    name: str
    service_name: str
    dialect: str
    id: str
    endpoint: str
    project: str
    version: str | None = None


def contract(stack: str, exports: Mapping[str, Any], made: Iterable[Made]) -> dict[str, Any]:
    """The outputs of a stack as the contract has them.

    Args:
        stack: the stack's name.
        exports: the stack outputs (`projectEndpoint`, `modelDeployments`, `queues`, `indexAssets`).
        made: the agents, stores, indexes, toolboxes and skills in its state.

    Returns:
        JSON that `schemas/outputs.json` describes.
    """
    agents: dict[str, dict[str, Any]] = {}
    stores: dict[str, dict[str, Any]] = {}
    indexes: dict[str, dict[str, Any]] = {}
    named: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in ("MemoryStore", "Toolbox", "Skill")}
    for one in sorted(made, key=lambda one: (one.kind, one.name, one.dialect)):
        match one.kind:
            case "Agent":
                agents[one.name] = _joined(agents.get(one.name), _agent(one))
            case "VectorStore":
                stores[one.name] = _joined(stores.get(one.name), _store(one))
            case "SearchIndex":
                asset = (exports.get("indexAssets") or {}).get(one.name)
                indexes[one.name] = {
                    "name": one.service_name,
                    "endpoint": one.endpoint,
                    **({"asset": asset} if asset else {}),
                }
            case kind if kind in named:
                named[kind][one.name] = _named(one)
    return {
        "version": VERSION,
        "stack": stack,
        "projectEndpoint": exports.get("projectEndpoint"),
        "modelDeployments": list(exports.get("modelDeployments") or ()),
        "agents": agents,
        "vectorStores": stores,
        "searchIndexes": indexes,
        "memoryStores": named["MemoryStore"],
        "toolboxes": named["Toolbox"],
        "skills": named["Skill"],
        "queues": dict(exports.get("queues") or {}),
    }


def as_dotenv(told: Mapping[str, Any]) -> str:
    """The contract as lines of a `.env` file. Values stand in quotes where a shell would read them otherwise."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in _pairs(told, str.upper))


def as_github(told: Mapping[str, Any]) -> str:
    """The contract as lines for the file in GITHUB_OUTPUT; `contract` is the whole of it as JSON in one line."""
    lines = [f"{name}={value}\n" for name, value in _pairs(told, str.lower)]
    return "".join([*lines, f"contract={json.dumps(told, separators=(',', ':'))}\n"])


def _agent(one: Made) -> dict[str, Any]:
    identity = (
        {"id": one.id}
        if one.dialect == _CLASSIC
        else {"serviceName": one.service_name, **({"version": one.version} if one.version else {})}
    )
    return {
        "name": one.name,
        "dialect": one.dialect,
        **identity,
        "endpoint": one.endpoint,
        "project": _last(one.project),
    }


def _store(one: Made) -> dict[str, Any]:
    identity = {"id": one.id} if one.dialect == _CLASSIC else {"versionedId": one.id}
    return {"dialect": one.dialect, **identity, "endpoint": one.endpoint, "project": _last(one.project)}


def _named(one: Made) -> dict[str, Any]:
    """What the versioned dialect alone has: known by its name."""
    address = {"mcpEndpoint": toolbox_address(one.endpoint, one.id)} if one.kind == "Toolbox" else {}
    version = {"version": one.version} if one.version else {}
    return {"name": one.id, **version, **address, "endpoint": one.endpoint, "project": _last(one.project)}


def _joined(known: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """Two live objects of one declaration, one per dialect, as one entry."""
    if known is None:
        return other
    return {**other, **known, "dialect": _BOTH}


def _last(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _pairs(told: Mapping[str, Any], case: Any) -> Iterator[tuple[str, str]]:
    def named(*words: str) -> str:
        return str(case(re.sub(r"[^A-Za-z0-9]+", "_", "_".join(words))))

    yield named("foundry", "outputs", "version"), str(told["version"])
    if told["projectEndpoint"]:
        yield named("project", "endpoint"), str(told["projectEndpoint"])
    if told["modelDeployments"]:
        yield named("model", "deployment", "name"), str(told["modelDeployments"][0])
    for name, agent in told["agents"].items():
        for field, word in (("id", "id"), ("serviceName", "name"), ("version", "version")):
            if field in agent:
                yield named("agent", name, word), str(agent[field])
        yield named("agent", name, "endpoint"), str(agent["endpoint"])
    for name, store in told["vectorStores"].items():
        yield named("vector", "store", name, "id"), str(store.get("id") or store["versionedId"])
    for name, index in told["searchIndexes"].items():
        yield named("search", "index", name, "name"), str(index["name"])
        yield named("search", "index", name, "endpoint"), str(index["endpoint"])
        if "asset" in index:
            yield named("search", "index", name, "asset"), str(index["asset"])
    for name, store in told["memoryStores"].items():
        yield named("memory", "store", name, "name"), str(store["name"])
    for name, toolbox in told["toolboxes"].items():
        yield named("toolbox", name, "name"), str(toolbox["name"])
        yield named("toolbox", name, "version"), str(toolbox["version"])
        yield named("toolbox", name, "mcp", "endpoint"), str(toolbox["mcpEndpoint"])
    for name, skill in told["skills"].items():
        yield named("skill", name, "name"), str(skill["name"])
        yield named("skill", name, "version"), str(skill["version"])
    for name, url in told["queues"].items():
        yield named("queue", name, "url"), str(url)
