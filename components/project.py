"""A project of a Foundry account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import cognitiveservices

from foundry import model

from .arm import fixed_name, name_of, told


@dataclass(frozen=True)
class ProjectArgs:
    """What a project is made of. `after` is what was written last below the account."""

    settings: model.Project
    account_name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)
    after: tuple[pulumi.Resource, ...] = ()


class Project(pulumi.ComponentResource):
    """A project: where agents, their files and their vector stores live.

    Makes one `cognitiveservices.Project` with a system-assigned identity. Source: Azure docs, "Create a project" of Foundry.
    """

    id: pulumi.Output[str]
    """ARM id."""
    name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """Where the Agent Service answers for this project."""
    principal_id: pulumi.Output[str]
    """Object id of the project's own identity."""
    resource: cognitiveservices.Project

    def __init__(self, name: str, args: ProjectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("foundry:components:Project", name, None, opts)
        self.resource = cognitiveservices.Project(
            name,
            project_name=args.settings.name,
            account_name=args.account_name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            identity=cognitiveservices.IdentityArgs(
                type=cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED
            ),
            # Azure refuses to empty either of them once they are set (azure-rest-api-specs issue 38422).
            properties=cognitiveservices.ProjectPropertiesArgs(
                display_name=args.settings.display_name or args.settings.name,
                description=args.settings.description or args.settings.display_name or args.settings.name,
            ),
            tags=dict(args.tags),
            opts=fixed_name(self, args.after),
        )
        self.id = self.resource.id
        self.name = name_of(self.id)
        # Read by name and not from the resource: what is read stays known while the project is being updated, and role
        # assignments for its identity with it.
        live = cognitiveservices.get_project_output(
            account_name=args.account_name,
            project_name=self.name,
            resource_group_name=args.resource_group_name,
        )
        self.endpoint = live.apply(lambda project: project.properties.endpoints["AI Foundry API"])
        self.principal_id = live.apply(
            lambda project: told(project.identity, f"the identity of {project.name}").principal_id
        )
        self.register_outputs({"id": self.id, "name": self.name, "endpoint": self.endpoint})
