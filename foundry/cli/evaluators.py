"""Evaluators that a stack's declarations name and its project doesn't have: told where they are declared, before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.cli.engines import Run
    from foundry.cli.standing import Standing
    from foundry.model import Agent, Evaluator, Finding, Manifest
    from foundry.reconcile.catalogue import Absent, Wanted

BUILT_IN: Final = "builtin."
"""What the names of the service's own evaluators begin with."""


def are_named(manifest: Manifest) -> bool:
    """Whether any agent declares evaluators of its project's catalogue."""
    return any(_named_by(agent) for agent in manifest.agents)


def doubted(manifest: Manifest, warnings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those of the warnings that stand where an evaluator is named."""
    places = {one.position for agent in manifest.agents for one in _named_by(agent)}
    return tuple(one for one in warnings if one.position in places)


def unknown(run: Run, manifest: Manifest, say: Callable[[str], None]) -> tuple[Finding, ...]:
    """The declared evaluators that the catalogue of their project doesn't have. To be asked only when there `are_named` ones.

    A project that isn't there yet has no catalogue: what is missing then is told by the run that makes it.

    Args:
        run: the engine that keeps the stack's state, with the environment that its services are reached with.
        manifest: what the stack declares.
        say: takes a line for a person, when a catalogue can't be read.
    """
    from foundry.cli.standing import Standing, exported, outputs_of

    try:
        resources = exported(run)
    except FoundryError:
        # A stack that was never brought up.
        resources = ()
    return unknown_at(Standing(run, outputs_of(resources), resources), manifest, say)


def unknown_at(stands: Standing, manifest: Manifest, say: Callable[[str], None]) -> tuple[Finding, ...]:
    """`unknown`, of a stack whose state was read already."""
    places: dict[str, list[Evaluator]] = {}
    for agent in manifest.agents:
        endpoint = _endpoint(stands, manifest, agent) if _named_by(agent) else None
        if endpoint is not None:
            places.setdefault(endpoint, []).extend(_named_by(agent))
    found: list[Finding] = []
    for endpoint, named in places.items():
        try:
            found += _missing(stands, endpoint, named)
        except FoundryError as error:
            say(f"The project's evaluators couldn't be looked up: {error}")
    return tuple(sorted(found, key=lambda finding: finding.position))


def _named_by(agent: Agent) -> Sequence[Evaluator]:
    return () if agent.evaluation is None else agent.evaluation.evaluators


def _endpoint(stands: Standing, manifest: Manifest, agent: Agent) -> str | None:
    existing = manifest.environment.existing
    if existing is not None and existing.project_endpoint:
        return existing.project_endpoint
    known = stands.project_endpoints
    named = [endpoint for endpoint in known if endpoint.rstrip("/").rpartition("/")[2] == agent.project]
    return next(iter(named or (known if len(known) == 1 else ())), None)


def _missing(stands: Standing, endpoint: str, named: Sequence[Evaluator]) -> Iterator[Finding]:
    from foundry.model import Finding
    from foundry.reconcile.catalogue import absent

    wanted = [(one.evaluator_name, one.evaluator_version) for one in named]
    missing = absent(stands.services.versioned(endpoint).evaluations, wanted)
    for evaluator, one in zip(named, wanted, strict=True):
        if one in missing and evaluator.position is not None:
            told = missing[one]
            yield Finding(evaluator.position, f"the project has no {told.what}", _advice(one, told))


def _advice(wanted: Wanted, told: Absent) -> str:
    from foundry.manifest.near import meant

    name, version = wanted
    if told.is_version:
        return meant(str(version), told.there, none="leave the version out", have="it has")
    alike = [known for known in told.there if known.startswith(BUILT_IN) == name.startswith(BUILT_IN)]
    only = "it has only built-in ones: correct the name, or make the evaluator first"
    return meant(name, alike, none=only, have="it has")
