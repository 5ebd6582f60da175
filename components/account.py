"""The Foundry account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import cognitiveservices

from foundry import model

from .arm import fixed_name, group_of, name_of


@dataclass(frozen=True)
class AccountArgs:
    """What an account is made of. `name` is its Azure name and its subdomain, in lower case."""

    name: str
    resource_group_name: pulumi.Input[str]
    location: str
    settings: model.Account = field(default_factory=model.Account)
    tags: Mapping[str, str] = field(default_factory=dict)


class Account(pulumi.ComponentResource):
    """An Azure AI Foundry account: the parent of projects, deployments and connections.

    Makes one `cognitiveservices.Account` of kind AIServices with project management, a system-assigned identity and its own
    subdomain (Entra tokens need one), or nothing when `settings.id` names an account that exists. Keys are off unless
    `local_auth` says otherwise. Source: Azure docs, "Set up your environment" of the Foundry Agent Service.
    """

    id: pulumi.Output[str]
    """ARM id."""
    name: pulumi.Output[str]
    resource_group_name: pulumi.Output[str]
    openai_endpoint: pulumi.Output[str]
    """Where its deployments answer in OpenAI's protocol; AI Search's vectorizers call it."""
    resource: cognitiveservices.Account | None
    """The account when this component makes it."""

    def __init__(self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("foundry:components:Account", name, None, opts)
        self.resource = None if args.settings.id else self._make(name, args)
        self.id = self.resource.id if self.resource else pulumi.Output.from_input(args.settings.id or "")
        self.name = name_of(self.id)
        self.resource_group_name = group_of(self.id)
        # Read by name and not from the resource: what is read stays known while the account is being updated.
        live = cognitiveservices.get_account_output(
            account_name=self.name, resource_group_name=self.resource_group_name
        )
        self.openai_endpoint = live.apply(
            lambda account: (account.properties.endpoints or {}).get(
                "OpenAI Language Model Instance API", account.properties.endpoint
            )
        )
        self.register_outputs({"id": self.id, "name": self.name, "openai_endpoint": self.openai_endpoint})

    def _make(self, name: str, args: AccountArgs) -> cognitiveservices.Account:
        settings = args.settings
        return cognitiveservices.Account(
            name,
            account_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            kind="AIServices",
            sku=cognitiveservices.SkuArgs(name=settings.sku),
            identity=cognitiveservices.IdentityArgs(
                type=cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED
            ),
            properties=cognitiveservices.AccountPropertiesArgs(
                allow_project_management=True,
                custom_sub_domain_name=args.name,
                disable_local_auth=not settings.local_auth,
                public_network_access="Enabled" if settings.public_network_access else "Disabled",
                network_acls=cognitiveservices.NetworkRuleSetArgs(
                    default_action="Allow" if settings.public_network_access else "Deny",
                    bypass="AzureServices",
                ),
            ),
            tags=dict(args.tags),
            opts=fixed_name(self),
        )
