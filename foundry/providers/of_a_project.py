"""What the Pulumi resources of a project's things have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NotRequired, TypedDict, Unpack

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.declared import inputs
from foundry.providers.doorway import Doorway


class Declared(TypedDict):
    """What each of them is given.

    `owner` is {project, stack, stackId}; `name` the logical name in the mark; `project` the ARM id of the Foundry project and
    `endpoint` its address; `definition` what the thing is to be, with every reference resolved: its keys, each class says;
    `lifecycle` adopt, onRemove and onDrift where declared.
    """

    owner: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    name: pulumi.Input[str]
    project: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    definition: pulumi.Input[Mapping[str, Any]]
    lifecycle: NotRequired[pulumi.Input[Mapping[str, Any]]]


class OfAProject(Resource):
    """One thing of a project. `spoken_of` are the outputs that a program can refer to beside the id."""

    provider_class: ClassVar[type[Doorway]]
    spoken_of: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        resource_name: str,
        *,
        settings: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **declared: Unpack[Declared],
    ) -> None:
        """Declares one; `settings` are inputs that not every class has, None for one that isn't given."""
        given = {**declared, **(settings or {})}
        super().__init__(self.provider_class(), resource_name, inputs(given, *self.spoken_of), opts)
