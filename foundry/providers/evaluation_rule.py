"""The Pulumi resource of an evaluation rule, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.of_a_project import OfAProject


class EvaluationRuleProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:EvaluationRule`."""

    kind = "evaluation_rule"
    type = "EvaluationRule"


class EvaluationRule(OfAProject, module="foundry", name="EvaluationRule"):
    """When a versioned agent's answers are evaluated. Its Pulumi id is the rule's id.

    `definition` has id, agent_name, eval_id, enabled, max_hourly_runs, sampling_rate (percent), display_name and description.
    """

    provider_class = EvaluationRuleProvider
