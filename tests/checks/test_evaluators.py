"""Evaluators of the Azure evaluation SDK: refused by name where they aren't there, asked for what a check has where they are.

The SDK isn't installed for development (300 MB with what it needs). `Kit` has the signatures and the answers of its 1.18; where it is
installed, the last test asks the real one.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from foundry.checks.expectations import amiss
from foundry.model import Expectation, FoundryError
from foundry.service.conversation import Place, Transcript
from foundry.service.evaluators import Evaluators, Judged, Score

PLACE = Place("https://shop.example/api/projects/service", "classic")
JUDGED = Judged(PLACE, "chat", "Can I exchange boots?", "You can exchange boots", "You can exchange boots")


class RelevanceEvaluator:
    """Asks a model."""

    def __init__(self, model_config: Any, *, credential: Any = None, threshold: float = 3, **_: Any) -> None:
        self.judge = model_config
        self.threshold = threshold

    def __call__(self, *, query: str, response: str, **_: Any) -> dict[str, Any]:
        assert self.judge == {"azure_endpoint": "https://shop.example", "azure_deployment": "chat"}
        return {
            "relevance": 4.0,
            "relevance_result": "pass" if self.threshold <= 4 else "fail",
            "relevance_reason": f"It speaks of {query.rsplit(maxsplit=1)[-1]}",
        }


class F1ScoreEvaluator:
    """Counts words."""

    def __init__(self, *, threshold: float = 0.5) -> None:
        self.threshold = threshold

    def __call__(self, *, response: str, ground_truth: str | None = None, **_: Any) -> dict[str, Any]:
        if ground_truth is None:
            raise ValueError("(UserError) 'ground_truth' is missing.\nmore")
        return {"f1_score": 1.0, "f1_score_result": "pass", "f1_score_reason": None}


class RougeScoreEvaluator:
    """Needs more than a check says."""

    def __init__(self, rouge_type: Any, *, threshold: float = 0.5) -> None:
        raise AssertionError


KIT = SimpleNamespace(
    RelevanceEvaluator=RelevanceEvaluator,
    F1ScoreEvaluator=F1ScoreEvaluator,
    RougeScoreEvaluator=RougeScoreEvaluator,
    evaluate=None,
)


def score(name: str, threshold: float, judged: Judged = JUDGED) -> Score:
    return Evaluators(KIT).score(name, threshold, judged, credential="token")


def test_a_score_is_enough_or_not_as_the_evaluator_says():
    assert score("relevance", 4) == Score(4.0, True, "It speaks of boots?")
    assert score("relevance", 5) == Score(4.0, False, "It speaks of boots?")
    assert score("f1_score", 0.5) == Score(1.0, True, None)


def test_an_evaluator_that_lacks_something_is_told():
    without = Judged(PLACE, "chat", "Can I?", "Yes", None)
    with pytest.raises(FoundryError) as caught:
        score("f1_score", 0.5, without)
    assert str(caught.value) == (
        "the evaluator f1_score fails: (UserError) 'ground_truth' is missing. more; "
        "give it what it needs (`ground_truth`), or take it out of the check"
    )


@pytest.mark.parametrize("name", ["relevanz", "rouge_score"])
def test_an_evaluator_that_cannot_be_used_is_refused_with_those_that_can(name):
    with pytest.raises(FoundryError) as caught:
        Evaluators(KIT).require(["relevance", name])
    assert str(caught.value) == (
        f"the installed azure-ai-evaluation has no evaluator {name!r} that takes a threshold; "
        "name one of: f1_score, relevance"
    )


def test_what_evaluators_find_is_part_of_what_is_amiss():
    came = Transcript("text", "text", (), (), (), 1.0, None)
    expect = Expectation(evaluators={"relevance": 4, "coherence": 3, "f1_score": 0.5})
    scores = {"relevance": Score(2.0, False, "off the point"), "f1_score": Score(1.0, True, None)}
    assert amiss(expect, came, tools=(), agent=None, scores=scores) == (
        "the evaluator relevance gave 2.0 (threshold 4): off the point",
        "the evaluator coherence gave no score",
    )


def test_without_the_sdk_the_first_evaluator_is_refused_by_name():
    try:
        import azure.ai.evaluation  # noqa: F401
    except ImportError:
        with pytest.raises(FoundryError) as caught:
            Evaluators().require(["relevance"])
        assert str(caught.value) == (
            "the check names the evaluator relevance, and azure-ai-evaluation isn't installed; "
            "run `pip install 'foundry-as-code[evaluation]'`, or take `evaluators` out of the check"
        )
    else:
        assert Evaluators().score("f1_score", 0.5, JUDGED).is_enough
