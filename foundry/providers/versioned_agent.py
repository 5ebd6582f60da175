"""The Pulumi resource of a versioned agent, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack, cast

import pulumi

from foundry.providers.doorway import Doorway
from foundry.providers.of_a_project import Declared, OfAProject


class VersionedAgentProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:VersionedAgent`."""

    kind = "versioned_agent"
    type = "VersionedAgent"


class VersionedAgent(OfAProject, module="foundry", name="VersionedAgent"):
    """An agent with versions of an Azure AI Foundry project. Its Pulumi id is the agent's name at the service."""

    provider_class = VersionedAgentProvider
    spoken_of = ("version",)

    def __init__(
        self,
        resource_name: str,
        *,
        serving: pulumi.Input[Mapping[str, Any]] | None = None,
        keep_versions: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **declared: Unpack[Declared],
    ) -> None:
        """Declares a versioned agent.

        `definition` is what each version fixes; `serving` what is changed in place and makes no version: enabled, protocols,
        authorization, traffic ({version: percent}), card. `keep_versions` is how many versions stay when a new one is made;
        all of them without it.
        """
        settings = {"serving": serving if serving is not None else {}, "keepVersions": keep_versions}
        super().__init__(resource_name, settings=settings, opts=opts, **declared)

    @property
    def version(self) -> pulumi.Output[str]:
        """The newest version."""
        return cast("pulumi.Output[str]", pulumi.get(self, "version"))
