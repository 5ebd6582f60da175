"""Evaluation rules of a project, and by name what else belongs to evaluation, schedules and models and isn't there."""

from typing import Any, Final

from foundry.sandbox.emulator.arm.kinds import timestamp
from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route
from foundry.sandbox.emulator.project.guard import PREFIX, project_id
from foundry.sandbox.emulator.projects.errors import absent, malformed
from foundry.sandbox.emulator.projects.guard import guard, require_feature
from foundry.sandbox.emulator.shapes import (
    anything,
    flag,
    integer,
    nullable,
    number,
    one_of,
    record,
    tagged,
    text,
)

Body = dict[str, Any]

_KIND: Final = "evaluation_rule"
_name: Final = text(least=1)
_HUMAN: Final = "humanEvaluationPreview"
_CONTINUOUS: Final = "continuousEvaluation"


def _percentage(value: Any, path: str) -> None:
    number(0, 100)(value, path)
    if value == 0:
        raise Malformed(path, "limit", f"Invalid '{path}': expected a value above 0 and up to 100.")


_shape: Final = record(
    {
        "action": tagged(
            {
                _CONTINUOUS: record(
                    {"type": text(), "evalId": _name},
                    {"maxHourlyRuns": nullable(integer(1)), "samplingRate": nullable(_percentage)},
                ),
                _HUMAN: record({"type": text(), "templateId": _name}),
            }
        ),
        "eventType": one_of("responseCompleted", "manual"),
        "enabled": flag,
    },
    {
        "displayName": nullable(text()),
        "description": nullable(text()),
        "filter": nullable(record({"agentName": _name})),
        "id": nullable(text()),
        "systemData": nullable(anything),
    },
)


def _rule(call: Call) -> Body | None:
    return call.world.objects.get(project_id(call), _KIND, call.params["id"])


def _put(call: Call) -> Reply:
    asked = call.object()
    _shape(asked, "")
    if asked["action"]["type"] == _HUMAN:
        require_feature(call, "Evaluations=V1Preview", "Human evaluation")
    held = _rule(call)
    told = {name: value for name, value in asked.items() if value is not None}
    made = held["systemData"]["createdAt"] if held else timestamp(call.now)
    rule = told | {
        "id": call.params["id"],
        "systemData": {"createdAt": made, "lastModifiedAt": timestamp(call.now)},
    }
    if held is None:
        call.world.objects.add(project_id(call), _KIND, rule, call.now)
        return Reply(201, body=rule)
    call.world.objects.put(project_id(call), _KIND, rule)
    return Reply(body=rule)


def _get(call: Call) -> Reply:
    rule = _rule(call)
    if rule is None:
        raise absent("Evaluation rule", call.params["id"])
    return Reply(body=rule)


def _list(call: Call) -> Reply:
    rules = call.world.objects.all(project_id(call), _KIND)
    if sort := call.query.get("actionType"):
        rules = [rule for rule in rules if rule["action"]["type"] == sort]
    if name := call.query.get("agentName"):
        rules = [rule for rule in rules if (rule.get("filter") or {}).get("agentName") == name]
    if "enabled" in call.query:
        rules = [rule for rule in rules if rule["enabled"] == call.flag("enabled")]
    return Reply(body={"value": rules})


def _delete(call: Call) -> Reply:
    call.world.objects.remove(project_id(call), _KIND, call.params["id"])
    return Reply(204)


def _lacking(path: str, one: str, *, methods: str) -> tuple[Route, ...]:
    """Operations that answer 501: on the collection, and with every method on one of its members and below."""
    below = [Route(method, f"{path}/{{rest*}}", f"{method} of {one}") for method in methods.split()]
    return (Route("GET", path, f"list of {one}"), *below)


FAMILY = Family(
    name="evaluation",
    title="Evaluation rules, and what isn't there",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "Rules are kept and nothing is evaluated; the evaluation, the template and the agent aren't looked up. Human "
        "evaluation needs the header `Evaluations=V1Preview`. Deleting a rule that isn't there: 204 (unconfirmed)."
    ),
    routes=(
        Route("GET", "/evaluationrules", "list evaluation rules", _list),
        Route("GET", "/evaluationrules/{id}", "get an evaluation rule", _get),
        Route("PUT", "/evaluationrules/{id}", "create or replace an evaluation rule", _put),
        Route("DELETE", "/evaluationrules/{id}", "delete an evaluation rule", _delete),
        *_lacking("/evaluationtaxonomies", "evaluation taxonomies", methods="GET PUT PATCH DELETE"),
        Route("POST", "/insights", "POST of insights"),
        *_lacking("/insights", "insights", methods="GET"),
        Route("POST", "/agent_insight_monitors", "POST of insight monitors"),
        *_lacking("/agent_insight_monitors", "insight monitors", methods="GET POST PATCH DELETE"),
        *_lacking("/redTeams/runs", "red team runs", methods="GET"),
        Route("POST", "/redTeams/runs:run", "POST of red team runs"),
        *_lacking("/schedules", "schedules", methods="GET PUT DELETE"),
        *_lacking("/routines", "routines", methods="GET PUT POST DELETE"),
        *_lacking("/models", "models", methods="GET POST PATCH DELETE"),
    ),
)
