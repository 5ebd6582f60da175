"""Functions of the azure-native package: who am I, list keys, read something that exists."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from foundry.sandbox.azure_native.arm import Arm, Deadline
from foundry.sandbox.azure_native.kinds import KINDS, Kind, Token
from foundry.sandbox.azure_native.mapping import outputs, resource_id
from foundry.sandbox.azure_native.shapes import function_api_version, resource_shape

# Functions that are a POST below a resource: the resource's kind, and the action.
_ACTIONS: Final[Mapping[tuple[str, str], tuple[tuple[str, str], str]]] = {
    ("cognitiveservices", "listAccountKeys"): (("cognitiveservices", "Account"), "listKeys"),
    ("cosmosdb", "listDatabaseAccountKeys"): (("cosmosdb", "DatabaseAccount"), "listKeys"),
    ("operationalinsights", "getSharedKeys"): (("operationalinsights", "Workspace"), "sharedKeys"),
    ("operationalinsights", "getWorkspaceSharedKeys"): (("operationalinsights", "Workspace"), "sharedKeys"),
    ("search", "listAdminKey"): (("search", "Service"), "listAdminKeys"),
    ("search", "listQueryKeyBySearchService"): (("search", "Service"), "listQueryKeys"),
    ("storage", "listStorageAccountKeys"): (("storage", "StorageAccount"), "listKeys"),
}


class FunctionError(Exception):
    """A function that can't be called like this: the message says why and names the function."""


@dataclass(frozen=True)
class Functions:
    """The functions as one engine sees them.

    Attributes:
        arm: Where to ask.
        subscription: Id of the subscription that the provider is configured for.
        tenant: Id of the configured tenant; empty to take the token's.
        deadline: When to give up.
    """

    arm: Arm
    subscription: str
    tenant: str
    deadline: Deadline

    def call(self, text: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The result of the function with the token `text`, for example `azure-native:search:listAdminKey`.

        Args:
            text: The token.
            arguments: Plain values, all known.

        Raises:
            FunctionError: There is no such function here, an argument is missing, or what it should read isn't there.
            ArmError: ARM refused.
        """
        token = Token.parse(text)
        if token is None:
            raise FunctionError(f"{text} isn't a function of azure-native")
        key = (token.module, token.name)
        if key == ("authorization", "getClientConfig"):
            return _client_config(self.arm.token(), self.subscription, self.tenant)
        if key == ("authorization", "getClientToken"):
            return {"token": self.arm.token()}
        if key in _ACTIONS:
            owner, action = _ACTIONS[key]
            path = self._path(text, KINDS[owner], arguments)
            return self.arm.post(f"{path}/{action}", _version(token), self.deadline)
        kind = KINDS.get((token.module, token.name.removeprefix("get")))
        if kind is None or not token.name.startswith("get"):
            raise FunctionError(f"{text} isn't served by the local Azure provider")
        return self._get(text, token, kind, arguments)

    def _get(self, text: str, token: Token, kind: Kind, arguments: Mapping[str, Any]) -> dict[str, Any]:
        path = self._path(text, kind, arguments)
        version = str(arguments.get("apiVersion") or _version(token))
        shape = resource_shape(kind.module, kind.name)
        live = self.arm.get(path, version, self.deadline)
        if live is None or shape is None:
            raise FunctionError(f"{text}: there is no {path}")
        return {**outputs(kind, shape, live, version), "id": path}

    def _path(self, text: str, kind: Kind, arguments: Mapping[str, Any]) -> str:
        optional = {"subscriptionId", "parentResourcePath"}
        missing = [name for name in kind.parameters if name not in optional and not arguments.get(name)]
        if missing:
            raise FunctionError(f"{text} needs {', '.join(missing)}")
        return resource_id(kind, arguments, self.subscription)


def _version(token: Token) -> str:
    snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in token.name)
    version = token.api_version or function_api_version(token.module, snake)
    if version is None:
        raise FunctionError(f"the installed SDK has no function azure-native:{token.module}:{token.name}")
    return version


def _client_config(token: str, subscription: str, tenant: str) -> dict[str, Any]:
    claims = _claims(token)
    return {
        "clientId": claims.get("appid") or claims.get("azp") or claims.get("oid") or "",
        "objectId": claims.get("oid", ""),
        "subscriptionId": subscription,
        "tenantId": tenant or claims.get("tid", ""),
    }


def _claims(token: str) -> dict[str, Any]:
    """What a token says about its holder; the signature is the service's to check."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
