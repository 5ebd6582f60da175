"""The live set of a project, as the official clients see it, held with what is declared and with the state."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from azure.ai.agents import AgentsClient
from azure.ai.projects import AIProjectClient
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient
from openai import OpenAI

from foundry import model
from tests.cases.harness.stack import Stack

FAMILIES = ("synonymmaps", "datasources", "skillsets", "indexers")


def assert_live_is_declared(stack: Stack, *, ours: str) -> None:
    """Every declared object of every kind is live once, nothing else is, and nothing is left to change.

    On the search service, which all tests share, only what begins with `ours` is looked at.
    """
    manifest = stack.manifest()
    assert_live_is_held(stack, ours=ours)
    classic = [one for one in manifest.agents if model.Dialect.CLASSIC in one.dialect.parts]
    versioned = [one for one in manifest.agents if model.Dialect.VERSIONED in one.dialect.parts]
    evaluated = {one.name for one in versioned if one.evaluation is not None}
    declared = {
        "SearchIndex": {one.name for one in manifest.search_indexes},
        "IndexAsset": {one.name for one in manifest.search_indexes if one.asset is not None},
        "MemoryStore": {one.name for one in manifest.memory_stores},
        "Skill": {one.name for one in manifest.skills},
        "Toolbox": {one.name for one in manifest.toolboxes},
        "Agent": {one.name for one in classic},
        "VersionedAgent": {one.name for one in versioned},
        "EvaluationRule": evaluated,
        "Evaluation": evaluated,
    }
    assert {kind: {name for of, name in stack.state if of == kind} for kind in declared} == declared
    _assert_names(stack, manifest, classic, versioned)
    _assert_contents(stack, manifest)
    assert stack.preview() == {}


def assert_live_is_held(stack: Stack, *, ours: str) -> None:
    """What is live is what the state holds, each once: no twins, and nothing left over."""
    assert _live(stack, ours) == {kind: _ids(stack, kinds) for kind, kinds in _HELD.items()}
    held = {
        family: sorted(
            each.id
            for (kind, _), each in stack.state.items()
            if kind == "SearchObject" and each.inputs["family"] == family
        )
        for family in FAMILIES
    }
    assert _beside(stack, ours) == held
    aliases = {
        one.name: list(one.indexes or ())
        for one in _indexes(stack).list_aliases()
        if one.name.startswith(ours)
    }
    assert aliases == {
        held.inputs["alias"]: [held.id]
        for (kind, _), held in stack.state.items()
        if kind == "SearchIndex" and held.inputs.get("alias")
    }


def sweep(stack: Stack, *, ours: str) -> None:
    """Takes away what a test that failed left on the search service."""
    indexes, filling = _indexes(stack), _filling(stack)
    for found, delete in (
        (indexes.list_aliases(), indexes.delete_alias),
        (filling.get_indexers(), filling.delete_indexer),
        (filling.get_skillsets(), filling.delete_skillset),
        (filling.get_data_source_connections(), filling.delete_data_source_connection),
        (indexes.list_indexes(), indexes.delete_index),
        (indexes.get_synonym_maps(), indexes.delete_synonym_map),
    ):
        for one in found:
            if one.name.startswith(ours):
                delete(one.name)


_HELD = {
    "agents": ("Agent",),
    "versioned agents": ("VersionedAgent",),
    "stores": ("VectorStore", "VersionedVectorStore"),
    "files": ("File", "VersionedFile"),
    "memory stores": ("MemoryStore",),
    "skills": ("Skill",),
    "toolboxes": ("Toolbox",),
    "evals": ("Evaluation",),
    "rules": ("EvaluationRule",),
    "index assets": ("IndexAsset",),
    "indexes": ("SearchIndex",),
}


def _ids(stack: Stack, kinds: Iterable[str]) -> list[str]:
    return sorted(held.id for (kind, _), held in stack.state.items() if kind in kinds)


def _live(stack: Stack, ours: str) -> dict[str, list[str]]:
    classic, project, knowledge = _official(stack), _project(stack), _knowledge(stack)
    stores = {one.id for one in classic.vector_stores.list()} | {
        one.id for one in knowledge.vector_stores.list()
    }
    files = {one.id for one in classic.files.list().data} | {one.id for one in knowledge.files.list()}
    return {
        "agents": sorted(one.id for one in classic.list_agents()),
        "versioned agents": sorted(one.name for one in project.agents.list()),
        "stores": sorted(stores),
        "files": sorted(files),
        "memory stores": sorted(one.name for one in project.beta.memory_stores.list()),
        "skills": sorted(one.name for one in project.beta.skills.list()),
        "toolboxes": sorted(one.name for one in project.toolboxes.list()),
        "evals": sorted(one.id for one in knowledge.evals.list()),
        "rules": sorted(str(one.id) for one in project.evaluation_rules.list()),
        "index assets": sorted(
            f"{version.name}/versions/{version.version}"
            for one in project.indexes.list()
            for version in project.indexes.list_versions(one.name)
        ),
        "indexes": sorted(one.name for one in _indexes(stack).list_indexes() if one.name.startswith(ours)),
    }


def _beside(stack: Stack, ours: str) -> dict[str, list[str]]:
    filling = _filling(stack)
    found: dict[str, Any] = {
        "synonymmaps": _indexes(stack).get_synonym_maps(),
        "datasources": filling.get_data_source_connections(),
        "skillsets": filling.get_skillsets(),
        "indexers": filling.get_indexers(),
    }
    return {
        family: sorted(one.name for one in each if one.name.startswith(ours))
        for family, each in found.items()
    }


def _assert_names(
    stack: Stack, manifest: model.Manifest, classic: list[model.Agent], versioned: list[model.Agent]
) -> None:
    """Everything is called at the service what its declaration says."""
    official, project = _official(stack), _project(stack)
    assert Counter(one.name for one in official.list_agents()) == Counter(one.service_name for one in classic)
    assert {one.name for one in project.agents.list()} == {one.service_name for one in versioned}
    assert {one.name for one in project.toolboxes.list()} == {one.service_name for one in manifest.toolboxes}
    assert {one.name for one in project.beta.skills.list()} == {one.service_name for one in manifest.skills}
    assert {one.name for one in project.beta.memory_stores.list()} == {
        one.service_name for one in manifest.memory_stores
    }
    evaluated = {one.service_name: one.evaluation for one in versioned if one.evaluation is not None}
    rules = {
        (str(rule.id), rule.filter.agent_name if rule.filter else None)
        for rule in project.evaluation_rules.list()
    }
    assert rules == {(told.rule_id, name) for name, told in evaluated.items()}


def _assert_contents(stack: Stack, manifest: model.Manifest) -> None:
    """Stores hold the declared files with their attributes, and hosted agents the declared code."""
    official, project, knowledge = _official(stack), _project(stack), _knowledge(stack)
    for store in manifest.vector_stores:
        for word, dialect in (("", model.Dialect.CLASSIC), ("Versioned", model.Dialect.VERSIONED)):
            if dialect not in store.dialect.parts or store.data_sources:
                continue
            id_ = stack.state[f"{word}VectorStore", store.name].id
            ids = {stack.state[f"{word}File", file.path].id: file for file in store.files}
            if word:
                found = {
                    one.id: (one.status, dict(one.attributes or {}))
                    for one in knowledge.vector_stores.files.list(id_)
                }
                assert found == {
                    one: ("completed", dict(store.attributes.get(file.path, {}))) for one, file in ids.items()
                }
            else:
                members = {one.id: one.status for one in official.vector_store_files.list(id_)}
                assert members == dict.fromkeys(ids, "completed")
    for agent in manifest.agents:
        code = (agent.hosted or {}).get("code_configuration")
        if code:
            uploaded = b"".join(project.agents.download_code(agent.service_name))
            assert hashlib.sha256(uploaded).hexdigest() == code["content_hash"]


@lru_cache(maxsize=4)
def _project(stack: Stack) -> AIProjectClient:
    return AIProjectClient(stack.world.endpoint, stack.world.credential(), allow_preview=True)


@lru_cache(maxsize=4)
def _knowledge(stack: Stack) -> OpenAI:
    return _project(stack).get_openai_client()


@lru_cache(maxsize=4)
def _official(stack: Stack) -> AgentsClient:
    return stack.world.official()


@lru_cache(maxsize=4)
def _indexes(stack: Stack) -> SearchIndexClient:
    return SearchIndexClient(str(stack.search), stack.world.credential())


@lru_cache(maxsize=4)
def _filling(stack: Stack) -> SearchIndexerClient:
    return SearchIndexerClient(str(stack.search), stack.world.credential())
