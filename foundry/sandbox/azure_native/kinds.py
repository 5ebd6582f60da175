"""Where resources live in ARM: the one thing about them that the SDK doesn't say.

A kind is a path template whose parameters are inputs of the resource, as in the operations of the Azure REST API
specifications. Parameters that the SDK knows (all but `subscriptionId`) replace the resource when they change. Adding a kind is
adding a row; a test holds the parameters of every row against the installed SDK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_PARAMETER = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(r"^azure-native:(?P<module>\w+)(?:/v(?P<version>\d{8}(?:preview)?))?:(?P<name>\w+)$")

# Properties of ARM's resource envelope; what isn't one of them belongs into `properties`.
ENVELOPE: Final = frozenset(
    {
        "etag",
        "extendedLocation",
        "id",
        "identity",
        "kind",
        "location",
        "managedBy",
        "name",
        "plan",
        "sku",
        "tags",
        "type",
        "zones",
    }
)


@dataclass(frozen=True)
class Kind:
    """One resource type.

    Attributes:
        module: Module of the SDK, for example `cognitiveservices`.
        name: Class in that module, for example `Account`.
        path: Template of the ARM id; parameters carry the names of inputs.
        wire_names: Inputs whose name in ARM differs, by the input's name; `properties` means that the input is the bag itself.
        inside: Names that ARM's envelope has elsewhere but that this type keeps in `properties`.
        replaced_by: Inputs besides path parameters and location that can't change on a living resource.
    """

    module: str
    name: str
    path: str
    wire_names: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    inside: frozenset[str] = frozenset()
    replaced_by: frozenset[str] = frozenset()

    @property
    def parameters(self) -> tuple[str, ...]:
        """Parameters of the path, outermost first."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def name_parameter(self) -> str:
        """The parameter that holds the resource's own name."""
        return self.parameters[-1]

    @property
    def directly_in_group(self) -> bool:
        """Whether the resource is a resource group or lives in one without another resource between."""
        return set(self.parameters) <= {"subscriptionId", "resourceGroupName", self.name_parameter}


@dataclass(frozen=True)
class Token:
    """A type or function token, taken apart: `azure-native:storage/v20240101:Queue`."""

    module: str
    name: str
    api_version: str | None

    @classmethod
    def parse(cls, text: str) -> Token | None:
        """The parts of a token of azure-native; None for anything else."""
        found = _TOKEN.match(text)
        if not found:
            return None
        stamp = found["version"]
        version = (
            f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}" + ("-preview" if len(stamp) > 8 else "")
            if stamp
            else None
        )
        return cls(found["module"], found["name"], version)


_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
_ACCOUNT = _GROUP + "/providers/Microsoft.CognitiveServices/accounts/{accountName}"
_PROJECT = _ACCOUNT + "/projects/{projectName}"
_STORAGE = _GROUP + "/providers/Microsoft.Storage/storageAccounts/{accountName}"
_COSMOS = _GROUP + "/providers/Microsoft.DocumentDB/databaseAccounts/{accountName}"
_NETWORK = _GROUP + "/providers/Microsoft.Network"
_IDENTITY = _GROUP + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"

_KINDS: Final = (
    Kind("resources", "ResourceGroup", _GROUP),
    Kind(
        "resources",
        "Resource",
        _GROUP + "/providers/{resourceProviderNamespace}/{parentResourcePath}/{resourceType}/{resourceName}",
    ),
    Kind("cognitiveservices", "Account", _ACCOUNT),
    Kind("cognitiveservices", "Project", _PROJECT),
    Kind("cognitiveservices", "Deployment", _ACCOUNT + "/deployments/{deploymentName}"),
    Kind("cognitiveservices", "RaiPolicy", _ACCOUNT + "/raiPolicies/{raiPolicyName}"),
    Kind("cognitiveservices", "RaiBlocklist", _ACCOUNT + "/raiBlocklists/{raiBlocklistName}"),
    Kind(
        "cognitiveservices",
        "RaiBlocklistItem",
        _ACCOUNT + "/raiBlocklists/{raiBlocklistName}/raiBlocklistItems/{raiBlocklistItemName}",
    ),
    Kind("cognitiveservices", "AccountConnection", _ACCOUNT + "/connections/{connectionName}"),
    Kind("cognitiveservices", "ProjectConnection", _PROJECT + "/connections/{connectionName}"),
    Kind(
        "cognitiveservices",
        "AccountCapabilityHost",
        _ACCOUNT + "/capabilityHosts/{capabilityHostName}",
        wire_names={"capabilityHostProperties": "properties"},
    ),
    Kind(
        "cognitiveservices",
        "ProjectCapabilityHost",
        _PROJECT + "/capabilityHosts/{capabilityHostName}",
        wire_names={"projectCapabilityHostProperties": "properties"},
    ),
    Kind(
        "storage",
        "StorageAccount",
        _STORAGE,
        wire_names={
            "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
            "enableNfsV3": "isNfsV3Enabled",
            "networkRuleSet": "networkAcls",
        },
        replaced_by=frozenset({"isHnsEnabled"}),
    ),
    Kind("storage", "Queue", _STORAGE + "/queueServices/default/queues/{queueName}"),
    Kind("storage", "BlobContainer", _STORAGE + "/blobServices/default/containers/{containerName}"),
    Kind("search", "Service", _GROUP + "/providers/Microsoft.Search/searchServices/{searchServiceName}"),
    Kind("cosmosdb", "DatabaseAccount", _COSMOS),
    Kind(
        "cosmosdb",
        "SqlResourceSqlRoleAssignment",
        _COSMOS + "/sqlRoleAssignments/{roleAssignmentId}",
        replaced_by=frozenset({"principalId", "scope"}),
    ),
    Kind(
        "operationalinsights",
        "Workspace",
        _GROUP + "/providers/Microsoft.OperationalInsights/workspaces/{workspaceName}",
        inside=frozenset({"sku"}),
    ),
    Kind(
        "applicationinsights",
        "Component",
        _GROUP + "/providers/Microsoft.Insights/components/{resourceName}",
        wire_names={
            "applicationType": "Application_Type",
            "disableIpMasking": "DisableIpMasking",
            "disableLocalAuth": "DisableLocalAuth",
            "flowType": "Flow_Type",
            "forceCustomerStorageForProfiler": "ForceCustomerStorageForProfiler",
            "hockeyAppId": "HockeyAppId",
            "immediatePurgeDataOn30Days": "ImmediatePurgeDataOn30Days",
            "ingestionMode": "IngestionMode",
            "requestSource": "Request_Source",
            "retentionInDays": "RetentionInDays",
            "samplingPercentage": "SamplingPercentage",
            "workspaceResourceId": "WorkspaceResourceId",
        },
    ),
    Kind(
        "authorization",
        "RoleAssignment",
        "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
        replaced_by=frozenset({"principalId"}),
    ),
    Kind(
        "authorization",
        "ManagementLockByScope",
        "/{scope}/providers/Microsoft.Authorization/locks/{lockName}",
    ),
    Kind(
        "monitor",
        "DiagnosticSetting",
        "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
    ),
    Kind("keyvault", "Vault", _GROUP + "/providers/Microsoft.KeyVault/vaults/{vaultName}"),
    Kind("managedidentity", "UserAssignedIdentity", _IDENTITY),
    Kind(
        "managedidentity",
        "FederatedIdentityCredential",
        _IDENTITY + "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
    ),
    Kind("network", "VirtualNetwork", _NETWORK + "/virtualNetworks/{virtualNetworkName}"),
    Kind("network", "Subnet", _NETWORK + "/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}"),
    Kind("network", "NetworkSecurityGroup", _NETWORK + "/networkSecurityGroups/{networkSecurityGroupName}"),
    Kind(
        "network",
        "PrivateEndpoint",
        _NETWORK + "/privateEndpoints/{privateEndpointName}",
        replaced_by=frozenset({"subnet"}),
    ),
    Kind(
        "network",
        "PrivateDnsZoneGroup",
        _NETWORK + "/privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/{privateDnsZoneGroupName}",
    ),
    Kind("privatedns", "PrivateZone", _NETWORK + "/privateDnsZones/{privateZoneName}"),
    Kind(
        "privatedns",
        "VirtualNetworkLink",
        _NETWORK + "/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}",
    ),
)

KINDS: Final[Mapping[tuple[str, str], Kind]] = MappingProxyType({(k.module, k.name): k for k in _KINDS})

# Types used inside resources whose members ARM keeps in a `properties` of their own while the SDK flattens them, with the
# members that stay outside (azure-rest-api-specs, Microsoft.Network).
FLATTENED: Final[Mapping[tuple[str, str], frozenset[str]]] = MappingProxyType(
    {
        ("network", "Delegation"): frozenset({"id", "name", "type"}),
        ("network", "NetworkSecurityGroup"): frozenset({"id", "location", "tags"}),
        ("network", "PrivateDnsZoneConfig"): frozenset({"name"}),
        ("network", "PrivateEndpointIPConfiguration"): frozenset({"name"}),
        ("network", "PrivateLinkServiceConnection"): frozenset({"id", "name"}),
        ("network", "RouteTable"): frozenset({"id", "location", "tags"}),
        ("network", "SecurityRule"): frozenset({"id", "name", "type"}),
        ("network", "ServiceEndpointPolicy"): frozenset({"id", "location", "tags"}),
        ("network", "Subnet"): frozenset({"id", "name", "type"}),
        ("network", "VirtualNetworkPeering"): frozenset({"id", "name", "type"}),
    }
)

# Members of such types that ARM calls differently (azure-rest-api-specs, x-ms-client-name).
MEMBER_NAMES: Final[Mapping[tuple[str, str], Mapping[str, str]]] = MappingProxyType(
    {
        ("storage", "IPRule"): MappingProxyType({"iPAddressOrRange": "value"}),
        ("storage", "VirtualNetworkRule"): MappingProxyType({"virtualNetworkResourceId": "id"}),
        ("storage", "Encryption"): MappingProxyType({"keyVaultProperties": "keyvaultproperties"}),
        ("storage", "KeyVaultProperties"): MappingProxyType(
            {"keyName": "keyname", "keyVaultUri": "keyvaulturi", "keyVersion": "keyversion"}
        ),
    }
)
