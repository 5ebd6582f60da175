"""Field tables of evals, evaluation rules and index assets.

What the service adds is taken from openai 3 and azure-ai-projects 2.10: the newest version of an evaluator, its parameters and
what it reads are the service's choice where nobody declares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from foundry.diff.tables import Items, Leaf, Record, Sort

_OWNED: Final = Leaf()
_DEFAULTED: Final = Leaf(Sort.DEFAULTED)


def _name(criterion: Mapping[str, Any]) -> str:
    return str(criterion.get("name"))


_CRITERION: Final = Record(
    {
        "name": _OWNED,
        "type": _OWNED,
        "evaluator_name": _OWNED,
        "evaluator_version": _DEFAULTED,
        "initialization_parameters": Record({}, sort=Sort.DEFAULTED),
        "data_mapping": Record({}, sort=Sort.DEFAULTED),
    }
)

EVALUATION: Final = Record(
    {
        "name": _OWNED,
        "testing_criteria": Items(key=_name, of=lambda _: _CRITERION),
    }
)

EVALUATION_RULE: Final = Record(
    {
        "id": _OWNED,
        "agent_name": _OWNED,
        "eval_id": _OWNED,
        "enabled": _OWNED,
        "max_hourly_runs": _DEFAULTED,
        "sampling_rate": _DEFAULTED,
        "display_name": _OWNED,
        "description": _OWNED,
        "action": Leaf(absent=("continuousEvaluation",)),
        "event_type": Leaf(absent=("responseCompleted",)),
    }
)

INDEX_ASSET: Final = Record(
    {
        "name": _OWNED,
        "type": _OWNED,
        "connection_name": _OWNED,
        "index_name": _OWNED,
        "description": _OWNED,
        "field_mapping": Record({}, sort=Sort.DEFAULTED),
        "tags": Record({}, rest=Leaf(Sort.FOREIGN)),
    }
)
