"""The storage account, with its containers and queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import storage

from foundry import model

from .arm import fixed_name, group_of, name_of

_WITHOUT_ZONES = frozenset({"southindia", "westus"})


@dataclass(frozen=True)
class StorageArgs:
    """What a storage account is made of. `name` is its Azure name."""

    name: str
    resource_group_name: pulumi.Input[str]
    location: str
    settings: model.Storage = field(default_factory=model.Storage)
    public_network_access: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)


class Storage(pulumi.ComponentResource):
    """A storage account for agents' files and for the queues of Azure Function tools.

    Makes one `storage.StorageAccount` (unless `settings.id` names one), one `storage.BlobContainer` for each container and one
    `storage.Queue` for each queue, through Azure Resource Manager, so that they work with shared keys off. Keys, anonymous
    blobs, plain HTTP and TLS before 1.2 are off; replication is over zones where the region has them. Source: Azure docs,
    "Standard agent setup" of the Foundry Agent Service.
    """

    id: pulumi.Output[str]
    """ARM id."""
    name: pulumi.Output[str]
    blob_endpoint: pulumi.Output[str]
    queue_endpoint: pulumi.Output[str]
    """Ends in a slash."""
    queue_names: dict[str, pulumi.Output[str]]
    """Declared name → the queue's name, known once it exists."""
    queue_urls: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("foundry:components:Storage", name, None, opts)
        settings = args.settings
        self.id = pulumi.Output.from_input(settings.id) if settings.id else self._make(name, args).id
        self.name = name_of(self.id)
        group = group_of(self.id)
        children = fixed_name(self)
        for container in settings.containers:
            storage.BlobContainer(
                container,
                container_name=container,
                account_name=self.name,
                resource_group_name=group,
                public_access=storage.PublicAccess.NONE,
                opts=children,
            )
        queues = {
            queue: storage.Queue(
                queue, queue_name=queue, account_name=self.name, resource_group_name=group, opts=children
            )
            for queue in settings.queues
        }
        # Read by name and not from the resource: what is read stays known while the account is being updated.
        endpoints = storage.get_storage_account_output(
            account_name=self.name, resource_group_name=group
        ).primary_endpoints
        self.blob_endpoint = endpoints.apply(lambda known: known.blob)
        self.queue_endpoint = endpoints.apply(lambda known: f"{known.queue.rstrip('/')}/")
        self.queue_names = {queue: name_of(made.id) for queue, made in queues.items()}
        self.queue_urls = {
            queue: pulumi.Output.concat(self.queue_endpoint, made) for queue, made in self.queue_names.items()
        }
        self.register_outputs({"id": self.id, "queue_urls": self.queue_urls})

    def _make(self, name: str, args: StorageArgs) -> storage.StorageAccount:
        return storage.StorageAccount(
            name,
            account_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            kind=storage.Kind.STORAGE_V2,
            sku=storage.SkuArgs(
                name="Standard_GRS" if args.location in _WITHOUT_ZONES else "Standard_ZRS",
            ),
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            public_network_access="Enabled" if args.public_network_access else "Disabled",
            network_rule_set=storage.NetworkRuleSetArgs(
                default_action=storage.DefaultAction.ALLOW
                if args.public_network_access
                else storage.DefaultAction.DENY,
                bypass=storage.Bypass.AZURE_SERVICES,
            ),
            tags=dict(args.tags),
            opts=fixed_name(self),
        )
