"""Azure Resource Manager: one generic resource store with the rules of the types an environment needs."""

from foundry.sandbox.emulator.arm import keys, operations, resources, subscriptions
from foundry.sandbox.emulator.arm.errors import malformed
from foundry.sandbox.emulator.arm.guard import authenticate
from foundry.sandbox.emulator.http import Family, Route

_LOCATED = "/subscriptions/{subscription}/providers/{namespace}/locations/{location}"
_CS = "/{scope*}/providers/Microsoft.CognitiveServices/accounts/{name}"

FAMILY = Family(
    name="arm",
    title="Azure Resource Manager",
    prefix="",
    guard=authenticate,
    refuse=malformed,
    any_case=True,
    note=(
        "A generic store: any type under a resource group, a subscription or another resource is kept as it was sent, "
        "with the outputs and rules of the types an environment needs. The body of a type without such rules is not "
        "checked. Every api-version that looks like one is accepted and means the same. Only the fixed subscription "
        "exists. Names of accounts, storage accounts, search services, Cosmos DB accounts and vaults are unique. "
        "Deleted accounts are purged at once; there is no soft delete. Quotas, policies, locks and the model catalogue "
        "are not enforced. A project's capability host needs Storage Blob Data Contributor (or Owner) on its storage "
        "and Cosmos DB Operator on its Cosmos DB account; the roles on the search service may follow."
    ),
    routes=(
        Route("GET", "/subscriptions", "list subscriptions", subscriptions.subscriptions),
        Route("GET", "/subscriptions/{subscription}", "get a subscription", subscriptions.subscription),
        Route(
            "GET",
            _LOCATED + "/operationStatuses/{operation}",
            "status of a long-running operation",
            operations.operation_status,
        ),
        Route(
            "GET",
            _LOCATED + "/operationResults/{operation}",
            "result of a long-running operation",
            operations.operation_result,
        ),
        Route(
            "GET",
            "/subscriptions/{subscription}/providers/{namespace}",
            "get a resource provider",
            subscriptions.provider,
            "Always registered.",
        ),
        Route(
            "POST",
            "/subscriptions/{subscription}/providers/{namespace}/register",
            "register a resource provider",
            subscriptions.provider,
            "Always registered.",
        ),
        Route(
            "GET",
            "/subscriptions/{subscription}/resources",
            "list resources of the subscription",
            subscriptions.resources,
            "`$filter` by tag only.",
        ),
        Route(
            "GET",
            "/subscriptions/{subscription}/resourceGroups/{group}/resources",
            "list resources of a group",
            subscriptions.resources,
            "`$filter` by tag only.",
        ),
        Route("POST", _CS + "/listKeys", "list keys of an account", keys.account_keys),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.Storage/storageAccounts/{name}/listKeys",
            "list keys of a storage account",
            keys.storage_keys,
        ),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.Search/searchServices/{name}/listAdminKeys",
            "list admin keys of a search service",
            keys.search_admin_keys,
        ),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.Search/searchServices/{name}/listQueryKeys",
            "list query keys of a search service",
            keys.search_query_keys,
        ),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.DocumentDB/databaseAccounts/{name}/listKeys",
            "list keys of a Cosmos DB account",
            keys.cosmos_keys,
        ),
        Route(
            "POST",
            "/{scope*}/providers/Microsoft.OperationalInsights/workspaces/{name}/sharedKeys",
            "list keys of a workspace",
            keys.workspace_keys,
        ),
        Route("POST", _CS + "/regenerateKey", "regenerate a key of an account"),
        Route("PUT", "/{scope*}/providers/Microsoft.Resources/deployments/{name}", "deploy a template"),
        Route("HEAD", "/subscriptions/{rest*}", "does a resource group or resource exist", resources.head),
        Route(
            "GET",
            "/subscriptions/{rest*}",
            "get or list resource groups, resources, extension resources",
            resources.get,
            "Lists come in one page; `$filter` by tag only, `$top` and `$expand` are ignored.",
        ),
        Route(
            "PUT",
            "/subscriptions/{rest*}",
            "create or replace a resource group, resource or extension resource",
            resources.put,
        ),
        Route(
            "PATCH",
            "/subscriptions/{rest*}",
            "update a resource group or resource",
            resources.patch,
            "Objects are merged, lists and tags replaced.",
        ),
        Route(
            "DELETE",
            "/subscriptions/{rest*}",
            "delete a resource group or resource with everything below it",
            resources.delete,
        ),
        Route("POST", "/subscriptions/{rest*}", "any other action of a resource"),
    ),
)
