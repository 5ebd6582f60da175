"""The catalogue of evaluators of a project: Microsoft's, which are always there, and those that somebody makes."""

import re
from typing import Any, Final

from foundry.sandbox.emulator.arm.kinds import timestamp
from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.project.guard import PREFIX, project_id
from foundry.sandbox.emulator.project.objects import Window
from foundry.sandbox.emulator.projects.errors import absent, invalid, malformed
from foundry.sandbox.emulator.projects.guard import guard
from foundry.sandbox.emulator.projects.paging import linked
from foundry.sandbox.emulator.projects.series import Series
from foundry.sandbox.emulator.shapes import (
    anything,
    array,
    flag,
    integer,
    mapping,
    nullable,
    number,
    one_of,
    record,
    tagged,
    text,
)

Body = dict[str, Any]

_KIND: Final = "evaluator"
_RESERVED: Final = "builtin."
_BUILT_IN: Final = "builtin"
_CUSTOM: Final = "custom"
#: Of names of evaluators that are generated (azure-ai-projects 2.10, `EvaluatorGenerationInputs`).
_NAME: Final = re.compile(r"[A-Za-z0-9_.~-]{1,256}")
_SINCE: Final = "2025-11-18T00:00:00Z"

#: Category → names (Azure docs: built-in evaluators of Foundry, August 2026).
_CATALOGUE: Final = {
    "quality": (
        "bleu_score",
        "coherence",
        "document_retrieval",
        "f1_score",
        "fluency",
        "gleu_score",
        "groundedness",
        "groundedness_pro",
        "meteor_score",
        "quality_grader",
        "relevance",
        "response_completeness",
        "retrieval",
        "rouge_score",
        "similarity",
    ),
    "safety": (
        "code_vulnerability",
        "hate_unfairness",
        "indirect_attack",
        "prohibited_actions",
        "protected_material",
        "self_harm",
        "sensitive_data_leakage",
        "sexual",
        "ungrounded_attributes",
        "violence",
    ),
    "agents": (
        "customer_satisfaction",
        "intent_resolution",
        "task_adherence",
        "task_completion",
        "task_navigation_efficiency",
        "tool_call_accuracy",
        "tool_call_success",
        "tool_input_accuracy",
        "tool_output_utilization",
        "tool_selection",
    ),
}


def _built_in(category: str, name: str) -> Body:
    return {
        "name": f"{_RESERVED}{name}",
        "version": "1",
        "display_name": name.replace("_", " ").capitalize(),
        "evaluator_type": _BUILT_IN,
        "categories": [category],
        "definition": {"type": "service"},
        "created_by": "Microsoft",
        "created_at": _SINCE,
        "modified_at": _SINCE,
    }


_BUILT_INS: Final = {
    f"{_RESERVED}{name}": _built_in(category, name)
    for category, names in _CATALOGUE.items()
    for name in names
}

_metric: Final = record(
    {},
    {
        "type": nullable(one_of("ordinal", "continuous", "boolean")),
        "desirable_direction": nullable(one_of("increase", "decrease", "neutral")),
        "min_value": nullable(number(float("-inf"), float("inf"))),
        "max_value": nullable(number(float("-inf"), float("inf"))),
        "threshold": nullable(number(float("-inf"), float("inf"))),
        "is_primary": nullable(flag),
    },
)
_COMMON: Final = {
    "init_parameters": nullable(mapping(anything)),
    "data_schema": nullable(mapping(anything)),
    "metrics": nullable(mapping(_metric)),
}
_type: Final = text()
_given: Final = text(least=1)
_dimension: Final = record(
    {"id": _given, "description": _given, "weight": integer(1, 10)}, {"always_applicable": nullable(flag)}
)
_definition: Final = tagged(
    {
        "code": record(
            {"type": _type},
            {
                **_COMMON,
                **{key: nullable(text()) for key in ("code_text", "entry_point", "image_tag", "blob_uri")},
            },
        ),
        "prompt": record({"type": _type, "prompt_text": _given}, _COMMON),
        "rubric": record(
            {"type": _type, "dimensions": array(_dimension, least=1)},
            {**_COMMON, "pass_threshold": nullable(number(0, 1))},
        ),
        "endpoint": record({"type": _type, "connection_name": _given}, _COMMON),
    }
)
_MUTABLE: Final = {
    "display_name": nullable(text()),
    "description": nullable(text()),
    "metadata": nullable(mapping(text())),
    "tags": nullable(mapping(text())),
    "categories": array(one_of("quality", "safety", "agents"), least=1),
    "supported_evaluation_levels": nullable(array(one_of("turn", "conversation"), least=1)),
}
_made: Final = record(
    {
        "evaluator_type": one_of(_CUSTOM),
        "categories": _MUTABLE["categories"],
        "definition": _definition,
    },
    _MUTABLE,
)
_changed: Final = record({}, {**_MUTABLE, "evaluator_type": one_of(_CUSTOM), "definition": _definition})


def _series(call: Call) -> Series:
    return Series(call.world.objects, _KIND)


def _shown(name: str, version: Body) -> Body:
    return {"name": name, "version": version["number"], **version["body"]}


def _wanted(call: Call, found: list[Body]) -> Reply:
    sort = call.query.get("type", "all")
    if sort not in ("all", _CUSTOM, _BUILT_IN):
        raise invalid(f"Invalid value: '{sort}'. Supported values are: 'all', 'custom', 'builtin'.", "type")
    limit = call.query.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise invalid(f"Invalid 'limit': expected an integer between 1 and 100, but got '{limit}'.", "limit")
    kept = [one for one in found if sort in ("all", one["evaluator_type"])]
    return linked(call, kept, int(limit))


def _list(call: Call) -> Reply:
    series, project = _series(call), project_id(call)
    heads = call.world.objects.all(project, _KIND)
    latest = [(head["id"], series.version(project, head["id"], head["latest"])) for head in heads]
    made = [_shown(name, version) for name, version in latest if version is not None]
    return _wanted(call, [*_BUILT_INS.values(), *made])


def _list_versions(call: Call) -> Reply:
    name = call.params["name"]
    if name in _BUILT_INS:
        return _wanted(call, [_BUILT_INS[name]])
    series = _series(call)
    page = call.world.objects.page(
        project_id(call), series.version_kind, Window(limit=1_000), series.below(name)
    )
    return _wanted(call, [_shown(name, version) for version in (page.items if page else ())])


def _held(call: Call) -> Body:
    name, number_ = call.params["name"], call.params["version"]
    version = _series(call).version(project_id(call), name, number_)
    if version is None:
        raise absent("Evaluator version", f"{name}:{number_}")
    return version


def _get(call: Call) -> Reply:
    built_in = _BUILT_INS.get(call.params["name"])
    if built_in is not None and built_in["version"] == call.params["version"]:
        return Reply(body=built_in)
    return Reply(body=_shown(call.params["name"], _held(call)))


def _refuse_reserved(call: Call) -> str:
    name = call.params["name"]
    if name.startswith(_RESERVED):
        raise invalid(f"The prefix '{_RESERVED}' is reserved for evaluators of the system.", "name")
    return name


def _create(call: Call) -> Reply:
    name = _refuse_reserved(call)
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid 'name': '{name}'.", "name")
    asked = call.object()
    _made(asked, "")
    now = timestamp(call.now)
    body = {
        "supported_evaluation_levels": ["turn"],
        **{key: value for key, value in asked.items() if value is not None},
        "created_by": call.principal.oid if call.principal else "",
        "created_at": now,
        "modified_at": now,
    }
    version = _series(call).add(project_id(call), name, body, call.now)
    return Reply(201, body=_shown(name, version))


def _update(call: Call) -> Reply:
    _refuse_reserved(call)
    asked = call.object()
    _changed(asked, "")
    version, series = _held(call), _series(call)
    version["body"] |= {key: value for key, value in asked.items() if value is not None}
    version["body"]["modified_at"] = timestamp(call.now)
    name = call.params["name"]
    call.world.objects.put(project_id(call), series.version_kind, version, series.below(name))
    return Reply(body=_shown(name, version))


def _delete(call: Call) -> Reply:
    name, series = _refuse_reserved(call), _series(call)
    head = series.head(project_id(call), name)
    if head is not None:
        series.remove_version(project_id(call), head, call.params["version"], call.now)
    return Reply(204)


_ONE: Final = "/evaluators/{name}/versions/{version}"

FAMILY = Family(
    name="evaluators",
    title="Evaluators of a project",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "Microsoft's are those of Azure's documentation, each in one version and without parameters and schemas (unconfirmed for the "
        "service); custom ones are kept and never run. Connections and code that they name aren't looked up. A list without `type` tells "
        "all of them (unconfirmed)."
    ),
    routes=(
        Route("GET", "/evaluators", "list evaluators", _list),
        Route("GET", "/evaluators/{name}/versions", "list versions of an evaluator", _list_versions),
        Route("POST", "/evaluators/{name}/versions", "create a version of an evaluator", _create),
        Route("GET", _ONE, "get a version of an evaluator", _get),
        Route("PATCH", _ONE, "update a version of an evaluator", _update),
        Route("DELETE", _ONE, "delete a version of an evaluator", _delete),
        Route("POST", f"{_ONE}/startPendingUpload", "begin an upload of an evaluator's code"),
        Route("POST", f"{_ONE}/credentials", "credentials of an evaluator's code"),
        Route("GET", "/evaluator_generation_jobs", "list evaluator generation jobs"),
        Route("POST", "/evaluator_generation_jobs", "create an evaluator generation job"),
        Route("GET", "/evaluator_generation_jobs/{job}", "get an evaluator generation job"),
        Route("POST", "/evaluator_generation_jobs/{job}:cancel", "cancel an evaluator generation job"),
        Route("DELETE", "/evaluator_generation_jobs/{job}", "delete an evaluator generation job"),
    ),
)
