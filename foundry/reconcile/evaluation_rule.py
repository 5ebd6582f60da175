"""Evaluation rules of versioned agents. See `foundry.reconcile` for the six functions.

A rule's id is ours to choose and is its identity. It has no metadata; the mark ends its description.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from foundry.diff import changes, settled
from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile.claims import existing, is_taken_over, renewed
from foundry.reconcile.differences import content, handling, moved, only_edits
from foundry.reconcile.inputs import HANDLING, INPUTS, is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import NO_DIGEST, Mark, mark_in, refuse_unless_ours
from foundry.reconcile.outcomes import kept_age_of_drift, outputs, seen
from foundry.reconcile.problems import needs
from foundry.reconcile.session import Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.errors import unless_missing
from foundry.service.live import LiveRule
from foundry.service.log import PROGRESS

KIND: Final = "EvaluationRule"


def check(_olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs."""
    definition = news.get("definition")
    problems = [*needs(news, "name", "project", "endpoint")]
    if definition is UNKNOWN:
        return problems
    if not isinstance(definition, Mapping):
        return [*problems, Problem("definition", "is missing; give the rule an agent and an eval")]
    problems += [
        Problem(f"definition.{key}", "is missing; give it a text")
        for key in ("id", "agent_name", "eval_id")
        if not definition.get(key)
    ]
    if not isinstance(definition.get("enabled"), bool):
        problems.append(Problem("definition.enabled", "is missing; write true or false"))
    return problems


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. A changed id is another rule."""
    found = (*handling(olds, news, HANDLING), *content(KIND, olds, news))
    another = ["definition"] if any(change.path == "id" for change in found) else []
    return Difference(found, (*moved(olds, news, "project"), *another))


def create(session: Session, news: Props) -> Made:
    """Makes the rule, or takes over the one of that id that is ours or is to be adopted."""
    view, owner, definition = session.versioned(str(news["endpoint"])), owner_of(news), news["definition"]
    service, rule_id = view.service.waiting_for_roles().evaluations, str(definition["id"])
    live, adopt = unless_missing(lambda: service.get_rule(rule_id)), lifecycle_of(news).get("adopt")
    if live is not None:
        _, found = mark_in(live.definition.get("description"))
        refuse_unless_ours(f"evaluation rule {rule_id}", found, owner, adopt)
        if found is None and (adopt is None or adopt.get("id") != rule_id):
            raise FoundryError(
                f"the project has an evaluation rule {rule_id!r} already, and this tool didn't make it",
                fix="delete it, or declare another `rule_id` under the agent's `evaluation`",
            )
        PROGRESS.info("evaluation rule %s: taken over", rule_id)
    adopted = adopt is not None and live is not None
    mark = Mark(owner, str(news["name"]), NO_DIGEST, session.incarnation(), adopted=adopted)
    # The id is ours: asking twice can't make a second rule.
    view.rules.put(service.put_rule(_marked(definition, mark)))
    return Made(rule_id, _outs(news, mark))


def read(session: Session, rule_id: str, props: Props) -> Seen | None:
    """The live rule in the words of the last declaration."""

    def live() -> LiveRule:
        view = session.versioned(str(props["endpoint"]))
        return view.rules.look(
            rule_id, view.service.evaluations.list_rules
        ) or view.service.evaluations.get_rule(rule_id)

    rule = session.read(str(props["project"]), live)
    if rule is None:
        return None
    description, mark = mark_in(rule.definition.get("description"))
    definition = settled(KIND, {**rule.definition, "description": description}, props.get("applied"))
    return seen(KIND, INPUTS, props, definition, mark=mark, now=session.now(), ruleId=rule_id)


def update(session: Session, rule_id: str, olds: Props, news: Props) -> dict[str, Any]:
    """Makes the live rule what is declared."""
    view, definition, applied = (
        session.versioned(str(news["endpoint"])),
        news["definition"],
        olds.get("applied") or {},
    )
    service = view.service.waiting_for_roles().evaluations
    what = f"evaluation rule {rule_id}"
    live = existing(what, lambda: service.get_rule(rule_id))
    description, found = mark_in(live.definition.get("description"))
    mark = renewed(what, session, found, olds, news, adopted=bool(olds.get("adopted")))
    if lifecycle_of(news).get("adopt") is not None and mark.incarnation != olds.get("incarnation"):
        mark = replace(mark, adopted=True)
    told = definition
    if only_reports(news):
        left = {**live.definition, "description": description}
        told = settled(KIND, only_edits(KIND, left, definition, applied), definition)
    if only_reports(news) and not changes(KIND, applied, definition, applied):
        view.rules.put(service.describe_rule(live, mark.in_description(description)))
    else:
        view.rules.put(service.put_rule(_marked(told, mark)))
    return {**_outs(news, mark), "definition": told, **kept_age_of_drift(olds, news, told)}


def delete(session: Session, rule_id: str, props: Props) -> None:
    """Deletes the rule if the state speaks of this very one; the eval that it ran stays."""

    def look() -> LiveRule:
        return session.versioned(str(props["endpoint"])).service.evaluations.get_rule(rule_id)

    rule = session.unless_gone(str(props["project"]), look)
    if rule is None:
        return
    view = session.versioned(str(props["endpoint"]))
    description, mark = mark_in(rule.definition.get("description"))
    if is_taken_over(f"evaluation rule {rule_id}", mark, props):
        return
    if is_let_go(props):
        PROGRESS.info("evaluation rule %s: let go", rule_id)
        view.rules.put(view.service.evaluations.describe_rule(rule, description))
        return
    view.service.evaluations.delete_rule(rule_id)
    view.rules.drop(rule_id)


def _marked(definition: Mapping[str, Any], mark: Mark) -> dict[str, Any]:
    return {**definition, "description": mark.in_description(definition.get("description"))}


def _outs(news: Props, mark: Mark) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "ruleId": str(news["definition"]["id"]),
    }
