"""The Pulumi resource of an agent, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class AgentProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:Agent`."""

    kind = "agent"


class Agent(Resource, module="foundry", name="Agent"):
    """An agent of an Azure AI Foundry project. Its Pulumi id is the agent's id at the service."""

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
        dialect: pulumi.Input[str] = "classic",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an agent.

        `owner` is {project, stack, stackId}; `name` the logical name in the mark; `project` the ARM id of the Foundry
        project and `endpoint` its address; `definition` what the agent is to be, with every reference resolved;
        `lifecycle` adopt, onRemove and onDrift where declared.
        """
        given = {
            "owner": owner,
            "name": name,
            "dialect": dialect,
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle if lifecycle is not None else {},
            "definition": definition,
        }
        props = inputs(given, "agentId", "incarnation", "applied", "adopted")
        super().__init__(AgentProvider(), resource_name, props, opts)

    @property
    def agent_id(self) -> pulumi.Output[str]:
        """The agent's id. In references prefer `id`: Pulumi keeps it known while the agent is updated."""
        return cast("pulumi.Output[str]", pulumi.get(self, "agentId"))
