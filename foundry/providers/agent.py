"""The Pulumi resource of an agent, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.of_a_project import OfAProject


class AgentProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:Agent`."""

    kind = "agent"
    type = "Agent"


class Agent(OfAProject, module="foundry", name="Agent"):
    """An agent of an Azure AI Foundry project. Its Pulumi id is the agent's id at the service."""

    provider_class = AgentProvider
