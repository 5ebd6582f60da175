"""Evals and evaluation rules of a project over the wire.

Evals are OpenAI's, below `/openai/v1`; their data source and graders that only a project has are those of azure-ai-projects
2.10 (`AzureAIDataSourceConfig`, `TestingCriterionAzureAIEvaluator`), and so are the rules and the catalogue of evaluators. A rule of continuous evaluation
needs no preview header there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from foundry.service.errors import NotFound
from foundry.service.live import LiveEval, LiveRule
from foundry.service.wire import Wire

_QUERY: Final = {"api-version": "v1"}
_PAGE: Final = "100"
_EVALS: Final = "/openai/v1/evals"
_RULES: Final = "/evaluationrules"
_EVALUATORS: Final = "/evaluators"
# What continuous evaluation reads: the answers as they are given. Their fields are known to the service.
_SOURCE: Final = {"type": "azure_ai_source", "scenario": "responses"}
_GRADER: Final = "azure_ai_evaluator"
_CONTINUOUS: Final = "continuousEvaluation"
_COMPLETED: Final = "responseCompleted"
_CRITERION: Final = (
    "name",
    "evaluator_name",
    "evaluator_version",
    "initialization_parameters",
    "data_mapping",
)
_ACTION: Final = {"eval_id": "evalId", "max_hourly_runs": "maxHourlyRuns", "sampling_rate": "samplingRate"}
_SERVER: Final = ("id", "systemData")
_LABELS: Final = {"display_name": "displayName", "description": "description"}


class Evaluations:
    """`EvaluationService` of the project at an endpoint."""

    def __init__(self, endpoint: str, wire: Wire) -> None:
        self.endpoint = endpoint
        self._wire = wire

    def list_evaluators(self) -> Sequence[str]:
        """See `EvaluationService`."""
        query = {**_QUERY, "type": "all", "limit": _PAGE}
        return [
            str(one["name"]) for one in self._linked("list evaluators", _EVALUATORS, query, of_place=False)
        ]

    def list_evaluator_versions(self, name: str) -> Sequence[str]:
        """See `EvaluationService`."""
        path, query = f"{_EVALUATORS}/{_segment(name)}/versions", {**_QUERY, "type": "all", "limit": _PAGE}
        try:
            found = list(self._linked("list versions of evaluator", path, query, of_place=False))
        except NotFound:
            return []
        return [str(one["version"]) for one in found]

    def list_evals(self) -> Sequence[LiveEval]:
        """See `EvaluationService`."""
        return [_eval(body) for body in self._evals()]

    def _evals(self) -> Iterator[Mapping[str, Any]]:
        query = {"limit": _PAGE, "order": "asc"}
        while True:
            page = self._wire.call(
                "list evals", self.endpoint, "GET", _EVALS, query=query, of_place=True
            ).body
            items = page.get("data") or []
            yield from items
            if not page.get("has_more") or not items:
                return
            query["after"] = str(page.get("last_id") or items[-1]["id"])

    def get_eval(self, eval_id: str) -> LiveEval:
        """See `EvaluationService`."""
        return _eval(self._wire.call("read eval", eval_id, "GET", f"{_EVALS}/{_segment(eval_id)}").body)

    def create_eval(self, definition: Mapping[str, Any], metadata: Mapping[str, str]) -> LiveEval:
        """See `EvaluationService`."""
        body = {
            "name": definition["name"],
            "data_source_config": _SOURCE,
            "testing_criteria": [_criterion(one) for one in definition["testing_criteria"]],
            "metadata": dict(metadata),
        }
        made = self._wire.call(
            "create eval",
            str(definition["name"]),
            "POST",
            _EVALS,
            body=body,
            expect=(200, 201),
            repeatable=False,
            of_place=True,
        )
        return _eval(made.body)

    def update_eval(self, eval_id: str, name: str, metadata: Mapping[str, str]) -> LiveEval:
        """See `EvaluationService`."""
        body = {"name": name, "metadata": dict(metadata)}
        path = f"{_EVALS}/{_segment(eval_id)}"
        return _eval(self._wire.call("update eval", eval_id, "POST", path, body=body).body)

    def delete_eval(self, eval_id: str) -> None:
        """See `EvaluationService`."""
        with suppress(NotFound):
            path = f"{_EVALS}/{_segment(eval_id)}"
            self._wire.call("delete eval", eval_id, "DELETE", path, expect=(200, 204))

    def list_rules(self) -> Sequence[LiveRule]:
        """See `EvaluationService`."""
        return [_rule(body) for body in self._linked("list evaluation rules", _RULES, _QUERY)]

    def _linked(
        self, operation: str, path: str, query: Mapping[str, str], *, of_place: bool = True
    ) -> Iterator[Mapping[str, Any]]:
        asked = dict(query)
        while True:
            page = self._wire.call(operation, self.endpoint, "GET", path, query=asked, of_place=of_place).body
            yield from page.get("value") or ()
            if not page.get("nextLink"):
                return
            asked |= dict(parse_qsl(urlsplit(str(page["nextLink"])).query))

    def get_rule(self, rule_id: str) -> LiveRule:
        """See `EvaluationService`."""
        path = f"{_RULES}/{_segment(rule_id)}"
        return _rule(self._wire.call("read evaluation rule", rule_id, "GET", path, query=_QUERY).body)

    def put_rule(self, definition: Mapping[str, Any]) -> LiveRule:
        """See `EvaluationService`."""
        return self._put_rule(str(definition["id"]), _rule_body(definition))

    def describe_rule(self, live: LiveRule, description: str) -> LiveRule:
        """See `EvaluationService`."""
        kept = {key: value for key, value in live.body.items() if key not in _SERVER}
        return self._put_rule(live.id, {**kept, "description": description})

    def _put_rule(self, rule_id: str, body: Mapping[str, Any]) -> LiveRule:
        made = self._wire.call(
            "write evaluation rule",
            rule_id,
            "PUT",
            f"{_RULES}/{_segment(rule_id)}",
            query=_QUERY,
            body=body,
            expect=(200, 201),
            of_place=True,
        )
        return _rule(made.body)

    def delete_rule(self, rule_id: str) -> None:
        """See `EvaluationService`."""
        with suppress(NotFound):
            path = f"{_RULES}/{_segment(rule_id)}"
            self._wire.call(
                "delete evaluation rule", rule_id, "DELETE", path, query=_QUERY, expect=(200, 204)
            )


def _segment(name: str) -> str:
    return quote(name, safe="")


def _criterion(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": _GRADER, **{key: declared[key] for key in _CRITERION if declared.get(key)}}


def _eval(body: Mapping[str, Any]) -> LiveEval:
    return LiveEval(
        id=str(body["id"]),
        created_at=int(body.get("created_at") or 0),
        definition={
            "name": str(body.get("name") or ""),
            "testing_criteria": [_told(one) for one in body.get("testing_criteria") or ()],
        },
        metadata={str(key): str(value) for key, value in (body.get("metadata") or {}).items()},
    )


def _told(criterion: Mapping[str, Any]) -> dict[str, Any]:
    """A grader in the fields of a declaration; one of another type keeps everything it has."""
    if criterion.get("type") != _GRADER:
        return dict(criterion)
    return {key: criterion[key] for key in _CRITERION if criterion.get(key) is not None}


def _rule_body(definition: Mapping[str, Any]) -> dict[str, Any]:
    action = {wire: definition[key] for key, wire in _ACTION.items() if definition.get(key) is not None}
    labels = {wire: definition[key] for key, wire in _LABELS.items() if definition.get(key) is not None}
    return {
        **labels,
        "action": {"type": _CONTINUOUS, **action},
        "filter": {"agentName": definition["agent_name"]},
        "eventType": _COMPLETED,
        "enabled": definition["enabled"],
    }


def _rule(body: Mapping[str, Any]) -> LiveRule:
    action = body.get("action") or {}
    told = {
        "id": body.get("id"),
        "agent_name": (body.get("filter") or {}).get("agentName"),
        **{key: action.get(wire) for key, wire in _ACTION.items()},
        **{key: body.get(wire) for key, wire in _LABELS.items()},
        "enabled": bool(body.get("enabled")),
        "action": action.get("type"),
        "event_type": body.get("eventType"),
    }
    usual = {"action": _CONTINUOUS, "event_type": _COMPLETED}
    definition = {key: value for key, value in told.items() if value is not None and usual.get(key) != value}
    return LiveRule(str(body["id"]), definition, body)
