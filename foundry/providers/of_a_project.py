"""What the Pulumi resources have in common that are one thing of a project with no setting but its definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class OfAProject(Resource):
    """One thing of a project, reached through the service of the versioned dialect."""

    provider_class: ClassVar[type[Doorway]]
    name_output: ClassVar[str]

    def __init__(
        self,
        resource_name: str,
        *,
        owner: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        name: pulumi.Input[str],
        project: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        definition: pulumi.Input[Mapping[str, Any]],
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares one. The arguments are those of `Agent`; what `definition` has, each class says."""
        given = {
            "owner": owner,
            "name": name,
            "dialect": "versioned",
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle if lifecycle is not None else {},
            "definition": definition,
        }
        told = (self.name_output, "incarnation", "applied", "adopted")
        super().__init__(self.provider_class(), resource_name, inputs(given, *told), opts)
