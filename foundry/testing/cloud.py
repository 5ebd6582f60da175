"""Plain HTTP to a running emulator: what a test needs besides the official clients, with nothing but the standard library."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

SUBSCRIPTION: Final = "/subscriptions/00000000-0000-4000-8000-000000000001"
#: Object id of the principal that `DefaultAzureCredential` is without further settings.
DEPLOYER: Final = "00000000-0000-4000-8000-0000000000d1"
_ARM: Final = "https://management.azure.com/"
_VERSIONS: Final = {
    "Microsoft.CognitiveServices": "2025-06-01",
    "Microsoft.Storage": "2024-01-01",
    "Microsoft.Search": "2025-05-01",
    "Microsoft.Authorization": "2022-04-01",
}
_SECONDS: Final = 30.0


class CloudError(Exception):
    """The emulator refused, or can't be reached; the text says what was asked and what came back.

    Attributes:
        reason: What came back alone, as far as it is text for a person.
        reached: Whether the emulator answered at all.
    """

    def __init__(self, asked: str, reason: str, *, reached: bool = True) -> None:
        super().__init__(f"{asked}: {reason}")
        self.reason = reason
        self.reached = reached


@dataclass(frozen=True)
class Cloud:
    """One emulator.

    Attributes:
        url: Its base URL.
        identity_header: The value of `IDENTITY_HEADER`.
        authority: Certificate of its authority.
    """

    url: str
    identity_header: str
    authority: Path

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the emulator's own endpoints, as `control("PUT", "/faults", [...])`; the JSON reply or None.

        Raises:
            CloudError: It was refused.
        """
        return self._send(method, f"/_sandbox{path}", {"X-IDENTITY-HEADER": self.identity_header}, body)[0]

    def arm(self, method: str, path: str, body: Any = None, *, query: str = "") -> Any:
        """A call of Azure Resource Manager as the deployer, followed to its end; the JSON reply or None.

        `query` is added to the api-version, percent-encoded, beginning with an ampersand.

        Raises:
            CloudError: It was refused, failed, or didn't end within half a minute.
        """
        provider = path.rpartition("/providers/")[2].partition("/")[0] if "/providers/" in path else ""
        query = urlencode({"api-version": _VERSIONS.get(provider, "2024-03-01")}) + query
        headers = {"Authorization": f"Bearer {self._token()}"}
        reply, answered = self._send(method, f"{quote(path)}?{query}", headers, body)
        poll = answered.get("azure-asyncoperation")
        until = time.monotonic() + _SECONDS
        while poll:
            reply, _ = self._send("GET", poll.removeprefix(self.url), headers)
            if reply["status"] == "Succeeded":
                return self._send("GET", f"{quote(path)}?{query}", headers)[0] if method != "DELETE" else None
            if reply["status"] in ("Failed", "Canceled"):
                raise CloudError(f"{method} {path}", str(reply.get("error", reply["status"])))
            if time.monotonic() > until:
                raise CloudError(f"{method} {path}", f"no end within {_SECONDS:.0f} s")
            time.sleep(0.01)
        return reply

    def make_project(
        self,
        account: str = "contoso",
        project: str = "tests",
        *,
        models: Iterable[str] = ("gpt-4.1",),
        group: str = "sandbox",
    ) -> str:
        """A Foundry account with a project, in which the deployer may build, and its model deployments; what is there stays.

        Args:
            account: Name of the account; it must not be in another resource group.
            project: Name of the project.
            models: Names of the deployments, which are those of the models too.
            group: Name of the resource group.

        Returns:
            The project's endpoint.

        Raises:
            CloudError: Something was refused.
        """
        scope = f"{SUBSCRIPTION}/resourceGroups/{group}"
        self.arm("PUT", scope, {"location": "westus"})
        account_id = f"{scope}/providers/Microsoft.CognitiveServices/accounts/{account}"
        identity = {"type": "SystemAssigned"}
        properties = {
            "customSubDomainName": account,
            "allowProjectManagement": True,
            "disableLocalAuth": True,
        }
        place = {"location": "westus", "identity": identity}
        self.arm(
            "PUT",
            account_id,
            {**place, "kind": "AIServices", "sku": {"name": "S0"}, "properties": properties},
        )
        project_id = f"{account_id}/projects/{project}"
        made = self.arm("PUT", project_id, {**place, "properties": {}})
        for model in models:
            deployment = {
                "sku": {"name": "GlobalStandard", "capacity": 1},
                "properties": {"model": {"format": "OpenAI", "name": model}},
            }
            self.arm("PUT", f"{account_id}/deployments/{model}", deployment)
        self.assign("Foundry User", project_id)
        return str(made["properties"]["endpoints"]["AI Foundry API"])

    def assign(self, role: str, scope: str = SUBSCRIPTION, principal: str = DEPLOYER) -> None:
        """Gives a principal a built-in role, by its name, at a scope and below; one that it has already stays.

        Raises:
            CloudError: There is no such role, or it was refused.
        """
        chosen = quote(f"roleName eq '{role}'")
        found = self.arm(
            "GET", f"{scope}/providers/Microsoft.Authorization/roleDefinitions", query=f"&$filter={chosen}"
        )
        if not found["value"]:
            raise CloudError(f"assign {role}", f"there is no built-in role '{role}'")
        definition = found["value"][0]["id"]
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}/{role}/{principal}".lower())
        body = {"properties": {"roleDefinitionId": definition, "principalId": principal}}
        self.arm("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", body)

    def _token(self) -> str:
        query = urlencode({"api-version": "2019-08-01", "resource": _ARM})
        reply, _ = self._send("GET", f"/identity/token?{query}", {"X-IDENTITY-HEADER": self.identity_header})
        return str(reply["access_token"])

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: Any = None
    ) -> tuple[Any, dict[str, str]]:
        content = None if body is None else json.dumps(body).encode()
        sent = {**headers, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, content, sent, method=method)  # noqa: S310 - the emulator's own URL
        context = ssl.create_default_context(cafile=str(self.authority))
        # A proxy of the machine has no business between two processes of it.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(request, timeout=_SECONDS) as reply:
                text = reply.read()
                found = {name.lower(): value for name, value in reply.headers.items()}
                return (json.loads(text) if text else None), found
        except urllib.error.HTTPError as error:
            raise CloudError(f"{method} {path}: {error.code}", _message(error.read())) from None
        except OSError as error:
            raise CloudError(f"{method} {self.url}{path}", str(error), reached=False) from None


def _message(content: bytes) -> str:
    text = content.decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return text
