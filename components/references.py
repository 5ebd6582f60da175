"""What the names in declarations stand for.

That is an id (known while its owner is updated), never a computed output, so that previews stay calm; but for the version of a
skill, and of a toolbox that a voice agent has: one that changes makes a version of each agent that takes it in, and the
preview says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi

from foundry import model
from foundry.providers import Reference

T = TypeVar("T")


@dataclass(frozen=True)
class Queue:
    """A storage queue as agents and prompts speak of it: the account's queue endpoint, its name, and its whole address."""

    endpoint: pulumi.Input[str]
    name: pulumi.Input[str]
    url: pulumi.Input[str]


@dataclass(frozen=True)
class Numbered:
    """A skill as agents and toolboxes speak of it, or a toolbox as voice agents do: its name, and the version that it stands for."""

    name: pulumi.Input[str]
    version: pulumi.Input[str]


@dataclass(frozen=True)
class References:
    """What the names in one project's documents stand for. A deployment that isn't here is one of an account we don't own."""

    deployments: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    connections: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Name → ARM id."""
    search_connection: pulumi.Input[str] | None = None
    """ARM id of the connection to the search service that holds this stack's indexes."""
    queues: Mapping[str, Queue] = field(default_factory=dict)
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Path → file id."""
    stores: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    indexes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    agents: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    content_filters: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    index_assets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Declared name of an index → `<name>/versions/<version>` of its asset."""
    memories: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Declared name → the memory store's name."""
    skills: Mapping[str, Numbered] = field(default_factory=dict)
    toolboxes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Declared name → the address of the toolbox's MCP endpoint."""
    numbered_toolboxes: Mapping[str, Numbered] = field(default_factory=dict)
    versioned_agents: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Declared name → the versioned agent's name."""


@dataclass(frozen=True)
class Models:
    """What vectorizers of indexes call: the account's OpenAI endpoint, its deployments, and the model behind each."""

    openai_endpoint: pulumi.Input[str] | None = None
    deployments: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    model_names: Mapping[str, str] = field(default_factory=dict)


def filled(value: Any, to: References) -> Any:
    """A declared value with the addresses of queues in its texts."""
    match value:
        case model.Template():
            return pulumi.Output.concat(
                *(
                    one_of(to.queues, "queue", part.queue).url if isinstance(part, model.QueueUrl) else part
                    for part in value.parts
                )
            )
        case Mapping():
            return {key: filled(each, to) for key, each in value.items()}
        case list() | tuple():
            return [filled(each, to) for each in value]
        case _:
            return value


def one_of(made: Mapping[str, T], kind: str, name: str) -> T:
    """What was made under a name. Raises FoundryError for a name that nothing has."""
    if name not in made:
        raise model.FoundryError(
            f"this stack makes no {kind} called {name}",
            fix=f"declare the {kind}, or give the id of one that exists in its place",
        )
    return made[name]


def called(value: pulumi.Input[str] | None, words: str) -> pulumi.Input[str] | Reference | None:
    """A value with what people read in its place in a preview; one that is known already needs no words."""
    return Reference(value, words) if isinstance(value, pulumi.Output) else value


def told_of(
    made: Mapping[str, pulumi.Input[str]], kind: str, name: str, *, what: str = "id"
) -> pulumi.Input[str] | Reference | None:
    """What was made under a name, as a definition has it. Raises FoundryError for a name that nothing has."""
    return called(one_of(made, kind, name), f"{what} of {kind} {name}")


def deployed(declared: str, to: References) -> pulumi.Input[str] | Reference | None:
    """A deployment of this stack's account, or of an account that we don't own, as a definition has it."""
    return called(to.deployments.get(declared, declared), f"name of deployment {declared}")


def deployment(declared: str | model.ModelElsewhere, to: References) -> pulumi.Input[str] | Reference | None:
    """A model as agents speak of it: the deployment's name, with its connection before it where it is another account's."""
    if isinstance(declared, model.ModelElsewhere):
        connection = pulumi.Output.from_input(one_of(to.connections, "connection", declared.connection))
        elsewhere = connection.apply(lambda arm_id: f"{arm_id.rsplit('/', 1)[-1]}/{declared.deployment}")
        return called(elsewhere, f"deployment {declared.deployment} of connection {declared.connection}")
    return deployed(declared, to)


def content_filter(declared: str | None, to: References) -> pulumi.Input[str] | Reference | None:
    """The content filter of a name, or what was declared if this stack makes none of that name."""
    if not declared:
        return None
    return called(to.content_filters.get(declared, declared), f"id of content filter {declared}")


def skill_reference(declared: model.SkillReference, to: References, *, with_version: bool) -> dict[str, Any]:
    """A skill as it is taken in: by its name at the service, with the version that it stands for where that is wanted."""
    if declared.skill is None:
        return {"name": declared.name, **({"version": declared.version} if declared.version else {})}
    made = one_of(to.skills, "skill", declared.skill)
    told = {
        "name": called(made.name, f"name of skill {declared.skill}"),
        "version": called(made.version, f"version of skill {declared.skill}"),
    }
    return told if with_version else {"name": told["name"]}
