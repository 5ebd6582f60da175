"""One of each kind that a Foundry environment needs, through the unmodified SDK."""

import os
import uuid

import pulumi
import pulumi_azure_native as azure

purpose = {"purpose": os.environ.get("PROBE_PURPOSE", "test")}
me = azure.authorization.get_client_config_output()

group = azure.resources.ResourceGroup(
    "group", resource_group_name="rg-probe", location=os.environ.get("PROBE_LOCATION", "swedencentral")
)
account = azure.cognitiveservices.Account(
    "account",
    account_name="acc-probe",
    resource_group_name=group.name,
    kind="AIServices",
    sku=azure.cognitiveservices.SkuArgs(name="S0"),
    identity=azure.cognitiveservices.IdentityArgs(
        type=azure.cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED
    ),
    properties=azure.cognitiveservices.AccountPropertiesArgs(
        allow_project_management=True,
        custom_sub_domain_name="acc-probe",
        disable_local_auth=os.environ.get("PROBE_LOCAL_AUTH_OFF") or True,
        public_network_access="Enabled",
    ),
    tags=purpose,
)
project = azure.cognitiveservices.Project(
    "project",
    project_name="prj",
    account_name=account.name,
    resource_group_name=group.name,
    identity={"type": "SystemAssigned"},
    properties={"display_name": "Probe", "description": "A project"},
)
deployment = azure.cognitiveservices.Deployment(
    "deployment",
    deployment_name="chat",
    account_name=account.name,
    resource_group_name=group.name,
    sku={"name": "GlobalStandard", "capacity": 10},
    properties={"model": {"format": "OpenAI", "name": "gpt-4.1-mini", "version": "2025-04-14"}},
    opts=pulumi.ResourceOptions(depends_on=[project]),
)
storage = azure.storage.StorageAccount(
    "storage",
    account_name="stprobe",
    resource_group_name=group.name,
    kind="StorageV2",
    sku={"name": "Standard_LRS"},
    allow_shared_key_access=False,
    enable_https_traffic_only=True,
    network_rule_set={"default_action": "Allow", "bypass": "AzureServices"},
)
queue = azure.storage.Queue("tasks", account_name=storage.name, resource_group_name=group.name)
container = azure.storage.BlobContainer("files", account_name=storage.name, resource_group_name=group.name)
search = azure.search.Service(
    "search",
    search_service_name="srch-probe",
    resource_group_name=group.name,
    sku={"name": "standard"},
    identity={"type": "SystemAssigned"},
    disable_local_auth=True,
    replica_count=1,
    partition_count=1,
)
threads = azure.cosmosdb.DatabaseAccount(
    "threads",
    account_name="cosmos-probe",
    resource_group_name=group.name,
    database_account_offer_type="Standard",
    locations=[{"location_name": "swedencentral", "failover_priority": 0}],
    disable_local_auth=True,
)
workspace = azure.operationalinsights.Workspace(
    "workspace",
    workspace_name="log-probe",
    resource_group_name=group.name,
    sku={"name": "PerGB2018"},
    retention_in_days=30,
)
insights = azure.applicationinsights.Component(
    "insights",
    resource_name_="appi-probe",
    resource_group_name=group.name,
    kind="web",
    application_type="web",
    workspace_resource_id=workspace.id,
)
role = azure.authorization.RoleAssignment(
    "role",
    role_assignment_name=str(uuid.uuid5(uuid.NAMESPACE_DNS, "probe")),
    scope=project.id,
    principal_id=me.object_id,
    principal_type="ServicePrincipal",
    role_definition_id=pulumi.Output.concat(
        "/subscriptions/",
        me.subscription_id,
        "/providers/Microsoft.Authorization/roleDefinitions/53ca6127-db72-4b80-b1b0-d745d6d5456d",
    ),
)
connection = azure.cognitiveservices.ProjectConnection(
    "connection",
    connection_name="keyed",
    account_name=account.name,
    project_name=project.name,
    resource_group_name=group.name,
    properties=azure.cognitiveservices.ApiKeyAuthConnectionPropertiesArgs(
        auth_type="ApiKey",
        category="ApiKey",
        target=search.endpoint,
        credentials={"key": pulumi.Output.secret("hunter2hunter2")},
    ),
    opts=pulumi.ResourceOptions(depends_on=[deployment]),
)
diagnostics = azure.monitor.DiagnosticSetting(
    "diagnostics",
    name="all",
    resource_uri=account.id,
    workspace_id=workspace.id,
    logs=[{"category_group": "allLogs", "enabled": True}],
    opts=pulumi.ResourceOptions(depends_on=[connection]),
)

pulumi.export("objectId", me.object_id)
pulumi.export("endpoint", project.properties.apply(lambda properties: properties.endpoints["AI Foundry API"]))
pulumi.export("queues", storage.primary_endpoints.apply(lambda endpoints: endpoints.queue))
