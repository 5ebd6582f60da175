"""The OpenAI client of azure-ai-projects, unmodified, against evals."""

from typing import Any

import openai
import pytest
from azure.ai.projects import AIProjectClient, models
from azure.core.exceptions import HttpResponseError
from openai import OpenAI

SOURCE = models.AzureAIDataSourceConfig(type="azure_ai_source", scenario="responses")
VIOLENCE = models.TestingCriterionAzureAIEvaluator(
    type="azure_ai_evaluator", name="violence_detection", evaluator_name="builtin.violence"
)
RELEVANCE = models.TestingCriterionAzureAIEvaluator(
    type="azure_ai_evaluator",
    name="relevance",
    evaluator_name="builtin.relevance",
    evaluator_version="2",
    initialization_parameters={"model": "chat", "threshold": 4},
    data_mapping={"query": "{{item.query}}"},
)


def made(client: OpenAI, *criteria: Any, **more: Any) -> Any:
    given = {"data_source_config": SOURCE, "testing_criteria": list(criteria or (VIOLENCE,))}
    return client.evals.create(**{**given, **more})


def test_an_eval_comes_back_as_it_was_made(client: OpenAI) -> None:
    one = made(client, VIOLENCE, RELEVANCE, name="Continuous Evaluation", metadata={"team": "service"})

    read = client.evals.retrieve(one.id).to_dict(warnings=False)

    assert read == one.to_dict(warnings=False)
    assert (read["object"], read["name"], read["metadata"]) == (
        "eval",
        "Continuous Evaluation",
        {"team": "service"},
    )
    assert read["data_source_config"] == SOURCE
    assert read["testing_criteria"] == [VIOLENCE, RELEVANCE]


def test_name_and_metadata_of_an_eval_change_and_nothing_else(client: OpenAI) -> None:
    one = made(client, name="first", metadata={"a": "1"})

    client.evals.update(one.id, name="second")
    client.evals.update(one.id, metadata={"b": "2"})

    read = client.evals.retrieve(one.id)
    assert (read.name, read.metadata) == ("second", {"b": "2"})
    with pytest.raises(openai.BadRequestError, match="Unknown parameter: 'testing_criteria'"):
        client.evals.update(one.id, extra_body={"testing_criteria": [VIOLENCE]})


def test_evals_are_listed_in_pages_and_deleted(client: OpenAI) -> None:
    ids = [made(client, name=str(number)).id for number in range(3)]

    assert [one.id for one in client.evals.list(limit=1)] == ids
    assert [one.id for one in client.evals.list(limit=2, order="desc")] == ids[::-1]
    gone = client.evals.delete(ids[0])
    assert (gone.eval_id, gone.deleted, gone.object) == (ids[0], True, "eval.deleted")
    with pytest.raises(openai.NotFoundError):
        client.evals.retrieve(ids[0])
    with pytest.raises(openai.NotFoundError):
        client.evals.delete(ids[0])


def test_the_graders_of_openai_are_taken(client: OpenAI) -> None:
    message = {"role": "user", "content": "{{item.answer}}"}
    criteria: list[Any] = [
        {"type": "string_check", "name": "s", "input": "a", "reference": "b", "operation": "eq"},
        {
            "type": "text_similarity",
            "name": "t",
            "input": "a",
            "reference": "b",
            "evaluation_metric": "bleu",
            "pass_threshold": 0.5,
        },
        {"type": "python", "name": "p", "source": "def grade(sample, item): return 1"},
        {"type": "score_model", "name": "m", "model": "chat", "input": [message], "range": [1, 5]},
        {
            "type": "label_model",
            "name": "l",
            "model": "chat",
            "input": [message],
            "labels": ["good", "bad"],
            "passing_labels": ["good"],
        },
    ]
    rows: Any = {"type": "custom", "item_schema": {"type": "object", "properties": {}}}

    one = made(client, *criteria, data_source_config=rows)

    assert [each.type for each in client.evals.retrieve(one.id).testing_criteria] == [
        each["type"] for each in criteria
    ]
    assert one.data_source_config.schema_["properties"]["item"] == rows["item_schema"]


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (
            {"data_source_config": {"type": "azure_ai_source", "scenario": "chat"}},
            "Invalid value: 'chat'",
        ),
        ({"data_source_config": {"type": "table"}}, "Invalid value: 'table'"),
        ({"testing_criteria": []}, "at least 1 item"),
        (
            {"testing_criteria": [{**VIOLENCE, "threshold": 3}]},
            r"Unknown parameter: 'testing_criteria\[0\].threshold'",
        ),
        (
            {"testing_criteria": [{"type": "azure_ai_evaluator", "name": "x"}]},
            r"testing_criteria\[0\].evaluator_name",
        ),
        ({"metadata": {"k": "v" * 513}}, "metadata.k"),
    ],
)
def test_what_no_eval_may_hold_is_refused_with_its_path(client: OpenAI, given: Any, refused: str) -> None:
    with pytest.raises(openai.BadRequestError, match=refused):
        made(client, **given)


def test_running_an_eval_is_refused_by_name(client: OpenAI) -> None:
    one = made(client)
    source: Any = {"type": "azure_ai_responses", "item_generation_params": {"type": "response_retrieval"}}

    with pytest.raises(openai.InternalServerError, match="/runs is not implemented by the emulator"):
        client.with_options(max_retries=0).evals.runs.create(one.id, data_source=source)


def test_a_rule_that_samples_nothing_is_refused(projects: AIProjectClient) -> None:
    action = models.ContinuousEvaluationRuleAction(eval_id="eval_1", sampling_rate=0)
    rule = models.EvaluationRule(action=action, event_type="responseCompleted", enabled=True)

    with pytest.raises(HttpResponseError, match="above 0 and up to 100"):
        projects.evaluation_rules.create_or_update("nothing", rule)
