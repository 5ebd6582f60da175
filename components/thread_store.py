"""Cosmos DB for the threads of a standard setup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import cosmosdb

from foundry import model

from .arm import fixed_name, group_of, name_of


@dataclass(frozen=True)
class ThreadStoreArgs:
    """What a thread store is made of. `name` is its Azure name."""

    name: str
    resource_group_name: pulumi.Input[str]
    location: str
    settings: model.ThreadStore = field(default_factory=model.ThreadStore)
    public_network_access: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)


class ThreadStore(pulumi.ComponentResource):
    """A Cosmos DB account in which the Agent Service keeps threads, messages and agent definitions.

    Makes one `cosmosdb.DatabaseAccount` (NoSQL, session consistency, one region, a limit on throughput), or nothing when `settings.id`
    names one. Keys, and writes of metadata with keys, are off. The service makes the database `enterprise_memory` itself. Source: Azure
    docs, "Standard agent setup" of the Foundry Agent Service.
    """

    id: pulumi.Output[str]
    """ARM id."""
    name: pulumi.Output[str]
    resource_group_name: pulumi.Output[str]
    endpoint: pulumi.Output[str]

    def __init__(self, name: str, args: ThreadStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("foundry:components:ThreadStore", name, None, opts)
        settings = args.settings
        self.id = pulumi.Output.from_input(settings.id) if settings.id else self._make(name, args).id
        self.name = name_of(self.id)
        self.resource_group_name = group_of(self.id)
        # Read by name and not from the resource: what is read stays known while the account is being updated.
        live = cosmosdb.get_database_account_output(
            account_name=self.name, resource_group_name=self.resource_group_name
        )
        self.endpoint = live.apply(lambda account: account.document_endpoint)
        self.register_outputs({"id": self.id, "endpoint": self.endpoint})

    def _make(self, name: str, args: ThreadStoreArgs) -> cosmosdb.DatabaseAccount:
        return cosmosdb.DatabaseAccount(
            name,
            account_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            kind=cosmosdb.DatabaseAccountKind.GLOBAL_DOCUMENT_DB,
            database_account_offer_type=cosmosdb.DatabaseAccountOfferType.STANDARD,
            consistency_policy=cosmosdb.ConsistencyPolicyArgs(
                default_consistency_level=cosmosdb.DefaultConsistencyLevel.SESSION
            ),
            locations=[
                cosmosdb.LocationArgs(
                    location_name=args.location, failover_priority=0, is_zone_redundant=False
                )
            ],
            capacity=cosmosdb.CapacityArgs(total_throughput_limit=args.settings.total_throughput_limit),
            disable_local_auth=True,
            disable_key_based_metadata_write_access=True,
            enable_automatic_failover=False,
            enable_free_tier=False,
            enable_multiple_write_locations=False,
            minimal_tls_version=cosmosdb.MinimalTlsVersion.TLS12,
            public_network_access="Enabled" if args.public_network_access else "Disabled",
            tags=dict(args.tags),
            opts=fixed_name(self),
        )
