"""Evaluators of the Azure evaluation SDK (azure-ai-evaluation), where it is installed: scores of an answer.

Source: azure-ai-evaluation 1.18. An evaluator is called by its name in snake case; what it gives is `<name>`, `<name>_result`
(pass or fail) and `<name>_reason`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from foundry.model import FoundryError
from foundry.service.conversation import Place
from foundry.service.errors import shorten

_INSTALL: Final = "run `pip install 'foundry-as-code[evaluation]'`, or take `evaluators` out of the check"
_ENOUGH: Final = "pass"


@dataclass(frozen=True)
class Score:
    """What an evaluator gave: its value, whether that is enough in the evaluator's own direction, and why."""

    value: Any
    is_enough: bool
    reason: str | None


@dataclass(frozen=True)
class Judged:
    """What is evaluated. `deployment` is the model that judges; `ground_truth` is the right answer, where one was declared."""

    place: Place
    deployment: str
    question: str
    answer: str
    ground_truth: str | None


class Evaluators:
    """The evaluators of an installed SDK."""

    def __init__(self, package: Any = None) -> None:
        """Nothing is imported before it is needed. `package` stands for `azure.ai.evaluation`."""
        self._package = package

    def require(self, names: Iterable[str]) -> None:
        """Makes sure that evaluators are there, before anybody is asked anything.

        Raises:
            FoundryError: the SDK isn't installed, or has no such evaluator.
        """
        for name in names:
            self._class(name)

    def score(self, name: str, least: float, judged: Judged, credential: Any = None) -> Score:
        """Evaluate one answer. `least` is the evaluator's threshold; where less is better, it is the most.

        Raises:
            FoundryError: the evaluator fails, or needs what a check doesn't have.
        """
        chosen = self._class(name)
        try:
            told = chosen(threshold=least, **_judge(chosen, judged, credential))(
                query=judged.question,
                response=judged.answer,
                **({"ground_truth": judged.ground_truth} if judged.ground_truth is not None else {}),
            )
        except Exception as error:
            raise FoundryError(
                f"the evaluator {name} fails: {shorten(str(error)) or type(error).__name__}",
                fix="give it what it needs (`ground_truth`), or take it out of the check",
            ) from error
        reason = told.get(f"{name}_reason")
        return Score(
            told.get(name), told.get(f"{name}_result") == _ENOUGH, str(reason) if reason is not None else None
        )

    def _class(self, name: str) -> Any:
        if self._package is None:
            try:
                self._package = importlib.import_module("azure.ai.evaluation")
            except ImportError as error:
                raise FoundryError(
                    f"the check names the evaluator {name}, and azure-ai-evaluation isn't installed",
                    fix=_INSTALL,
                ) from error
        known = {_snake(item): item for item in dir(self._package) if _is_evaluator(self._package, item)}
        if name not in known:
            raise FoundryError(
                f"the installed azure-ai-evaluation has no evaluator {name!r} that takes a threshold",
                fix=f"name one of: {', '.join(sorted(known))}",
            )
        return getattr(self._package, known[name])


def _is_evaluator(package: Any, name: str) -> bool:
    if not name.endswith("Evaluator") or name.startswith("_"):
        return False
    parameters = inspect.signature(getattr(package, name).__init__).parameters
    return "threshold" in parameters and "rouge_type" not in parameters


def _snake(name: str) -> str:
    words = ""
    for letter in name.removesuffix("Evaluator"):
        words += f"_{letter.lower()}" if letter.isupper() and words else letter.lower()
    return words


def _judge(chosen: Any, judged: Judged, credential: Any) -> dict[str, Any]:
    """Who judges: a deployment of the account, or the project's safety service; nobody for what is only counted."""
    parameters = inspect.signature(chosen.__init__).parameters
    told: dict[str, Any] = {}
    if "model_config" in parameters:
        told["model_config"] = {
            "azure_endpoint": judged.place.endpoint.split("/api/projects/")[0],
            "azure_deployment": judged.deployment,
        }
    if "azure_ai_project" in parameters:
        told["azure_ai_project"] = judged.place.endpoint
    if "credential" in parameters:
        from azure.identity import DefaultAzureCredential

        told["credential"] = credential or DefaultAzureCredential()
    return told
