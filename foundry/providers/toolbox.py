"""The Pulumi resource of a toolbox, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.numbered import Numbered


class ToolboxProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:Toolbox`."""

    kind = "toolbox"
    type = "Toolbox"


class Toolbox(Numbered, module="foundry", name="Toolbox"):
    """A set of tools that agents reach through MCP.

    `definition` has name, description, tools, skills ([{name, version?}]), content_filter and metadata.
    """

    provider_class = ToolboxProvider
