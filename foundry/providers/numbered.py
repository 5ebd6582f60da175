"""What the Pulumi resources of toolboxes and skills have in common: names whose versions the service numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class Numbered(Resource):
    """A name with versions. Its Pulumi id is that name at the service."""

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
        default_version: pulumi.Input[str] = "latest",
        keep_versions: pulumi.Input[int] | None = None,
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares one.

        `owner`, `name`, `project`, `endpoint` and `lifecycle` are those of `Agent`. `definition` is what each version fixes.
        `default_version` is the number of the version that the name stands for, or `latest`; of the others `keep_versions`
        stay when a new one is made, all of them without it.
        """
        given = {
            "owner": owner,
            "name": name,
            "dialect": "versioned",
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle if lifecycle is not None else {},
            "definition": definition,
            "defaultVersion": default_version,
            "keepVersions": keep_versions,
        }
        told = ("version", "latestVersion", "incarnation", "applied", "appliedDefault", "adopted")
        super().__init__(self.provider_class(), resource_name, inputs(given, self.name_output, *told), opts)

    @property
    def version(self) -> pulumi.Output[str]:
        """The version that the name stands for."""
        return cast("pulumi.Output[str]", pulumi.get(self, "version"))

    @property
    def latest_version(self) -> pulumi.Output[str]:
        """The newest version."""
        return cast("pulumi.Output[str]", pulumi.get(self, "latestVersion"))
