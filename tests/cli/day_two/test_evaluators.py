"""Evaluators of the project's catalogue: what isn't there is told where it is declared, before anything is changed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.day_two.conftest import Desk

EVALUATED = """\
kind: Agent
name: judged
dialect: versioned
model: chat
instructions: Help.
evaluation:
  rule: continuous
  evaluators:
    relevence: {model: chat}
    manners: {evaluator_name: polite, evaluator_version: "2"}
    to_the_point: {evaluator_name: polite}
"""
MAKE = """
import os
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import EvaluatorVersion, PromptBasedEvaluatorDefinition
from azure.identity import DefaultAzureCredential
evaluators = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential()).evaluators
definition = PromptBasedEvaluatorDefinition(prompt_text="Is it polite?")
evaluators.create_version("polite", EvaluatorVersion(evaluator_type="custom", categories=["quality"], definition=definition))
"""
PATH = "stacks/sandbox/agents/judged.yaml"
MISSPELT = f"{PATH}:9:5: the project has no evaluator `builtin.relevence`; did you mean `builtin.relevance`?"

ONLY = "it has only built-in ones: correct the name, or make the evaluator first"


def test_what_the_catalogue_does_not_have_stops_a_preview_and_a_check_at_its_place(up: Desk) -> None:
    file = Path(up.root, PATH)
    file.write_text(EVALUATED)
    try:
        code, told = up.run("preview")
        assert code == 2, told
        assert [line for line in told.splitlines() if PATH in line] == [
            MISSPELT,
            f"{PATH}:10:31: the project has no evaluator `polite`; {ONLY}",
            f"{PATH}:11:36: the project has no evaluator `polite`; {ONLY}",
        ]
        assert told.endswith("fac: 3 faults; nothing was changed\n")

        up.python(MAKE)
        code, told = up.run("check")
        assert code == 2
        assert told.splitlines() == [
            MISSPELT,
            f"{PATH}:10:31: the project has no version `2` of the evaluator `polite`; it has: 1",
        ]

        file.write_text(EVALUATED.replace("relevence", "relevance").replace('"2"', '"1"'))
        assert "judged" in up.fac("preview", "--diff")
    finally:
        file.unlink()
