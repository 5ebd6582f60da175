"""Content filters of an account."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cognitiveservices

from foundry import model

from .arm import fixed_name, name_of


@dataclass(frozen=True)
class ContentFiltersArgs:
    """The filters in the order they are made."""

    account_name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    filters: tuple[model.ContentFilter, ...]
    after: tuple[pulumi.Resource, ...] = ()


class ContentFilters(pulumi.ComponentResource):
    """Content filters that deployments name.

    Makes one `cognitiveservices.RaiPolicy` for each, one after another (see `ModelDeployments`), and before the deployments, because a
    deployment with an unknown filter is refused. Source: Azure docs, "Rai Policies - Create Or Update" of Cognitive Services.
    """

    names: dict[str, pulumi.Input[str]]
    """Declared name → the policy's name, known once it exists."""
    so_far: tuple[pulumi.Resource, ...]
    """What the next child of the account must wait for: all that were made before it."""

    def __init__(
        self, name: str, args: ContentFiltersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("foundry:components:ContentFilters", name, None, opts)
        self.names = {}
        self.so_far = args.after
        for declared in args.filters:
            policy = cognitiveservices.RaiPolicy(
                declared.name,
                rai_policy_name=declared.name,
                account_name=args.account_name,
                resource_group_name=args.resource_group_name,
                properties=cognitiveservices.RaiPolicyPropertiesArgs(
                    base_policy_name=declared.base_policy,
                    mode="Default",
                    content_filters=[
                        _filter(rule, source) for rule in declared.rules for source in rule.sources
                    ],
                ),
                opts=fixed_name(self, self.so_far),
            )
            self.names[declared.name] = name_of(policy.id)
            self.so_far = (*self.so_far, policy)
        self.register_outputs({"names": self.names})


def _filter(rule: model.FilterRule, source: str) -> cognitiveservices.RaiPolicyContentFilterArgs:
    # Plain strings: enum members as `source` gave a change in every preview (pulumi-azure-native issue 3311).
    return cognitiveservices.RaiPolicyContentFilterArgs(
        name=rule.category,
        source=source,
        enabled=True,
        blocking=rule.blocking,
        severity_threshold=rule.severity_threshold,
    )
