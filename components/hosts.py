"""Capability hosts: where a standard setup keeps its agents' data."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import cognitiveservices

from .arm import fixed_name

HOST_NAME = "agents"


@dataclass(frozen=True)
class HostedProject:
    """A project with the connections that keep its data. `key` is its declared name."""

    key: str
    project_name: pulumi.Input[str]
    thread_connection: pulumi.Input[str]
    vector_connection: pulumi.Input[str]
    storage_connection: pulumi.Input[str]


@dataclass(frozen=True)
class CapabilityHostsArgs:
    """The projects to host. `roles` is what their identities need before (see `access.settled`)."""

    account_name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    projects: tuple[HostedProject, ...]
    after: tuple[pulumi.Resource, ...] = ()
    roles: pulumi.Input[list[pulumi.Resource]] = field(default_factory=list)


class CapabilityHosts(pulumi.ComponentResource):
    """The account's capability host, then one for each project, one after another.

    Makes one `cognitiveservices.AccountCapabilityHost` of kind Agents and one `cognitiveservices.ProjectCapabilityHost` for each
    project, with exactly one connection of each sort. A host can't be updated, and there is one a scope, so any change deletes it and
    makes it again. Source: Azure docs, "Capability hosts" of the Foundry Agent Service.
    """

    hosts: tuple[pulumi.Resource, ...]
    last: tuple[pulumi.Resource, ...]
    """What the next child of the account must wait for."""

    def __init__(
        self, name: str, args: CapabilityHostsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("foundry:components:CapabilityHosts", name, None, opts)
        everything = pulumi.Output.from_input(args.roles).apply(lambda roles: [*args.after, *roles])
        account_host = cognitiveservices.AccountCapabilityHost(
            "account-host",
            capability_host_name=HOST_NAME,
            account_name=args.account_name,
            resource_group_name=args.resource_group_name,
            capability_host_properties=cognitiveservices.CapabilityHostArgs(capability_host_kind="Agents"),
            opts=fixed_name(self, everything, immutable=["capability_host_properties"]),
        )
        hosts: list[pulumi.Resource] = [account_host]
        for project in args.projects:
            hosts.append(
                cognitiveservices.ProjectCapabilityHost(
                    f"{project.key}-host",
                    capability_host_name=HOST_NAME,
                    account_name=args.account_name,
                    project_name=project.project_name,
                    resource_group_name=args.resource_group_name,
                    project_capability_host_properties=cognitiveservices.ProjectCapabilityHostArgs(
                        thread_storage_connections=[project.thread_connection],
                        vector_store_connections=[project.vector_connection],
                        storage_connections=[project.storage_connection],
                    ),
                    opts=fixed_name(
                        self, [*args.after, *hosts], immutable=["project_capability_host_properties"]
                    ),
                )
            )
        self.hosts = tuple(hosts)
        self.last = (hosts[-1],)
        self.register_outputs({})
