"""The evaluation of a versioned agent's answers, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foundry.model.findings import Position
from foundry.model.values import Json


@dataclass(frozen=True)
class Evaluator:
    """One measure of an answer. `evaluator_name` is the catalogue's name for it, `model` the deployment that judges.

    What is None or empty is the service's choice: the newest version, its parameters, and what it reads of a response.
    `position` is where its name is declared.
    """

    name: str
    evaluator_name: str
    evaluator_version: str | None = None
    model: str | None = None
    initialization_parameters: Mapping[str, Json] = field(default_factory=dict)
    data_mapping: Mapping[str, str] = field(default_factory=dict)
    position: Position | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Evaluation:
    """The project's rule that evaluates an agent's answers as they are given.

    `rule_id` is what the service calls the rule. It runs the eval `eval_id`, or one that is made of `evaluators`: one of
    the two is there. `sampling_rate` is in percent, above 0; None means every answer.
    """

    rule_id: str
    eval_id: str | None = None
    evaluators: tuple[Evaluator, ...] = ()
    enabled: bool = True
    max_hourly_runs: int | None = None
    sampling_rate: float | None = None
    display_name: str | None = None
    description: str | None = None
