"""Logs and traces of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import applicationinsights, monitor, operationalinsights

from foundry import model

from .arm import fixed_name, group_of, name_of


@dataclass(frozen=True)
class MonitoringArgs:
    """What monitoring is made of. `watched` maps a short name to the ARM id of a resource whose logs and metrics are kept."""

    workspace_name: str
    component_name: str
    resource_group_name: pulumi.Input[str]
    location: str
    settings: model.Monitoring = field(default_factory=model.Monitoring)
    watched: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Monitoring(pulumi.ComponentResource):
    """A Log Analytics workspace, an Application Insights component that writes to it, and diagnostics.

    Makes one `operationalinsights.Workspace` (PerGB2018), one `applicationinsights.Component`, and one `monitor.DiagnosticSetting` (all
    logs, all metrics) for each watched resource. Keys are off on both: who sends traces needs the role Monitoring Metrics
    Publisher. Source: Azure docs, "Microsoft Entra authentication for Application Insights".
    """

    workspace_id: pulumi.Output[str]
    """ARM id of the workspace."""
    component_id: pulumi.Output[str]
    """ARM id of the Application Insights component."""
    connection_string: pulumi.Output[str]
    """How senders reach Application Insights; a secret."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("foundry:components:Monitoring", name, None, opts)
        settings = args.settings
        children = fixed_name(self)
        workspace = operationalinsights.Workspace(
            f"{name}-logs",
            workspace_name=args.workspace_name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            sku=operationalinsights.WorkspaceSkuArgs(
                name=operationalinsights.WorkspaceSkuNameEnum.PER_GB2018
            ),
            retention_in_days=settings.retention_in_days,
            workspace_capping=None
            if settings.daily_quota_gb is None
            else operationalinsights.WorkspaceCappingArgs(daily_quota_gb=settings.daily_quota_gb),
            features=operationalinsights.WorkspaceFeaturesArgs(disable_local_auth=True),
            tags=dict(args.tags),
            opts=children,
        )
        component = applicationinsights.Component(
            f"{name}-insights",
            resource_name_=args.component_name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            kind="web",
            application_type=applicationinsights.ApplicationType.WEB,
            ingestion_mode=applicationinsights.IngestionMode.LOG_ANALYTICS,
            workspace_resource_id=workspace.id,
            disable_local_auth=True,
            tags=dict(args.tags),
            opts=fixed_name(self, secret=["connection_string", "instrumentation_key"]),
        )
        for watched, resource_id in args.watched.items():
            monitor.DiagnosticSetting(
                f"{watched}-diagnostics",
                name=f"{args.workspace_name}-{watched}",
                resource_uri=resource_id,
                workspace_id=workspace.id,
                logs=[monitor.DiagnosticsLogSettingsArgs(category_group="allLogs", enabled=True)],
                metrics=[monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=True)],
                opts=children,
            )
        self.workspace_id = workspace.id
        self.component_id = component.id
        # Read by name and not from the resource: what is read stays known while the component is being updated.
        live = applicationinsights.get_component_output(
            resource_name=name_of(component.id), resource_group_name=group_of(component.id)
        )
        self.connection_string = pulumi.Output.secret(live.apply(lambda known: known.connection_string))
        self.register_outputs({"workspace_id": self.workspace_id, "component_id": self.component_id})
