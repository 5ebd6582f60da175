"""Evals that evaluation rules run. See `foundry.reconcile` for the six functions.

The service gives an eval its id, and can't change what an eval measures: other evaluators are another eval, which the rule
turns to before the old one goes. The mark's digest stands for the evaluators, so that either is told from the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from foundry.diff import digest, normal, settled
from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile.catalogue import absent
from foundry.reconcile.claims import existing, is_taken_over, renewed
from foundry.reconcile.differences import content, handling, moved
from foundry.reconcile.inputs import HANDLING, INPUTS, is_let_go, lifecycle_of, only_reports, owner_of
from foundry.reconcile.marks import Mark, mark_in, mark_of, marked, without_mark
from foundry.reconcile.outcomes import outputs, seen
from foundry.reconcile.problems import needs
from foundry.reconcile.session import Session, VersionedView
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.errors import unless_missing
from foundry.service.live import LiveEval, LiveRule
from foundry.service.log import PROGRESS
from foundry.service.protocols import EvaluationService

KIND: Final = "Evaluation"
_FIXED: Final = "testing_criteria"


def check(_olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs."""
    definition = news.get("definition")
    problems = [*needs(news, "name", "project", "endpoint")]
    if definition is UNKNOWN:
        return problems
    if not isinstance(definition, Mapping) or not definition.get("name"):
        return [*problems, Problem("definition.name", "is missing; give it a text")]
    criteria = definition.get(_FIXED)
    if criteria is UNKNOWN:
        return problems
    if not isinstance(criteria, list) or not criteria:
        return [*problems, Problem(f"definition.{_FIXED}", "is empty; name at least one evaluator")]
    return [
        *problems,
        *(
            Problem(f"definition.{_FIXED}[{number}].{key}", "is missing; give it a text")
            for number, one in enumerate(criteria)
            for key in ("name", "evaluator_name")
            if isinstance(one, Mapping) and not one.get(key)
        ),
    ]


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change. Other evaluators are another eval."""
    inside = content(KIND, olds, news)
    another = ["definition"] if any(change.path.startswith(_FIXED) for change in inside) else []
    return Difference((*handling(olds, news, HANDLING), *inside), (*moved(olds, news, "project"), *another))


def create(session: Session, news: Props) -> Made:
    """Makes the eval, or takes over the one that has our mark and measures the same.

    Raises:
        FoundryError: the project has no such evaluator.
    """
    view, owner, name = session.versioned(str(news["endpoint"])), owner_of(news), str(news["name"])
    service, definition = view.service.waiting_for_roles().evaluations, news["definition"]
    mark = Mark(owner, name, _digest(news), session.incarnation(), versioned=True)

    def just_made() -> LiveEval | None:
        view.evals.forget()
        return next((one for one in _ours(view, service, mark) if mark_of(one.metadata) == mark), None)

    live = session.first_look_up(view.evals, lambda: _claimed(view, service, news, mark))
    _delete_leftovers(view, service, mark)
    if live is None:
        _require_evaluators(service, definition[_FIXED])
        metadata = marked(mark, {}, {}, {})
        made = session.make_once(lambda: service.create_eval(definition, metadata), just_made, f"eval {name}")
    else:
        PROGRESS.info("eval %s: found as %s, taken over", name, live.id)
        before = mark_of(live.metadata)
        adopted = before is not None and (before.adopted or before.owner.stack_id != owner.stack_id)
        mark = replace(mark, adopted=adopted)
        made = service.update_eval(live.id, str(definition["name"]), marked(mark, live.metadata, {}, {}))
    view.evals.put(made)
    return Made(made.id, _outs(news, made.id, mark))


def read(session: Session, eval_id: str, props: Props) -> Seen | None:
    """The live eval in the words of the last declaration."""

    def live() -> LiveEval:
        view = session.versioned(str(props["endpoint"]))
        return view.evals.look(
            eval_id, view.service.evaluations.list_evals
        ) or view.service.evaluations.get_eval(eval_id)

    one = session.read(str(props["project"]), live)
    if one is None:
        return None
    mark = mark_of(one.metadata)
    definition = settled(KIND, one.definition, props.get("applied"))
    return seen(KIND, INPUTS, props, definition, mark=mark, now=session.now(), evalId=eval_id)


def update(session: Session, eval_id: str, olds: Props, news: Props) -> dict[str, Any]:
    """Changes name and mark in place."""
    view = session.versioned(str(news["endpoint"]))
    service = view.service.waiting_for_roles().evaluations
    live = existing(f"eval {eval_id}", lambda: service.get_eval(eval_id))
    mark = renewed(
        f"eval {eval_id}",
        session,
        mark_of(live.metadata),
        olds,
        news,
        adopted=bool(olds.get("adopted")),
        digest=_digest(news),
        versioned=True,
    )
    applied, wanted = olds.get("applied") or {}, str(news["definition"]["name"])
    untouched = only_reports(news) and wanted == applied.get("name")
    name = str(live.definition["name"]) if untouched else wanted
    view.evals.put(service.update_eval(eval_id, name, marked(mark, live.metadata, {}, {})))
    return _outs(news, eval_id, mark)


def delete(session: Session, eval_id: str, props: Props) -> None:
    """Deletes the eval with its runs, if the state speaks of this very one and no rule runs it.

    One that is run by rules without a mark, which were let go or are somebody else's, is let go with them.
    """

    def look() -> LiveEval:
        return session.versioned(str(props["endpoint"])).service.evaluations.get_eval(eval_id)

    live = session.unless_gone(str(props["project"]), look)
    if live is None:
        return
    view = session.versioned(str(props["endpoint"]))
    mark = mark_of(live.metadata)
    if is_taken_over(f"eval {eval_id}", mark, props):
        return
    using = list(_rules_of(view, view.service.evaluations, eval_id))
    kept = bool(using) and all(mark_in(rule.definition.get("description"))[1] is None for rule in using)
    if kept or is_let_go(props):
        PROGRESS.info("eval %s: let go", eval_id)
        free = without_mark(live.metadata)
        view.evals.put(view.service.evaluations.update_eval(eval_id, str(live.definition["name"]), free))
        return
    if using:
        raise FoundryError(
            f"eval {eval_id} isn't deleted: it is run by evaluation rule {', '.join(rule.id for rule in using)}",
            fix="delete that rule or give it another eval, then run the command again",
        )
    view.service.evaluations.delete_eval(eval_id)
    view.evals.drop(eval_id)


def _require_evaluators(service: EvaluationService, criteria: list[Mapping[str, Any]]) -> None:
    wanted = [(str(one["evaluator_name"]), one.get("evaluator_version")) for one in criteria]
    # Where there is no catalogue to ask, the service judges by itself.
    missing = unless_missing(lambda: absent(service, wanted))
    if missing:
        raise FoundryError(
            f"the project has no {' and no '.join(one.what for one in missing.values())}",
            fix="correct the name, or make the evaluator first; `fac preview` says where it is declared",
        )


def _ours(view: VersionedView, service: EvaluationService, mark: Mark) -> list[LiveEval]:
    """The evals that this stack made for the same declaration, whatever they measure."""
    return [
        one
        for one in view.evals.all(service.list_evals)
        if (found := mark_of(one.metadata)) is not None
        and found.belongs_to(mark.owner, mark.name, versioned=True)
    ]


def _handed_over(view: VersionedView, service: EvaluationService, news: Props) -> list[LiveEval]:
    """The evals of the stack that this one is to take its eval over from."""
    adopt = lifecycle_of(news).get("adopt") or {}
    if not adopt.get("from"):
        return []
    return [
        one
        for one in view.evals.all(service.list_evals)
        if (found := mark_of(one.metadata)) is not None
        and found.source == adopt["from"]
        and one.definition["name"] == adopt.get("name")
    ]


def _claimed(view: VersionedView, service: EvaluationService, news: Props, mark: Mark) -> LiveEval | None:
    """The eval that measures what is declared, ours or handed over. Raises FoundryError when there are several."""
    found = (*_ours(view, service, mark), *_handed_over(view, service, news))
    equal = [one.id for one in found if _digest_of(one) == mark.digest]
    if len(equal) > 1:
        raise FoundryError(
            f"{len(equal)} evals carry this stack's mark for {mark.name!r}: {', '.join(sorted(equal))}",
            fix="delete all but one of them, then run the command again",
        )
    return unless_missing(lambda: service.get_eval(equal[0])) if equal else None


def _delete_leftovers(view: VersionedView, service: EvaluationService, mark: Mark) -> None:
    """Deletes what a run that was cut off left: an eval of ours that measures something else, and that no rule runs.

    The one in the state has a rule until the engine deletes it.
    """
    for other in _ours(view, service, mark):
        if _digest_of(other) != mark.digest and not any(_rules_of(view, service, other.id)):
            service.delete_eval(other.id)
            view.evals.drop(other.id)


def _rules_of(view: VersionedView, service: EvaluationService, eval_id: str) -> Iterator[LiveRule]:
    """The rules that run an eval. Each is read anew: a listing may be older than its last change."""
    for listed in view.rules.all(service.list_rules):
        if listed.definition.get("eval_id") != eval_id:
            continue
        rule = unless_missing(partial(service.get_rule, listed.id))
        if rule is None:
            view.rules.drop(listed.id)
            continue
        view.rules.put(rule)
        if rule.definition.get("eval_id") == eval_id:
            yield rule


def _digest(news: Props) -> str:
    return digest(normal(KIND, {_FIXED: news["definition"][_FIXED]}))


def _digest_of(live: LiveEval) -> str | None:
    mark = mark_of(live.metadata)
    return mark.digest if mark is not None else None


def _outs(news: Props, eval_id: str, mark: Mark) -> dict[str, Any]:
    return {
        **outputs(news, INPUTS, mark),
        "evalId": eval_id,
    }
