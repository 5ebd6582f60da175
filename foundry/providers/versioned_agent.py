"""The Pulumi resource of a versioned agent, and its provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class VersionedAgentProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:VersionedAgent`."""

    kind = "versioned_agent"


class VersionedAgent(Resource, module="foundry", name="VersionedAgent"):
    """An agent with versions of an Azure AI Foundry project. Its Pulumi id is the agent's name at the service."""

    def __init__(
        self,
        resource_name: str,
        *,
        owner: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        name: pulumi.Input[str],
        project: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        definition: pulumi.Input[Mapping[str, Any]],
        serving: pulumi.Input[Mapping[str, Any]] | None = None,
        keep_versions: pulumi.Input[int] | None = None,
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a versioned agent.

        `owner`, `name`, `project`, `endpoint` and `lifecycle` are those of `Agent`. `definition` is what each version fixes;
        `serving` what is changed in place and makes no version: enabled, protocols, authorization, traffic ({version:
        percent}), card. `keep_versions` is how many versions stay when a new one is made; all of them without it.
        """
        given = {
            "owner": owner,
            "name": name,
            "dialect": "versioned",
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle if lifecycle is not None else {},
            "definition": definition,
            "serving": serving if serving is not None else {},
            "keepVersions": keep_versions,
        }
        outputs = ("agentName", "version", "versions", "incarnation", "applied", "adopted")
        super().__init__(VersionedAgentProvider(), resource_name, inputs(given, *outputs), opts)

    @property
    def agent_name(self) -> pulumi.Output[str]:
        """The agent's name. In references prefer `id`: Pulumi keeps it known while the agent is updated."""
        return cast("pulumi.Output[str]", pulumi.get(self, "agentName"))

    @property
    def version(self) -> pulumi.Output[str]:
        """The newest version."""
        return cast("pulumi.Output[str]", pulumi.get(self, "version"))

    @property
    def versions(self) -> pulumi.Output[Sequence[Mapping[str, Any]]]:
        """The recent history, the newest first: [{version, createdAt in Unix seconds}]."""
        return cast("pulumi.Output[Sequence[Mapping[str, Any]]]", pulumi.get(self, "versions"))
