"""The adapters of one process: one credential, and one pooled client for each endpoint."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import quote

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.pipeline import policies
from azure.core.rest import HttpRequest, HttpResponse

from foundry.service.classic import ClassicProject
from foundry.service.embeddings import OPENAI_SCOPE, AzureEmbeddings
from foundry.service.errors import NotFound
from foundry.service.patience import Patience
from foundry.service.search import SEARCH_SCOPE, AzureSearch
from foundry.service.versioned import SCOPE, VersionedProject
from foundry.service.wire import Send, Wire
from foundry.service.workflows import Workflows

_TIMEOUTS: Final[Mapping[str, Any]] = {"retry_total": 0, "connection_timeout": 10, "read_timeout": 100}
_VERSIONS: Final[Mapping[str, str]] = {
    "microsoft.cognitiveservices": "2025-06-01",
    "microsoft.search": "2025-05-01",
    "microsoft.storage": "2024-01-01",
    "microsoft.documentdb": "2025-10-15",
    "microsoft.authorization": "2022-04-01",
    "microsoft.operationalinsights": "2023-09-01",
    "microsoft.insights": "2020-02-02",
}
_RESOURCES_VERSION: Final = "2021-04-01"
_CLOUDS: Final[Mapping[str, str]] = {
    "public": "https://management.azure.com",
    "usgovernment": "https://management.usgovcloudapi.net",
    "china": "https://management.chinacloudapi.cn",
}


def default_credential() -> TokenCredential:
    """The deployer's identity: environment, workload or managed identity, developer tools, in azure-identity's order."""
    from azure.identity import DefaultAzureCredential

    # What it couldn't do is in its error, too; nobody is to read ten lines of it before that.
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())
    return DefaultAzureCredential()


def arm_endpoints(env: Mapping[str, str]) -> tuple[str, str]:
    """Azure Resource Manager's address and the audience of its tokens, for the cloud in ARM_ENVIRONMENT (default: public).

    FAC_ARM_ENDPOINT gives another address; the audience stays the cloud's.
    """
    cloud = _CLOUDS.get(env.get("ARM_ENVIRONMENT", "public").casefold(), _CLOUDS["public"])
    return (env.get("FAC_ARM_ENDPOINT") or cloud).rstrip("/"), cloud


class AzureServices:
    """`Services` on Azure, or on anything that answers like it."""

    def __init__(
        self,
        *,
        credential: Callable[[], TokenCredential] = default_credential,
        patience: Patience | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._make_credential = credential
        self._patience = patience or Patience.from_environment(env)
        self._arm, self._audience = arm_endpoints(os.environ if env is None else env)
        self._lock = threading.Lock()
        self._credential: TokenCredential | None = None
        self._projects: dict[str, ClassicProject] = {}
        self._versioned: dict[str, VersionedProject] = {}
        self._searches: dict[str, AzureSearch] = {}
        self._embeddings: dict[str, AzureEmbeddings] = {}
        self._resources: Wire | None = None

    def project(self, endpoint: str) -> ClassicProject:
        """See `Services`."""
        with self._lock:
            if endpoint not in self._projects:
                self._projects[endpoint] = ClassicProject(endpoint, self._wire(_foundry_client, endpoint))
            return self._projects[endpoint]

    def versioned(self, endpoint: str) -> VersionedProject:
        """See `Services`."""
        with self._lock:
            if endpoint not in self._versioned:
                self._versioned[endpoint] = VersionedProject(endpoint, self._wire(_foundry_client, endpoint))
            return self._versioned[endpoint]

    def search(self, endpoint: str) -> AzureSearch:
        """See `Services`."""
        with self._lock:
            if endpoint not in self._searches:
                self._searches[endpoint] = AzureSearch(endpoint, self._wire(_search_client, endpoint))
            return self._searches[endpoint]

    def connection_id(self, endpoint: str, name: str) -> str:
        """See `Services`. Source: azure-ai-projects 2.10, `connections.get`."""
        wire = self._wire(_foundry_client, endpoint)
        path = f"/connections/{quote(name, safe='')}"
        answer = wire.call("look up", f"connection {name}", "GET", path, query={"api-version": "v1"})
        return str(answer.body["id"])

    def embeddings(self, endpoint: str) -> AzureEmbeddings:
        """See `Services`."""
        with self._lock:
            if endpoint not in self._embeddings:
                wire = self._wire(_openai_client, endpoint)
                self._embeddings[endpoint] = AzureEmbeddings(endpoint, wire)
            return self._embeddings[endpoint]

    def exists_in_azure(self, resource_id: str) -> bool:
        """See `Services`."""
        wire = self._resource_manager()
        parts = resource_id.casefold().split("/providers/")
        version = _VERSIONS.get(parts[-1].split("/")[0], _RESOURCES_VERSION)
        try:
            wire.call(
                "look up", resource_id, "GET", resource_id, query={"api-version": version}, expect=(200, 204)
            )
        except NotFound:
            return False
        return True

    def azure_resources_tagged(self, subscription: str, name: str, value: str) -> set[str]:
        """The ids, in lower case, of a subscription's resource groups and resources that carry a tag.

        Resources below others (a project, a deployment) aren't listed by Azure. Source: Azure docs, "Resources - List" of Resource Manager.

        Raises:
            ServiceError: the subscription can't be listed.
        """
        wire = self._resource_manager()
        found: set[str] = set()
        for path in ("resourcegroups", "resources"):
            where = f"/subscriptions/{subscription}/{path}"
            query: dict[str, str] | None = {
                "api-version": _RESOURCES_VERSION,
                "$filter": f"tagName eq '{name}' and tagValue eq '{value}'",
            }
            while where:
                page = wire.call("list", path, "GET", where, query=query).body
                found |= {str(item["id"]).casefold() for item in page.get("value", ())}
                where, query = str(page.get("nextLink") or ""), None
        return found

    def workflows(self) -> Workflows:
        """The workflows of Azure Logic Apps."""
        return Workflows(self._resource_manager())

    def _resource_manager(self) -> Wire:
        with self._lock:
            if self._resources is None:
                self._resources = self._wire(self._arm_client, self._arm)
            return self._resources

    def _wire(self, client: Callable[[str, TokenCredential], Send], endpoint: str) -> Wire:
        if self._credential is None:
            self._credential = self._make_credential()
        return Wire(client(endpoint, self._credential), endpoint, self._patience)

    def _arm_client(self, endpoint: str, credential: TokenCredential) -> Send:
        return _pipeline(endpoint, credential, f"{self._audience}/.default")


def _openai_client(endpoint: str, credential: TokenCredential) -> Send:
    return _pipeline(endpoint, credential, OPENAI_SCOPE)


def _pipeline(endpoint: str, credential: TokenCredential, scope: str) -> Send:
    """Azure's pipeline without retries, which are `Wire`'s business.

    The generated clients would do the same, after half a second of importing models that nobody here uses.
    """
    pipeline: list[Any] = [
        policies.RequestIdPolicy(),
        policies.UserAgentPolicy("foundry-as-code"),
        policies.BearerTokenCredentialPolicy(credential, scope),
        policies.DistributedTracingPolicy(),
    ]
    client = PipelineClient[Any, Any](base_url=endpoint.rstrip("/"), policies=pipeline, **_TIMEOUTS)

    def send(request: HttpRequest, *, stream: bool = False) -> HttpResponse:
        request.url = client.format_url(request.url)
        return cast("HttpResponse", client.send_request(request, stream=stream))

    return send


def _foundry_client(endpoint: str, credential: TokenCredential) -> Send:
    return _pipeline(endpoint, credential, SCOPE)


def _search_client(endpoint: str, credential: TokenCredential) -> Send:
    return _pipeline(endpoint, credential, SEARCH_SCOPE)
