"""What a test gets: one project of its own in a fake Foundry, and the means to play with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from foundry.testing.cloud import Cloud

#: Variables that would lead DefaultAzureCredential somewhere else.
ELSEWHERE: Final = (
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "AZURE_TOKEN_CREDENTIALS",
    "AZURE_FEDERATED_TOKEN_FILE",
)


@dataclass(frozen=True)
class FoundrySandbox:
    """A project in a running emulator.

    Attributes:
        endpoint: The project's endpoint, for `AgentsClient` or `AIProjectClient`.
        models: Names of the model deployments.
        environment: Variables that lead unmodified clients there; the fixture has set them already.
        cloud: The emulator itself: Azure Resource Manager and control calls.
    """

    endpoint: str
    models: tuple[str, ...]
    environment: Mapping[str, str]
    cloud: Cloud

    def rules(self, agent: str, rules: Sequence[Mapping[str, Any]]) -> None:
        """Says what agents of a name do and say in runs, until the test ends. The form is told in docs/emulator.md.

        Raises:
            CloudError: They make no sense.
        """
        self.cloud.control("PUT", f"/rules/{quote(agent)}", {"rules": list(rules)})

    def faults(self, *rules: Mapping[str, Any], seed: int | None = None) -> int:
        """Puts a fault plan in force until the test ends, and returns its seed. The form is told in docs/emulator.md.

        Raises:
            CloudError: It makes no sense.
        """
        plan: dict[str, Any] = {"rules": list(rules)}
        if seed is not None:
            plan["seed"] = seed
        return int(self.cloud.control("PUT", "/faults", plan)["seed"])

    def advance(self, seconds: float) -> None:
        """Moves the emulator's clock forward; it stays there for later tests of the session."""
        self.cloud.control("POST", "/clock", {"advance": seconds})

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of the emulator since the test began: method, path, query, status, milliseconds."""
        return list(self.cloud.control("GET", "/requests"))


def environment(cloud: Cloud, bundle: str, endpoint: str, models: Sequence[str]) -> dict[str, str]:
    """The variables for a project; addresses of this machine are kept away from a proxy."""
    exempt = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    without_proxy = ",".join([item for item in exempt.split(",") if item] + ["localhost", "127.0.0.1"])
    return {
        "IDENTITY_ENDPOINT": f"{cloud.url}/identity/token",
        "IDENTITY_HEADER": cloud.identity_header,
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "NO_PROXY": without_proxy,
        "no_proxy": without_proxy,
        "PROJECT_ENDPOINT": endpoint,
        "MODEL_DEPLOYMENT_NAME": models[0] if models else "",
    }
