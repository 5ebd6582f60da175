"""The AI Search service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import search

from foundry import model

from .arm import fixed_name, group_of, name_of, told


@dataclass(frozen=True)
class SearchArgs:
    """What a search service is made of. `name` is its Azure name."""

    name: str
    resource_group_name: pulumi.Input[str]
    location: str
    settings: model.Search = field(default_factory=model.Search)
    public_network_access: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)


class Search(pulumi.ComponentResource):
    """An AI Search service, for indexes and for the vectors of a standard setup's stores.

    Makes one `search.Service` with one replica, one partition and a system-assigned identity, or nothing when `settings.id` names one.
    Keys are off, and `auth_options` is left out, as the service demands then. Source: Azure docs, "Connect to Azure AI Search using
    roles".
    """

    id: pulumi.Output[str]
    """ARM id."""
    endpoint: pulumi.Output[str]
    _live: pulumi.Output[search.GetServiceResult]
    resource: search.Service | None
    """The service when this component makes it."""

    def __init__(self, name: str, args: SearchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("foundry:components:Search", name, None, opts)
        self.resource = None if args.settings.id else self._make(name, args)
        self.id = self.resource.id if self.resource else pulumi.Output.from_input(args.settings.id or "")
        # Read by name and not from the resource: what is read stays known while the service is being updated.
        self._live = search.get_service_output(
            search_service_name=name_of(self.id), resource_group_name=group_of(self.id)
        )
        self.endpoint = self._live.apply(
            lambda service: told(service.endpoint, f"the endpoint of {service.name}")
        )
        self.register_outputs({"id": self.id, "endpoint": self.endpoint})

    @property
    def principal_id(self) -> pulumi.Output[str]:
        """Object id of the service's own identity; its vectorizers call models with it. One that exists may have none."""
        return self._live.apply(
            lambda service: told(service.identity, f"the identity of {service.name}").principal_id
        )

    def _make(self, name: str, args: SearchArgs) -> search.Service:
        return search.Service(
            name,
            search_service_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            sku=search.SkuArgs(name=args.settings.sku),
            replica_count=1,
            partition_count=1,
            hosting_mode=search.HostingMode.DEFAULT,
            semantic_search=args.settings.semantic_search,
            disable_local_auth=True,
            identity=search.IdentityArgs(type=search.IdentityType.SYSTEM_ASSIGNED),
            public_network_access="Enabled" if args.public_network_access else "Disabled",
            tags=dict(args.tags),
            opts=fixed_name(self),
        )
