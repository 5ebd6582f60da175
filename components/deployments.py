"""Model deployments of an account."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cognitiveservices

from foundry import model

from .arm import fixed_name, name_of


@dataclass(frozen=True)
class ModelDeploymentsArgs:
    """The deployments in the order they are made. `filters` are the content filters of this stack by name."""

    account_name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    deployments: tuple[model.Deployment, ...]
    filters: dict[str, pulumi.Input[str]]
    after: tuple[pulumi.Resource, ...] = ()


class ModelDeployments(pulumi.ComponentResource):
    """Model deployments, one after another.

    Makes one `cognitiveservices.Deployment` for each. Children of one account that are written at the same time fail with 409
    RequestConflict, which azure-native doesn't retry, so each waits for all before it: of those that are deleted together, an engine
    deletes two at once unless one depends on the other itself. Source: Azure docs, "Deployments - Create Or Update" of Cognitive
    Services; terraform-provider-azurerm issues 22607 and 22711.
    """

    names: dict[str, pulumi.Output[str]]
    """Declared name → the deployment's name, known once it exists."""
    so_far: tuple[pulumi.Resource, ...]
    """What the next child of the account must wait for: all that were made before it."""

    def __init__(
        self, name: str, args: ModelDeploymentsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("foundry:components:ModelDeployments", name, None, opts)
        self.names = {}
        self.so_far = args.after
        for declared in args.deployments:
            deployment = self._make(declared, args)
            self.names[declared.name] = name_of(deployment.id)
            self.so_far = (*self.so_far, deployment)
        self.register_outputs({"names": self.names})

    def _make(self, declared: model.Deployment, args: ModelDeploymentsArgs) -> cognitiveservices.Deployment:
        content_filter = declared.content_filter
        return cognitiveservices.Deployment(
            declared.name,
            deployment_name=declared.name,
            account_name=args.account_name,
            resource_group_name=args.resource_group_name,
            sku=cognitiveservices.SkuArgs(name=declared.sku, capacity=declared.capacity),
            properties=cognitiveservices.DeploymentPropertiesArgs(
                model=cognitiveservices.DeploymentModelArgs(
                    format=declared.model_format, name=declared.model_name, version=declared.model_version
                ),
                version_upgrade_option=declared.version_upgrade_option,
                # A name that isn't this stack's is one of Azure's own filters, such as Microsoft.DefaultV2.
                rai_policy_name=args.filters.get(content_filter, content_filter) if content_filter else None,
            ),
            opts=fixed_name(
                self, self.so_far, immutable=["properties.model.format", "properties.model.name"]
            ),
        )
