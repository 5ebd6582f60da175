"""The field tables of all kinds, by the name that each goes by in `changes`, `normal` and `settled`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from foundry.diff.evaluation import EVALUATION, EVALUATION_RULE, INDEX_ASSET
from foundry.diff.tables import AGENT, FILE, SEARCH_INDEX, SEARCH_OBJECT, VECTOR_STORE, Record
from foundry.diff.versioned import MEMORY_STORE, SERVING, SKILL, TOOLBOX, VERSIONED_AGENT

TABLES: Final[Mapping[str, Record]] = {
    "Agent": AGENT,
    "VersionedAgent": VERSIONED_AGENT,
    "Serving": SERVING,
    "VectorStore": VECTOR_STORE,
    "File": FILE,
    "SearchIndex": SEARCH_INDEX,
    "MemoryStore": MEMORY_STORE,
    "Toolbox": TOOLBOX,
    "Skill": SKILL,
    "SearchObject": SEARCH_OBJECT,
    "Evaluation": EVALUATION,
    "EvaluationRule": EVALUATION_RULE,
    "IndexAsset": INDEX_ASSET,
}
