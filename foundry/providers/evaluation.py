"""The Pulumi resource of an eval, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class EvaluationProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:Evaluation`."""

    kind = "evaluation"


class Evaluation(Resource, module="foundry", name="Evaluation"):
    """What an evaluation rule measures. Its Pulumi id is the eval's id."""

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
        """Declares an eval.

        The arguments are those of `Agent`. `definition` has name and testing_criteria: [{name, evaluator_name,
        evaluator_version, initialization_parameters, data_mapping}].
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
        outputs = ("evalId", "incarnation", "applied", "adopted")
        super().__init__(EvaluationProvider(), resource_name, inputs(given, *outputs), opts)
