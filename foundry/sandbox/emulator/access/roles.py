"""The built-in roles an environment needs, with their permissions as far as the documentation tells them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role definition; actions may end in or hold `*`."""

    guid: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    def body(self, scope: str) -> dict[str, object]:
        """The role definition as ARM returns it under a scope ("" for the tenant)."""
        return {
            "id": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{self.guid}",
            "type": "Microsoft.Authorization/roleDefinitions",
            "name": self.guid,
            "properties": {
                "roleName": self.name,
                "type": "BuiltInRole",
                "description": self.description,
                "assignableScopes": ["/"],
                "permissions": [
                    {
                        "actions": list(self.actions),
                        "notActions": list(self.not_actions),
                        "dataActions": list(self.data_actions),
                        "notDataActions": [],
                    }
                ],
                "createdOn": "2020-01-01T00:00:00Z",
                "updatedOn": "2020-01-01T00:00:00Z",
                "createdBy": None,
                "updatedBy": None,
            },
        }


_READ = ("Microsoft.Authorization/*/read", "Microsoft.Resources/subscriptions/resourceGroups/read")
_COGNITIVE_DATA = ("Microsoft.CognitiveServices/*",)
_BLOB = "Microsoft.Storage/storageAccounts/blobServices/containers"
_QUEUE = "Microsoft.Storage/storageAccounts/queueServices/queues"
_INDEX = "Microsoft.Search/searchServices/indexes"

OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BLOB_CONTRIBUTOR: Final = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_OWNER: Final = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
COSMOS_OPERATOR: Final = "230815da-be43-4aae-9cb4-875f7bd000aa"

ROLES: Final = (
    Role(OWNER, "Owner", "Full access to manage all resources, including assigning roles.", ("*",)),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Full access to manage all resources, without assigning roles.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "View all resources.", ("*/read",)),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Manage user access to Azure resources.",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "Assign roles, without other ways of managing access.",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        "53ca6127-db72-4b80-b1b0-d745d6d5456d",
        "Foundry User",
        "Read an account and its projects, and build in them.",
        (
            "Microsoft.CognitiveServices/*/read",
            "Microsoft.CognitiveServices/accounts/listkeys/action",
            *_READ,
        ),
        (),
        _COGNITIVE_DATA,
    ),
    Role(
        "eadc314b-1a2d-4efa-be10-5d325db5065e",
        "Foundry Project Manager",
        "Build in projects, and give others the Foundry User role.",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "Microsoft.CognitiveServices/accounts/*/read",
            "Microsoft.CognitiveServices/accounts/read",
            "Microsoft.CognitiveServices/accounts/projects/*",
            *_READ,
        ),
        (),
        _COGNITIVE_DATA,
    ),
    Role(
        "e47c6f54-e4a2-4754-9501-8e0985b135e1",
        "Foundry Account Owner",
        "Manage accounts and projects, and give others the Foundry User role.",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "Microsoft.CognitiveServices/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Resources/deployments/*",
            *_READ,
        ),
    ),
    Role(
        "c883944f-8b7b-4483-af10-35834be79c4a",
        "Foundry Owner",
        "Manage accounts and projects, and build in them.",
        ("Microsoft.CognitiveServices/*", *_READ),
        (),
        _COGNITIVE_DATA,
    ),
    Role(
        "64702f94-c441-49e6-a78b-ef80e0188fee",
        "Azure AI Developer",
        "Work in hub-based projects.",
        ("Microsoft.CognitiveServices/*/read", *_READ),
        (),
        (
            "Microsoft.CognitiveServices/accounts/OpenAI/*",
            "Microsoft.CognitiveServices/accounts/SpeechServices/*",
            "Microsoft.CognitiveServices/accounts/ContentSafety/*",
            "Microsoft.CognitiveServices/accounts/MaaS/*",
        ),
    ),
    Role(
        "3afb7f49-54cb-416e-8c09-6dc049efa503",
        "Azure AI Inference Deployment Operator",
        "Create model deployments.",
        ("Microsoft.CognitiveServices/accounts/deployments/*", "Microsoft.Resources/deployments/*", *_READ),
    ),
    Role(
        "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
        "Azure AI Enterprise Network Connection Approver",
        "Approve private endpoint connections.",
        ("*/read", "*/privateEndpointConnectionsApproval/action", "*/privateEndpointConnections/*"),
    ),
    Role(
        "a97b65f3-24c7-4388-baec-2e87135dc908",
        "Cognitive Services User",
        "Read and list keys of Cognitive Services, and use them.",
        (
            "Microsoft.CognitiveServices/*/read",
            "Microsoft.CognitiveServices/accounts/listkeys/action",
            *_READ,
        ),
        (),
        _COGNITIVE_DATA,
    ),
    Role(
        "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
        "Cognitive Services Contributor",
        "Manage Cognitive Services and their keys.",
        ("Microsoft.CognitiveServices/*", "Microsoft.Resources/deployments/*", *_READ),
    ),
    Role(
        "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        "Cognitive Services OpenAI User",
        "Use the models of an account.",
        ("Microsoft.CognitiveServices/*/read", *_READ),
        (),
        (
            "Microsoft.CognitiveServices/accounts/OpenAI/*/read",
            "Microsoft.CognitiveServices/accounts/OpenAI/*/action",
        ),
    ),
    Role(
        "a001fd3d-188f-4b5d-821b-7da978bf7442",
        "Cognitive Services OpenAI Contributor",
        "Use, fine-tune and deploy the models of an account.",
        ("Microsoft.CognitiveServices/*/read", "Microsoft.CognitiveServices/accounts/deployments/*", *_READ),
        (),
        ("Microsoft.CognitiveServices/accounts/OpenAI/*",),
    ),
    Role(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        "Manage storage accounts and their keys.",
        ("Microsoft.Storage/storageAccounts/*", *_READ),
    ),
    Role(
        BLOB_OWNER,
        "Storage Blob Data Owner",
        "Full access to blob containers and data.",
        (_BLOB + "/*",),
        (),
        (_BLOB + "/blobs/*",),
    ),
    Role(
        BLOB_CONTRIBUTOR,
        "Storage Blob Data Contributor",
        "Read, write and delete blob containers and data.",
        (_BLOB + "/read", _BLOB + "/write", _BLOB + "/delete"),
        (),
        (
            _BLOB + "/blobs/read",
            _BLOB + "/blobs/write",
            _BLOB + "/blobs/delete",
            _BLOB + "/blobs/move/action",
        ),
    ),
    Role(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        "Read blob containers and data.",
        (_BLOB + "/read",),
        (),
        (_BLOB + "/blobs/read",),
    ),
    Role(
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        "Storage Queue Data Contributor",
        "Read, write and delete queues and messages.",
        (_QUEUE + "/read", _QUEUE + "/write", _QUEUE + "/delete"),
        (),
        (_QUEUE + "/messages/read", _QUEUE + "/messages/write", _QUEUE + "/messages/delete"),
    ),
    Role(
        "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
        "Storage Queue Data Message Sender",
        "Send messages to queues.",
        (),
        (),
        (_QUEUE + "/messages/add/action",),
    ),
    Role(
        "8a0f0c08-91a1-4084-bc3d-661d67233fed",
        "Storage Queue Data Message Processor",
        "Peek, receive and delete messages of queues.",
        (),
        (),
        (_QUEUE + "/messages/read", _QUEUE + "/messages/process/action"),
    ),
    Role(
        "19e7f393-937e-4f77-808e-94535e297925",
        "Storage Queue Data Reader",
        "Read queues and messages.",
        (_QUEUE + "/read",),
        (),
        (_QUEUE + "/messages/read",),
    ),
    Role(
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        "Storage Table Data Contributor",
        "Read, write and delete tables and entities.",
        ("Microsoft.Storage/storageAccounts/tableServices/tables/*",),
        (),
        ("Microsoft.Storage/storageAccounts/tableServices/tables/entities/*",),
    ),
    Role(
        "69566ab7-960f-475b-8e7c-b3118f30c6bd",
        "Storage File Data Privileged Contributor",
        "Read, write and delete files of shares, over their own permissions.",
        (),
        (),
        ("Microsoft.Storage/storageAccounts/fileServices/fileshares/files/*",),
    ),
    Role(
        "81a9662b-bebf-436f-a333-f67b29880f12",
        "Storage Account Key Operator Service Role",
        "List and regenerate keys of storage accounts.",
        (
            "Microsoft.Storage/storageAccounts/listkeys/action",
            "Microsoft.Storage/storageAccounts/regeneratekey/action",
        ),
    ),
    Role(
        "c12c1c16-33a1-487b-954d-41c89c60f349",
        "Reader and Data Access",
        "View everything and list keys of storage accounts.",
        ("Microsoft.Storage/storageAccounts/listKeys/action", "Microsoft.Storage/storageAccounts/read"),
    ),
    Role(
        "7ca78c08-252a-4471-8644-bb5ff32d4ba0",
        "Search Service Contributor",
        "Manage search services and the definitions in them.",
        ("Microsoft.Search/searchServices/*", "Microsoft.Resources/deployments/*", *_READ),
        (),
        (_INDEX + "/read", _INDEX + "/write", _INDEX + "/delete"),
    ),
    Role(
        "8ebe5a00-799e-43f5-93ac-243d3dce84a7",
        "Search Index Data Contributor",
        "Read and write documents of indexes.",
        (),
        (),
        (_INDEX + "/documents/*",),
    ),
    Role(
        "1407120a-92aa-4202-b7e9-c0e197c71c8f",
        "Search Index Data Reader",
        "Query indexes.",
        (),
        (),
        (_INDEX + "/documents/read",),
    ),
    Role(
        COSMOS_OPERATOR,
        "Cosmos DB Operator",
        "Manage Cosmos DB accounts without access to keys and data.",
        ("Microsoft.DocumentDb/databaseAccounts/*", *_READ),
        (
            "Microsoft.DocumentDB/databaseAccounts/listKeys/*",
            "Microsoft.DocumentDB/databaseAccounts/regenerateKey/*",
            "Microsoft.DocumentDB/databaseAccounts/listConnectionStrings/*",
            "Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/write",
            "Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/delete",
            "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write",
            "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/delete",
        ),
    ),
    Role(
        "fbdf93bf-df7d-467e-a4d2-9458aa1360c8",
        "Cosmos DB Account Reader Role",
        "Read Cosmos DB accounts and their read-only keys.",
        ("Microsoft.DocumentDB/*/read", "Microsoft.DocumentDB/databaseAccounts/readonlykeys/action", *_READ),
    ),
    Role(
        "5bd9cd88-fe45-4216-938b-f97437e15450",
        "DocumentDB Account Contributor",
        "Manage Cosmos DB accounts.",
        ("Microsoft.DocumentDb/databaseAccounts/*", *_READ),
    ),
    Role(
        "73c42c96-874c-492b-b04d-ab87d138a893",
        "Log Analytics Reader",
        "View and search all monitoring data.",
        ("*/read", "Microsoft.OperationalInsights/workspaces/search/action"),
        ("Microsoft.OperationalInsights/workspaces/sharedKeys/read",),
    ),
    Role(
        "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
        "Log Analytics Contributor",
        "Read monitoring data and change its settings.",
        ("*/read", "Microsoft.Insights/diagnosticSettings/*", "Microsoft.OperationalInsights/*"),
    ),
    Role(
        "3913510d-42f4-4e42-8a64-420c390055eb",
        "Monitoring Metrics Publisher",
        "Publish metrics and traces.",
        ("Microsoft.Insights/Register/Action",),
        (),
        ("Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"),
    ),
    Role(
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05", "Monitoring Reader", "Read all monitoring data.", ("*/read",)
    ),
    Role(
        "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
        "Monitoring Contributor",
        "Read monitoring data and change its settings.",
        ("*/read", "Microsoft.Insights/*", "Microsoft.OperationalInsights/workspaces/write"),
    ),
    Role(
        "ae349356-3a1b-4a5e-921d-050484c6347e",
        "Application Insights Component Contributor",
        "Manage Application Insights components.",
        ("Microsoft.Insights/components/*", *_READ),
    ),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "All data operations on a vault.",
        ("Microsoft.KeyVault/*/read", *_READ),
        (),
        ("Microsoft.KeyVault/vaults/*",),
    ),
    Role(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        "Manage vaults.",
        ("Microsoft.KeyVault/*",),
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        "Read the metadata of vaults.",
        ("Microsoft.KeyVault/*/read",),
        (),
        ("Microsoft.KeyVault/vaults/*/read",),
    ),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        "Read secrets.",
        (),
        (),
        ("Microsoft.KeyVault/vaults/secrets/getSecret/action",),
    ),
    Role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        "Read and write secrets.",
        (),
        (),
        ("Microsoft.KeyVault/vaults/secrets/*",),
    ),
    Role(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        "Use keys.",
        (),
        (),
        ("Microsoft.KeyVault/vaults/keys/*/action",),
    ),
    Role(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto Service Encryption User",
        "Wrap and unwrap keys.",
        (),
        (),
        ("Microsoft.KeyVault/vaults/keys/read", "Microsoft.KeyVault/vaults/keys/wrap/action"),
    ),
    Role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        "Read and assign user-assigned identities.",
        ("Microsoft.ManagedIdentity/userAssignedIdentities/*/read",),
    ),
    Role(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        "Manage user-assigned identities.",
        ("Microsoft.ManagedIdentity/userAssignedIdentities/*",),
    ),
    Role(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        "Manage networks.",
        ("Microsoft.Network/*",),
    ),
    Role(
        "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        "Private DNS Zone Contributor",
        "Manage private DNS zones.",
        ("Microsoft.Network/privateDnsZones/*",),
    ),
    Role(
        "de139f84-1756-47ae-9be6-808fbbe84772",
        "Website Contributor",
        "Manage websites.",
        ("Microsoft.Web/*",),
    ),
    Role(
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "AcrPull",
        "Pull images.",
        ("Microsoft.ContainerRegistry/registries/pull/read",),
    ),
    Role(
        "434105ed-43f6-45c7-a02f-909b2ba83430",
        "Cost Management Contributor",
        "View costs and manage budgets.",
        ("Microsoft.Consumption/*", "Microsoft.CostManagement/*", *_READ),
    ),
    Role(
        "36243c78-bf99-498c-9df9-86d9f8d28608",
        "Resource Policy Contributor",
        "Manage policies.",
        (
            "*/read",
            "Microsoft.Authorization/policyassignments/*",
            "Microsoft.Authorization/policydefinitions/*",
        ),
    ),
)

BY_GUID: Final = {role.guid: role for role in ROLES}
