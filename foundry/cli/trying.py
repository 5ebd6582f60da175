"""`fac try`: a scratch copy of an agent as it is declared now, asked one question and deleted; the live agent isn't touched."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from foundry.cli import traces
from foundry.cli.ask import worded
from foundry.cli.options import Commands, add_agent, add_stack
from foundry.cli.project import find_project
from foundry.model import UNKNOWN, Conversation, FoundryError

if TYPE_CHECKING:
    from foundry.cli.conversing import Talks
    from foundry.cli.standing import Standing
    from foundry.report.reading import Object, Reading
    from foundry.service.conversation import Place

_DYNAMIC: Final = "pulumi-python:dynamic/foundry:"
_DIALECTS: Final = {f"{_DYNAMIC}Agent": "classic", f"{_DYNAMIC}VersionedAgent": "versioned"}
_LONGEST_NAME: Final = 63


def add(commands: Commands) -> None:
    """Register the command."""
    text = "ask a scratch copy of an agent, as it is declared now, one question; the copy is deleted"
    command = commands.add_parser("try", help=text, description=text)
    add_stack(command)
    add_agent(command)
    command.add_argument("question", type=worded, help="the question, quoted")
    traces.add(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the copy, ask it, delete it, and print the answer."""
    from foundry.cli.ask import tell
    from foundry.cli.conversing import (
        LiveAgent,
        agents_of,
        fixtures,
        refuse_unless_asked_in_text,
        talks,
    )
    from foundry.cli.standing import standing
    from foundry.manifest import load
    from foundry.service.conversation import Place

    project = find_project(Path(arguments.cwd).resolve())
    project.require(arguments.stack)
    loaded = load(project.root, arguments.stack)
    if loaded.manifest is None:
        raise FoundryError(
            "the declarations are wrong", fix=f"run `fac validate -s {arguments.stack}`, which says where"
        )
    declared = sorted(agent.name for agent in loaded.manifest.agents)
    if arguments.agent not in declared:
        raise FoundryError(
            f"stack {arguments.stack} declares no agent {arguments.agent!r}",
            fix=f"it declares: {', '.join(declared) or 'none'}",
        )
    stands = standing(project, arguments.stack, live=True)
    found, inputs = _as_declared(stands, arguments.agent)
    refuse_unless_asked_in_text(arguments.agent, inputs.get("definition") or {})
    place = Place(str(inputs["endpoint"]), _DIALECTS[found.type])
    with talks(project, stands, print, loaded.manifest) as held:
        copy = _copy(stands, held, place, inputs["definition"])
        try:
            asked = Conversation((arguments.question,), functions=fixtures(loaded.manifest, arguments.agent))
            came = held.hold(LiveAgent(arguments.agent, copy, place), asked)
        finally:
            held.at(place).delete("agent", copy)
            held.journal.keeper(place).gone("agent", copy)
    names = {one.id: one.name for both in agents_of(stands).values() for one in both}
    tell(
        arguments.agent,
        arguments.question,
        came,
        {**names, copy: arguments.agent},
        remark=", as declared (a scratch copy, deleted again),",
    )
    return 0


def _as_declared(stands: Standing, name: str) -> tuple[Object, Mapping[str, Any]]:
    """What the next `up` would apply, every reference resolved: the preview says it."""
    from foundry.report.reading import read

    done = stands.run.captured(["preview", "--json", "--stack", stands.run.stack])
    try:
        reading = read(json.loads(done.stdout))
    except ValueError as error:
        raise FoundryError("the preview can't be read", fix="run `fac preview`, which says why") from error
    if reading.failed:
        told = next((one.message for one in reading.diagnostics if one.severity == "error"), "")
        raise FoundryError(
            f"the preview fails: {told.partition(chr(10))[0]}", fix="run `fac preview`, which says more"
        )
    matches = [
        (one, inputs)
        for one in reading.objects
        if one.type in _DIALECTS
        for inputs in [one.declared or one.recorded or {}]
        if inputs.get("name") == name
    ]
    # The newer dialect is the one that callers are moving to.
    found, inputs = max(matches, key=lambda match: _DIALECTS[match[0].type])
    _require_known(reading, found, inputs, name)
    return found, inputs


def _require_known(reading: Reading, found: Object, inputs: Mapping[str, Any], name: str) -> None:
    asked = {"endpoint": inputs.get("endpoint"), "definition": inputs.get("definition")}
    unknown = list(_unknown(asked))
    if not unknown:
        return
    missing = [one.name for one in reading.objects if one.urn in found.needs and one.verb.value != "same"]
    raise FoundryError(
        f"a copy of {name} needs what only an `up` makes ({', '.join(missing) or ', '.join(unknown)})",
        fix="bring that up first; then the agent's own edits can be tried",
    )


def _unknown(value: Any, path: str = "") -> Iterator[str]:
    if value is UNKNOWN:
        yield path.removeprefix(".")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _unknown(item, f"{path}.{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _unknown(item, f"{path}[{position}]")


def _copy(stands: Standing, held: Talks, place: Place, definition: Mapping[str, Any]) -> str:
    from foundry.reconcile.hosted_code import code_of

    keeper = held.journal.keeper(place)
    ending = f"-try-{held.journal.run[:6]}"
    name = f"{str(definition['name'])[: _LONGEST_NAME - len(ending)]}{ending}"
    scratch = {**definition, "name": name, "metadata": {}}
    services = stands.services
    if place.dialect == "versioned":
        service = services.versioned(place.endpoint)
        with code_of(stands.run.root, scratch, service, None) as code:
            made_id = service.create_version(name, scratch, keeper.mark, code=code).id
    else:
        made_id = services.project(place.endpoint).create_agent(scratch, keeper.mark).id
    keeper.made("agent", made_id)
    return str(made_id)
