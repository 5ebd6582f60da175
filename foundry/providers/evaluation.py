"""The Pulumi resource of an eval, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.of_a_project import OfAProject


class EvaluationProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:Evaluation`."""

    kind = "evaluation"
    type = "Evaluation"


class Evaluation(OfAProject, module="foundry", name="Evaluation"):
    """What an evaluation rule measures. Its Pulumi id is the eval's id.

    `definition` has name and testing_criteria: [{name, evaluator_name, evaluator_version, initialization_parameters,
    data_mapping}].
    """

    provider_class = EvaluationProvider
