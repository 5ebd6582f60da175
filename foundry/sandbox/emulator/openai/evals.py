"""Evals below `/openai/v1`: what is measured and by which graders. Running one answers 501 by name.

From openai 3 (`evals`) and, for the data source and the grader that only a Foundry project has, the typed dictionaries
of azure-ai-projects 2.10 (`AzureAIDataSourceConfig`, `TestingCriterionAzureAIEvaluator`).
"""

from dataclasses import replace
from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.openai.guard import PREFIX, guard
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.projects.errors import absent, malformed
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.shapes import (
    Shape,
    anything,
    array,
    by_sort,
    flag,
    mapping,
    metadata,
    nullable,
    number,
    one_of,
    record,
    tagged,
    text,
)

Body = dict[str, Any]

_KIND: Final = "eval"
_name: Final = text(least=1)
_type: Final = text()
_threshold: Final = {"pass_threshold": nullable(number(float("-inf"), float("inf")))}
_schema: Final = mapping(anything)
_SCENARIOS: Final = (
    "red_team",
    "responses",
    "traces_preview",
    "synthetic_data_gen_preview",
    "benchmark_preview",
)
_METRICS: Final = (
    "cosine",
    "fuzzy_match",
    "bleu",
    "gleu",
    "meteor",
    "rouge_1",
    "rouge_2",
    "rouge_3",
    "rouge_4",
    "rouge_5",
    "rouge_l",
)
_logged: Final = record({"type": _type}, {"metadata": nullable(mapping(anything))})
_source: Final = tagged(
    {
        "custom": record({"type": _type, "item_schema": _schema}, {"include_sample_schema": flag}),
        "logs": _logged,
        "stored_completions": _logged,
        "azure_ai_source": record({"type": _type, "scenario": one_of(*_SCENARIOS)}),
    }
)
_input: Final = array(
    record({"role": _name, "content": by_sort(string=text(), other=anything)}, {"type": one_of("message")})
)


def _grader(required: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Shape:
    return record({"type": _type, "name": _name, **required}, optional)


_criterion: Final = tagged(
    {
        "azure_ai_evaluator": _grader(
            {"evaluator_name": _name},
            {
                "evaluator_version": nullable(_name),
                "initialization_parameters": nullable(mapping(anything)),
                "data_mapping": nullable(mapping(text())),
            },
        ),
        "label_model": _grader(
            {"model": _name, "input": _input, "labels": array(text()), "passing_labels": array(text())}
        ),
        "string_check": _grader(
            {"input": text(), "reference": text(), "operation": one_of("eq", "ne", "like", "ilike")}
        ),
        "text_similarity": _grader(
            {
                "input": text(),
                "reference": text(),
                "evaluation_metric": one_of(*_METRICS),
                "pass_threshold": number(float("-inf"), float("inf")),
            }
        ),
        "python": _grader({"source": text()}, {"image_tag": nullable(text()), **_threshold}),
        "score_model": _grader(
            {"model": _name, "input": _input},
            {
                "range": nullable(array(anything)),
                "sampling_params": nullable(mapping(anything)),
                **_threshold,
            },
        ),
    }
)
_labels: Final = {"name": text(), "metadata": nullable(metadata)}
_shape: Final = record(
    {"data_source_config": _source, "testing_criteria": array(_criterion, least=1)}, _labels
)


def _shown_source(asked: Body) -> Body:
    """The client reads a `schema` in the place of what was asked for, except of a source it doesn't know."""
    match asked["type"]:
        case "custom":
            rows = {"type": "object", "properties": {"item": asked["item_schema"]}, "required": ["item"]}
            return {"type": "custom", "schema": rows}
        case "logs" | "stored_completions":
            return {"schema": {"type": "object", "properties": {}}, "metadata": {}, **asked}
    return asked


def _create(call: Call) -> Reply:
    asked = call.object()
    _shape(asked, "")
    made = {
        "id": new_id("eval_"),
        "object": "eval",
        "created_at": int(call.now),
        "name": asked.get("name") or "",
        "data_source_config": _shown_source(asked["data_source_config"]),
        "testing_criteria": [
            {key: item for key, item in one.items() if item is not None} for one in asked["testing_criteria"]
        ],
        "metadata": asked.get("metadata") or {},
    }
    call.world.objects.add(project_id(call), _KIND, made, call.now)
    return Reply(201, body=made)


def _held(call: Call) -> Body:
    held = call.world.objects.get(project_id(call), _KIND, call.params["eval"])
    if held is None:
        raise absent("Eval", call.params["eval"])
    return held


def _get(call: Call) -> Reply:
    return Reply(body=_held(call))


def _list(call: Call) -> Reply:
    one_of("created_at", "updated_at")(call.query.get("order_by", "created_at"), "order_by")
    page = page_of(replace(call, query={"order": "asc", **call.query}), _KIND)
    return Reply(body=page.body(page.items))


def _update(call: Call) -> Reply:
    held, asked = _held(call), call.object()
    record({}, _labels)(asked, "")
    held |= {key: item for key, item in asked.items() if item is not None}
    call.world.objects.put(project_id(call), _KIND, held)
    return Reply(body=held)


def _delete(call: Call) -> Reply:
    held = _held(call)
    call.world.objects.remove(project_id(call), _KIND, held["id"])
    return Reply(body={"object": "eval.deleted", "deleted": True, "eval_id": held["id"]})


_ONE: Final = "/evals/{eval}"
_RUN: Final = _ONE + "/runs/{run}"

FAMILY = Family(
    name="openai_evals",
    title="Evals",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "Evals are kept and nothing is evaluated: an evaluation rule that names one changes nothing here. Evaluators and "
        "models aren't looked up. Testing criteria and the data source can't be changed, as the client knows no way to."
    ),
    routes=(
        Route("POST", "/evals", "create an eval", _create),
        Route(
            "GET",
            "/evals",
            "list evals",
            _list,
            "By creation, the oldest first unless asked otherwise (unconfirmed); `order_by` is ignored.",
        ),
        Route("GET", _ONE, "get an eval", _get),
        Route("POST", _ONE, "change name and metadata of an eval", _update),
        Route("DELETE", _ONE, "delete an eval", _delete),
        Route("POST", _ONE + "/runs", "run an eval"),
        Route("GET", _ONE + "/runs", "list runs of an eval"),
        Route("GET", _RUN, "get a run of an eval"),
        Route("POST", _RUN + "/cancel", "cancel a run of an eval"),
        Route("DELETE", _RUN, "delete a run of an eval"),
        Route("GET", _RUN + "/output_items", "list what a run of an eval found"),
        Route("GET", _RUN + "/output_items/{item}", "get what a run of an eval found"),
    ),
)
