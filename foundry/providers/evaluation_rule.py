"""The Pulumi resource of an evaluation rule, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class EvaluationRuleProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:EvaluationRule`."""

    kind = "evaluation_rule"


class EvaluationRule(Resource, module="foundry", name="EvaluationRule"):
    """When a versioned agent's answers are evaluated. Its Pulumi id is the rule's id."""

    def __init__(
        self,
        resource_name: str,
        *,
        owner: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        name: pulumi.Input[str],
        project: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        definition: pulumi.Input[Mapping[str, Any]],
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a rule.

        The arguments are those of `Agent`. `definition` has id, agent_name, eval_id, enabled, max_hourly_runs,
        sampling_rate (percent), display_name and description.
        """
        given = {
            "owner": owner,
            "name": name,
            "dialect": "versioned",
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle if lifecycle is not None else {},
            "definition": definition,
        }
        outputs = ("ruleId", "incarnation", "applied", "adopted")
        super().__init__(EvaluationRuleProvider(), resource_name, inputs(given, *outputs), opts)
