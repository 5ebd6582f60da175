"""Connections: what an account or a project knows of other services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pulumi
from pulumi_azure_native import cognitiveservices

from foundry import model

from .arm import fixed_name, name_of
from .monitoring import Monitoring
from .place import Secret
from .search import Search
from .storage import Storage
from .thread_store import ThreadStore

Properties: TypeAlias = (
    "cognitiveservices.AADAuthTypeConnectionPropertiesArgs"
    " | cognitiveservices.ApiKeyAuthConnectionPropertiesArgs"
    " | cognitiveservices.CustomKeysConnectionPropertiesArgs"
)


@dataclass(frozen=True)
class ConnectionsArgs:
    """Connections by name, of a project, or of the account when `project_name` is None.

    `prefix` goes before their Pulumi names, so that two projects can each have one of the same name.
    """

    account_name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    connections: Mapping[str, Properties]
    project_name: pulumi.Input[str] | None = None
    prefix: str = ""
    after: tuple[pulumi.Resource, ...] = field(default=())


class Connections(pulumi.ComponentResource):
    """Connections of one project, or of the account.

    Makes one `cognitiveservices.ProjectConnection` (or `AccountConnection`) for each, one after another: they too are children of the
    account (see `ModelDeployments`), and deleting two at once fails with an Etag conflict (pulumi-azure-native issue 4693). Source: Azure
    docs, "Add a new connection to your project".
    """

    ids: dict[str, pulumi.Output[str]]
    """Connection name → ARM id."""
    names: dict[str, pulumi.Output[str]]
    """Connection name → the same name, known once it exists."""
    so_far: tuple[pulumi.Resource, ...]
    """What the next child of the account must wait for: all that were made before it."""

    def __init__(self, name: str, args: ConnectionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("foundry:components:Connections", name, None, opts)
        self.ids = {}
        self.so_far = args.after
        for connection, properties in args.connections.items():
            made = self._make(connection, properties, args)
            self.ids[connection] = made.id
            self.so_far = (*self.so_far, made)
        self.names = {connection: name_of(made) for connection, made in self.ids.items()}
        self.register_outputs({"ids": self.ids})

    def _make(self, connection: str, properties: Properties, args: ConnectionsArgs) -> pulumi.CustomResource:
        logical_name = f"{args.prefix}{connection}"
        opts = fixed_name(self, self.so_far, immutable=["properties.authType", "properties.category"])
        if args.project_name is None:
            return cognitiveservices.AccountConnection(
                logical_name,
                connection_name=connection,
                account_name=args.account_name,
                resource_group_name=args.resource_group_name,
                properties=properties,
                opts=opts,
            )
        return cognitiveservices.ProjectConnection(
            logical_name,
            connection_name=connection,
            project_name=args.project_name,
            account_name=args.account_name,
            resource_group_name=args.resource_group_name,
            properties=properties,
            opts=opts,
        )


def to_search(search: Search, location: str) -> Properties:
    """The search service, without a key."""
    return _keyless("CognitiveSearch", search.endpoint, search.id, location)


def to_storage(storage: Storage, location: str) -> Properties:
    """The storage account for agents' files, without a key."""
    return _keyless("AzureStorageAccount", storage.blob_endpoint, storage.id, location)


def to_thread_store(store: ThreadStore, location: str) -> Properties:
    """The Cosmos DB account, without a key."""
    return _keyless("CosmosDB", store.endpoint, store.id, location)


def to_monitoring(monitoring: Monitoring) -> Properties:
    """Application Insights. Its connection string is the one thing here that the service only takes as a key."""
    return cognitiveservices.ApiKeyAuthConnectionPropertiesArgs(
        auth_type="ApiKey",
        category="AppInsights",
        target=monitoring.component_id,
        is_shared_to_all=True,
        metadata={"ApiType": "Azure", "ResourceId": monitoring.component_id},
        credentials=cognitiveservices.ConnectionApiKeyArgs(key=monitoring.connection_string),
    )


def declared(connection: model.Connection, secret: Secret) -> Properties:
    """A connection that people declare: with named keys, with one key, or with Entra when it has neither."""
    metadata = dict(connection.metadata)
    if connection.keys:
        return cognitiveservices.CustomKeysConnectionPropertiesArgs(
            auth_type="CustomKeys",
            category=connection.category,
            target=connection.target,
            metadata=metadata,
            credentials=cognitiveservices.CustomKeysArgs(
                keys={key: _value(kept, secret) for key, kept in connection.keys.items()}
            ),
        )
    if connection.key is not None:
        return cognitiveservices.ApiKeyAuthConnectionPropertiesArgs(
            auth_type="ApiKey",
            category=connection.category,
            target=connection.target,
            metadata=metadata,
            credentials=cognitiveservices.ConnectionApiKeyArgs(key=_value(connection.key, secret)),
        )
    return cognitiveservices.AADAuthTypeConnectionPropertiesArgs(
        auth_type="AAD", category=connection.category, target=connection.target, metadata=metadata
    )


def _keyless(
    category: str, target: pulumi.Input[str], resource_id: pulumi.Input[str], location: str
) -> Properties:
    return cognitiveservices.AADAuthTypeConnectionPropertiesArgs(
        auth_type="AAD",
        category=category,
        target=target,
        metadata={"ApiType": "Azure", "ResourceId": resource_id, "location": location},
    )


def _value(credential: model.Credential, secret: Secret) -> pulumi.Output[str]:
    if isinstance(credential, model.KeyVaultSecret):
        raise model.FoundryError(
            f"the key {credential.uri} is in Azure Key Vault, which connections can't be filled from yet",
            fix="put it into the stack's encrypted configuration and write {secret: KEY}",
        )
    return pulumi.Output.secret(secret(credential.key))
