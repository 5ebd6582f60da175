"""What the Pulumi resources of toolboxes and skills have in common: names whose versions the service numbers."""

from __future__ import annotations

from typing import Unpack, cast

import pulumi

from foundry.providers.of_a_project import Declared, OfAProject


class Numbered(OfAProject):
    """A name with versions. Its Pulumi id is that name at the service."""

    spoken_of = ("version",)

    def __init__(
        self,
        resource_name: str,
        *,
        default_version: pulumi.Input[str] = "latest",
        keep_versions: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **declared: Unpack[Declared],
    ) -> None:
        """Declares one.

        `definition` is what each version fixes. `default_version` is the number of the version that the name stands for, or
        `latest`; of the others `keep_versions` stay when a new one is made, all of them without it.
        """
        settings = {"defaultVersion": default_version, "keepVersions": keep_versions}
        super().__init__(resource_name, settings=settings, opts=opts, **declared)

    @property
    def version(self) -> pulumi.Output[str]:
        """The version that the name stands for."""
        return cast("pulumi.Output[str]", pulumi.get(self, "version"))
