"""The evaluation of an agent's answers: its eval named or declared, its deployments checked, and the value it becomes."""

from __future__ import annotations

from collections.abc import Iterator

from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark, plain
from foundry.manifest.near import is_near, meant
from foundry.manifest.schema import schema_of
from foundry.manifest.world import World, section
from foundry.model import Dialect, Evaluation, Evaluator

_CATALOGUE = "builtin."
"""What the names of the service's own evaluators begin with (azure-ai-projects samples, `evaluator_name`)."""

_MODEL = "model"


def evaluation_of(document: Document, world: World) -> Evaluation | None:
    """The evaluation that an agent declares. It is to be used only when the report has no errors."""
    tree = document.tree
    told = tree.get("evaluation")
    if not isinstance(told, Mapping) or world.dialect_of(tree) is Dialect.CLASSIC:
        return None
    written = section(world.documents.by_kind[document.kind][document.name].tree, "evaluation")
    if "eval_id" in told and "evaluators" in told:
        world.report.error(
            told.keys_at["evaluators"],
            "the evaluation has both an `eval_id` and `evaluators`",
            "name the eval that exists, or declare what one is made of",
        )
    elif "eval_id" not in written and "evaluators" not in written:
        # What has a finding already is left out of `told`, and isn't missing as well.
        world.report.error(
            told.mark,
            "the evaluation says nothing of what is measured",
            "declare `evaluators`, or name an eval that exists under `eval_id`",
        )
    return Evaluation(
        rule_id=_rule_id(told, document),
        eval_id=told.get("eval_id"),
        evaluators=tuple(_evaluators(section(told, "evaluators"), world)),
        enabled=told.get("enabled") is not False,
        max_hourly_runs=told.get("max_hourly_runs"),
        sampling_rate=told.get("sampling_rate"),
        display_name=told.get("display_name"),
        description=told.get("description"),
    )


def _rule_id(told: Mapping, document: Document) -> str:
    return str(told.get("rule_id", f"{document.tree.get('service_name', document.name)}-continuous"))


def _evaluators(told: Mapping, world: World) -> Iterator[Evaluator]:
    for name, one in told.items():
        if not isinstance(one, Mapping):
            continue
        parameters = section(one, "initialization_parameters")
        if _MODEL in one:
            world.deployment(one[_MODEL], one.values_at[_MODEL])
        if _MODEL in one and _MODEL in parameters:
            world.report.error(
                parameters.keys_at[_MODEL],
                "the evaluator has a `model` of its own already",
                "keep one of them",
            )
        called = str(one.get("evaluator_name", f"{_CATALOGUE}{name}"))
        at = one.values_at["evaluator_name"] if "evaluator_name" in one else told.keys_at[name]
        if called.startswith(_CATALOGUE) and called not in documented():
            _warn_of_unknown(called, by_key="evaluator_name" not in one, at=at, world=world)
        yield Evaluator(
            name=name,
            evaluator_name=called,
            position=at.position,
            evaluator_version=one.get("evaluator_version"),
            model=one.get(_MODEL),
            initialization_parameters=plain(parameters),
            data_mapping=plain(section(one, "data_mapping")),
        )


def documented() -> tuple[str, ...]:
    """The built-in evaluators that Azure's documentation has, by their names in the catalogue. The service may have more."""
    return tuple(schema_of("Agent")["$defs"]["evaluator"]["properties"]["evaluator_name"]["examples"])


def _warn_of_unknown(called: str, *, by_key: bool, at: Mark, world: World) -> None:
    known, word = documented(), called
    own = ""
    if by_key:
        known, word = tuple(name.removeprefix(_CATALOGUE) for name in known), called.removeprefix(_CATALOGUE)
        own = "name one that the project has of its own under `evaluator_name`; "
    advice = meant(word, known, none="", have="there are")
    world.report.warning(
        at,
        f"Azure documents no built-in evaluator `{called}`",
        advice if is_near(word, known) else f"{own}{advice}",
    )


def check_rules(documents: list[Document], world: World) -> None:
    """Find evaluation rules that would be one: an id is an identity there."""
    taken: dict[tuple[str, str], str] = {}
    for document in documents:
        told = document.tree.get("evaluation")
        if not isinstance(told, Mapping) or world.dialect_of(document.tree) is Dialect.CLASSIC:
            continue
        rule = _rule_id(told, document)
        first = taken.setdefault((str(document.tree.get("project")), rule), document.name)
        if first != document.name:
            world.report.error(
                told.values_at.get("rule_id", told.mark),
                f"the project would have two evaluation rules called `{rule}`: that of `{first}` has that id already",
                "give one of them another `rule_id`",
            )
