"""The Pulumi resource of a skill, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.numbered import Numbered


class SkillProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:Skill`."""

    kind = "skill"
    type = "Skill"


class Skill(Numbered, module="foundry", name="Skill"):
    """Instructions that versioned agents and toolboxes take in by name.

    `definition` has name, description, instructions, license, compatibility, allowed_tools and metadata.
    """

    provider_class = SkillProvider
